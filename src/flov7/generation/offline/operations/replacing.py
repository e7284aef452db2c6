"""Putting one step in another's place, one service in another's, one value in another's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flov7.generation.offline.desk import Desk
from flov7.generation.offline.operations.matching import Matching
from flov7.generation.offline.operations.phrases import Thing, deed
from flov7.generation.offline.operations.pieces import VERBS
from flov7.generation.offline.operations.reading import Reader
from flov7.generation.offline.operations.resolve import Said, naming, resolve, stems
from flov7.generation.offline.operations.scene import Frame, Primitive
from flov7.generation.offline.operations.standing import Standing, renamed, scene_of, walk
from flov7.generation.offline.operations.tests import comparison, literal, logic, opened
from flov7.generation.offline.operations.vocabulary import Operation, Vocabulary
from flov7.generation.offline.words import Word, begins, find, inside, read

_PLAIN = {"retrieve": "retrieve", "create": "create", "update": "update", "delete": "delete", "send": "send", "upsert": "upload",
          "download": "download", "copy": "copy", "publish": "send", "upload": "upload", "add": "create", "move": "move",
          "rename": "rename"}  # fmt: skip


class Replacing:
    """Reads a change as something new in the place of something that stands."""

    def __init__(
        self,
        desk: Desk,
        vocabulary: Vocabulary,
        root: Frame,
        matching: Matching,
        *,
        maker: Callable[[Sequence[Word]], list[Primitive]] | None = None,
    ) -> None:
        self._desk = desk
        self._maker = maker
        self._vocabulary = vocabulary
        self._root = root
        self._matching = matching

    def change(self, words: Sequence[Word]) -> bool:
        """False where the words replace nothing."""
        condition = self._condition(words)
        if condition:
            return True
        pair = _pair(words)
        if pair is None:
            return False
        old, new = pair
        return self._value(old, new) or self._service(old, new) or self._step(old, new)

    def _condition(self, words: Sequence[Word]) -> bool:
        """`change the condition to …`, `the condition should be that …`."""
        at = find(words, "condition to", "condition so that", "condition should be that", "condition should be", "condition with",
                  "condition to be", "condition to check if", "condition to check whether", "instead check if", "check instead if")  # fmt: skip
        if at is None:
            return False
        rest = list(words[at[1] :])
        while count := begins(rest, "if", "whether", "check", "that", "be"):
            rest = rest[count:]
        tests = [one for one in self._every() if one.primitive.get("kind") == "if_else"]
        read = comparison(rest)
        if not tests or read is None:
            return False
        scene = scene_of(self._root.items, self._vocabulary)
        scene.frames = list(tests[-1].frames)
        reader = Reader(self._desk, self._vocabulary, scene=scene)
        path = reader.deciding.subject(read.subject)[1]
        tests[-1].primitive["logic"] = logic(path, sign=read.sign, value=read.value)
        return True

    def _value(self, old: Sequence[Word], new: Sequence[Word]) -> bool:
        """`check for high instead of urgent`: another value in a condition."""
        was, will = _text(old), _text(new)
        for one in self._every():
            plain = opened(str(one.primitive.get("logic", "")))
            if plain and was and will and plain[2].strip("'").lower() == was.lower():
                text = str(one.primitive["logic"])
                one.primitive["logic"] = text.replace(plain[2], literal(int(will) if will.isdigit() else will))
                return True
        return False

    def _service(self, old: Sequence[Word], new: Sequence[Word]) -> bool:
        """`use Sharepoint instead of Box`: the same steps at another service."""
        there, here = naming(new, self._vocabulary), naming(old, self._vocabulary)
        if (
            not there
            or max(there.values()) < 0.5
            or _is_more(new, self._vocabulary)
            or (old and _is_more(old, self._vocabulary))
        ):
            return False
        changed = False
        for one in self._every():
            operation = one.operation
            if operation is None or (here and here.get(operation.connector, 0.0) < max(here.values()) * 0.9):
                continue
            said = Said(_verb(operation), _ordered(operation), (), there, {}, frozenset(word.low for word in new))
            found = [f for f in resolve(said, self._vocabulary) if there.get(f.operation.connector, 0.0) >= 0.5]
            if found:
                self._put(one, found[0].operation)
                changed = True
        return changed

    def _step(self, old: Sequence[Word], new: Sequence[Word]) -> bool:
        asked = self._matching.said(new)
        if old and old[-1].low in ("it", "them", "that", "one") and asked.head:
            old = [*old[:-1], *(word for word in new if word.stem in asked.head)]
        targets = self._matching.find(old, verb="") if old else []
        if not old:
            targets = self._alike(asked)
        if not targets:
            return False
        plain = list(new)
        spoken = plain if plain and plain[0].low in VERBS else [*read("send"), *plain]
        made = self._maker(spoken) if self._maker is not None else []
        if made:
            for one in targets:
                one.items[one.place : one.place + 1] = made
            return True
        for one in targets:
            operation = one.operation
            verb = asked.verb or (_verb(operation) if operation else "create")
            head = asked.head or (_ordered(operation) if operation else ())
            context = {operation.connector: 1.0} if operation else {}
            found = resolve(Said(verb, head, asked.around, asked.named, context, asked.lows), self._vocabulary)
            if found:
                self._put(one, found[0].operation)
            else:
                self._task(one, plain)
        return True

    def _alike(self, asked: Said) -> list[Standing]:
        """`create the board in Trello instead`: the step that does the same to the same elsewhere."""
        free = Said(asked.verb, asked.head, (), {}, {}, frozenset())
        scored = [
            (found[0].score, one)
            for one in self._every()
            if one.operation is not None and (found := resolve(free, self._vocabulary, among=[one.operation]))
        ]
        best = max((score for score, _ in scored), default=0.0)
        if scored:
            return [one for score, one in scored if score >= best - 0.01]
        same = [one for one in self._every() if one.operation and asked.verb and _verb(one.operation) == asked.verb]
        return same[-1:]

    def _put(self, one: Standing, operation: Operation) -> None:
        """The operation in the step's place; what named the old result names the new one."""
        old = str(one.primitive["name"])
        one.primitive["kind"] = operation.name
        one.primitive["type"] = "action"
        one.primitive.pop("config", None)
        if one.operation is not None and one.operation.noun == operation.noun:
            return
        new = self._desk.name(operation.noun)
        self._root.items[:] = renamed(self._root.items, old, new)

    def _task(self, one: Standing, words: Sequence[Word]) -> None:
        one.primitive["kind"], one.primitive["type"] = "wait", "action"
        one.primitive["config"] = {"for": "answer", "ask": " ".join(word.text for word in words)}

    def _every(self) -> list[Standing]:
        return list(walk((self._root,), self._vocabulary))


