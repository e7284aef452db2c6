"""Alembic's folder: `env.py` is run by it; `flov7.store.migrate` is the way in."""
