"""
Another peer: the same as a team would write it with FastAPI and SQLAlchemy on PostgreSQL.

Its sessions are asynchronous, over asyncpg; bodies and answers are models of pydantic. It answers
a month of a section in the same shape and saves a roll from the same body, durably, in one
transaction. It checks no credentials, keeps no history and does not know who took a roll. uvicorn
runs it, with two workers.
"""
