"""Who asks, under which request id: at hand wherever one request is worked on."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flov7.kit.clock import utc_text
from flov7.kit.ids import request_id

API = "/api/v1"
"""Where the API lives."""
VERSION = "v1.0"
"""The version that every answer's `meta` names."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The key that a request came with, and the workspace that it opens."""

    key_id: str
    workspace_id: str
    name: str
    scopes: tuple[str, ...]

    @property
    def who(self) -> str:
        """As it stands in records: `key:NAME`."""
        return f"key:{self.name}"

    def may(self, wanted: str) -> bool:
        """Whether a scope like `workflows:read` is among what the key has (`*`, `workflows:*`, `*:read`)."""
        noun, _, verb = wanted.partition(":")
        return any(scope in self.scopes for scope in ("*", "admin", wanted, f"{noun}:*", f"*:{verb}"))

    def may_give(self, scope: str) -> bool:
        """Whether a key with that scope may do no more than this one."""
        return (
            "*" in self.scopes
            or "admin" in self.scopes
            or scope in self.scopes
            or ("*" not in scope and scope != "admin" and self.may(scope))
        )


@dataclass(slots=True)
class RequestFacts:
    """What is known of the request so far; the log line at its end is made of it."""

    request_id: str = field(default_factory=request_id)
    actor: Actor | None = None
    workspace_id: str | None = None
    workflow_id: str | None = None
    execution_id: str | None = None
    step: str | None = None


_current: ContextVar[RequestFacts | None] = ContextVar("flov7_request", default=None)


def enter(facts: RequestFacts) -> None:
    """From now on this task works on that request."""
    _current.set(facts)


def current() -> RequestFacts:
    """The request that is being worked on; outside of one, a new id."""
    return _current.get() or RequestFacts()


def meta() -> dict[str, str]:
    """The envelope's `meta`."""
    return {"timestamp": utc_text(datetime.now(UTC)), "request_id": current().request_id, "version": VERSION}
