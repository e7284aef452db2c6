"""Re-runs, takeovers, messages, alerts, schedules and what stands in Temporal's history."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from flov7.engine.messages import Cancel, Pause, Resume
from flov7.engine.runtimes.temporal.jobs import workflow_id
from flov7.kit.errors import Conflict, Invalid, NotFound
from flov7.language.front import check_value
from flov7.store import connections, workflows, workspaces
from flov7.store.journal import Arrival
from tests.chaos.receiver import Receiver


def write(port: int, name: str, what: str, **more: Any) -> dict[str, Any]:
    """A POST to the receiver."""
    config = {"url": f"http://127.0.0.1:{port}/{name}", "method": "POST", "json": {"what": what}}
    return {"type": "action", "kind": "api_call", "name": name, "config": config, **more}


class TestRerun:
    async def test_steps_above_are_taken_and_equal_effects_are_not_done_again(self, bench: Any) -> None:
        async with Receiver(honours_keys=False, hold=0.0) as receiver:
            document = [
                write(receiver.port, "first", "first"),
                {"type": "data", "kind": "mapping", "name": "m", "mapping": {"total * 2": "double"}},
                write(receiver.port, "second", "second/{{ double }}"),
            ]
            started = await bench.start(document, payload={"total": 2})
            await bench.finish(started)
            again = await bench.house.engine.rerun(
                bench.workspace_id, started.execution_id, step="m", edits={}, agreed=False
            )
            assert again.started is not None
            result = await bench.finish(again.started)
            assert result.status == "succeeded", result
            assert dict(receiver.effects) == {"first": 1, "second/4": 1}
            assert (await bench.stored(again.started.execution_id)).rerun_of == started.execution_id
            types = [(e["type"], e["step"]) for e in await bench.events(again.started.execution_id)]
            assert ("step.reused", "first") in types

    async def test_an_edited_effect_is_done_again_only_after_a_person_agreed(self, bench: Any) -> None:
        async with Receiver(honours_keys=False, hold=0.0) as receiver:
            started = await bench.start([write(receiver.port, "first", "one"), write(receiver.port, "second", "two")])
            await bench.finish(started)
            ask: dict[str, Any] = {"step": "second", "edits": {"second": {"json": {"what": "three"}}}}
            first = await bench.house.engine.rerun(bench.workspace_id, started.execution_id, agreed=False, **ask)
            assert first.started is None
            assert [line.primitive for line in first.effects_again] == ["second"]
            second = await bench.house.engine.rerun(bench.workspace_id, started.execution_id, agreed=True, **ask)
            assert second.started is not None
            assert (await bench.finish(second.started)).status == "succeeded"
            assert dict(receiver.effects) == {"one": 1, "two": 1, "three": 1}

    async def test_an_effect_of_which_nobody_knows_is_done_again_only_after_a_person_agreed(self, bench: Any) -> None:
        async with Receiver(honours_keys=False, hold=0.0) as receiver:
            receiver.failing = True
            started = await bench.start([write(receiver.port, "first", "one"), write(receiver.port, "second", "two")])
            assert (await bench.finish(started)).status == "failed"
            assert dict(receiver.effects) == {"one": 1}
            receiver.failing = False
            ask: dict[str, Any] = {"step": "first", "edits": {}}
            first = await bench.house.engine.rerun(bench.workspace_id, started.execution_id, agreed=False, **ask)
            assert first.started is None
            assert [line.primitive for line in first.effects_again] == ["first"]
            second = await bench.house.engine.rerun(bench.workspace_id, started.execution_id, agreed=True, **ask)
            assert second.started is not None
            assert (await bench.finish(second.started)).status == "succeeded"
            assert dict(receiver.effects) == {"one": 2, "two": 1}

    async def test_a_step_in_a_loop_begins_at_the_loop_and_rounds_that_were_done_are_taken(self, bench: Any) -> None:
        async with Receiver(honours_keys=False, hold=0.0) as receiver:
            ship = write(receiver.port, "ship", "{{ order }}")
            shut = {"type": "action", "kind": "api_call", "name": "ask", "config": {"url": "http://127.0.0.1:9/"}}
            loop = {"type": "condition", "kind": "loop", "name": "each", "over": "orders", "as": "order"}
            started = await bench.start([{**loop, "do": [ship, shut]}], payload={"orders": ["a", "b"]})
            assert (await bench.finish(started)).status == "failed"
            assert dict(receiver.effects) == {"a": 1}
            again = await bench.house.engine.rerun(
                bench.workspace_id, started.execution_id, step="ask", edits={}, agreed=False
            )
            assert again.started is not None
            await bench.finish(again.started)
            assert dict(receiver.effects) == {"a": 1}
            types = [(e["type"], e["step"]) for e in await bench.events(again.started.execution_id)]
            assert ("step.reused", "ship") in types

    async def test_a_step_that_is_not_there_is_refused_with_those_that_are(self, bench: Any) -> None:
        started = await bench.start([{"type": "data", "kind": "mapping", "name": "m", "mapping": {"1": "x"}}])
        await bench.finish(started)
        with pytest.raises(Invalid, match="cannot begin") as refused:
            await bench.house.engine.rerun(
                bench.workspace_id, started.execution_id, step="nope", edits={}, agreed=False
            )
        assert "m" in refused.value.hint


class TestMessages:
    async def test_a_paused_run_starts_nothing_until_resumed(self, bench: Any) -> None:
        wait = {"type": "action", "kind": "wait", "name": "w", "config": {"for": "time", "duration": "300ms"}}
        started = await bench.start([wait, {"type": "data", "kind": "mapping", "name": "m", "mapping": {"1": "x"}}])
        assert (await self._say(bench, started.execution_id, Pause(by="Eve"))).accepted
        await asyncio.sleep(0.8)
        stored = await bench.stored(started.execution_id)
        assert stored.finished_at is None
        again = await bench.house.engine.send(bench.workspace_id, started.execution_id, Pause())
        assert not again.accepted
        assert (await bench.house.engine.send(bench.workspace_id, started.execution_id, Resume())).accepted
        assert (await bench.finish(started)).status == "succeeded"

    async def test_a_run_that_has_ended_takes_no_message(self, bench: Any) -> None:
        started = await bench.start([{"type": "data", "kind": "mapping", "name": "m", "mapping": {"1": "x"}}])
        await bench.finish(started)
        with pytest.raises(Conflict):
            await bench.house.engine.send(bench.workspace_id, started.execution_id, Cancel())
        with pytest.raises(NotFound):
            await bench.house.engine.send(bench.workspace_id, "nothing", Cancel())

    async def _say(self, bench: Any, execution_id: str, message: Any) -> Any:
        for _ in range(100):
            try:
                return await bench.house.engine.send(bench.workspace_id, execution_id, message)
            except NotFound:
                await asyncio.sleep(0.05)
        raise AssertionError("nobody took it")


class TestOneEventOneRun:
    async def test_a_second_delivery_gets_the_first_run(self, bench: Any) -> None:
        request = await bench.save([{"type": "data", "kind": "mapping", "name": "m", "mapping": {"1": "x"}}])
        twice = [await bench.house.engine.start(request.model_copy(update={"event_id": "e1"})) for _ in range(2)]
        assert twice[0].execution_id == twice[1].execution_id
        assert [one.created for one in twice] == [True, False]
        honest = [await bench.house.engine.start(request) for _ in range(3)]
        assert len({one.execution_id for one in honest}) == 3
        for one in (twice[0], *honest):
            await bench.finish(one)


class TestTakeover:
    async def test_an_express_run_whose_process_died_goes_on_durably(self, bench: Any) -> None:
        async with Receiver(honours_keys=False, hold=0.0) as receiver:
            document = {"name": "x", "mode": "express", "primitives": [write(receiver.port, "first", "first")]}
            request = await bench.save(document)
            long_ago = datetime.now(UTC) - timedelta(minutes=1)
            await bench.house.database.journal.accept(  # as a process did that died before it ran anything
                Arrival(
                    execution_id=(run := f"dead-{bench.workspace_id}"),
                    workspace_id=bench.workspace_id,
                    workflow_id=request.workflow_id,
                    workflow_version=1,
                    plan_digest=request.plan_digest,
                    mode="express",
                    trigger=request.trigger,
                    event_id="e",
                    payload={"payload": {"x": 1}},
                    clock=long_ago,
                    seed=1,
                    lease_owner="dead",
                    lease_until=long_ago,
                )
            )
            for _ in range(200):
                await asyncio.sleep(0.1)
                if (await bench.stored(run)).finished_at is not None:
                    break
            stored = await bench.stored(run)
            assert (stored.status, stored.mode) == ("succeeded", "durable")
            assert receiver.effects["first"] == 1


class Mailbox:
    """An SMTP server's handler that keeps what comes."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(  # noqa: N802 - the server's name for it
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        """Keep it."""
        self.mails.append(envelope)
        return "250 ok"


