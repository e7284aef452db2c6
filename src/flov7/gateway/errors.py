"""Errors become answers here, and nowhere else: same shape, right status, nothing of our insides."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from flov7.gateway import envelope
from flov7.kit.errors import FlowError
from flov7.kit.redaction import is_secret_name, text


def of_flow_error(problem: FlowError) -> Response:
    """The answer for one of our own errors; `Retry-After` where a repeat can help."""
    headers: dict[str, str] = {}
    if problem.status == 401:
        headers["www-authenticate"] = 'Bearer realm="flov7"'
    if problem.retry_after is not None:
        headers["retry-after"] = str(max(1, math.ceil(problem.retry_after)))
    elif problem.status == 503:
        headers["retry-after"] = "2"
    return envelope.error(as_problem(problem), status=problem.status, headers=headers)


def as_problem(problem: FlowError) -> dict[str, Any]:
    """Code, message and hint without anything that looks like a secret; diagnostics and fields on their own."""
    body: dict[str, Any] = {
        "code": problem.error_code,
        "message": text(problem.message),
        "hint": text(problem.hint),
    }
    details = dict(problem.details)
    for name in ("diagnostics", "fields"):
        if name in details:
            body[name] = details.pop(name)
    if details:
        body["details"] = details
    return body


def unexpected() -> Response:
    """What nobody foresaw: the log has it, under the request's id."""
    problem = {
        "code": "internal",
        "message": "Something went wrong on our side.",
        "hint": "Try again; if it stays, tell the operator the request id: the log says what happened.",
    }
    return envelope.error(problem, status=500)


_STATUS: Mapping[int, tuple[str, str, str]] = {
    400: ("request.refused", "The request cannot be read.", "Look at /docs for how it is written."),
    404: ("request.no_route", "Nothing is served at this address.", "/docs lists what there is."),
    405: ("request.method", "This address does not take that method.", "The header `Allow` lists those it takes."),
    413: ("request.too_large", "The body is too large.", "Send less at once."),
    415: ("request.unsupported", "This content type is not read here.", "Send application/json."),
}


def _of_http(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, HTTPException)
    code, message, hint = _STATUS.get(problem.status_code, ("request.refused", str(problem.detail), ""))
    body = {"code": code, "message": message, "hint": hint}
    return envelope.error(body, status=problem.status_code, headers=problem.headers)


def _of_validation(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestValidationError)
    fields = [_field(one) for one in problem.errors()]
    first = fields[0] if fields else {"where": "", "message": "The request does not hold."}
    if any(one.get("type") == "json_invalid" for one in problem.errors()):
        body = {"code": "json.invalid", "message": "The body is no JSON.", "hint": "Send JSON in UTF-8."}
        return envelope.error({**body, "fields": fields}, status=400)
    more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
    body = {
        "code": "request.invalid",
        "message": f"{first['where'] or 'The body'}: {first['message']}{more}",
        "hint": "`fields` lists all that is wrong; /docs shows an example.",
        "fields": fields,
    }
    return envelope.error(body, status=422)


def _field(one: Mapping[str, Any]) -> dict[str, str]:
    """Where and what; never the value, which may be a secret."""
    place, *rest = one["loc"]
    where = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in rest)
    words = str(one["msg"]).removeprefix("Value error, ")
    if any(is_secret_name(str(part)) for part in rest):
        words = "is not what this field takes"
    return {"in": str(place), "where": where, "message": words}


def _of_ours(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, FlowError)
    return of_flow_error(problem)


def install(app: FastAPI) -> None:
    """Make `app` answer errors in our shape."""
    app.add_exception_handler(FlowError, _of_ours)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)
