"""What starts it: the clock, an event that something sends, a person, a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flov7.generation.draft import Sort
from flov7.generation.offline import lexicon, services
from flov7.generation.offline.calls import table_of
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.operators import has_comparison, is_complete
from flov7.generation.offline.places import connector_of
from flov7.generation.offline.schedules import timing
from flov7.generation.offline.services import listing
from flov7.generation.offline.slots import RESERVED, noun_phrase, plural, singular
from flov7.generation.offline.words import Word, closed, find, lows, snake, stem
from flov7.language.catalogue import Catalogue


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(low) for low in text.split())


_HAPPENS = _stems(
    "come arrive land appear happen occur drop reach enter go be get have start finish fail expire open close "
    "change sign register subscribe unsubscribe join leave pay show turn miss run end begin return"
)
_DOES = _stems(
    "place submit fill send create add update delete report receive get post upload buy purchase request book "
    "cancel open close pay complete publish raise file log make give return write ask enter answer reject "
    "approve accept change sign detect notice have assign download start renew save see"
)
_NOBODY = closed("someone somebody we i anyone a person user one they you")
_HAND = ("press", "presses", "click", "clicks", "by hand", "manually", "on demand", "hit the button", "run it", "start it",
         "tell it to", "the button", "hand")  # fmt: skip
_PROGRAM = ("over the api", "via the api", "through the api", "by api", "rest api", "our backend calls", "calls the api",
            "calls it", "program calls", "backend calls", "through rest", "over rest", "via api", "via rest")  # fmt: skip
_STATES = frozenset(
    ["new", "been", "being", "ready", "available", "due", "overdue", "low", "out", "done", "live", "down"]
)
_ROOTS = {"email": "email", "sms": "sms", "database": "row", "iot": "message"}
"""Where what came lies in what each of these triggers brings; mails and text messages are the whole of it."""
_CHATS = ("telegram", "slack", "whatsapp", "discord", "chat", "messenger", "teams")
_UNBUILT: dict[str, tuple[str, ...]] = {
    "email": ("email", "emails", "mail", "mails"),
    "sms": ("sms", "text message"),
    "database": ("row", "rows"),
    "iot": ("mqtt",),
}


@dataclass(frozen=True)
class Started:
    """The trigger as it stands in the document, and what it brings: the noun in hand and where it lies."""

    primitive: dict[str, Any]
    noun: str | None = None
    root: str | None = None
    person: tuple[Word, ...] = ()
    condition: tuple[Word, ...] = ()
    asker: str | None = None


def trigger(words: tuple[Word, ...] | None, clock: tuple[Word, ...], desk: Desk) -> Started:
    """The trigger. Where nothing says what starts it, it is a manual start, and that is asked."""
    when = timing(clock) or (timing(words) if words else None)
    if when is not None and not (words and not clock and _has_event(words)):
        return Started(_scheduled(when.config, when.vague, desk))
    if not words:
        return _unsaid(desk)
    head, condition = _without_condition(words)
    if find(words, *_PROGRAM):
        return Started(_primitive("api", desk, name="api_call"), root="", condition=condition, asker="http")
    if find(words, "over http"):
        cut = find(words, "over http") or (len(words), 0)
        return replace(_event(words[: cut[0]], condition, desk), asker="http")
    if find(words, "web form"):
        return _page(desk, condition)
    if is_by_hand(words):
        return Started(_primitive("manual", desk, name="start"), root="", condition=condition)
    started = _event(head, condition, desk)
    return replace(started, asker=_asker(str(started.primitive["kind"]), words))


def _page(desk: Desk, condition: tuple[Word, ...]) -> Started:
    """A form of one's own: the webhook shows the page and takes what is put in."""
    name = desk.name("form_submitted")
    made = {
        "type": "trigger",
        "kind": "webhook",
        "name": name,
        "config": {"url": "/form", "method": "POST", "form": {}},
    }
    return Started(made, noun="form", root="", condition=condition, asker="http")


def _asker(kind: str, words: Sequence[Word]) -> str | None:
    if kind in ("email", "sms"):
        return kind
    chat = find(words, *_CHATS)
    return words[chat[0]].low if chat else "http" if find(words, "web form", "request") else None


