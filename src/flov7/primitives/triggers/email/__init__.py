"""Start when a message arrives in a mailbox, over IMAP or by a mail service's webhook.

Over IMAP it waits with IDLE where the server can, else it looks every `every`. What was seen is remembered by the
mailbox's own numbers (UIDVALIDITY, UID), so reading mail elsewhere changes nothing; where a server numbers its mailbox
anew, what was seen is known by its Message-ID. The connection is an `api` one with `service: imap` and a password, or
one with a token (XOAUTH2): `gmail`, or `oauth` with `host` and `user`. Only what arrives after the workflow went live starts a run, unless
`begin: unread`. Once a run is safe the message may be marked as read (`mark_read`) or moved (`move_to`).

With `by: webhook` a mail service delivers: Mailgun (routes), SendGrid (inbound parse) or Postmark (inbound), or any
that sends the raw message. Attachments are files by reference; those beyond `largest_attachment` are only named.
The trigger's `when` filters: `when: "'invoice' in subject"`.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import Field, model_validator

from flov7.kit.durations import seconds
from flov7.kit.errors import StepRefused
from flov7.language.catalogue import ConnectionNeed, Lowering
from flov7.primitives.declare import Checked, Context, Json, Kind, KindInputs, KindOutputs
from flov7.primitives.fields import Duration
from flov7.primitives.inbound import Arrival, Received
from flov7.primitives.triggers.email import delivered
from flov7.primitives.triggers.email.delivered import Provider
from flov7.primitives.triggers.email.imap import Box, Found, Mailbox, mailbox
from flov7.primitives.triggers.email.letter import head_of, letter
from flov7.primitives.watching import Batch, Event, WatchContext

_AT_ONCE = 10
_REMEMBERED = 300
_IDLE_FOR = 240.0
_LARGEST = 25 * 1024 * 1024
"""Bytes of a message that is read whole; of a larger one only its head."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Inputs(KindInputs):
    """Where mail arrives, and what is done with it."""

    by: Literal["imap", "webhook"] = Field(
        default="imap", description="Look into a mailbox, or let a mail service deliver."
    )
    provider: Provider = Field(default="mailgun", description="By webhook: who delivers.")
    url: str = Field(
        default="/mail",
        pattern=r"^/[A-Za-z0-9._~/-]{0,199}$",
        description="By webhook: the path under `/hooks/<workspace>`.",
    )
    secret: str | None = Field(
        default=None,
        description="By webhook: name of the stored secret: Mailgun's signing key, else user and password or a token.",
        json_schema_extra={"x-secret": True},
    )
    max_body: int = Field(default=26_214_400, ge=1, le=26_214_400, description="By webhook: largest body in bytes.")
    per_minute: int | None = Field(
        default=None, ge=1, le=100_000, description="By webhook: more than this in a minute are answered 429."
    )
    mailbox: str = Field(default="INBOX", min_length=1, max_length=200, description="The folder that is looked into.")
    begin: Literal["now", "unread"] = Field(
        default="now", description="Begin with what arrives from now on, or with what is unread already."
    )
    attachments: Literal["keep", "name"] = Field(
        default="keep", description="Keep attachments as files, or only say what there was."
    )
    largest_attachment: int = Field(
        default=10_485_760, ge=1, le=_LARGEST, description="Bytes of the largest attachment that is kept."
    )
    mark_read: bool = Field(default=False, description="Mark the message as read once its run is safe.")
    move_to: str | None = Field(
        default=None, min_length=1, max_length=200, description="The folder into which it is moved then."
    )
    every: Duration = Field(default="1m", description="How often it looks where the server cannot tell by itself.")

    @model_validator(mode="after")
    def _moves_away(self) -> Inputs:
        if self.move_to is not None and self.move_to == self.mailbox:
            raise ValueError("`move_to` is the mailbox itself; name another folder")
        if self.by == "webhook" and not self.secret:
            raise ValueError("`by: webhook` needs `secret`, the name of a stored secret")
        return self


