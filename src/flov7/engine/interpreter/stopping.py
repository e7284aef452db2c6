"""How the interpreter says that something stopped before its end, which is no error."""

from __future__ import annotations


class Unfinished(Exception):
    """A nested list or loop stopped for a fresh start or a cancellation before its end."""
