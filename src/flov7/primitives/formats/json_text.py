"""JSON as text: strict reading with a message that names the place, printing with or without indents."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from flov7.kit.errors import StepRefused

_DEEPEST = 200


def parse(text: str) -> Any:
    """The value of a JSON text. Raises StepRefused, which names line and column."""
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise StepRefused(
            f"This is no JSON: {error.msg} at line {error.lineno}, column {error.colno}.",
            hint="Look at that place; texts and names stand in double quotes, and nothing follows the last item.",
            code="format.json",
        ) from error
    except RecursionError as error:
        raise StepRefused("This JSON is nested too deeply to be read.", code="format.json") from error
    except ValueError as error:
        raise StepRefused(f"This is no JSON that can be read: {error}.", code="format.json") from error
    _shallow(value, depth=0)
    return value


def show(value: Any, *, indent: bool = False) -> str:
    """JSON text of a value, keys in their order."""
    if indent:
        return json.dumps(value, ensure_ascii=False, indent=2)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


def _shallow(value: Any, *, depth: int) -> None:
    if depth > _DEEPEST:
        raise StepRefused(f"This JSON is nested deeper than {_DEEPEST} levels.", code="format.json")
    if isinstance(value, dict):
        for item in value.values():
            _shallow(item, depth=depth + 1)
    elif isinstance(value, list):
        for item in value:
            _shallow(item, depth=depth + 1)
