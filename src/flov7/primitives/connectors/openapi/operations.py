"""One operation of a document as a kind: its name, its schemas, how it is called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flov7.language.catalogue import KindSpec, Lowering, PrimitiveType, Queue, Retry
from flov7.language.effects import Effect
from flov7.primitives.connectors.openapi.access import base_of
from flov7.primitives.connectors.openapi.document import ApiDocument
from flov7.primitives.connectors.openapi.effects import effect_of, key_header
from flov7.primitives.connectors.openapi.paging import list_in, recognised
from flov7.primitives.connectors.openapi.parameters import Fields, fields_of, parameters_of
from flov7.primitives.connectors.openapi.schemas import SchemaReader, merged
from flov7.primitives.connectors.operation import LIMIT, Auth, Operation, Paging
from flov7.primitives.connectors.shelf import ITEMS, limit_schema, need_of

_LONGEST_NAME, _LONGEST_TITLE = 60, 32
_RETRY = Retry(max_attempts=4, initial=1.0, factor=2.0, maximum=60.0)


@dataclass(frozen=True, kw_only=True)
class Service:
    """What all operations of a document share."""

    name: str
    title: str
    base: str
    auth: Mapping[str, Auth]
    source: str | None
    open: bool = False


def kind_of(
    document: ApiDocument, service: Service, *, name: str, path: str, method: str, call: Mapping[str, Any],
    item: Mapping[str, Any],
) -> KindSpec:  # fmt: skip
    """The kind of one operation."""
    fields = fields_of(document, path, call, item)
    parameters = parameters_of(document, call, item)
    answer = _answer(document, call)
    effect = effect_of(method, call)
    found = recognised({str(p.get("name")): p for p in parameters if p.get("in") == "query"}, answer)
    paging, items = found if found and effect is Effect.READ else (None, None)
    if paging is not None:
        _without(fields, paging)
    own = call.get("servers") or item.get("servers")
    asked = call.get("security")
    public = asked == []
    is_open = service.open or (isinstance(asked, list) and {} in asked)
    operation = Operation(
        service=service.name,
        base=base_of(document, source=service.source, servers=own) if own else service.base,
        method=method.upper(),
        path=_path(path, fields),
        fields=tuple(fields.takes),
        encoding=fields.encoding,
        together=tuple(fields.together),
        auth={} if public else dict(service.auth),
        open=is_open,
        key=key_header(parameters),
        items=items,
        paging=paging,
        docs=str((document.of(call.get("externalDocs"))).get("url") or ""),
    )
    title, summary = _words(call, name)
    return KindSpec(
        type=PrimitiveType.ACTION,
        name=f"{service.name}.{name}",
        lowering=Lowering.CALL,
        title=f"{service.title}: {title}" if len(service.title) <= _LONGEST_TITLE else title,
        icon="plug",
        summary=summary,
        examples=(f"{title} in {service.title}",),
        inputs=_inputs(fields, pages=paging is not None),
        outputs=ITEMS if paging is not None else _outputs(answer),
        effect=effect,
        target_fields=tuple(take.name for take in operation.fields if take.where == "path"),
        takes_key=bool(operation.key),
        retry=_RETRY,
        timeout=30.0,
        queue=Queue.LOCAL,
        connection=need_of(service.name, takes=() if public or is_open else tuple(service.auth)),
        operation=operation.packed(),
    )


def name_of(path: str, method: str, call: Mapping[str, Any], *, taken: set[str]) -> str:
    """The operation's own id in snake_case, else its method and path; unique in the document."""
    said = call.get("operationId")
    text = str(said) if isinstance(said, str) and said.strip() else f"{method} {path}"
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    base = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")[:_LONGEST_NAME].strip("_") or method
    base = base if base[0].isalpha() else f"{method}_{base}"[:_LONGEST_NAME]
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(name)
    return name


def _words(call: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Title and summary: the document's, else the name's words."""
    summary = " ".join(str(call.get("summary") or "").split())
    description = " ".join(str(call.get("description") or "").split())
    first = re.split(r"(?<=[.!?])\s", description)[0] if description else ""
    title = (summary or first or name.replace("_", " ").capitalize()).rstrip(".")[:100]
    return title, ((first or title).rstrip(".") + ".")[:300]


def _path(path: str, fields: Fields) -> str:
    """The path with the fields' own names."""
    names = {take.sent_as: take.name for take in fields.takes if take.where == "path"}
    return re.sub(r"\{([^}]+)\}", lambda found: "{" + names.get(found[1], found[1]) + "}", path)


def _without(fields: Fields, paging: Paging) -> None:
    """What asks for pages is ours to say; a step says how many items it wants."""
    ours = {paging.size, paging.param} - {""}
    gone = {take.name for take in fields.takes if take.where == "query" and take.sent_as in ours}
    fields.takes = [take for take in fields.takes if take.name not in gone and take.name != LIMIT]
    fields.needed = [name for name in fields.needed if name not in gone and name != LIMIT]
    for name in gone | {LIMIT}:
        fields.schemas.pop(name, None)


def _answer(document: ApiDocument, call: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a good answer, as far as the document says."""
    responses = call.get("responses")
    if not isinstance(responses, Mapping):
        return {}
    good = [str(code) for code in responses if str(code).startswith("2")] or [
        str(c) for c in responses if c == "default"
    ]
    reader = SchemaReader(document, side="given", deepest=3, most=160)
    for code in sorted(good):
        one = document.of(responses.get(code, responses.get(int(code)) if code.isdigit() else None))
        if document.version == "2":
            node: Any = one.get("schema")
        else:
            content = one.get("content")
            media = (
                next((kind for kind in content if "json" in str(kind)), None) if isinstance(content, Mapping) else None
            )
            node = document.of(content[media]).get("schema") if isinstance(content, Mapping) and media else None
        if node is not None:
            return merged(reader.read(node))
    return {}


def _outputs(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The output as steps below see it. A document's "required" is not trusted: less is promised, nothing breaks."""
    if list_in(answer) == "":
        return {"type": "object", "properties": {"items": {"type": "array", "items": answer.get("items", {})}}}
    if answer.get("type") == "object" and answer.get("properties"):
        return {"type": "object", "properties": dict(answer["properties"])}
    return {"type": "object"}


def _inputs(fields: Fields, *, pages: bool) -> dict[str, Any]:
    properties = dict(fields.schemas)
    if pages:
        properties[LIMIT] = limit_schema()
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if fields.together:
        in_body = [take.name for take in fields.takes if take.where == "body"]
        others = {name: [one for one in fields.together if one != name] for name in in_body}
        schema["dependentRequired"] = {name: needs for name, needs in others.items() if needs}
    return {**schema, "required": fields.needed} if fields.needed else schema
