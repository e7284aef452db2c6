"""Reading what a person names on the command line: documents, JSON values, `-` for the standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from flov7.kit import json
from flov7.kit.errors import FlowError, Invalid, NotFound

_LARGEST = 20_000_000


def text_of(name: str) -> str:
    """The text of a file, or of the standard input for `-`. Raises NotFound, Invalid."""
    if name == "-":
        return sys.stdin.read()
    path = Path(name)
    if path.is_dir():
        raise Invalid(f"{name} is a folder.", hint="Name the file with the document in it.")
    try:
        if path.stat().st_size > _LARGEST:
            raise Invalid(f"{name} is larger than {_LARGEST // 1_000_000} MB.", hint="No document is that long.")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {name} here.", hint=f"You are in {Path.cwd()}.") from error
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise Invalid(f"{name} cannot be read: {words}.") from error


def value_of(given: str | None) -> Any:
    """A JSON value as typed, from a file (`@FILE`) or the standard input (`-`); None where nothing was given."""
    if given is None:
        return None
    text = text_of(given.removeprefix("@")) if given == "-" or given.startswith("@") else given
    try:
        return json.loads(text)
    except (ValueError, FlowError) as error:
        raise Invalid(
            f"This is no JSON: {text[:60]!r}.",
            hint='Write it in single quotes, as in --input \'{"order": {"total": 1500}}\', or name a file: --input @order.json',
        ) from error
