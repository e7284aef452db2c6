"""Sending one message over SMTP or Gmail, and saying surely whether it can have been sent."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

from flov7.kit.errors import FlowError, StepBroken, StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives import gmail
from flov7.primitives.declare import Checked, ConnectionValue, Context
from flov7.primitives.letters import Message, composed, message_id

_PORTS = {"tls": 465, "starttls": 587, "none": 25}


@dataclass(frozen=True, kw_only=True)
class Sent:
    """Who was accepted, and who was refused with which words."""

    message_id: str
    accepted: list[str]
    refused: dict[str, str]


async def send(context: Context, connection: ConnectionValue, *, message: Message) -> Sent:
    """Sends the message once. Raises StepUnreachable where it surely was not sent, StepRefused where the server

    says no, StepTimedOut or StepBroken where the text had gone out and no answer came back.
    """
    key = context.idempotency_key or f"{context.execution_id}/{context.step}"
    identity = message_id(key, sender=message.sender)
    mail = composed(message, message_id=identity)
    receivers = [parseaddr(each)[1] for each in (*message.to, *message.cc, *message.bcc)]
    if connection.kind == "gmail":
        await gmail.send(context, mail, blind=message.bcc)
        return Sent(message_id=identity, accepted=list(dict.fromkeys(receivers)), refused={})
    client = await _opened(context, connection)
    try:
        accepted, refused = await _receivers(client, mail, receivers, sender=parseaddr(message.sender)[1])
        await _data(client, mail)
    finally:
        with suppress(Exception):
            await client.quit(timeout=2.0)
        client.close()
    return Sent(message_id=identity, accepted=accepted, refused=refused)


async def check_server(context: Context, connection: ConnectionValue) -> Checked:
    """Whether the mail server answers and lets us in; nothing is sent."""
    try:
        client = await _opened(context, connection)
    except FlowError as error:
        return Checked(ok=False, message=error.message, hint=error.hint)
    with suppress(Exception):
        await client.quit(timeout=2.0)
    client.close()
    return Checked(ok=True, message=f"The mail server {connection.config.get('host')} lets us in.")


async def _opened(context: Context, connection: ConnectionValue) -> Any:
    """A session that is ready to send. Nothing was sent when this fails."""
    import aiosmtplib

    config, secret = connection.config, connection.credential
    host, security = config.get("host"), str(config.get("security") or "starttls")
    if not host:
        raise StepRefused(
            f"The connection `{connection.name}` does not say where the mail server is.",
            hint="Give `host`, and `port` and `security` where they differ from 587 and starttls.",
            code="connection.incomplete",
        )
    port = int(config.get("port") or _PORTS[security])
    limit = max(0.1, context.remaining() - 0.3)
    sock = await context.outside.connect(str(host), port=port, timeout=min(10.0, limit))
    client = aiosmtplib.SMTP(
        hostname=str(host),
        sock=sock,
        timeout=limit,
        use_tls=security == "tls",
        start_tls=security == "starttls",
        username=str(secret["username"]) if secret.get("username") else None,
        password=str(secret.get("password") or "") if secret.get("username") else None,
    )
    try:
        await client.connect()
    except aiosmtplib.SMTPAuthenticationError as error:
        client.close()
        raise StepRefused(
            f"The mail server does not take user and password: {error.code} {error.message}.",
            hint="Look at the connection's secret; some servers want a password made for programs.",
            code="mail.login",
        ) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        client.close()
        raise _not_ready(error, str(host), security) from error
    return client


def _not_ready(error: Exception, host: str, security: str) -> FlowError:
    text = str(error).rstrip(".") or type(error).__name__
    if "certificate" in text.lower():
        return StepRefused(
            f"The mail server {host} has no certificate that can be trusted: {text}.", code="outside.tls"
        )
    if "STARTTLS" in text or "AUTH" in text:
        return StepRefused(f"The mail server {host} does not do `security: {security}`: {text}.", hint=_SECURITY)
    return StepUnreachable(f"The mail server {host} is not ready: {text}.", hint=_SECURITY)


_ASK_THERE = "Ask the receiver, or look into the server's log, whether it arrived."
_SECURITY = "Look at `port` and `security`: 465 goes with tls, 587 with starttls, 25 with none."


async def _receivers(
    client: Any, mail: EmailMessage, receivers: Sequence[str], *, sender: str
) -> tuple[list[str], dict[str, str]]:
    """Names sender and receivers to the server. Nothing was sent when this fails."""
    import aiosmtplib

    accepted: list[str] = []
    refused: dict[str, str] = {}
    later = False
    try:
        await client.ehlo()
        await client.mail(sender)
        for address in dict.fromkeys(receivers):
            try:
                await client.rcpt(address)
                accepted.append(address)
            except aiosmtplib.SMTPRecipientRefused as error:
                refused[address] = f"{error.code} {error.message}"
                later = later or error.code < 500
    except aiosmtplib.SMTPResponseException as error:
        wrong = StepUnreachable if error.code < 500 else StepRefused
        raise wrong(f"The mail server refuses the sender {sender}: {error.code} {error.message}.") from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise StepUnreachable(f"The mail server broke off before the message was sent: {error}.") from error
    if not accepted:
        first = next(iter(refused.items()))
        wrong = StepUnreachable if later else StepRefused
        raise wrong(
            f"The mail server refuses {first[0]}: {first[1]}.",
            hint="It is tried again later." if later else "Look at the address.",
            code="mail.refused",
        )
    return accepted, refused


async def _data(client: Any, mail: EmailMessage) -> None:
    """Sends the text. When no answer comes back, it may have been taken."""
    import aiosmtplib

    try:
        await client.data(mail.as_bytes(policy=mail.policy.clone(linesep="\r\n", max_line_length=78)))
    except aiosmtplib.SMTPTimeoutError as error:
        raise StepTimedOut("The mail server did not say whether it took the message.", hint=_ASK_THERE) from error
    except aiosmtplib.SMTPResponseException as error:
        if error.code < 0:  # the library's mark for an answer that could not be read
            raise StepBroken("The mail server broke off after the message was sent.", hint=_ASK_THERE) from error
        wrong = StepUnreachable if error.code < 500 else StepRefused
        raise wrong(
            f"The mail server refuses the message: {error.code} {error.message}.",
            hint="Look at its size, its attachments and its receivers; the server's words say which.",
            code="mail.refused",
        ) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise StepBroken(f"The mail server broke off after the message was sent: {error}.", hint=_ASK_THERE) from error
