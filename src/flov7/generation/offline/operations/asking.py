"""Asks the vocabulary what a step means, with all that was said before it; close seconds are asked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from flov7.generation.offline.desk import Desk
from flov7.generation.offline.operations.phrases import Deed, Thing, deed
from flov7.generation.offline.operations.pieces import Piece
from flov7.generation.offline.operations.resolve import Found, Said, naming, resolve, stems
from flov7.generation.offline.operations.scene import Result, Scene
from flov7.generation.offline.operations.vocabulary import Operation, Vocabulary
from flov7.generation.offline.words import Word, said

_CLOSE = 0.05
_NAMED = 0.8
_SURVEYED = 0.35
_MENTIONED = 0.3


class Asking:
    """Finds operations for one request."""

    def __init__(self, desk: Desk, vocabulary: Vocabulary) -> None:
        self._desk = desk
        self._vocabulary = vocabulary
        self._wide: dict[str, float] = {}

    def survey(self, pieces: Sequence[Piece], scene: Scene) -> None:
        """Which services are named anywhere, and which could do most of what is asked for."""
        able: Counter[str] = Counter()
        wished = 0
        for piece in pieces:
            for name, share in naming(piece.words, self._vocabulary).items():
                if share >= 0.8:
                    self._wide[name] = _MENTIONED
            asked = deed(piece.words)
            if piece.role != "do" or naming(piece.words, self._vocabulary):
                continue
            for thing in asked.things:
                fits = resolve(self._said(asked.verb, thing, Scene([]), {}, asked.words), self._vocabulary)
                strong = {one.operation.connector for one in fits if one.sure >= 0.75}
                able.update(strong)
                wished += bool(strong)
        for name, count in able.items():
            if wished > 1:
                self._wide[name] = max(self._wide.get(name, 0.0), _SURVEYED * count / wished)

    def operation(self, asked: Deed, thing: Thing, scene: Scene, *, about: Result | None) -> Operation | None:
        """The operation for one thing of a step."""
        around = naming(asked.words, self._vocabulary)
        named = naming(thing.all_words, self._vocabulary) or around
        if about is not None and about.operation is not None and not around:
            named = {about.operation.connector: 1.0}
        found = resolve(self._said(asked.verb, thing, scene, named, asked.words), self._vocabulary)
        if max(named.values(), default=0.0) >= _NAMED:
            found = [one for one in found if _is_there(one, named, asked)]
        return self._chosen(found, said(asked.words))

    def at(self, asked: Deed, thing: Thing, scene: Scene, named: dict[str, float]) -> Operation | None:
        """Like `operation`, at the services named."""
        for verb in (asked.verb, "copy", "create"):
            found = resolve(self._said(verb, Thing(thing.words), scene, named, thing.words), self._vocabulary)
            strongest = [one for one in found if named.get(one.operation.connector, 0.0) >= 0.5]
            if strongest:
                return self._chosen(strongest, said(asked.words))
        return None

    def plain(
        self, verb: str, words: Sequence[Word], scene: Scene, *, named: dict[str, float], least: float = 0.7
    ) -> Operation | None:
        """The operation that does `verb` to what the words name; None where none fits well."""
        around = {**named, **naming(words, self._vocabulary)}
        found = resolve(self._said(verb, Thing(tuple(words)), scene, around, words), self._vocabulary)
        found = [one for one in found if one.sure >= least and verb in one.operation.does]
        return found[0].operation if found else None

    def listing(self, thing: Thing, scene: Scene, *, named: dict[str, float]) -> Operation | None:
        """The operation that gives the list of these things."""
        found = resolve(self._said("retrieve", thing, scene, named, thing.all_words), self._vocabulary)
        found = [one for one in found if one.operation.gives_many]
        strongest = max(named.values(), default=0.0)
        fits = [one for one in found if strongest < 0.5 or named.get(one.operation.connector, 0.0) >= strongest * 0.9]
        inside = self._contents(scene)
        elsewhere = inside is not None and not (fits and fits[0].operation.connector == inside.connector)
        if inside is not None and elsewhere and (strongest < 0.5 or named.get(inside.connector, 0.0) >= 0.5):
            return inside
        return self._chosen(fits, said(thing.words)) if fits else None

    def _contents(self, scene: Scene) -> Operation | None:
        """What lies in the folder that was read last."""
        last = next((one for one in scene.visible() if one.operation and one.operation.gives_many), None)
        if last is None or last.operation is None:
            return None
        own = last.operation
        near = [one for one in self._vocabulary.about((), connectors=(own.connector,)) if one.gives_many and one != own]
        for one in near:
            if any("item" in words and words > held for words in one.objects for held in own.objects):
                return one
        return None

    def settings(self, operation: Operation, name: str, thing: Thing) -> dict[str, Any]:
        """What the operation needs beside its name: required settings are asked for."""
        spec = self._desk.catalogue.get("action", operation.name)
        inputs: dict[str, Any] = spec.inputs if spec is not None else {}
        config: dict[str, Any] = {}
        for needed in inputs.get("required", []):
            about = inputs.get("properties", {}).get(needed, {})
            examples = [str(one) for one in (*about.get("examples", []), *about.get("enum", []))]
            text = f"{operation.title}: {str(about.get('description', needed)).rstrip('.')}?"
            config[needed] = self._desk.ask(f"{name}.{needed}", text, examples or [needed])
        return {"config": config} if config else {}

    def _said(self, verb: str, thing: Thing, scene: Scene, named: dict[str, float], words: Sequence[Word]) -> Said:
        head = stems(thing.words, self._vocabulary)
        around = tuple(term for one in thing.around for term in stems(one.words, self._vocabulary))
        context = dict(self._wide)
        for name, share in scene.context.items():
            context[name] = max(context.get(name, 0.0), share)
        return Said(verb, head, around, named, context, frozenset(word.low for word in words))

    def _chosen(self, found: Sequence[Found], shown: str) -> Operation | None:
        if not found:
            return None
        best = found[0]
        rivals = [
            one
            for one in found[1:4]
            if one.score >= best.score - _CLOSE and one.operation.connector != best.operation.connector
        ]
        if rivals:
            offered = [f"{one.operation.title} ({one.operation.name})" for one in (best, *rivals)]
            given = self._desk.ask(f"which.{best.operation.name}", f"Which service is meant by “{shown}”?", offered)
            best = next((one for one in (best, *rivals) if one.operation.name in given), best)
        return best.operation


def _is_there(found: Found, named: dict[str, float], asked: Deed) -> bool:
    """Where a service is named, another one's operation does not stand in for what it lacks."""
    told = bool(found.operation.aliases & {word.low for word in asked.words})
    return told or named.get(found.operation.connector, 0.0) >= 0.4
