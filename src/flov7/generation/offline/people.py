"""Who is meant: a person in the data, a team of ours, or whoever is writing the sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from flov7.generation.draft import Sort
from flov7.generation.offline import lexicon
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.slots import Scope, noun_phrase, singular
from flov7.generation.offline.words import Word, closed, lows, said, snake

_TEAM = closed(
    "team teams department group staff channel crew desk squad boss manager managers colleagues admin admins "
    "office management"
)
_SPEAKER = frozenset(["me", "us", "myself", "ourselves", "i"])
_HANDS_OVER = frozenset(
    ["send", "forward", "post", "write", "share", "give", "hand", "pass", "deliver", "put", "sending"]
)
_ENDS = closed(
    "about that with saying when whenever if unless in via by using on through for as so and or once after "
    "before asking containing because whether to at how what why who via using under"
)
_THINGS = closed(
    "email mail message letter note confirmation reminder notification alert summary report link copy notice "
    "invitation receipt welcome thank-you reply answer warning update digest word result results text "
    "sms"
)


@dataclass(frozen=True, slots=True)
class Person:
    """`team` carries a name of ours, `data` a path, `literal` addresses, `speaker` nothing more."""

    sort: Literal["data", "team", "speaker", "literal"]
    words: str
    value: str = ""


def recipient(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words that say to whom: after the verb, or after `to` where a thing comes first."""
    rest = list(words[1:])
    plain = lows(rest)
    pronoun = rest and rest[0].low in _SPEAKER | {"them", "him", "her", "everyone", "everybody"}
    if pronoun and not (words[0].low in _HANDS_OVER and len(rest) > 1 and rest[1].low == "to"):
        return (rest[0],)
    direct = _phrase(rest)
    if (
        words[0].low not in _HANDS_OVER
        and direct
        and noun_phrase(direct)[-1:]
        and noun_phrase(direct)[-1].low not in _THINGS
    ):
        return direct
    for at, low in enumerate(plain):
        if (
            low == "to"
            and at + 1 < len(rest)
            and not (plain[at + 1].isalpha() and plain[at + 1] in lexicon.VERBS - lexicon.NOUN_TOO)
        ):
            found = _phrase(rest[at + 1 :])
            if found:
                return found
        if low == "with" and at + 1 < len(rest) and at == 0:
            return _phrase(rest[1:])
    if rest and rest[0].low in _SPEAKER | {"them", "him", "her", "everyone", "everybody"}:
        return (rest[0],)
    found = _phrase(rest)
    head = noun_phrase(found)
    return () if (head and head[-1].low in _THINGS) or not found else found


def _phrase(words: Sequence[Word]) -> tuple[Word, ...]:
    taken: list[Word] = []
    for word in words:
        if taken and (word.sort == "mark" or word.low in _ENDS or word.sort in ("quoted", "url", "channel")):
            break
        if taken and word.low in ("a", "an", "the", "their", "its", "our", "my") and taken[-1].low not in ("of", "'s"):
            break
        if word.low in _ENDS:
            break
        taken.append(word)
    return tuple(taken)


def person(words: Sequence[Word], scope: Scope) -> Person | None:
    """Who a phrase means, or None where it says nothing."""
    literal = [word.text for word in words if word.sort == "address"]
    if literal:
        return Person("literal", ", ".join(literal), ", ".join(literal))
    if not words:
        return None
    shown = said([word for word in words if word.low not in ("the", "a", "an")])
    if words[0].low in _SPEAKER:
        return Person("speaker", "you")
    if len(words) == 1 and words[0].low in lexicon.PRONOUNS:
        if words[0].low in ("everyone", "everybody", "us"):
            return Person("team", "everyone", "everyone")
        path = scope.person or scope.root or scope.whole
        named = (path or "").rpartition(".")[2].replace("_", " ")
        return Person("data", "sender" if named == "payload" else named, path) if path else None
    bare = noun_phrase(words)
    pointed = words[0].low in lexicon.DETERMINERS or "'s" in lows(words) or "of" in lows(words)
    owned = "of" in lows(words) or "'s" in lows(words)
    ours = words[0].low in ("our", "my") or (not owned and any(word.low in _TEAM for word in bare))
    known = bare and scope.noun and singular(bare[-1].low) == scope.noun.split("_")[-1]
    if words[0].sort in ("path", "code"):
        return Person("data", shown, scope.path(words) or words[0].text)
    if ours or (not pointed and not known):
        named = [word for word in bare if word.low not in ("team", "department", "channel", "group")] or bare
        return Person("team", shown, snake(named)) if named else None
    path = scope.path(words)
    return Person("data", shown, path) if path else Person("team", shown, snake(bare))


def addressed(words: Sequence[Word], scope: Scope) -> Scope:
    """The scope in which `them` means the person of this step."""
    found = person(recipient(words), scope)
    return replace(scope, person=found.value) if found and found.sort == "data" else scope


def address(who: Person | None, desk: Desk, *, key: str, scope: Scope) -> str:
    """The address to write to: said, or asked for, with the likeliest in use."""
    if who is not None and who.sort == "literal":
        return who.value
    if who is None or who.sort == "speaker" or who.sort == "team":
        name = "you" if who is None or who.sort == "speaker" else who.words
        local = "me" if name == "you" else who.value if who else "me"
        text = (
            "Which address shall the e-mail go to?"
            if who is None
            else ("What is your e-mail address?" if name == "you" else f"What is the e-mail address of {name}?")
        )
        return as_template(desk.ask(key, text, [f"{local}@example.com"], weight=0.15, sort=Sort.SETUP))
    if who.value.endswith(("email", "mail", "from.address")):
        return as_template(who.value)
    if who.value.endswith(".address"):
        return as_template(who.value.removesuffix("address") + "email")
    base = "" if who.value == "trigger.payload" else f"{who.value}."
    options = [f"{base}email"]
    outer = scope.join("email")
    if outer and outer not in options:
        options.append(outer)
    options.append(f"{base}contact.email")
    return as_template(desk.ask(key, f"Where is the e-mail address of the {who.words}?", options, sort=Sort.ASSUMED))


def as_template(value: str) -> str:
    """An address as it is, a path between braces."""
    plain = value.strip().strip("`")
    if "@" in plain or "{{" in plain or " " in plain:
        return plain
    return f"{{{{ {plain} }}}}"
