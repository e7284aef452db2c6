"""Settings of our own processes."""

from __future__ import annotations

from pydantic import Field

from flov7.kit.settings import Settings


class StackSettings(Settings):
    """Read from `FLOV7_…`."""

    worker_host: str = Field(default="127.0.0.1", description="Where the worker's health and metrics are.")
    worker_port: int = Field(default=8001, ge=0, le=65535, description="Their port.")
    start_patience: float = Field(
        default=30.0, gt=0, description="Seconds that `flov7 up` gives a service to become ready."
    )
