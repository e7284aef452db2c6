"""Runs code that nobody here wrote: in a cage, or not at all."""
