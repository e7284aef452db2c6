"""What goes back to whoever asked: the answer of an address that is called, a reply to a mail or in a chat."""

from __future__ import annotations

from collections.abc import Sequence

from flov7.generation.offline import reshaping
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.filling import Filled, Wish
from flov7.generation.offline.slots import Scope, noun_phrase
from flov7.generation.offline.words import Word, closed, find, snake

_REPLIES = closed("answer reply respond return")
_GIVES = (("give", "back"), ("send", "back"), ("come", "back"), ("hand", "back"), ("answer", "with"), ("show", "it"))
_FORMS = ("json", "xml", "csv")
_LINKS = closed("with of using from immediately as together")


def replies(words: Sequence[Word]) -> bool:
    """Whether something goes back to whoever asked."""
    return words[0].low in _REPLIES or tuple(word.low for word in words[:2]) in _GIVES


def kind_of(words: Sequence[Word], scope: Scope) -> str | None:
    """The kind of step that gives the answer; None where nothing is answered, or nobody asked."""
    if not replies(words) or scope.asker is None:
        return None
    match scope.asker:
        case "email":
            return "action/email_send"
        case str() as way if way != "http":
            return "action/notification"
        case _:
            form = find(words, *_FORMS)
            return "action/transform" if form and not find(words, "error", "array", "list") else "data/mapping"


def mapping(wish: Wish, desk: Desk) -> Filled:
    """The answer by the names of its parts; a mapping that is asked for in other words is read as such."""
    if not replies(wish.words) or wish.scope.asker is None:
        return reshaping.mapping(wish, desk)
    at = next((n for n, word in enumerate(wish.words) if word.low in _LINKS), 1)
    named = [path for one in reshaping.pieces(wish.words[at + 1 :]) if (path := wish.scope.path(noun_phrase(one)))]
    whole = wish.scope.last or wish.scope.whole
    if not named and whole:
        return Filled({}, {"mapping": {whole: "answer" if whole != "answer" else "reply"}}, noun="answer")
    return Filled({}, {"mapping": {path: snake(f"{path.rpartition('.')[2]}_given") for path in named}}, noun="answer")
