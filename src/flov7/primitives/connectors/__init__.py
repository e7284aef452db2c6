"""Connectors: services whose operations are kinds without code, from a table or from an OpenAPI document."""
