"""Settings of the gateway."""

from __future__ import annotations

from pydantic import Field, field_validator

from flov7.kit.settings import Settings


class GatewaySettings(Settings):
    """Read from `FLOV7_…`."""

    gateway_host: str = Field(default="127.0.0.1", description="The address that it listens on.")
    gateway_port: int = Field(default=8000, ge=0, le=65535, description="The port that it listens on.")
    public_url: str = Field(
        default="http://127.0.0.1:8000", description="How the outside reaches it; stands in hooks' addresses."
    )
    max_body: int = Field(default=10_485_760, ge=1024, description="Largest body of a request in bytes.")
    longest_wait: float = Field(default=60.0, gt=0, le=600, description="Seconds that a request may wait for a run.")
    rate_limit: float = Field(
        default=100.0,
        ge=0,
        description="Requests a second that one key may make on average, ten seconds' worth at once; 0: no limit. "
        "Webhooks are not counted.",
    )
    key_cache_seconds: float = Field(
        default=5.0, ge=0, le=300, description="How long a key that was found good is not looked up again."
    )
    hook_cache_seconds: float = Field(
        default=30.0, ge=0, le=3600, description="How long hooks are remembered where nobody says that they changed."
    )
    stream_seconds: float = Field(default=15.0, gt=0, description="Seconds between two signs of life on a stream.")

    @field_validator("public_url")
    @classmethod
    def _whole(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must be an address like https://flov7.example.com")
        return value.rstrip("/")
