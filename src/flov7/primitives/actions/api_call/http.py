"""One HTTP request with a connection's access, and what its answer means."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlencode

from flov7.kit.errors import StepFailed, StepRefused, StepUnreachable
from flov7.primitives.credentials import HttpAccess, http_access, joined, with_query
from flov7.primitives.declare import Context, Json
from flov7.primitives.formats import json_text, xml
from flov7.primitives.formats.multipart import Part, written
from flov7.primitives.outside import Answer, Request
from flov7.primitives.schemes.fetching import fetched

LOOKS_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})
_EXCERPT = 2000
_MARGIN = 0.25  # seconds, so that our own error comes before the engine's


@dataclass(frozen=True, kw_only=True)
class Call:
    """Where a request goes and what goes with every one of them."""

    context: Context
    access: HttpAccess
    url: str
    headers: Mapping[str, str]
    follow: bool = True
    sends_key: bool = False
    expect: Sequence[int] | None = None
    per_second: float | None = None
    part: str = ""
    """Which part of a step's work it is, where that is sent in several requests: each has a key of its own."""

    @classmethod
    def of(
        cls,
        context: Context,
        *,
        url: str,
        headers: Mapping[str, str] | None = None,
        follow: bool = True,
        sends_key: bool = False,
        expect: Sequence[int] | None = None,
        per_second: float | None = None,
    ) -> Call:
        """A call with the step's connection. Raises StepRefused where its secret is incomplete or not for this host."""
        access = http_access(context.connection)
        if not url and not access.base_url:
            raise StepRefused("There is no address to call.", hint="Give `url`, or a connection that has a `base_url`.")
        return cls(
            context=context,
            access=access,
            url=joined(access.base_url, url),
            headers=headers or {},
            follow=follow,
            sends_key=sends_key,
            expect=expect,
            per_second=per_second,
        )

    def at(self, address: str) -> Call:
        """The same for an address that the service named. Raises StepRefused where it is on another host."""
        base = "/".join(self.url.split("/")[:3])
        return replace(self, url=joined(base, address), access=replace(self.access, query={}))

    async def send(
        self,
        method: str,
        *,
        body: bytes | None = None,
        content_type: str | None = None,
        query: Mapping[str, Json] | None = None,
        accept: str | None = None,
    ) -> Answer:
        """The answer, where its status is no error. Raises a step error otherwise."""
        answer = await self.send_raw(method, body=body, content_type=content_type, query=query, accept=accept)
        judge(answer, expect=self.expect)
        return answer

    async def send_raw(
        self,
        method: str,
        *,
        body: bytes | None = None,
        content_type: str | None = None,
        query: Mapping[str, Json] | None = None,
        accept: str | None = None,
    ) -> Answer:
        """The answer, whatever its status."""
        headers = {"accept": accept or "application/json, */*;q=0.5"}
        if content_type:
            headers["content-type"] = content_type
        headers |= {name.lower(): value for name, value in self.access.headers.items()}
        headers |= {name.lower(): value for name, value in self.headers.items()}
        if self.sends_key and self.context.idempotency_key:
            headers["idempotency-key"] = self.context.idempotency_key + self.part
        request = Request(
            method=method,
            url=with_query(self.url, {**self.access.query, **(query or {})}),
            headers=headers,
            body=body,
            timeout=max(0.05, self.context.remaining() - _MARGIN),
            follow=self.follow,
            private=self.access.private | {name.lower() for name in self.headers},
        )
        return await fetched(self.context, request, access=self.access, per_second=self.per_second)


def packed(*, json: Json, form: Mapping[str, Json] | None, body: Json) -> tuple[bytes | None, str | None]:
    """The bytes of a body and their content type; a `body` that is no text is sent as JSON."""
    if form is not None:
        return urlencode(dict(form), doseq=True).encode(), "application/x-www-form-urlencoded"
    if isinstance(body, str):
        return body.encode(), None
    value = json if json is not None else body
    return (None, None) if value is None else (json_text.show(value).encode(), "application/json")


def multipart(form: Mapping[str, Json], files: Mapping[str, tuple[str, str, bytes]]) -> tuple[bytes, str]:
    """A form with files by field (name, media type, bytes), and its content type."""
    values = [Part(name=name, body=_as_text(value).encode()) for name, value in form.items()]
    return written([*values, *(Part(name=n, file_name=f, media_type=m, body=b) for n, (f, m, b) in files.items())])


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json_text.show(value)


