"""Conditions in words over results of operations: whose field, compared how, with what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flov7.generation.offline import lexicon
from flov7.generation.offline.words import Word, begins, find, inside, number, snake

_COMPARED = (
    (">=", ("is greater than or equal to", "is more than or equal to", "is at least", "at least", ">=", "is not less than")),
    ("<=", ("is less than or equal to", "is at most", "at most", "<=", "is not more than", "does not exceed")),
    (">", ("is larger than", "is greater than", "is more than", "is bigger than", "is higher than", "is above", "is over",
           "exceeds", "is longer than", "larger than", "greater than", "more than", "bigger than", "higher than", "above",
           "over", ">", "is after", "goes over", "is older than", "are older than", "are more than", "are greater than")),
    ("<", ("is smaller than", "is less than", "is lower than", "is below", "is under", "is fewer than", "smaller than",
           "less than", "lower than", "below", "under", "fewer than", "<", "is before", "is shorter than", "are less than",
           "is newer than", "are fewer than", "are younger than")),
    ("!=", ("is not equal to", "does not equal", "is different from", "is other than", "are not", "is not", "was not", "!=",
            "differs from", "is no longer")),
    ("in", ("contains", "includes", "contain", "include", "has the word", "mentions")),
    ("==", ("is equal to", "equals", "is set to", "is exactly", "matches", "are", "is", "was", "were", "==", "=", "has been",
            "have been", "becomes", "be")),
)  # fmt: skip
_NOTHING = ("none", "null", "empty", "missing", "blank", "undefined", "nothing", "not there", "not set", "not found", "unset",
            "absent", "unavailable")  # fmt: skip
_THERE = ("exists", "exist", "is there", "is present", "is available", "is not empty", "found")
_GONE = ("does not exist", "do not exist", "not exist", "not exists", "is not found", "is not there")


@dataclass(frozen=True, slots=True)
class Comparison:
    """`subject` are the words before the sign, `value` a JSON value; `sign` is one of == != < > <= >= in."""

    subject: tuple[Word, ...]
    sign: str
    value: object


def comparison(words: Sequence[Word]) -> Comparison | None:
    """Reads a condition; None where nothing is compared."""
    words = _opened(words)
    if begins(words, "there are none", "there is none", "none exist"):
        return Comparison((), "==", None)
    if begins(words, "there is", "there are"):
        return _having(words)
    for phrases, sign in ((_GONE, "=="), (_THERE, "!=")):
        at = find(words, *phrases)
        if at and at[0] and (at[1] == len(words) or words[at[1]].low in ("in", "on", "at", "already")):
            return Comparison(tuple(words[: at[0]]), sign, None)
    best: tuple[int, int, str] | None = None
    for sign, phrases in _COMPARED:
        at = find(words, *phrases)
        longer = best is None or (at is not None and (at[0], -at[1]) < (best[0], -best[1]))
        if at and at[0] and at[1] < len(words) and longer:
            best = (at[0], at[1], sign)
    if best is None:
        return _having(words)
    value, sign = _value(words[best[1] :]), best[2]
    return Comparison(tuple(words[: best[0]]), sign, value)


def _opened(words: Sequence[Word]) -> list[Word]:
    """`it's type is …` means `its type is …`; `its a low …` means `it is a low …`."""
    kept = [word for word in words if word.sort != "mark"]
    plain = [word.low for word in kept]
    if plain[:2] == ["it", "is"] and "is" in plain[2:]:
        its = Word("its", "its", "its", "word", kept[0].start)
        return [its, *kept[2:]]
    if plain[:2] in (["its", "a"], ["its", "an"], ["its", "not"]):
        both = [Word(one, one, "be" if one == "is" else one, "word", kept[0].start) for one in ("it", "is")]
        return [*both, *kept[1:]]
    return kept


def _having(words: Sequence[Word]) -> Comparison | None:
    """`there is no open ticket`, `the ticket has no owner`, `the lead has an owner`."""
    if count := begins(words, "there is no", "there are no", "no"):
        return Comparison(tuple(words[count:]), "==", None)
    if (count := begins(words, "there is a", "there are any", "there is an", "there are", "there is")) and len(
        words
    ) > count:
        return Comparison(tuple(words[count:]), "!=", None)
    at = find(
        words, "has no", "have no", "does not have a", "does not have an", "does not have any", "does not have", "lacks"
    )
    sign = "=="
    if at is None:
        at, sign = find(words, "has a", "has an", "has", "have", "have any"), "!="
    if at and at[0] and at[1] < len(words):
        owner = Word("'s", "'s", "'s", "word", words[at[0]].start)
        return Comparison((*words[: at[0]], owner, *words[at[1] :]), sign, None)
    return None


def _value(words: Sequence[Word]) -> object:
    kept = [word for word in words if word.low not in ("a", "an", "the", "marked", "as", "set", "to", "currently")]
    quoted = next((word for word in kept if word.sort in ("quoted", "code")), None)
    if quoted is not None:
        return inside(quoted)
    if len(kept) >= 1 and (value := number(kept[0])) is not None:
        return value
    text = " ".join(word.text for word in kept)
    if text.lower() in _NOTHING:
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return text


def logic(path: str, *, sign: str, value: object) -> str:
    """The expression."""
    if sign == "in":
        return f"{literal(value)} in {path}"
    return f"{path} {sign} {literal(value)}"


def literal(value: object) -> str:
    """A value as an expression writes it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case _:
            text = str(value).replace("\\", "\\\\").replace("'", "\\'")
            return f"'{text}'"


_FORM = re.compile(r"^\s*([\w.]+)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*$")
_AGAINST = {"==": "!=", "!=": "==", "<": ">=", ">": "<=", "<=": ">", ">=": "<"}


def opened(text: str) -> tuple[str, str, str] | None:
    """Path, sign and value of a plain comparison; None for anything else."""
    match = _FORM.match(text)
    return (match[1], match[2], match[3].replace('"', "'")) if match else None


def is_against(first: str, second: str) -> bool:
    """Whether one of two plain comparisons holds exactly where the other does not."""
    one, other = opened(first), opened(second)
    return bool(one and other and one[0] == other[0] and one[2] == other[2] and _AGAINST[one[1]] == other[1])


def against(text: str) -> str:
    """The expression that holds where this one does not."""
    plain = opened(text)
    if plain:
        return f"{plain[0]} {_AGAINST[plain[1]]} {plain[2]}"
    match = re.match(r"not ([\w.]+)$", text)
    return match[1] if match else f"not ({text})"


def is_same(first: str, second: str) -> bool:
    """Whether two expressions are the same comparison."""
    return first == second or opened(first) == opened(second) is not None


def is_other_value(first: str, second: str) -> bool:
    """Whether both ask for the same path, for different values."""
    one, other = opened(first), opened(second)
    return bool(one and other and one[0] == other[0] and one[1] == other[1] == "==" and one[2] != other[2])


def field(words: Sequence[Word]) -> str:
    """The name of a field in words: `the folder's owner name` without the folder is `owner_name`."""
    kept = [
        word
        for word in words
        if word.low not in lexicon.DETERMINERS and word.low not in ("'s", "of") and word.sort != "mark"
    ]
    return snake(kept) if kept else ""
