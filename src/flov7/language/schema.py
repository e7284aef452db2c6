"""The published JSON Schema of documents: what editors, forms and models are given."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flov7.language.document import VERSION, Document

ADDRESS = f"urn:flov7:document:{VERSION}"


@lru_cache(maxsize=1)
def document_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a whole document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ADDRESS,
        **Document.model_json_schema(by_alias=True),
        "title": f"Flow7 {VERSION}",
    }
