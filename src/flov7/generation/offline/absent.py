"""What people ask for that no kind can do, and the nearest that can: it is told, and never quietly becomes something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flov7.generation.offline.words import Word, find

MAIL, SERVICE, TELL, LEAVE = "send an e-mail", "call a service over HTTP", "tell a channel", "leave it out"


@dataclass(frozen=True, slots=True)
class Absent:
    """What there is no kind for; `nearest` are ways that there are, the likeliest first, as they are offered."""

    what: str
    nearest: tuple[str, ...]

    @property
    def question(self) -> str:
        """What is said of it."""
        first, *rest = (_SHOWN[one] for one in self.nearest)
        other = f", or {rest[0]}" if rest else ""
        return f"There is no kind for {self.what}; the nearest is {first}{other}. Which shall it be?"


_SHOWN = {
    MAIL: "an e-mail (`email_send`)",
    SERVICE: "a call of a service that does it (`api_call`)",
    TELL: "a short message (`notification`)",
}
_THINGS: tuple[tuple[tuple[str, ...], Absent], ...] = (
    (("fax", "faxes", "telefax", "by fax"), Absent("faxes", (MAIL, SERVICE))),
    (("letter by post", "by post", "by snail mail", "postcard", "postcards", "by courier", "by pigeon"),
     Absent("letters on paper", (SERVICE, MAIL))),
    (("by phone", "by telephone", "phone call", "phone calls", "voice call", "robocall"), Absent("telephone calls", (TELL, SERVICE))),
    (("printer", "paper copy", "on paper"), Absent("printing on paper", (SERVICE,))),
    (("drone", "drones", "robot", "robots"), Absent("machines that move", (SERVICE,))),
    (("telex", "telegram by post", "pager", "pagers", "beeper"), Absent("pagers", (TELL, SERVICE))),
)  # fmt: skip
_VERBS = {
    "fax": Absent("faxes", (MAIL, SERVICE)),
    "phone": Absent("telephone calls", (TELL, SERVICE)),
    "telephone": Absent("telephone calls", (TELL, SERVICE)),
    "ring": Absent("telephone calls", (TELL, SERVICE)),
    "dial": Absent("telephone calls", (TELL, SERVICE)),
    "print": Absent("printing on paper", (SERVICE,)),
}
_FORMS = ("json", "csv", "xml", "text", "log")


def absent(words: Sequence[Word]) -> Absent | None:
    """What the words want that there is no kind for; None where there is one, or a service is named that does it."""
    if any(word.sort == "url" for word in words) or find(words, "api", "service", "endpoint"):
        return None
    verb = _VERBS.get(words[0].low) if words else None
    if verb is not None and not find(words, *_FORMS):
        return verb
    return next((one for phrases, one in _THINGS if find(words, *phrases)), None)
