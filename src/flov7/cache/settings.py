"""Where Redis is."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from flov7.kit.settings import Settings

_LOCAL = "redis://127.0.0.1:6379/0"


class CacheSettings(Settings):
    """`FLOV7_REDIS_…`."""

    redis_url: SecretStr = SecretStr(_LOCAL)
    """Redis or Valkey: `redis://:password@host:6379/0`, or `rediss://` for TLS."""
    redis_timeout: float = Field(default=1.0, gt=0, le=60)
    """Seconds after which Redis counts as away."""
    redis_prefix: str = "flov7:"
    """Put before every key and channel, so that several installations can share one Redis."""

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must be an address like redis://:password@host:6379/0")
        return value

    @model_validator(mode="after")
    def _no_default_in_production(self) -> Self:
        if self.in_production and self.redis_url.get_secret_value() == _LOCAL:
            raise ValueError("FLOV7_REDIS_URL is the default; set the address of your Redis")
        return self
