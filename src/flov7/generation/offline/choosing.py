"""Which kind a step is where its own words do not show it: at the services that were spoken of, or asked for."""

from __future__ import annotations

from collections.abc import Sequence

from flov7.generation.offline import lexicon, places, services, steps
from flov7.generation.offline.absent import LEAVE, absent
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.index import Index, Match
from flov7.generation.offline.slots import Scope
from flov7.generation.offline.words import Word, closed, find, read, said, snake

_CLOSEST = {"call a service over HTTP": "action/api_call", "send an e-mail": "action/email_send",
            "tell a channel": "action/notification", "ask a database": "action/db_query",
            "ask a model": "action/ai_process", "leave it out": ""}  # fmt: skip
_WORKS = ("data/filter", "data/enrich", "data/merge", "action/file", "data/mapping")
_MAKES = closed("add put write log push assign attach")
_OPENS = closed("make turn switch open close create raise register publish assign cancel book")
_OUTSIDE = closed(
    "get fetch load download pull retrieve scrape crawl poll collect gather search list check take look find make turn switch water dim"
)


class Chooser:
    """Knows the services that the whole request names."""

    def __init__(self, desk: Desk, index: Index, *, sentence: str) -> None:
        self._desk = desk
        self._index = index
        self._services = services.spoken(read(sentence), desk.catalogue)

    def matches(self, words: Sequence[Word], scope: Scope) -> list[Match]:
        """The kinds that a step may be, best first; empty where the person has to say."""
        if (lacking := absent(words)) is not None:
            return self._asked(words, lacking.question, (*lacking.nearest, LEAVE))
        if services.writes_back(words):
            near = services.nearest((*read("update"), *words[1:]), self._desk.catalogue, self._services, whatever=True)
            if near is not None:
                return [Match(near, 100.0)]
        found = steps.kind_of(words, self._index, scope, catalogue=self._desk.catalogue)
        made = (words[0].low in _MAKES and find(words, "to", "into", "in")) or words[0].low in _OPENS
        vague = bool(found) and found[0].score < 100 and found[0].kind.key in _WORKS and made
        if vague:
            return self._closest(words) or found
        return found or self._closest(words)

    def _closest(self, words: Sequence[Word]) -> list[Match]:
        """The nearest for words that no kind fits: at a service that was spoken of, else what the person says."""
        if lexicon.is_verb(words, 0, fresh=True, verbs=lexicon.VERBS | self._index.verbs):
            near = services.nearest(words, self._desk.catalogue, self._services)
            if near is not None:
                return [Match(near, 1.0)]
            if places.names_place(words) or words[0].low in _OUTSIDE:
                known = self._index.kind("action/api_call")
                return [Match(known, 1.0)] if known else []
        return self._asked(
            words, f"I do not know how to do “{said(words)}”. Which of these comes closest?", tuple(_CLOSEST)
        )

    def _asked(self, words: Sequence[Word], text: str, offered: Sequence[str]) -> list[Match]:
        """What the person says that it is; nothing is done before."""
        key = f"step.{snake(words[:3])}"
        given = self._desk.ask(key, text, list(offered), weight=0.3)
        kind = self._index.kind(_CLOSEST.get(given, "")) if key in self._desk.answers else None
        return [Match(kind, 1.0)] if kind else []
