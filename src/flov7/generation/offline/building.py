"""From what was meant to a document: sequence, names, sides, loops, handlers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from flov7.generation.offline import lexicon, policies, steps
from flov7.generation.offline.conditions import read_condition
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.index import Index
from flov7.generation.offline.people import addressed
from flov7.generation.offline.slots import RESERVED, Scope, noun_phrase, plural, singular
from flov7.generation.offline.structure import Choice, Doing, Each, Item, Meaning
from flov7.generation.offline.triggers import Started, trigger
from flov7.generation.offline.words import Word, closed, find, lows, said, snake

_LONGEST_TITLE = 60
_APPROVED = ("approved", "approve", "approves", "accepted", "agreed", "yes", "says yes")
_REJECTED = ("rejected", "reject", "rejects", "declined", "declines", "denied", "refused", "disapproved", "says no",
             "not approved", "not approve")  # fmt: skip
_SAVED = closed("save store archive record log insert add put write file")

Primitive = dict[str, Any]


class Builder:
    """Makes the list of primitives. One use each."""

    def __init__(self, desk: Desk, index: Index, *, sentence: str) -> None:
        self._desk = desk
        self._index = index
        self._sentence = sentence
        self._title = ""
        self._done: list[set[str]] = []

    def document(self, meaning: Meaning) -> dict[str, Any] | None:
        """The whole document; None where no step could be made out."""
        started = trigger(meaning.trigger, meaning.clock, self._desk)
        scope = self._first_scope(started, meaning)
        self._title = _title(started, self._sentence)
        first = dict(started.primitive)
        if started.condition:
            first["when"] = self._logic(started.condition, scope, key=f"{first['name']}.when", negated=False)
        primitives, scope = self._list(meaning.items, scope)
        if meaning.any_failure:
            primitives = self._everywhere(primitives, meaning.any_failure, scope)
        for unread in meaning.unread:
            self._desk.note(f"I did not understand “{said(unread)}”.", weight=0.15)
        if not primitives:
            return None
        made: dict[str, Any] = {
            "flow7": "1.0",
            "name": _document_name(primitives, started),
            "description": self._sentence,
        }
        if started.noun and started.root and _uses(primitives, first, started.root):
            made["inputs"] = {
                "type": "object",
                "required": [started.root],
                "properties": {started.root: {"type": "object"}},
            }
        made["primitives"] = [first, *self._desk.connections.values(), *primitives]
        return made

    def steps(self, meaning: Meaning, scope: Scope) -> list[Primitive]:
        """Only the steps, for a document that has its trigger already."""
        made, _ = self._list(meaning.items, scope)
        return self._everywhere(made, meaning.any_failure, scope) if meaning.any_failure and made else made

    def _first_scope(self, started: Started, meaning: Meaning) -> Scope:
        """What is in hand at the start; without an event, what the first condition speaks of."""
        noun, root = started.noun, started.root
        first = meaning.items[0] if meaning.items else None
        if noun is None and root == "" and isinstance(first, Choice) and meaning.trigger is None:
            found = _spoken_of(first.words)
            noun, root = (found, found) if found else (noun, root)
        person = f"{root}.{snake(started.person)}" if root and started.person else None
        return Scope(noun=noun, root=root, person=person)

    def _list(self, items: Sequence[Item], scope: Scope) -> tuple[list[Primitive], Scope]:
        made: list[Primitive] = []
        at = 0
        while at < len(items):
            item = items[at]
            match item:
                case Doing():
                    for one in _apart(item):
                        found, scope = self._doing(one, scope)
                        made += found
                case Choice():
                    gate = self._gate(item, items[at + 1 :], scope)
                    if gate is not None:
                        found, scope, at = gate[0], gate[1], at + gate[2]
                        made += found
                    else:
                        found, scope = self._choice(item, scope, made)
                        made += found
                case Each():
                    found, scope = self._each(item, scope)
                    made += found
            at += 1
        return made, scope

    def _doing(self, doing: Doing, scope: Scope, *, handles: bool = False) -> tuple[list[Primitive], Scope]:
        words, fields = policies.policies(doing.words)
        words = [word for word in words if word.low not in ("please",)]
        while words and words[0].sort == "mark":
            words.pop(0)
        if not words or steps.is_go_on(words):
            return [], scope
        if lows(words[:2]) in (("do", "not"), ("never",)) or words[0].low == "never":
            self._denied(words)
            return [], scope
        if steps.is_stop(words):
            return [self._stop()], scope
        matches = steps.kind_of(words, self._index, scope, catalogue=self._desk.catalogue)
        if not matches:
            self._unknown(words)
            return [], scope
        name = self._desk.name(_step_name(words, matches[0].kind.name, scope))
        kind, filled = steps.fill(
            words, matches=matches, name=name, scope=scope, desk=self._desk, handles=handles, title=self._title
        )
        self._done.append({word.stem for word in words})
        made: Primitive = {"type": kind.type.value, "kind": kind.name, "name": name}
        if filled.config:
            made["config"] = filled.config
        made |= filled.fields | fields
        if doing.policy and (policy := policies.retry(doing.policy)):
            made["retry"] = policy
        after = addressed(words, scope) if kind.key in ("action/email_send", "action/notification") else scope
        if filled.result is not None:
            after = after.after(name if not filled.result else f"{name}.{filled.result}", noun=filled.noun)
        if filled.config.get("for") == "approval":
            after = replace(after, approval=name)
        handlers = self._handlers(doing, made, scope)
        return [made, *handlers], after

    def _handlers(self, doing: Doing, made: Primitive, scope: Scope) -> list[Primitive]:
        found: list[Primitive] = []
        for item in doing.handlers:
            if not isinstance(item, Doing):
                self._desk.note("A handler is one step here; conditions in it are left out.", weight=0.1)
                continue
            if any(word.low in ("retry", "retrying") for word in item.words[:1]):
                continue
            if steps.is_go_on(item.words) or (item.words[0].low == "ignore" and len(item.words) < 4):
                made["on_error"] = "continue"
                continue
            found += self._doing(item, scope, handles=True)[0]
        if found:
            made["on_error"] = found[0]["name"]
            for before, one in pairwise(found):
                one["after"] = [before["name"]]
        return found

    def _everywhere(self, primitives: list[Primitive], handlers: list[Item], scope: Scope) -> list[Primitive]:
        """One handler for every step of the top list that can fail."""
        made: list[Primitive] = []
        for item in handlers:
            if isinstance(item, Doing):
                made += self._doing(item, scope, handles=True)[0]
        if not made:
            return primitives
        for one in primitives:
            outside = (one["type"] == "action" and one["kind"] != "wait") or "then" in one or "do" in one
            if outside and "on_error" not in one:
                one["on_error"] = made[0]["name"]
        for before, one in pairwise(made):
            one["after"] = [before["name"]]
        return [*primitives, *made]

    def _gate(self, choice: Choice, rest: Sequence[Item], scope: Scope) -> tuple[list[Primitive], Scope, int] | None:
        """`only go on if …`, `stop if …`: a filter that what follows stands behind."""
        if len(choice.then) != 1 or choice.other or not isinstance(choice.then[0], Doing):
            return None
        words = list(choice.then[0].words)
        stops, goes = steps.is_stop(words), steps.is_go_on(words)
        if not (stops or goes):
            return None
        name = self._desk.name("check")
        logic = self._logic(choice.words, scope, key=f"{name}.logic", negated=choice.negated != stops)
        return [{"type": "condition", "kind": "filter", "name": name, "logic": logic}], scope, 0

    def _stop(self) -> Primitive:
        return {"type": "condition", "kind": "filter", "name": self._desk.name("stop"), "logic": "false"}

    def _choice(self, choice: Choice, scope: Scope, before: list[Primitive]) -> tuple[list[Primitive], Scope]:
        approval = self._approval_logic(choice, scope)
        if approval is not None:
            for one in before:
                if one["name"] == scope.approval:
                    one["config"]["on_rejected"] = "continue"
        name = self._desk.name("if_" + _short(choice.words, scope))
        negated = choice.negated
        logic = approval or self._logic(choice.words, scope, key=f"{name}.logic", negated=negated)
        inner = _person_in(choice.words, scope)
        then, after = self._list(choice.then, inner)
        other, _ = self._list(choice.other, inner)
        made: Primitive = {"type": "condition", "kind": "if_else", "name": name, "logic": logic, "then": then}
        if other:
            made["else"] = other
        if not then and not other:
            self._desk.note(f"Nothing is done where “{said(choice.words)}” holds.", weight=0.2)
            return [], scope
        left = replace(scope, approval=after.approval or scope.approval)
        return [made], left

    def _approval_logic(self, choice: Choice, scope: Scope) -> str | None:
        if scope.approval is None:
            return None
        negated = choice.negated
        if find(choice.words, *_REJECTED):
            return f"{scope.approval}.decision {'!=' if negated else '=='} 'rejected'"
        if find(choice.words, *_APPROVED):
            return f"{scope.approval}.decision {'!=' if negated else '=='} 'approved'"
        return None

    def _logic(self, words: Sequence[Word], scope: Scope, *, key: str, negated: bool) -> str:
        reading = read_condition(words, scope)
        if reading is None:
            guess = scope.join(snake(noun_phrase(words)[:2])) or "true"
            return _not(
                self._desk.ask(
                    key, f"How can I see that “{said(words)}”? Say it as in `amount > 100`.", [guess], weight=0.25
                ),
                negated,
            )
        if not reading.ask:
            return _not(reading.logic, negated)
        answers = reading.answers or (reading.logic,)
        return _not(self._desk.ask(key, reading.ask, answers), negated)

    def _each(self, each: Each, scope: Scope) -> tuple[list[Primitive], Scope]:
        words = [word for word in each.words if word.sort != "mark"]
        cut = find(words, "in", "of", "from", "on", "within")
        item_words = noun_phrase(words[: cut[0]] if cut else words)
        source = words[cut[1] :] if cut else []
        noun = singular(snake(item_words[-1:])) if item_words else "item"
        over = self._over(noun, source, words, scope)
        name = self._desk.name(f"each_{noun}")
        chosen = f"{noun}_item" if noun in RESERVED or noun == scope.noun else noun
        body, _ = self._list(each.body, scope.item(noun, root=chosen))
        if not body:
            self._desk.note(f"Nothing is done for each {noun}.", weight=0.2)
            return [], scope
        made = {"type": "condition", "kind": "loop", "name": name, "over": over, "as": chosen, "do": body}
        return [made], scope

    def _over(self, noun: str, source: Sequence[Word], words: Sequence[Word], scope: Scope) -> str:
        listed = plural(noun)
        key = f"each_{noun}.over"
        if source:
            path = scope.path(source)
            if path is None:
                return self._desk.ask(key, f"Where is the list ({said(words)})?", [listed], weight=0.2)
            known = path in scope.results.values() or path == scope.last
            named = noun_phrase(source)
            if path == scope.whole and not known:
                return listed if path == "trigger.payload" else f"{path}.{listed}"
            is_list = (
                known
                or (named and singular(named[-1].low) != named[-1].low)
                or find(source, "list", "result", "results", "response", "answer", "array")
            )
            return path if is_list else f"{path}.{listed}"
        for said_noun, path in reversed(scope.results.items()):
            if singular(said_noun.split("_")[-1]) == noun:
                return path
        if scope.root is None and scope.last:
            return scope.last
        if scope.last and scope.root is not None:
            inner = scope.join(listed) or listed
            asked = f"Where is the list of {listed.replace('_', ' ')}?"
            return self._desk.ask(key, asked, [scope.last, f"{scope.last}.{listed}", inner])
        path = scope.join(listed)
        return path if path else self._desk.ask(key, f"Where is the list of {listed}?", [listed], weight=0.25)

    def _denied(self, words: Sequence[Word]) -> None:
        """`do not …`: asked about where a step above does just that."""
        stems = {word.stem for word in words if word.low not in ("do", "not", "never")}
        if any(stems <= done for done in self._done):
            asked = f"You ask for it and say “{said(words)}” as well. Shall it be done?"
            self._desk.ask("step.contradiction", asked, ["yes", "no"], weight=0.4)
            return
        self._desk.note(f"“{said(words)}”: nothing here does that.", weight=0.05)

    def _unknown(self, words: Sequence[Word]) -> None:
        self._desk.ask(
            f"step.{snake(words[:3])}",
            f"I do not know how to do “{said(words)}”. Which of these comes closest?",
            ["call a service over HTTP", "send an e-mail", "tell a channel", "ask a database", "leave it out"],
            weight=0.3,
        )


def _spoken_of(words: Sequence[Word]) -> str | None:
    """`a parcel`, `the parcel's weight`: the noun that a first condition is about."""
    at = find(words, "'s")
    if at and at[0]:
        return snake(noun_phrase(words[at[0] - 1 : at[0]]))
    if words and words[0].low in ("a", "an") and len(words) > 1:
        return snake(words[1:2])
    return None


def _apart(doing: Doing) -> list[Doing]:
    """`tell sales and finance` is two steps."""
    words = doing.words
    at = next((n for n, word in enumerate(words) if word.low == "and"), 0)
    verb = words[0].low if words else ""
    if (
        not 1 < at < len(words) - 1
        or at > 4
        or verb not in ("tell", "email", "notify", "inform", "alert", "mail", "warn")
    ):
        return [doing]
    second = [word for word in words[at + 1 :] if word.low not in ("the", "a", "an", "also")]
    plain = all(word.sort == "word" and word.low not in lexicon.PREPOSITIONS for word in (*words[1:at], *second))
    if not plain or len(second) > 2:
        return [doing]
    other = (words[0], *words[at + 1 :])
    return [Doing(words[:at], doing.handlers, doing.policy), Doing(other, [], doing.policy)]


def _not(logic: str, negated: bool) -> str:
    if not negated:
        return logic
    simple = logic.replace(".", "").replace("_", "").isalnum()
    return f"not {logic}" if simple else f"not ({logic})"


def _short(words: Sequence[Word], scope: Scope) -> str:
    skip = lexicon.DETERMINERS | lexicon.COPULAS | lexicon.PREPOSITIONS | lexicon.PRONOUNS | {"'s"}
    kept = [word for word in words if word.low not in skip and word.sort == "word"]
    if scope.noun:
        kept = [word for word in kept if word.low != scope.noun] or kept
    return snake(kept[:2]) if kept else "so"


def _step_name(words: Sequence[Word], kind: str, scope: Scope) -> str:
    skip = lexicon.DETERMINERS | lexicon.PREPOSITIONS | lexicon.PRONOUNS | {"'s", "up", "and"}
    if kind == "wait":
        return (
            "approval"
            if find(words, "approval", "approve", "approves", "sign-off", "go-ahead", "ok")
            else ("answer" if words[0].low == "ask" else "wait")
        )
    kept = [word for word in words[:6] if word.low not in skip and word.sort in ("word", "channel")]
    if len(kept) == 1 and (url := next((word.text for word in words if word.sort in ("url", "path")), None)):
        parts = [one for one in re.split(r"[/?#]", url.partition("://")[2] or url)[1:] if one.isalpha()]
        return snake(f"{kept[0].low} {parts[-1] if parts else kind}")
    if len(kept) == 1:
        return kind if kept[0].low in kind.split("_") else f"{snake(kept)}_{kind}"
    name = snake(kept[:2]) if kept else kind
    return name if name != scope.noun else f"{name}_{kind}"


def _person_in(words: Sequence[Word], scope: Scope) -> Scope:
    return scope


def _title(started: Started, sentence: str) -> str:
    if started.noun:
        return f"New {started.noun.replace('_', ' ')}"
    text = sentence.strip().rstrip(".")
    return text if len(text) <= _LONGEST_TITLE else text[: _LONGEST_TITLE - 1].rsplit(" ", 1)[0] + " …"


def _document_name(primitives: Sequence[Primitive], started: Started) -> str:
    acts = [str(one["name"]) for one in primitives if one["type"] in ("action", "data")]
    first = acts[0] if acts else str(primitives[0]["name"])
    return snake(f"{started.noun}_{first}" if started.noun and started.noun not in first else first)


def _uses(primitives: Sequence[Primitive], first: Primitive, root: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(root)}(?![\w])", repr([*primitives, first])) is not None


def unread(words: Sequence[Word]) -> tuple[str, ...]:
    """The plain words, for a message."""
    return lows(words)
