"""Steps at a service that has a connector: which of its operations is meant, and its settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flov7.generation.offline.desk import Desk
from flov7.generation.offline.filling import Filled, Wish
from flov7.generation.offline.operations.phrases import deed
from flov7.generation.offline.operations.resolve import Said, naming, resolve, stems
from flov7.generation.offline.operations.vocabulary import Vocabulary, vocabulary_of
from flov7.generation.offline.words import Word, snake
from flov7.kit.errors import FlowError
from flov7.language.catalogue import Catalogue, KindSpec

_NAMED, _SURE = 0.8, 0.7


def operation_of(words: Sequence[Word], catalogue: Catalogue) -> KindSpec | None:
    """The operation that the words ask for at a service that they name; None where none fits well."""
    vocabulary = spoken_of(words, catalogue)
    if not vocabulary.operations:
        return None
    named = naming(words, vocabulary)
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
    return catalogue.get("action", best.operation.name) if best else None


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
    """What the operation needs is asked for; what is in hand is suggested where it has that field's name."""
    config: dict[str, Any] = {}
    properties: dict[str, Any] = wish.kind.inputs.get("properties", {})
    for field in wish.kind.inputs.get("required", []):
        about: dict[str, Any] = properties.get(field, {})
        shown = [str(one) for one in (*about.get("examples", []), *about.get("enum", []))]
        here = wish.scope.join(field)
        suggested = [f"{{{{ {here} }}}}"] if here and not shown else [*shown, field]
        title = wish.kind.title.partition(": ")[2] or wish.kind.title
        text = f"{title}: what is the {str(about.get('description') or field).rstrip('.').lower()}?"
        config[field] = desk.ask(f"{wish.name}.{field}", text, suggested, weight=0.06)
    service = wish.kind.name.partition(".")[0]
    noun = snake(wish.kind.name.partition(".")[2].split("_")[-1])
    return Filled(config, {"connection": _connection(service, desk)}, noun=noun, result="")


def _connection(service: str, desk: Desk) -> str:
    kind = desk.catalogue.connection(service)
    return desk.connect(service, service=service, credentials=kind.name if kind else "api_key")
