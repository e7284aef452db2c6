"""Finds plain values in a text by the name of what is looked for."""

from __future__ import annotations

import re
from typing import Any

PLAIN = ("string", "number", "integer", "boolean")
_WORD = re.compile(r"[^\W_]{3,}")
_NUMBER = re.compile(r"-?\d+(?:[.,]\d{3})*(?:[.,]\d+)?")
_SHAPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("url", re.compile(r"https?://[^\s)\"'>]+")),
    ("date", re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")),
    ("phone", re.compile(r"\+?\d[\d ()/-]{6,}\d")),
    ("currency", re.compile(r"\b(?:EUR|USD|GBP|CHF|JPY)\b|[€$£]")),
)
_SPOKEN = frozenset(["summary", "text", "answer", "reason", "draft", "body", "translation", "explanation", "message"])


def label(choices: list[Any], source: str) -> Any:
    """The choice that the text speaks of most; else one that stands for others; else the first."""
    if not choices:
        return None
    scored = [(_spoken(str(one), source), -at, one) for at, one in enumerate(choices)]
    best = max(scored, key=lambda one: one[:2])
    if best[0] > 0:
        return best[2]
    return next((one for one in choices if str(one).lower() in ("other", "unknown", "none", "neutral")), choices[0])


def speaks_of(words: str, source: str) -> bool:
    """Whether all words of a name are in the text."""
    named = _WORD.findall(words.lower()) or [words.lower()]
    return all(_stem(one) in source.lower() for one in named)


def bullets(source: str) -> list[str]:
    """The points of a list in the text."""
    return [found.strip() for found in re.findall(r"^\s*(?:[-*•]|\d+[.)])\s+(.+)$", source, re.MULTILINE)]


def numbers(source: str) -> list[float]:
    """All numbers of the text."""
    return [number(found) for found in _NUMBER.findall(source)]


def number(text: str) -> float:
    """A number as people write it: `1,234.50`, `1.234,50`, `12`."""
    last = max(text.rfind("."), text.rfind(","))
    is_group = last >= 0 and len(text) - last - 1 == 3
    whole = re.sub(r"[.,]", "", text if last < 0 or is_group else text[:last])
    return float(whole if last < 0 or is_group else f"{whole}.{text[last + 1 :]}")


def plain(kind: str, name: str, source: str) -> Any:
    """A plain value by the name of what it is; None where the text does not say it."""
    said = _labelled(name, source)
    match kind:
        case "string":
            return _text(name, said, source)
        case "number" | "integer":
            if name in ("confidence", "score"):
                return 0.5 if kind == "number" else 1
            found = _NUMBER.search(said or "")
            return None if found is None else number(found[0]) if kind == "number" else round(number(found[0]))
        case "boolean":
            return None if said is None else said.strip().lower().startswith(("y", "true", "1", "ja", "oui"))
        case _:
            return None


def plain_or_zero(kind: str, found: Any) -> Any:
    """What was found, or the nothing of its type."""
    if found is not None:
        return found
    return {"string": "", "number": 0.0, "integer": 0, "boolean": False}.get(kind)


def resolved(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    """What a reference inside the schema leads to."""
    part: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        part = part.get(step, {}) if step else part
    return part


def _text(name: str, said: str | None, source: str) -> str | None:
    for shape, pattern in _SHAPES:
        if shape in name.lower():
            found = pattern.search(said or "") or pattern.search(source)
            return found[0] if found else said
    if name.lower() in _SPOKEN:
        return said or " ".join(re.split(r"(?<=[.!?])\s+", source.strip())[:2])
    return said


def _labelled(name: str, source: str) -> str | None:
    """What stands behind `Name:` or `"name":` in the text."""
    if not name:
        return None
    words = re.escape(name).replace("_", "[ _-]?")
    found = re.search(
        rf"(?:^|[\s\"',;({{]){words}\"?\s*(?::|=|\bis\b|\bof\b)\s*\"?((?:[^\n\";,}}]|,(?=\d))+)", source, re.IGNORECASE
    )
    return found[1].strip().rstrip(".") if found else None


def _spoken(words: str, source: str) -> int:
    text = source.lower()
    return sum(text.count(_stem(one)) for one in _WORD.findall(words.lower().replace("_", " ")))


def _stem(word: str) -> str:
    """The word without the endings that vary."""
    return re.sub(r"(?:ing|ed|es|s|al|y)$", "", word) if len(word) > 4 else word
