"""Files go in and come out byte for byte, and only next to their owner."""

from __future__ import annotations

from tests.gateway.conftest import Client

BODY = b"%PDF \x00\xff" * 100


class TestAFile:
    async def test_comes_back_as_it_was(self, client: Client) -> None:
        headers = {"content-type": "application/pdf"}
        made = await client.ask("POST", "/files?name=a/../b.pdf", status=201, content=BODY, headers=headers)
        assert (made["name"], made["media_type"], made["size"]) == ("b.pdf", "application/pdf", len(BODY))
        again = await client.ask("POST", "/files?name=other", status=201, content=BODY)
        assert again["file"] == made["file"]
        got = await client.raw("GET", f"/files/{made['file']}?name=b%22.pdf")
        assert got.content == BODY
        assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''b%22.pdf"
        assert got.headers["x-content-type-options"] == "nosniff"

    async def test_of_another_workspace_is_not_there(self, client: Client, stranger: Client) -> None:
        made = await client.ask("POST", "/files", status=201, content=BODY)
        error = await stranger.ask("GET", f"/files/{made['file']}", status=404)
        assert error["message"] == "There is no such file."

    async def test_without_bytes_is_refused(self, client: Client) -> None:
        assert (await client.ask("POST", "/files", status=422))["hint"]

    async def test_that_is_too_large_is_refused(self, client: Client) -> None:
        error = await client.ask("POST", "/files", status=413, content=b"x" * 300_000)
        assert "200000" in error["message"]
