"""Requests that do not say `when`: `post every new video`, `route tickets`, `at 7am`, `A reader replies STOP: …`.

What comes in, one by one, is what starts the workflow; the rest is said of it.
"""

from __future__ import annotations

import re

from flov7.generation.offline.lexicon import VERBS

_ONE_BY_ONE = (
    r"e-?mails?|mails?|tickets?|submissions?|applications?|complaints?|sign-?ups?|bookings?|alerts?|comments?|requests?|"
    r"reviews?|questions?|leads?|inquiries|enquiries|messages?|receipts?|feedback"
)
"""What comes in by itself, one after the other, in any branch of business."""
_HANDLES = (
    r"route|triage|summari[sz]e|classify|categori[sz]e|label|tag|translate|answer|reply to|forward|sort|assign|"
    r"prioriti[sz]e|score|qualify|acknowledge|transcribe|process|handle|archive|moderate|screen"
)
_READS = ("read", "get", "fetch", "take", "receive", "collect", "pull", "look", "check")
_CLOCK = r"(?:at|by|around) (?P<at>\d{1,2}(?::\d{2})?\s?(?:am|pm|a\.m\.|p\.m\.)|\d{1,2}:\d{2}|noon|midnight)\b"
_STARTED = re.compile(
    r"(?:^|[,;.] )(?:when|whenever|if|as soon as|once|after|on|upon)\b|\b(?:daily|hourly|weekly|monthly|nightly)\b|"
    r"\b(?:every|each) (?!new|incoming|one|of )(?:\d+ )?\w*(?:day|week|month|hour|minute|morning|evening|night|quarter|year|second|friday)s?\b|"
    r"\bonce an? |\bby hand\b|\bmanually\b", re.IGNORECASE,
)  # fmt: skip


def opened(text: str) -> str:
    """The request with what starts it said as `when …` or `every day …`, where that can be seen."""
    text = _changed(_sensed(_signalled(_idle(_turned(text)))))
    told = _told(text)
    if told is not None:
        return told
    return _limited(_begun(text))


def _begun(text: str) -> str:
    if _STARTED.search(text):
        return text
    return _listed(text) or _attached(text) or _fresh(text) or _handled(text) or _timed(text)


def _turned(text: str) -> str:
    """`score my leads when they land in the sheet`: they are what comes."""
    match = re.match(
        r"^(?P<do>[a-z]+) (?P<thing>(?:my|our|the|new|all|every|each|incoming) [\w' -]+?)(?P<how> (?:with|by|using|via|through|in|to) [^,.;]+?)? (?:when|whenever|as soon as|once) (?:they|it) (?P<what>[^,.;]+)(?P<rest>.*)$",
        text, re.IGNORECASE | re.DOTALL,
    )  # fmt: skip
    if match is None or match["do"].lower() not in VERBS:
        return text
    return f"When {match['thing']} {match['what']}, {match['do'].lower()} it{match['how'] or ''}{match['rest']}"


def _idle(text: str) -> str:
    """What has not happened for some days tells nobody: it is looked for every day."""
    match = re.match(
        r"^(?:if|when|whenever) (?:an?|any|one of our|one of my) (?P<thing>[\w' -]+?) (?:has|have) (?P<what>(?:not |never )[\w ]+?|waited|been (?!added|created|sent)\w+)(?: for| in| since)? "
        r"(?P<time>(?:more than )?\w+ (?:hours?|days?|weeks?|months?))\b(?P<rest>[^,]*), (?P<then>.*)$", text, re.IGNORECASE | re.DOTALL,
    )  # fmt: skip
    if match is None:
        return text
    last = match["thing"].split()[-1]
    rest = re.sub(r"^more than ", "", match["time"], flags=re.IGNORECASE)
    return f"Every day search the {match['thing']}s, for each {last} if it is unchanged since {rest}, {match['then']}"


