"""What an operation of a document may do to the world: by its method and by its own words. A person may correct it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flov7.language.effects import Effect

_LOOKS = {"search", "query", "find", "list", "count", "lookup", "filter", "export", "preview", "calculate", "validate"}
_FOR_GOOD = {
    "delete", "remove", "destroy", "purge", "erase", "send", "pay", "charge", "refund", "transfer", "publish",
    "capture", "dispatch", "wipe",
}  # fmt: skip
_CHANGES = {
    "create",
    "update",
    "add",
    "set",
    "insert",
    "save",
    "upsert",
    "replace",
    "start",
    "run",
    "execute",
    "cancel",
}


def effect_of(method: str, operation: Mapping[str, Any]) -> Effect:
    """By the method; of a POST also by the first word of its name and summary. What is not plain is a write."""
    match method:
        case "get" | "head" | "options":
            return Effect.READ
        case "put":
            return Effect.IDEMPOTENT
        case "delete":
            return Effect.IRREVERSIBLE
        case _:
            pass
    words = [*_words(operation.get("summary")), *_words(operation.get("operationId"))]
    firsts = {_bare(found[0]) for text in ("summary", "operationId") if (found := _words(operation.get(text)))}
    if firsts & _FOR_GOOD:
        return Effect.IRREVERSIBLE
    if (
        method == "post"
        and words
        and firsts
        and firsts <= _LOOKS
        and not set(map(_bare, words)) & (_CHANGES | _FOR_GOOD)
    ):
        return Effect.READ
    return Effect.WRITE


def key_header(parameters: Sequence[Mapping[str, Any]]) -> str:
    """The header in which the service takes an idempotency key, or an empty text."""
    for one in parameters:
        name = str(one.get("name") or "")
        if one.get("in") == "header" and re.sub(r"[^a-z]", "", name.lower()).removeprefix("x") == "idempotencykey":
            return name
    return ""


def _words(text: Any) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", str(text or ""))
    return re.findall(r"[a-z]+", spaced.lower())


def _bare(word: str) -> str:
    return word[:-1] if word.endswith("s") and word[:-1] in _LOOKS | _FOR_GOOD | _CHANGES else word
