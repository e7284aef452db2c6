"""The kinds: what a workflow can start from, do, connect to, decide and reshape. One file is one kind."""
