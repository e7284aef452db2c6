"""Says in plain language what a document does, for someone who reads no code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flov7.language.catalogue import Catalogue
from flov7.language.effects import Effect, EffectLine

_EFFECTS = {
    Effect.PURE: "changes nothing",
    Effect.READ: "only reads",
    Effect.IDEMPOTENT: "changes something, safe to repeat",
    Effect.WRITE: "changes something outside, once",
    Effect.IRREVERSIBLE: "changes something that nobody can take back",
}
_SIGNS = ((" >= ", " is at least "), (" <= ", " is at most "), (" != ", " is not "), (" == ", " is "),
          (" > ", " is over "), (" < ", " is under "))  # fmt: skip


def explain(
    document: dict[str, Any] | None, *, catalogue: Catalogue, questions: Sequence[str], notes: Sequence[str]
) -> str:
    """The document in sentences, one line for each step, then what is not sure."""
    if document is None:
        return "\n".join(questions)
    primitives: list[dict[str, Any]] = [one for one in document["primitives"] if one["type"] != "connection"]
    lines = [_starts(one) for one in primitives if one["type"] == "trigger"]
    handlers = _handlers(primitives)
    lines += _steps([one for one in primitives if one["type"] != "trigger"], handlers, catalogue, depth=0)
    if questions:
        lines += ["", "What I am not sure of:", *(f"  ? {one}" for one in questions)]
    if notes:
        lines += ["", "Good to know:", *(f"  - {one}" for one in notes)]
    return "\n".join(lines)


def manifest_lines(manifest: Sequence[EffectLine]) -> tuple[str, ...]:
    """One line for each step that touches something outside."""
    return tuple(
        f"{one.primitive}: {_EFFECTS[one.effect]} ({one.target}"
        + (f", with the connection {one.connection})" if one.connection else ")")
        for one in manifest
    )


def _starts(trigger: dict[str, Any]) -> str:
    config = trigger.get("config", {})
    match trigger["kind"]:
        case "webhook":
            text = f"It starts when something is sent to {config.get('url', 'its address')}"
        case "schedule":
            text = f"It starts {_times(config)}"
        case "manual":
            text = "It starts when someone starts it by hand"
        case "api":
            text = "It starts when a program calls it"
        case other:
            text = f"It starts by {str(other).replace('_', ' ')}"
    return text + (f", but only where {_plain(trigger['when'])}." if "when" in trigger else ".")


def _times(config: dict[str, Any]) -> str:
    if "every" in config:
        return f"every {config['every']}"
    if "cron" in config:
        text = f"at the times of the cron line `{config['cron']}`"
    else:
        days = config.get("days")
        text = f"{'every day' if not days else 'on ' + ', '.join(days)} at {config.get('at')}"
    return f"{text} ({config.get('time_zone', 'UTC')})"


def _handlers(primitives: Sequence[dict[str, Any]]) -> set[str]:
    return {str(one["on_error"]) for one in primitives if one.get("on_error") not in (None, "fail", "continue")}


def _steps(primitives: Sequence[dict[str, Any]], handlers: set[str], catalogue: Catalogue, *, depth: int) -> list[str]:
    pad, lines = "  " * depth, list[str]()
    for one in primitives:
        if one["name"] in handlers:
            continue
        lines.append(f"{pad}- {_step(one, catalogue)}")
        inner = _handlers([*one.get("then", []), *one.get("else", []), *one.get("do", [])])
        lines += _steps(one.get("then", []) or one.get("do", []), inner, catalogue, depth=depth + 1)
        if one.get("else"):
            lines.append(f"{pad}  Otherwise:")
            lines += _steps(one["else"], inner, catalogue, depth=depth + 1)
        handler = next((two for two in primitives if two["name"] == one.get("on_error")), None)
        if handler is not None:
            lines.append(f"{pad}  If that fails: {_step(handler, catalogue)}")
        elif one.get("on_error") == "continue":
            lines.append(f"{pad}  If that fails, it goes on all the same.")
    return lines


def _step(one: dict[str, Any], catalogue: Catalogue) -> str:
    config = one.get("config", {})
    text = _said(one, config)
    if text is None:
        spec = catalogue.get(one["type"], one["kind"])
        text = f"{spec.title if spec else one['kind']} (`{one['name']}`)."
    retry = one.get("retry", {}).get("max_attempts")
    return text + (f" At most {retry} attempts." if retry else "")


def _said(one: dict[str, Any], config: dict[str, Any]) -> str | None:
    match f"{one['type']}/{one['kind']}":
        case "action/email_send":
            what = (
                f"the template “{config['template']}”"
                if "template" in config
                else f"“{_open(config.get('subject', ''))}”"
            )
            return f"E-mail {what} to {_bare(config.get('to'))}."
        case "action/notification":
            where = config.get("to") or config.get("channel")
            return f"Tell {_bare(where)}: “{_open(config.get('text', ''))}”."
        case "action/api_call":
            return f"{config.get('method', 'GET')} {config.get('url')}."
        case "action/db_query":
            return f"Run on the database: {config.get('sql')}."
        case "action/custom":
            return f"Run the workflow `{config.get('workflow')}`."
        case "action/wait":
            return _waits(config)
        case "condition/if_else":
            return f"If {_plain(one['logic'])}:"
        case "condition/filter":
            return "Stop here." if one["logic"] == "false" else f"Go on only if {_plain(one['logic'])}."
        case "condition/loop":
            return f"For each {one['as'].replace('_', ' ')} in {one.get('over')}:"
        case "data/filter":
            keeps = "Remove from" if config.get("keep") == "others" else "Keep in"
            return f"{keeps} {config.get('items')} what fits {_plain(str(config.get('where')))}."
        case _:
            return None


def _waits(config: dict[str, Any]) -> str:
    limit = f", at most {config['timeout']}" if "timeout" in config else ""
    match config.get("for"):
        case "time":
            return f"Wait {config.get('duration')}."
        case "date":
            return f"Wait until {config.get('until')}."
        case "approval":
            stops = "" if config.get("on_rejected") == "continue" else " A no ends the way here."
            return f"Wait for someone to approve: “{config.get('ask', '')}”{limit}.{stops}"
        case "answer":
            return f"Wait for an answer to “{config.get('ask', '')}”{limit}."
        case _:
            return f"Wait until another system calls back{limit}."


def _open(text: Any) -> str:
    """A text with its expressions in brackets, on one line."""
    return " ".join(re.sub(r"\{\{\s*(.*?)\s*\}\}", r"[\1]", str(text)).split())


def _bare(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"the address in {text.strip('{} ')}" if text.startswith("{{") else text


def _plain(logic: str) -> str:
    for sign, words in _SIGNS:
        logic = logic.replace(sign, words)
    return logic
