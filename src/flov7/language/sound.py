"""What can still be said of a document whose shape is damaged: its sound primitives are checked all the same.

A damaged primitive is replaced by one that does nothing. What is said of names, kinds and settings elsewhere holds;
what would speak of how primitives hang together does not, because a part of it is missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from flov7.language.diagnostics import Diagnostic, pointer
from flov7.language.document import Document
from flov7.language.parse import locate, wrap

_HOLDS = (
    "name.", "kind.", "config.", "duration.", "inputs.", "expression.", "loop.form", "secret.", "network.",
    "order.nested_trigger", "order.two_sides", "order.side_with_after", "order.when_with_sides",
)  # fmt: skip
Path = tuple[int | str, ...]


def sound_part(raw: Any) -> tuple[dict[str, Any] | None, frozenset[str]]:
    """A whole document without the damage, and the pointers to what was replaced; None where nothing can be read."""
    wrapped, _ = wrap(raw)
    if wrapped is None:
        return None, frozenset()
    try:
        Document.model_validate(wrapped)
        return None, frozenset()  # there is nothing wrong with its shape
    except ValidationError as error:
        places = {_damaged(locate(detail["loc"], wrapped)[0], wrapped) for detail in error.errors(include_url=False)}
    rest = deepcopy(wrapped)
    for path in sorted(places, key=len):
        if not _replace(rest, path):
            return None, frozenset()
    try:
        Document.model_validate(rest)
    except ValidationError:
        return None, frozenset()
    return rest, frozenset(pointer(*path) for path in places)


def holding(found: Iterable[Diagnostic], replaced: frozenset[str]) -> list[Diagnostic]:
    """Those that are true whatever stands in the replaced places."""
    return [
        one
        for one in found
        if one.code.startswith(_HOLDS) and not any(one.where == at or one.where.startswith(f"{at}/") for at in replaced)
    ]


def _damaged(path: Path, document: Any) -> Path:
    """The innermost primitive that the path leads into, or the document's own field."""
    here, found = document, path[:1]
    if found != ("primitives",):
        return found
    for length, part in enumerate(path, 1):
        inside_list = isinstance(here, list)
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            break
        if inside_list and (isinstance(here, dict) or length == len(path)):
            found = path[:length]
    return found


def _replace(document: dict[str, Any], path: Path) -> bool:
    """Put something harmless there; false where there is no way around it."""
    *way, last = path
    here: Any = document
    for part in way:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            return True  # what holds it was replaced
    if isinstance(last, str):
        known = last in here
        here.pop(last, None)
        return known and last != "primitives"
    if not (isinstance(here, list) and isinstance(last, int) and last < len(here)):
        return True
    name = here[last].get("name") if isinstance(here[last], dict) else None
    here[last] = {
        "type": "data",
        "kind": "mapping",
        "name": name if isinstance(name, str) and name else "damaged_" + "_".join(str(part) for part in path),
        "mapping": {},
    }
    return True
