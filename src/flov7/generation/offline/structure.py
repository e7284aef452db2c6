"""From clauses to what was meant: what starts it, and its steps with conditions, loops and handlers in their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from flov7.generation.offline import lexicon
from flov7.generation.offline.clauses import Clause
from flov7.generation.offline.durations import duration
from flov7.generation.offline.operators import has_comparison, operator
from flov7.generation.offline.people import recipient
from flov7.generation.offline.schedules import extent
from flov7.generation.offline.triggers import comes_with_condition, happens
from flov7.generation.offline.words import Word, begins


@dataclass
class Doing:
    """One step in words. `handlers` are what is done where it fails, `policy` how often it is tried."""

    words: tuple[Word, ...]
    handlers: list[Item] = field(default_factory=list["Item"])
    policy: tuple[Word, ...] = ()
    any_way: bool = False
    """Follows a condition's body after `then`: done either way."""


@dataclass
class Choice:
    """A condition with its two sides; `negated` for `unless`."""

    words: tuple[Word, ...]
    negated: bool = False
    then: list[Item] = field(default_factory=list["Item"])
    other: list[Item] = field(default_factory=list["Item"])


@dataclass
class Each:
    """A loop over what `words` name."""

    words: tuple[Word, ...]
    body: list[Item] = field(default_factory=list["Item"])


Item = Doing | Choice | Each


@dataclass
class Meaning:
    """The whole sentence. `unread` are parts that found no place."""

    trigger: tuple[Word, ...] | None = None
    clock: tuple[Word, ...] = ()
    items: list[Item] = field(default_factory=list["Item"])
    any_failure: list[Item] = field(default_factory=list["Item"])
    unread: list[tuple[Word, ...]] = field(default_factory=list[tuple[Word, ...]])


@dataclass
class _Frame:
    kind: Literal["root", "then", "else", "each", "handler"]
    items: list[Item]
    opened: bool = False


def meaning(clauses: Sequence[Clause]) -> Meaning:
    """Put every clause into its place."""
    return _Builder(clauses).run()


def doings(items: Sequence[Item]) -> Iterator[Doing]:
    """All steps below, in order, without handlers."""
    for item in items:
        match item:
            case Doing():
                yield item
            case Choice():
                yield from doings(item.then)
                yield from doings(item.other)
            case Each():
                yield from doings(item.body)


