"""Fills the settings of steps that tell people something: e-mails and short notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flov7.generation.draft import Sort
from flov7.generation.offline import lexicon, people
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.filling import Filled, Wish
from flov7.generation.offline.slots import noun_phrase
from flov7.generation.offline.words import Word, begins, closed, find, inside, lows, said, snake

_SERVICES = ("slack", "telegram", "teams", "discord", "mattermost", "whatsapp", "chat")
_OWN_WORDS = closed(
    "reminder email mail message note confirmation notification alert notice word update invitation link greeting report "
    "summary digest newsletter letter welcome it this that them reminders emails messages list warning check-in team "
    "result results answer table invoice text everyone everybody"
)
"""What a message is by itself; anything else has to come from somewhere."""
_NO_TOPIC = closed("it this that them him her email mail message notice word update note")


def email(wish: Wish, desk: Desk) -> Filled:
    """An e-mail: to whom, with which words."""
    words, scope = wish.words, wish.scope
    who = people.person(people.recipient(words), scope)
    literal = [word.text for word in words if word.sort == "address"]
    if literal:
        who = people.Person("literal", ", ".join(literal), ", ".join(literal))
    if wish.scope.asker == "email" and replies_to(words) and not literal:
        who = people.Person("data", "sender", f"{wish.scope.root or 'email'}.from.address")
    config: dict[str, Any] = {"to": people.address(who, desk, key=f"{wish.name}.to", scope=scope)}
    template = _template(words)
    if template:
        config["template"] = template
        values = {scope.noun: f"{{{{ {scope.whole} }}}}"} if scope.noun and scope.whole else {}
        return Filled({**config, "values": values} if values else config)
    config["subject"] = _subject(words) or _topic(wish)
    config["text"] = _body(wish, who, desk)
    return Filled(config, _mailbox(words, who, wish, desk), noun="email")


def replies_to(words: Sequence[Word]) -> bool:
    """Whether it is an answer to who wrote."""
    return words[0].low in ("answer", "reply", "respond")


def _mailbox(words: Sequence[Word], who: people.Person | None, wish: Wish, desk: Desk) -> dict[str, Any]:
    """The mailbox that sends: Gmail where it is named, and for a person's own mail where no other is known.

    Of 9,096 public workflows 17.7 % send by Gmail and 5.6 % by a mail server of their own.
    """
    own = who is None or who.sort == "speaker" or wish.scope.asker == "email"
    if find(words, "gmail") or (own and desk.library is None):
        if not find(words, "gmail"):
            desk.note("Mail goes out by Gmail; a workspace with another mailbox takes that one.")
        return {"connection": desk.connect("gmail", service="gmail", credentials="oauth")}
    return {}


_WRITERS = {"sms": "{{ sms.from }}", "telegram": "{{ trigger.payload.message.chat.id }}", "slack": "{{ trigger.payload.event.channel }}",
            "discord": "{{ trigger.payload.channel_id }}", "whatsapp": "{{ trigger.payload.from }}"}  # fmt: skip
"""Where an answer goes, in what each of them sends."""


def _back(wish: Wish, desk: Desk) -> dict[str, Any] | None:
    """An answer to whoever wrote: on the way that it came."""
    way = wish.scope.asker
    if way not in _WRITERS or not replies_to(wish.words):
        return None
    service = "twilio" if way == "sms" else way
    credentials = _CONNECTED.get(way, "basic" if way == "sms" else "api_key")
    return {"channel": desk.connect(way, service=service, credentials=credentials), "to": _WRITERS[way]}


_CONNECTED = {"slack": "slack", "telegram": "api_key", "discord": "api_key"}
"""Chats that are reached by a connection of their own."""


def notification(wish: Wish, desk: Desk) -> Filled:
    """A short word to a channel."""
    words = wish.words
    channel = next((word.text[1:] for word in words if word.sort == "channel"), None)
    address = next((word.text for word in words if word.sort in ("url", "address")), None)
    who = people.person(people.recipient(words), wish.scope)
    text = _saying(words) or told(wish)
    if (back := _back(wish, desk)) is not None:
        return Filled(back | {"text": text})
    level = "error" if wish.handles else "warning" if begins(words, "warn", "alert") else None
    config: dict[str, Any] = {}
    if address:
        config |= {"channel": "webhook" if address.startswith("http") else "email", "to": address}
    else:
        named = snake(channel) if channel else who.value if who and who.sort == "team" else ""
        service = next((one for one in _SERVICES if find(words, one)), "")
        if not named and who is not None and who.sort == "data" and service not in _CONNECTED:
            config |= {"channel": "email", "to": people.address(who, desk, key=f"{wish.name}.to", scope=wish.scope)}
        else:
            asked = f"Which channel shall hear of it{'' if not service else f' on {service.capitalize()}'}?"
            given = named or desk.ask(f"{wish.name}.channel", asked, [service or "team"], weight=0.08, sort=Sort.SETUP)
            config["channel"] = snake(given)
            if service in _CONNECTED:
                said_to = f"#{channel}" if channel else f"#{snake(given)}"
                connection = desk.connect(service, service=service, credentials=_CONNECTED[service])
                config |= {"channel": connection, "to": said_to}
            known = service in _CONNECTED or (
                desk.library is not None and config["channel"] in desk.library.connections
            )
            if not known:
                desk.note(
                    f"`{config['channel']}` is a connection that this workspace must have before it goes live: a "
                    "webhook address of your chat, or a mail server."
                )
    config["text"] = text
    return Filled({**config, "level": level} if level else config)


def _template(words: Sequence[Word]) -> str | None:
    at = find(words, "template")
    if at is None:
        return None
    around = [*words[at[1] : at[1] + 2], *words[max(0, at[0] - 3) : at[0]]]
    quoted = next((inside(word) for word in around if word.sort in ("quoted", "code")), None)
    if quoted:
        return snake(quoted)
    before = [
        word for word in words[max(0, at[0] - 3) : at[0]]
        if word.low not in lexicon.DETERMINERS | lexicon.PREPOSITIONS | {"using", "use", "email", "mail"}
    ]  # fmt: skip
    return snake(before) if before else None


def _subject(words: Sequence[Word]) -> str | None:
    at = find(words, "subject", "titled", "entitled", "headed")
    if at is None:
        return None
    return next((inside(word) for word in words[at[1] : at[1] + 2] if word.sort == "quoted"), None)


def _saying(words: Sequence[Word]) -> str | None:
    """What is to be said, where the sentence gives it."""
    quoted = [
        inside(word) for at, word in enumerate(words)
        if word.sort == "quoted" and lows(words[max(0, at - 1) : at]) not in (("subject",), ("template",), ("titled",))
    ]  # fmt: skip
    if quoted:
        return quoted[-1]
    at = find(words, "that", "saying", "to say")
    if at is None or at[1] >= len(words) - 1:
        return None
    clause = [word for word in words[at[1] :] if word.low != "that"]
    text = said(clause)
    return text[:1].upper() + text[1:] + "." if len(clause) > 1 else None


def _object(words: Sequence[Word]) -> str:
    """What is sent: `a confirmation`, `the weekly report`."""
    to = people.recipient(words)
    rest = [word for word in words[1:] if word not in to]
    kept: list[Word] = []
    for word in rest:
        if kept and (word.sort != "word" or word.low in lexicon.PREPOSITIONS | {"that", "saying", "using", "via"}):
            break
        if word.sort == "word" and word.low not in lexicon.DETERMINERS | lexicon.PREPOSITIONS:
            kept.append(word)
    text = said(noun_phrase(kept))
    return "" if text.lower() in _NO_TOPIC or text.lower() in lexicon.PRONOUNS else text


def news(words: Sequence[Word]) -> tuple[Word, ...]:
    """What is told where it has to be found out first: `text me the weather`, but not `send me a reminder`."""
    to = people.recipient(words)
    rest = [word for word in words[1:] if word not in to]
    if any(word.sort in ("quoted", "url") for word in rest) or find(rest, "that", "saying", "to say", "template"):
        return ()
    at = find(rest, "by", "via", "through", "using", "on slack", "to", "with")
    kept = [word for word in (rest[: at[0]] if at else rest) if word.sort == "word"]
    named = noun_phrase(kept)
    if not named or named[-1].low in _OWN_WORDS or not any(word.low in lexicon.DETERMINERS for word in kept[:1]):
        return ()
    return tuple(kept)


def _about(words: Sequence[Word]) -> str:
    at = find(words, "about", "regarding", "concerning")
    if at is None:
        return ""
    text = said(words[at[1] :])
    return "" if text.lower() in lexicon.PRONOUNS else text


def _topic(wish: Wish) -> str:
    text = _object(wish.words)
    about = _about(wish.words)
    if text:
        return f"{text[:1].upper()}{text[1:]}" + (f": {about}" if about else "")
    if about:
        return f"About {about}"
    if wish.handles:
        return "Something failed"
    return f"About your {wish.scope.noun.replace('_', ' ')}" if wish.scope.noun else wish.title


def _body(wish: Wish, who: people.Person | None, desk: Desk) -> str:
    text = _saying(wish.words)
    if text:
        return text
    if wish.handles:
        return told(wish)
    for_us = who is None or who.sort in ("team", "speaker", "literal")
    if for_us and (wish.scope.last or wish.scope.whole):
        return f"{_topic(wish)}:\n\n{{{{ {wish.scope.last or wish.scope.whole} }}}}"
    desk.note(f"The words of the e-mail `{wish.name}` are mine: change them as you like.", weight=0.02)
    topic = _topic(wish)
    opening = f"This is about {topic.removeprefix('About ')}" if topic.startswith("About ") else topic
    return f"Hello,\n\n{opening}.\n\nThank you."


def told(wish: Wish) -> str:
    """What is said where the sentence does not give the words: what is in hand, or what failed."""
    if wish.handles:
        return "{{ error.primitive }} failed: {{ error.message }}"
    about = _about(wish.words)
    if wish.scope.last and not wish.scope.noun:
        named = next((noun for noun, path in wish.scope.results.items() if path == wish.scope.last), "")
        headline = named.replace("_", " ").capitalize() or wish.title
        return f"{about or headline}: {{{{ {wish.scope.last} }}}}"
    if wish.scope.whole:
        subject = about or (wish.scope.noun or "what came in").replace("_", " ")
        return f"{subject[:1].upper()}{subject[1:]}: {{{{ {wish.scope.whole} }}}}"
    return f"{wish.title}."
