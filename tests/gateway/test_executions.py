"""Runs over HTTP: reading, watching, talking to them."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import Any

import httpx
import pytest
import websockets
from fastapi import FastAPI

from flov7.gateway.app import create_app
from flov7.gateway.settings import GatewaySettings
from flov7.wiring import House, gateway_of
from tests.chaos.receiver import Receiver
from tests.gateway.conftest import APPROVAL, MANUAL, Client, served

LOOP: dict[str, Any] = {
    "name": "looper",
    "mode": "express",
    "primitives": [
        {"type": "trigger", "kind": "api", "name": "called"},
        {
            "type": "condition",
            "kind": "loop",
            "name": "each",
            "over": "items",
            "as": "one",
            "do": [{"type": "data", "kind": "mapping", "name": "keep", "mapping": {"one.a": "got"}}],
        },
    ],
}


async def waiting(client: Client, document: dict[str, Any], **body: Any) -> tuple[str, dict[str, Any]]:
    """Start it and wait until a step waits: the run's path and that step."""
    made = await client.create(document)
    run = await client.ask("POST", f"/workflows/{made['id']}/run", json=body, status=202)
    path = f"/executions/{run['execution_id']}"
    for _ in range(300):
        steps = (await client.ask("GET", f"{path}/steps"))["items"]
        found = next((step for step in steps if step["status"] == "waiting"), None)
        if found is not None:
            return path, found
        await asyncio.sleep(0.05)
    raise AssertionError("nothing waits")


async def ended(client: Client, path: str) -> dict[str, Any]:
    """The run, when it has ended."""
    for _ in range(300):
        run = await client.ask("GET", path)
        if run["finished_at"] is not None:
            return run
        await asyncio.sleep(0.05)
    raise AssertionError(run)


class TestReading:
    async def test_events_are_numbered_without_a_gap_and_resume_after_a_number(self, client: Client) -> None:
        done = await client.run(MANUAL, input={"a": 1})
        path = f"/executions/{done['execution_id']}/events"
        found = await client.ask("GET", path)
        numbers = [one["n"] for one in found["items"]]
        assert numbers == list(range(1, len(numbers) + 1)) and found["finished"]
        assert (found["items"][0]["type"], found["items"][-1]["type"]) == ("run.started", "run.finished")
        rest = await client.ask("GET", path, params={"after": 1, "limit": 1})
        assert [one["n"] for one in rest["items"]] == [2] and not rest["finished"]

    async def test_steps_say_status_times_input_and_output(self, client: Client) -> None:
        done = await client.run(MANUAL, input={"a": 1})
        step = (await client.ask("GET", f"/executions/{done['execution_id']}/steps"))["items"][0]
        assert (step["step"], step["status"], step["output"]) == ("sum", "finished", {"total": 1})
        assert step["started_at"] <= step["finished_at"] and step["input"]

    async def test_each_round_of_a_loop_has_its_own_steps(self, client: Client) -> None:
        done = await client.run(LOOP, input={"items": [{"a": 1}, {"a": 2}]})
        steps = (await client.ask("GET", f"/executions/{done['execution_id']}/steps"))["items"]
        assert {step["key"] for step in steps} == {"each", "each[0]/keep", "each[1]/keep"}

    async def test_a_failed_step_shows_its_error(self, client: Client) -> None:
        call = {"type": "action", "kind": "api_call", "name": "fetch", "config": {"url": "http://127.0.0.1:9/x"},
                "retry": {"max_attempts": 2, "initial": "10ms"}}  # fmt: skip
        done = await client.run({"mode": "express", "primitives": [MANUAL["primitives"][0], call]})
        assert done["status"] == "failed"
        step = (await client.ask("GET", f"/executions/{done['execution_id']}/steps"))["items"][0]
        assert (step["status"], step["attempts"]) == ("failed", 2) and step["error"]["message"]

    async def test_lists_are_filtered_and_paged(self, client: Client) -> None:
        made = await client.create(MANUAL)
        other = await client.run(LOOP, input={"items": []})
        for number in range(3):
            await client.ask("POST", f"/workflows/{made['id']}/run", json={"input": {"a": number}, "wait": 10})
        page = await client.ask("GET", "/executions", params={"workflow": made["name"], "limit": 2})
        rest = await client.ask(
            "GET", "/executions", params={"workflow": made["id"], "limit": 2, "cursor": page["next_cursor"]}
        )
        assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)
        assert (await client.ask("GET", "/executions", params={"status": "failed"}))["items"] == []
        assert len((await client.ask("GET", "/executions", params={"status": "succeeded"}))["items"]) == 4
        first = (await client.ask("GET", f"/executions/{other['execution_id']}"))["created_at"]
        later = await client.ask("GET", "/executions", params={"since": first})
        assert len(later["items"]) == 4
        assert (await client.ask("GET", "/executions", params={"until": first}))["items"] == []
        assert (await client.ask("GET", "/executions?status=nonsense", status=422))["fields"][0]["where"] == "/status"


