"""OpenAPI 2, 3.0 and 3.1 documents read into connectors: one action for each operation."""
