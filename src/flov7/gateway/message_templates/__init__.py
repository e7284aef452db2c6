"""Message templates: versioned texts that steps send."""
