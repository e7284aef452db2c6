"""What else can be wrong with a document: connections, names in the workspace, secrets, addresses, retries, joins."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from flov7.language.analysis import Analysis
from flov7.language.catalogue import KindSpec
from flov7.language.config import check_config
from flov7.language.diagnostics import Severity, pointer
from flov7.language.document import Condition, Connection, Trigger, flat_sides
from flov7.language.effects import Effect
from flov7.language.effects import resolve as resolve_effect
from flov7.language.outline import Place
from flov7.language.polled import polled

MAX_PRIMITIVES = 10_000

_SECRET_NAMES = re.compile(r"(^|_)(password|passwd|secret|token|api_?key|access_?key|private_?key|client_secret)$")
_SECRET_SHAPES = re.compile(
    r"\b(sk-[A-Za-z0-9_-]{20,}|xox[abpr]-[A-Za-z0-9-]{10,}|gh[pousr]_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16}"
    r"|AIza[0-9A-Za-z_-]{30,}|whsec_[A-Za-z0-9+/=]{20,}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{5,})"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|://[^/\s:@{}]+:[^/\s:@{}]{3,}@"
)
_HEADER_WITH_SECRET = re.compile(r"^\s*(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}\s*$", re.IGNORECASE)


def check_all(analysis: Analysis) -> None:
    """Every check that needs no expression to be read."""
    _check_limit(analysis)
    for place in analysis.places.values():
        spec = analysis.specs.get(place.primitive.name)
        _check_secrets(analysis, place)
        if spec is None:
            continue
        _check_built(analysis, place, spec)
        if isinstance(place.primitive, Connection):
            check_config(analysis, place, spec, dict(place.primitive.config or {}))
        _check_addresses(analysis, place)
        if spec.type == "trigger":
            check_connection(analysis, place, polled(analysis, place) or spec)
        if spec.type == "action" or spec.effect != Effect.PURE:
            check_connection(analysis, place, spec)
            _check_retry(analysis, place, spec)
        _check_workspace_names(analysis, place, spec)
        if isinstance(place.primitive, Condition):
            _check_loop(analysis, place)
            _check_joins(analysis, place)


def _check_limit(analysis: Analysis) -> None:
    count = len(analysis.places)
    allowed = analysis.library.max_primitives if analysis.library else None
    limit = min(allowed or MAX_PRIMITIVES, MAX_PRIMITIVES)
    if count > limit:
        analysis.report.add(
            "limit.primitives",
            where="/primitives",
            message=f"{count} primitives; this subscription takes {limit}.",
            hint="Move a part into a workflow of its own and call it with `custom`, or take a larger plan.",
        )


def _check_built(analysis: Analysis, place: Place, spec: KindSpec) -> None:
    if not spec.built:
        analysis.report.add(
            "kind.not_built",
            where=analysis.pointer(place),
            severity=Severity.ERROR if analysis.strict else None,
            message=f"{spec.title or spec.name} ({spec.type.value} `{spec.name}`) is not built yet.",
            hint="It can be written, checked and simulated, not activated.",
        )


def check_connection(analysis: Analysis, place: Place, spec: KindSpec) -> str | None:
    """The name of the connection that a step uses, or None; diagnostics where it does not fit."""
    need, named = spec.connection, place.primitive.connection or _channel(place, spec)
    if need is None:
        if named is not None:
            analysis.report.add(
                "connection.wrong_kind",
                where=analysis.pointer(place, "connection"),
                message=f"`{spec.name}` uses no connection.",
                hint="Take it away.",
                fix=[{"op": "remove", "path": analysis.pointer(place, "connection")}],
            )
        return None
    if named is None and need.given and (place.primitive.config or {}).get(need.given) is None:
        return None
    offered = analysis.connections
    if named is not None:
        return _check_named(analysis, place, spec, named, offered)
    fitting = [name for name, (kind, service) in offered.items() if fits(spec, kind, service)]
    declared = [name for name in fitting if name in analysis.places]
    fitting = declared or fitting
    if len(fitting) > 1 and (need.required or declared):
        analysis.report.add(
            "connection.ambiguous",
            where=analysis.pointer(place),
            message=f"`{place.primitive.name}` could use " + " or ".join(f"`{name}`" for name in sorted(fitting)) + ".",
            hint='Name one with "connection".',
        )
        return None
    if len(fitting) == 1 and (need.required or declared):
        return fitting[0]
    mail = analysis.library is not None and analysis.library.default_mail
    if need.required and not (mail and "smtp" in need.services):
        analysis.report.add(
            "connection.missing",
            where=analysis.pointer(place),
            severity=analysis.open_severity,
            message=f"`{place.primitive.name}` needs a connection to " + " or ".join(need.services or need.kinds) + ".",
            hint="Add a connection to the document, or keep one in the workspace, and name it.",
        )
    return None


def _channel(place: Place, spec: KindSpec) -> str | None:
    """The channel of a notification or of a question may be the name of a connection."""
    channel = (place.primitive.config or {}).get("channel")
    if spec.key not in ("action/notification", "action/wait") or not isinstance(channel, str) or "{{" in channel:
        return None
    return None if channel in ("webhook", "email") else channel


def fits(spec: KindSpec, kind: str, service: str) -> bool:
    """Whether a connection of that kind and service serves a kind of step."""
    need = spec.connection
    if need is None or service in need.without:
        return False
    if need.services and service in need.services:
        return True
    return kind in need.kinds and (not need.services or service == kind or service in need.services)


def _check_named(
    analysis: Analysis, place: Place, spec: KindSpec, named: str, offered: dict[str, tuple[str, str]]
) -> str | None:
    own = place.primitive.connection is not None
    where = analysis.pointer(place, "connection") if own else analysis.pointer(place, "config", "channel")
    if named not in offered:
        analysis.report.add(
            "connection.unknown",
            where=where,
            severity=analysis.open_severity,
            message=f"There is no connection `{named}`.",
            hint="Add it to the document, or keep it in the workspace under this name.",
        )
    elif not fits(spec, *offered[named]):
        kind, service = offered[named]
        need = spec.connection
        wanted = " or ".join((*need.services, *need.kinds)) if need else ""
        analysis.report.add(
            "connection.wrong_kind",
            where=where,
            message=f"`{named}` is a connection to {service or kind}; `{spec.name}` uses {wanted}.",
            hint="Name another connection.",
        )
    return named


def _check_retry(analysis: Analysis, place: Place, spec: KindSpec) -> None:
    primitive = place.primitive
    config = primitive.config or {}
    effect = resolve_effect(spec.effect, config)
    asked = primitive.retry is not None and (primitive.retry.max_attempts or 2) > 1
    if asked and not effect.repeatable and not takes_key(spec, config):
        analysis.report.add(
            "effect.unsafe_retry",
            where=analysis.pointer(place, "retry"),
            message=f"`{primitive.name}` changes the outside and the receiver knows no key, so a repeat could do it twice.",
            hint="It is repeated only where it surely did not happen; otherwise the run asks a person. "
            "Where the receiver honours an idempotency key, say so in `config`.",
        )
    start = analysis.lists[place.list_path].order.starts.get(primitive.name)
    is_handler = start is not None and bool(start.handles)
    if not effect.repeatable and primitive.on_error is None and primitive.type == "action" and not is_handler:
        analysis.report.add(
            "error.unhandled",
            where=analysis.pointer(place),
            message=f"When `{primitive.name}` fails for good, the run fails and the owner is told.",
            hint='Name a handler with "on_error" where something else should happen.',
        )


def takes_key(spec: KindSpec, config: dict[str, Any]) -> bool:
    """Whether the receiver honours our idempotency key, by the kind's rule."""
    if isinstance(spec.takes_key, bool):
        return spec.takes_key
    return resolve_effect(spec.takes_key, config).repeatable


