"""Errors, ids, clock, settings base, paging and redaction. This room knows no Flov7 noun."""
