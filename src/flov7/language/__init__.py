"""The Flow7 language, pure: documents, expressions, diagnostics, plans. Nothing here touches the outside."""

from flov7.language.late import import_jsonschema

import_jsonschema()
