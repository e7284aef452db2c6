"""Conversations in which sentences become workflows."""
