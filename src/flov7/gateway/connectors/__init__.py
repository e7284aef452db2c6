"""Connectors: services whose operations are kinds, those that come with Flov7 and those made of documents."""
