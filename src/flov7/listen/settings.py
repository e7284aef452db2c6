"""Settings of the listener."""

from __future__ import annotations

from pydantic import Field

from flov7.kit.settings import Settings


class ListenSettings(Settings):
    """Read from `FLOV7_…`."""

    listen_host: str = Field(default="127.0.0.1", description="Where the listener's health and metrics are.")
    listen_port: int = Field(default=8003, ge=0, le=65535, description="Their port.")
    listen_lease: float = Field(
        default=15.0, gt=1, description="Seconds after which another listener takes over from one that died."
    )
    listen_most: int = Field(default=500, ge=1, description="Triggers that one listener listens for at once.")
