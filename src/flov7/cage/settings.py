"""Settings of the cage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flov7.kit.settings import Settings


class CageSettings(Settings):
    """`FLOV7_CAGE…`."""

    cage: Literal["auto", "bubblewrap", "docker", "off"] = "auto"
    """Which cage runs the code of nodes; `auto`: bubblewrap, else Docker. Where none works no such code runs."""
    cage_image: str = ""
    """Docker's image, with a `python3`; empty: an empty one, into which this machine's Python is shown read-only."""
    cage_memory: int = Field(default=256, ge=32, le=8192)
    """Megabytes that the code may use."""
    cage_seconds: float = Field(default=10.0, gt=0, le=300)
    """Seconds that it may take."""
    cage_slots: int = Field(default=8, ge=1, le=200)
    """Cages at once in one process."""
