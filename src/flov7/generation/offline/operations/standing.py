"""A document that stands: its steps in their lists, and what can be spoken of at each place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flov7.generation.offline.operations.scene import Frame, Opened, Primitive, Result, Scene
from flov7.generation.offline.operations.vocabulary import Operation, Vocabulary
from flov7.generation.offline.slots import singular

NESTED: tuple[tuple[str, Opened], ...] = (("then", "then"), ("else", "else"), ("do", "loop"))


@dataclass
class Standing:
    """One step where it stands. `frames` lead to its list."""

    primitive: Primitive
    frames: tuple[Frame, ...]
    operation: Operation | None = None

    @property
    def items(self) -> list[Primitive]:
        """The list that it is in."""
        return self.frames[-1].items

    @property
    def place(self) -> int:
        """Where it is in that list."""
        return next(at for at, one in enumerate(self.items) if one is self.primitive)


def walk(frames: tuple[Frame, ...], vocabulary: Vocabulary) -> Iterator[Standing]:
    """All steps below, in order, each with the lists that lead to it."""
    for primitive in list(frames[-1].items):
        yield Standing(primitive, frames, vocabulary.by_name.get(str(primitive.get("kind"))))
        for field, kind in NESTED:
            inner = primitive.get(field)
            if isinstance(inner, list):
                noun = str(primitive.get("as", "item")) if kind == "loop" else ""
                yield from walk((*frames, Frame(kind, inner, noun)), vocabulary)


def scene_of(items: list[Primitive], vocabulary: Vocabulary) -> Scene:
    """The scene at the end of a document's list."""
    scene = Scene([Frame("root", items)])
    for one in walk((scene.frames[0],), vocabulary):
        _seen(scene, one)
    scene.frames = scene.frames[:1]
    scene.standing = frozenset(str(one.primitive.get("name")) for one in walk((scene.frames[0],), vocabulary))
    return scene


def _seen(scene: Scene, one: Standing) -> None:
    primitive, frames = one.primitive, one.frames
    name = str(primitive.get("name", ""))
    if primitive.get("kind") == "loop":
        item, over = str(primitive.get("as", "item")), str(primitive.get("over", ""))
        source = next((known for known in scene.results if known.name == over), None)
        if source is not None:
            source.many = True
        inner = Frame("loop", primitive.setdefault("do", []), item)
        operation = source.operation if source else None
        scene.results.append(Result(item, singular(item), False, (*frames, inner), operation, item=True))
    elif primitive.get("kind") == "if_else":
        scene.choice = (primitive, frames)
    elif primitive.get("type") in ("action", "data"):
        operation = one.operation
        noun = operation.noun if operation else name
        approval = primitive.get("config", {}).get("for") == "approval"
        many = bool(operation and operation.gives_many and singular(name) != name)
        scene.results.append(Result(name, noun, many, frames, operation, approval=approval))
        if operation is not None:
            scene.near(operation.connector)


def renamed(value: Any, old: str, new: str) -> Any:
    """The value with every reference to a name changed, in expressions and templates alike."""
    match value:
        case dict():
            return {key: renamed(inner, old, new) for key, inner in value.items()}  # type: ignore[reportUnknownVariableType]  # plain JSON
        case list():
            return [renamed(inner, old, new) for inner in value]  # type: ignore[reportUnknownVariableType]  # plain JSON
        case str():
            return re.sub(rf"(?<![\w.'\"]){re.escape(old)}(?![\w'\"])", new, value)
        case _:
            return value


def mentions(value: Any, name: str) -> bool:
    """Whether a name is referred to anywhere in a value."""
    return renamed(value, name, name + "_") != value
