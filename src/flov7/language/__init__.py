"""The Flow7 language, pure: documents, expressions, diagnostics, plans. Nothing here touches the outside."""
