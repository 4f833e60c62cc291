"""Rollbook: who was there, for every child, class and day."""

__version__ = "0.1.0"
