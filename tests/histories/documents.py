"""The documents whose runs are recorded: together they make every command that the interpreter gives to Temporal."""

from __future__ import annotations

from typing import Any

from flov7.engine.messages import Approve, Message
from tests.scenarios.build import asks, call, loop, post, sets, waits

RECORDED: dict[str, tuple[list[dict[str, Any]], Any, tuple[Message, ...]]] = {
    "calls_and_conditions": (
        [
            call("a", timeout=5),
            asks("c", "x > 1", if_true="b", if_false="d"),
            post("b"),
            call("d"),
            sets("m", v="x + 1"),
        ],
        {"x": 2},
        (),
    ),
    "loops_side_by_side": (
        [
            loop("l", call("a", timeout=5), post("b", timeout=5), over="[1, 2, 3, 4]", concurrency=2),
            sets("m", n="len(l)"),
        ],
        {},
        (),
    ),
    "waits_and_messages": (
        [waits("w", "approval", timeout="1h"), waits("t", "time", duration="50ms"), call("a", timeout=5)],
        {},
        (Approve(step="w", by="Eve"),),
    ),
    "parallel_branches": (
        [call("a", timeout=5), call("b", after=["a"], timeout=5), call("c", after=["a"]), call("d", timeout=5)],
        {},
        (),
    ),
}
"""Name to document, payload, messages."""
