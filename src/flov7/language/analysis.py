"""One pass over a document that everything else reads: kinds, places, order. Its diagnostics are the order's."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field

from flov7.language.catalogue import Catalogue, KindSpec
from flov7.language.diagnostics import Report, Severity, pointer
from flov7.language.document import AnyPrimitive, Condition, Connection, Document, flat_sides, nested_lists
from flov7.language.kinds import settle_kinds, spec_of
from flov7.language.library import Library
from flov7.language.order import Arrangement, arrange, bits, find_cycle, items_of, upstream
from flov7.language.outline import Path, Place, outline


@dataclass(slots=True)
class Listing:
    """One list of the document: its order and, for each name, the bit set of what is settled before it."""

    primitives: list[AnyPrimitive]
    order: Arrangement
    before: dict[str, int]
    bits: dict[str, int]


@dataclass(slots=True)
class Analysis:
    """A document with its kinds settled, and what was found out about it."""

    document: Document
    catalogue: Catalogue
    library: Library | None
    strict: bool
    report: Report
    is_fragment: bool = False
    places: dict[str, Place] = field(default_factory=dict[str, Place])
    specs: dict[str, KindSpec] = field(default_factory=dict[str, KindSpec])
    lists: dict[Path, Listing] = field(default_factory=dict[Path, Listing])
    connections: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """What steps may use, by name: `(kind, service)`; the document's own go before the workspace's."""

    @property
    def open_severity(self) -> Severity:
        """How grave a name is that is not there: a fragment, or a look without a workspace, leaves names open."""
        lenient = not self.strict and (self.is_fragment or self.library is None)
        return Severity.WARNING if lenient else Severity.ERROR

    def pointer(self, place: Place, *below: str | int) -> str:
        """JSON pointer of a place, or of what lies below it."""
        return pointer(*place.path, *below)

    def is_before(self, name: str, other: str) -> bool:
        """Whether `name` is settled when `other`, of the same list, starts."""
        place = self.places[other]
        listing = self.lists[place.list_path]
        return bool(listing.before.get(other, 0) & listing.bits.get(name, 0))


def analyse(
    document: Document,
    catalogue: Catalogue,
    *,
    library: Library | None,
    strict: bool,
    report: Report,
    is_fragment: bool = False,
) -> Analysis:
    """Settle kinds, find places and order. The report has errors where a plan cannot be made."""
    settled = settle_kinds(document, catalogue, report)
    analysis = Analysis(settled, catalogue, library, strict, report, is_fragment)
    kept = library.connections.values() if library else ()
    analysis.connections.update((one.name, (one.kind, one.service)) for one in kept)
    for place in outline(settled):
        analysis.places[place.primitive.name] = place
        if isinstance(place.primitive, Connection) and place.primitive.kind:
            kind = place.primitive.kind
            analysis.connections[place.primitive.name] = (kind, place.primitive.service or kind)
        spec = spec_of(place.primitive, catalogue)
        if spec is not None:
            analysis.specs[place.primitive.name] = spec
    _arrange_list(analysis, ("primitives",), list(settled.primitives))
    for place in analysis.places.values():
        for _, below, inner in nested_lists(place.primitive):
            _arrange_list(analysis, (*place.path, *below), inner)
    if not any(one.type not in ("connection", "trigger") for one in settled.primitives):
        _check_empty(analysis)
    return analysis


def _check_empty(analysis: Analysis) -> None:
    if analysis.is_fragment and not analysis.strict and len(analysis.document.primitives) > 1:
        return  # a connection alone is a fine fragment
    if not analysis.strict and len(analysis.document.primitives) == 1:
        return  # and so is a trigger
    analysis.report.add(
        "document.empty",
        where="/primitives",
        message="There is nothing to do.",
        hint="Add an action, a condition or a data step.",
    )


def _arrange_list(analysis: Analysis, path: Path, primitives: list[AnyPrimitive]) -> None:
    order = arrange(items_of(primitives))
    _check_sides(analysis, path, primitives)
    _check_after(analysis, primitives, order)
    _check_nested(analysis, path, primitives)
    cycle = find_cycle(order.starts)
    if cycle is not None:
        place = analysis.places[cycle[0]]
        analysis.report.add(
            "order.cycle",
            where=analysis.pointer(place),
            message="These wait for one another: " + " → ".join(cycle) + ".",
            hint="Take one name out of an `after`, or move a primitive below what it waits for.",
        )
        order = Arrangement({}, order.parts)
    listing = Listing(primitives, order, {}, {})
    if cycle is None:
        listing.before, listing.bits = upstream(order.starts), bits(order.starts)
    analysis.lists[path] = listing
    _check_reachable(analysis, path, order)


def _targets(primitive: AnyPrimitive) -> list[tuple[tuple[str | int, ...], str]]:
    """What a primitive names as a side or handler: `(path below it, name)`."""
    found = [(below, name) for _, below, name in flat_sides(primitive)]
    if primitive.on_error not in (None, "fail", "continue"):
        found.append((("on_error",), primitive.on_error))
    return found


def _check_sides(analysis: Analysis, path: Path, primitives: list[AnyPrimitive]) -> None:
    position = {one.name: index for index, one in enumerate(primitives)}
    for index, primitive in enumerate(primitives):
        place = analysis.places[primitive.name]
        for below, name in _targets(primitive):
            where = analysis.pointer(place, *below)
            if name not in analysis.places:
                _unknown(
                    analysis,
                    name,
                    where,
                    "order.side_unknown",
                    f"`{primitive.name}` names `{name}`, which is not there.",
                )
            elif name not in position:
                other = analysis.places[name]
                fix = [{"op": "move", "from": analysis.pointer(other), "path": pointer(*path, index + 1)}]
                movable = other.holder is None or place.holder is not None
                analysis.report.add(
                    "order.side_elsewhere",
                    where=where,
                    message=f"`{name}` stands in another list than `{primitive.name}`.",
                    hint="A side or handler stands below what names it, in the same list.",
                    fix=fix if movable and not _holds(other, place) and not _shifts(other, path) else None,
                )
            elif position[name] <= index:
                fix = [{"op": "move", "from": pointer(*path, position[name]), "path": pointer(*path, index)}]
                analysis.report.add(
                    "order.side_above",
                    where=where,
                    message=f"`{name}` stands above `{primitive.name}`, which names it.",
                    hint=f"Move `{name}` below `{primitive.name}`.",
                    fix=fix if name != primitive.name else None,
                )
        _check_one_way(analysis, place)


def _holds(outer: Place, inner: Place) -> bool:
    return outer in inner.holders


def _shifts(moved: Place, path: Path) -> bool:
    """Whether taking `moved` away would shift the indices that lead to the list at `path`."""
    depth = len(moved.list_path)
    return moved.list_path == path[:depth] and len(path) > depth and int(path[depth]) > int(moved.path[-1])


def _unknown(analysis: Analysis, name: str, where: str, code: str, message: str) -> None:
    near = difflib.get_close_matches(name, analysis.places, n=1, cutoff=0.75)
    analysis.report.add(
        code,
        where=where,
        message=message,
        severity=analysis.open_severity if analysis.is_fragment else None,
        hint=f"`{near[0]}` was meant?" if near else f"Add a primitive named `{name}`, or take the name away.",
    )


def _check_one_way(analysis: Analysis, place: Place) -> None:
    primitive = place.primitive
    if not isinstance(primitive, Condition):
        return
    for flat, nested in (("if_true", "then"), ("if_false", "else")):
        field_name = "else_" if nested == "else" else nested
        if getattr(primitive, flat) is not None and getattr(primitive, field_name) is not None:
            analysis.report.add(
                "order.two_sides",
                where=analysis.pointer(place),
                message=f"`{primitive.name}` has both `{flat}` and `{nested}`.",
                hint="Keep one: the name of a primitive of the same list, or a list.",
            )
    if primitive.when is not None and flat_sides(primitive):
        analysis.report.add(
            "order.when_with_sides",
            where=analysis.pointer(place, "when"),
            message=f"`{primitive.name}` names sides, so it cannot be passed over.",
            hint="Put the test into `logic`, or the sides into `then` and `else`.",
        )


def _check_after(analysis: Analysis, primitives: list[AnyPrimitive], order: Arrangement) -> None:
    chosen = {name for one in primitives for _, name in _targets(one)}
    part_of = {name: number for number, part in enumerate(order.parts) for name in (*part.members, *part.triggers)}
    for primitive in primitives:
        place = analysis.places[primitive.name]
        if primitive.after is None:
            continue
        if primitive.name in chosen:
            analysis.report.add(
                "order.side_with_after",
                where=analysis.pointer(place, "after"),
                message=f"`{primitive.name}` starts when it is chosen; it cannot have `after` too.",
                hint="Take `after` away.",
                fix=[{"op": "remove", "path": analysis.pointer(place, "after")}],
            )
        for index, name in enumerate(primitive.after):
            where = analysis.pointer(place, "after", index)
            if name not in part_of:
                elsewhere = (
                    f"`{name}` stands in another list." if name in analysis.places else f"`{name}` is not there."
                )
                near = difflib.get_close_matches(
                    name, [one for one in part_of if one != primitive.name], n=1, cutoff=0.75
                )
                analysis.report.add(
                    "order.after_unknown",
                    where=where,
                    message=elsewhere,
                    hint=f"`{near[0]}` was meant?" if near else "`after` names primitives of the same list.",
                    fix=[{"op": "replace", "path": where, "value": near[0]}] if near else None,
                )
            elif part_of[name] != part_of.get(primitive.name):
                analysis.report.add(
                    "order.other_part",
                    where=where,
                    message=f"`{name}` is started by another trigger than `{primitive.name}`, so they never meet.",
                    hint="Wait for something below the same trigger.",
                )


def _check_nested(analysis: Analysis, path: Path, primitives: list[AnyPrimitive]) -> None:
    if path == ("primitives",):
        return
    for primitive in primitives:
        if primitive.type in ("trigger", "connection"):
            analysis.report.add(
                "order.nested_trigger",
                where=analysis.pointer(analysis.places[primitive.name]),
                message=f"A {primitive.type} stands in a nested list.",
                hint=f"Move `{primitive.name}` to the top list.",
            )


def _check_reachable(analysis: Analysis, path: Path, order: Arrangement) -> None:
    if path != ("primitives",) or len(order.parts) < 2 or order.parts[0].triggers:
        return
    first = min(i for i, one in enumerate(analysis.document.primitives) if one.type == "trigger")
    for name in order.parts[0].members:
        place = analysis.places[name]
        analysis.report.add(
            "order.unreachable",
            where=analysis.pointer(place),
            message=f"Nothing starts `{name}`: it stands above the first trigger.",
            hint="Move it below a trigger.",
            fix=[{"op": "move", "from": analysis.pointer(place), "path": pointer("primitives", first)}],
        )