def _limited(text: str) -> str:
    """`Only mails with …`, said at the end of what one thing starts: the run goes on only then."""
    match = re.match(
        r"^(?P<when>When [^,]+), (?P<then>.*?)[.;] only (?:those |the )?[\w -]+? (?P<link>with|that have|having|that are|which are) (?P<what>[^.;]+)[.;]?$", text,
        re.IGNORECASE | re.DOTALL,
    )  # fmt: skip
    if match is None:
        return text
    verb = "is" if match["link"].lower().endswith("are") else "has"
    return (
        f"{match['when']}, continue only if it {verb} {match['what']}. {match['then'][:1].upper()}{match['then'][1:]}"
    )


def _changed(text: str) -> str:
    """`is moved to Done`, `gets the label bug`: a change, and what the thing has to be then."""
    head = r"(?P<head>\b(?:when|whenever|once|as soon as) (?:an?|the|any|our|my)[\w' -]+?) "
    value = r"(?P<value>[\w-]+(?: [A-Z][\w-]*)*)(?=[,;.:]| then\b|$)"
    text = re.sub(
        rf"{head}(?:is |gets |has been )?(?:moved to|moves to|changes to|changed to|set to|marked as|marked|reaches|switches to|goes to)"
        rf"(?: the)?(?: stage| status| state| column)? {value}", r"\g<head> changes and its status is '\g<value>'", text, flags=re.IGNORECASE,
    )  # fmt: skip
    return re.sub(
        rf"{head}(?:gets?|receives?|is given|has) the (?P<field>label|tag|status|stage) {value}",
        r"\g<head> changes and its \g<field> is '\g<value>'", text, flags=re.IGNORECASE,
    )  # fmt: skip


def _sensed(text: str) -> str:
    """A sensor that reports a value publishes it; the value is the condition."""
    return re.sub(
        r"^(?:if|when|whenever) (?P<who>(?:an?|the|our|any|one of our)[\w' -]*?(?:sensors?|meters?|devices?|thermometers?)\b[\w' -]*?) "
        r"(?:reports?|measures?|shows?|reads?|sends?|registers?) (?=more|less|over|under|above|below|at least|at most|higher|lower|fewer)",
        r"When \g<who> publishes a reading over mqtt, if the reading is ", text, flags=re.IGNORECASE,
    )  # fmt: skip


def _signalled(text: str) -> str:
    """`the sensor publishes that …`: what it publishes is the condition."""
    return re.sub(
        r"^(?:if|when|whenever) (?P<who>(?:an?|the|our|any|one of our)[\w' -]*?(?:sensors?|meters?|devices?|machines?)\b[\w' -]*?) (?:reports?|publishes|says|signals|tells us) that (?P<what>[^,]+), ",
        r"When \g<who> publishes a reading over mqtt, if \g<what>, ", text, flags=re.IGNORECASE,
    )  # fmt: skip


def _listed(text: str) -> str | None:
    """`ask AI to tag our articles`, with a service named: they are fetched there, and each is tagged."""
    match = re.match(
        r"^ask AI to (?P<do>tag|classify|categori[sz]e|rate|score|summari[sz]e|translate|label|check|review|rewrite) (?:all )?(?:our|my|the)?\s?(?P<what>[\w -]+?s)\b"
        r"(?: (?:in|from|on) (?P<place>[\w ]+?))?(?P<rest>(?:,| and ).*)$", text, re.IGNORECASE,
    )  # fmt: skip
    place = match and (
        match["place"]
        or next(
            iter(re.findall(r"\b(?:back )?(?:to|in|into) ((?:our |my |the )?[A-Z][\w ]+?)(?=[,.;]|$)", match["rest"])),
            None,
        )
    )
    if match is None or not place:
        return None
    one = match["what"].split()[-1].removesuffix("s")
    return f"fetch the {match['what']} from {place}, for each {one} ask AI to {match['do']} it{match['rest']}"


