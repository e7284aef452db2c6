"""Nodes of a workspace over HTTP."""
