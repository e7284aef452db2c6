"""Applies a diagnostic's fix: a JSON patch (RFC 6902) of `add`, `remove`, `replace` and `move`."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from flov7.kit.errors import Invalid


def apply_patch(value: Any, patch: Iterable[dict[str, Any]]) -> Any:
    """A changed copy of a JSON value. Raises Invalid where a step of the patch does not fit."""
    root = {"": deepcopy(value)}
    for step in patch:
        match step["op"]:
            case "add":
                _add(root, step["path"], step["value"])
            case "remove":
                _take(root, step["path"])
            case "replace":
                _take(root, step["path"])
                _add(root, step["path"], step["value"])
            case "move":
                _add(root, step["path"], _take(root, step["from"]))
            case other:
                raise Invalid(f"A patch has no operation {other!r}.", hint="add, remove, replace or move.")
    return root[""]


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")]


def _holder(root: dict[str, Any], pointer: str) -> tuple[Any, str]:
    *above, last = _parts(pointer)
    here: Any = root
    for part in above:
        here = here[int(part)] if isinstance(here, list) else here.get(part) if isinstance(here, dict) else None
        if here is None:
            raise Invalid(f"The patch names {pointer}, which is not there.")
    return here, last


def _add(root: dict[str, Any], pointer: str, value: Any) -> None:
    here, last = _holder(root, pointer)
    if isinstance(here, list):
        here.insert(len(here) if last == "-" else int(last), deepcopy(value))
    else:
        here[last] = deepcopy(value)


def _take(root: dict[str, Any], pointer: str) -> Any:
    here, last = _holder(root, pointer)
    try:
        return here.pop(int(last)) if isinstance(here, list) else here.pop(last)
    except (KeyError, IndexError) as error:
        raise Invalid(f"The patch names {pointer}, which is not there.") from error
