"""Canonical printing: equal documents are equal bytes."""

from __future__ import annotations

import json
from typing import Any

import orjson

from flov7.language.document import Document


def to_json(document: Document) -> dict[str, Any]:
    """The document as a JSON object, fields in the language's order, what is left out left out."""
    return document.model_dump(mode="json", by_alias=True, exclude_none=True)


def canonical(document: Document) -> str:
    """The document as people read it: JSON, two spaces, one newline at the end."""
    return json.dumps(to_json(document), indent=2, ensure_ascii=False) + "\n"


def canonical_bytes(document: Document) -> bytes:
    """The document as it is compared and digested: compact JSON with sorted keys."""
    return orjson.dumps(to_json(document), option=orjson.OPT_SORT_KEYS)
