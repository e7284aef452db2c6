"""Templates: workflows to begin with, found by words, adapted, published, rated."""
