"""From a request over operations to primitives: each piece in its place, each step its operation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flov7.generation.offline import lexicon
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.operations.asking import Asking
from flov7.generation.offline.operations.deciding import APPROVE, Deciding
from flov7.generation.offline.operations.looping import THEM, Loops
from flov7.generation.offline.operations.phrases import Around, Deed, Thing, deed, is_all, things
from flov7.generation.offline.operations.pieces import Piece, cut
from flov7.generation.offline.operations.placing import place_test
from flov7.generation.offline.operations.resolve import naming
from flov7.generation.offline.operations.scene import Frame, Primitive, Result, Scene
from flov7.generation.offline.operations.tests import comparison, is_against, is_other_value
from flov7.generation.offline.operations.verbs import TELLS
from flov7.generation.offline.operations.vocabulary import Operation, Vocabulary
from flov7.generation.offline.slots import singular
from flov7.generation.offline.words import Word, begins, closed, find, said, snake, stem

_REFERRING = closed("delete update copy move rename download close share remove edit modify archive change mark")
_FOR_ALL = closed("delete update copy move rename download close remove edit modify transfer duplicate migrate backup")
_ACROSS = closed("copy transfer move migrate duplicate sync import backup back export replicate clone")
_ANYTHING = closed("it them this that these those result results output data details everything summary outcome")


class Reader:
    """Reads one request into a list of primitives. `scene` may hold what a document has already."""

    def __init__(self, desk: Desk, vocabulary: Vocabulary, *, scene: Scene | None = None) -> None:
        self.desk = desk
        self.vocabulary = vocabulary
        self.scene = scene or Scene([Frame("root", [])])
        self.asking = Asking(desk, vocabulary)
        self.loops = Loops(desk, vocabulary, self.scene, self.asking)
        self.deciding = Deciding(desk, self.scene)
        self._waiting: list[Deed] = []

    def read(self, words: Sequence[Word]) -> list[Primitive]:
        """All of the request; gives the outermost list."""
        pieces = cut(words)
        self.asking.survey(pieces, self.scene)
        for piece in pieces:
            self.piece(piece)
        self._wait_over(None)
        return self.scene.frames[0].items

    def piece(self, piece: Piece) -> None:
        """One piece, in its place."""
        self._leave(piece)
        match piece.role:
            case "use":
                for name, share in naming(piece.words, self.vocabulary).items():
                    self.scene.context[name] = share
            case "each":
                self._each(piece)
            case "if" | "unless":
                self._if(piece)
            case "else":
                self._else(piece)
            case "do":
                self._do(piece)

    def _leave(self, piece: Piece) -> None:
        if piece.role in ("else", "use", "if", "unless") or not piece.fresh:
            return
        self.scene.leave("then", "else")
        if piece.role == "do" and (piece.later or not self.scene.speaks_of_inside(piece.words)):
            self.scene.leave("then", "else", "loop")

    def _do(self, piece: Piece) -> None:
        words, head, rest = _trailing(piece.words)
        if begins(words[1:], "if", "whether") and words[0].low in (
            "check",
            "verify",
            "see",
            "determine",
            "confirm",
            "find",
        ):
            self._if(Piece("if", tuple(words[2:]), piece.fresh, piece.later))
            return
        frames = list(self.scene.frames)
        if head in ("if", "unless", "when"):
            self._if(Piece("unless" if head == "unless" else "if", tuple(rest), False, False))
        elif head:
            self._each(Piece("each", tuple(rest), False, False))
        asked = deed(words)
        if asked.verb and not asked.things and len(asked.words) <= 2 and head == "":
            self._waiting.append(asked)
            return
        self._wait_over(asked)
        self._step(asked)
        if head:
            self.scene.frames = frames

    def _wait_over(self, asked: Deed | None) -> None:
        """`retrieve and delete the folder`: the first verb takes the second's things."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            self._step(replace(one, things=asked.things) if asked is not None else one)

    def _step(self, asked: Deed) -> None:
        if _is_approval(asked):
            self._approval(asked)
            return
        done = False
        for at, thing in enumerate(asked.things or (Thing(()),)):
            if (at == 0 or done) and self._thing(asked, _told(asked, thing, self.vocabulary)):
                done = True
        if not done:
            self._task(asked.words)

    def _thing(self, asked: Deed, thing: Thing) -> bool:
        """One thing of a step; False where no operation does that to it."""
        if asked.verb in _ACROSS and self._across(asked, thing):
            return True
        thing, about = self._referred(asked, thing)
        frames = list(self.scene.frames)
        again = self._again(asked, thing)
        if again is not None:
            thing = again
        found = self.asking.operation(asked, thing, self.scene, about=about)
        if found is None:
            self.scene.frames = frames
            return False
        over = is_all(thing) and asked.verb in _FOR_ALL and not found.gives_many
        if over and (about is None or about.many):
            self.loops.over_all(thing, found)
        self._new_places(thing, found)
        for _ in range(thing.count):
            self.loops.call(found, thing, many=found.gives_many and _means_many(found, thing))
        self._with(thing, found)
        if over or again is not None:
            self.scene.frames = frames
        return True

    def _again(self, asked: Deed, thing: Thing) -> Thing | None:
        """`create them in salesforce`: each of the list that came last, made elsewhere."""
        lows = {word.low for word in thing.words}
        if asked.verb not in ("create", "add", "make", "insert") or not lows or not lows <= THEM or not thing.around:
            return None
        about = next((one for one in self.scene.visible() if one.operation and one.many), None)
        if about is None or not naming(thing.all_words, self.vocabulary):
            return None
        self.loops.open(about)
        text = singular(about.noun.split("_")[-1])
        return replace(thing, words=(Word(text, text, stem(text), "word", 0),))

    def _referred(self, asked: Deed, thing: Thing) -> tuple[Thing, Result | None]:
        """`delete it`: the thing is what came last."""
        lows = {word.low for word in thing.words}
        if not thing.words or not lows <= THEM or asked.verb not in _REFERRING:
            return thing, None
        about = next((one for one in self.scene.visible() if one.operation), None)
        if about is None:
            return thing, None
        text = about.noun.split("_")[-1]
        return replace(thing, words=(Word(text, text, singular(text), "word", 0),)), about

    def _across(self, asked: Deed, thing: Thing) -> bool:
        """`copy all leads from marketo to salesforce`, `copy each file to a new folder in Box`."""
        source = next((one for one in thing.around if one.link in ("from", "of")), None)
        target = next(
            (one for one in thing.around if one.link in ("to", "into", "onto", "in") and one is not source), None
        )
        if target is None:
            return False
        before = naming(source.words if source else thing.words, self.vocabulary)
        after = naming(_beyond(thing, target), self.vocabulary)
        there = self.asking.at(asked, thing, self.scene, after)
        if there is None or (source is not None and not before):
            return False
        frames = list(self.scene.frames)
        if target.new:
            self._new_places(thing, there)
        self.loops.over(replace(thing, around=()), named=before)
        self.loops.call(there, thing, many=False)
        self.scene.frames = frames
        return True

    def _new_places(self, thing: Thing, found: Operation) -> None:
        """`in a new box folder`: that is made first."""
        for one in thing.around:
            if not one.new or one.link in ("for", "from", "with", "about"):
                continue
            where = naming(thing.all_words, self.vocabulary)
            made = self.asking.plain("create", one.words, self.scene, named=where)
            if made is not None and made.name != found.name:
                self.loops.call(made, Thing(one.words), many=False)

    def _with(self, thing: Thing, found: Operation) -> None:
        """`a supplier with the remit address`: that is made too, at the same service."""
        for one in thing.around:
            if one.link != "with" or "create" not in found.does:
                continue
            for part in things(one.words):
                made = self.asking.plain("create", part.words, self.scene, named={found.connector: 1.0}, least=0.8)
                if made is not None and made.connector == found.connector and made.name != found.name:
                    for _ in range(part.count):
                        self.loops.call(made, part, many=False)

    def _each(self, piece: Piece) -> None:
        found = things(piece.words)
        one = found[0] if found else Thing(tuple(piece.words))
        self.loops.over(one, named=naming(one.all_words, self.vocabulary), fresh=piece.fresh)
        self.loops.only_those(one.relative)

    def _if(self, piece: Piece) -> None:
        self._read_first(piece)
        text, subject = self.deciding.logic(piece.words, negated=piece.role == "unless")
        if subject is not None:
            self.deciding.stand_by(subject, fresh=piece.fresh)
        elif piece.fresh:
            self.scene.leave("then", "else")
        if subject is not None and subject.many and f"{subject.name}." in text:
            self.loops.open(subject)
            text = text.replace(f"{subject.name}.", f"{self.loops.item()}.", 1)
        self._beside(text)
        place_test(self.scene, text, desk=self.desk)

    def _beside(self, text: str) -> None:
        """`if it is a, do this, if it is b, do that`: the second stands beside the first, and not in it."""
        if self.scene.choice is None or self.scene.frames[-1].kind not in ("then", "else"):
            return
        test, frames = self.scene.choice
        earlier = str(test.get("logic", ""))
        if is_other_value(earlier, text) or is_against(earlier, text):
            self.scene.frames = list(frames)

    def _read_first(self, piece: Piece) -> None:
        """A condition on what no step gave yet: it is read first, where a service that is named can."""
        read = comparison(piece.words)
        if read is None or self.deciding.subject(read.subject)[0] is not None:
            return
        found = things([word for word in read.subject if word.low != "'s"])
        if not found:
            return
        named = naming(piece.words, self.vocabulary)
        reads = self.asking.plain("retrieve", _owner(read.subject), self.scene, named=named, least=0.8)
        if reads is not None and (named.get(reads.connector, 0.0) >= 0.5 or self.scene.context):
            self.loops.call(reads, found[0], many=False)

    def _else(self, piece: Piece) -> None:
        if self.scene.choice is None:
            return
        test, frames = self.scene.choice
        self.scene.frames = [*frames, Frame("else", test.setdefault("else", []))]
        if piece.words:
            self.piece(Piece("do", piece.words, False, False))

    def _approval(self, asked: Deed) -> None:
        name = self.desk.name("approval")
        shown = said(asked.words)
        ask = f"{shown[:1].upper()}{shown[1:]}?"
        self.scene.put({"type": "action", "kind": "wait", "name": name, "config": {"for": "approval", "ask": ask}})
        self.scene.give(name, noun="approval", many=False, approval=True)

    def _task(self, words: Sequence[Word]) -> None:
        """What no operation does is a person's."""
        name = self.desk.name("task")
        for service, share in naming(words, self.vocabulary).items():
            self.scene.context[service] = max(min(1.0, 1.5 * share), self.scene.context.get(service, 0.0))
        self.scene.put(
            {"type": "action", "kind": "wait", "name": name, "config": {"for": "answer", "ask": said(words)}}
        )
        shown = [word for word in words[1:] if word.low not in lexicon.DETERMINERS and word.sort == "word"]
        self.scene.give(name, noun=snake(shown[:2]) if shown else "task", many=False)
        self.desk.note(f"“{said(words)}” is a person's task: no operation here does that.", weight=0.05)


