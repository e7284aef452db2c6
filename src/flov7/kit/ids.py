"""Names that nobody else has: UUIDv7 (RFC 9562) as text, in the order they were made, and request ids."""

from __future__ import annotations

import os
import re
import secrets
import threading
import time
from datetime import UTC, datetime

_lock = threading.Lock()
_last = 0
_REQUEST = re.compile(r"req-[A-Za-z0-9_-]{5,64}")


def new_id() -> str:
    """A UUIDv7: 36 characters; later ones of this process sort after earlier ones."""
    global _last
    with _lock:
        # 48 bits of milliseconds, then 12 bits that count up within one, as RFC 9562 6.2 (method 3) proposes.
        stamp = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        _last = stamp
    milliseconds, counter = stamp >> 12, stamp & 0xFFF
    tail = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    text = f"{milliseconds:012x}7{counter:03x}{tail:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def made_at(identifier: str) -> datetime | None:
    """When a UUIDv7 was made, in UTC; None where it is none."""
    plain = identifier.replace("-", "")
    if len(plain) != 32 or plain[12] != "7":
        return None
    try:
        return datetime.fromtimestamp(int(plain[:12], 16) / 1000, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def request_id() -> str:
    """`req-` and 12 hex digits."""
    return f"req-{secrets.token_hex(6)}"


def is_request_id(text: str) -> bool:
    """Whether a caller's own request id may be taken over as it is."""
    return _REQUEST.fullmatch(text) is not None


def token(size: int = 32) -> str:
    """An unguessable, url-safe text of `size` random bytes."""
    return secrets.token_urlsafe(size)
