"""The fields of one operation: parameters and body laid into one set of names, each knowing where it goes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from flov7.primitives.connectors.openapi.document import ApiDocument
from flov7.primitives.connectors.openapi.schemas import SchemaReader, merged
from flov7.primitives.connectors.operation import Encoding, Take, Where

_OWN_HEADERS = {"accept", "content-type", "authorization", "content-length", "host", "user-agent", "idempotency-key"}
_BODIES: tuple[tuple[str, Encoding], ...] = (
    ("json", "json"), ("x-www-form-urlencoded", "form"), ("form-data", "multipart"), ("octet-stream", "raw"),
    ("xml", "xml"), ("", "raw"),
)  # fmt: skip
_SWAGGER = {"csv": "comma", "ssv": "space", "pipes": "pipe", "multi": "repeat", "tsv": "comma"}
_OPENAPI = {"spaceDelimited": "space", "pipeDelimited": "pipe", "deepObject": "deep"}


@dataclass
class Fields:
    """What a step gives: the schema of each field, and where it goes."""

    takes: list[Take] = field(default_factory=list[Take])
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    needed: list[str] = field(default_factory=list[str])
    encoding: Encoding = "json"
    together: list[str] = field(default_factory=list[str])

    def add(
        self,
        name: str,
        schema: dict[str, Any],
        *,
        where: Where,
        required: bool,
        style: Any = "repeat",
        type_: str | None = None,
    ) -> None:
        """One field, under its own name or, where that is taken, with its place before it."""
        given = _plain(name)
        if given in self.schemas:
            given = f"{where}_{given}"
        if given in self.schemas:
            return
        kind = type_ or type_of(schema)
        wire = "" if given == name else name
        self.takes.append(Take(name=given, where=where, type=kind, wire=wire, required=required, style=style))
        self.schemas[given] = {"description": "The file."} if kind == "file" else schema
        if required:
            self.needed.append(given)


def type_of(schema: Mapping[str, Any]) -> str:
    """The type that a value is checked for when it is sent; `any` where there are several."""
    kind = schema.get("type")
    if schema.get("format") == "binary":
        return "file"
    if isinstance(kind, str) and kind in ("string", "integer", "number", "boolean", "object", "array"):
        return kind
    return "any"


def fields_of(document: ApiDocument, path: str, operation: Mapping[str, Any], item: Mapping[str, Any]) -> Fields:
    """All fields of an operation; those of the address first."""
    fields, reader = Fields(), SchemaReader(document, side="sent", deepest=7, most=600)
    body: list[Mapping[str, Any]] = []
    in_path = re.findall(r"\{([^}]+)\}", path)
    for one in parameters_of(document, operation, item):
        name, where = str(one.get("name") or ""), str(one.get("in") or "")
        if where in ("body", "formData"):
            body.append(one)
        elif where == "path" or (where in ("query", "header") and name and name.lower() not in _OWN_HEADERS):
            place: Where = "path" if where == "path" else "query" if where == "query" else "header"
            if place != "path" or name in in_path:
                schema = _schema(reader, one)
                needed = place == "path" or one.get("required") is True
                fields.add(name, schema, where=place, required=needed, style=_style(document, one, schema))
    for name in in_path:  # some documents forget to say their path's parameters
        if name not in {take.sent_as for take in fields.takes if take.where == "path"}:
            fields.add(name, {"type": "string"}, where="path", required=True)
    if document.version == "2":
        _swagger_body(document, reader, fields, body, operation)
    else:
        _body(document, reader, fields, document.of(operation.get("requestBody")))
    return fields


def parameters_of(document: ApiDocument, operation: Mapping[str, Any], item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An operation's parameters and those of its path; its own win."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for listed in (item.get("parameters"), operation.get("parameters")):
        for one in listed if isinstance(listed, list) else []:
            whole = document.of(one)
            found[(str(whole.get("in")), str(whole.get("name")))] = whole
    return list(found.values())


def _schema(reader: SchemaReader, one: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter's schema with its own words."""
    inner = one.get("schema")
    if inner is None and isinstance(one.get("content"), Mapping):
        inner = next((c.get("schema") for c in one["content"].values() if isinstance(c, Mapping)), {})
    schema = reader.read(inner if isinstance(inner, Mapping) else {k: v for k, v in one.items() if k != "required"})
    words = " ".join(str(one.get("description") or "").split())[:400]
    return {**schema, **({"description": words} if words else {})}


