"""Paths with named parts: `orders/{id}` fits `orders/7` and says that `id` is 7."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flov7.store.hooks import Hook

_PART = re.compile(r"^\{([a-z][a-z0-9_]*)\}$")


def params(pattern: str, path: str) -> dict[str, str] | None:
    """What stands where the pattern has names; None where the path does not fit."""
    wanted, given = pattern.strip("/").split("/"), path.strip("/").split("/")
    if len(wanted) != len(given):
        return None
    found: dict[str, str] = {}
    for want, part in zip(wanted, given, strict=True):
        named = _PART.match(want)
        if named is None and want != part:
            return None
        if named is not None:
            if not part:
                return None
            found[named[1]] = part
    return found


def best(hooks: Iterable[Hook], path: str) -> Hook | None:
    """The hook that fits with the fewest names, the plainest first from the left."""
    fitting = [hook for hook in hooks if params(hook.path, path) is not None]
    return min(fitting, key=lambda hook: [bool(_PART.match(part)) for part in hook.path.split("/")], default=None)
