"""Workflows: documents with versions, a status and addresses."""
