"""Flov7: a sentence becomes a workflow that runs durably and can be trusted."""

__version__ = "0.1.0"
