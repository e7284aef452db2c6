"""The way outside: what is refused, however it is dressed up, and what an answer may do to us."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
import zlib
from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flov7.kit.errors import Misconfigured, StepBroken, StepFailed, StepRefused, StepTimedOut, StepUnreachable
from flov7.primitives.addresses import allowed, is_public, plain
from flov7.primitives.network import GuardedNetwork
from flov7.primitives.outside import Answer, Request

Serve = Any
Guard = Any
Reply = Any


def get(url: str, **more: Any) -> Request:
    return Request(method="GET", url=url, **{"timeout": 5.0, **more})


def resolver(*answers: list[str]) -> tuple[Callable[..., Any], list[str]]:
    """A resolver that gives one answer after the other, the last one for ever, and the names it was asked for."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1", "127.255.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
            "100.100.100.200", "0.0.0.0", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
            "168.63.129.16", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
            "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "2001:db8::1",
        ],
    )  # fmt: skip
    def test_that_are_not_public_are_known(self, address: str) -> None:
        assert not is_public(plain(address))

    @pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"])
    def test_that_are_public_pass(self, address: str) -> None:
        assert is_public(plain(address))


PRIVATE = st.one_of(
    *(
        st.ip_addresses(v=4, network=net)
        for net in ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.168.0.0/16", "100.64.0.0/10")
    )
)


def disguises(address: IPv4Address) -> list[str]:
    """Every way that some program somewhere takes for this address."""
    number = int(address)
    parts = [number >> 24, number >> 16 & 255, number >> 8 & 255, number & 255]
    return [
        str(address),
        str(number),
        hex(number),
        "0" + oct(number)[2:],
        ".".join(hex(part) for part in parts),
        ".".join("0" + oct(part)[2:] for part in parts),
        f"{parts[0]}.{number & 0xFFFFFF}",
        f"{parts[0]}.{parts[1]}.{number & 0xFFFF}",
        f"[::ffff:{address}]",
        f"[::ffff:{number >> 16:x}:{number & 0xFFFF:x}]",
        f"[2002:{number >> 16:x}:{number & 0xFFFF:x}::]",
        f"[64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}]",
        f"{address}.",
    ]


class TestWhatIsRefused:
    @given(PRIVATE)
    @settings(max_examples=60, deadline=None)
    def test_is_every_disguise_of_every_private_address(self, address: IPv4Address) -> None:
        async def nowhere(host: str, port: int) -> list[str]:
            return [str(address)]

        async def all_refused() -> None:
            network = GuardedNetwork(resolve=nowhere)
            for host in disguises(address):
                with pytest.raises(StepRefused) as refused:
                    await network.addresses(host, port=80)
                assert refused.value.error_code == "outside.forbidden", host

        with asyncio.Runner() as runner:
            runner.run(all_refused())

    @pytest.mark.parametrize(
        "host",
        ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]",
         "169.254.169.254", "LOCALHOST.", "0x7f.1"],
    )  # fmt: skip
    async def test_is_every_form_of_a_private_address(
        self, guard: Guard, host: str, serve: Serve, reply: Reply
    ) -> None:
        server = await serve(lambda seen: reply(200, "inside"))
        with pytest.raises((StepRefused, StepUnreachable)) as refused:
            await guard().fetch(get(f"http://{host}:{server.port}/"))
        assert refused.value.error_code in ("outside.forbidden", "outside.no_such_host")
        assert server.seen == []

    async def test_is_a_name_that_leads_inside(self, guard: Guard, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(200))
        resolve, _ = resolver(["127.0.0.1"])
        with pytest.raises(StepRefused, match=r"leads to 127\.0\.0\.1"):
            await guard(resolve=resolve).fetch(get(f"http://shop.example:{server.port}/"))
        assert server.seen == []

    async def test_is_a_redirect_to_a_private_address(self, guard: Guard, serve: Serve, reply: Reply) -> None:
        inside = await serve(lambda seen: reply(200, "secret"))
        outside = await serve(lambda seen: reply(302, location=f"http://127.0.0.2:{inside.port}/"))
        network = guard(allow=[f"127.0.0.1:{outside.port}"])
        with pytest.raises(StepRefused, match=r"127\.0\.0\.2"):
            await network.fetch(get(outside.url))
        assert (len(outside.seen), inside.seen) == (1, [])

    async def test_is_a_name_that_changes_its_mind_between_two_requests(
        self, guard: Guard, serve: Serve, reply: Reply
    ) -> None:
        server = await serve(lambda seen: reply(200, connection="close"))
        resolve, asked = resolver(["127.0.0.1"], ["127.0.0.9"])
        network = guard(resolve=resolve, allow=["127.0.0.1"])
        post = Request(method="POST", url=f"http://shop.example:{server.port}/", timeout=5.0)
        assert (await network.fetch(post)).status == 200
        with pytest.raises(StepRefused, match=r"127\.0\.0\.9"):
            await network.fetch(post)
        assert len(asked) == 2

    async def test_the_connection_goes_to_the_address_that_was_checked(
        self, guard: Guard, serve: Serve, reply: Reply
    ) -> None:
        server = await serve(lambda seen: reply(200))
        resolve, asked = resolver(["127.0.0.1"], ["127.0.0.9"])
        network = guard(resolve=resolve, allow=["127.0.0.0/8"])
        await network.fetch(get(f"http://shop.example:{server.port}/x"))
        assert asked == ["shop.example"], "the name is resolved once, so there is no second answer to trust"
        assert server.seen[0].headers["host"] == f"shop.example:{server.port}"

    async def test_one_public_address_does_not_open_the_private_one(self, guard: Guard) -> None:
        resolve, _ = resolver(["10.0.0.1", "1.1.1.1"])
        assert await guard(resolve=resolve).addresses("shop.example", port=443) == ["1.1.1.1"]

    async def test_sockets_and_plain_clients_are_guarded_too(self, guard: Guard, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(200))
        network = guard()
        with pytest.raises(StepRefused):
            await network.connect("127.0.0.1", port=server.port, timeout=1.0)
        with pytest.raises(StepRefused):
            async with network.client(timeout=1.0) as client:
                await client.get(server.url)
        assert server.seen == []

    @pytest.mark.parametrize(
        "url", ["file:///etc/passwd", "ftp://x/y", "/orders", "http://", "http://a:99999/", "gopher://x"]
    )
    async def test_is_what_is_no_web_address(self, guard: Guard, url: str) -> None:
        with pytest.raises(StepRefused) as refused:
            await guard().fetch(get(url))
        assert refused.value.error_code == "outside.bad_url"

    async def test_a_header_that_would_split_the_request_is_refused(
        self, network: GuardedNetwork, serve: Serve
    ) -> None:
        server = await serve(lambda seen: b"")
        with pytest.raises(StepRefused, match="cannot be sent"):
            await network.fetch(get(server.url, headers={"x": "a\r\nevil: 1"}))
        assert server.seen == []


