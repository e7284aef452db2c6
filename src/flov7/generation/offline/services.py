"""Steps at a service that has a connector: which of its operations is meant, and its settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from flov7.generation.draft import Sort
from flov7.generation.offline import messages, reshaping
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.filling import Filled, Wish
from flov7.generation.offline.operations.phrases import Deed, deed
from flov7.generation.offline.operations.resolve import SAME, Said, naming, resolve, stems
from flov7.generation.offline.operations.verbs import STANDS_IN, classes
from flov7.generation.offline.operations.vocabulary import Operation, Vocabulary, vocabulary_of
from flov7.generation.offline.places import connector_of, named_at
from flov7.generation.offline.slots import noun_phrase, singular
from flov7.generation.offline.words import Word, find, snake
from flov7.kit.errors import FlowError
from flov7.language.catalogue import Catalogue, KindSpec

_LITTLE = frozenset(["a", "an", "the", "of", "and", "its", "all", "my", "our"])
_NAMED, _SURE, _LEAST = 0.8, 0.7, 0.45
_TEXTS = frozenset(["text", "message", "body", "content", "comment_text", "comment", "question", "post"])
_TITLES = frozenset(["title", "name", "subject", "summary", "displayName"])
_RECORDS = frozenset(["properties", "fields", "data", "values", "rows", "records", "items", "args", "children"])
_OWN = frozenset(["id", "email", "to", "query", "q", "term", "number", "address"])
_ADDS = frozenset(["add", "put", "write", "insert", "save", "store", "log", "record", "append", "dump"])


def operation_of(words: Sequence[Word], catalogue: Catalogue) -> KindSpec | None:
    """The operation that the words ask for at a service that they name; None where none fits well."""
    service = connector_of(words, catalogue)
    vocabulary = spoken_of(words, catalogue, used=[f"{service}.any"] if service else ())
    if not vocabulary.operations:
        return None
    named = naming(words, vocabulary) | ({service: 1.0} if service else {})
    if max(named.values(), default=0.0) < _NAMED:
        return None
    asked = deed(words)
    if not asked.things:
        return None
    thing = asked.things[0]
    around = tuple(term for one in thing.around for term in stems(one.words, vocabulary))
    lows = frozenset(word.low for word in words)
    said = Said(asked.verb, stems(thing.words, vocabulary), around, named, {}, lows)
    found = [one for one in resolve(said, vocabulary) if named.get(one.operation.connector, 0.0) >= _NAMED]
    best = found[0] if found and found[0].sure >= _SURE else None
    near = _nearest(asked, vocabulary, service)
    one_of_many = (
        best is not None
        and near is not None
        and _is_list(near)
        and not _is_list(best.operation)
        and _is_read(best.operation)
    )
    chosen = best.operation if best and not one_of_many else near
    return catalogue.get("action", chosen.name) if chosen else None


def _nearest(asked: Deed, vocabulary: Vocabulary, service: str | None) -> Operation | None:
    """Where the thing has another name at the service: its first operation that does what was asked for."""
    heard = {
        other
        for thing in asked.things
        for term in stems(thing.all_words, vocabulary)
        for other in (term, *SAME.get(term, ()))
    }
    many = any(word.low == "list" or singular(word.low) != word.low for thing in asked.things for word in thing.words)
    told = any(
        heard & (one.terms - _names(one.connector, "") - _LITTLE)
        for one in vocabulary.operations
        if one.connector == service
    )
    many = many or not told
    ranked = sorted(
        (-_fit(asked.verb, one, many=many) - 0.4 * len(heard & one.terms), len(one.name), one.name)
        for one in vocabulary.operations
        if one.connector == service and _fit(asked.verb, one, many=many) > _LEAST
    )
    return vocabulary.by_name[ranked[0][2]] if ranked else None


def _is_list(operation: Operation) -> bool:
    return operation.name.partition(".")[2].startswith(("list", "search", "read", "query"))


def _is_read(operation: Operation) -> bool:
    return bool(operation.does & {"retrieve", "get"})


def _fit(verb: str, operation: Operation, *, many: bool = False) -> float:
    """How well what an operation does is what the verb asks for."""
    if verb in _ADDS and "append" in operation.does:
        return 1.1
    name = operation.name.partition(".")[2]
    if many and name.startswith(("list", "search", "read", "query")) and "retrieve" in classes(verb):
        return 1.8 if name.startswith(("list", "read")) else 1.6
    if verb in ("find", "look", "search", "check") and operation.name.partition(".")[2].startswith("search"):
        return 1.05
    named = (name for name in classes(verb) if name in STANDS_IN)
    return max((STANDS_IN[name].get(does, 0.0) for name in named for does in operation.does), default=0.0)


def spoken(words: Sequence[Word], catalogue: Catalogue) -> tuple[str, ...]:
    """The services with connectors that a whole request names, in order."""
    known = frozenset(catalogue.shelves)
    found = (named_at(words, at, known) for at in range(len(words)))
    return tuple(dict.fromkeys(one for one in found if one))


def listing(words: Sequence[Word], thing: Sequence[Word], catalogue: Catalogue) -> str | None:
    """The operation that lists what is new at the service that the words name, where it needs nothing else."""
    service = connector_of(words, catalogue)
    if service is None or not thing or not find(words, "new", "created", "added"):
        return None
    vocabulary = spoken_of((), catalogue, used=[f"{service}.any"])
    heard = {other for term in stems(thing[-1:], vocabulary) for other in (term, *SAME.get(term, ()))}
    for one in vocabulary.operations:
        spec = catalogue.get("action", one.name)
        plain = one.connector == service and one.name.partition(".")[2].startswith("list")
        if (
            plain
            and spec is not None
            and not spec.inputs.get("required")
            and any(heard & words for words in one.objects)
        ):
            return one.name
    return None


def nearest(
    words: Sequence[Word], catalogue: Catalogue, among: Sequence[str], *, whatever: bool = False
) -> KindSpec | None:
    """The operation of one of these services that comes nearest to a step that names none; `whatever` it is done to."""
    if not among:
        return None
    vocabulary = spoken_of((), catalogue, used=[f"{one}.any" for one in among])
    asked = deed(words)
    said = Said(
        asked.verb, stems(asked.things[0].words, vocabulary) if asked.things else (), (), dict.fromkeys(among, 1.0)
    )
    found = resolve(said, vocabulary)
    if found and found[0].sure >= _SURE:
        return catalogue.get("action", found[0].operation.name)
    nouns = {
        other for one in asked.things for term in stems(one.words, vocabulary) for other in (term, *SAME.get(term, ()))
    }
    known = {term for one in vocabulary.operations if one.connector in among for term in one.terms}
    if nouns and not nouns & known and not whatever:
        return None  # what it is done to is nothing of theirs
    chosen = _nearest(asked, vocabulary, among[-1]) or _nearest(replace(asked, verb="update"), vocabulary, among[-1])
    return catalogue.get("action", chosen.name) if chosen else None


def _names(name: str, title: str) -> set[str]:
    """The words that a connector is called by, without those that many have."""
    plain = {part.lower() for part in (*name.split("_"), *title.replace("-", " ").split())}
    return {one for one in plain if len(one) > 2} - {
        "google",
        "microsoft",
        "amazon",
        "cloud",
        "api",
        "for",
        "and",
        "the",
    }


def spoken_of(words: Sequence[Word], catalogue: Catalogue, *, used: Iterable[str] = ()) -> Vocabulary:
    """The operations of the services that the words name, and of those in use. No other shelf is loaded."""
    spoken = {word.low for word in words} | {word.stem for word in words}
    wanted = {kind.partition(".")[0] for kind in used}
    near = {
        name: shelf for name, shelf in catalogue.shelves.items() if name in wanted or _names(name, shelf.title) & spoken
    }
    try:
        return vocabulary_of(Catalogue(kinds={}, shelves=near))
    except FlowError:
        return vocabulary_of(Catalogue(kinds={}))  # one that cannot be read is told about where it is used


def fill(wish: Wish, desk: Desk) -> Filled:
    """What the operation needs: texts and records come from what is in hand, ids and places are set before it goes live."""
    config: dict[str, Any] = {}
    before: list[dict[str, Any]] = []
    properties: dict[str, Any] = wish.kind.inputs.get("properties", {})
    for field in wish.kind.inputs.get("required", []):
        about: dict[str, Any] = properties.get(field, {})
        if field == "rows" and (row := _row(wish, desk)) is not None:
            before, config[field] = [row[0]], row[1]
            continue
        config[field] = _in_hand(field, wish) or _asked(field, about, wish, desk)
    service = wish.kind.name.partition(".")[0]
    noun = _thing_of(wish)
    fields = {"connection": connection(service, desk)}
    if writes_back(wish.words) and (merged := _merged(wish, desk)) is not None:
        before = [merged]
        if "rows" in config:
            config["rows"] = [f"{{{{ {merged['name']} }}}}"]
    return Filled(config, fields, noun=noun, result=_list_in(wish.kind.outputs), before=tuple(before))


def writes_back(words: Sequence[Word]) -> bool:
    """`write the answers back to the same row`."""
    return (
        words[0].low in _ADDS | {"update"}
        and find(
            words,
            "back",
            "into the row",
            "in the row",
            "into the record",
            "same row",
            "same record",
            "same line",
            "to the row",
        )
        is not None
    )


def _merged(wish: Wish, desk: Desk) -> dict[str, Any] | None:
    """What was there and what was found, as one."""
    first, last = wish.scope.root or wish.scope.whole, wish.scope.last
    if not first or not last or first == last:
        return None
    name = desk.name(f"{wish.name}_merged")
    config = {"sources": [f"{{{{ {first} }}}}", f"{{{{ {last} }}}}"], "by": "objects"}
    return {"type": "data", "kind": "merge", "name": name, "config": config}


def _thing_of(wish: Wish) -> str:
    """What later steps call the result: the thing that was asked for, else the operation's own."""
    things = deed(wish.words).things
    named = noun_phrase(things[0].words)[-2:] if things else []
    return snake(named) if named else snake(wish.kind.name.partition(".")[2].split("_")[-1])


