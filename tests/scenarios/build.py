"""Short words for documents, so that a scenario reads as what it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flov7.engine.messages import Message

Primitive = dict[str, Any]


def call(name: str, /, *, method: str = "GET", body: Any = None, key: bool = False, **more: Any) -> Primitive:
    """An HTTP call: `GET` reads, `POST` writes, with `key` the receiver honours our idempotency key."""
    config: dict[str, Any] = {"url": f"https://example.com/{name}", "method": method}
    if body is not None:
        config["json"] = body
    if key:
        config["idempotency"] = True
    return {"type": "action", "kind": "api_call", "name": name, "config": config, **more}


def post(name: str, /, **more: Any) -> Primitive:
    """A write."""
    return call(name, method="POST", **more)


def sets(name: str, /, **mapping: str) -> Primitive:
    """A mapping, written `new_name="expression"`."""
    more = {key: mapping.pop(key) for key in ("when",) if key in mapping}
    after = mapping.pop("after_", None)
    found: Primitive = {"type": "data", "kind": "mapping", "name": name, "mapping": {v: k for k, v in mapping.items()}}
    return {**found, **more, **({"after": after} if after is not None else {})}


def asks(name: str, logic: str, /, **sides: Any) -> Primitive:
    """An if_else."""
    return {"type": "condition", "kind": "if_else", "name": name, "logic": logic, **sides}


def gate(name: str, logic: str, /, **more: Any) -> Primitive:
    """A filter."""
    return {"type": "condition", "kind": "filter", "name": name, "logic": logic, **more}


def loop(name: str, /, *do: Primitive, **more: Any) -> Primitive:
    """A loop."""
    return {"type": "condition", "kind": "loop", "name": name, "do": list(do), **more}


def waits(name: str, what: str, /, **config: Any) -> Primitive:
    """A wait."""
    more = {key: config.pop(key) for key in ("on_error", "when") if key in config}
    return {"type": "action", "kind": "wait", "name": name, "config": {"for": what, **config}, **more}


def data(kind: str, name: str, /, **config: Any) -> Primitive:
    """Any data step."""
    return {"type": "data", "kind": kind, "name": name, "config": config}


class Fails:
    """An answer that is an error: `refused`, `unreachable`, `failed`, `timeout`."""

    def __init__(self, how: str, message: str = "no") -> None:
        self.how = how
        self.message = message


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One situation and what must come of it, in every runtime.

    `answers` gives what each call of a step answers, one after another (the last one for ever); `steps` is how each
    primitive ends, by key; `calls` what was called, in order where it is a list, in any order where it is a set.
    """

    name: str
    document: list[Primitive] | dict[str, Any]
    payload: Any = None
    answers: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    messages: tuple[Message, ...] = ()
    status: str = "succeeded"
    steps: dict[str, str] = field(default_factory=dict[str, str])
    output: Any = ...
    error: str | None = None
    calls: list[str] | set[str] | None = None
    handled: list[str] = field(default_factory=list[str])
    unmet: list[str] = field(default_factory=list[str])
    children: dict[str, Any] = field(default_factory=dict[str, Any])
