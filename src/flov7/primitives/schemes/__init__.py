"""Ways of proving who asks that depend on the request itself: digest access, a keyed hash, AWS' signature."""