def _list_in(outputs: dict[str, Any]) -> str:
    """Where the list is in an operation's output; the output itself where there is none."""
    listed = [name for name, one in outputs.get("properties", {}).items() if one.get("type") == "array"]
    return listed[0] if listed else ""


def _in_hand(field: str, wish: Wish) -> str | None:
    """A text, a title or a record that is in hand; None for what is an id or a place."""
    whole = wish.scope.last or wish.scope.whole
    if field in _TEXTS:
        return messages.told(wish)
    if field in _TITLES:
        return f"New {wish.scope.noun.replace('_', ' ')}" if wish.scope.noun else wish.title
    if whole and field in _RECORDS:
        return f"{{{{ {wish.scope.whole or whole} }}}}"
    return None


def _asked(field: str, about: dict[str, Any], wish: Wish, desk: Desk) -> str:
    shown = [str(one) for one in (*about.get("examples", []), *about.get("enum", []))]
    here = wish.scope.join(field)
    known = here is not None and not shown and field in _OWN
    suggested = [f"{{{{ {here} }}}}"] if here and not shown else [*shown, field]
    title = wish.kind.title.partition(": ")[2] or wish.kind.title
    what = re.sub(r"^(?:the|its|a|an)\b ?", "", str(about.get("description") or field).rstrip(".").lower())
    text = f"{title} (`{wish.name}`): what is the {what}?"
    return desk.ask(f"{wish.name}.{field}", text, suggested, weight=0.03, sort=Sort.ASSUMED if known else Sort.SETUP)


