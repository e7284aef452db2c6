"""Waits, messages, expectations, outputs and sub-workflows, each in every runtime."""

from __future__ import annotations

from flov7.engine.messages import Answer, Approve, Callback, Cancel, Resolve
from tests.scenarios.build import Fails, Scenario, asks, call, loop, post, sets, waits
from tests.scenarios.checking import in_every_runtime

SCENARIOS = [
    Scenario(name="a time passes", document=[waits("w", "time", duration="100ms"), call("a")], calls=["a"]),
    Scenario(
        name="a date that has passed does not wait",
        document=[waits("w", "date", until="2020-01-01T00:00:00Z"), call("a")],
        calls=["a"],
    ),
    Scenario(
        name="an approval gives the decision",
        document=[waits("w", "approval", ask="ok?"), sets("n", d="w.decision", who="w.by")],
        messages=(Approve(step="w", by="Eve"),),
        output={"d": "approved", "who": "Eve"},
    ),
    Scenario(
        name="a rejected approval is a gate that says no",
        document=[waits("w", "approval", ask="ok?"), call("a")],
        messages=(Approve(step="w", decision="rejected"),),
        calls=[],
        steps={"w": "said no", "a": "skipped"},
    ),
    Scenario(
        name="a rejected approval may go on with the decision",
        document=[waits("w", "approval", on_rejected="continue"), sets("n", d="w.decision")],
        messages=(Approve(step="w", decision="rejected"),),
        output={"d": "rejected"},
    ),
    Scenario(
        name="a question is told once, then waited for",
        document=[waits("w", "approval", ask="ok?", channel="email", to="a@b.example"), call("a")],
        messages=(Approve(step="w"),),
        calls=["w", "a"],
    ),
    Scenario(
        name="a question that cannot be told fails the wait",
        document=[waits("w", "approval", channel="email", to="a@b.example", on_error="h"), call("a"), call("h")],
        answers={"w": [Fails("refused", "no such address")]},
        calls=["w", "h"],
        steps={"a": "skipped"},
        handled=["w"],
    ),
    Scenario(
        name="a question of which nobody knows whether it was told asks a person, and is told again",
        document=[waits("w", "approval", channel="email", to="a@b.example"), call("a")],
        answers={"w": [Fails("timeout"), {"status": 200}]},
        messages=(Resolve(step="w", verdict="repeat"), Approve(step="w")),
        calls=["w", "w", "a"],
    ),
    Scenario(
        name="an approval that nobody gives in time is an error",
        document=[waits("w", "approval", timeout="100ms"), call("a")],
        status="failed",
        error="wait.timed_out",
        calls=[],
    ),
    Scenario(
        name="an approval that nobody gives in time may be handled",
        document=[waits("w", "approval", timeout="100ms", on_error="h"), call("a"), call("h")],
        calls=["h"],
        steps={"a": "skipped"},
        handled=["w"],
    ),
    Scenario(
        name="an answer gives its fields",
        document=[waits("w", "answer", ask="size?", fields={"type": "object"}), sets("n", size="w.answer.size")],
        messages=(Answer(step="w", answer={"size": "L"}),),
        output={"size": "L"},
    ),
    Scenario(
        name="a callback gives its payload",
        document=[waits("w", "callback"), sets("n", got="w.payload.x")],
        messages=(Callback(step="w", payload={"x": 1}),),
        output={"got": 1},
    ),
    Scenario(
        name="an approval inside a nested list stops what follows when rejected",
        document=[asks("c", "true", then=[waits("w", "approval")]), call("a")],
        messages=(Approve(step="w", decision="rejected"),),
        calls=[],
        steps={"a": "skipped"},
    ),
    Scenario(
        name="an approval in each round",
        document=[loop("l", waits("w", "approval"), over="[1, 2]", collect="w.decision")],
        messages=(Approve(step="l[0]/w"), Approve(step="l[1]/w", decision="approved")),
        output=["approved", "approved"],
    ),
    Scenario(
        name="writes before a wait are not done again after it",
        document=[post("a"), waits("w", "approval"), post("b")],
        messages=(Approve(step="w"),),
        calls=["a", "b"],
    ),
    Scenario(
        name="a cancelled run starts nothing new",
        document=[call("a"), waits("w", "approval"), call("b")],
        messages=(Cancel(by="Eve"),),
        status="cancelled",
        calls=["a"],
    ),
    Scenario(
        name="an expectation that holds",
        document={"name": "e", "primitives": [call("a")], "expect": [{"name": "ok", "check": "a.status == 200"}]},
    ),
    Scenario(
        name="an expectation that does not hold",
        document={"name": "e", "primitives": [call("a")], "expect": [{"name": "ok", "check": "a.status == 201"}]},
        status="unmet",
        unmet=["ok"],
    ),
    Scenario(
        name="an expectation that cannot be evaluated",
        document={"name": "e", "primitives": [call("a")], "expect": [{"name": "ok", "check": "a.body.x > 1"}]},
        answers={"a": [{"status": 200}]},
        status="unmet",
        unmet=["ok"],
    ),
    Scenario(
        name="an output of the author's making",
        document={
            "name": "e",
            "primitives": [call("a")],
            "output": {"code": "{{ a.status }}", "text": "got {{ a.status }}"},
        },
        output={"code": 200, "text": "got 200"},
    ),
    Scenario(
        name="left out, the output is the last primitive's that finished and is no handler",
        document=[sets("a", x="1"), sets("b", x2="2", when="false")],
        output=None,
    ),
    Scenario(
        name="the run's time limit",
        document={"name": "e", "timeout": "300ms", "primitives": [waits("w", "time", duration="20s"), call("a")]},
        status="timed_out",
        error="run.timed_out",
        calls=[],
    ),
    Scenario(
        name="a sub-workflow gives its output",
        document=[
            {
                "type": "action",
                "kind": "custom",
                "name": "sub",
                "config": {"workflow": "double", "inputs": {"n": "{{ x }}"}},
            },
            sets("m", got="sub.v"),
        ],
        payload={"x": 4},
        children={"double": [sets("d", v="n * 2")]},
        output={"got": 8},
    ),
    Scenario(
        name="a sub-workflow that fails fails its step",
        document=[
            {"type": "action", "kind": "custom", "name": "sub", "config": {"workflow": "bad"}, "on_error": "continue"},
            sets("m", why="sub.error.code"),
        ],
        children={"bad": [sets("d", v="missing + 1")]},
        output={"why": "workflow.failed"},
        handled=["sub"],
    ),
    Scenario(
        name="failures that were handled are listed where the run succeeds",
        document=[call("a", on_error="continue"), call("b")],
        answers={"a": [Fails("refused")]},
        handled=["a"],
        calls=["a", "b"],
    ),
]


@in_every_runtime(SCENARIOS)
class TestWaitsAndEnds:
    pass
