"""Words typed by a person: one file per command group."""
