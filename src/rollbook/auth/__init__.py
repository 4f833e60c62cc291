"""The front door: who is asking, and what may they do."""
