"""How values are compared in words: `is at least`, `does not contain`, `drops below`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flov7.generation.offline import lexicon
from flov7.generation.offline.words import Word, lows, number

Op = Literal[">", ">=", "<", "<=", "==", "!=", "contains", "starts", "ends", "in", "set", "unset", "between"]

_COMPARE: dict[Op, tuple[str, ...]] = {
    ">=": ("at least", "no less than", "not less than", "not under", "not below", "minimum", "a minimum of", ">=", "≥",
           "greater than or equal to", "more than or equal to", "from"),
    "<=": ("at most", "no more than", "not more than", "not over", "not above", "up to", "a maximum of", "<=", "≤",
           "less than or equal to"),
    ">": ("over", "above", "more than", "greater than", "higher than", "larger than", "bigger than", "exceeding",
          "longer than", "beyond", ">", "in excess of"),
    "<": ("under", "below", "less than", "fewer than", "lower than", "smaller than", "cheaper than", "shorter than",
          "<"),
    "between": ("between",),
    "in": ("one of", "either", "any of", "among"),
    "unset": ("empty", "missing", "blank", "not set", "not there", "null", "not present", "not known", "unknown",
              "not given", "not filled in", "absent"),
    "set": ("set", "there", "present", "not empty", "not missing", "not blank", "given", "known", "filled in",
            "not null"),
}  # fmt: skip
OPPOSITE: dict[Op, Op] = {">": "<=", "<": ">=", ">=": "<", "<=": ">", "==": "!=", "!=": "==", "set": "unset",
                           "unset": "set"}  # fmt: skip
_BE = ("is", "are", "was", "were", "be", "has", "have", "had", "costs", "cost", "weighs", "takes", "lasts")
_VERBS: dict[Op, tuple[str, ...]] = {
    ">": ("exceeds", "exceed", "is exceeding", "goes over", "rises above", "goes above", "climbs above"),
    "<": ("falls below", "drops below", "goes below", "goes under", "drops under", "falls under", "sinks below"),
    "contains": ("contains", "contain", "includes", "include", "mentions", "mention", "has the word", "says",
                 "has the words"),
    "starts": ("starts with", "begins with", "start with", "begin with"),
    "ends": ("ends with", "ends in", "end with"),
    "==": ("equals", "equal to", "is equal to", "==", "=", "is exactly", "is the same as", "matches", "reads", "is set to"),
    "!=": ("!=", "≠", "differs from", "is different from", "is other than", "is anything but", "is not equal to",
           "does not equal"),
    "set": ("exists", "exist"),
    "unset": ("does not exist", "do not exist"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator and its place; `negated` by `not`, `has` with `has` before it, `bare` a lone `is` or `has`."""

    op: Op
    start: int
    end: int
    negated: bool
    has: bool
    bare: bool = False


def _phrases() -> dict[tuple[str, ...], tuple[Op, bool, bool]]:
    """Every way to say an operator: the operator, whether negated, whether with `has`."""
    table: dict[tuple[str, ...], tuple[Op, bool, bool]] = {}
    for op, phrases in _COMPARE.items():
        for phrase in phrases:
            if op in (">", "<", ">=", "<=", "between") and phrase != "from":
                table[tuple(phrase.split())] = (op, False, False)
            for be in _BE:
                has = be in ("has", "have", "had")
                if op in ("set", "unset", "in") and has:
                    continue
                table[(be, *phrase.split())] = (op, False, has)
                table[(be, "not", *phrase.split())] = (op, True, has)
    for op, phrases in _VERBS.items():
        for phrase in phrases:
            table[tuple(phrase.split())] = (op, False, False)
            for aid in ("does", "do", "did"):
                table[(aid, "not", *phrase.split())] = (op, True, False)
    return table


TABLE = _phrases()
_LONGEST = max(len(one) for one in TABLE)
_BARE = frozenset(["is", "are", "was", "were"])


def operator(words: Sequence[Word], start: int = 0) -> Operator | None:
    """The operator that is said first; a bare `is` or `has` only where there is no other."""
    plain = lows(words)
    for at in range(start, len(plain)):
        for length in range(min(_LONGEST, len(plain) - at), 0, -1):
            found = TABLE.get(plain[at : at + length])
            if found and not (found[0] in ("set", "unset") and at + length < len(plain) - 1):
                return Operator(found[0], at, at + length, found[1], found[2])
    for at in range(start, len(plain)):
        if plain[at] in _BARE or plain[at] in ("has", "have"):
            negated = at + 1 < len(plain) and plain[at + 1] in ("not", "no")
            return Operator("==", at, at + 1 + negated, negated, plain[at] in ("has", "have"), True)
    return None


def is_complete(words: Sequence[Word]) -> bool:
    """Whether a condition is said to its end: an operator and what it is compared with."""
    if len(words) == 1 and words[0].sort == "code":
        return True
    found = operator(words)
    if found is None:
        return False
    if found.op in ("set", "unset"):
        return True
    if words[-1].low in lexicon.DETERMINERS | lexicon.PREPOSITIONS | {"not", "and", "or", "'s"} or found.end >= len(
        words
    ):
        return False
    return found.op != "between" or sum(number(word) is not None for word in words[found.end :]) >= 2


def has_comparison(words: Sequence[Word]) -> bool:
    """Whether a value is compared, in more than a bare `is`: `is over 1000`, but not `is created`."""
    found = operator(words)
    return found is not None and not found.bare and is_complete(words)
