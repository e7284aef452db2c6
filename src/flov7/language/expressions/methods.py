"""The methods of each kind of value: Python's and JavaScript's names for the same functions."""

from __future__ import annotations

from typing import Final

from flov7.language.expressions.functions import FUNCTIONS, Function
from flov7.language.expressions.functions.registry import describe
from flov7.language.expressions.values import Frame, Json

_TEXT: Final = {
    "upper": ("upper", "toUpperCase", "toLocaleUpperCase"),
    "lower": ("lower", "toLowerCase", "toLocaleLowerCase", "casefold"),
    "title": ("title", "toTitleCase"),
    "capitalize": ("capitalize",),
    "trim": ("strip", "trim"),
    "trim_start": ("lstrip", "trimStart", "trimLeft"),
    "trim_end": ("rstrip", "trimEnd", "trimRight"),
    "split": ("split",),
    "lines": ("splitlines", "lines"),
    "replace": ("replace", "replaceAll"),
    "repeat": ("repeat",),
    "starts_with": ("startswith", "startsWith", "starts_with"),
    "ends_with": ("endswith", "endsWith", "ends_with"),
    "contains": ("includes", "contains"),
    "index_of": ("find", "indexOf", "index_of"),
    "last_index_of": ("rfind", "lastIndexOf"),
    "substring": ("substring", "slice"),
    "truncate": ("truncate",),
    "pad_start": ("rjust", "padStart"),
    "pad_end": ("ljust", "padEnd"),
    "remove_prefix": ("removeprefix", "removePrefix"),
    "remove_suffix": ("removesuffix", "removeSuffix"),
    "concat": ("concat",),
    "str": ("toString",),
    "reverse": ("reverse",),
    "matches": ("matches", "test"),
    "extract": ("extract",),
    "number": ("toNumber",),
    "int": ("toInt",),
    "bool": ("toBoolean",),
    "parse_json": ("parseJson",),
    "is_empty": ("isEmpty",),
    "len": ("len",),
    "slug": ("slugify",),
    "at": ("charAt", "at"),
}
_LIST: Final = {
    "join": ("join",),
    "contains": ("includes", "contains"),
    "slice": ("slice",),
    "first": ("first",),
    "last": ("last",),
    "min": ("min",),
    "max": ("max",),
    "avg": ("average", "avg", "mean"),
    "unique": ("unique", "distinct"),
    "sorted": ("sort", "sorted", "toSorted"),
    "reverse": ("reverse", "reversed", "toReversed"),
    "flatten": ("flat", "flatten"),
    "concat": ("concat",),
    "chunk": ("chunk",),
    "compact": ("compact",),
    "pluck": ("pluck",),
    "where": ("where",),
    "find_by": ("find_by", "findBy"),
    "sum_by": ("sum_by", "sumBy"),
    "group_by": ("group_by", "groupBy"),
    "get": ("get",),
    "at": ("at",),
    "position": ("index", "indexOf"),
    "occurrences": ("count",),
    "len": ("len",),
    "is_empty": ("isEmpty",),
    "json": ("toString", "toJsonString"),
}
_OBJECT: Final = {
    "keys": ("keys",),
    "values": ("values",),
    "items": ("items", "entries"),
    "get": ("get",),
    "has": ("has", "hasOwnProperty", "hasField"),
    "merge": ("merge",),
    "pick": ("pick",),
    "omit": ("omit",),
    "len": ("len",),
    "is_empty": ("isEmpty",),
    "json": ("toString", "toJsonString"),
}
_NUMBER: Final = {
    "to_fixed": ("toFixed",),
    "round": ("round",),
    "floor": ("floor",),
    "ceil": ("ceil",),
    "abs": ("abs",),
    "str": ("toString",),
}


def _table(names: dict[str, tuple[str, ...]]) -> dict[str, Function]:
    return {method: FUNCTIONS[function] for function, methods in names.items() for method in methods}


def _join(frame: Frame, separator: Json, values: Json) -> Json:
    """Python's order: the separator joins the list."""
    return FUNCTIONS["join"].call(frame, values, separator)


def _sum(frame: Frame, values: Json, path: Json = None) -> Json:
    """The sum of a list, or of the members at a path of its elements."""
    return FUNCTIONS["sum" if path is None else "sum_by"].call(frame, values, *([] if path is None else [path]))


_number = _table(_NUMBER)
METHODS: Final[dict[type, dict[str, Function]]] = {
    str: {**_table(_TEXT), "join": describe("join", _join)},
    list: {**_table(_LIST), "sum": describe("sum", _sum)},
    dict: _table(_OBJECT),
    int: _number,
    float: _number,
    bool: _table({"str": ("toString",)}),
}
"""Kind of value → name behind the dot → function whose first argument is the value."""
METHOD_NAMES: Final = frozenset(name for table in METHODS.values() for name in table)
"""Every method that any value has."""
