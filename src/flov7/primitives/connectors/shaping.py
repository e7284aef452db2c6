"""Fields put into templates, and the bytes of a body made of what comes out."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email import policy
from typing import Any, Final
from urllib.parse import quote, urlencode

from flov7.kit.errors import StepRefused
from flov7.primitives.connectors.operation import Take
from flov7.primitives.declare import Json
from flov7.primitives.formats import json_text, xml
from flov7.primitives.formats.multipart import Part, boundary_of, enclosed, written
from flov7.primitives.letters import Message, addresses, composed

_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_IN_PATH = re.compile(r"\{(\+?)([A-Za-z_][A-Za-z0-9_.-]*)\}")


class _Nothing:
    """What a template becomes where its fields have no value."""


NOTHING: Final = _Nothing()


def names_in(tree: Any) -> set[str]:
    """Every `{name}` of a template."""
    if isinstance(tree, str):
        return set(_NAME.findall(tree))
    inner: Iterable[Any] = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return set().union(*(names_in(each) for each in inner))


def filled(tree: Any, values: Mapping[str, Json], *, known: frozenset[str]) -> Any:
    """The template with its fields put in; `NOTHING` where all that it is made of is left out.

    `known` are the names that are fields; other braces are text (as in GraphQL).
    """
    match tree:
        case str():
            return _text(tree, values, known)
        case dict():
            made = {key: filled(value, values, known=known) for key, value in tree.items()}
            kept = {key: value for key, value in made.items() if value is not NOTHING}
            return kept if kept or not tree else NOTHING
        case list():
            listed = [filled(value, values, known=known) for value in tree]
            kept_items = [value for value in listed if value is not NOTHING]
            return kept_items if kept_items or not tree else NOTHING
        case _:
            return tree


def _text(text: str, values: Mapping[str, Json], known: frozenset[str]) -> Any:
    found = [name for name in _NAME.findall(text) if name in known]
    if not found:
        return text
    if any(values.get(name) is None for name in found):
        return NOTHING
    if text == "{" + found[0] + "}":
        return values[found[0]]
    return _NAME.sub(lambda one: _written(values[one[1]]) if one[1] in known else one[0], text)


def _written(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json_text.show(value)


def path_of(template: str, values: Mapping[str, Json]) -> str:
    """The path with its fields, each quoted so that none can change where it leads; `{+name}` may hold slashes.

    Raises StepRefused.
    """

    def put(found: re.Match[str]) -> str:
        value, slashes = values.get(found[2]), bool(found[1])
        text = "" if value is None else _written(value)
        if not text or isinstance(value, dict | list):
            raise StepRefused(
                f"`{found[2]}` stands in the address and has no value that can be written there.",
                hint="Give it a text or a number that is not empty.",
                code="inputs.invalid",
            )
        if {".", ".."} & set(text.split("/") if slashes else [text]):
            raise StepRefused(f"`{found[2]}` cannot be `{text}`: it would lead elsewhere.", code="inputs.invalid")
        return quote(text, safe="/@:" if slashes else "@:")

    return _IN_PATH.sub(put, template)


def pairs_of(take: Take, value: Json) -> list[tuple[str, str]]:
    """One field as it stands in an address or a form."""
    name = take.sent_as
    match value:
        case dict() if name == "*":  # a set of parameters of its own
            return [(str(key), _written(each)) for key, each in value.items() if each is not None]
        case list() if take.style in ("comma", "space", "pipe"):
            mark = {"comma": ",", "space": " ", "pipe": "|"}[take.style]
            return [(name, mark.join(_written(each) for each in value))]
        case list() if take.style == "deep":
            return [(f"{name}[]", _written(each)) for each in value]
        case list() if take.style == "repeat":
            return [(name, _written(each)) for each in value]
        case dict() if take.style == "deep":
            return list(_deep(name, value))
        case dict() if take.style == "repeat":
            return [(str(key), _written(each)) for key, each in value.items() if each is not None]
        case _:
            return [(name, _written(value))]


def _deep(name: str, value: Json) -> Iterable[tuple[str, str]]:
    """`filter[a][b]=c`, and `filter[a][0]=d` for lists, as Stripe and others read it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _deep(f"{name}[{key}]", inner)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _deep(f"{name}[{position}]", inner)
    elif value is not None:
        yield name, _written(value)


