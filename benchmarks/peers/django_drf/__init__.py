"""
The peer: a section's attendance as a team would write it with Django REST framework.

It answers a month of a section in the same shape and saves a roll from the same body, durably, in
one transaction. It checks no credentials, keeps no history and does not know who took a roll:
where Rollbook does, its work is more. gunicorn runs it, as the framework's documentation says.
"""
