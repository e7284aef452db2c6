"""CSV to a list of objects and back: any delimiter, quotes, line breaks in fields, a byte order mark."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, Literal

from flov7.kit.errors import StepRefused
from flov7.primitives.formats import json_text

Delimiter = Literal["auto", ",", ";", "\t", "|"]
_FIELD_LIMIT = 10_000_000


def parse(text: str, *, delimiter: Delimiter = "auto", header: bool = True) -> list[Any]:
    """Objects by the first row's names, or with `header` false lists of texts. Raises StepRefused with the row."""
    text = text.removeprefix("\ufeff")
    mark = _guess(text) if delimiter == "auto" else delimiter
    csv.field_size_limit(_FIELD_LIMIT)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True) if row]
    except csv.Error as error:
        raise StepRefused(f"This is no CSV: {error}.", hint="Look at the quotes.", code="format.csv") from error
    if not header or not rows:
        return rows
    names = rows[0]
    _unique(names)
    return [_row(names, row, number=number) for number, row in enumerate(rows[1:], start=2)]


def show(rows: Any, *, delimiter: Delimiter = "auto", header: bool = True) -> str:
    """CSV with CRLF line ends (RFC 4180); columns in the order in which their names first come."""
    if not isinstance(rows, list):
        raise StepRefused("CSV is made of a list of objects or of lists.", code="format.csv")
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter="," if delimiter == "auto" else delimiter)
    if all(isinstance(row, dict) for row in rows):
        names = list(dict.fromkeys(name for row in rows for name in row))
        if header and names:
            writer.writerow(names)
        writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    elif all(isinstance(row, list) for row in rows):
        writer.writerows([_cell(value) for value in row] for row in rows)
    else:
        raise StepRefused(
            "CSV is made of a list of objects, or of a list of lists; here both are mixed.", code="format.csv"
        )
    return out.getvalue()


def _guess(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(",;\t|", key=lambda mark: (first.count(mark), mark == ","))


def _unique(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise StepRefused(
                f"Two columns of this CSV are named `{name}`.",
                hint="Rename one, or read it with `header: false`.",
                code="format.csv",
            )
        seen.add(name)


def _row(names: list[str], row: list[str], *, number: int) -> dict[str, str]:
    if len(row) != len(names):
        raise StepRefused(
            f"Row {number} of this CSV has {len(row)} fields and the header has {len(names)}.",
            hint="Look for a missing quote or another delimiter.",
            code="format.csv",
        )
    return dict(zip(names, row, strict=True))


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case list() | dict():
            return json_text.show(value)
        case _:
            return str(value)
