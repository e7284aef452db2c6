"""Forms with files: `multipart/form-data` (RFC 7578), by the standard library's reader of messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP

MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class Part:
    """One field; `file_name` is None where it is no file."""

    name: str
    file_name: str | None
    media_type: str
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
