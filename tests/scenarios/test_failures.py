"""Failures, retries, handlers and steps in doubt, each in every runtime."""

from __future__ import annotations

from flov7.engine.messages import Resolve
from tests.scenarios.build import Fails, Scenario, asks, call, loop, post, sets
from tests.scenarios.checking import in_every_runtime

FAST = {"max_attempts": 3, "initial": 0.01, "maximum": 0.02}

SCENARIOS = [
    Scenario(
        name="a refused call fails the run and nothing new starts",
        document=[call("a"), call("b")],
        answers={"a": [Fails("refused", "404 not found")]},
        status="failed",
        error="step.refused",
        calls=["a"],
    ),
    Scenario(
        name="a read that fails is tried again",
        document=[call("a", retry=FAST)],
        answers={"a": [Fails("failed"), Fails("timeout"), {"status": 200}]},
        calls=["a", "a", "a"],
        steps={"a": "finished"},
    ),
    Scenario(
        name="retries are spent",
        document=[call("a", retry=FAST)],
        answers={"a": [Fails("failed")]},
        status="failed",
        error="step.failed",
        calls=["a", "a", "a"],
    ),
    Scenario(
        name="a refused call is not tried again",
        document=[call("a", retry=FAST)],
        answers={"a": [Fails("refused")]},
        status="failed",
        calls=["a"],
    ),
    Scenario(
        name="a write that surely did not happen is tried again",
        document=[post("a", retry=FAST)],
        answers={"a": [Fails("unreachable"), {"status": 201}]},
        calls=["a", "a"],
        steps={"a": "finished"},
    ),
    Scenario(
        name="a write with a key is tried again after a time-out",
        document=[post("a", key=True, retry=FAST)],
        answers={"a": [Fails("timeout"), {"status": 201}]},
        calls=["a", "a"],
    ),
    Scenario(
        name="a write without a key is in doubt after a time-out, and a person says done",
        document=[post("a", retry=FAST), sets("n", code="a.status")],
        answers={"a": [Fails("timeout")]},
        messages=(Resolve(step="a", verdict="done", output={"status": 299}, by="Eve"),),
        calls=["a"],
        output={"code": 299},
    ),
    Scenario(
        name="in doubt, and a person says repeat",
        document=[post("a", retry=FAST)],
        answers={"a": [Fails("timeout"), {"status": 201}]},
        messages=(Resolve(step="a", verdict="repeat"),),
        calls=["a", "a"],
        steps={"a": "finished"},
    ),
    Scenario(
        name="in doubt, and a person says fail",
        document=[post("a", retry=FAST), call("b")],
        answers={"a": [Fails("timeout")]},
        messages=(Resolve(step="a", verdict="fail"),),
        status="failed",
        calls=["a"],
    ),
    Scenario(
        name="in doubt and failed, and a handler takes it",
        document=[post("a", on_error="h"), call("h")],
        answers={"a": [Fails("timeout")]},
        messages=(Resolve(step="a", verdict="fail"),),
        calls=["a", "h"],
        handled=["a"],
    ),
    Scenario(
        name="a write that was answered with a failure is told and not repeated",
        document=[post("a", retry=FAST)],
        answers={"a": [Fails("failed", "500")]},
        status="failed",
        error="step.failed",
        calls=["a"],
    ),
    Scenario(
        name="continue counts as finished with null",
        document=[call("a", on_error="continue"), sets("n", got="a.status ?? 'nothing'")],
        answers={"a": [Fails("refused")]},
        output={"got": "nothing"},
        handled=["a"],
    ),
    Scenario(
        name="a handled failure can be read by name",
        document=[call("a", on_error="continue"), sets("n", why="a.error.code")],
        answers={"a": [Fails("refused")]},
        output={"why": "step.refused"},
        handled=["a"],
    ),
    Scenario(
        name="a handler sees the error",
        document=[
            call("a", on_error="h"),
            sets("h", what="error.primitive", code="error.code", tries="error.attempts"),
        ],
        answers={"a": [Fails("refused")]},
        output=None,
        steps={"a": "failed", "h": "finished"},
        handled=["a"],
    ),
    Scenario(
        name="a handler that fails fails the run",
        document=[call("a", on_error="h"), call("h")],
        answers={"a": [Fails("refused")], "h": [Fails("refused", "worse")]},
        status="failed",
        error="step.refused",
        handled=["a"],
    ),
    Scenario(
        name="a failure lets what runs end",
        document=[call("a", after=[]), call("b", after=[]), call("c", after=["a", "b"])],
        answers={"a": [Fails("refused")]},
        status="failed",
        calls={"a", "b"},
    ),
    Scenario(
        name="a failure inside a nested list is the condition's",
        document=[asks("c", "true", then=[call("a")], on_error="h"), call("h"), call("b")],
        answers={"a": [Fails("refused")]},
        calls=["a", "h"],
        steps={"c": "failed", "h": "finished", "b": "skipped"},
        handled=["a"],
    ),
    Scenario(
        name="a failure inside a nested list may be handled there",
        document=[asks("c", "true", then=[call("a", on_error="h"), call("h")]), call("b")],
        answers={"a": [Fails("refused")]},
        calls=["a", "h", "b"],
        handled=["a"],
    ),
    Scenario(
        name="a failure inside a loop is the loop's",
        document=[loop("l", call("a"), over="[1, 2, 3]", on_error="continue"), call("b")],
        answers={"a": [{"status": 200}, Fails("refused")]},
        calls=["l[0]/a", "l[1]/a", "b"],
        handled=["a"],
    ),
    Scenario(
        name="an expression that fails fails its step",
        document=[sets("n", x="total + 'x'")],
        payload={"total": 1},
        status="failed",
        steps={"n": "failed"},
    ),
    Scenario(
        name="a comparison with null is an error that a handler takes",
        document=[asks("c", "total > 1", if_true="a", if_false="b", on_error="h"), call("a"), call("b"), call("h")],
        payload={},
        calls=["h"],
        steps={"c": "failed", "a": "skipped", "b": "skipped"},
        handled=["c"],
    ),
]


@in_every_runtime(SCENARIOS)
class TestFailures:
    pass