def _told(asked: Deed, thing: Thing, vocabulary: Vocabulary) -> Thing:
    """Who is told is no thing: `notify the team on slack` sends a message; `send it to the topic` is about the topic."""
    plain = [word for word in thing.words if word.low not in lexicon.DETERMINERS]
    through = [
        word
        for one in thing.around
        if one.link in ("via", "by", "through", "using", "with", "over", "on")
        for word in one.words
    ]
    if asked.verb in TELLS or (asked.verb in ("send", "forward") and any(word.low == "email" for word in through)):
        mail = asked.verb in ("email", "mail") or any(word.low == "email" for word in (*plain, *through))
        if mail or not any(word.low in ("message", "notification", "alert", "email") for word in plain):
            text = "email" if mail else "message"
            return replace(thing, words=(Word(text, text, "messag" if text == "message" else text, "word", 0),))
    taken = next((one for one in thing.around if one.link == "as"), None)
    if taken is not None and plain and plain[0].low in THEM:
        return replace(thing, words=taken.words)
    target = next((one for one in thing.around if one.link in ("to", "on", "onto")), None)
    general = {word.low for word in plain} <= _ANYTHING
    chat = target is not None and len(target.words) <= 2 and max(naming(target.words, vocabulary).values(), default=0.0)
    if asked.verb in ("post", "send", "share") and general and chat and chat >= 0.65:
        return replace(thing, words=(Word("message", "message", "messag", "word", 0),))
    if asked.verb in ("publish", "put", "post", "send", "push", "add") and plain and general and target is not None:
        return replace(thing, words=target.words, around=tuple(one for one in thing.around if one is not target))
    return thing


