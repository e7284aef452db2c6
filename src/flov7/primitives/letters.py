"""One e-mail as a text: addresses, headers, parts. Nothing is sent here."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formataddr, formatdate, getaddresses, parseaddr

from flov7.kit.errors import StepRefused

_ADDRESS = re.compile(r"^[^\s@<>\"(),:;]+@[^\s@<>\"(),:;]+$")


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is sent, to whom. Addresses as people write them, `Name <name@host>` or alone."""

    to: Sequence[str]
    cc: Sequence[str]
    bcc: Sequence[str]
    subject: str
    text: str | None
    html: str | None
    sender: str
    reply_to: Sequence[str] = ()
    attachments: Sequence[Attachment] = ()


def addresses(listed: Sequence[str] | str | None) -> list[str]:
    """The addresses of a text or list; several may stand in one, with commas. Raises StepRefused for one that is none."""
    if not listed:
        return []
    texts = [listed] if isinstance(listed, str) else list(listed)
    for text in texts:
        if any(char < " " or char == "\x7f" for char in text):  # it would end a header and begin another
            raise StepRefused(f"`{text[:100]!r}` is no e-mail address.", code="mail.bad_address")
    found = [formataddr((name, address)) for name, address in getaddresses(texts) if name or address]
    for each in found:
        address = parseaddr(each)[1]
        if not _ADDRESS.match(address):
            raise StepRefused(
                f"`{each[:100]}` is no e-mail address.", hint="Write it as name@host.", code="mail.bad_address"
            )
    if not found:
        raise StepRefused(f"`{str(listed)[:100]}` is no e-mail address.", code="mail.bad_address")
    return found


def message_id(key: str, *, sender: str) -> str:
    """Equal for equal keys, so that receivers can tell a repetition."""
    host = parseaddr(sender)[1].rpartition("@")[2] or "flov7.local"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{host}>"


def composed(message: Message, *, message_id: str) -> EmailMessage:
    """The message in its form (RFC 5322); blind copies are not named in it. Raises StepRefused for broken headers."""
    mail = EmailMessage()
    try:
        mail["Subject"] = " ".join(message.subject.split())
        if message.sender:
            mail["From"] = message.sender
        mail["To"] = ", ".join(message.to)
        if message.cc:
            mail["Cc"] = ", ".join(message.cc)
        if message.reply_to:
            mail["Reply-To"] = ", ".join(message.reply_to)
    except ValueError as error:
        raise StepRefused(f"This message has a broken header: {error}.", code="mail.bad_header") from error
    mail["Date"] = formatdate(usegmt=True)
    mail["Message-ID"] = message_id
    if message.text is not None or message.html is None:
        mail.set_content(message.text or "")
    if message.html is not None and message.text is not None:
        mail.add_alternative(message.html, subtype="html")
    elif message.html is not None:
        mail.set_content(message.html, subtype="html")
    for file in message.attachments:
        main, _, sub = file.media_type.partition("/")
        if main in ("message", "multipart") or not sub:  # such a part would be taken for the message's own form
            main, sub = "application", "octet-stream"
        mail.add_attachment(file.body, maintype=main, subtype=sub, filename=file.name)
    return mail
