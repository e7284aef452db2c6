"""Secrets stay out of logs, errors and events: by the name of a field, by the look of a text, by known value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "***"

_NAMES = re.compile(
    r"pass(word|wd|phrase)?$|secret|(^|[_-])token$|api[_-]?key|authorization|cookie|credential|private[_-]?key"
    r"|(^|[_-])(pwd|dsn|otp|pin)$|signature$|master[_-]?key|connection[_-]?string",
    re.IGNORECASE,
)
# Names that look like secrets and say only where one is kept, or count something.
_HARMLESS = re.compile(r"^(secret|secret_name|credentials_type|.*_(digest|count|id))$", re.IGNORECASE)
_LOOKS = (
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9+/=._~-]{8,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@/]+@", re.IGNORECASE), rf"\1:{MASK}@"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"), MASK),
    (re.compile(r"\b(sk|pk|rk|whsec|xox[abpr]|gh[pousr]|flov7)[-_][A-Za-z0-9_-]{12,}"), MASK),
    (re.compile(r"\bAKIA[0-9A-Z]{16}\b"), MASK),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), MASK),
    (
        re.compile(r"([?&](?:api_?key|access_token|token|signature|password|secret)=)[^&\s#]+", re.IGNORECASE),
        rf"\1{MASK}",
    ),
)
_SHORTEST_KNOWN = 4
_DEEPEST = 40


def is_secret_name(name: str) -> bool:
    """Whether a field of that name is masked whatever it holds."""
    return _NAMES.search(name) is not None and _HARMLESS.match(name) is None


def text(value: str, *, known: Iterable[str] = ()) -> str:
    """The text without known secrets and without what looks like one."""
    for secret in sorted((s for s in known if len(s) >= _SHORTEST_KNOWN), key=len, reverse=True):
        value = value.replace(secret, MASK)
    for look, shown in _LOOKS:
        value = look.sub(shown, value)
    return value


def redact(value: Any, *, known: Iterable[str] = ()) -> Any:
    """A copy of a JSON-like value without secrets; what is not JSON is left as it is."""
    secrets = tuple(known)
    return _walk(value, secrets=secrets, depth=0)


def _walk(value: Any, *, secrets: tuple[str, ...], depth: int) -> Any:
    if depth > _DEEPEST:
        return MASK
    if isinstance(value, str):
        return text(value, known=secrets)
    if isinstance(value, Mapping):
        return {
            name: MASK
            if isinstance(name, str) and is_secret_name(name) and inner not in (None, "", False)
            else _walk(inner, secrets=secrets, depth=depth + 1)
            for name, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_walk(inner, secrets=secrets, depth=depth + 1) for inner in value]
    return value
