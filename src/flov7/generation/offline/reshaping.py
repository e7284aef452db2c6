"""Fills the settings of steps that work on values: convert, sort, group, keep, split, merge, check, rename."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flov7.generation.draft import Sort
from flov7.generation.offline import lexicon
from flov7.generation.offline.conditions import read_condition
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.durations import duration
from flov7.generation.offline.filling import Filled, Wish
from flov7.generation.offline.operators import is_complete
from flov7.generation.offline.slots import Scope, noun_phrase
from flov7.generation.offline.words import Word, closed, find, inside, number, said, snake

_SHORT = 2
"""Words of a condition that may be the name of a field."""
_REMOVES = closed("remove drop discard delete skip ignore exclude omit leave")
_FORMS = ("json", "xml", "csv")
_VAGUE = frozenset([*_FORMS, "file", "them", "it", "result", "results", "data"])
_ENDS = closed("by where with that if into from as in and over under to which whose only at of")


def convert(wish: Wish, desk: Desk) -> Filled:
    """`action/transform`: one value in another form."""
    words = wish.words
    value = f"{{{{ {_value(wish, desk)} }}}}"
    form = next((word.low for word in words if word.low in _FORMS), None)
    verb = words[0].low
    into = find(words, "to", "into", "as")
    if find(words, "html"):
        operation = "strip_html"
    elif find(words, "base64"):
        operation = "base64_decode" if verb == "decode" else "base64_encode"
    elif verb == "hash":
        operation = "hash"
    elif find(words, "date"):
        operation = "date"
    elif form and into and any(word.low == form for word in words[into[1] :]):
        operation = f"print_{form}"
    elif form:
        operation = f"parse_{form}"
    else:
        operation = desk.ask(
            f"{wish.name}.operation",
            f"Into which form ({said(words)})?",
            ["print_json", "print_csv", "print_xml"],
            sort=Sort.ASSUMED,
        )
    return Filled({"value": value, "operation": operation}, noun=form or "result", result="")


def reshape(wish: Wish, desk: Desk) -> Filled:
    """`data/transform`: sort, group, count, add up, deduplicate, cut."""
    words = wish.words
    value = f"{{{{ {_value(wish, desk)} }}}}"
    config: dict[str, Any] = {"value": value}
    by = _field_after(words, "by")
    if find(words, "csv", "json", "xml") and words[0].low in (
        "parse",
        "read",
        "turn",
        "convert",
        "take",
        "open",
        "get",
        "extract",
    ):
        return Filled({**config, "parse": next(w.low for w in words if w.low in _FORMS)}, noun="rows", result="")
    top = find(words, "top", "first", "limit")
    if find(words, "sort", "sorted", "rank", "arrange") or (find(words, "top") and by):
        config["sort_by"] = f"item.{by}" if by else "item"
        if find(words, "top", "descending", "highest first", "largest first", "newest first", "most expensive first"):
            config["descending"] = True
    if find(words, "group", "grouped", "per"):
        field = by or _field_after(words, "per")
        config["group_by"] = (
            f"item.{field}"
            if field
            else desk.ask(f"{wish.name}.group_by", "Group by which field?", ["item.type"], sort=Sort.ASSUMED)
        )
    if find(words, "duplicates", "deduplicate", "duplicate", "unique"):
        config["unique_by"] = f"item.{by}" if by else "item"
    amount = _summed(words)
    if amount:
        op, field = amount
        config["aggregate"] = {
            op if op == "count" else f"{op}_{field}": {"op": op} if op == "count" else {"op": op, "field": field}
        }
    if top and top[1] < len(words) and (count := number(words[top[1]])) is not None:
        config["limit"] = int(count)
    if words[0].low in ("pick", "select"):
        config["pick"] = _fields(words[1:])
    return Filled(config, noun=_listed(words), result="")


def keep(wish: Wish, desk: Desk) -> Filled:
    """`data/filter`: the items of a list for which something holds."""
    words = list(wish.words)
    removes = words[0].low in _REMOVES or bool(find(words, "filter out", "throw away", "leave out"))
    items, where = _items_and_where(words)
    path = _path(items, wish, desk)
    reading = read_condition(where, Scope(noun="item", root="item")) if where and is_complete(where) else None
    aged = age(where or words[1:])
    if aged is not None:
        asked = "Which field of an item says how old it is?"
        field = desk.ask(
            f"{wish.name}.age",
            asked,
            ["item.date", "item.published", "item.created_at"],
            weight=0.03,
            sort=Sort.ASSUMED,
        )
        logic = f"{field} {aged[0]} {aged[1]}"
    elif reading is None:
        guess = f"item.{snake(where[:1])}" if where else "item"
        plain = 0 < len(where) <= _SHORT  # `those unread`: a field of that name is likely
        asked = f"Which items ({said(words)})? Write it over `item`."
        logic = desk.ask(f"{wish.name}.where", asked, [guess], sort=Sort.ASSUMED if plain else Sort.OPEN)
    elif reading.ask:
        logic = desk.ask(f"{wish.name}.where", reading.ask, reading.answers or (reading.logic,), sort=Sort.ASSUMED)
    else:
        logic = reading.logic
    config: dict[str, Any] = {"items": path, "where": logic}
    return Filled(
        {**config, "keep": "others"} if removes else config, noun=snake(noun_phrase(items) or "items"), result=""
    )


def age(words: Sequence[Word]) -> tuple[str, str] | None:
    """`older than yesterday`, `in the last 24 hours`: how a time compares with one that lies so far back."""
    old, young = (
        find(words, "older than", "before", "earlier than", "overdue by more than", "overdue by", "overdue since"),
        find(words, "newer than", "younger than", "since", "after"),
    )
    last = find(
        words, "in the last", "in the past", "of the last", "within the last", "from the last", "during the last"
    )
    if not (old or young or last):
        return None
    rest = words[(old or young or last or (0, 0))[1] :]
    read = duration(rest)
    day = {"yesterday": 1, "today": 0}.get(rest[0].low) if rest else None
    if last and rest and read is None:
        day = {"day": 1, "week": 7, "month": 30, "hour": 1 / 24}.get(rest[0].low)
    if read is not None:
        moment = f"date_subtract(now(), '{read[0]}')"
    elif day is not None:
        moment = f"add_days(now(), {-day:g})" if day else "date(now())"
    else:
        return None
    return ("<" if old else ">="), moment


def split(wish: Wish, desk: Desk) -> Filled:
    """`data/split`: batches of a list, or parts of a text."""
    words = wish.words
    size = next((int(value) for word in words if (value := number(word)) is not None), None)
    path = _value(wish, desk)
    if size:
        return Filled({"items": path, "size": size}, noun="batches", result="")
    separators = {"comma": ",", "commas": ",", "line": "\n", "lines": "\n", "semicolon": ";", "space": " ", "tab": "\t"}
    separator = next((separators[word.low] for word in words[2:] if word.low in separators), None)
    quoted = next((inside(word) for word in words if word.sort == "quoted"), None)
    if separator or quoted:
        return Filled({"text": f"{{{{ {path} }}}}", "separator": quoted or separator}, noun="parts", result="")
    size = int(float(desk.ask(f"{wish.name}.size", "In batches of how many?", ["50"], sort=Sort.ASSUMED)))
    return Filled({"items": path, "size": size}, noun="batches", result="")


def merge(wish: Wish, desk: Desk) -> Filled:
    """`data/merge`: two lists or objects into one."""
    words = list(wish.words[1:])
    by = find(words, "by", "on")
    sources = words[: by[0]] if by else words
    at = find(sources, "with", "and", "into")
    scope = wish.scope
    parts = [sources[: at[0]], sources[at[1] :]] if at else [sources]
    paths = [path for part in parts if part and (path := scope.path(part))]
    if len(paths) < 2:
        known = list(dict.fromkeys([*paths, *reversed(list(scope.results.values())), scope.whole or "trigger.payload"]))
        given = desk.ask(
            f"{wish.name}.sources",
            f"Which lists ({said(wish.words)})?",
            [", ".join(known if wish.scope.whole == wish.scope.last else known[:2])],
            sort=Sort.ASSUMED,
        )
        paths = [one.strip() for one in given.replace(" and ", ",").split(",")]
    config: dict[str, Any] = {"sources": [f"{{{{ {path} }}}}" for path in paths]}
    if by:
        config |= {"by": "key", "key": snake(noun_phrase(words[by[1] :])[:2])}
    return Filled(config, noun="merged", result="")


def validate(wish: Wish, desk: Desk) -> Filled:
    """`data/validate`: what must be there."""
    words = wish.words
    at = find(words, "has", "have", "contains", "contain", "includes", "with")
    value = _path(words[1 : at[0]] if at else words[1:], wish, desk, default=True)
    named = _fields(words[at[1] :]) if at else []
    fields = [one for one in named if one not in ("required", "fields", "all")]
    if not fields:
        given = desk.ask(f"{wish.name}.required", f"Which fields must be there ({said(words)})?", ["id"])
        fields = [snake(one) for one in re.split(r",| and ", given)]
    return Filled({"value": value, "schema": {"type": "object", "required": fields}})


def mapping(wish: Wish, desk: Desk) -> Filled:
    """`data/mapping`: short names for values."""
    words = list(wish.words[1:])
    at = find(words, "to", "as", "into")
    if at and words[: at[0]] and words[at[1] :]:
        path = wish.scope.path(words[: at[0]])
        if path:
            return Filled({}, {"mapping": {path: snake(noun_phrase(words[at[1] :]))}})
    base = wish.scope.base
    below = find(words, "of", "from")
    fields = _fields(words[: below[0]] if below else words)
    owner = wish.scope.path(words[below[1] :]) if below else base
    if below and fields and owner is not None:
        prefix = "" if owner in ("", "trigger.payload") else f"{owner}."
        return Filled({}, {"mapping": {f"{prefix}{field}": field for field in fields}})
    paths = [path for one in pieces(words) if (path := wish.scope.path(one))]
    if paths and find(wish.words, "set") is None:
        lasts = [path.rpartition(".")[2] if "." in path else f"the_{path}" for path in paths]
        clear = len(set(lasts)) == len(lasts)
        return Filled({}, {"mapping": {p: (n if clear else snake(p)) for p, n in zip(paths, lasts, strict=True)}})
    given = desk.ask(
        f"{wish.name}.mapping", f"Which value gets which name ({said(words)})?", ["trigger.payload as received"]
    )
    left, _, right = given.partition(" as ")
    return Filled({}, {"mapping": {left.strip(): snake(right or left)}})


def enrich(wish: Wish, desk: Desk) -> Filled:
    """`data/enrich`: something looked up for each item."""
    words = wish.words
    path = _value(wish, desk)
    url = next((word.text for word in words if word.sort == "url"), None)
    thing = snake(noun_phrase(words[1:3]) or "things")
    place = f"{url.rstrip('/')}/{{key}}" if url else f"https://example.com/{thing}/{{key}}"
    asked = f"Where is it looked up ({said(words)})? `{{key}}` stands for what it is looked up by."
    given = desk.ask(f"{wish.name}.url", asked, [place], weight=0.15, sort=Sort.SETUP)
    key = desk.ask(
        f"{wish.name}.key", f"By what is it looked up ({said(words)})?", ["item.id"], weight=0.08, sort=Sort.ASSUMED
    )
    return Filled({"items": path, "from": "http", "key": key, "url": given}, noun=thing, result="")


def _items_and_where(words: Sequence[Word]) -> tuple[list[Word], list[Word]]:
    rest = [word for word in words[1:] if word.low not in ("only", "all", "just", "out")]
    at = find(rest, "where", "whose", "that", "which", "with", "if", "over", "above", "under", "below", "when", "from")
    if at is None:
        return rest[1:] if rest and rest[0].low in lexicon.DETERMINERS else rest, []
    items, where = rest[: at[0]], rest[at[0] :]
    if where[0].low in ("where", "whose", "that", "which", "with", "if", "when"):
        where = where[1:]
    return items, where


def _path(words: Sequence[Word], wish: Wish, desk: Desk, *, default: bool = False) -> str:
    found = wish.scope.path([word for word in words if word.low not in ("only", "all", "every")]) if words else None
    found = found or (wish.scope.whole if default else None)
    if found is not None:
        return found
    return desk.ask(
        f"{wish.name}.value",
        f"Which value ({said(wish.words)})?",
        [wish.scope.last or "trigger.payload"],
        sort=Sort.ASSUMED,
    )


def _value(wish: Wish, desk: Desk) -> str:
    """The path of what is worked on: the object of the verb, without its settings."""
    taken: list[Word] = []
    of = False
    for word in wish.words[1:]:
        if word.low == "from" and not taken:
            continue
        if word.low in _ENDS and not (word.low == "of" and not of):
            break
        if (
            word.low in ("duplicates", "duplicate", "top", "first", "total", "sum", "batches", "html")
            or word.sort == "number"
        ):
            continue
        of = of or word.low == "of"
        if word.sort in ("word", "path", "code"):
            taken.append(word)
    if _summed(wish.words) and any(word.low == "of" for word in taken):
        taken = taken[next(n for n, word in enumerate(taken) if word.low == "of") + 1 :]
    while taken and taken[0].low in ("of", "up"):
        taken.pop(0)
    named = [word for word in taken if word.low not in lexicon.DETERMINERS]
    vague = not named or (len(named) == 1 and named[0].low in _VAGUE)
    if vague and (known := wish.scope.last or wish.scope.whole):
        return known
    return _path(taken, wish, desk)


def _field_after(words: Sequence[Word], marker: str) -> str | None:
    at = find(words, marker)
    if at is None:
        return None
    taken: list[Word] = []
    for word in words[at[1] :]:
        if word.sort != "word" or word.low in _ENDS | {"descending", "ascending", "highest", "lowest", "newest"}:
            break
        taken.append(word)
    found = noun_phrase(taken)
    return snake(found) if found else None


def _summed(words: Sequence[Word]) -> tuple[str, str] | None:
    if find(words, "count", "number of", "how many"):
        return "count", ""
    for phrase, op in (("average", "avg"), ("mean", "avg"), ("sum", "sum"), ("total", "sum"), ("add up", "sum"),
                       ("maximum", "max"), ("minimum", "min")):  # fmt: skip
        at = find(words, phrase)
        if at:
            rest = list(words[at[1] :])
            while rest and rest[0].low in ("of", "up", "the"):
                rest.pop(0)
            taken: list[Word] = []
            for word in rest:
                if word.low in _ENDS or word.low in ("per", "for"):
                    break
                taken.append(word)
            found = noun_phrase(taken)
            field = snake(found[-1:]) if found else "amount"
            from flov7.generation.offline.slots import singular

            return op, singular(field)
    return None


def _listed(words: Sequence[Word]) -> str:
    found = noun_phrase([word for word in words[1:3] if word.low not in _ENDS])
    return snake(found) if found else "result"


def pieces(words: Sequence[Word]) -> list[list[Word]]:
    """The parts between commas and `and`."""
    found: list[list[Word]] = [[]]
    for word in words:
        if word.sort == "mark" or word.low == "and":
            found.append([])
        else:
            found[-1].append(word)
    return [one for one in found if one]


def _fields(words: Sequence[Word]) -> list[str]:
    """`name, address and phone` as fields."""
    found: list[list[Word]] = [[]]
    for word in words:
        if word.sort == "mark" or word.low == "and":
            found.append([])
        elif word.low not in lexicon.DETERMINERS | {"fields", "field"} and word.sort in ("word", "path"):
            found[-1].append(word)
    return [snake(one) for one in found if one]
