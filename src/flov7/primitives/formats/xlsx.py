"""Spreadsheets (Office Open XML): rows of one sheet in and out."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from flov7.kit.errors import StepRefused

MOST_ROWS = 100_000
UNPACKED = 300 * 1024 * 1024
"""Bytes that a workbook may have when it is unpacked."""


def parse(body: bytes, *, sheet: str | None = None, header: bool = True) -> list[Any]:
    """The rows of a sheet (the first, or by name): objects by the first row's names, or lists. Raises StepRefused."""
    from openpyxl import load_workbook

    _check_size(body)
    try:
        book = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
    except Exception as error:
        raise StepRefused(
            f"This is no spreadsheet that can be read: {error}.", hint="Save it as .xlsx.", code="format.xlsx"
        ) from error
    try:
        if sheet is not None and sheet not in book.sheetnames:
            raise StepRefused(
                f"There is no sheet `{sheet}`; there are " + ", ".join(f"`{one}`" for one in book.sheetnames) + ".",
                code="format.xlsx",
            )
        found = book[sheet] if sheet is not None else book.worksheets[0]
        rows = [[_cell(value) for value in row] for row in _limited(found.iter_rows(values_only=True))]
    finally:
        book.close()
    rows = [row for row in rows if any(value is not None for value in row)]
    if not header or not rows:
        return list[Any](rows)
    names = [str(name) if name is not None else f"column_{number}" for number, name in enumerate(rows[0], start=1)]
    # Empty cells at the end of a row are not in the file.
    return [dict(zip(names, [*row, *[None] * (len(names) - len(row))], strict=False)) for row in rows[1:]]


def show(rows: Any, *, sheet: str | None = None, header: bool = True) -> bytes:
    """A workbook of one sheet. A text that begins like a formula stays text. Raises StepRefused."""
    from openpyxl import Workbook

    if not isinstance(rows, list) or not all(isinstance(row, dict | list) for row in rows):
        raise StepRefused("A spreadsheet is made of a list of objects or of lists.", code="format.xlsx")
    if len(rows) > MOST_ROWS:
        raise StepRefused(f"A spreadsheet here has at most {MOST_ROWS:,} rows.", code="format.xlsx")
    book = Workbook(write_only=True)
    page = book.create_sheet(title=(sheet or "Sheet1")[:31])
    names = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    if names and header:
        page.append([_plain(page, name) for name in names])
    for row in rows:
        values = [row.get(name) for name in names] if isinstance(row, dict) else row
        page.append([_plain(page, value) for value in values])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _check_size(body: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            if sum(one.file_size for one in packed.infolist()) > UNPACKED:
                raise StepRefused("This spreadsheet is too large when unpacked.", code="format.xlsx")
    except zipfile.BadZipFile as error:
        raise StepRefused("This is no spreadsheet.", hint="Save it as .xlsx.", code="format.xlsx") from error


def _limited(rows: Iterable[Any]) -> Iterable[Any]:
    for number, row in enumerate(rows):
        if number > MOST_ROWS:
            raise StepRefused(f"This spreadsheet has more than {MOST_ROWS:,} rows.", code="format.xlsx")
        yield row


def _cell(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date | time) else value


def _plain(page: Any, value: Any) -> Any:
    """A cell that is never taken for a formula: what came from outside must not run on somebody's machine."""
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, dict | list):
        from flov7.primitives.formats import json_text

        value = json_text.show(value)
    if isinstance(value, str):
        cell = WriteOnlyCell(page, value=value)
        cell.data_type = "s"
        return cell
    return value
