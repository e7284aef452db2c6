"""Talks to models: one face over any OpenAI-compatible endpoint."""
