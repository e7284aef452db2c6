"""The Flow7 language, pure: documents, expressions, diagnostics, plans. Nothing here touches the outside."""

from flov7.language.late import put_off

put_off()
