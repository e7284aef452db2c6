"""A sentence as words: what was written, its plain form, its stem, and what sort of thing it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Sort = Literal["word", "number", "clock", "date", "url", "path", "address", "quoted", "code", "channel", "sign", "mark"]

_SHAPES = re.compile(
    r"""
    (?P<code>`[^`]+`|\{\{.*?\}\})
  | (?P<quoted>"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|(?<!\w)'[^']+'(?!\w))
  | (?P<url>https?://[^\s,;)>"']+)
  | (?P<address>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
  | (?P<channel>\#[A-Za-z][\w-]*)
  | (?P<date>\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?)?)
  | (?P<clock>\d{1,2}:\d{2}(?:\s?[ap]\.?m\b)?|\d{1,2}\s?[ap]\.?m\b)
  | (?P<number>(?:[$€£]\s?)?\d{1,3}(?:,\d{3})+(?:\.\d+)?%?|(?:[$€£]\s?)?-?\d+(?:\.\d+)?(?:[kK]\b|%|(?:st|nd|rd|th)\b)?)
  | (?P<path>(?<![\w/])/[A-Za-z][\w/.{}-]*|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?!\w))
  | (?P<arrow>[=-]+>|→)
  | (?P<sign>>=|<=|!=|==|[<>=≥≤≠])
  | (?P<word>[^\W\d_](?:[\w]|[-'’](?=\w))*|\w+)
  | (?P<mark>[.,;:!?()\n—–-])
    """,
    re.VERBOSE,
)

_NUMBERS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50, "sixty": 60, "hundred": 100,
    "thousand": 1000,
}  # fmt: skip
_SPELLINGS = {
    "e-mail": "email", "e-mails": "emails", "mail": "mail", "can't": "cannot", "won't": "will not", "o'clock": "oclock",
    "isn't": "is not", "aren't": "are not", "doesn't": "does not", "don't": "do not", "didn't": "did not",
    "hasn't": "has not", "wasn't": "was not", "there's": "there is", "it's": "it is", "that's": "that is",
    "no-one": "nobody", "web-hook": "webhook", "data-base": "database", "subworkflow": "sub-workflow",
    "e-mailed": "emailed", "e-mailing": "emailing",
}  # fmt: skip
_IRREGULAR = {
    "fails": "fail", "people": "person", "children": "child", "has": "have", "is": "be", "are": "be", "was": "be",
    "were": "be", "been": "be", "goes": "go", "went": "go", "does": "do", "sent": "send", "came": "come",
    "paid": "pay", "told": "tell", "bought": "buy", "made": "make", "got": "get", "news": "news", "process": "process",
    "address": "address", "business": "business", "status": "status", "access": "access", "class": "class",
}  # fmt: skip


def closed(text: str) -> frozenset[str]:
    """A closed set of words, written with blanks between them."""
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Word:
    """One word or sign. `low` is its plain form in lower case, `start` its place in the sentence."""

    text: str
    low: str
    stem: str
    sort: Sort
    start: int

    @property
    def end(self) -> int:
        """Where it ends in the sentence."""
        return self.start + len(self.text)


def read(sentence: str) -> tuple[Word, ...]:
    """The words of a sentence in order. Short forms are opened: `isn't` becomes two words."""
    found: list[Word] = []
    for match in _SHAPES.finditer(sentence):
        sort: Sort = match.lastgroup or "word"  # type: ignore[assignment]  # groups are named after sorts
        text = match[0]
        if match.lastgroup == "arrow":
            found.append(Word(":", ":", ":", "mark", match.start()))
            continue
        rest = ""
        if sort in ("url", "path"):
            kept = text.rstrip(".!?:")
            text, rest = kept, text[len(kept) :]
        if sort == "number":
            text = text.strip()
        if sort != "word":
            found.append(Word(text, text.lower(), text.lower(), sort, match.start()))
            if rest:
                found.append(Word(rest[0], rest[0], rest[0], "mark", match.end() - len(rest)))
            continue
        found.extend(_plain(text.replace("’", "'"), match.start()))
    return tuple(found)


