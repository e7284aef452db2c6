"""A page on which a person starts a workflow: shown on GET, read and checked on POST, without any script."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import HTMLResponse, Response

from flov7.engine.perform import StoredFiles
from flov7.engine.plans import StoredBlobs
from flov7.gateway.hooks import fields
from flov7.gateway.hooks.calls import Call
from flov7.gateway.hooks.delivery import accept, counted
from flov7.gateway.hooks.fields import Field
from flov7.gateway.hooks.proof import prove
from flov7.gateway.hooks.reading import body_of, read_payload
from flov7.gateway.hooks.responding import respond
from flov7.gateway.parts import Gateway
from flov7.kit.errors import Invalid, Unauthenticated
from flov7.kit.ids import token
from flov7.language.schemas import compiled

ONCE = "_once"
"""The hidden field that makes sending a page twice one event."""
_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def page(call: Call) -> Response:
    """The empty form; what stands in the address's query is filled in already."""
    if (refusal := _refusal(call)) is not None:
        return refusal
    given = {name: value for name, value in call.query.items() if name != ONCE}
    return _html(call, given=given, wrong={}, once=token(16))


async def sent(gateway: Gateway, call: Call) -> Response:
    """Thanks, or the form again with what is wrong beside each field."""
    if (refusal := _refusal(call)) is not None:
        return refusal
    target = call.target
    body = await body_of(call.receive, call.headers, largest=target.max_body)
    files = StoredFiles(StoredBlobs(gateway.database), target.workspace_id)
    raw = await read_payload(body, call.headers, {}, files=files)
    given: dict[str, Any] = raw if isinstance(raw, dict) else {}
    once = given.pop(ONCE, None)
    schema = _schema(call)
    payload = fields.read(_fields(call), given)
    try:
        _check(schema, payload)
        started = await accept(
            gateway,
            target,
            payload=payload,
            body=body,
            headers=call.headers,
            query=call.query,
            params=call.params,
            given_id=f"form:{once}"[:200] if isinstance(once, str) and once else None,
        )
    except Invalid as problem:
        wrong = fields.wrong(problem.details.get("fields", []), fallback=problem.message)
        return _html(call, given=given, wrong=wrong, once=token(16), status=422)
    if started is None:
        trigger = target.intake.trigger
        gateway.turned_away.count(target.workspace_id, target.workflow_id, trigger=trigger.name, reason="when")
        return _thanks(call)
    started = await counted(gateway, target, started)
    if target.wait <= 0:
        return _thanks(call)
    answer = await respond(gateway, target, started)
    said = _words(answer)
    return _thanks(call, said=said) if said is not None else (_thanks(call) if answer.status_code == 202 else answer)


def _refusal(call: Call) -> Response | None:
    """What a browser gets that has to ask for user and password first."""
    try:
        prove(call.target, headers=call.headers, body=b"")
    except Unauthenticated:
        words = "This page wants user and password."
        return HTMLResponse(words, status_code=401, headers={**_HEADERS, "www-authenticate": 'Basic realm="form"'})
    return None


def _words(answer: Response) -> str | None:
    """The run's output where it is a text for people."""
    if answer.status_code != 200:
        return None
    try:
        value = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return bytes(answer.body).decode(errors="replace")
    return value if isinstance(value, str) else None


def _schema(call: Call) -> dict[str, Any]:
    form = call.form or {}
    return form.get("fields") or call.target.plan.inputs or {}


def _fields(call: Call) -> list[Field]:
    return fields.of(_schema(call), order=(call.form or {}).get("order") or ())


def _check(schema: dict[str, Any], payload: dict[str, Any]) -> None:
    """Raises Invalid with every field that does not hold."""
    found = compiled(schema)(payload) if schema else []
    if found:
        listed = [{"where": one.where, "message": one.message} for one in found]
        raise Invalid("Something is not filled in as it has to be.", details={"fields": listed})


def _html(call: Call, *, given: dict[str, Any], wrong: dict[str, str], once: str, status: int = 200) -> Response:
    form, known = call.form or {}, _fields(call)
    title = str(form.get("title") or call.target.plan.name.replace("_", " "))
    inside = "".join(fields.shown(one, given.get(one.name), wrong.get(one.name)) for one in known)
    kind = ' enctype="multipart/form-data"' if any(one.is_file for one in known) else ""
    text = f"<p>{fields.escaped(str(form['text']))}</p>" if form.get("text") else ""
    button = fields.escaped(str(form.get("submit") or "Send"))
    body = (
        f'{text}{_summary(known, wrong)}<form method="post" action="{_here(call)}"{kind}>{inside}'
        f'<input type="hidden" name="{ONCE}" value="{once}"><button type="submit">{button}</button></form>'
    )
    return HTMLResponse(fields.page(title, body, wrong=bool(wrong)), status_code=status, headers=_HEADERS)


def _here(call: Call) -> str:
    return fields.escaped(call.scope["path"])


def _summary(known: list[Field], wrong: dict[str, str]) -> str:
    """What is wrong, on top: heard first by who does not see the page."""
    if not wrong:
        return ""
    labels = {one.name: one.label for one in known}
    lines = "".join(
        f'<li><a href="#f-{fields.escaped(name)}">{fields.escaped(labels[name])}</a>: {fields.escaped(words)}</li>'
        if name in labels
        else f"<li>{fields.escaped(words)}</li>"
        for name, words in wrong.items()
    )
    return f'<div class="wrong" role="alert" tabindex="-1"><h2>Please look again</h2><ul>{lines}</ul></div>'


def _thanks(call: Call, *, said: str | None = None) -> Response:
    form = call.form or {}
    words = said or str(form.get("thanks") or "Thank you.")
    return HTMLResponse(fields.page(words, "<p>You can close this page.</p>"), headers=_HEADERS)
