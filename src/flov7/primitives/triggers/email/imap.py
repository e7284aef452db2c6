"""A mailbox over IMAP4rev1 (RFC 3501) with IDLE (RFC 2177): only what a listener needs, through the guarded network."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import socket
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from flov7.kit.errors import StepFailed, StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.credentials import TOKENS
from flov7.primitives.declare import ConnectionValue
from flov7.primitives.outside import Outside
from flov7.primitives.trust import tls_to

_PATIENCE = 30.0
LONGEST_LITERAL = 64 * 1024 * 1024
"""Bytes that are taken at once; a message is read whole up to less than that."""
_LATER = "It is tried again by itself; look whether the server runs and has room for connections."
_STRANGER = "Look at host, port and `security`."
_LONGEST_LINE = 1 << 20
_LITERAL = re.compile(rb"\{(\d+)\+?\}$")
_NUMBERS = {name: re.compile(rb"\b" + name + rb" (\d+)") for name in (b"UID", b"RFC822\\.SIZE")}
_FLAGS = re.compile(rb"FLAGS \(([^)]*)\)")
_DATE = re.compile(rb'INTERNALDATE "([^"]+)"')


@dataclass(frozen=True)
class Line:
    """One answer of the server: its text, and the literals that stood in it."""

    text: bytes
    literals: tuple[bytes, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the server says of one message."""

    uid: int
    size: int = 0
    flags: tuple[str, ...] = ()
    date: str = ""
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True)
class Box:
    """An open mailbox: UIDs mean something only while `validity` stays the same."""

    validity: int
    next_uid: int


