"""Requests over a catalogue of operations of services: which operation a clause means, and where it goes."""