class TestWhatAnOperatorAllows:
    @pytest.mark.parametrize(
        "entry", ["127.0.0.1", "127.0.0.0/8", "localhost", "127.0.0.1:{port}", "localhost:{port}", "*.localhost"]
    )
    async def test_is_reached(self, guard: Guard, entry: str, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(200))
        host = "a.localhost" if "*" in entry else "localhost" if "localhost" in entry else "127.0.0.1"
        resolve, _ = resolver(["127.0.0.1"])
        network = guard(allow=[entry.format(port=server.port)], resolve=resolve)
        assert (await network.fetch(get(f"http://{host}:{server.port}/"))).status == 200

    async def test_does_not_open_other_ports_or_hosts(self, guard: Guard) -> None:
        resolve, _ = resolver(["127.0.0.1"])
        network = guard(allow=["localhost:80", "10.0.0.0/8"], resolve=resolve)
        for host, port in (("localhost", 81), ("127.0.0.1", 80), ("notlocalhost", 80)):
            with pytest.raises(StepRefused):
                await network.addresses(host, port=port)

    @pytest.mark.parametrize("entry", ["http://x", "10.0.0.0/99", "a b", "", "127.1"])
    def test_that_cannot_be_read_is_refused_at_start(self, entry: str) -> None:
        with pytest.raises(Misconfigured, match="no address that can be allowed"):
            allowed(entry)


class TestRedirects:
    async def test_are_followed_with_the_method_that_each_status_means(
        self, network: GuardedNetwork, serve: Serve, reply: Reply
    ) -> None:
        def answer(seen: Any) -> bytes:
            status = int(seen.path.strip("/") or 0)
            return reply(status, location="/0") if status else reply(200, f"{seen.method} {len(seen.body)}")

        server = await serve(answer)
        said = {}
        for status in (301, 302, 303, 307, 308):
            request = Request(method="POST", url=f"{server.url}/{status}", body=b"abc", timeout=5.0)
            said[status] = (await network.fetch(request)).text
        assert said == {301: "GET 0", 302: "GET 0", 303: "GET 0", 307: "POST 3", 308: "POST 3"}

    async def test_show_no_secret_to_another_host(self, network: GuardedNetwork, serve: Serve, reply: Reply) -> None:
        other = await serve(lambda seen: reply(200))
        first = await serve(lambda seen: reply(307, location=f"{other.url}/x"))
        headers = {"Authorization": "Bearer s", "X-Key": "s", "X-Plain": "p"}
        await network.fetch(get(first.url, headers=headers, private=frozenset({"x-key"})))
        assert first.seen[0].headers["x-key"] == "s"
        assert {"authorization", "x-key"} & set(other.seen[0].headers) == set()
        assert other.seen[0].headers["x-plain"] == "p"

    async def test_in_a_circle_end(self, network: GuardedNetwork, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(302, location="/again"))
        with pytest.raises(StepRefused, match="redirects more than 5 times"):
            await network.fetch(get(server.url))
        assert len(server.seen) == 6

    async def test_are_left_alone_where_asked(self, network: GuardedNetwork, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(302, location="/again"))
        assert (await network.fetch(get(server.url, follow=False))).status == 302