class Mailbox:
    """A connection that is logged in. Raises StepFailed, StepRefused, StepUnreachable."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._count = 0
        self.can: set[str] = set()
        self.news = False  # whether the server told of new messages since somebody asked last

    async def greet(self) -> None:
        """Read the server's first words."""
        line = await self._line()
        if line.text.startswith(b"* BYE"):
            raise StepUnreachable(f"The mail server turns us away: {_said(line)}.", hint=_LATER)
        if not line.text.startswith((b"* OK", b"* PREAUTH")):
            raise StepRefused("What answers there is no IMAP server.", hint=_STRANGER)

    async def ask(self, *words: bytes, said: str = "") -> list[Line]:
        """The untagged answers. Raises StepRefused where the server says NO or BAD."""
        tag = await self._send(*words)
        lines: list[Line] = []
        while True:
            line = await self._line()
            if line.text.startswith(tag + b" "):
                if line.text[len(tag) + 1 :].upper().startswith(b"OK"):
                    return [*lines, line]
                raise StepRefused(f"The mail server refuses {said or words[0].decode()}: {_said(line)}.")
            if line.text.startswith(b"* BYE"):
                raise StepUnreachable(f"The mail server hangs up: {_said(line)}.", hint=_LATER)
            self.news = self.news or _tells_news(line)
            lines.append(line)

    async def learn(self) -> None:
        """Ask what the server can."""
        for line in await self.ask(b"CAPABILITY"):
            if line.text.upper().startswith(b"* CAPABILITY"):
                self.can = {word.decode().upper() for word in line.text.split()[2:]}

    async def log_in(self, user: str, password: str) -> None:
        """Raises StepRefused `connection.login` where the server does not take them."""
        try:
            await self.ask(b"LOGIN", *(_quoted(word) for word in (user, password)), said="user and password")
        except StepRefused as problem:
            raise StepRefused(
                problem.message,
                hint="Look at user and password; some providers want a password made for applications.",
                code="connection.login",
            ) from problem
        await self.learn()

    async def log_in_by_token(self, user: str, token: str) -> None:
        """XOAUTH2, as Google and Microsoft take it. Raises StepRefused `connection.expired` where the token does not
        hold."""
        said = base64.b64encode(f"user={user}\x01auth=Bearer {token}\x01\x01".encode())
        tag = await self._send(b"AUTHENTICATE", b"XOAUTH2")
        told, given = b"", False
        while True:
            line = await self._line()
            if line.text.startswith(b"+"):  # the second time it says in Base64 what is wrong, and wants an empty line
                self._writer.write(b"\r\n" if given else said + b"\r\n")
                told, given = (line.text[1:].strip() if given else b""), True
            elif line.text.startswith(tag + b" OK"):
                break
            elif line.text.startswith((tag + b" ", b"* BYE")):
                words = f"{_said(line)} {_decoded(told)}".strip()
                raise StepRefused(
                    f"The mail server does not take the token: {words}.",
                    hint="Allow it again: `flov7 connections login NAME`, with the scope for IMAP.",
                    code="connection.expired",
                )
        await self.learn()

    async def select(self, name: str, *, read_only: bool) -> Box:
        """Open a mailbox."""
        lines = await self.ask(b"EXAMINE" if read_only else b"SELECT", _quoted(_utf7(name)), said=f"mailbox `{name}`")
        found: dict[bytes, int] = {}
        for line in lines:
            for key, value in re.findall(rb"\[(UIDVALIDITY|UIDNEXT) (\d+)\]", line.text):
                found[key] = int(value)
        return Box(validity=found.get(b"UIDVALIDITY", 0), next_uid=found.get(b"UIDNEXT", 0))

    async def search(self, *criteria: bytes) -> list[int]:
        """UIDs, ascending."""
        found: set[int] = set()
        for line in await self.ask(b"UID SEARCH", *criteria, said="a search"):
            if line.text.upper().startswith(b"* SEARCH"):
                found |= {int(word) for word in line.text.split()[2:] if word.isdigit()}
        return sorted(found)

    async def describe(self, uids: list[int]) -> list[Found]:
        """Size, flags and date of messages; those that are gone are left out."""
        wanted = b",".join(str(uid).encode() for uid in uids)
        lines = await self.ask(b"UID FETCH", wanted, b"(UID RFC822.SIZE FLAGS INTERNALDATE)", said="a fetch")
        return [found for line in lines if (found := _found(line)) is not None]

    async def fetch(self, uid: int, *, only_head: bool = False) -> bytes | None:
        """A message's bytes without marking it as read; None where it is gone."""
        part = b"BODY.PEEK[HEADER]" if only_head else b"BODY.PEEK[]"
        for line in await self.ask(b"UID FETCH", str(uid).encode(), b"(UID " + part + b")", said="a fetch"):
            found = _found(line)
            if found is not None and found.uid == uid and line.literals:
                return line.literals[0]
        return None

    async def mark_read(self, uids: list[int]) -> None:
        """Set `\\Seen`."""
        await self.ask(b"UID STORE", _set(uids), b"+FLAGS.SILENT (\\Seen)", said="a flag")

    async def move(self, uids: list[int], *, to: str) -> None:
        """Put messages into another mailbox (RFC 6851, or by copying)."""
        if "MOVE" in self.can:
            await self.ask(b"UID MOVE", _set(uids), _quoted(_utf7(to)), said=f"moving to `{to}`")
            return
        await self.ask(b"UID COPY", _set(uids), _quoted(_utf7(to)), said=f"moving to `{to}`")
        await self.ask(b"UID STORE", _set(uids), b"+FLAGS.SILENT (\\Deleted)", said="a flag")
        await self.ask(b"EXPUNGE")

    async def idle(self, *, seconds: float) -> None:
        """Return when something changes in the mailbox, or after a while; at once where it has changed already."""
        if self.news:
            return
        tag = await self._send(b"IDLE")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    line = await self._line(patience=seconds + 1)
                    if _tells_news(line):
                        break
                    if line.text.startswith(b"* BYE"):
                        raise StepUnreachable(f"The mail server hangs up: {_said(line)}.", hint=_LATER)
                    if line.text.startswith(tag + b" "):
                        return  # it does not idle after all
        self._writer.write(b"DONE\r\n")
        while not (await self._line()).text.startswith(tag + b" "):
            pass

    async def _send(self, *words: bytes) -> bytes:
        self._count += 1
        tag = b"f%d" % self._count
        self._writer.write(tag + b" " + b" ".join(words) + b"\r\n")
        with contextlib.suppress(OSError):
            await self._writer.drain()
        return tag

    async def _line(self, *, patience: float = _PATIENCE) -> Line:
        """One answer, with the literals in it."""
        text, literals = b"", list[bytes]()
        try:
            async with asyncio.timeout(patience):
                while True:
                    piece = (await self._reader.readuntil(b"\r\n"))[:-2]
                    text += piece
                    found = _LITERAL.search(piece)
                    if found is None:
                        return Line(text, tuple(literals))
                    if int(found[1]) > LONGEST_LITERAL:
                        raise StepRefused(
                            f"The mail server wants to send {int(found[1])} bytes at once, which was not asked for.",
                            hint=_STRANGER,
                            code="imap.damaged",
                        )
                    literals.append(await self._reader.readexactly(int(found[1])))
        except TimeoutError as error:
            raise StepTimedOut("The mail server does not answer in time.", hint=_LATER, code="imap.silent") from error
        except asyncio.LimitOverrunError as error:
            raise StepFailed(
                "The mail server sent a line without an end.", hint=_STRANGER, code="imap.damaged"
            ) from error
        except (OSError, asyncio.IncompleteReadError) as error:
            raise StepUnreachable("The mail server broke off in the middle of a line.", hint=_LATER) from error


