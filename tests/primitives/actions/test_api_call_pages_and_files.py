"""Lists that come in pages, and files in both directions, against a real server."""

from __future__ import annotations

from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from flov7.kit.errors import StepFailed, StepRefused
from tests.primitives.conftest import Drawer

Call = Any
Serve = Any
Reply = Any
Connection = Any
ALL = [{"id": n} for n in range(7)]


def shop(by: str, reply: Any) -> Any:
    """A service with seven orders, three to a page."""

    def answer(seen: Any) -> bytes:
        query = {name: values[0] for name, values in parse_qs(urlsplit(seen.path).query).items()}
        at = int(query.get("mark") or 0)
        if by == "page":
            at = (int(query["page"]) - 1) * 3
        elif by == "offset":
            at = int(query["offset"])
        page, following = ALL[at : at + 3], at + 3 if at + 3 < len(ALL) else None
        match by:
            case "link":
                link = (
                    {} if following is None else {"link": f'</orders?mark={following}>; rel="next", </x>; rel="last"'}
                )
                return reply(200, page, **link)
            case "next":
                return reply(200, {"data": page, "next": None if following is None else f"/orders?mark={following}"})
            case "cursor":
                return reply(200, {"data": page, "meta": {"next": following}})
            case _:
                return reply(200, {"data": page})

    return answer


class TestPages:
    @pytest.mark.parametrize(
        "paging",
        [
            {"by": "link"},
            {"by": "next", "items": "data", "read": "next"},
            {"by": "cursor", "items": "data", "read": "meta.next", "param": "mark"},
            {"by": "page", "items": "data", "param": "page"},
            {"by": "page", "items": "data", "param": "page", "size": 3},
            {"by": "offset", "items": "data", "param": "offset", "size": 3},
        ],
        ids=lambda paging: "-".join(str(one) for one in paging.values()),
    )
    async def test_are_read_to_the_end(self, call: Call, serve: Serve, reply: Reply, paging: dict[str, Any]) -> None:
        server = await serve(shop(paging["by"], reply))
        found = await call("action/api_call", {"url": f"{server.url}/orders", "query": {"q": "x"}, "paging": paging})
        assert (found["body"]["items"], found["body"]["more"]) == (ALL, False)
        pages = 4 if paging["by"] == "page" and "size" not in paging else 3
        assert (found["body"]["pages"], len(server.seen)) == (pages, pages)
        assert "q=x" in server.seen[0].path

    async def test_stop_at_the_limit_and_say_that_there_is_more(self, call: Call, serve: Serve, reply: Reply) -> None:
        server = await serve(shop("link", reply))
        found = await call("action/api_call", {"url": f"{server.url}/orders", "paging": {"by": "link", "limit": 4}})
        assert found["body"] == {"items": ALL[:4], "more": True, "pages": 2}
        assert len(server.seen) == 2

    async def test_that_go_round_in_a_circle_are_an_error(self, call: Call, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(200, [1], link='</a>; rel="next"'))
        with pytest.raises(StepFailed, match="same next page twice"):
            await call("action/api_call", {"url": f"{server.url}/a", "paging": {"by": "link"}})

    async def test_on_another_host_are_refused(
        self, call: Call, serve: Serve, reply: Reply, connection: Connection
    ) -> None:
        server = await serve(lambda seen: reply(200, {"data": [1], "next": "https://evil.example/x"}))
        api = connection("api_key", config={"base_url": server.url}, credential={"key": "secret"})
        paging = {"by": "next", "items": "data", "read": "next"}
        with pytest.raises(StepRefused, match=r"evil\.example"):
            await call("action/api_call", {"url": "/orders", "paging": paging}, connection=api)

    async def test_without_a_list_are_explained(self, call: Call, serve: Serve, reply: Reply) -> None:
        server = await serve(lambda seen: reply(200, {"data": {"id": 1}}))
        with pytest.raises(StepRefused, match="no list at `data`"):
            await call("action/api_call", {"url": server.url, "paging": {"by": "link", "items": "data"}})

    @pytest.mark.parametrize("paging", [{"by": "cursor", "read": "x"}, {"by": "next"}, {"by": "page"}])
    async def test_that_are_half_described_are_refused(self, call: Call, paging: dict[str, Any]) -> None:
        with pytest.raises(StepRefused, match=r"needs `(param|read)`"):
            await call("action/api_call", {"url": "https://x.example", "paging": paging})


class TestFiles:
    async def test_an_answer_is_kept_with_its_name(self, call: Call, serve: Serve, reply: Reply) -> None:
        drawer = Drawer()
        disposition = "attachment; filename*=UTF-8''Rechnung%20M%C3%A4rz.pdf"
        server = await serve(
            lambda seen: reply(200, b"%PDF\x00\xff", content_type="application/pdf", content_disposition=disposition)
        )
        found = await call("action/api_call", {"url": f"{server.url}/7.pdf", "parse": "file"}, files=drawer)
        assert (found["body"]["name"], found["body"]["media_type"]) == ("Rechnung März.pdf", "application/pdf")
        assert drawer.bodies[found["body"]["file"]] == b"%PDF\x00\xff"

    async def test_an_answer_without_a_name_gets_that_of_its_address(
        self, call: Call, serve: Serve, reply: Reply
    ) -> None:
        server = await serve(lambda seen: reply(200, b"x"))
        found = await call("action/api_call", {"url": f"{server.url}/a/b%20c.bin", "parse": "file"}, files=Drawer())
        assert found["body"]["name"] == "b c.bin"

    async def test_are_sent_in_a_form_byte_for_byte(self, call: Call, serve: Serve, reply: Reply) -> None:
        drawer = Drawer()
        digest = await drawer.keep(b"\x00\r\n--x\xff")
        server = await serve(lambda seen: reply(200))
        file = {"file": digest, "name": 'a"\r\nb.bin', "media_type": "image/png"}
        inputs = {"method": "POST", "url": server.url, "form": {"title": "Grüße"}, "files": {"upload": file}}
        await call("action/api_call", inputs, files=drawer)
        seen = server.seen[0]
        whole = message_from_bytes(b"content-type: " + seen.headers["content-type"].encode() + b"\r\n\r\n" + seen.body)
        title, upload = whole.get_payload()
        assert title.get_payload(decode=True).decode() == "Grüße"
        assert upload.get_payload(decode=True) == b"\x00\r\n--x\xff"
        assert upload.get_content_type() == "image/png"
        assert upload.get_param("filename", header="content-disposition") == "a%22%0D%0Ab.bin"

    async def test_may_be_the_whole_body(self, call: Call, serve: Serve, reply: Reply) -> None:
        drawer = Drawer()
        digest = await drawer.keep(b"\x00\xff")
        server = await serve(lambda seen: reply(200))
        file = {"file": digest, "name": "a.bin", "media_type": "image/png"}
        await call("action/api_call", {"method": "PUT", "url": server.url, "body": file}, files=drawer)
        assert (server.seen[0].body, server.seen[0].headers["content-type"]) == (b"\x00\xff", "image/png")
