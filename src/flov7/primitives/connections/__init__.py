"""Connections: how a workflow reaches a service, and with which secret."""
