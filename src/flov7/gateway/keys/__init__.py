"""API keys: made, listed, revoked; a key is shown once."""
