"""Sealing: bound to its place, altered nowhere, readable over both rotations."""

from __future__ import annotations

import base64
import os

import asyncpg
import pytest
from pydantic import SecretStr

from flov7.kit.errors import FlowError, Misconfigured
from flov7.store import connections
from flov7.store.database import Database
from flov7.store.settings import StoreSettings
from flov7.store.vault import MasterKeys, Vault, number_of


class TestSealing:
    async def test_opens_only_in_its_place(self, database: Database, workspace_id: str) -> None:
        vault = database.vault
        sealed = await vault.seal(workspace_id, b"words", table="secrets", row="1")
        assert await vault.open(workspace_id, sealed, table="secrets", row="1") == b"words"
        for place in ({"table": "secrets", "row": "2"}, {"table": "plans", "row": "1"}):
            with pytest.raises(FlowError) as caught:
                await vault.open(workspace_id, sealed, **place)
            assert caught.value.error_code == "vault.damaged"

    async def test_every_altered_byte_is_noticed(self, database: Database, workspace_id: str) -> None:
        sealed = await database.vault.seal(workspace_id, b"words " * 100, table="t", row="1")
        for position in range(len(sealed)):
            altered = bytearray(sealed)
            altered[position] ^= 1
            with pytest.raises(FlowError):
                await database.vault.open(workspace_id, bytes(altered), table="t", row="1")

    async def test_long_values_are_packed_and_equal_ones_look_different(
        self, database: Database, workspace_id: str
    ) -> None:
        plain = b"the same words " * 1000
        first = await database.vault.seal(workspace_id, plain, table="t", row="1")
        second = await database.vault.seal(workspace_id, plain, table="t", row="1")
        assert first != second
        assert len(first) < len(plain) / 10
        assert await database.vault.open(workspace_id, first, table="t", row="1") == plain


class TestDataKeyRotation:
    async def test_old_values_open_and_new_ones_have_the_new_key(
        self, database: Database, workspace_id: str, store_settings: StoreSettings
    ) -> None:
        other = await Database.open(store_settings)  # another process, with its keys in memory
        old = await database.vault.seal(workspace_id, b"old", table="t", row="1")
        await other.vault.sealer(workspace_id)
        async with database.workspace(workspace_id) as scope:
            await connections.put_secret(scope, "s", value={"k": 1})
        number = await database.vault.rotate_data_key(workspace_id)
        new = await database.vault.seal(workspace_id, b"new", table="t", row="1")
        assert (number_of(old), number_of(new), number) == (1, 2, 2)
        assert await database.vault.open(workspace_id, old, table="t", row="1") == b"old"
        assert await other.vault.open(workspace_id, new, table="t", row="1") == b"new"
        await other.close()
        async with database.workspace(workspace_id) as scope:
            assert await connections.reseal_secrets(scope) == 1
            row = await scope.row(connections.tables.secrets.select())
            assert row is not None
            assert number_of(row["body"]) == 2
            assert await connections.secret(scope, "s") == {"k": 1}


class TestMasterKeyRotation:
    async def test_after_rewrapping_the_old_key_is_not_needed(
        self, database: Database, workspace_id: str, store_settings: StoreSettings, postgres_url: str
    ) -> None:
        sealed = await database.vault.seal(workspace_id, b"kept", table="t", row="1")
        (old,) = [base64.b64decode(store_settings.master_key.get_secret_value())]
        new = os.urandom(32)
        alone = Vault(database.pool, masters=MasterKeys(new))
        with pytest.raises(Misconfigured, match="not known"):
            await alone.open(workspace_id, sealed, table="t", row="1")
        both = Vault(database.pool, masters=MasterKeys(new, old=[old]))
        assert await both.open(workspace_id, sealed, table="t", row="1") == b"kept"
        assert await both.rewrap() >= 1
        assert await both.rewrap() == 0
        fresh = Vault(database.pool, masters=MasterKeys(new))
        assert await fresh.open(workspace_id, sealed, table="t", row="1") == b"kept"
        back = Vault(database.pool, masters=MasterKeys(old, old=[new]))
        await back.rewrap()

    async def test_a_swapped_data_key_is_noticed(
        self, database: Database, workspace_id: str, postgres_url: str
    ) -> None:
        await database.vault.sealer(workspace_id)
        admin = await asyncpg.connect(postgres_url)
        await admin.execute(
            "UPDATE data_keys SET wrapped = set_byte(wrapped, 20, (get_byte(wrapped, 20) + 1) % 256) "
            "WHERE workspace_id = $1",
            workspace_id,
        )
        await admin.close()
        settings = StoreSettings.load()
        with pytest.raises(FlowError, match="altered"):
            await Vault(database.pool, masters=MasterKeys.of(settings)).sealer(workspace_id)


class TestSettings:
    @pytest.mark.parametrize(
        ("name", "value", "words"),
        [
            ("FLOV7_MASTER_KEY", "short", "base64"),
            ("FLOV7_MASTER_KEY", base64.b64encode(b"x" * 16).decode(), "16 bytes instead of 32"),
            ("FLOV7_DATABASE_URL", "mysql://x", "postgresql://"),
            ("FLOV7_ENVIRONMENT", "production", "development key"),
        ],
    )
    def test_an_error_names_the_variable_and_the_mend(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
    ) -> None:
        monkeypatch.setenv(name, value)
        with pytest.raises(Misconfigured) as caught:
            StoreSettings.load()
        assert words in caught.value.message

    def test_production_refuses_the_default_database(self) -> None:
        key = SecretStr(base64.b64encode(os.urandom(32)).decode())
        with pytest.raises(Misconfigured, match="FLOV7_DATABASE_URL is the default"):
            StoreSettings.load(environment="production", master_key=key)

    def test_nothing_secret_is_shown(self) -> None:
        settings = StoreSettings.load(database_url="postgresql://u:hunter22@h/d")
        assert "hunter22" not in repr(settings)
