"""The workspace that a key opens: its title and what holds for all of its workflows."""
