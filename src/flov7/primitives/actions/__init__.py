"""Actions: what a workflow does to the world."""
