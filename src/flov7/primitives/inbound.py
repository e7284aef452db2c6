"""What a trigger declares that services call in a format of their own: text messages, mail that is delivered by HTTP.

Its file has `async receive(arrival, inputs) -> Received`: it checks that the request is from whom it should be, reads
it, and says what the service wants to hear. It raises Unauthenticated for a request that does not prove itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from flov7.kit.errors import Refused, Unauthenticated
from flov7.primitives.declare import Json
from flov7.primitives.files import Files


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A request as it came. `url` is the address that the sender called; header names are in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    secret: Mapping[str, Json] = field(repr=False)
    files: Files
    now: float

    def pairs(self) -> list[tuple[str, str]]:
        """The fields of a form, in their order. Raises Refused."""
        try:
            text = self.body.decode()
            return parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=1000)
        except (UnicodeDecodeError, ValueError) as error:
            raise Refused(f"The body is no form: {error}.", code="form.invalid") from error

    def json(self) -> Any:
        """The body as JSON. Raises Refused."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise Refused(f"The body is no JSON: {error.msg}.", code="json.invalid") from error

    def word(self, *names: str) -> str:
        """The first of these fields of the secret. Raises Unauthenticated where none is there."""
        for name in names:
            value = self.secret.get(name)
            if isinstance(value, str) and value:
                return value
        raise unproven(f"the stored secret has no `{names[0]}`")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the service hears."""

    status: int = 200
    media_type: str = "text/plain"
    body: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Received:
    """What came: the payload, the event's id where the service names it, and the answer. Payload None: no event."""

    payload: Json
    id: str | None = None
    reply: Reply = Reply()


Receive = Callable[[Arrival, Any], Awaitable[Received]]


def unproven(why: str) -> Unauthenticated:
    """The error of a request that does not prove itself."""
    return Unauthenticated(
        f"The sender did not prove itself: {why}.",
        hint="Look whether the stored secret is the one that the service shows, and the address the one it calls.",
        code="hook.unproven",
    )
