"""From what was meant to a document: sequence, names, sides, loops, handlers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from flov7.generation.offline import lexicon, messages, places, policies, replying, steps
from flov7.generation.offline.arranging import apart, joined, per_service, reordered
from flov7.generation.offline.choosing import Chooser
from flov7.generation.offline.deciding import Decider
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.index import Index, Match
from flov7.generation.offline.looping import over
from flov7.generation.offline.naming import document_name, short, spoken_of, step_name, title, uses
from flov7.generation.offline.people import addressed
from flov7.generation.offline.places import connector_of
from flov7.generation.offline.slots import RESERVED, Scope, noun_phrase, plural, singular
from flov7.generation.offline.structure import Choice, Doing, Each, Item, Meaning
from flov7.generation.offline.switching import Ways, ways_of
from flov7.generation.offline.triggers import Started, trigger
from flov7.generation.offline.words import Word, find, lows, number, read, said, snake

_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_TELLING = ("action/email_send", "action/notification")

Primitive = dict[str, Any]


class Builder:
    """Makes the list of primitives. One use each."""

    def __init__(self, desk: Desk, index: Index, *, sentence: str) -> None:
        self._desk = desk
        self._index = index
        self._sentence = sentence
        self._title = ""
        self._done: list[set[str]] = []
        self._answers = False
        self._fetching = False
        self._decider = Decider(desk, index)
        self._chooser = Chooser(desk, index, sentence=sentence)

    def document(self, meaning: Meaning) -> dict[str, Any] | None:
        """The whole document; None where no step could be made out."""
        started = trigger(meaning.trigger, meaning.clock, self._desk)
        scope = self._first_scope(started, meaning)
        self._title = title(started, self._sentence)
        first = dict(started.primitive)
        if started.condition:
            first["when"] = self._decider.logic(started.condition, scope, key=f"{first['name']}.when", negated=False)
        judged = self._decider.taken()
        primitives, scope = self._list(self._begun(meaning), scope)
        if primitives and primitives[-1]["kind"] == "ai_process" and scope.root is not None:
            primitives += self._kept(scope)
        if judged:
            primitives = [*judged, _gate_of(first, self._desk), *primitives]
        if meaning.any_failure:
            primitives = self._everywhere(primitives, meaning.any_failure, scope)
        for unread in meaning.unread:
            self._desk.note(f"I did not understand “{said(unread)}”.", weight=0.15)
        if not primitives:
            return None
        made: dict[str, Any] = {
            "flow7": "1.0",
            "name": document_name(primitives, started),
            "description": self._sentence,
        }
        brought = first["kind"] in ("webhook", "api", "manual", "schedule")
        if brought and started.noun and started.root and uses(primitives, first, started.root):
            made["inputs"] = {
                "type": "object",
                "required": [started.root],
                "properties": {started.root: {"type": "object"}},
            }
        if self._answers and first["kind"] in ("webhook", "api"):
            first["config"] = {**first.get("config", {}), "respond": "result"}
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
            found = spoken_of(first.words)
            noun, root = (found, found) if found else (noun, root)
        person = f"{root}.{snake(started.person)}" if root and started.person else None
        return Scope(noun=noun, root=root, person=person, asker=started.asker)

    def _list(self, items: Sequence[Item], scope: Scope) -> tuple[list[Primitive], Scope]:
        made: list[Primitive] = []
        items, at = joined(reordered(items)), 0
        while at < len(items):
            item = items[at]
            match item:
                case Doing() if item.words and item.words[0].low == "compare":
                    found, scope = self._compare(item, items[at + 1 :], scope)
                    return [*made, *found], scope
                case Doing() if item.words and (ways := ways_of(item.words)) is not None:
                    found, scope = self._switch(ways, scope)
                    made += found
                case Doing() if len(targets := per_service(item, self._desk.catalogue)) > 1:
                    found, scope = self._side_by_side(targets, scope, made)
                    made += found
                case Doing():
                    for one in apart(item):
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
        matches = self._chooser.matches(words, scope)
        fetched, scope = self._first(words, matches, scope)
        if not matches:
            return fetched, scope
        self._answers = self._answers or (scope.asker == "http" and replying.replies(words))
        name = self._desk.name(step_name(words, matches[0].kind.name, scope))
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
        if kind.key == "action/ai_process":
            after = replace(after, judge=f"{name}.{filled.result}" if filled.result else name)
        if filled.config.get("for") == "approval":
            after = replace(after, approval=name)
        handlers = self._handlers(doing, made, scope)
        return [*fetched, *filled.before, made, *handlers], after

    def _first(self, words: Sequence[Word], matches: Sequence[Match], scope: Scope) -> tuple[list[Primitive], Scope]:
        """What has to be fetched before: a list that lies at a service, or what is told while nothing is in hand."""
        kind = matches[0].kind if matches else None
        if kind is None or self._fetching:
            return [], scope
        wanted: tuple[Word, ...] = ()
        if (
            kind.type.value == "data"
            and (at := find(words, "from", "in", "of"))
            and connector_of(words[at[1] :], self._desk.catalogue)
        ):
            wanted = tuple(words[1:])
        elif kind.key in _TELLING and scope.whole is None:
            wanted = messages.news(words)
        elif (
            kind.key == "data/mapping"
            and scope.last is None
            and replying.replies(words)
            and len(words) > 4
            and words[1].low == "the"
        ):
            wanted = tuple(words[1:])
        if not wanted and kind.key == "data/merge" and scope.whole is None:
            return self._several(words, scope)
        if not wanted:
            return [], scope
        return self._fetched(wanted, scope)

    def _several(self, words: Sequence[Word], scope: Scope) -> tuple[list[Primitive], Scope]:
        """`merge three feeds`: each is fetched before."""
        count = next((int(n) for word in words if (n := number(word)) is not None and 2 <= n <= len(_ORDINALS)), 0)
        thing = [word for word in words[1:] if number(word) is None and word.low not in lexicon.DETERMINERS]
        end = next(
            (n for n, word in enumerate(thing) if word.sort != "word" or word.low in lexicon.PREPOSITIONS), len(thing)
        )
        made: list[Primitive] = []
        for ordinal in _ORDINALS[:count]:
            found, scope = self._fetched((*read(ordinal), *thing[:end]), scope)
            made += found
        return made, scope

    def _fetched(self, words: Sequence[Word], scope: Scope) -> tuple[list[Primitive], Scope]:
        self._fetching = True
        made, after = self._doing(Doing((*read("fetch"), *words)), scope)
        self._fetching = False
        return made, after

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
        logic = self._decider.logic(choice.words, scope, key=f"{name}.logic", negated=choice.negated != stops)
        return [*self._decider.taken(), {"type": "condition", "kind": "filter", "name": name, "logic": logic}], scope, 0

    def _stop(self) -> Primitive:
        return {"type": "condition", "kind": "filter", "name": self._desk.name("stop"), "logic": "false"}

    def _choice(self, choice: Choice, scope: Scope, before: list[Primitive]) -> tuple[list[Primitive], Scope]:
        approval = self._decider.approval(choice, scope)
        if approval is not None:
            for one in before:
                if one["name"] == scope.approval:
                    one["config"]["on_rejected"] = "continue"
        name = self._desk.name("if_" + short(choice.words, scope))
        negated = choice.negated
        logic = approval or self._decider.logic(choice.words, scope, key=f"{name}.logic", negated=negated)
        asked = self._decider.taken()
        inner = scope
        then, after = self._list(choice.then, inner)
        other, _ = self._list(choice.other, inner)
        made: Primitive = {"type": "condition", "kind": "if_else", "name": name, "logic": logic, "then": then}
        if other:
            made["else"] = other
        if not then and not other:
            self._desk.note(f"Nothing is done where “{said(choice.words)}” holds.", weight=0.2)
            return [], scope
        left = replace(scope, approval=after.approval or scope.approval)
        return [*asked, made], left

    def _begun(self, meaning: Meaning) -> list[Item]:
        """The steps; one that ends the run before anything was done is asked about, and ends nothing."""
        first = meaning.items[0] if meaning.items else None
        if not isinstance(first, Doing) or meaning.trigger or meaning.clock or not steps.is_stop(first.words):
            return meaning.items
        text = f"“{said(first.words)}” ends it before anything is done. What shall happen?"
        self._desk.ask(f"step.{snake(first.words[:3])}", text, ["leave it out"], weight=0.3)
        return meaning.items[1:]

    def _kept(self, scope: Scope) -> list[Primitive]:
        """What a model says of a record goes back to where the record lies; without that it would be lost."""
        words = read("write the answer back to the same record")
        matches = self._chooser.matches(words, scope)
        if not matches or "." not in matches[0].kind.name:
            return []
        self._desk.note("What the model says is written back to the record.", weight=0.05)
        return self._doing(Doing(words), scope)[0]

    def _switch(self, ways: Ways, scope: Scope) -> tuple[list[Primitive], Scope]:
        """One value decides; where no field was named, a model says what it is about."""
        on = scope.path(read(ways.on)) if ways.on else None
        asked: list[Primitive] = []
        if on is None:
            asked, on = self._decider.labelled([value for value, _ in ways.cases], scope)
        name = self._desk.name("route")
        cases = {
            value: self._doing(Doing((*read("send it to"), *read(where))), scope)[0] for value, where in ways.cases
        }
        made: Primitive = {"type": "condition", "kind": "switch", "name": name, "on": on, "cases": cases}
        if ways.rest:
            made["default"] = self._doing(Doing((*read("send it to"), *read(ways.rest))), scope)[0]
        return [*asked, made], scope

    def _side_by_side(
        self, targets: Sequence[Doing], scope: Scope, before: list[Primitive]
    ) -> tuple[list[Primitive], Scope]:
        """The same at several services: none waits for the other."""
        made: list[Primitive] = []
        for one in targets:
            found, after = self._doing(one, scope)
            scope = replace(scope, results={**scope.results, **after.results})
            if before and found:
                found[0]["after"] = [before[-1]["name"]]
            made += found
        return made, scope

    def _compare(self, doing: Doing, rest: Sequence[Item], scope: Scope) -> tuple[list[Primitive], Scope]:
        """Two lists side by side; what is done with the difference is done only where there is one."""
        words = doing.words[1:]
        at = find(words, "with", "to", "and", "against")
        made: list[Primitive] = []
        paths: list[str] = []
        for part in (words[: at[0]], words[at[1] :]) if at else ():
            found, after = self._doing(Doing((*read("fetch"), *part)), scope)
            made, scope = [*made, *found], after
            paths += [after.last] if after.last else []
        known = list(
            dict.fromkeys(
                [*paths, *reversed(list(scope.results.values())), "trigger.payload.first", "trigger.payload.second"]
            )
        )
        name = self._desk.name("compare")
        then, after = self._list(rest, scope)
        both: Primitive = {
            "type": "condition",
            "kind": "compare",
            "name": name,
            "left": known[0],
            "op": "!=",
            "right": known[1],
        }
        return [*made, {**both, "then": then} if then else both], after if not then else scope

    def _each(self, each: Each, scope: Scope) -> tuple[list[Primitive], Scope]:
        words = [word for word in each.words if word.sort != "mark"]
        cut = find(words, "in", "of", "from", "on", "within")
        item_words = noun_phrase(words[: cut[0]] if cut else words)
        source = words[cut[1] :] if cut else []
        noun = singular(snake(item_words[-1:])) if item_words else "item"
        fetched: list[Primitive] = []
        if connector_of(source, self._desk.catalogue) or (scope.whole is None and source and places.names_place(words)):
            fetched, scope = self._fetched((*read(plural(noun)), *words[(cut or (0, 0))[0] :]), scope)
            source = [] if scope.last else source
        listed = over(noun, source, words, scope, self._desk)
        name = self._desk.name(f"each_{noun}")
        chosen = f"{noun}_item" if noun in RESERVED or noun == scope.noun else noun
        body, _ = self._list(each.body, scope.item(noun, root=chosen))
        if not body:
            self._desk.note(f"Nothing is done for each {noun}.", weight=0.2)
            return [], scope
        made = {"type": "condition", "kind": "loop", "name": name, "over": listed, "as": chosen, "do": body}
        return [*fetched, made], scope

    def _denied(self, words: Sequence[Word]) -> None:
        """`do not …`: asked about where a step above does just that."""
        stems = {word.stem for word in words if word.low not in ("do", "not", "never")}
        stems -= {"send", "any", "ever", "again", "make", "do"} if len(stems) > 1 else set()
        if stems and any(stems <= done for done in self._done):
            asked = f"You ask for it and say “{said(words)}” as well. Shall it be done?"
            self._desk.ask("step.contradiction", asked, ["yes", "no"], weight=0.4)
            return
        self._desk.note(f"“{said(words)}”: nothing here does that.", weight=0.05)


def _gate_of(first: Primitive, desk: Desk) -> Primitive:
    """A condition that a step decides cannot stand at the trigger: it is a filter behind that step."""
    return {"type": "condition", "kind": "filter", "name": desk.name("check"), "logic": first.pop("when")}
