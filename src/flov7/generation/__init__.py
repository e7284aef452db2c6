"""A sentence becomes a document."""
