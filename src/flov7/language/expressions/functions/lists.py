"""Functions on lists and objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flov7.language.expressions.errors import WrongValue
from flov7.language.expressions.functions.numbers import comparison_cost, like_with_like, total
from flov7.language.expressions.functions.registry import elements, function, items, members, text, whole
from flov7.language.expressions.operators import contains as is_in
from flov7.language.expressions.values import Frame, Json, equal, kind_of, to_json


def _made(frame: Frame, values: Iterable[Json], *, size: int) -> list[Json]:
    frame.budget.spend(size)
    frame.budget.grow(size)
    return list(values)


@function("len", "length", "count", "size")
def length(frame: Frame, value: Json) -> int:
    """How many elements, members or characters."""
    if isinstance(value, str | list | dict):
        return len(value)
    raise WrongValue("text, a list or an object", value)


@function("list")
def to_list(frame: Frame, value: Json = ()) -> list[Json]:
    """The elements, an object's names, or a text's characters."""
    return _made(frame, elements(value), size=len(value)) if value != () else []


@function("dict", "from_entries")
def to_object(frame: Frame, pairs: Json) -> dict[str, Json]:
    """An object from [name, value] pairs."""
    frame.budget.grow(2 * len(items(pairs)))
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
            raise WrongValue("a list of [name, value] pairs", pairs)
    return {pair[0]: pair[1] for pair in pairs}


@function("any")
def any_true(frame: Frame, values: Json) -> bool:
    """Whether one of them counts as true."""
    return any(elements(values))


@function("all")
def all_true(frame: Frame, values: Json) -> bool:
    """Whether all of them count as true."""
    return all(elements(values))


@function("range")
def whole_range(frame: Frame, start: Json, stop: Json = None, step: Json = 1) -> list[int]:
    """Whole numbers: `range(3)` is [0, 1, 2]."""
    if whole(step) == 0:
        raise WrongValue("a step other than 0", step)
    numbers = range(whole(start)) if stop is None else range(whole(start), whole(stop), whole(step))
    span = max(0, (numbers.stop - numbers.start) // numbers.step + 1)
    return _made(frame, numbers, size=span)


@function("enumerate")
def enumerated(frame: Frame, values: Json, start: Json = 0) -> list[Json]:
    """[index, element] pairs."""
    found = elements(values)
    frame.budget.grow(3 * len(found))
    return [[index, value] for index, value in enumerate(found, whole(start))]


@function("zip")
def zipped(frame: Frame, *lists: Json) -> list[Json]:
    """Lists of the first elements, the second elements, and so on, as long as all have one."""
    found = [elements(values) for values in lists]
    shortest = min(map(len, found), default=0)
    frame.budget.spend(shortest)
    frame.budget.grow(shortest * (1 + len(found)))
    return [list(together) for together in zip(*found, strict=False)]


def _sorting(frame: Frame, keys: list[Json]) -> None:
    like_with_like([key for key in keys if key is not None])
    frame.budget.spend(comparison_cost(keys) * max(1, len(keys).bit_length()))


@function("sorted", "sort", "sort_by")
def ordered(frame: Frame, values: Json, key: Json = None, reverse: Json = False) -> list[Json]:
    """In order, by the element or by a member's path ("customer.name"); null comes last."""
    found = elements(values)
    keys = found if key is None else [member(frame, value, key) for value in found]
    _sorting(frame, keys)
    order = _made(frame, range(len(found)), size=len(found))
    present = [index for index in order if keys[index] is not None]
    present.sort(key=lambda index: keys[index], reverse=bool(reverse))
    return [found[index] for index in present] + [found[index] for index in order if keys[index] is None]


