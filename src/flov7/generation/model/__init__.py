"""Sentences become documents by one structured call to a model, checked and sent back with what is wrong."""
