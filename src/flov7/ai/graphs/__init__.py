"""Single AI nodes: each a graph of LangGraph in which asking, checking, mending and using tools are nodes."""
