"""
The pages: what teachers, the office and administrators see, rendered here and sent whole.

```text
app.py        every page and what each error becomes; what every request goes through
guard.py      from a cookie to who is visiting; whether a form is one of ours
visiting.py   what a page may rely on: who, which district, which day it is, the words
forms.py      what was typed, read once
render.py     templates, with dates and names as the locale writes them
words.py      the languages
looks.py      how each status is called, which letter and colour it has
assets.py     the scripts and the style
```

A page asks the same operations as the API does, and has no other way to the data.
"""