def happens(words: Sequence[Word]) -> bool:
    """Whether something comes about in these words: `comes in`, `is created`."""
    at = _verb(words)
    return (at is not None and words[at].low not in ("is", "are", "has", "have")) or (
        at is not None and at + 1 < len(words) and words[at + 1].stem in _HAPPENS | _DOES
    )


def comes_with_condition(words: tuple[Word, ...]) -> bool:
    """`a review arrives and its rating is low`: something happens, and a condition is put to it."""
    head, condition = _without_condition(words)
    return bool(condition) and happens(head)


def is_by_hand(words: Sequence[Word]) -> bool:
    """Whether a person starts it: `by hand`, `when I press the button`."""
    return find(words, *_HAND) is not None


def _has_event(words: Sequence[Word]) -> bool:
    return any(word.stem in _HAPPENS | _DOES for word in words) and not any(w.low in ("every", "each") for w in words)


def _scheduled(config: dict[str, Any], vague: bool, desk: Desk) -> dict[str, Any]:
    if vague and "at" in config:
        config = config | {
            "at": desk.ask(
                "schedule.at",
                "At which time of day?",
                [config["at"], "08:00", "12:00", "18:00"],
                weight=0.06,
                sort=Sort.ASSUMED,
            )
        }
    elif vague:
        minute, hour, *rest = str(config["cron"]).split()
        at = desk.ask(
            "schedule.at",
            "At which time of day?",
            [f"{int(hour):02d}:{int(minute):02d}", "08:00", "12:00"],
            weight=0.06,
            sort=Sort.ASSUMED,
        )
        config = config | {"cron": " ".join([str(int(at.split(":")[1])), str(int(at.split(":")[0])), *rest])}
    if "time_zone" not in config and "every" not in config:
        desk.note("Times are in UTC; say a place (`Berlin time`) for another zone.")
    return _primitive("schedule", desk, name="schedule", config=config)


def _unsaid(desk: Desk) -> Started:
    answer = desk.ask(
        "trigger.kind",
        "What shall start it?",
        ["by hand", "a webhook", "a program over the API", "every day at 09:00"],
        weight=0.12,
        sort=Sort.ASSUMED,
    )
    from flov7.generation.offline.words import read

    said = read(answer)
    when = timing(said)
    if when is not None:
        return Started(_scheduled(when.config, when.vague, desk))
    if find(said, "webhook", "hook"):
        return Started(_primitive("webhook", desk, name="event", config={"url": "/event", "method": "POST"}), root="")
    if find(said, "api", "program"):
        return Started(_primitive("api", desk, name="api_call"), root="")
    if len(said) > 2 and not find(said, "hand", "manual", "manually"):
        return trigger(said[1:] if said[0].low in ("when", "whenever") else said, (), desk)
    return Started(_primitive("manual", desk, name="start"), root="")


def _primitive(kind: str, desk: Desk, *, name: str, config: dict[str, Any] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "trigger", "kind": kind, "name": desk.name(name)}
    return {**made, "config": config} if config else made


def _without_condition(words: tuple[Word, ...]) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """`an invoice over 500 arrives and its country is DE`: what happens, and what must hold."""
    for at, word in enumerate(words):
        if word.low not in ("and", "if", "but", "whose", "where", "with") or not at:
            continue
        rest = words[at + 1 :]
        pointed = rest[:1] and rest[0].low in {"the", "is", "are", "has", *lexicon.OWNERS} and is_complete(rest)
        if has_comparison(rest) or pointed:
            if word.low in ("and",) and not any(one.stem in _HAPPENS | _DOES for one in words[:at]):
                continue
            while rest and rest[0].low in ("only", "if", "when"):
                rest = rest[1:]
            verb = _verb(rest) if word.low in ("whose", "with") else None
            if verb is not None:
                return (*words[:at], *rest[verb:]), rest[:verb]
            return words[:at], rest
    return words, ()


