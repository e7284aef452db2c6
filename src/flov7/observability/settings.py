"""How much is logged, and in which form."""

from __future__ import annotations

from typing import Literal

from flov7.kit.settings import Settings


class ObservabilitySettings(Settings):
    """`FLOV7_LOG_…`."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged; `FLOV7_DEBUG=true` means debug."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """`json`, one object a line; `console`, for eyes; `auto`, console on a terminal and json otherwise."""
