"""A service that is reached over a network with a user, a token or a header: REST, GraphQL, SOAP; or SMTP mail.

Without `service` (or with `api`) it is HTTP: `base_url` is where it lives, and requests of `api_call` name the
path alone. With `service: smtp` it is a mail server: `host`, `port`, `security`, `from`. With `imap` it is a mailbox
and with `mqtt` a broker that triggers listen to: `host`, `port`, `security` (TLS where it is left out). With
`twilio`, `vonage` and `plivo` it sends text messages: `from` is the number. With `webpush` it shows messages in
browsers: `from` is a mail address for the push services, `secret` the private VAPID key, and the connection test says
the public one. With `mcp` it is an MCP server, whose tools become kinds of steps.

The secret's `type` says how it is proved: `bearer`, `basic`, `header` and `query` send it; `digest` answers the
server's challenge (RFC 7616); `hmac` signs each request as `signature` says; `aws` signs it as Amazon's services want
it (version 4). With `per_second` no more requests are made than the service allows.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flov7.kit.errors import FlowError
from flov7.language.catalogue import Lowering
from flov7.primitives.actions.api_call.http import said
from flov7.primitives.connectors.testing import check_service
from flov7.primitives.credentials import http_access, joined, with_query
from flov7.primitives.declare import Checked, ConnectionValue, Context, Kind, KindInputs, KindOutputs
from flov7.primitives.outside import Request
from flov7.primitives.schemes.fetching import PerSecond, fetched
from flov7.primitives.schemes.keyed import Signature

_LISTENED_TO = ("imap", "mqtt")
_TEXT_MESSAGES = ("twilio", "vonage", "plivo")


class Inputs(KindInputs):
    """Where the service is."""

    base_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="For HTTP: where it lives.",
        examples=["https://api.shop.com/v2"],
    )
    headers: dict[str, str] = Field(default_factory=dict, description="For HTTP: sent with every request.")
    query: dict[str, str] = Field(default_factory=dict, description="For HTTP: added to every address.")
    test_path: str = Field(default="", description="For HTTP: what the connection test gets.")
    per_second: PerSecond = None
    signature: Signature | None = Field(default=None, description="For `hmac`: what is signed, and where it goes.")
    region: str = Field(default="", description="For `aws`: the region; left out, as the host says.")
    aws_service: str = Field(default="", description="For `aws`: the service; left out, as the host says.")
    host: str | None = Field(
        default=None, description="For SMTP, IMAP and MQTT: the server.", examples=["smtp.shop.com"]
    )
    port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="For SMTP: 465 with `tls`, 587 with `starttls`, 25 with `none`; IMAP: 993, 143; MQTT: 8883, 1883.",
    )
    security: Literal["tls", "starttls", "none"] = Field(
        default="starttls", description="For SMTP, IMAP and MQTT: how the connection is kept private."
    )
    to: str | None = Field(default=None, description="For messages: who gets them where a step does not say.")
    authority: str | None = Field(
        default=None, description="For IMAP and MQTT: a certificate authority of your own that vouches for it, as PEM."
    )
    from_: str | None = Field(
        default=None, alias="from", description="For SMTP: the sender.", examples=["Shop <shop@example.com>"]
    )


class Credentials(KindInputs):
    """The secret; `type` may be left out where the fields say it."""

    type: Literal["bearer", "basic", "digest", "header", "query", "hmac", "aws", "none"] | None = Field(
        default=None, description="How it is sent or proved."
    )
    token: str | None = Field(default=None, description="For `bearer`; for `aws` that of a session.")
    username: str | None = Field(default=None, description="For `basic`, `digest`, SMTP, IMAP and MQTT.")
    password: str | None = Field(default=None, description="For `basic`, `digest`, SMTP, IMAP and MQTT.")
    key_id: str | None = Field(default=None, description="For `aws` and `hmac`: which key it is.")
    secret: str | None = Field(default=None, description="For `aws`, `hmac` and `webpush`: the key.")
    certificate: str | None = Field(default=None, description="For MQTT and IMAP: the client's certificate, as PEM.")
    private_key: str | None = Field(default=None, description="For MQTT and IMAP: its key, as PEM.")
    name: str | None = Field(default=None, description="For `header` and `query`: its name.")
    value: str | None = Field(default=None, description="For `header` and `query`: its value.")


class Outputs(KindOutputs):
    """Nothing: a connection takes no part in a run."""


async def run(context: Context) -> Checked:
    """Whether the service answers and takes the secret."""
    connection = context.connection
    if connection is None:
        return Checked(ok=False, message="There is no connection to test.")
    if connection.service == "mcp":
        from flov7.primitives import mcp

        return await mcp.check(context, connection)
    if connection.service == "webpush":
        from flov7.primitives.actions.notification import webpush

        return webpush.check(connection)
    if connection.service in ("vonage", "plivo"):
        return _check_text_messages(connection)
    if connection.service in _LISTENED_TO:
        return await _check_listened_to(context, connection)
    if connection.service == "smtp":
        from flov7.primitives.mail import check_server

        return await check_server(context, connection)
    known = await check_service(context, connection)
    return known or await check_http(context, connection, path=str(connection.config.get("test_path") or ""))


def _check_text_messages(connection: ConnectionValue) -> Checked:
    """Whether all is there; these can be asked nothing without sending."""
    for place, name in (
        (connection.credential, "username"),
        (connection.credential, "password"),
        (connection.config, "from"),
    ):
        if not place.get(name):
            return Checked(ok=False, message=f"It has no `{name}`.", hint=f"Add `{name}`.")
    return Checked(ok=True, message="Number and secret are whole; nothing was sent.")


async def _check_listened_to(context: Context, connection: ConnectionValue) -> Checked:
    """Whether a mailbox or a broker lets us in."""
    from flov7.primitives.triggers.email import check_mailbox
    from flov7.primitives.triggers.iot import check_broker

    check = check_mailbox if connection.service == "imap" else check_broker
    try:
        return await check(context, connection)
    except FlowError as error:
        return Checked(ok=False, message=error.message, hint=error.hint)


async def check_http(context: Context, connection: ConnectionValue, *, path: str) -> Checked:
    """Gets `path` and says what the answer means."""
    try:
        access = http_access(connection)
        if not access.base_url:
            return Checked(ok=False, message="It has no `base_url`.", hint="Add `base_url`, beginning with https://.")
        url = with_query(joined(access.base_url, path), access.query)
        limit = max(0.05, min(10.0, context.remaining()))
        request = Request(method="GET", url=url, headers=access.headers, private=access.private, timeout=limit)
        answer = await fetched(context, request, access=access)
    except FlowError as error:
        return Checked(ok=False, message=error.message, hint=error.hint)
    if answer.status in (401, 403):
        return Checked(
            ok=False,
            message=f"It answers {answer.status}: the secret is not taken.",
            hint="Look whether it is complete, still valid, and may read this path.",
        )
    if answer.status == 429:
        return Checked(
            ok=False,
            message=f"It answers 429: {said(answer) or 'too many requests'}.",
            hint="Its quota is used up; try later.",
        )
    if answer.status >= 500:
        return Checked(ok=False, message=f"It answers {answer.status}: it has trouble of its own.", hint="Try later.")
    if answer.status == 404 and path:
        return Checked(ok=False, message=f"There is nothing at `{path}`.", hint="Mend `test_path`.")
    return Checked(ok=True, message=f"It answers {answer.status} in {answer.seconds * 1000:.0f} ms.")


KIND = Kind(
    title="API or mail server",
    icon="plug",
    summary="A service with an address and a user, token or header; also a mail server (service: smtp).",
    confused_with="`api_key` where one key is all there is; `oauth` where people log in.",
    examples=("Connect to our shop's API", "Use our mail server"),
    synonyms=("rest", "http", "smtp", "basic", "bearer", "token"),
    fields=("service", "credentials"),
    lowering=Lowering.CREDENTIAL,
    services=("api", "http", "rest", "graphql", "soap", "smtp", *_LISTENED_TO, *_TEXT_MESSAGES, "webpush", "mcp"),
    timeout=15.0,
)
