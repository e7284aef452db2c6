"""Where the database is and which key seals; production refuses what is only good for trying out."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from flov7.kit import durations
from flov7.kit.settings import Settings

_LOCAL = "postgresql://{role}:{role}@127.0.0.1:5432/flov7"
DEVELOPMENT_KEY = base64.b64encode(hashlib.sha256(b"flov7 development key").digest()).decode()


class StoreSettings(Settings):
    """`FLOV7_DATABASE_…` and `FLOV7_MASTER_KEY…`."""

    database_url: SecretStr = SecretStr(_LOCAL.format(role="flov7_app"))
    """PostgreSQL as the role `flov7_app`: `postgresql://…`; what people's requests run as."""
    database_engine_url: SecretStr = SecretStr(_LOCAL.format(role="flov7_engine"))
    """The same database as the role `flov7_engine`: journal, effects, events, runs."""
    database_owner_url: SecretStr | None = None
    """The same database as the role `flov7_owner`; needed only to migrate."""
    database_pool_size: int = Field(default=10, ge=1, le=500)
    """Connections that one process holds at most for each of the two roles."""
    database_timeout: float = Field(default=5.0, gt=0, le=300)
    """Seconds to wait for a connection before the answer is 503."""
    database_statement_cache: int = Field(default=256, ge=0)
    """Prepared statements kept per connection; 0 behind a pooler that shares connections (PgBouncer, Supavisor)."""
    master_key: SecretStr = SecretStr(DEVELOPMENT_KEY)
    """32 random bytes in base64 that wrap every workspace's data key."""
    master_keys_old: SecretStr = SecretStr("")
    """Earlier master keys, separated by commas, until every data key is wrapped anew."""

    keep_event_ids: str = "30d"
    """How long a second delivery of an event finds its first run."""
    keep_answers: str = "1d"
    """How long a request repeated with its `Idempotency-Key` gets the first answer."""

    @field_validator("keep_event_ids", "keep_answers")
    @classmethod
    def _durations(cls, value: str) -> str:
        if not durations.is_duration(value):
            raise ValueError(durations.HOW_TO_WRITE)
        return value

    @field_validator("database_url", "database_engine_url", "database_owner_url")
    @classmethod
    def _postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must be an address like postgresql://user:password@host:5432/flov7")
        return value

    @field_validator("master_key", "master_keys_old")
    @classmethod
    def _keys(cls, value: SecretStr) -> SecretStr:
        keys_in(value)
        return value

    @model_validator(mode="after")
    def _no_defaults_in_production(self) -> Self:
        if self.in_production and self.master_key.get_secret_value() == DEVELOPMENT_KEY:
            raise ValueError(
                "FLOV7_MASTER_KEY is the development key, which everybody knows; make one with "
                "`openssl rand -base64 32` and keep it safe: without it nothing sealed can be read"
            )
        passwords = (self.database_url.get_secret_value(), self.database_engine_url.get_secret_value())
        if self.in_production and passwords[0] == _LOCAL.format(role="flov7_app"):
            raise ValueError("FLOV7_DATABASE_URL is the default; set the address of your PostgreSQL")
        if self.in_production and passwords[1] == _LOCAL.format(role="flov7_engine"):
            raise ValueError("FLOV7_DATABASE_ENGINE_URL is the default; set the address of your PostgreSQL")
        return self


def keys_in(value: SecretStr) -> list[bytes]:
    """The keys in a setting; `ValueError` says how one looks."""
    keys: list[bytes] = []
    for text in filter(None, (part.strip() for part in value.get_secret_value().split(","))):
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ValueError("is no base64; make a key with `openssl rand -base64 32`") from error
        if len(key) != 32:
            raise ValueError(f"has {len(key)} bytes instead of 32; make a key with `openssl rand -base64 32`")
        keys.append(key)
    return keys