def _beyond(thing: Thing, target: Around) -> list[Word]:
    at = thing.around.index(target)
    return [word for one in thing.around[at:] if one.link != "from" for word in one.words]


def _owner(words: Sequence[Word]) -> Sequence[Word]:
    """`the incident's priority`: the words of who has the field."""
    at = next((n for n, word in enumerate(words) if word.low == "'s"), None)
    of = next((n for n, word in enumerate(words) if word.low == "of"), None)
    return words[:at] if at else words[of + 1 :] if of is not None else words


def _means_many(operation: Operation, thing: Thing) -> bool:
    main = [word for word in thing.words if word.sort == "word"][-1:]
    plain = main[0].low if main else operation.noun
    return singular(plain) != plain or is_all(thing)


def _trailing(words: Sequence[Word]) -> tuple[Sequence[Word], str, Sequence[Word]]:
    """`send a message if the issue is urgent`: the step, and what hangs on it."""
    start = 2 if words[1:2] and words[1].low in ("for", "if", "whether") else 1
    at = find(words, "only if", "only when", "if", "unless", "for each", "for every", "for all", "when", start=start)
    if at is None or at[1] >= len(words) or not at[0]:
        return words, "", ()
    head = words[at[1] - 1].low
    if head == "when" and comparison(words[at[1] :]) is None:
        return words, "", ()
    return words[: at[0]], head, words[at[1] :]


def _is_approval(asked: Deed) -> bool:
    lows = {word.low for word in asked.words}
    seeks = asked.verb in ("get", "obtain", "ask", "request", "wait", "seek", "require", "need", "")
    return seeks and bool({word.stem for word in asked.words} & APPROVE) and not lows & {"send", "if"}
