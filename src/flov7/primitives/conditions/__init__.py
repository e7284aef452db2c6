"""Conditions: pure decisions that choose sides."""
