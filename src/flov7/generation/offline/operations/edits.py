"""Changes to a document in words: add before or after, replace, remove, another condition. The rest stays as it is."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

from flov7.generation.offline import lexicon
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.operations.deciding import Deciding
from flov7.generation.offline.operations.matching import Matching
from flov7.generation.offline.operations.pieces import VERBS
from flov7.generation.offline.operations.reading import Reader
from flov7.generation.offline.operations.removing import NOT, Removing
from flov7.generation.offline.operations.replacing import Replacing
from flov7.generation.offline.operations.scene import Frame, Primitive
from flov7.generation.offline.operations.standing import Standing, scene_of, walk
from flov7.generation.offline.operations.vocabulary import Vocabulary
from flov7.generation.offline.words import Word, begins, find, read

_FIRST = ("as the first step", "as a first step", "as first step", "at the beginning", "at the start", "in the beginning",
          "to begin with", "before everything else", "before anything else", "before all", "at the very beginning",
          "as the very first step", "before doing anything", "before starting", "to start with")  # fmt: skip
_LAST = ("as the last step", "as a last step", "as last step", "as the final step", "at the end", "in the end", "after finishing",
         "when done", "after everything", "after that", "at last", "once finished", "once everything is done", "when finished",
         "after completing", "after all steps", "after the loop", "after all of this", "once done", "after completion",
         "as a final step", "at the very end")  # fmt: skip


Maker = Callable[[Sequence[Word]], list[Primitive]]
"""Makes steps of words; left out, operations of services are all that there is."""


class Editor:
    """Changes one document. Use once; `primitives` is changed in place."""

    def __init__(
        self, desk: Desk, vocabulary: Vocabulary, primitives: list[Primitive], *, maker: Maker | None = None
    ) -> None:
        self._desk = desk
        self._maker = maker
        self._vocabulary = vocabulary
        self._root = Frame("root", primitives)
        for one in self._all():
            desk.name(str(one.primitive.get("name", "step")))
            if one.primitive.get("kind") == "loop":
                desk.name(str(one.primitive.get("as", "item")))
        self._matching = Matching(vocabulary, self._all)

    def change(self, words: Sequence[Word]) -> bool:
        """Makes the change; False where nothing was found to change."""
        words = _plain(words)
        if begins(words, "remove", *NOT):
            return Removing(self._root, self._matching, self._vocabulary).change(words)
        return (
            Replacing(self._desk, self._vocabulary, self._root, self._matching, maker=self._maker).change(words)
            or Removing(self._root, self._matching, self._vocabulary).change(words)
            or self._moved(words)
            or self._conditioned(words)
            or self._placed(words)
            or self._added(words)
        )

    def _all(self) -> list[Standing]:
        return list(walk((self._root,), self._vocabulary))

    def _placed(self, words: Sequence[Word]) -> bool:
        """`before …`, `after …`, `as the first step …`."""
        for phrases, first in ((_FIRST, True), (_LAST, False)):
            at = find(words, *phrases)
            if at is not None:
                made = self._made([*words[: at[0]], *words[at[1] :]])
                if first:
                    self._root.items[self._start() : self._start()] = made
                else:
                    self._root.items.extend(made)
                return bool(made)
        if words and words[-1].low in ("first", "last") and len(words) > 2:
            where = "as the first step" if words[-1].low == "first" else "as the last step"
            return self._placed([*words[:-1], *read(where)])
        between = find(words, "between", "in between")
        if between is not None:
            joint = find(words, "and", start=between[1])
            comma = next(
                (n for n, word in enumerate(words) if word.sort == "mark" and joint and n > joint[1]), len(words)
            )
            if joint is not None:
                step = [*words[: between[0]], *words[comma + 1 :]]
                return self._placed([*read("after"), *words[between[1] : joint[0]], *read(","), *step])
        at = find(words, "right before", "just before", "right after", "just after", "immediately after", "before", "prior to",
                  "after", "once", "following")  # fmt: skip
        if at is None:
            return False
        word = words[at[1] - 1].low
        anchor, step = _apart(words, at)
        if not anchor or not step:
            return False
        targets = self._matching.find(anchor)
        if not targets:
            return False
        every = any(one.low in ("every", "each", "all") for one in anchor)
        for target in targets if every else targets[:1]:
            made = self._made(step, near=target)
            place = target.place + (0 if word in ("before", "to") else 1)
            target.items[place:place] = made
        return True

    def _moved(self, words: Sequence[Word]) -> bool:
        """`move the message before the loop`: the same step, elsewhere."""
        if not begins(words, "move", "put", "do", "run", "shift"):
            return False
        at = find(
            words,
            "to the end",
            "to the beginning",
            "to the start",
            "before",
            "after",
            "in front of",
            "behind",
            "at the end",
            start=2,
        )
        moving = self._matching.find(words[1 : at[0]]) if at else []
        if at is None or len(moving) != 1:
            return False
        link = words[at[1] - 1].low
        anchors = self._matching.find(words[at[1] :]) or self._block(words[at[1] :])
        if link in ("before", "after", "of", "behind") and not anchors:
            return False
        one = moving[0]
        one.items[:] = [kept for kept in one.items if kept is not one.primitive]
        if link in ("before", "after", "of", "behind"):
            target = anchors[0]
            target.items.insert(target.place + (0 if link in ("before", "of") else 1), one.primitive)
        elif link == "end":
            self._root.items.append(one.primitive)
        else:
            self._root.items.insert(self._start(), one.primitive)
        return True

    def _block(self, words: Sequence[Word]) -> list[Standing]:
        kinds = {"loop": "loop", "condition": "if_else", "if": "if_else", "check": "if_else"}
        wanted = next((kinds[word.low] for word in words if word.low in kinds), None)
        return [one for one in self._all() if one.primitive.get("kind") == wanted][:1] if wanted else []

    def _conditioned(self, words: Sequence[Word]) -> bool:
        """`send the email only if …`: a step that stands gets a condition."""
        at = find(words, "only if", "only when", "if and only if")
        if at is None or not at[0]:
            return False
        found = self._matching.find(words[: at[0]])
        scene = scene_of(self._root.items, self._vocabulary)
        if len(found) != 1:
            return False
        scene.frames = list(found[0].frames)
        text, _ = Deciding(self._desk, scene).logic(words[at[1] :], negated=False)
        one, place = found[0], found[0].place
        name = self._desk.name("if_" + "_".join(word.low for word in words[at[1] : at[1] + 3] if word.low.isalpha()))
        one.items[place] = {
            "type": "condition",
            "kind": "if_else",
            "name": name,
            "logic": text,
            "then": [one.primitive],
        }
        return True

    def _start(self) -> int:
        return next(
            (n for n, one in enumerate(self._root.items) if one.get("type") not in ("trigger", "connection")), 0
        )

    def _made(self, words: Sequence[Word], *, near: Standing | None = None) -> list[Primitive]:
        """New steps for words, with what is said in the document known."""
        if self._maker is not None:
            return self._maker(words)
        scene = scene_of(self._root.items, self._vocabulary)
        if near is not None and near.operation is not None:
            scene.near(near.operation.connector)
        made: list[Primitive] = []
        scene.frames = [*scene.frames, Frame("root", made)]
        reader = Reader(self._desk, self._vocabulary, scene=scene)
        scene.frames = [Frame("root", made)]
        reader.read(words)
        return made

    def _added(self, words: Sequence[Word]) -> bool:
        """What is said without a place comes at the end, a condition where what it asks about stands."""
        if self._maker is not None:
            made = self._maker(words)
            self._root.items.extend(made)
            return bool(made)
        before = copy.deepcopy(self._root.items)
        scene = scene_of(self._root.items, self._vocabulary)
        scene.frames = [self._root]
        Reader(self._desk, self._vocabulary, scene=scene).read(words)
        return before != self._root.items


def _plain(words: Sequence[Word]) -> list[Word]:
    kept = list(words)
    while kept and (kept[-1].sort == "mark" or kept[-1].low in ("please", "now")):
        kept.pop()
    count = begins(kept, "add a step to", "add a new step to", "add another step to", "insert a step to", "include a step to",
                   "add the step to", "add a step that", "insert a step that", "add a task to", "append a step to", "please", "can you", "could you", "i want you to", "i want to", "i would like to", "you should", "also",
                   "and", "additionally", "we should", "let us", "now", "then", "actually")  # fmt: skip
    return _plain(kept[count:]) if count and count < len(kept) else kept


def _apart(words: Sequence[Word], at: tuple[int, int]) -> tuple[list[Word], list[Word]]:
    """The step that is the landmark, and the step that is new."""
    if at[0] > 0:
        tail = list(words[at[1] :])
        comma = next((n for n, word in enumerate(tail) if word.sort == "mark"), None)
        return (tail[:comma], list(words[: at[0]]))
    rest = list(words[at[1] :])
    comma = next((n for n, word in enumerate(rest) if word.sort == "mark"), None)
    if comma is None:
        comma = next(
            (n for n, word in enumerate(rest) if n > 1 and word.low in VERBS and word.low not in lexicon.NOUN_TOO), None
        )
        return (rest[:comma], rest[comma:]) if comma else ([], [])
    return rest[:comma], rest[comma + 1 :]
