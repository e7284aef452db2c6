"""How two documents differ, by what they mean: primitives by their name, fields by what they say, in plain words."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flov7.language.diagnostics import pointer
from flov7.language.document import AnyPrimitive, Document, nested_lists
from flov7.language.printing import to_json

Kind = Literal["added", "removed", "renamed", "changed", "moved"]
_LISTS = ("then", "else", "do")
_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `primitive` is None for the document itself; `field` is a pointer inside it; `text` says it."""

    change: Kind
    primitive: str | None
    field: str | None = None
    old: Any = None
    new: Any = None
    text: str


@dataclass(frozen=True, slots=True)
class _Item:
    """A primitive without what lies nested in it, and where it stands."""

    name: str
    body: dict[str, Any]
    place: str
    index: int


def diff(old: Document, new: Document) -> tuple[Change, ...]:
    """All differences, the document's own first; empty where both mean the same."""
    was, now = _items(old), _items(new)
    renamed = _renamed(was, now)
    jumped = _jumped(was, now, renamed)
    found = list(_of_document(old, new))
    for name, item in now.items():
        before = was.get(name) or was.get(renamed.get(name, ""))
        if before is None:
            found.append(
                Change(change="added", primitive=name, new=item.body, text=f"{_title(item)} is new{_at(item)}.")
            )
            continue
        if name in renamed:
            words = f"`{renamed[name]}` is called `{name}` now."
            found.append(Change(change="renamed", primitive=name, old=renamed[name], new=name, text=words))
        else:
            found.extend(_changed(name, before.body, item.body))
        found.extend(_moved(before, item, jumped))
    gone = [item for name, item in was.items() if name not in now and name not in renamed.values()]
    for item in gone:
        words = f"{_title(item)} is gone."
        found.append(Change(change="removed", primitive=item.name, old=item.body, text=words))
    return tuple(found)


def _items(document: Document) -> dict[str, _Item]:
    """Every primitive by name, nested ones too."""
    found: dict[str, _Item] = {}
    stack: list[tuple[str, list[AnyPrimitive]]] = [("", list(document.primitives))]
    while stack:
        place, members = stack.pop()
        for index, one in enumerate(members):
            body = _flat(one.model_dump(mode="json", by_alias=True, exclude_none=True))
            found.setdefault(one.name, _Item(one.name, body, place, index))
            for label, _, below in reversed(nested_lists(one)):
                stack.append((f"{one.name}.{label}", below))
    return found


def _flat(body: dict[str, Any]) -> dict[str, Any]:
    """Without nested lists, whose members are compared by themselves."""
    kept = {key: value for key, value in body.items() if key not in _LISTS and not _is_list_of(value, key)}
    if isinstance(kept.get("cases"), dict):
        kept["cases"] = {label: side if isinstance(side, str) else "…" for label, side in kept["cases"].items()}
    return kept


def _is_list_of(value: Any, key: str) -> bool:
    return key == "default" and isinstance(value, list)


def _renamed(was: Mapping[str, _Item], now: Mapping[str, _Item]) -> dict[str, str]:
    """New name to old name, where all but the name is alike and only one fits."""
    gone = {name: item for name, item in was.items() if name not in now}
    found: dict[str, str] = {}
    for name, item in now.items():
        if name in was:
            continue
        alike = [old for old, other in gone.items() if _same_but_name(other, item) and old not in found.values()]
        if len(alike) == 1:
            found[name] = alike[0]
    return found


def _same_but_name(old: _Item, new: _Item) -> bool:
    return {**old.body, "name": ""} == {**new.body, "name": ""} and old.body.get("type") == new.body.get("type")


def _of_document(old: Document, new: Document) -> Iterator[Change]:
    was = {key: value for key, value in to_json(old).items() if key != "primitives"}
    now = {key: value for key, value in to_json(new).items() if key != "primitives"}
    for field, before, after in _fields(was, now):
        words = f"The document's {_words(field, before, after)}"
        yield Change(change="changed", primitive=None, field=field, old=before, new=after, text=words)


def _changed(name: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    for field, before, after in _fields(old, new):
        words = f"`{name}`: {_words(field, before, after)}"
        yield Change(change="changed", primitive=name, field=field, old=before, new=after, text=words)


def _fields(old: Any, new: Any, at: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two JSON values differ; objects are looked into, lists compared whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _fields(old.get(key), new.get(key), at + pointer(key))
    elif old != new or type(old) is not type(new):
        yield at, old, new


def _places(items: Mapping[str, _Item]) -> dict[str, list[str]]:
    """The names of each list, in its order."""
    lists: dict[str, list[str]] = {}
    for name, item in items.items():
        lists.setdefault(item.place, []).append(name)
    return {place: sorted(names, key=lambda name: items[name].index) for place, names in lists.items()}


def _jumped(was: Mapping[str, _Item], now: Mapping[str, _Item], renamed: Mapping[str, str]) -> dict[str, str]:
    """The fewest primitives whose moving explains the new order of a list, with what each stands after now."""
    found: dict[str, str] = {}
    for place, names in _places(now).items():
        common = [(name, was[renamed.get(name, name)].index) for name in names if _stayed(name, place, was, renamed)]
        kept = _longest_rising([index for _, index in common])
        for position, (name, _) in enumerate(common):
            if position not in kept:
                found[name] = names[names.index(name) - 1] if names.index(name) else ""
    return found


def _stayed(name: str, place: str, was: Mapping[str, _Item], renamed: Mapping[str, str]) -> bool:
    before = was.get(renamed.get(name, name))
    return before is not None and before.place == place


def _longest_rising(numbers: list[int]) -> set[int]:
    """Positions of a longest rising part, by patience sorting."""
    tops: list[int] = []
    holders: list[int] = []
    below: list[int] = []
    for position, number in enumerate(numbers):
        at = bisect_left(tops, number)
        below.append(holders[at - 1] if at else -1)
        tops[at : at + 1] = [number]
        holders[at : at + 1] = [position]
    found: set[int] = set()
    position = holders[-1] if holders else -1
    while position >= 0:
        found.add(position)
        position = below[position]
    return found


def _moved(before: _Item, item: _Item, jumped: Mapping[str, str]) -> Iterator[Change]:
    """In another list, or elsewhere in its own."""
    if before.place != item.place:
        where = f"into `{item.place}`" if item.place else "to the top list"
        words = f"`{item.name}` moved {where}."
        yield Change(change="moved", primitive=item.name, old=before.place, new=item.place, text=words)
    elif item.name in jumped:
        after = jumped[item.name]
        words = f"`{item.name}` stands {f'after `{after}`' if after else 'first'} now."
        yield Change(change="moved", primitive=item.name, old=before.index, new=item.index, text=words)


def _title(item: _Item) -> str:
    kind = item.body.get("kind") or item.body.get("service") or item.body["type"]
    return f"`{item.name}` ({item.body['type']}, {kind})"


def _at(item: _Item) -> str:
    return f" in `{item.place}`" if item.place else ""


def _words(field: str, old: Any, new: Any) -> str:
    path = field.removeprefix("/").replace("/", ".")
    if old is None:
        return f"{path} is set to {_value(new)}."
    if new is None:
        return f"{path} is no longer set; it was {_value(old)}."
    return f"{path} was {_value(old)}, is {_value(new)}."


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}`"