def _plain(text: str, start: int) -> list[Word]:
    low = text.lower()
    owner = low.endswith("'s") and low not in _SPELLINGS
    if owner:
        return [*_plain(text[:-2], start), Word("'s", "'s", "'s", "word", start + len(text) - 2)]
    if low.endswith("s'"):
        return _plain(text[:-1], start)
    spelled = _SPELLINGS.get(low, low).split()
    shown = [text] if len(spelled) == 1 else spelled
    return [
        Word(one, plain, stem(plain), "number" if plain in _NUMBERS and plain != "one" else "word", start)
        for one, plain in zip(shown, spelled, strict=True)
    ]


def stem(low: str) -> str:
    """A word without its endings, so that `places`, `placed` and `placing` meet. Small on purpose."""
    if low in _IRREGULAR:
        return _IRREGULAR[low]
    if len(low) > 4 and low.endswith("ies"):
        return low[:-3] + "y"
    if len(low) > 4 and low.endswith(("sses", "xes", "ches", "shes", "zes")):
        return low[:-2]
    if len(low) > 3 and low.endswith("s") and not low.endswith(("ss", "us", "is")):
        low = low[:-1]
    for ending in ("ing", "ed"):
        if low.endswith(ending) and len(low) - len(ending) >= 3:
            return _closed(low[: -len(ending)])
    return low[:-1] if len(low) > 4 and low.endswith("e") else low


def _closed(low: str) -> str:
    doubled = len(low) > 3 and low[-1] == low[-2] and low[-1] not in "lsz"
    shorter = low[:-1] if doubled else low
    return shorter[:-1] if shorter.endswith("e") and len(shorter) > 4 else shorter


def number(word: Word) -> float | int | None:
    """The value of a number, be it `1,000`, `€50`, `2k` or `five`; None for anything else."""
    if word.low in _NUMBERS:
        return _NUMBERS[word.low]
    if word.sort != "number":
        return None
    text = re.sub(r"[$€£\s,%]|(?:st|nd|rd|th)$", "", word.low)
    factor = 1000 if text.endswith("k") else 1
    value = float(text.rstrip("k")) * factor
    return int(value) if value.is_integer() else value


def said(words: Sequence[Word]) -> str:
    """The words as one text, as they were written."""
    text = ""
    for at, word in enumerate(words):
        glued = word.low == "'s" or (word.sort == "mark" and word.text in ",.;:!?)") or at == 0
        text += word.text if glued else f" {word.text}"
    return text.strip(" ,;:")


def inside(word: Word) -> str:
    """The text between quotation marks or backticks."""
    return word.text[2:-2].strip() if word.text.startswith("{{") else word.text[1:-1].strip()


def lows(words: Sequence[Word]) -> tuple[str, ...]:
    """The plain forms."""
    return tuple(word.low for word in words)


def snake(words: Sequence[Word] | str) -> str:
    """A name in snake_case, at most 40 characters, never empty and never starting with a digit."""
    text = words if isinstance(words, str) else " ".join(word.low for word in words)
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:40].strip("_")
    return name if name and name[0].isalpha() else f"n_{name}".strip("_")


def find(words: Sequence[Word], *phrases: str, start: int = 0) -> tuple[int, int] | None:
    """The first place of any of the phrases (plain forms, blanks between words), as (start, end)."""
    plain = lows(words)
    split = sorted((tuple(one.split()) for one in phrases), key=len, reverse=True)
    for at in range(start, len(plain)):
        for phrase in split:
            if plain[at : at + len(phrase)] == phrase:
                return at, at + len(phrase)
    return None


def begins(words: Sequence[Word], *phrases: str) -> int:
    """How many words at the front one of the phrases takes; 0 for none. The longest wins."""
    plain = lows(words)
    return max((len(p) for one in phrases if plain[: len(p := tuple(one.split()))] == p), default=0)