def _row(wish: Wish, desk: Desk) -> tuple[dict[str, Any], Any] | None:
    """The cells of a row by name, so that one sees what goes where; None where a whole list is written."""
    whole = wish.scope.last or wish.scope.whole
    if whole is None:
        return None
    at = find(wish.words, "with")
    named = [noun_phrase(one) for one in reshaping.pieces(wish.words[at[1] :])] if at else []
    cells: dict[str, str] = {}
    for one in named:
        time = one and one[-1].low in ("timestamp", "date", "time", "day")
        path = "run.now" if time else wish.scope.path(one) if one else None
        if path and snake(one) != path:
            cells[path] = snake(one)
    if not named and wish.scope.root is None:
        return None
    cells = (
        cells if any(path != "run.now" for path in cells) else {whole: f"{(wish.scope.noun or 'whole')}_row", **cells}
    )
    name = desk.name(f"{wish.name}_row")
    mapped: dict[str, Any] = {"type": "data", "kind": "mapping", "name": name, "mapping": cells}
    return mapped, [[f"{{{{ {one} }}}}" for one in cells.values()]]


def connection(service: str, desk: Desk) -> str:
    """The connection to a service, by the login that its connector wants."""
    kind = desk.catalogue.connection(service)
    return desk.connect(service, service=service, credentials=kind.name if kind else "api_key")
