"""Which kind a primitive is, where the document leaves it out.

Found by: the `service` where it chooses one; fields that only one kind has; the kind's words in the name, longest
match, with a warning. Two left: an error that lists them.
"""

from __future__ import annotations

import difflib

from flov7.language.catalogue import Catalogue, KindSpec, PrimitiveType, Shelf
from flov7.language.diagnostics import Report, pointer
from flov7.language.document import AnyPrimitive, Condition, Connection, Document, beside, nested_lists

_SIDES = frozenset(["if_true", "if_false", "then", "else", "cases", "default", "do"])


def settle_kinds(document: Document, catalogue: Catalogue, report: Report) -> Document:
    """The document with every `kind` written out, as far as it can be found."""
    settled = [
        _settle(one, ("primitives", position), catalogue, report) for position, one in enumerate(document.primitives)
    ]
    return document.model_copy(update={"primitives": settled})


def _settle(primitive: AnyPrimitive, path: tuple[str | int, ...], catalogue: Catalogue, report: Report) -> AnyPrimitive:
    kind = _find(primitive, pointer(*path), catalogue, report)
    changed: dict[str, object] = {} if kind is None else {"kind": kind}
    if isinstance(primitive, Condition):
        for _, below, inner in nested_lists(primitive):
            lists = [_settle(one, (*path, *below, position), catalogue, report) for position, one in enumerate(inner)]
            if below[0] == "cases":
                cases = changed.setdefault("cases", dict(primitive.cases or {}))
                assert isinstance(cases, dict)
                cases[below[1]] = lists
            else:
                changed["else_" if below[0] == "else" else str(below[0])] = lists
    return primitive.model_copy(update=changed) if changed else primitive


def _find(primitive: AnyPrimitive, where: str, catalogue: Catalogue, report: Report) -> str | None:
    kinds = catalogue.of_type(primitive.type)
    if primitive.kind is not None:
        return _named(primitive, where, catalogue, report)
    if isinstance(primitive, Connection):
        return _by_service(primitive, where, catalogue, report)
    fitting = _by_fields(primitive, kinds)
    if len(fitting) == 1:
        return fitting[0].name
    matched = _by_name(primitive.name, fitting)
    if not matched and {kind.name for kind in fitting} == {"if_else", "filter"}:
        matched = [kind for kind in fitting if kind.name == "if_else"]  # `logic` alone says if; a filter is named so
    if len(matched) == 1:
        kind = matched[0].name
        report.add(
            "kind.guessed",
            where=where,
            message=f"`{primitive.name}` is taken as {primitive.type} `{kind}`.",
            hint=f'Write "kind": "{kind}".',
            fix=[{"op": "add", "path": where + "/kind", "value": kind}],
        )
        return kind
    names = ", ".join(f"`{kind.name}`" for kind in (matched or fitting))
    report.add(
        "kind.ambiguous",
        where=where,
        message=f"`{primitive.name}` does not say which kind of {primitive.type} it is.",
        hint=f'Add "kind": one of {names}.',
    )
    return None


def _named(primitive: AnyPrimitive, where: str, catalogue: Catalogue, report: Report) -> str | None:
    kind = str(primitive.kind)
    if catalogue.get(primitive.type, kind) is not None:
        return kind
    shelf = catalogue.shelves.get(kind.split(".", 1)[0]) if primitive.type == "action" else None
    if shelf is not None and "." in kind:
        return _not_on_shelf(shelf, kind, where, report)
    names = [one.name for one in catalogue.of_type(primitive.type)]
    near = difflib.get_close_matches(kind, names, n=1, cutoff=0.6)
    report.add(
        "kind.unknown",
        where=where + "/kind",
        message=f"There is no {primitive.type} of kind `{primitive.kind}`.",
        hint=f"`{near[0]}` was meant?" if near else "There are: " + ", ".join(names) + ".",
        fix=[{"op": "replace", "path": where + "/kind", "value": near[0]}] if near else None,
    )
    return None


