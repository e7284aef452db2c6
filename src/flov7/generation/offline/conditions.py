"""Conditions in words: `its amount is over 1000 and the country is not DE` becomes an expression."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from flov7.generation.offline import lexicon
from flov7.generation.offline.operators import OPPOSITE, TABLE, Op, Operator, is_complete, operator
from flov7.generation.offline.slots import Scope
from flov7.generation.offline.words import Word, closed, find, inside, lows, number, said, snake

_MEASURES = {"weigh": "weight", "cost": "price", "last": "duration"}
"""What a verb compares of its subject, by the verb's stem."""
_UNITS = closed(
    "euro euros eur dollar dollars usd pound pounds gbp percent kg kilo kilos km pieces points degrees bucks "
    "chf cents units ms mb kb gb seconds minutes hours days weeks years stars euros points celsius"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """An expression, and what had to be guessed for it: a slot's question with other answers."""

    logic: str
    ask: str = ""
    answers: tuple[str, ...] = ()


def read_condition(words: Sequence[Word], scope: Scope) -> Reading | None:
    """The expression of a condition, or None where it cannot be read."""
    words = [word for word in words if word.text not in ("(", ")", "!", "?") and word.low != "worth"]
    while words and (words[-1].sort == "mark" or words[-1].low in ("then", "instead")):
        words.pop()
    if len(words) == 1 and words[0].sort == "code":
        return Reading(inside(words[0]))
    parts = _parts(words)
    if parts is None:
        return None
    readings: list[Reading] = []
    signs: list[str] = []
    for sign, part in parts:
        reading = _one(part, scope)
        if reading is None:
            return None
        readings.append(reading)
        signs.append(sign)
    mixed = len(set(signs[1:])) > 1
    text = readings[0].logic
    for sign, reading in zip(signs[1:], readings[1:], strict=True):
        text = (
            f"({text}) {sign} {reading.logic}"
            if mixed and f" {sign} " not in text
            else f"{text} {sign} {reading.logic}"
        )
    guessed = next((one for one in readings if one.ask), None)
    whole = guessed is not None and len(readings) == 1
    return Reading(text, guessed.ask if guessed else "", guessed.answers if guessed and whole else ())


def _parts(words: Sequence[Word]) -> list[tuple[str, list[Word]]] | None:
    """The comparisons between `and` and `or`; one that begins with its operator takes the subject before."""
    if operator(words) is None:
        return None
    cuts: list[tuple[int, str]] = []
    begin = 0
    for at, word in enumerate(words):
        if word.low not in ("and", "or") or at == begin or not is_complete(words[begin:at]):
            continue
        if words[at - 1].low in ("between",) or at + 1 >= len(words):
            continue
        following = words[at + 1 :]
        first = operator(following)
        if first is None or (word.low == "or" and following[0].low in ("more", "less", "above", "higher", "over")):
            continue
        cuts.append((at, word.low))
        begin = at + 1
    parts: list[tuple[str, list[Word]]] = []
    last = 0
    subject: list[Word] = []
    for at, _ in [*cuts, (len(words), "")]:
        piece = list(words[last:at])
        while piece and piece[-1].sort == "mark":
            piece.pop()
        found = operator(piece)
        if found is not None and found.start == 0 and subject:
            piece = [*subject, *piece]
        elif found is not None:
            subject = piece[: found.start]
        parts.append((cuts[len(parts) - 1][1] if parts else "", piece))
        last = at + 1
    return parts


def _one(words: Sequence[Word], scope: Scope) -> Reading | None:
    plain = lows(words)
    if plain[:2] in (("there", "is"), ("there", "are")):
        none = plain[2:3] in (("no",), ("not",))
        if not TABLE.keys() & {plain[2:4], plain[2:3]}:
            path = scope.path(words[3 if none else 2 :])
            return None if path is None else Reading(f"not {path}" if none else path)
        words = [*words[-1:], *words[1:-1]]
    found = operator(words)
    if found is None:
        return None
    if found.bare and found.has:
        return _owns(words, found, scope)
    subject, has = list(words[: found.start]), found.has
    for at, word in enumerate(subject):
        if word.low in ("has", "have", "with") and at + 1 < len(subject):
            owner, fields = subject[:at], subject[at + 1 :]
            base = scope.path(owner) if owner else scope.whole
            inner = Scope(root=base if base != "trigger.payload" else "", last=base)
            return _compared(inner.path(fields), words[found.end :], found, scope, is_whole=False)
    counted_of = find(subject, "number of", "count of", "amount of")
    if counted_of and (listed := scope.path(subject[counted_of[1] :])):
        return _amount_of(listed, subject, words[found.end :], found, scope)
    path = scope.path(subject) if subject else scope.whole
    measured = _MEASURES.get(words[found.start].stem)
    if path is not None and measured:
        path = measured if path == "trigger.payload" else f"{path}.{measured}"
        return _measured(path, words[found.end :], found, scope)
    if path is not None and path == scope.last and path.endswith(".body") and not has:
        return _answered(path, subject, words[found.end :], found, scope)
    if has and (counted := _counted(words[found.end :])) is not None and path is not None:
        amount, noun = counted
        listed = noun if path == "trigger.payload" else f"{path}.{noun}"
        return Reading(f"len({listed}) {_sign(found)} {amount}")
    return _compared(path, words[found.end :], found, scope, is_whole=path is not None and path == scope.whole)


def _amount_of(
    path: str, subject: Sequence[Word], words: Sequence[Word], found: Operator, scope: Scope
) -> Reading | None:
    """`the number of guests`: counted, or a field of its own."""
    single = scope.join(snake(subject[1:] if subject[0].low in lexicon.DETERMINERS else subject)) or path
    return _guessed([f"len({path})", single, path], "Where is {}?", subject, words, found, scope)


def _answered(
    path: str, subject: Sequence[Word], words: Sequence[Word], found: Operator, scope: Scope
) -> Reading | None:
    """A service's whole answer is compared: one of its fields is the likelier reading."""
    named = [word for word in subject if word.low not in lexicon.DETERMINERS | lexicon.PRONOUNS]
    below = f"{path}.{snake(named)}" if named else path
    return _guessed([below, path], "Where in the answer is {}?", subject, words, found, scope)


def _guessed(
    paths: Sequence[str], asked: str, subject: Sequence[Word], words: Sequence[Word], found: Operator, scope: Scope
) -> Reading | None:
    readings = [_measured(path, words, found, scope) for path in paths]
    known = [one.logic for one in readings if one is not None]
    return Reading(known[0], asked.format(said(subject)), tuple(known)) if known else None


def _owns(words: Sequence[Word], found: Operator, scope: Scope) -> Reading | None:
    """`has a discount`, `has no address`: whether something is there."""
    base = scope.path(words[: found.start]) if found.start else scope.whole
    inner = Scope(root="" if base == "trigger.payload" else base, last=base)
    fields = [word for word in words[found.end :] if word.low not in lexicon.DETERMINERS]
    path = inner.path(fields) if fields and base is not None else None
    return None if path is None else Reading(f"not {path}" if found.negated else path)


def _counted(words: Sequence[Word]) -> tuple[int | float, str] | None:
    if len(words) == 2 and (amount := number(words[0])) is not None and words[1].low not in _UNITS:
        return amount, snake(words[1:])
    return None


def _sign(found: Operator) -> str:
    return OPPOSITE.get(found.op, found.op) if found.negated else found.op


def _compared(
    path: str | None, words: Sequence[Word], found: Operator, scope: Scope, *, is_whole: bool
) -> Reading | None:
    if path is None:
        return None
    return _whole(path, words, found, scope) if is_whole else _measured(path, words, found, scope)


def _whole(path: str, words: Sequence[Word], found: Operator, scope: Scope) -> Reading | None:
    """The thing itself is compared: which of its fields is meant is a guess, and said so."""
    if found.op in ("set", "unset"):
        return _measured(path, words, found, scope)
    base = "" if path == "trigger.payload" else f"{path}."
    if found.bare or found.op == "in":
        placed = words[1:] if words and words[0].low in ("from", "in", "for", "of", "by") else words
        fields = ("country", "city", "region") if placed is not words else ("status", "type", "state")
    elif found.op in ("contains", "starts", "ends"):
        fields = ("text", "subject", "body")
        placed = words
    else:
        fields = ("amount", "value", "price")
        placed = words
    options = [_measured(f"{base}{field}", placed, found, scope) for field in fields]
    known = [one.logic for one in options if one is not None]
    if not known:
        return None
    if found.bare and placed is words and len(words) == 1 and words[0].sort == "word":
        known.insert(1, f"{'not ' if found.negated else ''}{base}{snake(words)}")
    subject = path.rpartition(".")[2] if path != "trigger.payload" else "data"
    return Reading(known[0], f"Which field of the {subject} says that it {said([*words]) or 'is so'}?", tuple(known))


def _measured(path: str, words: Sequence[Word], found: Operator, scope: Scope) -> Reading | None:
    words, op = _suffix(list(words), found)
    match op:
        case "set":
            return Reading(path)
        case "unset":
            return Reading(f"not {path}")
        case "between":
            amounts = [value for word in words if (value := number(word)) is not None]
            if len(amounts) < 2:
                return None
            text = f"{path} >= {amounts[0]} and {path} <= {amounts[1]}"
            return Reading(f"not ({text})" if found.negated else text)
        case "in":
            return Reading(f"{path} {'not in' if found.negated else 'in'} [{', '.join(_options(words))}]")
        case _:
            pass
    if op in ("==", "!=") and len(options := _options(words)) > 1:
        return Reading(f"{path} {'in' if op == '==' else 'not in'} [{', '.join(options)}]")
    value = _operand(words, scope, ordered=op not in ("==", "!="))
    if value is None:
        return None
    match op:
        case "contains":
            text = f"{value} in {path}"
        case "starts":
            text = f"{path}.startswith({value})"
        case "ends":
            text = f"{path}.endswith({value})"
        case _:
            if value in ("true", "false") and op in ("==", "!="):
                return Reading(path if (value == "true") == (op == "==") else f"not {path}")
            return Reading(f"{path} {op} {value}")
    if found.negated:
        text = f"{value} not in {path}" if op == "contains" else f"not {text}"
    return Reading(text)


def _suffix(words: list[Word], found: Operator) -> tuple[list[Word], Op]:
    """`1000 or more`, `3 or fewer` say the operator behind the amount."""
    plain = lows(words)
    op: Op = found.op
    if len(plain) > 2 and plain[-2] == "or":
        after: dict[str, Op] = {"more": ">=", "above": ">=", "higher": ">=", "over": ">=", "greater": ">=",
                                "less": "<=", "fewer": "<=", "below": "<=", "lower": "<=", "under": "<="}  # fmt: skip
        if plain[-1] in after:
            op, words = after[plain[-1]], words[:-2]
    if found.negated and op in OPPOSITE:
        op = OPPOSITE[op]
    return words, op


def _options(words: Sequence[Word]) -> list[str]:
    """The values of a list in words: `DE, FR or IT`."""
    found: list[list[Word]] = [[]]
    for word in words:
        if word.sort == "mark" or word.low in ("or", "nor") or (word.low == "and" and len(words) > 2):
            found.append([])
        else:
            found[-1].append(word)
    return [_literal(one) for one in found if one]


def _literal(words: Sequence[Word]) -> str:
    if len(words) == 1:
        amount = number(words[0]) if words[0].sort == "number" else None
        if amount is not None:
            return str(amount)
        if words[0].sort == "quoted":
            return _quote(inside(words[0]))
        if words[0].low in ("true", "yes", "false", "no", "null"):
            return {"yes": "true", "no": "false"}.get(words[0].low, words[0].low)
    kept = [word for word in words if word.low not in ("a", "an", "the")] or list(words)
    return _quote(said(kept))


def _operand(words: Sequence[Word], scope: Scope, *, ordered: bool) -> str | None:
    words = [word for word in words if word.sort != "mark"]
    if len(words) > 2 and words[0].low == "the" and words[1].low in ("word", "words", "text", "phrase", "value"):
        words = words[2:]
    if not words:
        return None
    amount = number(words[0])
    if amount is not None and all(word.low in _UNITS or word.low == "of" for word in words[1:]):
        return str(amount)
    if words[0].low in _UNITS and len(words) == 2 and (amount := number(words[1])) is not None:
        return str(amount)
    pointed = (words[0].low in {"the", *lexicon.OWNERS} and len(words) > 1) or "'s" in lows(words)
    if words[0].sort in ("path", "code") or pointed:
        return scope.path(words)
    if ordered and amount is not None:
        return str(amount)
    if ordered and words[0].sort == "word":
        return None
    return _literal(words)


def _quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'" if "'" not in text else json.dumps(text)
