"""Where each primitive of a document stands: its list, what holds that list, the loops around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flov7.language.document import AnyPrimitive, Document, nested_lists

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One primitive and where it stands; `path` leads to it, `list_path` to its list, `label` is the side."""

    primitive: AnyPrimitive
    path: Path
    list_path: Path
    holder: Place | None
    label: str | None

    @property
    def loops(self) -> tuple[str, ...]:
        """Names of the loops around it, innermost first."""
        around: list[str] = []
        place = self
        while place.holder is not None:
            if place.label == "do":
                around.append(place.holder.primitive.name)
            place = place.holder
        return tuple(around)

    @property
    def holders(self) -> tuple[Place, ...]:
        """The conditions and loops around it, innermost first."""
        around: list[Place] = []
        place = self.holder
        while place is not None:
            around.append(place)
            place = place.holder
        return tuple(around)


def outline(document: Document) -> Iterator[Place]:
    """All primitives in document order, each before what it holds."""
    return _walk(document.primitives, ("primitives",), None, None)


def _walk(items: list[AnyPrimitive], path: Path, holder: Place | None, label: str | None) -> Iterator[Place]:
    for position, primitive in enumerate(items):
        place = Place(primitive, (*path, position), path, holder, label)
        yield place
        for side, below, inner in nested_lists(primitive):
            yield from _walk(inner, (*place.path, *below), place, side)
