"""Forms with files: `multipart/form-data` (RFC 7578), read by the standard library's reader of messages, and written."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP

MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class Part:
    """One field; `file_name` is None where it is no file."""

    name: str
    file_name: str | None = None
    media_type: str = ""
    body: bytes = field(repr=False)


def parts(body: bytes, *, content_type: str) -> list[Part]:
    """The fields in their order. Raises ValueError where it is no such form."""
    whole = message_from_bytes(b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + body, policy=HTTP)
    inner = list(whole.iter_parts()) if whole.is_multipart() else []
    if not inner or len(inner) > MOST:
        raise ValueError("no fields are in it" if not inner else f"more than {MOST} fields are in it")
    found: list[Part] = []
    for one in inner:
        raw = one.get_payload(decode=True)
        found.append(
            Part(
                name=str(one.get_param("name", header="content-disposition") or ""),
                file_name=one.get_filename(),
                media_type=one.get_content_type(),
                body=raw if isinstance(raw, bytes) else b"",
            )
        )
    return found


def written(fields: Sequence[Part]) -> tuple[bytes, str]:
    """A form of these fields, and its content type. The boundary follows from what they hold, so a repetition is
    equal byte for byte."""
    pieces: list[bytes] = []
    for one in fields:
        head = f'Content-Disposition: form-data; name="{_quoted(one.name)}"'
        if one.file_name is not None:
            kind = re.sub(r"[\r\n]", "", one.media_type) or "application/octet-stream"
            head += f'; filename="{_quoted(one.file_name)}"\r\nContent-Type: {kind}'
        pieces.append(head.encode() + b"\r\n\r\n" + one.body)
    boundary = boundary_of(pieces)
    return enclosed(pieces, boundary=boundary), f"multipart/form-data; boundary={boundary}"


def boundary_of(pieces: Sequence[bytes]) -> str:
    """Equal for equal pieces, and not in them but by a chance that nobody meets."""
    seed = hashlib.sha256()
    for piece in pieces:
        seed.update(len(piece).to_bytes(8, "big") + piece)
    return f"flov7{seed.hexdigest()[:40]}"


def enclosed(pieces: Sequence[bytes], *, boundary: str) -> bytes:
    """The pieces, each a head and a body, between the boundary's lines (RFC 2046)."""
    mark = boundary.encode()
    return b"".join(b"--" + mark + b"\r\n" + piece + b"\r\n" for piece in pieces) + b"--" + mark + b"--\r\n"


def _quoted(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
