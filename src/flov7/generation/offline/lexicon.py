"""The closed words of English that say how a request is built, and the verbs that begin a step.

No word here belongs to a branch of business: nouns are read from the sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

from flov7.generation.offline.words import Word, closed

DETERMINERS = closed(
    "a an the this that these those its their his her my our your any each every all both new another some no "
    "one such whose said"
)
OWNERS = frozenset(["its", "their", "his", "her"])
PRONOUNS = closed("it them him her me us they everyone everybody that this")
PREPOSITIONS = closed(
    "of in on at to for from by with about into over under after before between through via per as than"
)
COPULAS = closed("is are was were be been am gets get got has have had does do did will would can cannot")
JOINERS = ("and then", "and also", "and", "but", "or", "plus", "also", "as well as", "then", "so")
LATER = (
    "after that", "afterwards", "afterward", "finally", "lastly", "next", "at the end", "in the end", "when done",
    "once done", "when all are done", "once all are done", "in any case", "either way", "anyway", "in every case",
    "in both cases", "regardless", "and finally", "and afterwards", "and after that", "at last",
)  # fmt: skip
"""What leads out of a condition's or a loop's body."""
ELSE = (
    "otherwise", "or else", "else", "if not", "in all other cases", "in other cases", "for all others",
    "for the others", "for the rest", "for everything else", "in the other case", "if it is not", "if it does not",
)  # fmt: skip
SO = ("if so", "in that case", "if it is", "if it does", "if yes")
IF = (
    "only if", "only when", "but only if", "but only when", "if", "in case", "provided that", "provided", "as long as",
    "assuming that", "assuming", "given that", "where", "only for those where", "should",
)  # fmt: skip
UNLESS = ("unless", "except when", "except if", "if not all")
WHEN = (
    "whenever", "when", "as soon as", "once", "every time that", "every time", "each time", "any time", "anytime",
    "the moment", "upon", "after",
)  # fmt: skip
EACH = (
    "for each", "for every", "for all", "for any", "loop over", "loop through", "go through", "iterate over", "with each",
    "with every", "on each", "repeat for each", "repeat for every", "do this for each", "do this for every", "to each",
    "to every",
)  # fmt: skip
FAILS = frozenset(["fail", "break", "bounc", "crash", "error"])
FAIL_PHRASES = (
    "on failure", "on error", "on errors", "upon failure", "upon error", "goes wrong", "go wrong", "went wrong",
    "not work", "not go through", "not succeed", "cannot be", "could not be", "not possible", "is down", "times out",
    "not respond", "not answer", "has an error", "is an error", "not reachable", "cannot reach", "in case of error",
    "in case of errors", "in case of failure", "in case of an error", "in case of a failure",
)  # fmt: skip
ANYTHING = frozenset(["anything", "something", "any", "step", "whatever", "everything", "workflow"])
STOPS = frozenset(["stop", "quit", "ignore", "skip", "abort", "end", "cancel", "discard", "drop"])
GOES_ON = frozenset(["continue", "proceed", "go"])

NOUN_TOO = closed(
    "email mail text call post message query filter report request ping alert check store archive update "
    "transfer log map sort group split format record charge refund copy import export answer review ask run "
    "start stop test book sign transform export set list name count total change end match code save need "
    "show put file upload download hold wait pause forward reply share work look open close add link note "
    "warning invoice bill issue page process schedule form score rate rank tag tweet star"
)
VERBS = closed(
    "send email mail text call post message query filter report request ping alert check store archive update "
    "transfer log map sort group split format record charge refund copy import export answer ask run start "
    "stop test transform set list count change save show put upload download wait pause forward reply share "
    "look open close add notify tell inform let warn remind write read get fetch load pull retrieve create "
    "make delete remove insert select find search calculate compute sum convert parse turn encode decode "
    "strip hash keep drop merge join combine split batch enrich validate verify ensure rename extract "
    "summarize summarise classify translate generate trigger invoke execute launch publish push submit "
    "approve hold sleep delay give continue proceed go ignore skip abort quit deliver dispatch escalate "
    "assign mark flag register subscribe unsubscribe schedule retry try repeat poll ring confirm thank "
    "congratulate greet welcome apologize collect aggregate deduplicate limit pick choose route sync "
    "synchronize back store append prepend attach move rename touch cancel block unblock enable disable "
    "provision deploy restart issue bill invoice pay ship return hand pass use take do require review consult "
    "discard end upsert dump note render compile compare announce broadcast drop request obtain page scan "
    "monitor work scrape crawl tweet label tag score rate rank apply archive extract rewrite compose judge gather pin "
    "unzip zip resize crop redirect escalate analyze analyse respond criticize criticise dump watch follow turn "
    "exclude keep bring bundle deduplicate dedupe normalize normalise clean look pick collect"
)
"""What may begin a step. A verb that a catalogue's example begins with is one too."""


_CLOSED = DETERMINERS | PRONOUNS | PREPOSITIONS | COPULAS | frozenset(
    ["and", "or", "but", "then", "not", "if", "when", "unless", "otherwise", "else", "once", "only", "also", "there", "here", "who", "which", "where", "what", "how", "i", "we", "you", "he", "she", "again", "later", "now", "today", "tomorrow"]
)  # fmt: skip


def _acts(words: Sequence[Word], at: int) -> bool:
    """Whether a word that is not known stands where a verb stands: in its plain form before an object."""
    word = words[at]
    if at + 1 >= len(words) or not word.text.islower() or len(word.low) < 3 or word.low in _CLOSED:
        return False
    if word.low.endswith(("s", "ed", "ing", "ly")) or not word.low.isalpha():
        return False
    after = words[at + 1]
    before = words[at - 1].low if at else ""
    if before == "to" or before in DETERMINERS | PREPOSITIONS:
        return False
    return after.low in {"it", "them", "the", "a", "an", "its", "their", "our", "my"} or after.sort in (
        "url",
        "address",
    )


def is_verb(words: Sequence[Word], at: int, *, fresh: bool, verbs: frozenset[str] = VERBS) -> bool:
    """Whether a step begins at this word. `fresh`: a comma or a joining word stands before it."""
    word = words[at]
    if word.sort != "word":
        return False
    if word.low == "never" and fresh and at + 1 < len(words):
        return True
    if word.low not in verbs:
        return fresh and _acts(words, at)
    before = words[at - 1].low if at else ""
    if before == "to" or before in DETERMINERS or (before in PREPOSITIONS and not fresh) or before in ("'s", "not"):
        return False
    if word.low not in NOUN_TOO:
        return True
    if at + 1 >= len(words):
        return False
    after = words[at + 1]
    if after.sort in ("quoted", "url", "address", "channel", "code", "path"):
        return True
    if after.sort == "mark" or after.low in COPULAS or after.low in ("of", "'s", "and", "or", "then", "fails", "fail"):
        return False
    if after.low in DETERMINERS | PRONOUNS:
        return True
    return fresh or after.low in ("for", "until", "on", "to", "up", "out", "back") or after.text[:1].isupper()
