"""Which kind a step means: BM25 over what the kinds say of themselves, and over how such steps are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flov7.generation.offline.words import Word, closed, read, stem
from flov7.kit.ranking import rarity, weight
from flov7.language.catalogue import Catalogue, KindSpec

_B = 0.4
_KEPT = 8
_LEADING = 2.2
"""How much more the verb counts than what follows."""
_SILENT = closed(
    "the a an of to and or in on at for it its that this with by from is be are our my all every each new "
    "into up them as then if some any over be"
)
_ASKED: dict[str, str] = {
    "action/email_send": "email mail send email send mail write email mail letter reply reply email forward thank "
    "greet welcome email confirm email inbox subject invite congratulate apologize email reminder email confirmation send",
    "action/notification": "notify tell inform alert ping warn know message slack teams discord chat channel team "
    "announce page escalate post channel remind broadcast send message send alert send notification",
    "action/api_call": "call fetch get post put patch delete request api url endpoint http load pull retrieve push submit "
    "crm system service download upload charge refund create update register publish trigger endpoint sync invoke post "
    "get create ticket read feed page website weather check provision block book ship cancel",
    "action/db_query": "database table sql query insert row rows select postgres store database save database save table "
    "look database write database record database record table update table delete table insert select upsert add table",
    "action/wait": "wait pause hold sleep delay wait approval approve sign-off ask answer wait days wait hours until "
    "callback hear approval decision request approval obtain approval get approval require approval",
    "action/custom": "run workflow start workflow call workflow execute workflow launch workflow trigger workflow "
    "subworkflow sub-workflow workflow process workflow invoke workflow flow",
    "action/transform": "parse convert turn csv xml json encode decode base64 hash strip html format date",
    "data/transform": "sort group sum calculate compute total count aggregate average deduplicate reshape pick rename "
    "flatten limit unique reverse",
    "data/filter": "keep filter remove drop only items list discard leave throw",
    "data/merge": "merge join combine lists union",
    "data/split": "split batch batches chunk divide explode separate",
    "data/validate": "validate verify check valid required schema quality ensure complete fields",
    "data/mapping": "map rename fields set field assign extract take",
    "data/enrich": "enrich look each add information lookup",
    "action/ai_process": "summarize summarise classify translate sentiment ai gpt model llm generate draft rewrite analyze "
    "analyse extract categorize",
}
"""How people ask for the kinds that come with the product, beside the words of the catalogue."""


@dataclass(frozen=True, slots=True)
class Match:
    """A kind and how well the words fit it."""

    kind: KindSpec
    score: float


class Index:
    """The kinds that can be steps, ready to be asked."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._kinds = [*catalogue.of_type("action"), *catalogue.of_type("data")]
        self._counts = [_counted(kind) for kind in self._kinds]
        self._mean = sum(sum(one.values()) for one in self._counts) / max(1, len(self._counts))
        seen = Counter(term for one in self._counts for term in one)
        total = len(self._kinds)
        self._rarity = {term: rarity(total, n) for term, n in seen.items()}
        self.verbs = (
            frozenset(
                found[0].low
                for kind in self._kinds
                for example in kind.examples
                if (found := read(example)) and found[0].sort == "word" and found[0].low.isalpha()
            )
            - _SILENT
            - {"only", "when", "if", "for"}
        )

    def knowing(self, term: str) -> set[str]:
        """The keys of the kinds that have this stem in their words."""
        return {kind.key for kind, count in zip(self._kinds, self._counts, strict=True) if count.get(term)}

    def kind(self, key: str) -> KindSpec | None:
        """The kind of that key, where it can be a step."""
        return next((kind for kind in self._kinds if kind.key == key), None)

    def ask(self, words: Sequence[Word]) -> list[Match]:
        """The kinds that fit, best first; ties sorted by name."""
        terms = [word.stem for word in words if word.sort == "word" and word.low not in _SILENT]
        weights: dict[str, float] = {}
        for at, term in enumerate(terms):
            weights[term] = max(weights.get(term, 0.0), _LEADING if at == 0 else 1.0)
        found = [
            Match(kind, sum(heavy * self._score(count, term) for term, heavy in weights.items()))
            for kind, count in zip(self._kinds, self._counts, strict=True)
        ]
        return sorted((one for one in found if one.score > 0), key=lambda one: (-one.score, one.kind.key))

    def _score(self, count: Counter[str], term: str) -> float:
        often = count.get(term, 0)
        if not often:
            return 0.0
        length = sum(count.values()) / self._mean
        return self._rarity[term] * weight(often, length=length, b=_B)


_MADE: dict[str, Index] = {}


def index_of(catalogue: Catalogue) -> Index:
    """The index of a catalogue, made once for each."""
    if catalogue.digest not in _MADE:
        if len(_MADE) >= _KEPT:
            _MADE.clear()
        _MADE[catalogue.digest] = Index(catalogue)
    return _MADE[catalogue.digest]


def _counted(kind: KindSpec) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text, share in (
        (kind.title, 2), (" ".join(kind.synonyms), 2), (" ".join(kind.examples), 1), (kind.name.replace("_", " "), 1),
        (_ASKED.get(kind.key, ""), 2),
    ):  # fmt: skip
        for word in read(text):
            if word.sort == "word" and word.low not in _SILENT:
                counts[stem(word.low)] += share
    return counts
