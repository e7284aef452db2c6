"""Conversations with the real drafter: stages as events, changes with their difference, and what is seen beside."""

from __future__ import annotations

import json

from tests.gateway.conftest import Client


class TestStages:
    async def test_they_come_as_events_and_then_the_reply(self, client: Client) -> None:
        made = await client.ask(
            "POST", "/conversations", json={"text": "When a form is submitted, email sales@acme.test"}, status=201
        )
        path = f"/conversations/{made['id']}/messages"
        headers = {"accept": "text/event-stream"}
        answer = await client.raw("POST", path, json={"text": "At the end, email boss@acme.test"}, headers=headers)
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
        events = [block.split("\n", 1) for block in answer.text.strip().split("\n\n")]
        assert [name for name, _ in events] == ["event: stage"] * 6 + ["event: reply"]
        stages = [json.loads(data.removeprefix("data: "))["stage"] for _, data in events[:-1]]
        assert stages == ["understand", "shortlist", "draft", "validate", "dry_run", "explain"]
        last = json.loads(events[-1][1].removeprefix("data: "))["messages"][-1]
        assert last["details"]["diff"] == ["`email_send_2` (action, email_send) is new."]
        assert last["details"]["dry_run"]["passed"] and last["details"]["complexity"] == "simple"

    async def test_saving_twice_makes_versions_and_undo_goes_back(self, client: Client) -> None:
        made = await client.ask(
            "POST", "/conversations", json={"text": "When a form is submitted, email sales@acme.test"}, status=201
        )
        path = f"/conversations/{made['id']}"
        first = await client.ask("POST", f"{path}/save", status=201)
        await client.ask("POST", f"{path}/messages", json={"text": "At the end, email boss@acme.test"})
        second = await client.ask("POST", f"{path}/save", status=201)
        assert (first["id"], first["current_version"]) == (second["id"], 1) and second["current_version"] == 2
        back = await client.ask("POST", f"{path}/messages", json={"text": "undo"})
        assert back["messages"][-1]["document"] == made["messages"][-1]["document"]
