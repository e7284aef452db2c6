"""Words typed by a person; one file for each command group."""