class Outputs(KindOutputs):
    """The payload."""

    message_id: str | None = Field(description="The message's own id.")
    in_reply_to: str | None = Field(description="The id of the message that it answers.")
    references: list[str] = Field(description="The ids of the conversation before it.")
    subject: str = Field(description="Its subject.")
    from_: dict[str, Any] | None = Field(alias="from", description="`{name, address}` of who sent it.")
    to: list[dict[str, str]] = Field(description="Who gets it.")
    cc: list[dict[str, str]] = Field(description="Who gets a copy.")
    reply_to: list[dict[str, str]] = Field(description="Who wants the answer.")
    date: str | None = Field(description="When it was sent, as it says.")
    headers: dict[str, str] = Field(description="Its headers, names in lower case.")
    text: str | None = Field(description="Its text.")
    html: str | None = Field(description="Its HTML.")
    cut: bool = Field(description="Whether text, HTML or the whole was too large and was cut.")
    attachments: list[dict[str, Any]] = Field(description="Files; `file` is null where one was not kept.")
    size: int = Field(description="Bytes of the whole message.")
    mailbox: str = Field(description="Where it lay.")
    uid: int | None = Field(description="Its number there.")


KIND = Kind(
    title="Incoming e-mail",
    icon="mail",
    summary="A message arrives in a mailbox.",
    confused_with="`email_send` sends one.",
    examples=("When an e-mail arrives", "When somebody writes to support@"),
    synonyms=("mail", "inbox", "imap", "message arrives", "incoming email"),
    lowering=Lowering.START,
    connection=ConnectionNeed(kinds=("oauth", "gmail"), services=("imap",)),
)


def listens(config: Mapping[str, Json]) -> bool:
    """Where mail is delivered, nobody has to listen."""
    return config.get("by") != "webhook"


async def receive(arrival: Arrival, inputs: Inputs) -> Received:
    """A delivered message. Raises Unauthenticated."""
    found = await delivered.read(arrival, provider=inputs.provider, largest=inputs.largest_attachment)
    id_ = found["message_id"]
    payload = {**found, "size": len(arrival.body), "mailbox": inputs.url, "uid": None}
    return Received(payload=payload, id=None if id_ is None else str(id_)[:400])


def source(inputs: Inputs) -> Any:
    """The mailbox; what is done with its messages may change."""
    return inputs.mailbox


async def subscribe(context: WatchContext, inputs: Inputs) -> Any:
    """Where the mailbox stands now."""
    async with _opened(context) as box:
        where = await _select(box, inputs)
        if inputs.move_to is not None:
            await box.select(inputs.move_to, read_only=True)  # says now that it is not there
        unread = await box.search(b"UNSEEN") if inputs.begin == "unread" else []
        return {"validity": where.validity, "next": unread[0] if unread else where.next_uid, "seen": [], "at": _today()}


async def watch(context: WatchContext, inputs: Inputs) -> AsyncGenerator[Batch, None]:
    """Messages, in the order in which they arrived."""
    state: dict[str, Any] | None = context.state
    async with _opened(context) as box:
        where = await _select(box, inputs)
        if state is None:
            state = {"validity": where.validity, "next": where.next_uid, "seen": [], "at": _today()}
        again: set[str] = set()
        if state["validity"] != where.validity:  # the server numbers anew: what was seen is known by its id
            again = set(state["seen"])
            first = await box.search(b"SINCE", _imap_date(state["at"]))
            start = first[0] if first else where.next_uid
            state = {**state, "validity": where.validity, "next": start}
        await context.ready()
        while True:
            box.news = False
            uids = [uid for uid in await box.search(b"UID", b"%d:*" % state["next"]) if uid >= state["next"]]
            for begin in range(0, len(uids), _AT_ONCE):
                some = await box.describe(uids[begin : begin + _AT_ONCE])
                events, names = await _events(context, box, inputs, some, validity=state["validity"], skip=again)
                seen = [*state["seen"], *names][-_REMEMBERED:]
                state = {**state, "next": uids[begin : begin + _AT_ONCE][-1] + 1, "seen": seen, "at": _today()}
                yield Batch(events=tuple(events), state=state)
                await _done(box, inputs, [one.uid for one in some])
            again = set()
            await _wait(box, inputs)


