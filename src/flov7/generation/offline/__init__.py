"""Sentences become documents without a model and without network: words, clauses, kinds, slots, document."""
