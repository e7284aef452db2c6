"""Journal, leases, effects, events and finished runs on real PostgreSQL, with many callers at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from flov7.kit.errors import Conflict, Invalid
from flov7.kit.ids import new_id
from flov7.store import effects, events, executions
from flov7.store.database import Database
from flov7.store.effects import EffectKey, Reserve
from flov7.store.executions import Execution, Wanted
from flov7.store.journal import Arrival

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def arrival(workspace_id: str, **changes: Any) -> Arrival:
    execution_id = changes.pop("execution_id", None) or new_id()
    facts: dict[str, Any] = {
        "workspace_id": workspace_id, "workflow_id": "wf", "workflow_version": 1, "plan_digest": "p",
        "mode": "express", "trigger": "start", "event_id": execution_id, "payload": {"order": {"total": 5}},
        "clock": NOW, "seed": -7, "lease_owner": "a", "lease_until": NOW + timedelta(seconds=60),
    }  # fmt: skip
    return Arrival(execution_id=execution_id, **{**facts, **changes})


def run(workspace_id: str, **changes: Any) -> Execution:
    facts: dict[str, Any] = {
        "id": new_id(), "workflow_id": "wf", "workflow_version": 1, "plan_digest": "p", "mode": "express",
        "status": "succeeded", "trigger": "start", "event_id": "e", "created_at": NOW, "started_at": NOW,
        "finished_at": NOW, "input": {"a": 1}, "output": {"b": [2]},
    }  # fmt: skip
    return Execution(workspace_id=workspace_id, **{**facts, **changes})


def numbered(first: int, last: int) -> list[dict[str, Any]]:
    return [{"n": n, "type": "step", "text": f"event {n}"} for n in range(first, last + 1)]


class TestAccepting:
    async def test_a_second_delivery_finds_the_first_run(self, database: Database, workspace_id: str) -> None:
        first = await database.journal.accept(arrival(workspace_id, event_id="order-1"))
        second = await database.journal.accept(arrival(workspace_id, event_id="order-1"))
        assert (first.created, second.created) == (True, False)
        assert second.execution_id == first.execution_id

    async def test_many_deliveries_at_once_make_one_run(self, database: Database, workspace_id: str) -> None:
        answers = await asyncio.gather(
            *(database.journal.accept(arrival(workspace_id, event_id="storm")) for _ in range(200))
        )
        assert len({answer.execution_id for answer in answers}) == 1
        assert sum(answer.created for answer in answers) == 1

    async def test_the_same_id_in_another_workflow_is_another_event(
        self, database: Database, workspace_id: str
    ) -> None:
        answers = [await database.journal.accept(arrival(workspace_id, event_id="x", workflow_id=w)) for w in "ab"]
        assert all(answer.created for answer in answers)

    async def test_a_repeated_try_of_the_same_run_is_ours(self, database: Database, workspace_id: str) -> None:
        ours = arrival(workspace_id, event_id="retry")
        assert (await database.journal.accept(ours)).created
        assert (await database.journal.accept(ours)).created

    async def test_one_bad_row_fails_alone(self, database: Database, workspace_id: str) -> None:
        bad = arrival(workspace_id, event_id="nul\x00byte")
        answers = await asyncio.gather(
            *(database.journal.accept(a) for a in [arrival(workspace_id), bad, arrival(workspace_id)]),
            return_exceptions=True,
        )
        assert isinstance(answers[1], Invalid)
        assert [getattr(answers[n], "created", None) for n in (0, 2)] == [True, True]

    async def test_is_read_back_whole_and_lies_sealed(
        self, database: Database, workspace_id: str, postgres_url: str
    ) -> None:
        ours = arrival(workspace_id, payload={"card": "4111-plain"})
        await database.journal.accept(ours)
        entry = await database.journal.get(ours.execution_id)
        assert entry is not None
        assert (entry.payload, entry.seed, entry.clock, entry.epoch) == ({"card": "4111-plain"}, -7, NOW, 1)
        admin = await asyncpg.connect(postgres_url)
        raw = await admin.fetchval("SELECT payload FROM journal WHERE execution_id = $1", ours.execution_id)
        await admin.close()
        assert b"4111" not in raw


class TestLeases:
    async def test_an_expired_run_is_claimed_once_among_many(self, database: Database, workspace_id: str) -> None:
        wanted = {(await database.journal.accept(arrival(workspace_id))).execution_id for _ in range(20)}
        later = NOW + timedelta(seconds=61)
        until = later + timedelta(seconds=60)
        claims = await asyncio.gather(
            *(database.journal.claim_expired(f"p{n}", now=later, until=until, limit=7) for n in range(5))
        )
        claimed = [entry.execution_id for entries in claims for entry in entries]
        assert len(claimed) == len(set(claimed))
        rest = await database.journal.claim_expired("last", now=later, until=until, limit=1000)
        assert wanted <= set(claimed) | {entry.execution_id for entry in rest}
        assert {entry.epoch for entry in rest} <= {2}

    async def test_the_former_holder_can_write_nothing_more(self, database: Database, workspace_id: str) -> None:
        ours = arrival(workspace_id, lease_until=NOW - timedelta(days=1))
        await database.journal.accept(ours)
        until = NOW + timedelta(days=1)
        claimed = await database.journal.claim_expired("b", now=NOW - timedelta(hours=1), until=until)
        assert [entry.execution_id for entry in claimed] == [ours.execution_id]
        key = EffectKey(ours.execution_id, "pay")
        wish = Reserve(
            key=key, workspace_id=workspace_id, effect="write", idempotency_key="k", input_digest="d", epoch=1
        )
        writes = [
            database.journal.renew(ours.execution_id, epoch=1, until=until),
            database.journal.save_outputs(ours.execution_id, workspace_id=workspace_id, epoch=1, outputs={}),
            database.journal.hand_over(ours.execution_id, epoch=1),
            database.effects.reserve(wish),
            database.executions.finish(run(workspace_id, id=ours.execution_id), events=[], epoch=1),
        ]
        for write in writes:
            with pytest.raises(Conflict) as caught:
                await write
            assert caught.value.error_code == "journal.fenced"
        async with database.workspace(workspace_id) as scope:
            assert await effects.of_execution(scope, ours.execution_id) == []
            found = await executions.get(scope, ours.execution_id)
        assert found is not None
        assert found.status == "accepted"
        await database.journal.renew(ours.execution_id, epoch=2, until=until)

    async def test_a_handed_over_run_keeps_its_outputs_and_is_claimed_until_it_has_started(
        self, database: Database, workspace_id: str
    ) -> None:
        ours = arrival(workspace_id)
        await database.journal.accept(ours)
        await database.journal.save_outputs(
            ours.execution_id, workspace_id=workspace_id, epoch=1, outputs={"step": {"x": 1}}
        )
        entry = await database.journal.hand_over(ours.execution_id, epoch=1)
        assert (entry.outputs, entry.mode, entry.state) == ({"step": {"x": 1}}, "durable", "accepted")
        far = datetime.now(UTC) + timedelta(days=9)
        claimed = await database.journal.claim_expired("b", now=far, until=far, limit=10_000)
        again = next(one for one in claimed if one.execution_id == ours.execution_id)
        assert again.outputs == {"step": {"x": 1}}
        await database.journal.start(ours.execution_id)
        later = far + timedelta(days=9)
        claimed = await database.journal.claim_expired("b", now=later, until=later, limit=10_000)
        assert ours.execution_id not in {entry.execution_id for entry in claimed}


def wish(workspace_id: str, key: EffectKey, **changes: Any) -> Reserve:
    facts = {"effect": "write", "idempotency_key": "k", "input_digest": "d", **changes}
    return Reserve(key=key, workspace_id=workspace_id, **facts)


class TestEffects:
    async def test_a_recorded_effect_gives_its_output_again(self, database: Database, workspace_id: str) -> None:
        key = EffectKey(new_id(), "pay", "orders[3]", 1)
        assert (await database.effects.reserve(wish(workspace_id, key))).granted
        await database.effects.record(key, workspace_id=workspace_id, output={"paid": True})
        again = await database.effects.reserve(wish(workspace_id, key, again=True))
        assert (again.granted, again.state, again.output) == (False, "recorded", {"paid": True})

    async def test_a_reserved_one_is_not_granted_again_unless_it_may_be_repeated(
        self, database: Database, workspace_id: str
    ) -> None:
        key = EffectKey(new_id(), "pay")
        await database.effects.reserve(wish(workspace_id, key, input_digest="first"))
        found = await database.effects.reserve(wish(workspace_id, key, input_digest="second"))
        assert (found.granted, found.state, found.input_digest) == (False, "reserved", "first")
        repeated = await database.effects.reserve(wish(workspace_id, key, again=True))
        assert (repeated.granted, repeated.attempts) == (True, 2)

    async def test_a_released_one_may_be_tried_again(self, database: Database, workspace_id: str) -> None:
        key = EffectKey(new_id(), "pay")
        await database.effects.reserve(wish(workspace_id, key))
        await database.effects.release(key)
        assert (await database.effects.reserve(wish(workspace_id, key))).granted

    async def test_a_doubtful_one_waits_and_is_recorded_by_a_person(
        self, database: Database, workspace_id: str
    ) -> None:
        key = EffectKey(new_id(), "pay")
        await database.effects.reserve(wish(workspace_id, key))
        await database.effects.doubt(key)
        assert (await database.effects.reserve(wish(workspace_id, key))).state == "in_doubt"
        await database.effects.record(key, workspace_id=workspace_id, output="it was done")
        with pytest.raises(Conflict):
            await database.effects.release(key)
        async with database.workspace(workspace_id) as scope:
            (row,) = await effects.of_execution(scope, key.execution_id)
        assert (row.state, row.output, row.attempts) == ("recorded", "it was done", 1)

    async def test_many_wishes_for_one_effect_are_granted_once(self, database: Database, workspace_id: str) -> None:
        key = EffectKey(new_id(), "pay")
        found = await asyncio.gather(*(database.effects.reserve(wish(workspace_id, key)) for _ in range(50)))
        assert sum(answer.granted for answer in found) == 1

    async def test_a_fenced_wish_does_not_hurt_its_batch(self, database: Database, workspace_id: str) -> None:
        ours = arrival(workspace_id)
        await database.journal.accept(ours)
        good = EffectKey(ours.execution_id, "a")
        stale = EffectKey(ours.execution_id, "b")
        answers = await asyncio.gather(
            database.effects.reserve(wish(workspace_id, good, epoch=1, outputs={"so": "far"})),
            database.effects.reserve(wish(workspace_id, stale, epoch=9)),
            database.effects.reserve(wish(workspace_id, EffectKey(new_id(), "c"))),
            return_exceptions=True,
        )
        assert [getattr(answer, "granted", None) for answer in answers] == [True, None, True]
        assert isinstance(answers[1], Conflict)
        entry = await database.journal.get(ours.execution_id)
        assert entry is not None
        assert entry.outputs == {"so": "far"}

    async def test_another_workspace_does_not_see_them(self, database: Database, workspace_id: str) -> None:
        key = EffectKey(new_id(), "pay")
        await database.effects.reserve(wish(workspace_id, key))
        async with database.workspace("somebody-else") as scope:
            assert await effects.of_execution(scope, key.execution_id) == []


class TestFinishing:
    async def test_a_finished_run_is_one_row(self, database: Database, workspace_id: str, postgres_url: str) -> None:
        ours = arrival(workspace_id)
        await database.journal.accept(ours)
        ended = run(workspace_id, id=ours.execution_id, error={"code": "code-x"}, handled=[{"step": "s"}])
        await database.events.append(ended.id, workspace_id=workspace_id, events=numbered(1, 3))
        assert await database.executions.finish(ended, events=numbered(1, 5), epoch=1) == "saved"
        await database.events.append(ended.id, workspace_id=workspace_id, events=numbered(4, 6))
        async with database.workspace(workspace_id) as scope:
            found = await executions.get(scope, ended.id)
            assert [event["n"] for event in await events.read(scope, ended.id)] == [1, 2, 3, 4, 5]
            assert [event["n"] for event in await events.read(scope, ended.id, after=3, limit=1)] == [4]
        assert found is not None
        assert (found.input, found.output, found.error) == ({"a": 1}, {"b": [2]}, {"code": "code-x"})
        assert (found.handled, found.event_count, found.finished_at) == ([{"step": "s"}], 5, NOW)
        admin = await asyncpg.connect(postgres_url)
        assert await admin.fetchval("SELECT count(*) FROM execution_events WHERE execution_id = $1", ended.id) == 0
        raw = await admin.fetchrow("SELECT * FROM workflow_executions WHERE id = $1", ended.id)
        assert not [name for name, value in raw.items() if isinstance(value, bytes) and b"code-x" in value]
        assert "code-x" not in str({name: value for name, value in raw.items() if not isinstance(value, bytes)})
        entry = await admin.fetchrow("SELECT * FROM journal WHERE execution_id = $1", ended.id)
        await admin.close()
        assert (entry["state"], entry["payload"], entry["outputs"]) == ("done", None, None)

    async def test_a_second_end_changes_nothing(self, database: Database, workspace_id: str) -> None:
        ended = run(workspace_id)
        assert await database.executions.finish(ended, events=numbered(1, 2)) == "saved"
        other = run(workspace_id, id=ended.id, status="failed")
        assert await database.executions.finish(other, events=[]) == "already"
        async with database.workspace(workspace_id) as scope:
            found = await executions.get(scope, ended.id)
            assert len(await events.read(scope, ended.id)) == 2
        assert found is not None
        assert found.status == "succeeded"

    async def test_a_begun_run_is_seen_while_it_runs(self, database: Database, workspace_id: str) -> None:
        begun = run(workspace_id, status="queued", started_at=None, finished_at=None, output=None)
        await database.executions.begin(begun)
        await database.events.append(begun.id, workspace_id=workspace_id, events=numbered(1, 2), status="waiting")
        await database.events.append(begun.id, workspace_id=workspace_id, events=numbered(1, 4), status="in_doubt")
        await database.events.append(begun.id, workspace_id=workspace_id, events=numbered(2, 3), status="running")
        async with database.workspace(workspace_id) as scope:
            found = await executions.get(scope, begun.id)
            assert [event["n"] for event in await events.read(scope, begun.id, after=1)] == [2, 3, 4]
        assert found is not None
        assert (found.status, found.started_at, found.input) == ("in_doubt", None, {"a": 1}), (
            "a late repetition sets it back"
        )
        assert await database.executions.finish(run(workspace_id, id=begun.id), events=numbered(1, 4)) == "saved"
        await database.events.append(begun.id, workspace_id=workspace_id, events=numbered(5, 6), status="running")
        async with database.workspace(workspace_id) as scope:
            found = await executions.get(scope, begun.id)
        assert found is not None
        assert found.status == "succeeded"

    async def test_pages_go_from_the_newest_to_the_oldest(self, database: Database, workspace_id: str) -> None:
        made = [run(workspace_id, workflow_id="w1", status="failed" if n % 2 else "succeeded") for n in range(9)]
        await asyncio.gather(*(database.executions.finish(one, events=[]) for one in made))
        seen: list[str] = []
        cursor = None
        async with database.workspace(workspace_id) as scope:
            while True:
                page = await executions.page(scope, wanted=Wanted(workflow_id="w1"), cursor=cursor, limit=4)
                seen += [one.id for one in page.items]
                cursor = page.next_cursor
                if cursor is None:
                    break
            failed = await executions.page(scope, wanted=Wanted(status="failed"))
        assert seen == sorted((one.id for one in made), reverse=True)
        assert len(failed.items) == 4

    async def test_what_is_accepted_and_not_begun_is_listed_in_its_place(
        self, database: Database, workspace_id: str
    ) -> None:
        older = run(workspace_id)
        accepted = arrival(workspace_id, mode="durable", payload={"payload": {"order": 1}, "headers": {"a": "b"}})
        newer = run(workspace_id)
        await database.executions.finish(older, events=[])
        await database.journal.accept(accepted)
        await database.executions.finish(newer, events=[])
        ids = [newer.id, accepted.execution_id, older.id]
        async with database.workspace(workspace_id) as scope:
            first = await executions.page(scope, limit=2)
            rest = await executions.page(scope, limit=2, cursor=first.next_cursor)
            waiting = await executions.page(scope, wanted=Wanted(status="accepted"))
            found = await executions.get(scope, accepted.execution_id)
        assert [one.id for one in [*first.items, *rest.items]] == ids
        assert [one.id for one in waiting.items] == [accepted.execution_id]
        assert found is not None
        assert (found.status, found.input) == ("accepted", {"order": 1})
        assert await database.journal.waiting() >= 1
        await database.executions.finish(run(workspace_id, id=accepted.execution_id), events=[])
        async with database.workspace(workspace_id) as scope:
            page = await executions.page(scope)
        assert [one.id for one in page.items] == ids

    async def test_another_workspace_finds_nothing(self, database: Database, workspace_id: str) -> None:
        ended = run(workspace_id)
        await database.executions.finish(ended, events=numbered(1, 1))
        async with database.workspace("somebody-else") as scope:
            assert await executions.get(scope, ended.id) is None
            assert await events.read(scope, ended.id) == []
            assert (await executions.page(scope)).items == []