def _check_workspace_names(analysis: Analysis, place: Place, spec: KindSpec) -> None:
    config = place.primitive.config or {}
    template = config.get("template")
    if spec.key == "action/email_send" and isinstance(template, str) and "{{" not in template:
        known = analysis.library.templates if analysis.library else {}
        if template not in known:
            analysis.report.add(
                "template.unknown",
                where=analysis.pointer(place, "config", "template"),
                severity=analysis.open_severity,
                message=f"The message template `{template}` is not there.",
                hint="Make it under /api/v1/message-templates, or write subject and text here.",
            )
    workflow = config.get("workflow")
    if spec.lowering == "child" and isinstance(workflow, str):
        known_workflows = analysis.library.workflows if analysis.library else {}
        if workflow not in known_workflows:
            analysis.report.add(
                "workflow.unknown",
                where=analysis.pointer(place, "config", "workflow"),
                severity=analysis.open_severity,
                message=f"There is no workflow `{workflow}`.",
                hint="Save it first; its current version is then fixed in this one.",
            )


def _check_loop(analysis: Analysis, place: Place) -> None:
    loop = place.primitive
    assert isinstance(loop, Condition)
    if loop.kind != "loop":
        return
    forms = [
        name
        for name, value in (("over", loop.over), ("while", loop.while_), ("until", loop.until))
        if value is not None
    ]
    if len(forms) != 1:
        analysis.report.add(
            "loop.form",
            where=analysis.pointer(place),
            message=f"`{loop.name}` has "
            + (" and ".join(f"`{one}`" for one in forms) if forms else "none of `over`, `while`, `until`")
            + ".",
            hint="Give exactly one: a list to go over, or a test.",
        )
    elif forms[0] != "over" and loop.max_iterations is None:
        analysis.report.add(
            "loop.unbounded",
            where=analysis.pointer(place),
            message=f"Nothing bounds how often `{loop.name}` goes round; it ends with an error after 10,000 rounds.",
            hint='Add "max_iterations".',
            fix=[{"op": "add", "path": analysis.pointer(place, "max_iterations"), "value": 100}],
        )
    if loop.do is None:
        analysis.report.add(
            "config.missing",
            where=analysis.pointer(place),
            message="`loop` needs `do`.",
            hint='Add "do": the list to repeat.',
        )