def _verb(words: Sequence[Word]) -> int | None:
    """Where what happens begins: `arrives`, `is placed`, `comes in`, `we receive`."""
    for at, word in enumerate(words[:-1]):
        after = words[at + 1].low
        done = after.endswith(("ed", "en", "made", "sent", "paid", "won", "lost", "built", "read")) or after in _STATES
        if at and word.low in ("is", "are", "was", "were", "gets", "has", "have") and done:
            return at
    known = _HAPPENS | _DOES
    for at, word in enumerate(words):
        inflected = word.low.endswith(("s", "ed")) or word.low in ("sent", "paid", "made", "got", "came")
        if at and word.stem in known and inflected and words[at - 1].low not in lexicon.DETERMINERS:
            return at
    for at, word in enumerate(words):
        before = words[at - 1] if at else None
        many = before is not None and (before.low in ("we", "i", "you", "they") or singular(before.low) != before.low)
        if many and word.stem in known:
            return at
    return None


def _event(words: tuple[Word, ...], condition: tuple[Word, ...], desk: Desk) -> Started:
    verb = _verb(words)
    if verb is None:
        verb = next((at for at, word in enumerate(words) if at and word.low.endswith(("s", "ed"))), len(words))
    subject, rest = words[:verb], words[verb:]
    path = next((word.text for word in words if word.sort == "path" and word.text.startswith("/")), None)
    thing, actor = _thing(subject, rest)
    measure = _measure(subject) or _measure(rest)
    if measure and not condition:
        condition = measure
    noun = snake(thing) if thing else None
    noun = None if noun in RESERVED or noun in lexicon.COPULAS else noun
    kind = _unbuilt(words, thing, desk.catalogue)
    if kind is not None and kind in {one.name for one in desk.catalogue.of_type("trigger")}:
        return _known_by_name(kind, noun, desk, condition, words=words)
    if noun in ("webhook", "request", "call", "http_request", "post_request", "hook"):
        noun = None
    name = desk.name(f"{noun}_{_happening(rest)}" if noun else "event")
    polled = None if path else listing(words, thing, desk.catalogue)
    if polled is not None:
        return _polled(polled, noun, desk, name, condition)
    url = path or f"/{plural(noun).replace('_', '-') if noun else 'event'}"
    made = {"type": "trigger", "kind": "webhook", "name": name, "config": {"url": url, "method": "POST"}}
    return Started(made, noun=noun, root=noun or "", person=tuple(actor), condition=condition)


def _polled(action: str, noun: str | None, desk: Desk, name: str, condition: tuple[Word, ...]) -> Started:
    """A service that lists such things is asked again and again: nothing has to be set up over there."""
    service = action.partition(".")[0]
    poll = {"action": action, "key": "id", "every": "5m"}
    made: dict[str, Any] = {"type": "trigger", "kind": "api", "name": name, "config": {"poll": poll}}
    made["connection"] = services.connection(service, desk)
    desk.note(f"`{action}` is asked every 5 minutes for what is new.")
    return Started(made, noun=noun, root="", condition=condition)


def _happening(words: Sequence[Word]) -> str:
    """`is placed` gives `placed`, `comes in` gives `comes_in`."""
    kept = [word for word in words if word.low not in lexicon.COPULAS and word.sort == "word"]
    if not kept:
        return "event"
    return snake(kept[:2]) if len(kept) > 1 and kept[1].low in ("in", "up", "out", "off") else snake(kept[:1])


def _thing(subject: Sequence[Word], rest: Sequence[Word]) -> tuple[list[Word], list[Word]]:
    """The noun in hand, and the person who did it: `a buyer places a bid` gives `bid` and `buyer`."""
    owned = next((n for n, word in enumerate(subject) if word.low == "'s"), None)
    if owned is not None:
        return _head(subject[owned + 1 :]), _head(subject[:owned])
    first = _head(subject)
    passive = bool(rest) and rest[0].low in lexicon.COPULAS and rest[0].low not in ("get", "gets", "has", "have", "do")
    if not passive and rest and rest[0].stem in _DOES | {"pay", "sign", "have", "get"}:
        after = list(rest[1:])
        while after and after[0].low in ("in", "out", "up", "us", "me", "for", "off", "through"):
            if after[0].low in ("up", "off") or (after[0].low in ("in", "out") and rest[0].stem != "fill"):
                after = []
                break
            after.pop(0)
        second = _head(after)
        if second:
            return second, [] if lows(first)[-1:] and lows(first)[-1] in _NOBODY else first
    if lows(first)[-1:] and lows(first)[-1] in ("someone", "somebody", "we", "i", "anyone"):
        return [], []
    return first, []


