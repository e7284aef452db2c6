"""MCP servers as connectors, over HTTP."""