def _told(text: str) -> str | None:
    """`A reader replies STOP: mark …`: what happens stands before the colon."""
    match = re.match(
        r"^(?P<what>(?:an?|the|some\w+|any\w+|our|my) [^:;.,]{3,80}): (?P<then>\w+)\b", text, re.IGNORECASE
    )
    if match is None or match["then"].lower() not in VERBS or _STARTED.search(match["what"]):
        return None
    return f"When {match['what']}, {text[match.start('then') :]}"


def _attached(text: str) -> str | None:
    """`take the attachment of each mail`: the mail starts it."""
    return _sub_once(
        r"^(?P<do>\w+) (?P<what>the [\w -]*?attachments?) (?:of|from|in) (?:each|every|any|all|new)(?: new| incoming)? (?:e-?mails?|mails?|messages?)"
        r"(?P<whose> from [^,;.]+?)?(?=,|;| and )", r"When a mail arrives\g<whose>, \g<do> \g<what>", text,
    )  # fmt: skip


def _fresh(text: str) -> str | None:
    """`post every new video of our channel to …`: a new one starts it, and it is posted."""
    match = re.match(
        r"^(?P<do>[a-z]+) (?:every |each |any |all |the |our |my )?(?:new|newest|incoming|fresh|latest) (?P<thing>[\w' -]+?)(?P<place> (?:from|in|of|on) (?:the |our |my )?[\w' -]+?)?"
        r"(?P<rest>(?:,| (?:to|into|onto|with|by|for|and|as)\b).*)$", text, re.IGNORECASE,
    )  # fmt: skip
    if match is None or match["do"].lower() not in VERBS:
        return _each_one(text)
    place = re.sub(r"^ from ", " in ", match["place"] or "")
    does = (
        ""
        if match["do"].lower() in _READS and match["rest"].startswith((",", " and"))
        else f", {match['do'].lower()} it"
    )
    many = "arrive" if match["thing"].endswith("s") else "arrives"
    return f"When a new {match['thing']} {many}{place}{does}{match['rest']}"


def _each_one(text: str) -> str | None:
    """`convert each uploaded file`, `log every mail that I send`: each starts it."""
    match = re.match(
        rf"^(?P<do>[a-z]+) (?:every|each|any) (?P<thing>(?:[a-z]+ed [\w' -]+?)|(?:[\w'-]+ ){{0,2}}?(?:{_ONE_BY_ONE})(?: (?:i|we|that|from|by|in) [\w' -]+?)?)"
        r"(?P<rest>(?:,| (?:to|into|onto|with|as|and|on)\b).*)$", text, re.IGNORECASE,
    )  # fmt: skip
    if match is None or match["do"].lower() not in VERBS:
        return None
    return f"When a new {match['thing']} arrives, {match['do'].lower()} it{match['rest']}"


def _handled(text: str) -> str | None:
    """`route support tickets: …`: each that comes in is handled."""
    match = re.match(
        rf"^(?P<do>{_HANDLES}) (?:all |any |the |our |my |every |each )*(?P<what>(?:[\w'-]+ ){{0,3}}?(?:{_ONE_BY_ONE})(?: (?:that|which) [^,;.]+?(?=,| and |[.;]|$))?)(?P<rest>\b.*)$", text,
        re.IGNORECASE | re.DOTALL,
    )  # fmt: skip
    if match is None:
        return None
    return f"When {match['what']} arrive, {match['do'].lower()} it{match['rest']}"


def _timed(text: str) -> str:
    """Only a time of day is said: it is every day's."""
    match = re.search(rf"\s?\b{_CLOCK}", text, re.IGNORECASE)
    if match is None:
        return text
    rest = (text[: match.start()] + text[match.end() :]).strip(" ,")
    return f"Every day at {match['at']}, {rest[:1].lower()}{rest[1:]}"


def _sub_once(pattern: str, instead: str, text: str) -> str | None:
    made, count = re.subn(pattern, instead, text, count=1, flags=re.IGNORECASE)
    return made if count else None