def _not_on_shelf(shelf: Shelf, kind: str, where: str, report: Report) -> None:
    names = [entry.name for entry in shelf.entries()]
    near = difflib.get_close_matches(kind, names, n=1, cutoff=0.6)
    report.add(
        "kind.unknown",
        where=where + "/kind",
        message=f"{shelf.title} has no operation `{kind.split('.', 1)[1]}`.",
        hint=f"`{near[0]}` was meant?" if near else "There are: " + ", ".join(names[:30]) + ".",
        fix=[{"op": "replace", "path": where + "/kind", "value": near[0]}] if near else None,
    )


def _by_service(connection: Connection, where: str, catalogue: Catalogue, report: Report) -> str | None:
    service, kinds = connection.service, catalogue.of_type("connection")
    for kind in kinds:
        if service is not None and (service == kind.name or service in kind.services):
            return kind.name
    wanted = (connection.credentials or {}).get("type")
    if service is not None and service in catalogue.shelves:
        return _of_connector(service, wanted, where, catalogue, report)
    sent_to_an_api = {"basic", "bearer", "none", "password", "digest", "hmac", "aws"}
    meant = "api" if str(wanted) in sent_to_an_api else None
    for kind in kinds:
        if wanted is not None and kind.name in (wanted, meant):
            return kind.name
    known = sorted({kind.name for kind in kinds} | {name for kind in kinds for name in kind.services})
    known += sorted(set(catalogue.shelves) - set(known))
    near = difflib.get_close_matches(service or "", known, n=1, cutoff=0.7)
    report.add(
        "kind.ambiguous" if service is None else "kind.unknown",
        where=where + ("" if service is None else "/service"),
        message="The connection does not say to what." if service is None else f"There is no service `{service}`.",
        hint=f"`{near[0]}` was meant?" if near else 'Add "service": one of ' + ", ".join(known) + ".",
        fix=[{"op": "replace", "path": where + "/service", "value": near[0]}] if near else None,
    )
    return None


def _of_connector(service: str, wanted: object, where: str, catalogue: Catalogue, report: Report) -> str | None:
    found = catalogue.connection(service, wanted=None if wanted is None else str(wanted))
    if found is not None:
        return found.name
    own = catalogue.connection(service)
    report.add(
        "kind.unknown",
        where=where + "/credentials/type",
        message=f"{catalogue.shelves[service].title} takes no credentials of type `{wanted}`.",
        hint=f"Write `{own.name}`, or leave `type` out." if own else "Leave `type` out.",
    )
    return None


def _by_fields(primitive: AnyPrimitive, kinds: list[KindSpec]) -> list[KindSpec]:
    """The kinds that its fields leave possible: those of a field that only one has, else those that take them all."""
    own = set(beside(primitive)) - _SIDES
    if set(beside(primitive)) & {"do"}:
        own.add("do")
    config = set(primitive.config or {})
    alone = {
        owners[0].name: owners[0]
        for owners in (
            [kind for kind in kinds if field in kind.fields] if field in own else _takers(field, kinds)
            for field in sorted(own | config)
        )
        if len(owners) == 1
    }
    if len(alone) == 1:
        return list(alone.values())
    fitting = [kind for kind in kinds if own <= set(kind.fields)]
    return fitting or kinds


def _takers(field: str, kinds: list[KindSpec]) -> list[KindSpec]:
    return [kind for kind in kinds if field in kind.inputs.get("properties", {}) and field not in kind.fields]


def _by_name(name: str, kinds: list[KindSpec]) -> list[KindSpec]:
    words = set(name.split("_"))
    matching = [kind for kind in kinds if set(kind.name.split("_")) <= words]
    longest = max((len(kind.name) for kind in matching), default=0)
    return [kind for kind in matching if len(kind.name) == longest]


def spec_of(primitive: AnyPrimitive, catalogue: Catalogue) -> KindSpec | None:
    """The kind of a settled primitive, or None where it could not be found."""
    if isinstance(primitive, Connection) and primitive.kind and primitive.service in catalogue.shelves:
        found = catalogue.connection(primitive.service or "", wanted=primitive.kind)
        if found is not None:
            return found
    return catalogue.get(PrimitiveType(primitive.type), primitive.kind) if primitive.kind else None