def member(frame: Frame, value: Json, path: Json) -> Json:
    """What a dotted path leads to inside a value; null where it leads nowhere."""
    frame.budget.spend(1 + len(text(path)) // 16)
    for name in path.split("."):
        if isinstance(value, list) and name.lstrip("-").isdecimal() and len(name) < 10:
            place = int(name)
            value = value[place] if -len(value) <= place < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


@function("get")
def get(frame: Frame, value: Json, path: Json, default: Json = None) -> Json:
    """What a dotted path (or an index) leads to, or the default."""
    if type(path) is int and isinstance(value, list):
        return value[path] if -len(value) <= path < len(value) else default
    if isinstance(value, dict) and isinstance(path, str) and path in value:
        return value[path] if value[path] is not None else default
    found = member(frame, value, path)
    return default if found is None else found


@function("pluck", "map_by")
def pluck(frame: Frame, values: Json, path: Json) -> list[Json]:
    """The member at this path of each element."""
    return _made(frame, [member(frame, value, path) for value in elements(values)], size=len(values))


@function("where", "filter_by")
def where(frame: Frame, values: Json, path: Json, value: Json = True) -> list[Json]:
    """The elements whose member at this path equals the value."""
    found = elements(values)
    return _made(frame, [one for one in found if equal(frame, member(frame, one, path), value)], size=len(found))


@function("find_by")
def find_by(frame: Frame, values: Json, path: Json, value: Json = True) -> Json:
    """The first element whose member at this path equals the value; null where there is none."""
    return next((one for one in elements(values) if equal(frame, member(frame, one, path), value)), None)


@function("sum_by")
def sum_by(frame: Frame, values: Json, path: Json) -> int | float:
    """The sum of the members at this path."""
    return total(frame, [found for found in pluck(frame, values, path) if found is not None])


@function("group_by")
def group_by(frame: Frame, values: Json, path: Json) -> dict[str, list[Json]]:
    """An object from each value of the member at this path to the elements that have it."""
    groups: dict[str, list[Json]] = {}
    found = elements(values)
    frame.budget.grow(2 * len(found))
    for one in found:
        key = member(frame, one, path)
        groups.setdefault(key if isinstance(key, str) else to_json(frame, key), []).append(one)
    return groups


@function("first")
def first(frame: Frame, values: Json, default: Json = None) -> Json:
    """The first element or character; the default where there is none."""
    found = values if isinstance(values, str) else items(values)
    return found[0] if found else default


@function("last")
def last(frame: Frame, values: Json, default: Json = None) -> Json:
    """The last element or character; the default where there is none."""
    found = values if isinstance(values, str) else items(values)
    return found[-1] if found else default


@function("slice", "take")
def part(frame: Frame, values: Json, start: Json, stop: Json = None) -> Json:
    """From `start` up to but without `stop`; negative places count from the end."""
    found = values if isinstance(values, str) else items(values)
    cut = found[whole(start) : None if stop is None else whole(stop)]
    frame.budget.grow(len(cut))
    return cut


@function("reverse", "reversed")
def backwards(frame: Frame, values: Json) -> Json:
    """The other way round."""
    frame.budget.grow(len(values if isinstance(values, str) else items(values)))
    return values[::-1]


@function("unique", "set")
def unique(frame: Frame, values: Json, path: Json = None) -> list[Json]:
    """Without repeats (of the element, or of the member at this path); the first of each stays."""
    seen: set[Any] = set()
    kept: list[Json] = []
    found = elements(values)
    frame.budget.spend(len(found))
    frame.budget.grow(len(found))
    for one in found:
        key = one if path is None else member(frame, one, path)
        # true and 1 are different, 1 and 1.0 are not; lists and objects are known by their text
        mark = ("json", sorted_json(frame, key)) if isinstance(key, list | dict) else (kind_of(key), key)
        if mark not in seen:
            seen.add(mark)
            kept.append(one)
    return kept


def sorted_json(frame: Frame, value: Json) -> str:
    """Text that is equal for values that are equal, however an object's members stand."""
    if isinstance(value, dict):
        inner = (f"{to_json(frame, key)}:{sorted_json(frame, value[key])}" for key in sorted(value))
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ",".join(sorted_json(frame, one) for one in value) + "]"
    whole_float = isinstance(value, float) and value.is_integer()
    return to_json(frame, int(value) if whole_float else value)


@function("flatten", "flat")
def flatten(frame: Frame, values: Json, levels: Json = 1) -> list[Json]:
    """Lists within the list opened up, one level or more."""
    found = items(values)
    for _ in range(max(0, min(100, whole(levels)))):
        size = sum(len(one) if isinstance(one, list) else 1 for one in found)
        frame.budget.spend(len(found))
        frame.budget.grow(size)
        found = [inner for one in found for inner in (one if isinstance(one, list) else [one])]
    return found


@function("concat")
def concat(frame: Frame, *values: Json) -> Json:
    """Lists (and single elements) as one list, or texts as one text."""
    if all(isinstance(value, str) for value in values):
        frame.budget.grow(sum(map(len, values)))
        return "".join(values)
    joined: list[Json] = []
    for value in values:
        more = value if isinstance(value, list) else [value]
        frame.budget.grow(len(more))
        joined.extend(more)
    return joined


@function("chunk", "batch")
def chunk(frame: Frame, values: Json, size: Json) -> list[Json]:
    """The list in pieces of at most so many elements."""
    if whole(size) < 1:
        raise WrongValue("a size of at least 1", size)
    found = _made(frame, items(values), size=len(items(values)))
    return [found[at : at + whole(size)] for at in range(0, len(found), whole(size))]


@function("compact")
def compact(frame: Frame, values: Json) -> list[Json]:
    """Without null and empty text."""
    return _made(frame, [one for one in items(values) if one is not None and one != ""], size=len(values))


@function("contains", "includes")
def contains(frame: Frame, whole_value: Json, part_value: Json) -> bool:
    """Whether text holds a text, a list an element, or an object a member."""
    result = is_in(frame, part_value, whole_value)
    if result is None:
        raise WrongValue("text in text, an element in a list, or a name in an object", whole_value)
    return result


@function("is_empty")
def is_empty(frame: Frame, value: Json) -> bool:
    """Whether it is null, or text, a list or an object with nothing in it."""
    return value is None or (isinstance(value, str | list | dict) and not value)


@function("keys")
def keys(frame: Frame, value: Json) -> list[str]:
    """The names of an object's members."""
    return _made(frame, members(value), size=len(members(value)))


@function("values")
def values_of(frame: Frame, value: Json) -> list[Json]:
    """The values of an object's members."""
    return _made(frame, members(value).values(), size=len(members(value)))


@function("items", "entries")
def entries(frame: Frame, value: Json) -> list[Json]:
    """[name, value] pairs of an object."""
    frame.budget.grow(3 * len(members(value)))
    return [[key, inner] for key, inner in members(value).items()]


@function("merge")
def merge(frame: Frame, *objects: Json) -> dict[str, Json]:
    """One object of all members; later ones win."""
    joined: dict[str, Json] = {}
    for one in objects:
        frame.budget.grow(len(members(one)))
        joined.update(one)
    return joined


@function("pick")
def pick(frame: Frame, value: Json, *names: Json) -> dict[str, Json]:
    """Only these members."""
    wanted = _names(frame, names)
    return {name: value[name] for name in wanted if name in members(value)}


@function("omit")
def omit(frame: Frame, value: Json, *names: Json) -> dict[str, Json]:
    """Without these members."""
    unwanted = frozenset(_names(frame, names))
    frame.budget.grow(len(members(value)))
    return {name: inner for name, inner in members(value).items() if name not in unwanted}


def _names(frame: Frame, names: tuple[Json, ...]) -> list[str]:
    found = [text(name) for one in names for name in (one if isinstance(one, list) else [one])]
    frame.budget.spend(len(found))
    return found


@function("at")
def at(frame: Frame, values: Json, place: Json) -> Json:
    """The element or character at a place; negative places count from the end; null where there is none."""
    found = values if isinstance(values, str) else items(values)
    return found[whole(place)] if -len(found) <= whole(place) < len(found) else None


@function("position")
def position(frame: Frame, values: Json, value: Json) -> int:
    """Where the list first holds the value, from 0; -1 where it does not."""
    frame.budget.spend(len(items(values)))
    return next((index for index, one in enumerate(values) if equal(frame, one, value)), -1)


@function("occurrences")
def occurrences(frame: Frame, values: Json, value: Json) -> int:
    """How often the list holds the value."""
    frame.budget.spend(len(items(values)))
    return sum(equal(frame, one, value) for one in values)


@function("has")
def has(frame: Frame, value: Json, name: Json) -> bool:
    """Whether the object has a member of this name."""
    return text(name) in members(value)