class TestTalking:
    async def test_an_approval_is_decided(self, client: Client) -> None:
        path, step = await waiting(client, APPROVAL, input={"id": 7})
        assert (step["ask"], step["waits_for"]) == ("Ship 7?", "approval")
        wrong = await client.ask("POST", f"{path}/approve", json={"step": "nobody"}, status=409)
        assert wrong["code"] == "message.refused" and wrong["details"]["waiting"] == ["approval"]
        told = await client.ask("POST", f"{path}/approve", json={"step": "approval", "comment": "go"})
        assert told["accepted"]
        run = await ended(client, path)
        assert (run["status"], run["output"]) == ("succeeded", {"decision": "approved"})
        late = await client.ask("POST", f"{path}/approve", json={"step": "approval"}, status=409)
        assert late["code"] == "run.ended"

    async def test_a_run_is_cancelled(self, client: Client) -> None:
        path, _ = await waiting(client, APPROVAL, input={"id": 7})
        await client.ask("POST", f"{path}/cancel", json={"reason": "twice"})
        assert (await ended(client, path))["status"] == "cancelled"

    async def test_a_write_under_way_when_its_run_is_cancelled_may_have_happened(self, client: Client) -> None:
        async with Receiver(honours_keys=False, hold=30.0) as receiver:
            config = {"url": f"http://127.0.0.1:{receiver.port}/pay", "method": "POST", "json": {"what": "pay"}}
            pay = {"type": "action", "kind": "api_call", "name": "pay", "config": config}
            made = await client.create(
                {"name": "pays", "primitives": [{"type": "trigger", "kind": "api", "name": "called"}, pay]}
            )
            run = await client.ask("POST", f"/workflows/{made['id']}/run", json={"wait": 0}, status=202)
            path = f"/executions/{run['execution_id']}"
            while not receiver.holding:
                await asyncio.sleep(0.05)
            await client.ask("POST", f"{path}/cancel", json={})
            await ended(client, path)
            (step,) = (await client.ask("GET", f"{path}/steps"))["items"]
            assert (step["status"], step["effect"], step["waits_for"]) == ("given_up", "write", None)
            assert "may have happened" in step["error"]["message"]
            again = await client.ask("POST", f"{path}/rerun", json={"step": "pay"})
            assert again["run"] is None and [line["primitive"] for line in again["effects_again"]] == ["pay"]

    async def test_a_paused_run_goes_on_when_resumed(self, client: Client) -> None:
        path, _ = await waiting(client, APPROVAL, input={"id": 7})
        assert (await client.ask("POST", f"{path}/pause"))["accepted"]
        assert (await client.ask("POST", f"{path}/resume"))["accepted"]
        await client.ask("POST", f"{path}/approve", json={"step": "approval", "decision": "rejected"})
        run = await ended(client, path)
        assert run["finished_at"]

    async def test_an_answer_is_checked_against_its_form(self, client: Client) -> None:
        form = {"type": "object", "required": ["size"], "properties": {"size": {"enum": ["S", "M"]}}}
        document = {
            "primitives": [
                {"type": "trigger", "kind": "api", "name": "called"},
                {
                    "type": "action",
                    "kind": "wait",
                    "name": "size",
                    "config": {"for": "answer", "ask": "Which?", "fields": form},
                },
            ]
        }
        path, _ = await waiting(client, document)
        wrong = {"step": "size", "answer": {"size": "XXL"}}
        assert (await client.ask("POST", f"{path}/answer", json=wrong, status=409))["code"] == "message.refused"
        await client.ask("POST", f"{path}/answer", json={"step": "size", "answer": {"size": "M"}})
        assert (await ended(client, path))["output"]["answer"] == {"size": "M"}

    async def test_a_rerun_is_a_new_run_that_names_the_first(self, client: Client) -> None:
        done = await client.run(MANUAL, input={"a": 4})
        path = f"/executions/{done['execution_id']}"
        again = await client.ask("POST", f"{path}/rerun", json={"step": "sum"}, status=202)
        run = await ended(client, f"/executions/{again['run']['execution_id']}")
        assert run["rerun_of"] == done["execution_id"] and run["output"] == {"total": 5}
        assert (await client.ask("POST", f"{path}/rerun", json={"step": "nobody"}, status=422))["message"]