@asynccontextmanager
async def mailbox(outside: Outside, connection: ConnectionValue) -> AsyncGenerator[Mailbox, None]:
    """A logged-in connection. Raises StepRefused, StepUnreachable, StepTimedOut."""
    config, secret = connection.config, connection.credential
    host, security = str(config.get("host") or ""), str(config.get("security") or "tls")
    by_token = connection.kind in TOKENS
    if by_token:
        host = host or ("imap.gmail.com" if connection.kind == "gmail" else "")
        user, password = config.get("user"), secret.get("access_token")
    else:
        user, password = secret.get("username"), secret.get("password")
    if not host or not user or password is None:
        missing = "`host` in its config" if not host else "`username` and `password` in its secret"
        if host and by_token:
            missing = "`user` in its config, and allow it: `flov7 connections login`"
        raise StepRefused(
            f"The connection `{connection.name}` is not complete.",
            hint=f"Give {missing}.",
            code="connection.incomplete",
        )
    port = int(config.get("port") or (993 if security == "tls" else 143))
    context = tls_to(connection)
    sock = await outside.connect(host, port=port, timeout=_PATIENCE)
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(
                sock=sock,
                limit=_LONGEST_LINE,
                ssl=context if security == "tls" else None,
                server_hostname=host if security == "tls" else None,
            )
            opened = Mailbox(reader, writer)
            await opened.greet()
            if security == "starttls":
                await opened.ask(b"STARTTLS")
                await writer.start_tls(context, server_hostname=host)
    except ssl.SSLError as error:
        _hang_up(sock, writer)
        raise StepRefused(
            f"The mail server `{host}` has no TLS that can be trusted: {error.reason or error}.",
            hint="Its certificate must be valid and name this host; `security: none` is for your own network.",
            code="outside.tls",
        ) from error
    except (OSError, TimeoutError) as error:
        words = str(error) or "no word in time"
        _hang_up(sock, writer)
        raise StepUnreachable(f"The mail server `{host}:{port}` does not answer: {words}.", hint=_LATER) from error
    except BaseException:
        _hang_up(sock, writer)
        raise
    try:
        await (opened.log_in_by_token if by_token else opened.log_in)(str(user), str(password))
        yield opened
        with contextlib.suppress(StepFailed):
            await opened.ask(b"LOGOUT")
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(writer.wait_closed(), 2.0)


def _hang_up(sock: socket.socket, writer: asyncio.StreamWriter | None) -> None:
    """Close what was opened before anybody could use it."""
    if writer is None:
        sock.close()
    else:
        writer.close()


def _found(line: Line) -> Found | None:
    if not re.match(rb"\* \d+ FETCH ", line.text, re.IGNORECASE):
        return None
    numbers = {name: _NUMBERS[name].search(line.text) for name in _NUMBERS}
    uid, size = numbers[b"UID"], numbers[b"RFC822\\.SIZE"]
    if uid is None:
        return None
    flags, date = _FLAGS.search(line.text), _DATE.search(line.text)
    return Found(
        uid=int(uid[1]),
        size=int(size[1]) if size else 0,
        flags=tuple(flags[1].decode(errors="replace").split()) if flags else (),
        date=date[1].decode(errors="replace") if date else "",
    )


def _tells_news(line: Line) -> bool:
    return re.match(rb"\* \d+ (EXISTS|RECENT)", line.text, re.IGNORECASE) is not None


def _set(uids: list[int]) -> bytes:
    return b",".join(str(uid).encode() for uid in uids)


def _quoted(word: str | bytes) -> bytes:
    raw = word.encode() if isinstance(word, str) else word
    if b"\r" in raw or b"\n" in raw or b"\x00" in raw:
        raise StepRefused("A line break is in a name or a password.", code="connection.incomplete")
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _utf7(name: str) -> bytes:
    """A mailbox's name in modified UTF-7 (RFC 3501, 5.1.3)."""
    found, run = bytearray(), ""

    def flush() -> None:
        nonlocal run
        if run:
            packed = base64.b64encode(run.encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
            found.extend(b"&" + packed + b"-")
            run = ""

    for letter in name:
        if " " <= letter <= "~":
            flush()
            found.extend(b"&-" if letter == "&" else letter.encode())
        else:
            run += letter
    flush()
    return bytes(found)


def _decoded(told: bytes) -> str:
    try:
        return base64.b64decode(told, validate=True).decode(errors="replace")[:200]
    except ValueError:
        return ""


def _said(line: Line) -> str:
    words = line.text.decode(errors="replace").split(" ", 2)
    return (words[2] if len(words) > 2 else line.text.decode(errors="replace"))[:300].strip().rstrip(".")