def form(body: Mapping[str, Json]) -> bytes:
    """A form: nested values in brackets, a plain list by repeating its name with a number."""
    return urlencode([pair for name, value in body.items() for pair in _deep(name, value)]).encode()


@dataclass(frozen=True)
class FileBytes:
    """A file with its bytes, on its way out."""

    name: str
    media_type: str
    body: bytes


def file_bytes(value: Json) -> FileBytes:
    """What a field of type file holds; plain text stands for itself. Raises StepRefused."""
    match value:
        case FileBytes():
            return value
        case str():
            return FileBytes("file.txt", "text/plain", value.encode())
        case _:
            raise StepRefused(
                "This is no file.", hint="Give the `file` of the step that made it, or a text.", code="inputs.invalid"
            )


def multipart(body: Mapping[str, Json]) -> tuple[bytes, str]:
    """`multipart/form-data`: files as files, other values as text."""
    return written(
        [
            Part(name=name, file_name=value.name, media_type=value.media_type, body=value.body)
            if isinstance(value, FileBytes)
            else Part(name=name, body=_written(value).encode())
            for name, value in body.items()
        ]
    )


def related(body: Mapping[str, Json]) -> tuple[bytes, str]:
    """`multipart/related`, as Google takes uploads: `metadata` as JSON, then the file in `media`."""
    media = file_bytes(body.get("media"))
    first = b"Content-Type: application/json; charset=UTF-8\r\n\r\n" + json_text.show(body.get("metadata", {})).encode()
    second = f"Content-Type: {header_value(media.media_type)}\r\n\r\n".encode() + media.body
    boundary = boundary_of([first, second])
    return enclosed([first, second], boundary=boundary), f"multipart/related; boundary={boundary}"


def xml_body(body: Json) -> bytes:
    """XML of an object with one key, its root."""
    return xml.show(body).encode()


def header_value(value: Json) -> str:
    """A header; an object is JSON in ASCII, as Dropbox wants it. Raises StepRefused for line ends."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    if any(char in text for char in "\r\n\0"):
        raise StepRefused("A header cannot hold a line end.", code="inputs.invalid")
    return text


def mail(values: Mapping[str, Json], *, message_id: str) -> str:
    """A whole e-mail of the fields `to cc bcc subject text html from reply_to in_reply_to attachments`, Base64url."""
    message = composed(
        Message(
            to=addresses(values.get("to")),
            cc=addresses(values.get("cc")),
            bcc=addresses(values.get("bcc")),
            subject=str(values.get("subject") or ""),
            text=values.get("text"),
            html=values.get("html"),
            sender=str(values.get("from") or "me@localhost"),
            reply_to=addresses(values.get("reply_to")),
        ),
        message_id=message_id,
    )
    del message["Date"]  # the service dates it when it is sent
    if not values.get("from"):
        del message["From"]  # the service fills in the mailbox's own address
    if values.get("bcc"):
        message["Bcc"] = ", ".join(addresses(values.get("bcc")))
    if values.get("in_reply_to"):
        message["In-Reply-To"] = message["References"] = header_value(values["in_reply_to"])
    for one in values.get("attachments") or []:
        file = file_bytes(one)
        main, _, sub = file.media_type.partition("/")
        message.add_attachment(file.body, maintype=main, subtype=sub or "octet-stream", filename=file.name)
    return base64.urlsafe_b64encode(message.as_bytes(policy=policy.SMTP)).decode()