class TestAnAnswer:
    @pytest.mark.parametrize(("packing", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
    async def test_is_unpacked(
        self, network: GuardedNetwork, serve: Serve, reply: Reply, packing: str, pack: Any
    ) -> None:
        server = await serve(lambda seen: reply(200, pack(b"hello" * 100), content_encoding=packing))
        assert (await network.fetch(get(server.url))).body == b"hello" * 100

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_that_is_a_bomb_is_refused_before_it_is_large(
        self, guard: Guard, serve: Serve, reply: Reply, method: str
    ) -> None:
        bomb = gzip.compress(b"\0" * 50_000_000)
        server = await serve(lambda seen: reply(200, bomb, content_encoding="gzip"))
        network = guard(allow=["127.0.0.1"], largest=1_000_000)
        with pytest.raises(StepFailed, match="larger than 1000000 bytes") as refused:
            await network.fetch(Request(method=method, url=server.url, timeout=5.0))
        assert refused.value.retryable == (method == "POST"), "a POST may have done its work; that is not refused"

    async def test_that_never_ends_is_refused(self, guard: Guard, serve: Serve) -> None:
        server = await serve(lambda seen: b"HTTP/1.1 200 X\r\n\r\n" + b"x" * 3_000_000)
        network = guard(allow=["127.0.0.1"], largest=1_000_000)
        with pytest.raises(StepRefused, match="larger than"):
            await network.fetch(get(server.url))

    @pytest.mark.parametrize(
        "raw",
        [
            b"HTTP/1.1 200 X\r\nx: " + b"y" * 500_000,
            b"rubbish\r\n\r\n",
            b"HTTP/1.1 200 X\r\ncontent-length: 10\r\n\r\nabc",
            b"",
        ],
    )
    async def test_that_is_broken_is_a_failure(self, network: GuardedNetwork, raw: bytes) -> None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(raw)
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        with pytest.raises(StepFailed) as failed:
            await network.fetch(get(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))
        assert type(failed.value) is StepBroken, "what was sent may have been done"
        server.close()

    async def test_that_is_packed_and_damaged_is_a_failure(
        self, network: GuardedNetwork, serve: Serve, reply: Reply
    ) -> None:
        server = await serve(lambda seen: reply(200, b"no gzip", content_encoding="gzip"))
        with pytest.raises(StepFailed, match="damaged"):
            await network.fetch(get(server.url))

    async def test_that_is_packed_and_cut_short_is_a_failure(
        self, network: GuardedNetwork, serve: Serve, reply: Reply
    ) -> None:
        server = await serve(lambda seen: reply(200, gzip.compress(b"x" * 5000)[:-9], content_encoding="gzip"))
        with pytest.raises(StepFailed, match="its end is missing"):
            await network.fetch(get(server.url))

    def test_is_read_by_its_charset(self) -> None:
        answer = Answer(
            status=200, headers={"content-type": "text/plain; charset=latin1"}, body=b"\xfc", url="", seconds=0
        )
        assert answer.text == "ü"


class TestWhetherItCanHaveHappened:
    async def test_a_refused_connection_surely_did_nothing(self, network: GuardedNetwork) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            with pytest.raises(StepUnreachable, match="does not answer"):
                await network.fetch(
                    Request(method="POST", url=f"http://127.0.0.1:{taken.getsockname()[1]}/", timeout=5.0)
                )

    async def test_a_name_that_is_not_there_surely_did_nothing(self, guard: Guard) -> None:
        async def nowhere(host: str, port: int) -> list[str]:
            raise socket.gaierror(-2, "Name or service not known")

        with pytest.raises(StepUnreachable, match=r"There is no host `shop\.example`"):
            await guard(resolve=nowhere).fetch(get("http://shop.example/"))

    async def test_silence_after_sending_may_have_done_it(self, network: GuardedNetwork, serve: Serve) -> None:
        async def never(seen: Any) -> bytes:
            await asyncio.sleep(5)
            return b""

        server = await serve(never)
        begun = time.monotonic()
        with pytest.raises(StepTimedOut, match=r"within 0\.3 seconds"):
            await network.fetch(Request(method="POST", url=server.url, body=b"x", timeout=0.3))
        assert time.monotonic() - begun < 2
        assert len(server.seen) == 1

    async def test_a_certificate_that_nobody_vouches_for_is_refused(
        self, network: GuardedNetwork, serve: Serve
    ) -> None:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(100)
            writer.write(b"HTTP/1.1 400 this is not TLS\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        with pytest.raises(StepRefused, match="no TLS that can be trusted"):
            await network.fetch(get(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))
        server.close()

    async def test_messages_hold_no_secret_of_the_address(self, network: GuardedNetwork) -> None:
        with pytest.raises(StepUnreachable) as refused:
            await network.fetch(get("http://user:hidden@127.0.0.1:1/path?key=hidden"))
        assert "hidden" not in refused.value.message