class _Builder:
    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._clauses = clauses
        self._meaning = Meaning()
        self._frames = [_Frame("root", self._meaning.items)]
        self._choice: tuple[Choice, list[_Frame]] | None = None
        self._last: Doing | None = None

    @property
    def _frame(self) -> _Frame:
        return self._frames[-1]

    def run(self) -> Meaning:
        for at, clause in enumerate(self._clauses):
            self._leave(clause)
            match clause.role:
                case "clock":
                    self._clock(clause)
                case "when":
                    self._when(clause, at)
                case "if" | "unless":
                    self._if(clause, at)
                case "else" | "so":
                    self._side(clause)
                case "each":
                    self._each(clause, at)
                case "fails":
                    self._fails(clause, at)
                case "step":
                    self._step(clause)
        return self._meaning

    def _leave(self, clause: Clause) -> None:
        """Close the bodies that this clause no longer belongs to."""
        away = clause.joined == "later" or (clause.hang == "sentence" and clause.role not in ("else", "so"))
        kinds: tuple[str, ...] = ()
        if away:
            kinds = ("then", "else", "each", "handler")
        elif clause.joined == "then" and clause.hang in ("comma", "sentence"):
            kinds = ("then", "else", "handler")
        while self._frame.kind in kinds and (self._frame.items or self._frame.opened):
            self._frames.pop()

    def _follows(self, at: int) -> bool:
        """Whether a step follows in the same sentence, directly behind this clause."""
        rest = self._clauses[at + 1 : at + 2]
        return bool(rest) and rest[0].hang != "sentence" and rest[0].role in ("step", "each", "if", "unless")

    def _trails(self, clause: Clause, at: int) -> bool:
        """Whether it stands behind the step that it is about."""
        before = self._clauses[at - 1] if at else None
        if before is None or before.role != "step" or clause.hang == "sentence" or not self._frame.items:
            return False
        close = clause.hang == "none" and clause.joined in ("", "but")
        return close or not self._follows(at)

    def _when(self, clause: Clause, at: int) -> None:
        lows = [word.low for word in clause.words]
        if clause.head in ("after", "once") and duration(clause.words) and len(lows) <= 4:
            self._add(Doing(clause.words))
        elif _is_approving(clause, self._last):
            if not any(_is_approval(one) for one in doings(self._meaning.items)):
                self._add(Doing(_spoken("wait for approval", clause.words)))
        elif self._last is not None and _is_done(clause.words):
            return
        elif self._meaning.trigger is None and not (has_comparison(clause.words) and self._meaning.clock):
            self._meaning.trigger = clause.words
        elif has_comparison(clause.words):
            self._if(clause, at)
        elif self._last is None:
            self._meaning.unread.append(clause.words)

    def _if(self, clause: Clause, at: int) -> None:
        first = self._meaning.trigger is None and not self._meaning.clock and at == 0
        plain = not has_comparison(clause.words) and not _is_state(clause.words)
        if first and clause.role == "if" and (plain or comes_with_condition(clause.words)):
            self._meaning.trigger = clause.words
            return
        choice = Choice(clause.words, negated=clause.role == "unless")
        if self._trails(clause, at):
            choice.then.append(self._frame.items.pop())
            self._frame.items.append(choice)
            self._choice = (choice, list(self._frames))
            return
        self._add(choice)
        self._choice = (choice, list(self._frames))
        self._frames.append(_Frame("then", choice.then))

    def _side(self, clause: Clause) -> None:
        if self._choice is None and clause.role == "else" and self._meaning.trigger is not None:
            self._choice = self._parted(self._meaning.trigger)
        if self._choice is None:
            about = self._last.words[1:] if self._last is not None else clause.words
            choice = Choice(about, negated=clause.role == "else")
            self._add(choice)
            self._choice = (choice, list(self._frames))
            self._frames.append(_Frame("then", choice.then))
            return
        choice, frames = self._choice
        self._frames = [*frames, _Frame("else", choice.other if clause.role == "else" else choice.then)]
        if clause.words:
            self._step(Clause("step", "none", "", "", clause.words))

    def _parted(self, trigger: tuple[Word, ...]) -> tuple[Choice, list[_Frame]] | None:
        """`when a bill is over 500, …; otherwise …`: what comes starts it, and its amount is the condition."""
        found = operator(trigger) if has_comparison(trigger) else None
        at = next(
            (n for n, word in enumerate(trigger) if word.low in ("with", "without", "whose", "where") and n > 1), 0
        )
        if found is not None and found.start > 0:
            head, condition = trigger[: found.start], trigger
        elif at:
            head, condition = (
                trigger[:at],
                (*_words("it has" if trigger[at].low == "with" else "it is"), *trigger[at + 1 :]),
            )
        else:
            return None
        choice = Choice(tuple(condition), then=list(self._meaning.items))
        self._meaning.trigger = tuple(head) if at else (*head, *_words("arrives"))
        self._meaning.items[:] = [choice]
        return choice, [self._frames[0]]

    def _clock(self, clause: Clause) -> None:
        """The times; what stands behind them belongs to the step before."""
        count = extent(clause.words)
        self._meaning.clock = (*self._meaning.clock, *clause.words[:count])
        rest = clause.words[count:]
        if (
            rest
            and self._last is not None
            and isinstance(self._frame.items[-1:], list)
            and self._last in self._frame.items
        ):
            self._last.words = (*self._last.words, *rest)
        elif rest:
            self._meaning.unread.append(rest)

    def _each(self, clause: Clause, at: int) -> None:
        if at == 0 and self._meaning.trigger is None and any(w.low in ("new", "incoming") for w in clause.words):
            self._meaning.trigger = clause.words
            return
        each = Each(clause.words)
        if self._trails(clause, at):
            each.body.append(self._frame.items.pop())
            self._frame.items.append(each)
            return
        self._add(each)
        self._frames.append(_Frame("each", each.body))

    def _fails(self, clause: Clause, at: int) -> None:
        everything = any(word.low in lexicon.ANYTHING for word in clause.words)
        if self._trails(clause, at) and isinstance(self._frame.items[-1], Doing):
            steps = list(doings(self._meaning.items))
            if len(steps) > 1 or everything:
                handler = self._frame.items.pop()
                self._attach([handler], clause, everything=everything)
                return
        target: list[Item] = []
        self._attach(target, clause, everything=everything)
        self._frames.append(_Frame("handler", target))

    def _attach(self, handler: list[Item], clause: Clause, *, everything: bool) -> None:
        if everything:
            self._meaning.any_failure = handler
            return
        steps = [one for one in doings(self._meaning.items) if one not in handler]
        if not steps:
            self._meaning.any_failure = handler
            return
        target = _named(steps, clause.words)
        target.handlers = handler
        self._last = target

    def _step(self, clause: Clause) -> None:
        words = clause.words
        if not words:
            return
        first = self._meaning.trigger is None and self._last is None and not self._frame.items
        if first and (_only_by_hand(words) or (clause.hang == "first" and not self._meaning.clock and _is_news(words))):
            self._meaning.trigger = words
            return
        if _is_policy(words) and self._last is not None:
            self._last.policy = words
            return
        read = duration(words)
        later = (
            read is not None and read[1] == 0 and begins(words[read[2] :], "later", "after that", "afterwards", "after")
        )
        if read is not None and later:
            self._frame.items.append(Doing(words[: read[2]]))
            words = words[read[2] + later :]
            while words and (words[0].sort == "mark" or words[0].low == "that"):
                words = words[1:]
            if not words:
                return
            if words[0].low in lexicon.DETERMINERS and self._last is not None and _is_verbal(self._last.words):
                words = (self._last.words[0], *recipient(self._last.words), *words)
        if words[0].sort in ("url", "address", "channel") and self._last is not None and _is_verbal(self._last.words):
            words = (self._last.words[0], *words)
        policy: tuple[Word, ...] = ()
        to = next((n for n, word in enumerate(words) if word.low == "to"), 0)
        if words[0].low == "try" and to and to + 1 < len(words):
            policy, words = words[:to], words[to + 1 :]
        left = clause.joined in ("then", "later") and self._choice is not None and self._frame.kind == "root"
        self._add(Doing(words, policy=policy, any_way=left))

    def _add(self, item: Item) -> None:
        self._frame.items.append(item)
        if isinstance(item, Doing) and self._frame.kind != "handler":
            self._last = item