class TestAlerts:
    async def test_owner_and_admins_are_told_once_per_run(self, bench: Any) -> None:
        mailbox = Mailbox()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(mailbox, loop=loop), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        try:
            async with bench.house.database.workspace(bench.workspace_id) as scope:
                await connections.create(
                    scope, name="mail", service="smtp", kind="api", credentials_type="none",
                    config={"host": "127.0.0.1", "port": port, "security": "none", "from": "flov7@example.com"},
                )  # fmt: skip
                await workspaces.change_settings(scope, default_mail="mail", alerts={"email": ["owner@example.com"]})
            started = await bench.start([write(1, "first", "x")])
            result = await bench.finish(started)
            assert result.status == "failed"
            for _ in range(100):
                if mailbox.mails:
                    break
                await asyncio.sleep(0.05)
            assert len(mailbox.mails) == 1
            text = message_from_bytes(mailbox.mails[0].content).get_payload(decode=True).decode()
            assert started.execution_id in text
            assert "first" in text
        finally:
            server.close()


class TestSchedules:
    async def test_a_schedule_fires_shows_its_next_runs_and_pauses(self, bench: Any) -> None:
        document = {
            "name": "tick",
            "primitives": [
                {"type": "trigger", "kind": "schedule", "name": "every_second", "config": {"every": "1s"}},
                {"type": "data", "kind": "mapping", "name": "m", "mapping": {"1": "x"}},
            ],
        }
        request = await bench.save(document)
        plan = check_value(document, bench.house.registry.catalogue()).plan
        assert plan is not None
        engine, where = bench.house.engine, {"workflow_id": request.workflow_id}
        async with bench.house.database.workspace(bench.workspace_id) as scope:
            await workflows.set_status(scope, request.workflow_id, status="active", active_version=1)
            await workflows.change_settings(scope, request.workflow_id, active_plan=request.plan_digest)
        await engine.activate(bench.workspace_id, version=1, plan=plan, plan_digest=request.plan_digest, **where)
        try:
            described = await engine.schedules(bench.workspace_id, **where)
            assert [one["trigger"] for one in described] == ["every_second"]
            assert described[0]["next"]
            ran = await self._ran(bench, request.workflow_id)
            assert ran.status == "succeeded"
            assert ran.trigger == "every_second"
            at = datetime.fromisoformat((await bench.stored(ran.id)).input["scheduled_at"])
            assert abs((datetime.now(UTC) - at).total_seconds()) < 60
            await engine.pause_schedule(bench.workspace_id, trigger="every_second", note="night", **where)
            paused = await engine.schedules(bench.workspace_id, **where)
            assert (paused[0]["paused"], paused[0]["note"]) == (True, "night")
            await engine.resume_schedule(bench.workspace_id, trigger="every_second", **where)
            assert not (await engine.schedules(bench.workspace_id, **where))[0]["paused"]
        finally:
            await engine.deactivate(bench.workspace_id, **where)
        assert await engine.schedules(bench.workspace_id, **where) == []

    async def _ran(self, bench: Any, workflow: str) -> Any:
        from flov7.store import executions

        for _ in range(150):
            async with bench.house.database.workspace(bench.workspace_id) as scope:
                page = await executions.page(scope, wanted=executions.Wanted(workflow_id=workflow))
            done = [one for one in page.items if one.finished_at is not None]
            if done:
                return done[0]
            await asyncio.sleep(0.1)
        raise AssertionError("the schedule never fired")


class TestHistory:
    async def test_nothing_readable_and_nothing_large_stands_in_the_history(self, bench: Any) -> None:
        secret, large = "a very private word", "y" * 300_000
        wait = {"type": "action", "kind": "wait", "name": "w", "config": {"for": "time", "duration": "50ms"}}
        started = await bench.start([wait], payload={"secret": secret, "large": large})
        await bench.finish(started)
        client = await bench.house.link.client()
        handle = client.get_workflow_handle(workflow_id(bench.workspace_id, started.execution_id))
        history = (await handle.fetch_history()).to_json()
        assert secret not in history
        assert len(history) < 60_000
        stored = await bench.stored(started.execution_id)
        assert stored.input["large"] == large
