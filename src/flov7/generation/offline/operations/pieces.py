"""Cuts a request over operations into pieces: what is done, conditions, other sides, loops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from flov7.generation.offline import lexicon
from flov7.generation.offline.operations.verbs import EVERY
from flov7.generation.offline.words import Word, begins, closed

Role = Literal["do", "if", "unless", "else", "each", "use"]
LATER = ("then", "next", "after that", "afterwards", "finally", "lastly", "subsequently", "and then", "later", "after this",
         "once done", "at the end", "in the end")  # fmt: skip
_FIRST = ("first", "firstly", "second", "secondly", "third", "thirdly", "please", "just", "also", "simply", "only", "now",
          "additionally", "in addition", "i want to", "i need to", "i would like to", "can you", "could you", "you should",
          "make sure to", "we need to", "we want to", "help me", "let us", "lets", "let's", "immediately", "again",
          "automatically", "as well", "additionally", "to begin", "start by", "begin by", "if so", "followed by",
          "proceed to", "go ahead and", "be sure to", "you can", "we should", "i have to")  # fmt: skip
_IF = ("only if", "but only if", "if", "in case", "provided that", "when", "whenever", "in the event that", "should")
_UNLESS = ("unless", "except if", "except when")
_ELSE = ("otherwise", "or else", "else", "if not", "in all other cases", "in other cases", "for all other cases",
         "for everything else", "for the rest", "in the other case", "if that is not the case")  # fmt: skip
_EACH = ("for each", "for every", "for all", "for any", "within each", "within every", "in each", "in every", "on each",
         "on every", "inside each", "inside every", "from each", "from every", "with each", "with every", "to each of",
         "to every", "loop over", "loop through", "go through", "iterate over", "iterate through", "per", "go over",
         "do this for each", "do this for every", "do the following for each", "across all", "for")  # fmt: skip
_MORE = closed(
    "connect contact login log sign meet visit conduct perform arrange prepare organize discuss follow enter begin "
    "complete finalize wait ask obtain approve validate verify inspect evaluate analyze audit confirm ensure decide "
    "train interview onboard offboard hire deliver ship negotiate present deploy test configure install provide "
    "grant revoke manage handle process resolve respond determine identify monitor track sell buy purchase estimate plan "
    "report rate score sort filter summarize translate calculate compute approve reject escalate cook drink reach talk "
    "speak call phone work turn restart reboot back archive encrypt compress merge release subscribe unsubscribe "
    "enroll retrieve update upload download redact comment tag label close reopen reset lock unlock copy move rename "
    "allow disallow enable disable link map match populate extract transform convert parse assess generate request"
)
VERBS = EVERY | lexicon.VERBS | _MORE
_NOUNS = lexicon.NOUN_TOO | closed(
    "comment label tag release project record issue list process plan report rate score link map match request test "
    "file invite contact lead account contract call present purchase look view start schedule book group set update "
    "post message email text store place copy change subject state start track host log sign use approve access return"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a request. `fresh`: a new sentence begins with it; `later`: it says that it follows all before."""

    role: Role
    words: tuple[Word, ...]
    fresh: bool
    later: bool


def cut(words: Sequence[Word]) -> list[Piece]:
    """The pieces of a request, in order."""
    found: list[Piece] = []
    for at, sentence in enumerate(_sentences(words)):
        found += _Sentence(sentence, fresh=at > 0).pieces()
    return found


def _sentences(words: Sequence[Word]) -> list[list[Word]]:
    """Sentences, and the points of a numbered list."""
    found: list[list[Word]] = [[]]
    at = 0
    while at < len(words):
        point = _point(words, at)
        if point:
            found.append([])
            at += point
            continue
        if words[at].sort == "mark" and words[at].text in ".;!?\n:":
            found.append([])
        else:
            found[-1].append(words[at])
        at += 1
    kept = [[w for w in one if not (w.sort == "mark" and w.text in "()-–—")] for one in found]
    joined: list[list[Word]] = []
    for one in (one for one in kept if one):
        lone = (
            joined
            and len(joined[-1]) == 1
            and joined[-1][0].low in EVERY
            and not lexicon.is_verb(one, 0, fresh=True, verbs=VERBS)
        )
        if lone:
            joined[-1] += one
        elif joined and one[0].low not in VERBS and _is_list(words) and not _head(one):
            joined[-1] += [_comma(one[0]), *one]
        else:
            joined.append(one)
    return joined


def _is_list(words: Sequence[Word]) -> bool:
    return sum(bool(_point(words, at)) for at in range(len(words))) > 1


def _head(words: Sequence[Word]) -> bool:
    return bool(
        begins(words, *_IF, *_UNLESS, *_ELSE, *_EACH, *LATER, *_FIRST, "use", "on", "in", "as", "before", "after")
    )


def _comma(word: Word) -> Word:
    return Word(",", ",", ",", "mark", word.start)


def _point(words: Sequence[Word], at: int) -> int:
    """`1.`, `2)`, `(a)`: how many signs the number of a point takes."""
    plain = [word.text for word in words[at : at + 3]]
    if len(plain) == 3 and plain[0] == "(" and plain[2] == ")" and len(plain[1]) <= 2:
        return 3
    counted = words[at].sort == "number" and plain[0].isdigit() and len(plain[0]) <= 2
    if counted and len(plain) > 1 and plain[1] in (".", ")") and len(plain) == 3:
        return 2
    return 0


