"""What a delivery brings, as a JSON value: JSON, a form, text, or the query."""

from __future__ import annotations

from collections.abc import Mapping
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive

from flov7.gateway.middleware import too_large
from flov7.kit.errors import Refused, Unsupported
from flov7.primitives.files import Files, kept
from flov7.primitives.formats.multipart import parts

_TEXTS = ("text/", "application/xml", "application/soap+xml")
_READ = ("", "application/json", "application/x-www-form-urlencoded")
_MOST_FIELDS = 10_000
PRIVATE = frozenset(["authorization", "cookie", "x-api-key", "proxy-authorization", "webhook-signature"])
"""Headers that prove or hold a secret: a run never sees them."""


def headers_of(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case; of one that comes twice, both with a comma."""
    found: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def shown(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that a run may see."""
    return {name: value for name, value in headers.items() if name not in PRIVATE}


async def body_of(receive: Receive, headers: Mapping[str, str], *, largest: int) -> bytes:
    """The whole body. Raises TooLarge as soon as it is clear."""
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced) > largest:
        raise too_large(largest)
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body", False):
        message = await receive()
        body += message.get("body", b"")
        if len(body) > largest:
            raise too_large(largest)
    if len(body) > largest:
        raise too_large(largest)
    return body


def query_of(raw: bytes) -> dict[str, Any]:
    """The query; a name that comes twice has a list."""
    return _pairs(raw.decode("latin-1")) if raw else {}


def payload_of(body: bytes, headers: Mapping[str, str], query: dict[str, Any]) -> Any:
    """The payload. Raises Refused (`json.invalid`) and Unsupported."""
    if not body:
        return query or None
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Unsupported("A packed body is not read here.", hint="Send it without Content-Encoding.")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        return _json(body)
    if kind == "application/x-www-form-urlencoded":
        return _pairs(_text(body))
    if kind.startswith(_TEXTS) or kind.endswith("+xml"):
        return _text(body)
    if kind == "":
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            return _text(body)
    raise Unsupported(f"`{kind[:80]}` is not read here.", hint="Send JSON, a form, or text.")


async def raw_payload(body: bytes, headers: Mapping[str, str], *, files: Files) -> Any:
    """The body as it came: its text where it is one, and a file. `{text, file, media_type}`."""
    kind = headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
    file = None
    if body:
        file = (await kept(files.keep, body, name="body", media_type=kind)).model_dump(mode="json")
    try:
        text: str | None = body.decode()
    except UnicodeDecodeError:
        text = None
    return {"text": text, "file": file, "media_type": kind}


async def read_payload(body: bytes, headers: Mapping[str, str], query: dict[str, Any], *, files: Files) -> Any:
    """As `payload_of`, with uploads: a form's files, and any other body as a file by reference."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body or kind in _READ or kind.startswith(_TEXTS) or kind.endswith(("+json", "+xml")):
        return payload_of(body, headers, query)
    if headers.get("content-encoding", "identity").lower() != "identity":
        return payload_of(body, headers, query)
    if kind == "multipart/form-data":
        return await _uploads(body, headers["content-type"], files=files)
    name = _file_name(headers.get("content-disposition", "")) or "body"
    return (await kept(files.keep, body, name=name, media_type=kind)).model_dump(mode="json")


async def _uploads(body: bytes, content_type: str, *, files: Files) -> dict[str, Any]:
    """A form with files; a field that comes twice has a list."""
    try:
        fields = parts(body, content_type=content_type)
    except (ValueError, LookupError) as error:
        hint = "Send multipart/form-data."
        raise Refused(f"The body is no form with parts: {error}.", hint=hint, code="form.invalid") from error
    found: dict[str, Any] = {}
    for part in fields:
        value: Any = part.body
        if part.file_name is None:
            value = _text(part.body)
        elif part.body or part.file_name:
            file = await kept(files.keep, part.body, name=part.file_name, media_type=part.media_type)
            value = file.model_dump(mode="json")
        else:
            continue  # a file field that was left empty
        if part.name:
            add(found, part.name, value)
    return found


def _file_name(disposition: str) -> str | None:
    return message_from_bytes(f"Content-Disposition: {disposition}\r\n\r\n".encode("latin-1")).get_filename()


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(
            f"The body is no JSON: {error.msg} (line {error.lineno}, column {error.colno}).",
            hint="Send JSON in UTF-8, or say what it is in Content-Type.",
            code="json.invalid",
        ) from error


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Refused("The body is no UTF-8.", hint="Send text in UTF-8.", code="text.invalid") from error


def _pairs(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise Refused(f"More than {_MOST_FIELDS} fields.", hint="Send JSON.", code="form.invalid") from error
    for name, value in pairs:
        add(found, name, value)
    return found


def add(found: dict[str, Any], name: str, value: Any) -> None:
    """A field of a form: one that comes twice has a list."""
    if name not in found:
        found[name] = value
        return
    present = found[name]
    found[name] = [*present, value] if isinstance(present, list) else [present, value]
