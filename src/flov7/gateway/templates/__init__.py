"""Templates: find one, set it, publish one's own."""
