"""Which steps of a document are meant by words: `creating the servicenow incident`, `the slack message`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flov7.generation.offline import lexicon
from flov7.generation.offline.operations.phrases import deed, things
from flov7.generation.offline.operations.pieces import VERBS
from flov7.generation.offline.operations.resolve import Said, naming, resolve, stems
from flov7.generation.offline.operations.scene import stems_of
from flov7.generation.offline.operations.standing import Standing
from flov7.generation.offline.operations.verbs import ASKED, EVERY
from flov7.generation.offline.operations.vocabulary import Vocabulary, terms
from flov7.generation.offline.words import Word, begins, stem

_NOUNS = {"creation": "create", "deletion": "delete", "retrieval": "retrieve", "removal": "delete", "addition": "add",
          "upload": "upload", "download": "download", "update": "update", "notification": "send"}  # fmt: skip
_BY_STEM = {
    stem(form): verb
    for verb in sorted(VERBS | EVERY, key=len, reverse=True)
    for form in (verb, f"{verb}ing", f"{verb.removesuffix('e')}ing", f"{verb}{verb[-1]}ing")
}
_OPENERS = ("the step to", "the step of", "the step that", "the step where we", "the step for", "the step in which we", "a step to",
            "the steps to", "the action to", "the part that", "a new step to", "the task to", "the step where", "step to",
            "the step which", "step that", "the action of", "the steps that", "the steps of", "steps to", "to", "the")  # fmt: skip


def base_form(word: Word) -> str | None:
    """The verb of `creating`, `creation`, `creates`; None where it is none."""
    if word.low in _NOUNS:
        return _NOUNS[word.low]
    return _BY_STEM.get(word.stem) or (word.low if word.low in VERBS else None)


def unwrapped(words: Sequence[Word]) -> list[Word]:
    """`the step to create a new issue` without its beginning."""
    kept = [word for word in words if word.sort != "mark"]
    while count := begins(kept, *_OPENERS):
        if count >= len(kept):
            break
        kept = kept[count:]
    return kept


class Matching:
    """Finds steps by words."""

    def __init__(self, vocabulary: Vocabulary, everything: Callable[[], list[Standing]]) -> None:
        self._vocabulary = vocabulary
        self._everything = everything

    def find(self, words: Sequence[Word], *, verb: str = "") -> list[Standing]:
        """The steps that fit best, as they stand; empty where none does."""
        counted = self._counted(words)
        if counted is not None:
            return counted
        said = self.said(words, verb=verb)
        scored: list[tuple[float, Standing]] = []
        for one in self._everything():
            score = self._score(one, said, words)
            if score > 0:
                scored.append((score, one))
        if not scored:
            return []
        best = max(score for score, _ in scored)
        return [one for score, one in scored if score >= best - 0.01]

    def _counted(self, words: Sequence[Word]) -> list[Standing] | None:
        """`the first step`, `the last one`."""
        plain = [word.low for word in words if word.low not in ("the", "very")]
        if len(plain) != 2 or plain[1] not in ("step", "one", "task", "action") or plain[0] not in _PLACES:
            return None
        found = [one for one in self._everything() if one.primitive.get("type") in ("action", "data")]
        at = _PLACES[plain[0]]
        return [found[at]] if -len(found) <= at < len(found) else []

    def said(self, words: Sequence[Word], *, verb: str = "") -> Said:
        """The words as a request: its verb in plain form, its object."""
        kept = unwrapped(words)
        noun = bool(words) and words[0].low in lexicon.DETERMINERS and not begins(words, *_OPENERS[:-1])
        be = ("is", "are", "has", "have", "gets", "was")
        done = next((n for n, word in enumerate(kept) if n and word.low in be and n + 1 < len(kept)), 0)
        if done and base_form(kept[-1]):
            kept, noun = [kept[-1], *kept[:done]], False
        verbal = bool(kept) and (kept[0].low.endswith(("ing", "ion", "al", "ed")) or kept[0].low in VERBS)
        own = base_form(kept[0]) if verbal and not noun else None
        if own and len(kept) > 1:
            rest = kept[1:]
            while rest and rest[0].low in ("of", "for"):
                rest = rest[1:]
        else:
            own, rest = None, kept
        if own is None and kept and kept[-1].low in _NOUNS:
            own, rest = _NOUNS[kept[-1].low], kept[:-1]
        found = things(rest) or list(deed(rest).things)
        head = stems(found[0].words, self._vocabulary) if found else ()
        around = tuple(
            term for one in (found[0].around if found else ()) for term in stems(one.words, self._vocabulary)
        )
        lows = frozenset(word.low for word in kept)
        return Said(own or verb, head, around, naming(kept, self._vocabulary), {}, lows)

    def _score(self, one: Standing, said: Said, words: Sequence[Word]) -> float:
        if one.operation is not None:
            found = resolve(said, self._vocabulary, among=[one.operation])
            if found:
                strongest = max(said.named.values(), default=0.0)
                own = said.named.get(one.operation.connector, 0.0)
                alias = bool(one.operation.aliases & said.lows)
                return found[0].score if strongest < 0.5 or own >= 0.3 or alias else 0.0
            return 0.0
        return self._by_words(one, words)

    def _by_words(self, one: Standing, words: Sequence[Word]) -> float:
        """A step that is no operation: by the words of its name, its kind and its settings."""
        primitive = one.primitive
        if primitive.get("type") in ("trigger", "connection") or primitive.get("kind") in ("loop", "if_else"):
            return 0.0
        shown = " ".join([str(primitive.get("name", "")).replace("_", " "), str(primitive.get("kind", "")).replace("_", " "),
                          *(str(value) for value in primitive.get("config", {}).values() if isinstance(value, str))])  # fmt: skip
        known = set(terms(shown))
        plain = [
            Word(base, base, stem(base), "word", 0) if (base := base_form(one)) else one for one in unwrapped(words)
        ]
        asked = [term for term in stems_of(plain) if term not in _SILENT]
        hit = [term for term in asked if term in known or any(_near(term, other) for other in known)]
        return 3.0 * len(hit) / len(asked) if asked and len(hit) * 2 >= len(asked) else 0.0


def _near(term: str, other: str) -> bool:
    mine, theirs = base_class(term), base_class(other)
    return bool(mine and mine & theirs)


def base_class(term: str) -> frozenset[str]:
    """The deeds that a stem stands for."""
    return frozenset(
        name for name, verbs in ASKED.items() for verb in verbs if stem(verb) == term and name not in ("create",)
    )


_PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1, "final": -1, "1st": 0, "2nd": 1, "3rd": 2}
_SILENT = frozenset(
    [
        *(stem(one) for one in lexicon.PREPOSITIONS),
        "step",
        "user",
        "task",
        "it",
        "them",
        "that",
        "this",
        "a",
        "an",
        "the",
        "to",
        "be",
    ]
)
