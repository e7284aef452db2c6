"""The real network behind the guard of `outside`: httpx and httpcore over checked addresses."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import httpcore
import httpx

from flov7.kit.errors import StepFailed, StepRefused, StepUnreachable
from flov7.primitives.addresses import Address, allowed, is_odd_number, is_public, plain
from flov7.primitives.outside import Answer, Request
from flov7.primitives.wire import (
    checked_url,
    forbidden,
    inflated,
    lower,
    reason,
    redirected,
    shown,
    too_slow,
    translated,
    unpacker,
)

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""`(host, port)` to addresses as text."""

LARGEST_ANSWER = 10 * 1024 * 1024
_MOST_REDIRECTS = 5
_LOOKS_ONLY = {"GET", "HEAD", "OPTIONS"}


class GuardedNetwork:
    """The real network behind the guard. One per process; it keeps connections to hosts that were just used."""

    def __init__(
        self,
        *,
        allow: Iterable[str] = (),
        resolve: Resolver | None = None,
        largest: int = LARGEST_ANSWER,
        folders: Iterable[str] = (),
    ) -> None:
        self._folders = tuple(Path(folder).resolve() for folder in folders)
        self._allowed = tuple(allowed(entry) for entry in allow)
        self._resolve = resolve or _system_resolver
        self._largest = largest
        self._pools: WeakKeyDictionary[Any, dict[bool, _GuardedTransport]] = WeakKeyDictionary()
        self._tls = ssl.create_default_context()

    async def addresses(self, host: str, *, port: int) -> list[str]:
        """See `Outside`."""
        name = host.strip("[]").rstrip(".").lower()
        if is_odd_number(name):
            raise forbidden(host, "is a number in disguise")
        try:
            found = [str(plain(name))]
        except ValueError:
            try:
                found = await self._resolve(name, port)
            except OSError as error:
                raise StepUnreachable(
                    f"There is no host `{host}`: its name does not resolve.",
                    hint="Look at the spelling of the address.",
                    code="outside.no_such_host",
                ) from error
        good = [text for text in found if self._may(name, plain(text), port)]
        if not good:
            raise forbidden(host, f"leads to {found[0]}, which is no public address" if found else "leads nowhere")
        return good

    def _may(self, host: str, address: Address, port: int) -> bool:
        return is_public(address) or any(entry.fits(host, address=address, port=port) for entry in self._allowed)

    async def connect(self, host: str, *, port: int, timeout: float) -> socket.socket:
        """See `Outside`."""
        last: Exception | None = None
        for address in await self.addresses(host, port=port):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.setblocking(False)
            try:
                async with asyncio.timeout(timeout):
                    await asyncio.get_running_loop().sock_connect(sock, (address, port))
                return sock
            except OSError as error:  # TimeoutError is one
                sock.close()
                last = error
            except BaseException:
                sock.close()
                raise
        raise StepUnreachable(
            f"`{host}:{port}` does not answer: {reason(last)}.",
            hint="Look whether the service runs and the port is right.",
        )

    def local_file(self, name: str) -> Path:
        """See `Outside`."""
        path = Path(name).resolve()  # a link out of the folder is out of the folder
        if not any(path.is_relative_to(folder) for folder in self._folders):
            raise StepRefused(
                "Workflows may not open that file.",
                hint="The operator opens a folder to workflows with FLOV7_ALLOW_FILES.",
                code="outside.file",
            )
        return path

    def client(self, *, timeout: float) -> httpx.AsyncClient:
        """See `Outside`."""
        return httpx.AsyncClient(transport=self._transport(fresh=False), timeout=timeout, trust_env=False)

    async def fetch(self, request: Request) -> Answer:
        """See `Outside`."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(request.timeout):
                return await self._follow(request, started)
        except TimeoutError as error:
            raise too_slow(request) from error

    async def aclose(self) -> None:
        """Closes what is kept open in the running loop."""
        for transport in self._pools.pop(asyncio.get_running_loop(), {}).values():
            await transport.close()

    async def _follow(self, request: Request, started: float) -> Answer:
        for _ in range(_MOST_REDIRECTS + 1):
            answer = await self._once(request, started)
            target = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not target or not request.follow:
                return answer
            request = redirected(request, target, status=answer.status)
        raise StepRefused(f"`{shown(request.url)}` redirects more than {_MOST_REDIRECTS} times.")

    async def _once(self, request: Request, started: float) -> Answer:
        checked_url(request.url)
        headers = {"accept-encoding": "gzip, deflate", "user-agent": "flov7", **lower(request.headers)}
        try:
            sent = httpx.Request(request.method, request.url, headers=headers, content=request.body)
            # What only looks may reuse a connection; the rest never meets one that the server just closed.
            transport = self._transport(fresh=request.method not in _LOOKS_ONLY)
            # Connecting has a shorter limit, so that it is known when nothing was sent.
            limits = httpx.Timeout(request.timeout, connect=min(10.0, request.timeout / 2))
            sent.extensions = {"timeout": limits.as_dict()}
            response = await transport.handle_async_request(sent)
            try:
                body = await self._body(response, request)
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise translated(error, request) from error
        kept = {name.lower(): value for name, value in response.headers.items()}
        return Answer(
            status=response.status_code,
            headers=kept,
            body=body,
            url=request.url,
            seconds=time.monotonic() - started,
        )

    async def _body(self, response: httpx.Response, request: Request) -> bytes:
        """The body, decoded step by step so that a small bomb cannot grow large."""
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        unpacking = unpacker(encoding)
        body = bytearray()
        async for chunk in response.aiter_raw():
            if unpacking is None:
                body += chunk
            else:
                body += inflated(unpacking, chunk, most=self._largest + 1 - len(body))
            if len(body) > self._largest:
                wrong = StepRefused if request.method in _LOOKS_ONLY else StepFailed
                raise wrong(
                    f"The answer of `{shown(request.url)}` is larger than {self._largest} bytes.",
                    hint="Ask for less at once, page by page.",
                    code="outside.too_large",
                )
        if unpacking is not None and body and not unpacking.eof:
            raise StepFailed("The packed answer is damaged: its end is missing.")
        return bytes(body)

    def _transport(self, *, fresh: bool) -> _GuardedTransport:
        pools = self._pools.setdefault(asyncio.get_running_loop(), {})
        if fresh not in pools:
            pools[fresh] = _GuardedTransport(self, tls=self._tls, keep=not fresh)
        return pools[fresh]


class _GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections to checked addresses only; httpcore keeps the host's name for `Host` and TLS."""

    def __init__(self, network: GuardedNetwork) -> None:
        self._network = network
        self._inner: Any = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """One address after the other, as the guard gives them."""
        last: Exception | None = None
        for address in await self._network.addresses(host, port=port):
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        raise last or httpcore.ConnectError(f"{host} has no address")

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Never: a socket file is on this machine."""
        raise StepRefused("A socket file on this machine cannot be reached from a workflow.")

    async def sleep(self, seconds: float) -> None:
        """Between attempts of httpcore."""
        await asyncio.sleep(seconds)


class _GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx over a pool whose connections are guarded. It outlives the clients that use it."""

    def __init__(self, network: GuardedNetwork, *, tls: ssl.SSLContext, keep: bool) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=200,
            max_keepalive_connections=50 if keep else 0,
            keepalive_expiry=15.0,
            network_backend=_GuardedBackend(network),
        )

    async def aclose(self) -> None:
        """A client that ends leaves the pool to the others."""

    async def __aexit__(self, *ended: object) -> None:
        """As `aclose`."""

    async def close(self) -> None:
        """Really closes the pool."""
        await self._pool.aclose()


async def _system_resolver(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
