"""Keys, connections, templates, conversations, idempotency and what is noted beside the work."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from flov7.kit.errors import Conflict, FlowError, NotFound, Unavailable
from flov7.store import connections, conversations, idempotency, keys, records, tables, templates
from flov7.store.database import Database


class TestKeys:
    async def test_a_key_is_found_by_its_text_and_is_nowhere_in_the_clear(
        self, database: Database, workspace_id: str, postgres_url: str
    ) -> None:
        async with database.workspace(workspace_id) as scope:
            key, secret = await keys.create(scope, name="ci", scopes=["run"], created_by="ann")
        found = await keys.find(database, secret)
        assert found is not None
        assert (found.id, found.workspace_id, found.scopes) == (key.id, workspace_id, ("run",))
        assert await keys.find(database, secret + "x") is None
        admin = await asyncpg.connect(postgres_url)
        row = await admin.fetchrow("SELECT api_keys::text AS all FROM api_keys WHERE id = $1", key.id)
        await admin.close()
        assert secret not in row["all"]
        async with database.workspace(workspace_id) as scope:
            (listed,) = await keys.listed(scope)
        assert listed.last_used_at is not None

    async def test_a_revoked_or_expired_key_opens_nothing(self, database: Database, workspace_id: str) -> None:
        past = datetime.now(UTC) - timedelta(seconds=1)
        async with database.workspace(workspace_id) as scope:
            key, secret = await keys.create(scope, name="a", scopes=[], created_by="ann")
            _, late = await keys.create(scope, name="b", scopes=[], created_by="ann", expires_at=past)
            await keys.revoke(scope, key.id)
            with pytest.raises(NotFound):
                await keys.revoke(scope, "nothing")
        assert await keys.find(database, secret) is None
        assert await keys.find(database, late) is None


class TestConnections:
    async def test_a_secret_goes_in_sealed_and_rotates(
        self, database: Database, workspace_id: str, postgres_url: str
    ) -> None:
        async with database.workspace(workspace_id) as scope:
            made = await connections.create(
                scope, name="mail", service="smtp", kind="api", credentials_type="basic",
                credentials={"username": "u", "password": "hunter22"}, config={"host": "h"},
            )  # fmt: skip
            assert made.secret == "mail"
            assert "hunter22" not in repr(made)
            await connections.put_secret(scope, "mail", value={"password": "rotated!"})
            assert await connections.secret(scope, "mail") == {"password": "rotated!"}
            tested = await connections.tested(scope, "mail", passed=False, message="refused")
            assert (tested.test_passed, tested.test_message) == (False, "refused")
            assert [one.name for one in await connections.listed(scope)] == ["mail"]
        admin = await asyncpg.connect(postgres_url)
        body = await admin.fetchval("SELECT body FROM secrets WHERE workspace_id = $1", workspace_id)
        assert b"rotated" not in body
        async with database.workspace(workspace_id) as scope:
            await connections.delete(scope, "mail")
            with pytest.raises(NotFound):
                await connections.get(scope, "mail")
        assert await admin.fetchval("SELECT count(*) FROM secrets WHERE workspace_id = $1", workspace_id) == 0
        await admin.close()

    async def test_a_shared_secret_stays_with_the_other(self, database: Database, workspace_id: str) -> None:
        facts = {"service": "smtp", "kind": "api", "credentials_type": "basic", "secret": "shared"}
        async with database.workspace(workspace_id) as scope:
            await connections.create(scope, name="a", credentials={"k": 1}, **facts)
            await connections.create(scope, name="b", **facts)
            await connections.delete(scope, "a")
            assert await connections.secret(scope, "shared") == {"k": 1}

    async def test_the_engine_renews_secrets_but_neither_makes_nor_removes_them(
        self, database: Database, workspace_id: str
    ) -> None:
        async with database.workspace(workspace_id) as scope:
            await connections.put_secret(scope, "s", value={"k": 1})
        async with database.as_engine(workspace_id) as scope:
            assert await connections.secret(scope, "s") == {"k": 1}
            assert await connections.begin_renewing(scope, "s", lasts=timedelta(seconds=30))
            assert not await connections.begin_renewing(scope, "s", lasts=timedelta(seconds=30))
            await connections.end_renewing(scope, "s", changes={"t": 2})
            assert await connections.secret(scope, "s") == {"k": 1, "t": 2}
            assert await connections.begin_renewing(scope, "s", lasts=timedelta(seconds=30))
        with pytest.raises(FlowError):
            async with database.as_engine(workspace_id) as scope:
                await connections.put_secret(scope, "another", value={"k": 2})
        with pytest.raises(FlowError):
            async with database.as_engine(workspace_id) as scope:
                await scope.run(scope.delete(tables.secrets))


class TestTemplates:
    async def test_versions_stay_and_the_current_one_is_used(self, database: Database, workspace_id: str) -> None:
        async with database.workspace(workspace_id) as scope:
            await templates.create(scope, name="welcome", subject="Hi", text="One", created_by="ann")
            second = await templates.save(
                scope, "welcome", subject="Hi", text="Two", html="<b>", created_by="ben", inputs={"type": "object"}
            )
            assert (second.number, second.text, second.inputs) == (2, "Two", {"type": "object"})
            assert (await templates.get(scope, "welcome")).text == "Two"
            assert (await templates.get(scope, "welcome", number=1)).text == "One"
            assert [one.number for one in await templates.versions_of(scope, "welcome")] == [2, 1]
            assert [one.number for one in await templates.listed(scope)] == [2]
        with pytest.raises(Conflict):
            async with database.workspace(workspace_id) as scope:
                await templates.create(scope, name="welcome", subject="", text="", created_by="ann")
        async with database.workspace("another") as scope:
            with pytest.raises(NotFound):
                await templates.get(scope, "welcome")


class TestConversations:
    async def test_messages_are_numbered_and_sealed(
        self, database: Database, workspace_id: str, postgres_url: str
    ) -> None:
        async with database.workspace(workspace_id) as scope:
            made = await conversations.create(scope, title="Orders", started_by="ann")
            await conversations.say(scope, made.id, role="user", body={"text": "When an order comes"})
            await conversations.say(scope, made.id, role="assistant", body={"document": {"flow7": "1.0"}})
            await conversations.change(scope, made.id, state="done", workflow_id="w")
        async with database.workspace(workspace_id) as scope:
            said = await conversations.messages(scope, made.id)
            page = await conversations.page(scope)
        assert [(one.number, one.role) for one in said] == [(1, "user"), (2, "assistant")]
        assert said[0].body == {"text": "When an order comes"}
        assert [(one.state, one.workflow_id) for one in page.items] == [("done", "w")]
        admin = await asyncpg.connect(postgres_url)
        body = await admin.fetchval("SELECT body FROM conversation_messages WHERE conversation_id = $1", made.id)
        await admin.close()
        assert b"order" not in body


class TestIdempotency:
    async def test_the_same_request_gets_the_first_answer(self, database: Database, workspace_id: str) -> None:
        async with database.workspace(workspace_id) as scope:
            assert await idempotency.begin(scope, "k1", request_digest="d") is None
        with pytest.raises(Unavailable):
            async with database.workspace(workspace_id) as scope:
                await idempotency.begin(scope, "k1", request_digest="d")
        async with database.workspace(workspace_id) as scope:
            await idempotency.finish(scope, "k1", status=201, body={"id": 5})
        async with database.workspace(workspace_id) as scope:
            answer = await idempotency.begin(scope, "k1", request_digest="d")
            assert answer is not None
            assert (answer.status, answer.body) == (201, {"id": 5})
            with pytest.raises(Conflict) as caught:
                await idempotency.begin(scope, "k1", request_digest="other")
        assert caught.value.error_code == "idempotency.reused"

    async def test_only_one_of_many_at_once_goes_on(self, database: Database, workspace_id: str) -> None:
        async def begin() -> bool:
            async with database.workspace(workspace_id) as scope:
                return await idempotency.begin(scope, "k2", request_digest="d") is None

        answers = await asyncio.gather(*(begin() for _ in range(10)), return_exceptions=True)
        assert answers.count(True) == 1

    async def test_an_abandoned_key_may_be_used_again(
        self, database: Database, workspace_id: str, postgres_url: str
    ) -> None:
        for key in ("k3", "k4"):
            async with database.workspace(workspace_id) as scope:
                await idempotency.begin(scope, key, request_digest="d")
        async with database.workspace(workspace_id) as scope:
            await idempotency.abandon(scope, "k3")
            assert await idempotency.begin(scope, "k3", request_digest="d") is None
        admin = await asyncpg.connect(postgres_url)
        await admin.execute("UPDATE idempotency_keys SET created_at = now() - interval '1 hour' WHERE key = 'k4'")
        await admin.close()
        async with database.workspace(workspace_id) as scope:
            assert await idempotency.begin(scope, "k4", request_digest="d") is None


class TestRecords:
    async def test_the_audit_log_masks_secrets_and_cannot_be_changed(
        self, database: Database, workspace_id: str
    ) -> None:
        async with database.workspace(workspace_id) as scope:
            await records.audit(scope, who="ann", what="connection.create", target="c", details={"password": "x"})
        async with database.workspace(workspace_id) as scope:
            (entry,) = (await records.audit_page(scope, target="c")).items
        assert (entry.who, entry.details) == ("ann", {"password": "***"})

    async def test_a_notice_is_sent_once(self, database: Database, workspace_id: str) -> None:
        async def first() -> bool:
            async with database.as_engine(workspace_id) as scope:
                return await records.first_notice(scope, "run", kind="failed")

        assert sorted(await asyncio.gather(*(first() for _ in range(5)))) == [False] * 4 + [True]

    async def test_what_is_turned_away_is_counted(self, database: Database, workspace_id: str) -> None:
        for _ in range(3):
            async with database.workspace(workspace_id) as scope:
                await records.turned_away(scope, "wf", trigger="start", reason="when")
        async with database.workspace(workspace_id) as scope:
            assert await records.turned_away_counts(scope, "wf") == {("start", "when"): 3}
