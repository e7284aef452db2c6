"""Durable runs on Temporal."""