def _check_joins(analysis: Analysis, place: Place) -> None:
    sides = {label: name for label, _, name in flat_sides(place.primitive)}
    if place.primitive.kind == "switch" or not sides:
        return
    listing = analysis.lists[place.list_path]
    position = {one.name: index for index, one in enumerate(listing.primitives)}
    named = [name for name in sides.values() if position.get(name, -1) > position[place.primitive.name]]
    if not named:
        return
    for name, start in listing.order.starts.items():
        if not named or not any(one in start.deps for one in named):
            continue
        where = analysis.pointer(analysis.places[name])
        if len(sides) == 1:
            analysis.report.add(
                "join.one_sided",
                where=where,
                message=f"`{name}` is skipped too where `{place.primitive.name}` does not choose `{named[0]}`.",
                hint="Put what belongs to that side into a nested list; what stands below then runs either way.",
                fix=_nest(listing.primitives, place, sides, through=len(listing.primitives)),
            )
        elif set(named) <= set(start.deps):
            analysis.report.add(
                "join.both_sides",
                where=where,
                message=f"`{name}` runs after either side of `{place.primitive.name}`.",
                hint="If that is meant, nest the sides to say so; if not, put it into the side that it belongs to.",
                fix=_nest(listing.primitives, place, sides, through=max(position[one] for one in named) + 1),
            )
        return


def _nest(primitives: list[Any], place: Place, sides: dict[str, str], *, through: int) -> list[dict[str, Any]] | None:
    """A patch that turns flat sides into nested lists; None where something between would change its meaning."""
    here = int(place.path[-1])
    block = primitives[here + 1 : through]
    one_sided = len(sides) == 1
    if any(one.after is not None or one.type in ("trigger", "connection") for one in block):
        return None
    if not one_sided and [one.name for one in block] != list(sides.values()):
        return None
    if any(place.primitive.name in (one.after or ()) for one in primitives):
        return None
    fields = {"if_true": "then", "if_false": "else"}
    patch: list[dict[str, Any]] = []
    at = pointer(*place.path)
    for label, name in sides.items():
        inner = block if one_sided else [one for one in block if one.name == name]
        bodies = [one.model_dump(by_alias=True, exclude_none=True, mode="json") for one in inner]
        patch.append({"op": "remove", "path": f"{at}/{label}"})
        patch.append({"op": "add", "path": f"{at}/{fields[label]}", "value": bodies})
    removed = [{"op": "remove", "path": pointer(*place.list_path, index)} for index in range(through - 1, here, -1)]
    return [*removed, *patch]


def _strings(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    stack: list[tuple[tuple[str | int, ...], Any]] = [(path, tree)]
    while stack:
        at, value = stack.pop()
        if isinstance(value, str):
            yield at, value
        elif isinstance(value, dict):
            stack.extend(((*at, key), inner) for key, inner in value.items())
        elif isinstance(value, list):
            stack.extend(((*at, index), inner) for index, inner in enumerate(value))


def _check_secrets(analysis: Analysis, place: Place) -> None:
    primitive = place.primitive
    trees: list[tuple[str, Any]] = [("config", primitive.config or {})]
    if isinstance(primitive, Connection):
        trees.append(("credentials", primitive.credentials or {}))
    for field, tree in trees:
        for path, text in _strings(tree):
            name = str(path[-1]).lower().replace("-", "_") if path else ""
            named = bool(_SECRET_NAMES.search(name)) and "{{" not in text and not isinstance(primitive, Trigger)
            allowed = field == "credentials" and name == "secret"
            if allowed or not text:
                continue
            header = name == "authorization" and _HEADER_WITH_SECRET.match(text)
            if _SECRET_SHAPES.search(text) or header or (named and len(text) >= 6 and " " not in text):
                analysis.report.add(
                    "secret.plain_text",
                    where=analysis.pointer(place, field, *path),
                    message=f"`{name}` holds a secret in plain text.",
                    hint="Keep it in a connection: `flov7 connections add`, then name the connection here.",
                )


def _check_addresses(analysis: Analysis, place: Place) -> None:
    config = place.primitive.config or {}
    if isinstance(place.primitive, Trigger):
        return
    for path, text in _strings(config):
        if not re.match(r"https?://", text):
            continue
        host = (
            urlsplit(text.replace("{{", "").replace("}}", "")).hostname if "{{" not in text.split("/", 3)[2] else None
        )
        if host is not None and is_private_name(host):
            analysis.report.add(
                "network.private",
                where=analysis.pointer(place, "config", *path),
                message=f"`{host}` lies inside a private network.",
                hint="It is refused at run time unless an operator allows it in the settings (FLOV7_ALLOW_HOSTS).",
            )


def is_private_name(host: str) -> bool:
    """Whether a host name or literal address is one of a private network, as far as can be told without looking."""
    if host in ("localhost",) or host.endswith((".localhost", ".local", ".internal")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
