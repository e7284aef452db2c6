"""A message as it lies in a mailbox becomes a JSON value; its attachments become files."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass, field
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from flov7.kit.clock import utc_text
from flov7.kit.errors import StepRefused
from flov7.primitives.files import Files, kept

LARGEST_TEXT = 256 * 1024
"""Letters of text or HTML that a run carries; the rest is cut, and `cut` says so."""
_MOST_PARTS = 200


@dataclass
class _Parts:
    text: str | None = None
    html: str | None = None
    files: list[tuple[str, str, bytes]] = field(default_factory=list[tuple[str, str, bytes]])


async def letter(raw: bytes, *, files: Files | None, largest: int) -> dict[str, Any]:
    """The message as JSON. Attachments up to `largest` bytes are kept in `files`; with None they are only named."""
    found = _parsed(raw)
    parts = _Parts()
    for number, part in enumerate(found.walk()):
        if number < _MOST_PARTS:
            _collect(part, parts)
    attachments = [await _attachment(one, files=files, largest=largest) for one in parts.files]
    return {
        **_head(found),
        "text": _short(parts.text),
        "html": _short(parts.html),
        "cut": any(len(one or "") > LARGEST_TEXT for one in (parts.text, parts.html)),
        "attachments": attachments,
    }


def head_of(raw: bytes) -> dict[str, Any]:
    """Only what stands above the body, in the same shape."""
    return {**_head(_parsed(raw)), "text": None, "html": None, "cut": True, "attachments": []}


async def _attachment(one: tuple[str, str, bytes], *, files: Files | None, largest: int) -> dict[str, Any]:
    name, media_type, body = one
    if files is not None and len(body) <= largest:
        try:
            return (await kept(files.keep, body, name=name, media_type=media_type)).model_dump(mode="json")
        except StepRefused:
            pass  # larger than a run may carry
    return {"file": None, "name": name, "media_type": media_type, "size": len(body)}


def _parsed(raw: bytes) -> Message:
    try:
        found: Message = email.message_from_bytes(raw, policy=email.policy.default)
        _ = [found.get(name) for name in ("subject", "from", "to")]  # odd headers are found only when they are read
        return found
    except Exception:  # noqa: BLE001 - the parser raises whatever a broken header makes it raise
        return email.message_from_bytes(raw)


def _head(found: Message) -> dict[str, Any]:
    sender = _people(found, "from")
    return {
        "message_id": _text(found, "message-id"),
        "in_reply_to": _text(found, "in-reply-to"),
        "references": (_text(found, "references") or "").split(),
        "subject": _text(found, "subject") or "",
        "from": sender[0] if sender else None,
        "to": _people(found, "to"),
        "cc": _people(found, "cc"),
        "reply_to": _people(found, "reply-to"),
        "date": _date(found),
        "headers": _headers(found),
    }


def _headers(found: Message) -> dict[str, str]:
    """All headers by name in lower case, of one that comes twice the last."""
    named: dict[str, str] = {}
    for name in list(found.keys())[:200]:
        value = _text(found, name)
        if value is not None and name.lower() not in ("received", "dkim-signature", "arc-seal"):
            named[name.lower()] = value[:2000]
    return named


def _text(found: Message, name: str) -> str | None:
    try:
        value = found.get(name)
    except Exception:  # noqa: BLE001 - as above
        return None
    return None if value is None else str(value).replace("\r\n", " ").replace("\n", " ").strip()


def _people(found: Message, name: str) -> list[dict[str, str]]:
    try:
        values = [str(one) for one in found.get_all(name, [])]
    except Exception:  # noqa: BLE001 - as above
        return []
    return [{"name": name, "address": address} for name, address in getaddresses(values) if address]


def _date(found: Message) -> str | None:
    try:
        return utc_text(parsedate_to_datetime(_text(found, "date") or ""))
    except (ValueError, TypeError, OverflowError):
        return None


def _collect(part: Message, parts: _Parts) -> None:
    if part.is_multipart() and part.get_content_maintype() != "message":
        return
    name, kind = part.get_filename(), part.get_content_type()
    wanted = part.get_content_disposition() == "attachment" or name is not None
    if not wanted and kind == "text/plain" and parts.text is None:
        parts.text = _words(part)
    elif not wanted and kind == "text/html" and parts.html is None:
        parts.html = _words(part)
    elif wanted or not kind.startswith(("text/", "multipart/")):
        parts.files.append((name or f"part.{kind.rpartition('/')[2]}", kind, _bytes(part)))


def _bytes(part: Message) -> bytes:
    if part.get_content_maintype() == "message" and isinstance(part.get_payload(), list):
        inner: Any = part.get_payload(0)
        return inner.as_bytes()
    body = part.get_payload(decode=True)
    return body if isinstance(body, bytes) else b""


def _words(part: Message) -> str:
    """The text; what its charset does not know is marked."""
    body = part.get_payload(decode=True)
    raw = body if isinstance(body, bytes) else b""
    try:
        return raw.decode(part.get_content_charset() or "utf-8", errors="replace")
    except LookupError:
        return raw.decode("utf-8", errors="replace")


def _short(text: str | None) -> str | None:
    return None if text is None else text[:LARGEST_TEXT]
