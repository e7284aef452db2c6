"""Taking steps out of a document, and what only they made sense of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flov7.generation.offline.operations.matching import Matching, unwrapped
from flov7.generation.offline.operations.resolve import Found, Said, resolve
from flov7.generation.offline.operations.scene import Frame, Primitive
from flov7.generation.offline.operations.standing import NESTED, Standing, walk
from flov7.generation.offline.operations.tests import against, comparison, is_against, logic, opened
from flov7.generation.offline.operations.vocabulary import Vocabulary
from flov7.generation.offline.words import Word, begins, find

NOT = ("do not", "never", "no need to", "there is no need to", "you do not need to", "we do not need to", "we no longer need to",
        "it is not necessary to", "not necessary to", "no longer", "stop", "skip", "i do not want to", "do not need to",
        "i do not need to", "we do not want to", "avoid", "not", "it should not", "should not", "no longer need to", "get rid of",
        "take out", "leave out", "exclude", "eliminate", "omit", "undo", "discard", "cut", "cancel", "drop",
        "we should not", "you should not", "you do not have to", "do not have to", "without", "no need for", "no more")  # fmt: skip
_STEP = ("step", "steps", "action", "actions", "task", "tasks", "part", "operation", "branch", "condition", "loop", "block", "if", "else",
         "check", "call", "node")  # fmt: skip
NOTHING = ("anything", "nothing", "any steps", "any action", "any of the steps")


class Removing:
    """Reads a change as something to take out."""

    def __init__(self, root: Frame, matching: Matching, vocabulary: Vocabulary) -> None:
        self._root = root
        self._matching = matching
        self._vocabulary = vocabulary

    def change(self, words: Sequence[Word]) -> bool:
        """False where the words take nothing out."""
        needless = find(words, "is not needed", "are not needed", "is not required", "is not necessary", "is no longer needed",
                        "are no longer needed", "is unnecessary", "are not required")  # fmt: skip
        if needless and needless[0]:
            return self._steps(words[: needless[0]])
        if (
            words
            and words[0].low == "no"
            and (at := find(words, "is needed", "are needed", "is required", "is necessary", "needed"))
        ):
            return self._steps(words[1 : at[0]])
        count = begins(words, *NOT)
        taken = begins(words, "remove", "delete")
        if not count and not taken:
            return False
        rest = list(words[count or taken :])
        if count and find(rest, *NOTHING):
            return self._nothing_if(rest)
        if taken and not count and not self._means_step(words, rest):
            return False
        return self._all_but(rest) or self._part(rest) or self._steps(rest)

    def _means_step(self, words: Sequence[Word], rest: Sequence[Word]) -> bool:
        """`remove the step …`; `delete the file` is rather a step to add, unless the document has no such thing to do."""
        if find(words, *_STEP):
            return True
        if not self._matching.find(rest):
            return False
        asked = replace(self._matching.said(rest), verb="delete")
        able = resolve(asked, self._vocabulary)
        return words[0].low == "remove" or not any(one.sure >= 0.7 and _fits(one, asked) for one in able)

    def _nothing_if(self, words: Sequence[Word]) -> bool:
        """`do nothing if the role is inactive`: that side goes; the other stays, with the condition turned around."""
        at = find(words, "if", "when", "unless", "in case")
        read = comparison(words[at[1] :]) if at else None
        if at is None or read is None:
            return False
        for one in self._every():
            text = str(one.primitive.get("logic", ""))
            plain = opened(text)
            if one.primitive.get("kind") != "if_else" or plain is None:
                continue
            wanted = logic(plain[0], sign=read.sign, value=read.value)
            if opened(wanted) == plain:
                return self._drop_side(one, "then")
            if is_against(wanted, text):
                return self._drop_side(one, "else")
        return False

    def _drop_side(self, one: Standing, side: str) -> bool:
        one.primitive[side] = []
        self._tidy()
        return True

    def _all_but(self, words: Sequence[Word]) -> bool:
        """`remove all steps in the loop except for sending …`."""
        at = find(words, "except for", "except", "but", "other than", "apart from", "besides")
        if at is None or not any(word.low in ("all", "every", "everything", "other") for word in words[: at[0]]):
            return False
        kept = self._matching.find(words[at[1] :])
        if not kept:
            return False
        names = {id(one.primitive) for one in kept}
        loops = [frame.items for one in kept for frame in one.frames if frame.kind == "loop"]
        inside = find(words[: at[0]], "branch", "condition", "block", "if")
        lists = [one.items for one in kept] if inside else loops if find(words[: at[0]], "loop") else [self._root.items]
        for items in lists:
            _prune(items, names)
        self._tidy()
        return True

    def _part(self, words: Sequence[Word]) -> bool:
        """`remove the else branch`, `remove the condition`, `remove the loop`."""
        rest = unwrapped(words)
        plain = [
            word.low
            for word in rest
            if word.low not in ("part", "branch", "block", "case", "clause", "statement", "entire", "whole", "check")
        ]
        every = self._every()
        if plain[:1] in (["else"], ["otherwise"]):
            found = next((one for one in reversed(every) if one.primitive.get("else")), None)
            return found is not None and self._drop_side(found, "else")
        if plain[:1] in (["condition"], ["if"]) and len(plain) <= 3:
            return self._unwrap([one for one in every if one.primitive.get("kind") == "if_else"][-1:], "then")
        if plain[:1] == ["loop"]:
            return self._unwrap([one for one in every if one.primitive.get("kind") == "loop"][-1:], "do")
        return False

    def _unwrap(self, found: Sequence[Standing], side: str) -> bool:
        """The condition or loop goes, what was done in it stays."""
        for one in found:
            place = one.place
            one.items[place : place + 1] = one.primitive.get(side, [])
        return bool(found)

    def _steps(self, words: Sequence[Word]) -> bool:
        at = find(words, "if", "when", "for each", "for every")
        found = self._matching.find(words[: at[0]] if at and at[0] else words)
        if not found:
            return False
        for one in found:
            self._take(one)
        self._tidy()
        return True

    def _take(self, one: Standing) -> None:
        """A step, and a loop over what only it gave."""
        name = str(one.primitive.get("name"))
        one.items[:] = [other for other in one.items if other is not one.primitive]
        for other in self._every():
            if other.primitive.get("kind") == "loop" and other.primitive.get("over") == name:
                other.items[:] = [kept for kept in other.items if kept is not other.primitive]

    def _every(self) -> list[Standing]:
        return list(walk((self._root,), self._vocabulary))

    def _tidy(self) -> None:
        """Conditions and loops with nothing in them go; one with only its other side is turned around."""
        _tidied(self._root.items)


def _tidied(items: list[Primitive]) -> None:
    for one in list(items):
        for field, _ in NESTED:
            if isinstance(one.get(field), list):
                _tidied(one[field])
        if one.get("else") == []:
            del one["else"]
        if one.get("kind") == "if_else" and one.get("then") == []:
            if one.get("else"):
                one["logic"], one["then"] = against(str(one["logic"])), one.pop("else")
            elif "if_true" not in one and "if_false" not in one:
                items.remove(one)
        elif one.get("kind") == "loop" and one.get("do") == []:
            items.remove(one)


def _prune(items: list[Primitive], names: set[int]) -> None:
    """Leaves only these steps, and what holds them."""
    items[:] = [
        one for one in items if id(one) in names or _holds(one, names) or one.get("type") in ("trigger", "connection")
    ]
    for one in items:
        for field, _ in NESTED:
            if id(one) not in names and isinstance(one.get(field), list):
                _prune(one[field], names)


def _fits(found: Found, asked: Said) -> bool:
    """Whether it is at the service that was named, where one was."""
    return not asked.named or asked.named.get(found.operation.connector, 0.0) >= 0.4


def _holds(primitive: Primitive, names: set[int]) -> bool:
    for field, _ in NESTED:
        for inner in primitive.get(field) or []:
            if id(inner) in names or _holds(inner, names):
                return True
    return False
