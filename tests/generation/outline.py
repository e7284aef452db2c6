"""A document in one line, to compare what a sentence became: order, conditions, loops, handlers, slots."""

from __future__ import annotations

from typing import Any

from flov7.primitives.triggers.schedule import Inputs as Schedule

Json = dict[str, Any]


def outline(document: Json | None) -> str:
    """`webhook; if(ticket.priority > 3){wait approval}; email(ticket.requester.email) !tell(legal)`."""
    if document is None:
        return "NONE"
    return _listed([one for one in document["primitives"] if one["type"] != "connection"])


def _listed(primitives: list[Json]) -> str:
    handlers = {one["on_error"]: None for one in primitives if one.get("on_error") not in (None, "fail", "continue")}
    by_name = {one["name"]: one for one in primitives}
    follow = {before: one for one in primitives for before in one.get("after", [])}
    shown: list[str] = []
    later = {one["name"] for one in follow.values()}
    for one in primitives:
        if one["name"] in handlers or one["name"] in later:
            continue
        text = _one(one)
        handler = by_name.get(one.get("on_error", ""))
        if handler is not None:
            text += f" !{_one(handler)}"
            while handler is not None and (handler := follow.get(handler["name"])) is not None:
                text += f"+{_one(handler)}"
        elif one.get("on_error") == "continue":
            text += " !continue"
        shown.append(text)
    return "; ".join(shown)


def _one(one: Json) -> str:
    text = _bare(one)
    if "retry" in one:
        text += f"*{one['retry']['max_attempts']}"
    return text + (f" when({one['when']})" if "when" in one else "")


def _path(value: Any) -> str:
    return str(value).removeprefix("{{ ").removesuffix(" }}")


def _bare(one: Json) -> str:
    config: Json = one.get("config", {})
    match f"{one['type']}/{one['kind']}":
        case "trigger/schedule":
            if "every" in config:
                return f"schedule(every {config['every']})"
            zone = f" @{config['time_zone']}" if "time_zone" in config else ""
            return f"schedule({Schedule.model_validate(config).as_cron() or config.get('at')}{zone})"
        case "action/email_send":
            return f"email({_path(config['to'])}{' template ' + config['template'] if 'template' in config else ''})"
        case "action/notification":
            return f"tell({_path(config.get('to') or config['channel']).removeprefix('#')})"
        case "action/api_call":
            return f"{config['method']} {config['url'] or 'via ' + one['connection']}"
        case "action/db_query":
            return f"sql {config['sql'].split()[0].lower()}"
        case "action/custom":
            return f"run {config['workflow']}"
        case "action/wait":
            return _wait(config)
        case "action/transform":
            return f"convert {config['operation']}"
        case "condition/if_else":
            other = f"else{{{_listed(one['else'])}}}" if "else" in one else ""
            return f"if({one['logic']}){{{_listed(one['then'])}}}{other}"
        case "condition/filter":
            return f"only({one['logic']})"
        case "condition/loop":
            return f"each({one['as']} in {one['over']}){{{_listed(one['do'])}}}"
        case "data/filter":
            return f"{'drop' if config.get('keep') == 'others' else 'keep'}({config['items']}: {config['where']})"
        case "data/transform":
            extra = ",".join(f"{k}={_aggregated(v)}" for k, v in config.items() if k != "value")
            return f"reshape({extra})"
        case "data/split":
            return f"split {config.get('size') or config.get('separator')!s}"
        case "data/validate":
            return f"check({','.join(config['schema']['required'])})"
        case "data/mapping":
            return f"map({','.join(one['mapping'])})"
        case other:
            return other.partition("/")[2]


def _aggregated(value: Any) -> Any:
    return "+".join(value) if isinstance(value, dict) else value


def _wait(config: Json) -> str:
    match config["for"]:
        case "time":
            return f"wait {config['duration']}"
        case "date":
            return f"wait until {config['until']}"
        case other:
            return f"wait {other}" + (f" {config['timeout']}" if "timeout" in config else "")