class _Sentence:
    def __init__(self, words: Sequence[Word], *, fresh: bool) -> None:
        self._words = list(words)
        self._found: list[Piece] = []
        self._open: list[Word] = []
        self._role: Role = "do"
        self._fresh = fresh
        self._later = False

    def pieces(self) -> list[Piece]:
        at, start = 0, True
        while at < len(self._words):
            word = self._words[at]
            comma = word.sort == "mark"
            joined = (
                comma
                or word.low in ("and", "but", "then", "so", "else", "otherwise")
                or bool(begins(self._words[at:], "as well as"))
            )
            if start or joined or self._ends_before(at):
                taken = self._turn(at, start=start)
                if taken is not None:
                    at, start = taken, False
                    continue
            start = False
            self._open.append(word)
            at += 1
        self._close()
        return self._found

    def _turn(self, at: int, *, start: bool) -> int | None:
        """Whether a new piece begins here: the place of its first word behind its head, or None."""
        begun, later = at, False
        while begun < len(self._words):
            rest = self._words[begun:]
            skip = begins(rest, *LATER)
            if skip:
                later, begun = True, begun + skip
                continue
            if (rest[0].sort == "mark" or rest[0].low in ("and", "but", "so")) and len(rest) > 1:
                begun += 1
                continue
            skip = begins(rest, *_FIRST)
            if not skip or skip >= len(rest):
                break
            begun += skip
        rest = self._words[begun:]
        if not rest:
            return None
        role, head = self._role_of(rest, start=start, moved=begun > at)
        if role is None:
            return None
        self._close()
        self._role, self._later = role, later
        self._open += rest[:1] if not head else []
        return begun + (head or 1)

    def _role_of(self, rest: Sequence[Word], *, start: bool, moved: bool) -> tuple[Role | None, int]:
        """The role that opens here, and how many words its head takes (0: its first word belongs to it)."""
        if head := begins(rest, *_ELSE):
            return "else", head
        if head := begins(rest, *_UNLESS):
            return "unless", head
        if (head := begins(rest, *_IF)) and not (rest[0].low == "should" and not start):
            return "if", head
        if (head := begins(rest, *_EACH)) and (rest[0].low != "for" or head > 1 or start):
            return ("each", head) if start or moved or self._role == "do" else (None, 0)
        if begins(rest, "use", "using") and start and not any(w.low in VERBS for w in rest[1:]):
            return "use", begins(rest, "use", "using")
        if self._is_verb(rest, fresh=start or moved):
            return "do", 0
        return ("do", 0) if start else (None, 0)

    def _is_verb(self, rest: Sequence[Word], *, fresh: bool) -> bool:
        if rest[0].low not in VERBS or rest[0].sort != "word":
            return False
        if len(rest) == 1:
            return rest[0].low not in _NOUNS
        after = rest[1]
        if rest[0].low not in _NOUNS:
            return after.low not in ("'s", "is", "are", "of") and not (after.low in VERBS and after.low not in _NOUNS)
        if (
            after.sort in ("quoted", "number", "address", "url", "channel")
            or after.low in lexicon.DETERMINERS | lexicon.PRONOUNS
        ):
            return True
        if (
            after.sort == "mark"
            or after.low in lexicon.PREPOSITIONS - {"to", "about"}
            or after.low in ("is", "are", "and", "'s", "does", "has")
        ):
            return False
        return fresh

    def _ends_before(self, at: int) -> bool:
        """Whether a condition or a loop's head is complete, so that a verb begins the step without a comma."""
        if self._role == "each" and len(self._open) == 1 and self._open[0].low in ("one", "it", "them"):
            return self._words[at].low in VERBS
        if self._role not in ("if", "unless", "each", "else") or len(self._open) < (1 if self._role != "if" else 2):
            return False
        rest = self._words[at:]
        before = self._words[at - 1].low
        if (
            before
            in lexicon.DETERMINERS | lexicon.PREPOSITIONS | {"not", "to", "and", "or", "is", "are"} | lexicon.OWNERS
        ):
            return False
        if self._role == "each" and len(rest) > 1 and rest[1].low in lexicon.DETERMINERS and rest[0].low in VERBS:
            return True
        if self._open[-1].sort in ("number", "quoted") and rest[0].low in VERBS:
            return True
        object_follows = len(rest) > 1 and rest[1].low in lexicon.DETERMINERS | lexicon.PRONOUNS
        if self._role == "if" and object_follows and rest[0].low in VERBS:
            return len(self._open) >= 3 and any(word.low in ("is", "are") for word in self._open[:-1])
        if self._role in ("if", "unless") and not any(
            w.low in ("is", "are", "was", "has", "have", "exceeds", "equals", "contains") or w.sort == "sign"
            for w in self._open
        ):
            return False
        return self._is_verb(rest, fresh=False) and rest[0].low not in _NOUNS

    def _close(self) -> None:
        while self._open and (self._open[-1].sort == "mark" or self._open[-1].low in ("and", "then")):
            self._open.pop()
        while self._open and self._open[0].sort == "mark":
            self._open.pop(0)
        if self._open or self._role == "else":
            self._found.append(Piece(self._role, tuple(self._open), self._fresh, self._later))
            self._fresh = False
        self._open, self._role, self._later = [], "do", False
