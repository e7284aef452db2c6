"""What a condition says: a comparison of values, an approval's word, what was found before, or what a model decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flov7.generation.draft import Sort
from flov7.generation.offline import thinking
from flov7.generation.offline.conditions import read_condition
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.durations import duration
from flov7.generation.offline.filling import Wish
from flov7.generation.offline.index import Index
from flov7.generation.offline.naming import short
from flov7.generation.offline.slots import Scope, noun_phrase
from flov7.generation.offline.structure import Choice
from flov7.generation.offline.words import Word, find, lows, read, said, snake

_APPROVED = ("approved", "approve", "approves", "accepted", "agreed", "yes", "says yes")
_REJECTED = ("rejected", "reject", "rejects", "declined", "declines", "denied", "refused", "disapproved", "says no",
             "not approved", "not approve")  # fmt: skip


class Decider:
    """Reads conditions. What has to be asked of a model first is kept until it is `taken`."""

    def __init__(self, desk: Desk, index: Index) -> None:
        self._desk = desk
        self._index = index
        self._pending: list[dict[str, Any]] = []

    def logic(self, words: Sequence[Word], scope: Scope, *, key: str, negated: bool) -> str:
        """The condition as an expression."""
        judged = self._judged(words, scope)
        if judged is not None:
            asked = f"How can I see that “{said(words) or 'it is so'}”? Say it as in `amount > 100`."
            return negate(self._desk.ask(key, asked, [judged], weight=0.05, sort=Sort.ASSUMED), negated)
        if (aged := self._aged(words, scope, key=key)) is not None:
            return negate(aged, negated)
        reading = read_condition(words, scope)
        if reading is None and (asked_model := self._asked_model(words, scope)) is not None:
            return negate(asked_model, negated)
        if reading is None:
            guess = scope.join(snake(noun_phrase(words)[:2])) or "true"
            return negate(
                self._desk.ask(
                    key, f"How can I see that “{said(words)}”? Say it as in `amount > 100`.", [guess], weight=0.25
                ),
                negated,
            )
        if not reading.ask:
            return negate(reading.logic, negated)
        answers = reading.answers or (reading.logic,)
        return negate(self._desk.ask(key, reading.ask, answers, sort=Sort.ASSUMED), negated)

    def taken(self) -> list[dict[str, Any]]:
        """What a condition needs before it."""
        found, self._pending = self._pending, []
        return found

    def approval(self, choice: Choice, scope: Scope) -> str | None:
        """The condition on an approval that was asked for before; None where it is about something else."""
        if scope.approval is None:
            return None
        negated = choice.negated
        if find(choice.words, *_REJECTED):
            return f"{scope.approval}.decision {'!=' if negated else '=='} 'rejected'"
        if find(choice.words, *_APPROVED):
            return f"{scope.approval}.decision {'!=' if negated else '=='} 'approved'"
        return None

    def _judged(self, words: Sequence[Word], scope: Scope) -> str | None:
        """A condition on what was found or judged just before: `if so`, `if none fits`, `if it exists already`."""
        plain = lows(words)
        if scope.judge is not None and (not words or plain[0] in ("ai", "so") or read_condition(words, scope) is None):
            return thinking.verdict(scope.judge, negated=bool({"no", "none", "not", "nothing"} & set(plain[:4])))
        if scope.judge is not None and scope.judge.endswith(".label") and plain[:2] == ("it", "is") and len(plain) == 3:
            return f"{scope.judge} == '{words[2].text}'"
        if scope.last is None or not plain:
            return None
        if plain[0] in ("no", "none", "nothing") or plain[:2] in (("there", "no"), ("not", "found")):
            return f"not {scope.last}"
        found = find(words, "already exists", "exists already", "already", "is found", "was found", "is known")
        return scope.last if found else None

    def _aged(self, words: Sequence[Word], scope: Scope, *, key: str) -> str | None:
        """`is older than 3 days`, `is unchanged since 14 days`, `expires within a week`: a time against the run's own."""
        low = {word.low for word in words}
        read_ = duration(words)
        if read_ is None or not low & {"older", "unchanged", "overdue", "expires", "expire", "due", "newer", "since"}:
            return None
        ahead = bool(low & {"expires", "expire"}) or ("due" in low and "within" in low)
        field = (
            "expires_at" if low & {"expires", "expire"} else "due_date" if low & {"due", "overdue"} else "updated_at"
        )
        path = scope.join(field)
        if path is None:
            return None
        asked = f"Which field says since when ({said(words)})?"
        options = [path, *(one for name in ("created_at", "date") if (one := scope.join(name)))]
        given = self._desk.ask(f"{key}.since", asked, options, weight=0.05, sort=Sort.ASSUMED)
        moment = f"date_{'add' if ahead else 'subtract'}(now(), '{read_[0]}')"
        return f"{given} {'>=' if 'newer' in low else '<='} {moment}"

    def labelled(self, labels: list[str], scope: Scope) -> tuple[list[dict[str, Any]], str]:
        """A model says which of the labels fits what is in hand: the step, and where its answer is."""
        kind = self._index.kind("action/ai_process")
        if kind is None:
            return [], self._desk.ask("route.on", "Which value decides?", ["type"], weight=0.2)
        name = self._desk.name("classify")
        words = read("ask AI to classify it")
        filled = thinking.think(Wish(kind=kind, name=name, words=words, scope=scope), self._desk)
        config = filled.config | ({"labels": labels} if "task" in filled.config else {})
        return [{"type": "action", "kind": "ai_process", "name": name, "config": config}], f"{name}.{filled.result}"

    def _asked_model(self, words: Sequence[Word], scope: Scope) -> str | None:
        """What no comparison can tell, a model decides: it is asked first, and its answer is the condition."""
        kind = self._index.kind("action/ai_process")
        if kind is None or not words or (scope.whole is None and scope.last is None):
            return None
        name = self._desk.name("decide_" + short(words, scope))
        asked = read(f"ask AI to decide whether {said(words)}")
        filled = thinking.think(Wish(kind=kind, name=name, words=asked, scope=scope), self._desk)
        self._pending.append({"type": "action", "kind": "ai_process", "name": name, "config": filled.config})
        text = f"A model decides whether “{said(words)}”; say a comparison, as in `amount > 100`, to do without it."
        self._desk.note(text, weight=0.08)
        return thinking.verdict(f"{name}.{filled.result}" if filled.result else name, negated=False)


def negate(logic: str, negated: bool) -> str:
    """The opposite, where that is asked for."""
    if not negated:
        return logic
    simple = logic.replace(".", "").replace("_", "").isalnum()
    return f"not {logic}" if simple else f"not ({logic})"