async def check_mailbox(context: Context, connection: Any) -> Checked:
    """Whether the server lets us in; for the connection's test."""
    async with mailbox(context.outside, connection) as box:
        where = await box.select("INBOX", read_only=True)
        tells = "tells of new mail by itself" if "IDLE" in box.can else "has to be asked for new mail"
        return Checked(
            ok=True, message=f"The mailbox opens; its next message is number {where.next_uid}, and it {tells}."
        )


async def _events(
    context: WatchContext, box: Mailbox, inputs: Inputs, some: list[Found], *, validity: int, skip: set[str]
) -> tuple[list[Event], list[str]]:
    """The messages as events, and the names by which they are known again."""
    events: list[Event] = []
    names: list[str] = []
    for one in sorted(some, key=lambda found: found.uid):
        if "\\Deleted" in one.flags:
            continue
        whole = one.size <= _LARGEST
        raw = await box.fetch(one.uid, only_head=not whole)
        if raw is None:
            continue
        found = await _read(context, inputs, raw, whole=whole)
        known = found["message_id"] or f"{found['date']}/{found['subject']}/{found['from']}"
        name = hashlib.sha256(f"{known}/{one.size}".encode()).hexdigest()[:16]
        names.append(name)
        if name not in skip:
            payload = {**found, "size": one.size, "mailbox": inputs.mailbox, "uid": one.uid}
            events.append(Event(id=f"{inputs.mailbox}:{validity}:{one.uid}", payload=payload))
    return events, names


async def _read(context: WatchContext, inputs: Inputs, raw: bytes, *, whole: bool) -> dict[str, Any]:
    if not whole:
        return head_of(raw)
    files = context.files if inputs.attachments == "keep" else None
    return await letter(raw, files=files, largest=inputs.largest_attachment)


async def _done(box: Mailbox, inputs: Inputs, uids: list[int]) -> None:
    """What is to be done with messages whose runs are safe."""
    if not uids:
        return
    if inputs.mark_read:
        await box.mark_read(uids)
    if inputs.move_to is not None:
        await box.move(uids, to=inputs.move_to)


async def _wait(box: Mailbox, inputs: Inputs) -> None:
    if "IDLE" in box.can:
        await box.idle(seconds=_IDLE_FOR)
        return
    await asyncio.sleep(max(0.2, seconds(inputs.every)))
    await box.ask(b"NOOP")


async def _select(box: Mailbox, inputs: Inputs) -> Box:
    where = await box.select(inputs.mailbox, read_only=not inputs.mark_read and inputs.move_to is None)
    if not where.validity:
        raise StepRefused(
            f"The mailbox `{inputs.mailbox}` has no lasting numbers (UIDVALIDITY).", hint="Look at another folder."
        )
    return where


def _opened(context: WatchContext) -> Any:
    if context.connection is None:
        raise StepRefused(
            "There is no mailbox to look into.",
            hint="Add a connection with `service: imap` and name it, or let a mail service deliver: `by: webhook`.",
            code="connection.missing",
        )
    return mailbox(context.outside, context.connection)


def _today() -> str:
    """A day ago: servers count days in zones of their own."""
    return (datetime.now(UTC) - timedelta(days=1)).date().isoformat()


def _imap_date(text: str) -> bytes:
    found = re.match(r"(\d+)-(\d+)-(\d+)", text)
    assert found is not None
    return f"{int(found[3])}-{_MONTHS[int(found[2]) - 1]}-{found[1]}".encode()
