"""What an answer of a service means: the step's error in words that say the mend, or the step's output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from flov7.kit.errors import FlowError, StepFailed, StepRefused, StepUnreachable
from flov7.kit.redaction import redact
from flov7.kit.redaction import text as redacted
from flov7.primitives.actions.api_call import http
from flov7.primitives.connectors.operation import Fails, Operation
from flov7.primitives.declare import ConnectionValue, Context, Json
from flov7.primitives.files import kept
from flov7.primitives.outside import Answer


def at(value: Any, path: str) -> Any:
    """What lies at a dotted path of names and positions; None where it leads nowhere."""
    for part in path.split(".") if path else []:
        if isinstance(value, list) and part.lstrip("-").isdigit():
            value = value[int(part)] if -len(value) <= int(part) < len(value) else None
        elif isinstance(value, Mapping):
            value = value.get(part)
        else:
            return None
    return value


def judged(answer: Answer, operation: Operation, connection: ConnectionValue | None) -> None:
    """Raises the step error of a bad status, with the mend for this connection."""
    try:
        http.judge(answer, expect=None)
    except StepRefused as error:
        match answer.status:
            case 401:
                raise expired(error.message, operation, connection, details=error.details) from error
            case 402:
                raise StepRefused(
                    error.message,
                    hint=f"The plan of the account at {operation.service} does not cover this, or its quota is used up.",
                    code="connection.quota",
                    details=error.details,
                ) from error
            case 403 if answer.headers.get("x-ratelimit-remaining") == "0":
                raise StepUnreachable(error.message, hint="The quota is used up; it is tried again later.") from error
            case 403:
                wants = " It wants " + ", ".join(operation.scopes) + "." if operation.scopes else ""
                raise StepRefused(
                    error.message,
                    hint=f"The credential holds, but not for this.{wants}",
                    code="connection.not_enough",
                    details=error.details,
                ) from error
            case _:
                raise


def expired(
    message: str,
    operation: Operation,
    connection: ConnectionValue | None,
    *,
    details: Mapping[str, Any] | None = None,
) -> StepRefused:
    """The error of a credential that is not taken, with how to mend it."""
    name = connection.name if connection else operation.service
    by_login = connection is not None and "access_token" in connection.credential
    mend = f"flov7 connections login {name}" if by_login else f"flov7 connections rotate {name}"
    words = "Allow it again" if by_login else "Put in a valid one"
    return StepRefused(message, hint=f"{words}: `{mend}`.", code="connection.expired", details=details)


def failed_inside(
    body: Json, fails: Fails | None, operation: Operation, connection: ConnectionValue | None
) -> FlowError | None:
    """The error that an answer with a good status holds, or None."""
    if fails is None or not isinstance(body, dict):
        return None
    bad = (bool(fails.unless) and not at(body, fails.unless)) or (bool(fails.on) and bool(at(body, fails.on)))
    if not bad:
        return None
    words = at(body, fails.say) if fails.say else None
    said = words if isinstance(words, str) else "the answer says no"
    message = f"{operation.service}: {said[:300]}."
    if any(one in said for one in fails.expired):
        return expired(message, operation, connection)
    if any(one in said for one in fails.limited):
        return StepUnreachable(message, hint="It asks to come back later.", code="step.limited")
    hint = f"What it means: {operation.docs}" if operation.docs else "Look at what was sent."
    return StepRefused(message, hint=hint)


def content(answer: Answer, *, looks: bool, page: bool = False) -> Json:
    """The body as a value. Raises StepFailed where it says that it is JSON and is none, and where it is a page for
    people, unless a `page` was asked for."""
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "text/html" and not page:
        raise http.not_data(looks=looks)
    value = http.content(answer, parse="auto", looks=looks)
    if isinstance(value, str) and kind.endswith("json"):
        raise StepFailed(
            "The answer says that it is JSON and is none; perhaps it broke off.",
            hint="Try again; where it stays so, the service has trouble of its own.",
            code="answer.broken",
        )
    return value


def is_file(answer: Answer) -> bool:
    """Whether an answer is a file: neither text nor anything that is read as a value."""
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    if not answer.body or _is_text(kind):
        return False
    try:
        answer.body.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return "attachment" in answer.headers.get("content-disposition", "")


async def kept_file(answer: Answer, context: Context) -> dict[str, Json]:
    """The file of an answer, kept, as steps pass it on: `{file: …}`."""
    named = answer.headers.get("content-disposition", "").partition("filename=")[2].split(";")[0].strip('" ')
    kind = answer.headers.get("content-type", "").split(";")[0].strip()
    name = named or unquote(urlsplit(answer.url).path.rsplit("/", 1)[-1]) or "file"
    file = await kept(context.files.keep, answer.body, name=name, media_type=kind)
    return {"file": file.model_dump(mode="json")}


def output(value: Json, operation: Operation) -> Json:
    """The step's output: an object as it is, a list under `items`, a text under `text`, nothing as `{}`."""
    found = at(value, operation.give)
    match found:
        case None:
            return {}
        case dict():
            return found
        case list():
            return {"items": found}
        case str():
            return {"text": found}
        case _:
            return {"value": found}


def without_secrets(error: FlowError, connection: ConnectionValue | None) -> FlowError:
    """The same error; no word of the secret is in it, whatever the address or the answer held."""
    if connection is None:
        return error
    known = list(_texts(connection.credential))
    error.message, error.hint = redacted(error.message, known=known), redacted(error.hint, known=known)
    error.details = redact(error.details, known=known)
    error.args = (error.message,)
    return error


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and len(value) >= 4:
        yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if name != "type":
                yield from _texts(inner)


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") or kind.endswith(("json", "xml", "yaml", "javascript", "x-www-form-urlencoded"))