def _words(text: str) -> tuple[Word, ...]:
    from flov7.generation.offline.words import read

    return read(text)


def _is_done(words: Sequence[Word]) -> bool:
    """`when it is done`: says no more than `then`."""
    done = ("done", "finished", "complete", "completed", "over", "through", "ready", "sent", "saved")
    return 0 < len(words) <= 4 and words[-1].low in done and (len(words) == 1 or words[0].low in lexicon.PRONOUNS)


def _is_approving(clause: Clause, last: Doing | None) -> bool:
    """`once approved`, `after approval`: a sign that the step before is an approval, or that one is wanted."""
    if not any(word.stem.startswith("approv") for word in clause.words):
        return False
    return last is not None or (clause.head in ("after", "once", "upon") and len(clause.words) <= 3)


def _is_policy(words: Sequence[Word]) -> bool:
    return words[0].low in ("retry", "try", "retrying") and any(
        word.low in ("times", "time", "twice", "again", "once", "it", "that", "every") or word.sort == "number"
        for word in words
    )


def _is_verbal(words: Sequence[Word]) -> bool:
    return bool(words) and words[0].low in lexicon.VERBS


def _is_news(words: Sequence[Word]) -> bool:
    """`New support ticket`, `a form comes in`: no step, but what starts it, said without `when`."""
    if words[0].low in ("new", "incoming") or (words[0].low in ("a", "an") and words[1:2] and words[1].low == "new"):
        return not any(word.low in ("should", "shall", "must") for word in words)
    return words[0].low not in lexicon.VERBS and happens(words)


def _only_by_hand(words: Sequence[Word]) -> bool:
    """`by hand`, `start it manually`: nothing is said but that a person starts it."""
    rest = [word for word in words if word.low not in ("start", "run", "started", "it", "this", "by", "on", "me")]
    return 0 < len(rest) <= 1 and rest[0].low in ("hand", "manually", "demand", "request")


def _is_approval(doing: Doing) -> bool:
    return any(word.stem.startswith("approv") or word.low in ("sign-off", "go-ahead") for word in doing.words)


def _is_state(words: Sequence[Word]) -> bool:
    """`it is urgent`: a state, not something that happens."""
    return any(word.low in ("is", "are", "has", "have") for word in words) and not any(
        word.low in ("new", "incoming") or word.low.endswith("ed") for word in words
    )


def _named(steps: Sequence[Doing], words: Sequence[Word]) -> Doing:
    """The step that a failure speaks of: by a word that both have, else the last."""
    said = {word.stem for word in words if word.low not in lexicon.PRONOUNS | lexicon.DETERMINERS | lexicon.COPULAS}
    for step in reversed(steps):
        if said & {word.stem for word in step.words}:
            return step
    return steps[-1]


def _spoken(text: str, words: Sequence[Word]) -> tuple[Word, ...]:
    """The step that a clause implies, with what the clause says more."""
    from flov7.generation.offline.words import read

    who = begins(words[::-1], "approved")
    return (*read(text), *(word for word in words if not who and word.sort == "address"))
