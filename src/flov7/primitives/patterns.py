"""Regular expressions in linear time (RE2): no pattern and no text can make a run hang."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flov7.kit.errors import StepRefused

_MEMORY = 8 << 20


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """The pattern, compiled by RE2. Raises StepRefused where it cannot be read."""
    import re2

    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "unreadable"
        reason = reason.decode() if isinstance(reason, bytes) else str(reason)
        raise StepRefused(
            f"The pattern `{pattern[:200]}` cannot be read: {reason}.",
            hint="RE2 is spoken here: no lookahead `(?=…)`, no lookbehind, no backreference `\\1`.",
            code="pattern.invalid",
        ) from error
