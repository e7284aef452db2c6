"""Reading members: of JSON objects and lists only, and null wherever a path leads nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from flov7.language.expressions.values import Frame, Json

Run: TypeAlias = Callable[[Frame], Json]
"""A compiled node: from a frame to a value."""


class Reference(NamedTuple):
    """A path that an expression reads from its scope.

    `path` holds the constant members and indexes behind the root; it stops where an index is computed. A last
    `length` behind text or a list means their length.
    """

    root: str
    path: tuple[str | int, ...]
    offset: int


def member(value: Json, name: str) -> Json:
    """`value.name`: an object's member, the length of text or a list, otherwise null."""
    if isinstance(value, dict):
        return value.get(name)
    if name == "length" and isinstance(value, str | list):
        return len(value)
    return None


def element(value: Json, index: Json) -> Json:
    """`value[index]`: a list's or text's element, an object's member, otherwise null."""
    if isinstance(value, dict):
        return (
            value.get(str(index) if type(index) is int and abs(index) < 1 << 62 else index) if _is_key(index) else None
        )
    if isinstance(value, list | str):
        if type(index) is float and index.is_integer():
            index = int(index)
        if type(index) is int and -len(value) <= index < len(value):
            return value[index]
    return None


def _is_key(index: Json) -> bool:
    return isinstance(index, str | int) and not isinstance(index, bool)


def read_path(root: str, steps: tuple[str | int, ...]) -> Run:
    """A closure that reads a whole path from the scope at once."""
    if not steps:
        return lambda frame: frame.scope.get(root)
    if len(steps) == 1 and isinstance(name := steps[0], str):

        def read_one(frame: Frame) -> Json:
            value = frame.scope.get(root)
            return value.get(name) if type(value) is dict else member(value, name)

        return read_one

    def read(frame: Frame) -> Json:
        value = frame.scope.get(root)
        for step in steps:
            if type(value) is dict and type(step) is str:
                value = value.get(step)
            else:
                value = member(value, step) if isinstance(step, str) else element(value, step)
        return value

    return read
