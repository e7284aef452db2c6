"""What PostgreSQL's log of changes says: the messages of the `pgoutput` plugin, protocol version 1.

Source: PostgreSQL documentation, "Logical Replication Message Formats".
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from flov7.kit.clock import utc_text
from flov7.kit.errors import StepFailed
from flov7.primitives.actions.db_query.values import to_json

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_BOOL, _WHOLE, _FLOAT, _NUMERIC, _JSON = {16}, {20, 21, 23, 26}, {700, 701}, {1700}, {114, 3802}
_TIMES = {1114, 1184}
_MISSING = object()


@dataclass(frozen=True)
class Column:
    """A column: its name, the type's number, and whether it is part of the key."""

    name: str
    type: int
    key: bool


@dataclass(frozen=True)
class Relation:
    """A table as the log describes it before its first change."""

    name: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Commit:
    """The end of a transaction: up to where the log is read then."""

    end: int


Change = dict[str, Any]


class Decoder:
    """Reads one slot's messages in their order."""

    def __init__(self) -> None:
        self._relations: dict[int, Relation] = {}
        self._at = ""
        self._final = 0
        self._count = 0

    def read(self, body: bytes) -> tuple[str, Change] | Commit | None:
        """A change with its id, the end of a transaction, or None for what only describes. Raises StepFailed."""
        try:
            return self._read(body)
        except (struct.error, IndexError, KeyError, UnicodeDecodeError, ValueError, ArithmeticError) as error:
            raise StepFailed(f"The database's log cannot be read: {error}.", code="database.log_damaged") from error

    def _read(self, body: bytes) -> tuple[str, Change] | Commit | None:
        match body[:1]:
            case b"B":
                self._final, micros, _ = struct.unpack_from(">QqI", body, 1)
                self._at, self._count = utc_text(_EPOCH + timedelta(microseconds=micros)), 0
                return None
            case b"C":
                return Commit(struct.unpack_from(">BQQ", body, 1)[2])
            case b"R":
                number, relation = _relation(body)
                self._relations[number] = relation
                return None
            case b"I" | b"U" | b"D":
                return self._change(body)
            case _:
                return None  # origins, types, truncates: nothing that happened to a row

    def _change(self, body: bytes) -> tuple[str, Change]:
        relation = self._relations[struct.unpack_from(">I", body, 1)[0]]
        before: dict[str, Any] | None = None
        now: dict[str, Any] | None = None
        at = 5
        while at < len(body):
            mark = body[at : at + 1]
            found, at = _row(body, at + 1, relation, only_key=mark == b"K")
            if mark == b"N":
                now = found
            else:
                before = found
        names = {b"I": "insert", b"U": "update", b"D": "delete"}
        operation = names[body[:1]]
        self._count += 1
        row = now if now is not None else before
        if now is not None and before is not None:  # a large value that did not change is not sent again
            row = {**{name: value for name, value in before.items() if name not in now}, **now}
        change = {"operation": operation, "table": relation.name, "row": row, "before": before, "at": self._at}
        return f"{self._final:X}/{self._count}", change


def _relation(body: bytes) -> tuple[int, Relation]:
    number = struct.unpack_from(">I", body, 1)[0]
    space, at = _word(body, 5)
    name, at = _word(body, at)
    count = struct.unpack_from(">H", body, at + 1)[0]
    at += 3
    columns: list[Column] = []
    for _ in range(count):
        key = bool(body[at] & 1)
        column, at = _word(body, at + 1)
        columns.append(Column(column, struct.unpack_from(">I", body, at)[0], key))
        at += 8
    return number, Relation(f"{space or 'pg_catalog'}.{name}", tuple(columns))


def _word(body: bytes, at: int) -> tuple[str, int]:
    end = body.index(b"\x00", at)
    return body[at:end].decode(), end + 1


def _row(body: bytes, at: int, relation: Relation, *, only_key: bool) -> tuple[dict[str, Any], int]:
    count = struct.unpack_from(">H", body, at)[0]
    at += 2
    row: dict[str, Any] = {}
    for column in relation.columns[:count]:
        mark = body[at : at + 1]
        at += 1
        value: Any = None
        if mark in (b"t", b"b"):
            size = struct.unpack_from(">I", body, at)[0]
            value = _value(body[at + 4 : at + 4 + size].decode(), column.type)
            at += 4 + size
        elif mark == b"u":
            value = _MISSING
        if value is not _MISSING and (not only_key or column.key):
            row[column.name] = value
    return row, at


def _value(text: str, type_: int) -> Any:
    if type_ in _BOOL:
        return text == "t"
    if type_ in _WHOLE:
        return int(text)
    if type_ in _FLOAT | _NUMERIC:
        return to_json(Decimal(text)) if type_ in _NUMERIC else to_json(float(text))
    if type_ in _JSON:
        return orjson.loads(text)
    if type_ in _TIMES:
        moved = text.replace(" ", "T", 1)
        return f"{moved}:00" if type_ == 1184 and moved[-3] in "+-" else moved
    return text
