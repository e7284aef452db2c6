"""One answer of the scripted model, as data."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flov7.llm.testing.request import Request


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model asks for. `raw` stands in for the arguments where they shall be no JSON."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    raw: str | None = None

    @property
    def text(self) -> str:
        """The arguments as they go over the wire."""
        return json.dumps(self.arguments) if self.raw is None else self.raw


@dataclass(frozen=True, slots=True)
class Scripted:
    """One answer. `value` is sent as JSON, `text` as it is, `calls` ask for tools.

    `status` other than 200 is an error of that status, with `retry_after` seconds in its header; `delay` seconds pass
    before the answer, `pause` between two pieces of a stream; `refusal` refuses; `cut` says that the answer was cut
    off; `closes` breaks the connection before the answer, or amid the stream where one was asked for; `filtered`
    says that the content was held back.
    """

    text: str = ""
    value: Any = None
    calls: tuple[ToolCall, ...] = ()
    status: int = 200
    retry_after: float | None = None
    delay: float = 0.0
    pause: float = 0.0
    refusal: str | None = None
    cut: bool = False
    filtered: bool = False
    closes: bool = False

    @property
    def content(self) -> str:
        """What the model says."""
        return self.text if self.value is None else json.dumps(self.value)


Play = Callable[[Request], Scripted]
"""Answers a request."""
