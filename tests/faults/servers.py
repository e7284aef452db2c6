"""Peers that do what they should not: real servers on loopback, each with one fault."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from flov7.primitives.faults import Fault
from tests.listen.programs import free_port

Script = Callable[[Fault, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

STRANGER = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"


@asynccontextmanager
async def faulty(script: Script, fault: Fault) -> AsyncGenerator[int, None]:
    """The port of a server with this fault; nobody listens there where it is `refused`."""
    if fault is Fault.REFUSED:
        yield free_port()
        return
    talks: set[asyncio.Task[None]] = set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        talks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if fault is Fault.SLOW:
                await asyncio.sleep(30)
            await script(fault, reader, writer)
            await writer.drain()
        writer.close()
        talks.discard(task)

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for one in list(talks):
        one.cancel()
    await asyncio.gather(*talks, return_exceptions=True)
    await server.wait_closed()


def http(body: bytes, *, kind: str = "application/json") -> Script:
    """A service that would answer with `body`, were it well."""

    async def talk(fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = head.partition("content-length: ")[2].split("\r\n")[0]
        await reader.readexactly(int(length or 0))
        status, answer, content, more, claimed = 200, body, kind, "", -1
        match fault:
            case Fault.HALF:
                claimed = len(body) + 100
            case Fault.WRONG_TYPE:
                answer, content = b"<html><body>Please log in</body></html>", "text/html"
            case Fault.TOO_LARGE:
                answer = b'"' + b"x" * 300_000 + b'"'
            case Fault.WRONG_CHARSET:
                answer, content = body.replace(b"caf", b"caf\xe9"), f"{kind}; charset=utf-8"
            case Fault.EXPIRED:
                status, answer = 401, b'{"error": {"message": "token has expired"}}'
            case Fault.QUOTA:
                status, answer, more = 429, b'{"message": "quota exceeded"}', "retry-after: 7\r\n"
            case _:
                raise AssertionError(fault)
        length = str(claimed if claimed >= 0 else len(answer))
        writer.write(
            f"HTTP/1.1 {status} X\r\ncontent-type: {content}\r\n{more}connection: close\r\ncontent-length: {length}\r\n\r\n".encode()
        )
        writer.write(answer)
        await writer.drain()
        if fault is not Fault.HALF:
            await asyncio.sleep(0.2)

    return talk


async def smtp(fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A mail server."""
    if fault is Fault.WRONG_TYPE:
        writer.write(STRANGER)
        return
    writer.write(b"220 mail.example ESMTP\r\n")
    while line := (await reader.readline()).upper():
        word = line.split()[0] if line.split() else b""
        match word:
            case b"EHLO":
                writer.write(b"250-mail.example\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME\r\n")
            case b"AUTH":
                writer.write(b"535 5.7.8 password has expired\r\n" if fault is Fault.EXPIRED else b"235 welcome\r\n")
            case b"RCPT" if fault is Fault.QUOTA:
                writer.write(b"452 4.5.3 too many messages today\r\n")
            case b"DATA":
                writer.write(b"354 go on\r\n")
                await writer.drain()
                await reader.readuntil(b"\r\n.\r\n")
                if fault is Fault.HALF:
                    writer.write(b"250 queu")
                    return
                writer.write(b"552 5.3.4 message is too large\r\n" if fault is Fault.TOO_LARGE else b"250 queued\r\n")
            case b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            case _:
                writer.write(b"250 ok\r\n")
        await writer.drain()