class TestAnsweringFromOutside:
    async def test_an_address_without_a_key_decides_one_step(self, client: Client) -> None:
        path, step = await waiting(client, APPROVAL, input={"id": 7})
        address = step["address"]
        asked = (await client.http.get(address)).json()["data"]
        assert (asked["ask"], asked["wants"]) == ("Ship 7?", "approval")
        assert (await client.http.post(address, json={})).status_code == 422
        assert (await client.http.post(address, json={"decision": "approved"})).status_code == 200
        assert (await ended(client, path))["output"] == {"decision": "approved"}
        assert (await client.http.get(address)).status_code == 410

    async def test_a_browser_gets_a_page_and_only_its_button_decides(self, client: Client) -> None:
        path, step = await waiting(client, APPROVAL, input={"id": "<b>7</b>"})
        browser = {"accept": "text/html"}
        page = await client.http.get(step["address"], headers=browser)
        assert (
            page.headers["content-type"].startswith("text/html")
            and "default-src 'none'" in page.headers["content-security-policy"]
        )
        assert "&lt;b&gt;7&lt;/b&gt;" in page.text and "<b>7" not in page.text
        assert (await client.ask("GET", path))["finished_at"] is None
        answered = await client.http.post(
            step["address"], headers=browser, data={"decision": "rejected", "comment": "no"}
        )
        assert "Rejected" in answered.text
        await ended(client, path)

    async def test_a_callback_carries_its_body_into_the_run(self, client: Client) -> None:
        document = {
            "primitives": [
                {"type": "trigger", "kind": "api", "name": "called"},
                {"type": "action", "kind": "wait", "name": "label", "config": {"for": "callback"}},
            ]
        }
        path, step = await waiting(client, document)
        assert (await client.http.post(step["address"], json={"url": "x"})).status_code == 200
        assert (await ended(client, path))["output"]["payload"] == {"url": "x"}

    @pytest.mark.parametrize("token", ["", "x", "AAAA", "x" * 120])
    async def test_a_guessed_address_opens_nothing(self, client: Client, token: str) -> None:
        response = await client.http.post(f"/hooks/_/{client.workspace_id}/{token}", json={"decision": "approved"})
        assert response.status_code == 404 and response.json()["status"] == "error"


async def lines(response: httpx.Response) -> list[dict[str, Any]]:
    """The events of a stream, to its end."""
    return [json.loads(line[6:]) async for line in response.aiter_lines() if line.startswith("data: ")]


class TestWatching:
    async def test_a_stream_tells_what_is_past_and_what_happens_then_ends(self, client: Client, app: FastAPI) -> None:
        path, _ = await waiting(client, APPROVAL, input={"id": 7})
        headers = {"authorization": f"Bearer {client.key}"}
        async with (
            served(app) as base,
            httpx.AsyncClient(base_url=base, headers=headers, timeout=20) as http,
            http.stream("GET", f"/api/v1{path}/events/stream") as response,
        ):
            assert response.headers["content-type"].startswith("text/event-stream")
            reading = asyncio.create_task(lines(response))
            await asyncio.sleep(0.2)
            await client.ask("POST", f"{path}/approve", json={"step": "approval"})
            found = await asyncio.wait_for(reading, 15)
        numbers = [one["n"] for one in found]
        assert numbers == list(range(1, len(numbers) + 1)) and found[-1]["type"] == "run.finished"

    async def test_a_stream_resumes_after_the_last_event_id(self, client: Client) -> None:
        done = await client.run(MANUAL, input={"a": 1})
        path = f"/executions/{done['execution_id']}/events/stream"
        whole = (await client.raw("GET", path)).text
        rest = (await client.raw("GET", path, headers={"last-event-id": "1"})).text
        assert whole.startswith("id: 1\n") and rest.startswith("id: 2\n")
        assert (await client.raw("GET", f"{path}?after=999")).text == ""

    async def test_a_websocket_tells_the_same(self, client: Client, app: FastAPI) -> None:
        done = await client.run(MANUAL, input={"a": 1})
        async with served(app) as base:
            url = f"{base.replace('http', 'ws')}/api/v1/executions/{done['execution_id']}/ws?after=1"
            headers = {"authorization": f"Bearer {client.key}"}
            async with websockets.connect(url, additional_headers=headers) as socket:
                found = [json.loads(message) async for message in socket]
            async with websockets.connect(url, subprotocols=["flov7", f"flov7.key.{client.key}"]) as socket:  # type: ignore[list-item]
                by_browser = [json.loads(message) async for message in socket]
                assert socket.subprotocol == "flov7"
            with pytest.raises(websockets.InvalidStatus):
                await websockets.connect(url)
        assert [one["n"] for one in found] == list(range(2, len(found) + 2)) and found == by_browser

    async def test_a_watcher_on_a_second_gateway_sees_what_the_first_one_started(
        self, client: Client, house: House, gateway: Any
    ) -> None:
        path, _ = await waiting(client, APPROVAL, input={"id": 7})
        second = create_app(gateway_of(house, settings=GatewaySettings.load()))
        seen: list[int] = []

        async def watch() -> None:
            watching = second.state.gateway.watcher.watch(client.workspace_id, path.rsplit("/", 1)[1])
            async with aclosing(watching):
                async for event in watching:
                    if event is not None:
                        seen.append(event["n"])

        task = asyncio.create_task(watch())
        await asyncio.sleep(0.3)
        await client.ask("POST", f"{path}/approve", json={"step": "approval"})
        await asyncio.wait_for(task, 15)
        assert seen == list(range(1, len(seen) + 1)) and len(seen) >= 4
