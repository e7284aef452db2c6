"""Settings of the AI service."""

from __future__ import annotations

from pydantic import Field

from flov7.kit.settings import Settings


class AiSettings(Settings):
    """`FLOV7_AI_…`."""

    ai_host: str = "127.0.0.1"
    """Where health and metrics are served."""
    ai_port: int = Field(default=8002, ge=0, le=65535)
    """Their port."""
    ai_slots: int = Field(default=50, ge=1, le=1000)
    """AI steps at once in one service."""
    ai_crews: int = Field(default=8, ge=1, le=100)
    """Crews at once in one service; each has a thread of its own."""
    ai_folder: str = ""
    """Where CrewAI may keep what it writes while it works; empty: a folder that ends with the process."""