async def imap(fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A mailbox."""
    if fault is Fault.WRONG_TYPE:
        writer.write(STRANGER)
        return
    if fault is Fault.HALF:
        writer.write(b"* OK rea")
        return
    if fault is Fault.QUOTA:
        writer.write(b"* BYE [UNAVAILABLE] too many connections\r\n")
        return
    writer.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
    while line := await reader.readline():
        tag, word = line.split()[0], line.split()[1].upper()
        if word == b"LOGIN" and fault is Fault.EXPIRED:
            writer.write(tag + b" NO [AUTHENTICATIONFAILED] password has expired\r\n")
        elif fault is Fault.TOO_LARGE and word != b"LOGIN":
            writer.write(b"* 1 FETCH (BODY[] {99999999999}\r\n" + b"x" * 100_000)
            return
        else:
            writer.write(tag + b" OK done\r\n")
        await writer.drain()


async def mqtt(fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A broker (MQTT 5)."""
    if fault is Fault.WRONG_TYPE:
        writer.write(STRANGER)
        return
    await reader.read(4096)
    if fault is Fault.HALF:
        writer.write(b"\x20\x03\x00")
        return
    reason = {Fault.EXPIRED: 0x86, Fault.QUOTA: 0x97}.get(fault, 0)
    writer.write(b"\x20\x03\x00" + bytes([reason]) + b"\x00")
    await writer.drain()
    if reason:
        return
    subscribe = await reader.read(4096)
    writer.write(b"\x90\x04" + subscribe[2:4] + b"\x00\x01")
    if fault is Fault.TOO_LARGE:
        writer.write(b"\x30\xff\xff\xff\x7f" + b"x" * 100_000)
    elif fault is Fault.WRONG_CHARSET:
        writer.write(b"\x30\x07\x00\x02\xff\xfe\x00hi")
    await writer.drain()
    await asyncio.sleep(1)


async def postgres(fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """PostgreSQL's beginning of a conversation."""
    if fault is Fault.WRONG_TYPE:
        await reader.read(4096)
        writer.write(STRANGER)
        return
    await reader.read(4096)
    if fault is Fault.HALF:
        writer.write(b"R\x00\x00\x00")
        return
    state, words = (b"28P01", b"password has expired") if fault is Fault.EXPIRED else (b"53300", b"too many clients")
    fields = b"SFATAL\x00VFATAL\x00C" + state + b"\x00M" + words + b"\x00\x00"
    writer.write(b"E" + struct.pack("!I", len(fields) + 4) + fields)


async def mysql(fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """MySQL's beginning of a conversation."""
    if fault is Fault.WRONG_TYPE:
        writer.write(STRANGER)
        return
    if fault is Fault.HALF:
        writer.write(b"\x4a\x00\x00\x00\x0a8.0")
        return
    if fault is Fault.QUOTA:
        writer.write(_mysql_error(1040, b"08004Too many connections", number=0))
        return
    greeting = b"\x0a8.0.1\x00" + struct.pack("<I", 7) + b"12345678\x00" + struct.pack("<H", 0xF7FF) + b"\x21\x02\x00"
    greeting += struct.pack("<H", 0x0008) + b"\x15" + bytes(10) + b"123456789012\x00" + b"mysql_native_password\x00"
    writer.write(struct.pack("<I", len(greeting))[:3] + b"\x00" + greeting)
    await writer.drain()
    await reader.read(4096)
    writer.write(_mysql_error(1862, b"HY000Your password has expired", number=2))


def _mysql_error(code: int, words: bytes, *, number: int) -> bytes:
    body = b"\xff" + struct.pack("<H", code) + b"#" + words
    return struct.pack("<I", len(body))[:3] + bytes([number]) + body


async def redis(fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Redis, which says yes to all but the one thing."""
    answers = {
        Fault.EXPIRED: b"-WRONGPASS invalid username-password pair or user is disabled.\r\n",
        Fault.QUOTA: b"-ERR max number of clients reached\r\n",
        Fault.HALF: b"$100\r\nabc",
        Fault.WRONG_TYPE: STRANGER,
        Fault.TOO_LARGE: b"$200000\r\n" + b"x" * 200_000 + b"\r\n",
        Fault.WRONG_CHARSET: b"$4\r\ncaf\xe9\r\n",
    }
    while received := await reader.read(4096):
        commands = received.upper()
        for word in [
            one for one in commands.split(b"\r\n") if one in (b"AUTH", b"HELLO", b"CLIENT", b"SELECT", b"GET")
        ]:
            asked = word == b"GET" or fault in (Fault.EXPIRED, Fault.QUOTA, Fault.WRONG_TYPE)
            writer.write(answers[fault] if asked else b"+OK\r\n")
            if asked and fault in (Fault.HALF, Fault.WRONG_TYPE, Fault.QUOTA):
                return
        await writer.drain()


async def mongodb(fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """MongoDB, as far as it takes to fail."""
    import bson

    if fault is Fault.WRONG_TYPE:
        await reader.read(4096)
        writer.write(STRANGER)
        return
    while True:
        length, number, _, code = struct.unpack("<iiii", await reader.readexactly(16))
        body = await reader.readexactly(length - 16)
        legacy = code == 2004
        asked = bson.decode(body[body.index(b"\x00", 4) + 9 :] if legacy else body[5:])
        hello = {"ok": 1, "isWritablePrimary": True, "ismaster": True, "helloOk": True, "maxWireVersion": 21}
        hello |= {"minWireVersion": 0, "maxBsonObjectSize": 16777216, "maxMessageSizeBytes": 48000000}
        answer: dict[str, object] = {**hello, "maxWriteBatchSize": 100000}
        if "saslStart" in asked:
            answer = {"ok": 0, "code": 18, "codeName": "AuthenticationFailed", "errmsg": "password has expired"}
        elif "find" in asked:
            rows = [{"text": "x" * 3000} for _ in range(2000)] if fault is Fault.TOO_LARGE else []
            answer = {"ok": 1, "cursor": {"firstBatch": rows, "id": 0, "ns": "shop.orders"}}
            if fault is Fault.QUOTA:
                answer = {
                    "ok": 0,
                    "code": 462,
                    "codeName": "IngressRequestRateLimitExceeded",
                    "errmsg": "too many requests",
                }
        whole = bson.encode(answer)
        if fault is Fault.WRONG_CHARSET and "find" in asked:
            whole = bson.encode({"ok": 1, "cursor": {"firstBatch": [{"text": "caf~"}], "id": 0, "ns": "a.b"}})
            whole = whole.replace(b"caf~", b"caf\xe9")
        if legacy:
            message = struct.pack("<iqii", 8, 0, 0, 1) + whole
            out = struct.pack("<iiii", 16 + len(message), 1, number, 1) + message
        else:
            out = struct.pack("<iiii", 21 + len(whole), 1, number, 2013) + struct.pack("<IB", 0, 0) + whole
        if fault is Fault.HALF and "find" in asked:
            writer.write(out[:20])
            return
        writer.write(out)
        await writer.drain()


async def mssql(fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """SQL Server's first answer, or none."""
    await reader.read(4096)
    writer.write(STRANGER if fault is Fault.WRONG_TYPE else b"\x04\x01\x00\x2b\x00\x00")
