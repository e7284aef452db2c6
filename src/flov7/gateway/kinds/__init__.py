"""The kinds that this installation has."""