def _head(words: Sequence[Word]) -> list[Word]:
    taken: list[Word] = []
    for word in words:
        if word.low in lexicon.PREPOSITIONS | {
            "and",
            "or",
            "that",
            "which",
            "whose",
            "via",
            "who",
        } or word.sort not in ("word",):
            if taken:
                break
            continue
        if word.low in lexicon.DETERMINERS and any(one.low not in lexicon.DETERMINERS for one in taken):
            break
        taken.append(word)
    found = [word for word in noun_phrase(taken) if not word.low.endswith("ly")]
    if not found:
        return []
    last = found[-1]
    single = singular(last.low)
    return (
        [*found[-2:-1], Word(single, single, last.stem, "word", last.start)]
        if len(found) > 1
        else [Word(single, single, last.stem, "word", last.start)]
    )


def _measure(words: Sequence[Word]) -> tuple[Word, ...]:
    """`over 500` behind the noun, as a condition on the thing itself."""
    from flov7.generation.offline.words import read

    for at, word in enumerate(words):
        if (
            at
            and word.low in ("over", "above", "under", "below", "worth", "of")
            and any(w.sort == "number" for w in words[at:])
        ):
            rest = [w for w in words[at:] if w.low != "worth"]
            return () if rest[0].low == "of" else (*read("it is"), *rest)
    return ()


def _unbuilt(words: Sequence[Word], thing: Sequence[Word], catalogue: Catalogue) -> str | None:
    last = thing[-1].low if thing else ""
    if find(words, "inbox", "mailbox"):
        return "email"
    stored = connector_of(words, catalogue) is not None
    for kind, names in _UNBUILT.items():
        if kind == "database" and stored:
            continue
        if last in names or (kind == "sms" and find(words, "text message", "sms")):
            return kind
        if kind in ("database", "iot") and find(words, "in the database", "to the table", "in the table", "mqtt"):
            return "iot" if find(words, "mqtt") else "database"
    return None


def _known_by_name(
    kind: str, noun: str | None, desk: Desk, condition: tuple[Word, ...], *, words: Sequence[Word]
) -> Started:
    spec = desk.catalogue.get("trigger", kind)
    made = {"type": "trigger", "kind": kind, "name": desk.name(f"{noun or kind}_in")}
    if spec is not None and not spec.built:
        desk.note(
            f"`{spec.title}` is known and cannot start runs here yet; the nearest that can is a webhook that your "
            "other system calls.",
            weight=0.2,
        )
    _settle(kind, made, noun, desk, table=table_of(words))
    return Started(made, noun=noun or _ROOTS[kind], root=_ROOTS[kind], condition=condition)


def _settle(kind: str, made: dict[str, Any], noun: str | None, desk: Desk, *, table: str | None) -> None:
    """What a trigger of that kind cannot do without."""
    match kind:
        case "sms":
            made["config"] = {"secret": "sms"}
        case "iot":
            asked = "Which MQTT topics shall it listen to?"
            made["config"] = {
                "topics": [
                    desk.ask("trigger.topics", asked, [f"{plural(noun or 'reading')}/#"], weight=0.06, sort=Sort.SETUP)
                ]
            }
            made["connection"] = desk.connect("broker", service="mqtt", credentials="basic")
        case "email":
            made["connection"] = desk.connect("mailbox", service="imap", credentials="basic")
        case "database":
            asked = "Which table shall it watch?"
            made["config"] = {
                "table": table
                or desk.ask("trigger.table", asked, [plural(noun or "row")], weight=0.06, sort=Sort.SETUP)
            }
            made["connection"] = desk.connect("database", service="postgres", credentials="password")
        case _:
            return