def judge(answer: Answer, *, expect: Sequence[int] | None) -> None:
    """Raises the step error of a status that is none of the expected ones (left out: below 400)."""
    status = answer.status
    if status in expect if expect is not None else status < 400:
        return
    message = f"It answered {status}: {said(answer)}" if said(answer) else f"It answered {status}."
    details = {"status": status, "url": answer.url.split("?")[0], "body": answer.text[:_EXCERPT]}
    wait = retry_after(answer)
    if status in (425, 429) or (status == 503 and wait is not None):
        raise StepUnreachable(message, hint="It asks to come back later.", details=details, retry_after=wait)
    if status >= 500 or status == 408:
        raise StepFailed(message, hint="The service has trouble of its own.", details=details, retry_after=wait)
    code = "connection.expired" if status == 401 else None  # a token that ended is renewed, and it is asked once more
    raise StepRefused(message, hint=_HINTS.get(status, _OTHER_HINT), code=code, details=details)


_OTHER_HINT = "Look at what was sent; `expect_status` makes a status that is no error."
_HINTS = {
    401: "The secret of the connection is missing, wrong or no longer valid.",
    403: "The secret is good, but not for this.",
    404: "Look at the address.",
    405: "Look at the method.",
    422: "The service does not take these values.",
}


def told(answer: Answer, name: str) -> str:
    """What the answer to a write calls `name`, as services name what they have made. Raises StepFailed where it is not
    that answer: then nobody knows whether it was done."""
    try:
        value = json_text.parse(answer.text)
    except StepRefused:
        value = None
    found = value.get(name) if isinstance(value, dict) else None
    if found in (None, "", []):
        raise StepFailed(
            f"The answer does not say that it was done: it has no `{name}`.",
            hint="Look at the address in the connection, and at the service whether it was done.",
            code="answer.shape",
        )
    return str(found)


def said(answer: Answer) -> str:
    """What an error answer says, in its own words, as far as they are found."""
    text = answer.text.strip()
    try:
        value = json_text.parse(text)
    except StepRefused:
        return "" if text.startswith("<") else text[:200]
    for _ in range(3):
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, dict):
            names = ("message", "error_description", "detail", "title", "error", "errors", "reason")
            value = next((value[name] for name in names if value.get(name)), None)
    return value[:300] if isinstance(value, str) else text[:200]


def retry_after(answer: Answer) -> float | None:
    """Seconds of the `Retry-After` header, at most a day, or None."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text) if text.isdigit() else parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), 86_400.0)


def content(answer: Answer, *, parse: Literal["auto", "json", "text", "xml"], looks: bool) -> Any:
    """The body as a value. Raises StepRefused, or StepFailed where the request has changed something."""
    if parse == "text" or not answer.body:
        return answer.text if answer.body else None
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    if parse == "auto" and not _is_known(kind):
        return _text_or_bytes(answer, kind)
    try:
        as_xml = parse == "xml" or (parse == "auto" and (kind.endswith("xml")))
        return xml.parse(answer.body) if as_xml else json_text.parse(answer.text)
    except StepRefused as error:
        if parse == "auto":
            return answer.text
        if kind == "text/html":
            raise not_data(looks=looks) from error
        if looks:
            raise
        raise StepFailed(error.message, hint=error.hint, code=error.error_code) from error


def not_data(*, looks: bool) -> StepFailed:
    """The error of a page for people where data was wanted."""
    wrong = StepRefused if looks else StepFailed
    return wrong(
        "The service answers with a page for people, not with data.",
        hint="Look at the address in the connection; perhaps a login or a proxy stands before the service.",
        code="answer.page",
    )


def _is_known(kind: str) -> bool:
    return kind.endswith(("/json", "+json", "/xml", "+xml")) and kind != "image/svg+xml"


def _text_or_bytes(answer: Answer, kind: str) -> Any:
    textual = kind.startswith("text/") or kind.endswith(("javascript", "x-www-form-urlencoded", "yaml"))
    if not textual:
        try:
            text = answer.body.decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(answer.body).decode()
        if not kind and text.lstrip()[:1] in ("{", "["):
            try:
                return json_text.parse(text)
            except StepRefused:
                return text
        return text
    return answer.text
