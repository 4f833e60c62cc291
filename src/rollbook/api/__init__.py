"""The REST API: thin; `app.py` has every route and what each kind of error becomes."""
