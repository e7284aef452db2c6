"""Runs: what they did, live, and what can be said to them."""
