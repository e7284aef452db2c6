"""The HTTP request of one operation: checked fields, and the address, headers and bytes that they make."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, assert_never
from urllib.parse import urlencode

from flov7.kit.errors import StepRefused
from flov7.primitives.connectors import shaping
from flov7.primitives.connectors.operation import LIMIT, Operation, Take
from flov7.primitives.connectors.shaping import NOTHING, filled, header_value, names_in, pairs_of, path_of
from flov7.primitives.declare import Context, Json
from flov7.primitives.formats import json_text

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str, int, float),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "file": (str, shaping.FileBytes),
}
_WORDS = {"integer": "a whole number", "array": "a list", "boolean": "true or false", "string": "a text"}


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A request but for the connection: `body` is the tree, `packed()` its bytes."""

    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Any = NOTHING
    encoding: str = "json"

    def url(self, base: str) -> str:
        """The whole address."""
        address = f"{base.rstrip('/')}{self.path}" if self.path.startswith("/") or not self.path else self.path
        if not self.query:
            return address
        return address + ("&" if "?" in address else "?") + urlencode(self.query)

    def packed(self) -> tuple[bytes | None, str | None]:
        """The bytes of the body and their content type."""
        if self.body is NOTHING:
            return None, None
        match self.encoding:
            case "json":
                return json_text.show(self.body).encode(), "application/json"
            case "form":
                return shaping.form(self.body), "application/x-www-form-urlencoded"
            case "multipart":
                return shaping.multipart(self.body)
            case "related":
                return shaping.related(self.body)
            case "raw":
                return shaping.file_bytes(self.body).body, "application/octet-stream"
            case "xml":
                return shaping.xml_body(self.body), "application/xml"
            case _:
                raise AssertionError(self.encoding)

    def with_query(self, name: str, value: str) -> Ready:
        """The same with this parameter in the address instead of one of its name."""
        return replace(self, query=(*((key, old) for key, old in self.query if key != name), (name, value)))

    def with_body(self, name: str, value: Json) -> Ready:
        """The same with this field in the body."""
        body = {} if self.body is NOTHING else self.body
        return replace(self, body={**body, name: value})


def ready(operation: Operation, inputs: Mapping[str, Json], *, context: Context) -> Ready:
    """The request that these inputs make. Raises StepRefused (`inputs.invalid`) with every field that is wrong."""
    values = checked(operation, inputs)
    if operation.make == "mail":
        key = context.idempotency_key or f"{context.execution_id}/{context.step}"
        identity = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@flov7.local>"
        values["mail"] = shaping.mail(values, message_id=identity)
    known = frozenset(values) | {take.name for take in operation.fields}
    query: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    body = NOTHING if operation.body is None else filled(operation.body, values, known=known)
    for name, template in operation.query.items():
        value = filled(template, values, known=known)
        if value is not NOTHING:
            query += pairs_of(Take(name=name, where="query"), value)
    for name, template in operation.headers.items():
        value = filled(template, values, known=known)
        if value is not NOTHING:
            headers[name.lower()] = header_value(value)
    for take in operation.fields:
        value = values.get(take.name)
        if value is None:
            continue
        match take.where:
            case "query":
                query += pairs_of(take, value)
            case "header":
                headers[take.sent_as.lower()] = header_value(value)
            case "body":
                body = _with(body, take, value)
            case "path" | "none":
                pass
            case _:
                assert_never(take.where)
    return Ready(
        path=path_of(operation.path, values),
        query=tuple(query),
        headers=headers,
        body=body,
        encoding=operation.encoding,
    )


def _with(body: Any, take: Take, value: Json) -> Any:
    """The body with one more field; the wire name `*` means that the field is the body."""
    if take.sent_as == "*":
        return value
    return {**(body if isinstance(body, dict) else {}), take.sent_as: value}


def checked(operation: Operation, inputs: Mapping[str, Json]) -> dict[str, Json]:
    """The inputs with their defaults. Raises StepRefused with every field that is missing, unknown or of a wrong type."""
    takes = {take.name: take for take in operation.fields}
    wrong: list[dict[str, str]] = []
    unknown = set(inputs) - set(takes) - ({LIMIT} if operation.items is not None else set())
    wrong += [{"field": name, "message": "is not a field of this operation"} for name in sorted(unknown)]
    values: dict[str, Json] = {}
    for name, take in takes.items():
        value = inputs.get(name, take.default)
        if value is None:
            if take.required:
                wrong.append({"field": name, "message": "is needed and has no value"})
        elif _fits(value, take.type):
            values[name] = value
        else:
            words = _WORDS.get(take.type, f"of type {take.type}")
            wrong.append({"field": name, "message": f"must be {words}"})
    if any(take.where == "body" and take.name in values for take in operation.fields):
        wrong += [
            {"field": name, "message": "is needed beside the others"}
            for name in operation.together
            if name not in values
        ]
    if wrong:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise StepRefused(
            f"These inputs do not fit `{operation.service}`: `{wrong[0]['field']}` {wrong[0]['message']}{more}.",
            hint="Look at the values that the expressions gave, or at the step's config.",
            code="inputs.invalid",
            details={"problems": wrong},
        )
    return values


def _fits(value: Json, wanted: str) -> bool:
    if wanted == "any":
        return True
    if isinstance(value, bool) and wanted != "boolean":
        return False
    if wanted == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(wanted, (object,)))


def is_read(operation: Operation) -> bool:
    """Whether its method only looks."""
    return operation.method in ("GET", "HEAD", "OPTIONS")


def names_used(operation: Operation) -> set[str]:
    """The fields that its templates use."""
    return names_in([operation.path, operation.query, operation.headers, operation.body])