def _pair(words: Sequence[Word]) -> tuple[list[Word], list[Word]] | None:
    """What goes and what comes; what goes is empty where only `instead` is said."""
    at = find(words, "instead of", "rather than", "in place of", "as opposed to")
    if at and at[0]:
        return list(words[at[1] :]), _used(words[: at[0]])
    if at:
        rest = list(words[at[1] :])
        comma = next((n for n, word in enumerate(rest) if word.sort == "mark"), None)
        return (rest[:comma], _used(rest[comma + 1 :])) if comma else None
    if begins(words, "replace", "swap", "substitute", "exchange", "switch from", "change from", "switch", "change"):
        start = begins(
            words, "replace", "swap", "substitute", "exchange", "switch from", "change from", "switch", "change"
        )
        found = next((cut for link in ("with", "by", "for", "to") if (cut := find(words, link, start=start + 1))
                      and not _is_step_to(words, cut[0])), None)  # fmt: skip
        return (list(words[start : found[0]]), _used(words[found[1] :])) if found else None
    at = find(words, "instead")
    if at is not None:
        return [], _used([*words[: at[0]], *words[at[1] :]])
    return None


def _is_step_to(words: Sequence[Word], at: int) -> bool:
    return words[at].low == "to" and words[at - 1].low in ("step", "steps", "task", "action")


def _used(words: Sequence[Word]) -> list[Word]:
    kept = [word for word in words if word.sort != "mark"]
    while count := begins(
        kept,
        "use",
        "using",
        "check for",
        "check if",
        "do",
        "please",
        "a step to",
        "the step to",
        "a new step to",
        "step to",
        "go with",
    ):
        kept = kept[count:]
    return kept


def _is_more(words: Sequence[Word], vocabulary: Vocabulary) -> bool:
    """Whether more is said than a service's name."""
    left = [word for word in words if word.sort == "word" and not vocabulary.named(word.low)]
    things = deed(left).things if left else ()
    return any(word.low in VERBS for word in left) or any(
        stems(one.words, vocabulary) for one in things if isinstance(one, Thing)
    )


def _text(words: Sequence[Word]) -> str:
    kept = [word for word in words if word.low not in ("the", "a", "an") and word.sort != "mark"]
    return " ".join(inside(word) if word.sort == "quoted" else word.text for word in kept)


def _verb(operation: Operation) -> str:
    return next((_PLAIN[one] for one in sorted(operation.does) if one in _PLAIN), "create")


def _ordered(operation: Operation) -> tuple[str, ...]:
    """The words of its object, the main one last."""
    parts = [part for part in operation.noun.split("_") if part]
    from flov7.generation.offline.words import stem

    return tuple(stem(part) for part in parts)
