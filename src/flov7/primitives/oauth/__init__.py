"""OAuth 2: how a connection is allowed by a person or by itself, and how its tokens are kept fresh."""
