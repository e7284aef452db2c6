"""Which operation a clause means: what is done, to what, and at which service, each with its share of the score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from flov7.generation.offline import lexicon
from flov7.generation.offline.operations.verbs import ASKED, STANDS_IN, classes
from flov7.generation.offline.operations.vocabulary import Operation, Vocabulary, terms
from flov7.generation.offline.words import Word, stem

LEAST = 0.55
"""An object that fits less well than this is another thing."""
_PLAIN = frozenset(["file", "object", "messag", "email", "item", "page", "record"])
"""What a service's own thing may be called where a request names something else: a resume is a file."""
SAME: dict[str, tuple[str, ...]] = {
    "account": ("organization",), "alert": ("messag",), "appointment": ("event",), "article": ("knowledg",),
    "attach": ("attachment",), "attachment": ("file",), "bug": ("issue",), "card": ("item",), "case": ("incident",
    "ticket"), "chat": ("messag",), "colleagu": ("user",), "company": ("account", "organization"), "deal":
    ("opportunity",), "directory": ("folder",), "document": ("file", "page"), "event": ("meeting", "calendar"),
    "image": ("file",), "invite": ("invitation",), "mail": ("email",), "meeting": ("event",), "member": ("user",),
    "note": ("comment",), "notification": ("messag",), "lead": ("contact",), "people": ("person",), "person": ("contact",), "photo": ("file",), "picture":
    ("file",), "post": ("messag",), "pull": ("pullrequest",), "reminder": ("messag",), "repo": ("repository",),
    "report": ("file",), "resum": ("file",), "role": ("userrol",), "staff": ("employe",), "team":
    ("organization",), "ticket": ("issue", "incident", "case"), "worker": ("employe",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """What one clause asks for: the verb, the stems of its object (the last is the main one), the words around.

    `named` says how well each service was named, `context` how near each was before.
    """

    verb: str
    head: tuple[str, ...]
    around: tuple[str, ...] = ()
    named: dict[str, float] = field(default_factory=dict[str, float])
    context: dict[str, float] = field(default_factory=dict[str, float])
    lows: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """An operation with its score; `sure` of its object from 0 to 1."""

    operation: Operation
    score: float
    sure: float


def resolve(said: Said, vocabulary: Vocabulary, *, among: Iterable[Operation] | None = None) -> list[Found]:
    """The operations that fit, best first; ties by the shorter name, then by name."""
    found: list[Found] = []
    for operation in _candidates(said, vocabulary) if among is None else among:
        deed = _deed(said, operation)
        if deed <= 0:
            continue
        sure = max(_object(said, operation), _by_verb(said, operation))
        place = _place(said, operation)
        if sure < LEAST:
            sure = _unnamed(said, operation, vocabulary)
        if sure <= 0:
            continue
        found.append(Found(operation, round(2.0 * sure + 1.6 * deed + place, 4), sure))
    return sorted(found, key=lambda one: (-one.score, len(one.operation.name), one.operation.name))


def _candidates(said: Said, vocabulary: Vocabulary) -> list[Operation]:
    """All that may fit at all."""
    heard = {*said.head, *(one for term in said.head for one in SAME.get(term, ())), stem(said.verb)[:-1] or said.verb}
    places = {name for name, share in said.named.items() if share >= 0.5}
    if said.verb in ASKED["upload"]:
        places |= {name for name, share in said.context.items() if share > 0.5}
    return vocabulary.about(heard - {""}, connectors=places)


def _deed(said: Said, operation: Operation) -> float:
    """How well what it does is what was asked for."""
    best = max(
        (STANDS_IN[name].get(does, 0.0) for name in classes(said.verb) for does in operation.does if name in STANDS_IN),
        default=0.0,
    )
    if _by_verb(said, operation):
        best = max(best, 0.9 if operation.does & {"create", "add", "upload", "invite"} else best)
    return best if said.verb else 0.5


def _object(said: Said, operation: Operation) -> float:
    """How well the object fits: all its words are said, and the main word of what is said is among them."""
    if not said.head:
        return 0.0
    heard = [other for term in said.head for other in (term, *SAME.get(term, ()))]
    wide = {*heard, *said.around}
    best = 0.0
    for at, words in enumerate(operation.objects):
        if not words & set(heard):
            continue
        main = any(_is(term, words) for term in (said.head[-1], *SAME.get(said.head[-1], ())))
        recall = sum(_is(one, wide) for one in words) / len(words)
        precision = sum(_is(term, words) for term in said.head) / len(said.head)
        exact = 0.08 if said.head[-1] in words else 0.0
        apart = -0.1 if said.named.get(operation.connector, 0.0) >= 0.8 else -0.25
        score = 0.62 * recall + 0.2 * precision + (0.18 if main else apart) + exact - 0.01 * at
        best = max(best, score)
    return min(best, 1.0)


def _is(term: str, words: Iterable[str]) -> bool:
    return any(term == one or (len(term) >= 4 and one.startswith(term) and len(one) > len(term) + 2) for one in words)


def _by_verb(said: Said, operation: Operation) -> float:
    """`subscribe to the list`, `release it`: the verb names the object itself."""
    root = stem(said.verb)
    if len(root) < 5 or said.verb in _GENERAL:
        return 0.0
    for words in operation.objects:
        for one in words:
            if len(words) == 1 and (one == root or (one.startswith(root[:-1]) and len(one) > len(root))):
                return 0.9 if operation.does & {"create", "add", "upload", "invite"} else 0.0
    return 0.0


def _unnamed(said: Said, operation: Operation, vocabulary: Vocabulary) -> float:
    """A service that is named with a thing of its own name: its files, messages, objects."""
    if said.named.get(operation.connector, 0.0) < 0.65 and not _stores(said, operation):
        return 0.0
    known = any(term in vocabulary.nouns for term in said.head[-1:])
    plain = any(words & _PLAIN and len(words) == 1 for words in operation.objects)
    return LEAST if plain and not known else 0.0


def _stores(said: Said, operation: Operation) -> bool:
    """Uploading goes to the store in hand, whatever is uploaded."""
    return said.verb in ASKED["upload"] and said.context.get(operation.connector, 0.0) > 0.5


def _place(said: Said, operation: Operation) -> float:
    """How well its service is the one that was named, or the one that was spoken of before."""
    named = said.named.get(operation.connector, 0.0)
    if operation.aliases & said.lows:
        named = max(named, 0.95)
    before = said.context.get(operation.connector, 0.0)
    strongest = max(said.named.values(), default=0.0)
    if named:
        return 2.2 * named + 0.9 * before
    return (1.2 if strongest < 0.5 else 0.2) * before - (0.6 if strongest >= 0.5 else 0.0)


def naming(words: Sequence[Word], vocabulary: Vocabulary) -> dict[str, float]:
    """How well the words name each service; words together count together."""
    found: dict[str, float] = {}
    for word in words:
        if word.sort not in ("word", "path") or word.low in lexicon.PREPOSITIONS:
            continue
        for name, share in vocabulary.named(word.low).items():
            found[name] = min(1.0, found.get(name, 0.0) + share)
    return found


def stems(words: Sequence[Word], vocabulary: Vocabulary) -> tuple[str, ...]:
    """The stems of what names a thing: no determiners, no service's own name where something else is left."""
    plain = [word for word in words if word.sort in ("word", "path") and word.low not in _SKIPPED]
    if len(plain) > 1:
        kept = [w for w in plain if not _names(w, vocabulary)]
        plain = kept or plain[-1:]
    while len(plain) > 1 and plain[-1].low in _LIGHT:
        plain = plain[:-1]
    return tuple(term for word in plain for term in terms(vocabulary.mended(word.low)))


_LIGHT = frozenset(["details", "detail", "information", "info", "data", "settings", "records", "entry", "entries"])
_GENERAL = ASKED["retrieve"] | ASKED["delete"] | frozenset(["update", "create", "make", "add", "file", "record", "set"])


def _names(word: Word, vocabulary: Vocabulary) -> bool:
    return stem(word.low) not in vocabulary.nouns and max(vocabulary.named(word.low).values(), default=0.0) >= 0.3


_SKIPPED = lexicon.DETERMINERS | lexicon.PRONOUNS | frozenset(
    ["corresponding", "following", "given", "specific", "existing", "also", "too", "of", "'s", "respective", "relevant",
     "there", "here", "twice", "available", "current", "latest", "entire", "various", "single", "two", "three"]
)  # fmt: skip
