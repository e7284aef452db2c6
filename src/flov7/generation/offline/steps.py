"""Which kind each step is, and its settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flov7.generation.draft import Sort
from flov7.generation.offline import (
    calls,
    lexicon,
    memory,
    messages,
    pauses,
    people,
    replying,
    reshaping,
    services,
    thinking,
)
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.filling import Filled, Wish
from flov7.generation.offline.index import Index, Match
from flov7.generation.offline.services import operation_of
from flov7.generation.offline.slots import Scope
from flov7.generation.offline.words import Word, closed, find, said
from flov7.language.catalogue import Catalogue, KindSpec

Filler = Callable[[Wish, Desk], Filled]

_FILLERS: dict[str, Filler] = {
    "action/email_send": messages.email,
    "action/notification": messages.notification,
    "action/ai_process": thinking.think,
    "action/state": memory.keep,
    "action/api_call": calls.api_call,
    "action/db_query": calls.db_query,
    "action/custom": calls.custom,
    "action/wait": pauses.wait,
    "action/transform": reshaping.convert,
    "data/transform": reshaping.reshape,
    "data/filter": reshaping.keep,
    "data/split": reshaping.split,
    "data/merge": reshaping.merge,
    "data/validate": reshaping.validate,
    "data/mapping": replying.mapping,
    "data/enrich": reshaping.enrich,
}
_CLOSE = 0.85
_SENDS = ("action/notification", "action/email_send", "action/wait", "action/custom")
_MAIL_NOUNS = ("email", "emails", "mail", "mails", "newsletter", "letter", "inbox")
_CHATS = ("slack", "teams", "discord", "mattermost", "telegram", "whatsapp", "chat")
_LEAVES = closed("skip ignore exclude omit drop keep leave")
_LISTED = closed("anything everything those items all any ones only whatever what articles entries rows")
_TELLS = closed("tell notify inform alert ping warn let announce page message remind")
_FLOWS = ("workflow", "workflows", "sub-workflow", "subworkflow")
_CALLS = closed("call fetch get post put patch delete request hit download load pull push retrieve query trigger")


def kind_of(words: Sequence[Word], index: Index, scope: Scope, *, catalogue: Catalogue) -> list[Match]:
    """The kinds that a step may be, best first. What the words show plainly goes before what they resemble."""
    found = index.ask(words)
    sure = _shown(words, scope)
    service = None if sure in _SENDS else operation_of(words, catalogue)
    if service is not None:
        return [Match(service, 100.0)]
    if not sure:
        verbs = index.knowing(words[0].stem)
        return [one for one in found if one.kind.key in verbs]
    first = [one for one in found if one.kind.key == sure]
    if not first:
        known = index.kind(sure)
        first = [Match(known, 1.0)] if known else []
    return [Match(first[0].kind, 100.0), *(one for one in found if one.kind.key != sure)] if first else found


def _shown(words: Sequence[Word], scope: Scope) -> str | None:
    """The kind that the words show by their form: an address, SQL, a channel, a length of time."""
    verb = words[0].low
    sorts = {word.sort for word in words}
    if thinking.is_thinking(words):
        return "action/ai_process"
    if pauses.is_wait(words):
        return "action/wait"
    if find(words[1:], *_FLOWS) and verb in ("run", "start", "call", "execute", "launch", "trigger", "invoke", "use"):
        return "action/custom"
    if "channel" in sorts or (
        find(words, *_CHATS) and verb in _TELLS | {"send", "post", "write", "put", "share", "publish"}
    ):
        return "action/notification"
    if (
        verb in ("open", "start", "create")
        and find(words, *_CHATS)
        and find(words, "thread", "message", "conversation")
    ):
        return "action/notification"
    if (answer := replying.kind_of(words, scope)) is not None:
        return answer
    if verb in _LEAVES and len(words) > 2 and words[1].low in _LISTED:
        return "data/filter"
    if verb in ("check", "test", "measure") and scope.whole is None:
        return "action/api_call"
    return _told_or_kept(words, scope)


def _told_or_kept(words: Sequence[Word], scope: Scope) -> str | None:
    """People who are told, values in another form, databases."""
    verb, sorts = words[0].low, {word.sort for word in words}
    if find(words[1:], "by text", "by sms", "by text message", "via sms", "via text message"):
        return "action/notification"
    mail = find(words, *_MAIL_NOUNS) is not None or "address" in sorts
    if verb in ("email", "mail", "emailing") or (
        verb in ("send", "write", "forward", "reply", "notify", "inform", "remind", "tell") and mail
    ):
        return "action/email_send"
    if verb in ("convert", "turn", "parse", "encode", "decode") and find(words, "csv", "json", "xml", "base64"):
        return "action/transform"
    if find(words[1:], "api", "endpoint") or (
        verb in ("post", "send", "push", "submit", "put") and find(words[1:], "service")
    ):
        return "action/api_call"
    if (
        verb in ("check", "verify", "test", "validate")
        and find(words, "deliverable", "reachable", "available", "online", "valid")
        and not find(words, "fields")
    ):
        return "action/api_call"
    if verb in ("take", "read", "parse", "open", "get", "extract") and find(words, "csv") and "url" not in sorts:
        return "data/transform"
    if verb == "add" and words[1:2] and words[1].low == "up":
        return "data/transform"
    if verb in ("look", "watch") and words[1:2] and words[1].low == "at":
        return "action/api_call"
    if verb == "let" and words[-1:] and find(words, "know"):
        return "action/notification"
    if find(words, "duplicates", "duplicate") or (
        find(words, "the top", "the first", "the last") and verb in ("keep", "take", "pick")
    ):
        return "data/transform"
    if "url" in sorts and verb not in ("email", "mail"):
        return "action/api_call" if verb not in _TELLS - {"ping"} else "action/notification"
    if calls.speaks_of_database(words) and verb not in _TELLS | {"sort", "group", "keep", "filter"}:
        return "action/db_query"
    if verb in _TELLS and [word.low for word in people.recipient(words)] in (["me"], ["myself"]):
        return "action/email_send"
    if verb in _TELLS:
        return "action/notification"
    who = people.person(people.recipient(words), scope)
    if (
        verb in ("send", "forward", "write", "reply")
        and who is not None
        and (who.sort != "team" or not find(words, "to"))
    ):
        return "action/email_send"
    if "path" in sorts and verb in _CALLS and any(word.text.startswith("/") for word in words):
        return "action/api_call"
    return None


def fill(
    words: Sequence[Word], *, matches: Sequence[Match], name: str, scope: Scope, desk: Desk, handles: bool, title: str
) -> tuple[KindSpec, Filled]:
    """The kind that is taken, and its settings. A close second is asked about."""
    best = matches[0]
    if len(matches) > 1 and matches[1].score >= best.score * _CLOSE:
        second = matches[1].kind
        given = desk.ask(
            f"{name}.kind",
            f"What is meant by “{said(words)}”?",
            [f"{best.kind.title} ({best.kind.name})", f"{second.title} ({second.name})"],
            weight=0.15,
            sort=Sort.ASSUMED,
        )
        if second.name in given or second.title.lower() in given.lower():
            best = matches[1]
    wish = Wish(kind=best.kind, name=name, words=words, scope=scope, handles=handles, title=title)
    filler = services.fill if "." in best.kind.name else _FILLERS.get(best.kind.key)
    if not best.kind.built:
        desk.note(
            f"“{said(words)}” needs `{best.kind.title}`, which is known and cannot run here yet; the nearest that can "
            "is an API call to a service of yours.",
            weight=0.2,
        )
        return best.kind, Filled({"prompt": said(words)}, noun=None)
    return best.kind, filler(wish, desk) if filler else _by_schema(wish, desk)


def _by_schema(wish: Wish, desk: Desk) -> Filled:
    """A kind that nobody here knows more of than its schema: what it needs is asked for."""
    properties: dict[str, Any] = wish.kind.inputs.get("properties", {})
    config: dict[str, Any] = {}
    for field in wish.kind.inputs.get("required", []):
        about = properties.get(field, {})
        examples = [str(one) for one in about.get("examples", [])] or [str(one) for one in about.get("enum", [])]
        usual = {"integer": "1", "number": "1", "boolean": "true"}.get(str(about.get("type")), f"{field}")
        text = f"`{wish.kind.title}`: {about.get('description', field).rstrip('.')}?"
        given = desk.ask(f"{wish.name}.{field}", text, examples or [usual])
        config[field] = _typed(given, about)
    return Filled(config)


def _typed(given: str, schema: dict[str, Any]) -> Any:
    match schema.get("type"):
        case "integer":
            return int(given) if given.lstrip("-").isdigit() else given
        case "number":
            return float(given) if given.replace(".", "", 1).lstrip("-").isdigit() else given
        case "boolean":
            return given.lower() in ("true", "yes")
        case "array":
            return [one.strip() for one in given.split(",")]
        case _:
            return given


def is_stop(words: Sequence[Word]) -> bool:
    """Whether the step ends the run: `stop`, `ignore it`."""
    rest = [word for word in words[1:] if word.low not in lexicon.PRONOUNS | lexicon.DETERMINERS]
    return words[0].low in lexicon.STOPS and len(rest) <= 2 and not any(w.sort in ("url", "address") for w in rest)


def is_go_on(words: Sequence[Word]) -> bool:
    """Whether the step only lets the run go on."""
    return words[0].low in lexicon.GOES_ON and len(words) <= 3
