"""Cuts a sentence into clauses: what each begins with, how it hangs on the one before, and its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flov7.generation.offline import lexicon
from flov7.generation.offline.durations import duration
from flov7.generation.offline.operators import is_complete
from flov7.generation.offline.schedules import is_schedule
from flov7.generation.offline.words import Word, begins, find, lows

Role = Literal["step", "when", "if", "unless", "else", "so", "each", "fails", "clock"]
_REPEATS = ("every", "each", "daily", "hourly", "weekly", "monthly", "nightly", "on", "at", "once", "twice")
Hang = Literal["first", "sentence", "comma", "none"]


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of the sentence. `head` is what it began with (`if`, `for each`), `words` the rest.

    `hang` says what stood before it, `joined` by which word (`and`, `then`, `after that`).
    """

    role: Role
    hang: Hang
    joined: str
    head: str
    words: tuple[Word, ...]


def split(words: Sequence[Word], *, verbs: frozenset[str] = lexicon.VERBS) -> list[Clause]:
    """The clauses in order; a piece that begins nothing belongs to the clause before it."""
    return _Splitter(words, verbs).run()


class _Splitter:
    def __init__(self, words: Sequence[Word], verbs: frozenset[str]) -> None:
        self._words = tuple(words)
        self._verbs = verbs
        self._found: list[Clause] = []
        self._role: Role = "step"
        self._head = ""
        self._hang: Hang = "first"
        self._joined = ""
        self._open: list[Word] = []
        self._begun = False

    def run(self) -> list[Clause]:
        at, hang = 0, "first"
        while at < len(self._words):
            word = self._words[at]
            if word.sort == "mark":
                hard = word.text in ".;!?\n"
                hang = "sentence" if hard or hang == "sentence" else "comma" if hang != "first" else "first"
                if not hard and self._open:
                    self._open.append(word)
                at += 1
                continue
            at = self._step(at, hang)  # type: ignore[arg-type]  # one of the four
            hang = "none"
        self._close()
        return self._found

    def _step(self, at: int, hang: Hang) -> int:
        """Reads one word or one head; gives the place of the next."""
        rest = self._words[at:]
        taken, joined = self._joiner(rest, hang)
        fresh = hang != "none" or bool(taken) or not self._begun
        role, head = self._begins(rest[taken:], fresh=fresh, joined=joined)
        verb = at + taken < len(self._words) and lexicon.is_verb(
            self._words, at + taken, fresh=fresh, verbs=self._verbs
        )
        if role is None and (verb and (fresh or self._is_full())):
            role = "step"
        if role is None and joined and passes_time(rest[taken:]):
            role = "step"
        if role is None and (hang in ("first", "sentence") or (joined and joined != "and" and joined != "or")):
            role = "step"
        if role is None:
            self._open.append(rest[0])
            return at + 1
        self._close()
        self._role, self._head, self._hang, self._joined, self._begun = role, head, hang, joined, True
        consumed = taken + (len(head.split()) if head else 0)
        if role == "step" and not head and at + consumed < len(self._words):
            self._open.append(self._words[at + consumed])
            consumed += 1
        return at + consumed

    def _joiner(self, rest: Sequence[Word], hang: Hang) -> tuple[int, str]:
        """Joining words at the front that lead to a new clause: how many, and which."""
        taken, said = 0, ""
        while taken < len(rest):
            here = rest[taken:]
            later = begins(here, *lexicon.LATER)
            if later and (later != 1 or here[0].low != "next" or hang != "none"):
                taken, said = taken + later, "later"
                continue
            count = begins(here, *lexicon.JOINERS)
            if not count:
                break
            following = here[count:]
            if not following:
                break
            words = " ".join(lows(here[:count]))
            opens = self._begins(following, fresh=True, joined=words)[0] is not None
            verb = following[0].sort != "mark" and lexicon.is_verb(
                self._words, len(self._words) - len(following), fresh=True, verbs=self._verbs
            )
            more = begins(following, *lexicon.LATER, "then", "also", "please") > 0 or passes_time(following)
            if not (opens or verb or more or words in ("then", "and then", "so")):
                break
            said = said if said == "later" else "then" if words in ("then", "so") else words
            if words == "and then":
                said = "and then"
            taken += count
        while taken < len(rest) and rest[taken].low in ("please", "just", "also", "simply", "immediately", "directly"):
            taken += 1
        return taken, said

    def _begins(self, rest: Sequence[Word], *, fresh: bool, joined: str) -> tuple[Role | None, str]:
        """The role that the words at the front open, with its head."""
        if not rest:
            return None, ""
        for role, phrases in (("else", lexicon.ELSE), ("so", lexicon.SO)):
            count = begins(rest, *phrases)
            if count and self._ends_head(rest, count, role):
                return role, " ".join(lows(rest[:count]))  # type: ignore[return-value]
        count = begins(rest, *(one for one in lexicon.FAIL_PHRASES if one.startswith(("on ", "upon ", "in case"))))
        if count:
            return "fails", " ".join(lows(rest[:count]))
        count = begins(rest, *lexicon.EACH)
        if count and not is_schedule(rest):
            return "each", " ".join(lows(rest[:count]))
        tried = any(word.stem in ("retry", "try", "poll", "repeat") for word in self._open[-5:])
        adjective = bool(self._open) and not fresh and self._open[-1].low in lexicon.DETERMINERS
        if is_schedule(rest) and not adjective and not (tried and not fresh) and (fresh or rest[0].low in _REPEATS):
            return ("clock", "") if not self._begun or fresh or self._role == "step" else (None, "")
        for role, phrases in (("unless", lexicon.UNLESS), ("if", lexicon.IF), ("when", lexicon.WHEN)):
            count = begins(rest, *phrases)
            if not count or (role == "when" and not self._is_when(rest, count, fresh=fresh)):
                continue
            if rest[0].low in ("where", "given", "should", "provided") and not fresh:
                continue
            return self._kind_of(role, rest, count), " ".join(lows(rest[:count]))  # type: ignore[arg-type]
        return None, ""

    def _ends_head(self, rest: Sequence[Word], count: int, role: str) -> bool:
        """`if not` opens the other side only where no condition follows."""
        if rest[0].low != "if":
            return True
        if count >= len(rest):
            return False
        follows = rest[count]
        return follows.sort == "mark" or follows.low == "then" or lexicon.is_verb(rest, count, fresh=True)

    def _is_when(self, rest: Sequence[Word], count: int, *, fresh: bool) -> bool:
        head = rest[0].low
        if head == "once":
            period = ("minute", "day", "week", "month", "year", "hour", "quarter")
            times = [f"once {one} {unit}" for one in ("a", "an", "per", "every", "each") for unit in period]
            return not begins(rest, "once more", "once again", *times) and count < len(rest)
        if head in ("after", "upon"):
            return fresh
        return True

    def _kind_of(self, role: Role, rest: Sequence[Word], count: int) -> Role:
        """A condition or a `when` that speaks of failing is about the steps before it."""
        if not self._begun:
            return role
        ahead: list[Word] = []
        for at, word in enumerate(rest[count:]):
            if word.sort == "mark" or word.low in ("then",):
                break
            if at > 1 and lexicon.is_verb(rest, count + at, fresh=False, verbs=self._verbs):
                break
            ahead.append(word)
        return "fails" if speaks_of_failing(ahead) else role

    def _is_full(self) -> bool:
        """Whether the clause that is open says enough, so that a verb begins the next one."""
        if self._role in ("if", "unless"):
            return is_complete(self._open)
        if self._role in ("when", "fails", "each"):
            spoken = self._role == "fails" and self._head in lexicon.FAIL_PHRASES
            return spoken or len(self._open) >= (1 if self._role == "each" else 2)
        return self._role in ("else", "so", "clock") and (self._role != "clock" or bool(self._open))

    def _close(self) -> None:
        while self._open and self._open[-1].sort == "mark":
            self._open.pop()
        if self._begun:
            self._found.append(Clause(self._role, self._hang, self._joined, self._head, tuple(self._open)))
        self._open = []
        self._begun = False
        self._role, self._head = "step", ""


def passes_time(words: Sequence[Word]) -> bool:
    """`two days later`: some time goes by before what follows."""
    read = duration(words)
    return read is not None and read[1] == 0 and begins(words[read[2] :], "later", "after that", "afterwards") > 0


def speaks_of_failing(words: Sequence[Word]) -> bool:
    """Whether it says that something did not work: not that a field has the value `failed`."""
    if find(words, *lexicon.FAIL_PHRASES):
        return True
    for at, word in enumerate(words):
        if word.stem in lexicon.FAILS and word.low not in ("error", "errors", "break"):
            return at == 0 or words[at - 1].low not in ("is", "are", "'s", "be", "equals")
    return False
