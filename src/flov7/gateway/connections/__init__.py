"""Connections to the outside: their secrets go in and never come out."""
