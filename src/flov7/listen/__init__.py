"""Subscriptions that wait for the outside: each is listened for in one place, and moves when that place dies."""
