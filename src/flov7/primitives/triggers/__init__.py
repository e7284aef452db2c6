"""Triggers that start a run."""