def _style(document: ApiDocument, one: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if document.version == "2":
        return _SWAGGER.get(str(one.get("collectionFormat") or "csv"), "comma")
    if isinstance(one.get("content"), Mapping):
        return "json"
    style = str(one.get("style") or "form")
    if style in _OPENAPI:
        return _OPENAPI[style]
    explode = one.get("explode", one.get("in") == "query")
    return "repeat" if explode and one.get("in") == "query" else "comma"


def _body(document: ApiDocument, reader: SchemaReader, fields: Fields, body: Mapping[str, Any]) -> None:
    content = body.get("content")
    if not isinstance(content, Mapping) or not content:
        return
    for part, encoding in _BODIES:
        media = next((kind for kind in content if part in str(kind).lower()), None)
        if media is not None:
            fields.encoding = encoding
            schema = (document.of(content[media])).get("schema")
            _spread(reader, fields, schema, required=body.get("required") is True)
            return


def _swagger_body(
    document: ApiDocument,
    reader: SchemaReader,
    fields: Fields,
    body: list[Mapping[str, Any]],
    operation: Mapping[str, Any],
) -> None:
    consumes = " ".join(map(str, operation.get("consumes") or document.root.get("consumes") or []))
    for one in body:
        if one.get("in") == "body":
            fields.encoding = "json" if "json" in consumes or not consumes else "xml" if "xml" in consumes else "json"
            _spread(reader, fields, one.get("schema"), required=one.get("required") is True)
        else:
            is_file = one.get("type") == "file"
            fields.encoding = "multipart" if is_file or "form-data" in consumes else "form"
            schema = _schema(reader, one)
            fields.add(
                str(one.get("name")), schema, where="body", required=one.get("required") is True,
                type_="file" if is_file else None,
            )  # fmt: skip


def _spread(reader: SchemaReader, fields: Fields, node: Any, *, required: bool) -> None:
    """An object's properties become fields; any other body is one field, `body`, that is sent as it is."""
    if fields.encoding == "raw":
        fields.add("body", {}, where="body", required=required, type_="file")
        fields.takes[-1] = fields.takes[-1].model_copy(update={"wire": "*"})
        return
    schema = merged(reader.read(node))
    properties: dict[str, Any] = schema.get("properties", {})
    plain = properties and not {"anyOf", "oneOf", "allOf"} & set(schema) and fields.encoding != "xml"
    open_ended = isinstance(schema.get("additionalProperties"), Mapping) and bool(schema["additionalProperties"])
    if not plain or open_ended:
        before = len(fields.takes)
        fields.add("body", schema, where="body", required=required)
        if len(fields.takes) > before:
            fields.takes[-1] = fields.takes[-1].model_copy(update={"wire": "*"})
        return
    asked = set(schema.get("required", []))
    needed = asked if required else set[str]()
    kind = "file" if fields.encoding == "multipart" else None
    for name, inner in properties.items():
        of_file = kind if inner.get("format") == "binary" else None
        fields.add(name, inner, where="body", required=name in needed, type_=of_file)
    if not required:  # a body that may be left out has to be whole once it begins
        fields.together = [take.name for take in fields.takes if take.where == "body" and take.sent_as in asked]


def _plain(name: str) -> str:
    """A name that a document can write: letters, digits and `_`."""
    found = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "field"
    return found if not found[0].isdigit() else f"n_{found}"


Side = Literal["sent", "given"]
