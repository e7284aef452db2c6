"""`billing goes to A, technical ones to B, everything else to C`: one value decides between several ways."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flov7.generation.offline.words import Word, inside

_SPLIT, _IS = " | ", " => "
_REST = re.compile(
    r"^(?:all |the |every)?(?:others?|rest|everything|everyone|anything|everybody)(?: else| other)?(?: ones)?$",
    re.IGNORECASE,
)
_WAY = re.compile(
    r"(?P<what>[\w'. -]+?) (?:(?:go|goes|is sent|are sent|is assigned|are assigned|belongs?|should go) )?(?:to|into) (?P<where>(?:the |our )?#?[\w' -]+)", re.IGNORECASE
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ways:
    """What decides (empty: what it is about), and where each value leads; `rest` for all others."""

    on: str
    cases: tuple[tuple[str, str], ...]
    rest: str | None


def switched(text: str) -> str:
    """The request with such a list as one step: `route "value" "A => B | …"`."""
    match = re.search(r"(?:^|(?<=[,.;] ))(?P<lead>[^.;:]*?): (?P<list>[^.;:]+ (?:to|into) [^.;:]+)(?=[.;]|$)", text)
    if match is None:
        return text
    ways = [_WAY.fullmatch(re.sub(r"^and ", "", one.strip())) for one in re.split(r",(?: and)?", match["list"])]
    found = [(one["what"].strip(), one["where"].strip()) for one in ways if one is not None]
    if len(found) < 2 or len(found) != len(ways):
        return text
    lead = match["lead"]
    on = re.search(
        r"(?:depending on|according to|based on|by) (?:the |its |their )?(?P<on>[\w' -]+?)(?: of (?:an? |the )?(?P<whose>[\w' -]+))?(?=,|$)",
        lead,
        re.IGNORECASE,
    )
    coded = _SPLIT.join(f"{what}{_IS}{where}" for what, where in found)
    opening = _opening(lead, on)
    return f'{text[: match.start()]}{opening}route "{on["on"] if on else ""}" "{coded}"{text[match.end() :]}'


def _opening(lead: str, on: re.Match[str] | None) -> str:
    """What stands before the list, where it says what starts it."""
    if on is not None and on["whose"]:
        return f"When a {re.sub(r'^new ', 'new ', on['whose'].strip())} arrives, "
    begun = re.match(r"(?P<when>(?:when|whenever|every|each|once|as soon as)\b[^,]*), ", lead, re.IGNORECASE)
    if begun is not None:
        return f"{begun['when']}, "
    about = re.match(
        r"(?:route|assign|send|sort|forward|distribute|triage) (?:the |all |every |each |new |incoming )*(?P<what>[\w' -]+)$",
        lead.strip(),
        re.IGNORECASE,
    )
    return f"When {about['what']} arrive, " if about else ""


def ways_of(words: Sequence[Word]) -> Ways | None:
    """The list of a `route` step; None for any other."""
    quoted = [inside(word) for word in words if word.sort == "quoted"]
    if words[0].low != "route" or len(quoted) != 2 or _IS not in quoted[1]:
        return None
    pairs = [tuple(one.split(_IS, 1)) for one in quoted[1].split(_SPLIT)]
    rest = next((where for what, where in pairs if _REST.match(what)), None)
    cases = tuple((_value(what), where) for what, where in pairs if not _REST.match(what))
    return Ways(on=quoted[0], cases=cases, rest=rest)


def _value(what: str) -> str:
    """`billing questions` is `billing`, `technical ones` is `technical`."""
    parts = [
        one
        for one in what.split()
        if one.lower() not in ("ones", "questions", "the", "all", "tickets", "requests", "those")
    ]
    return " ".join(parts) or what
