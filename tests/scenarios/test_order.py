"""The rules of order, each in every runtime."""

from __future__ import annotations

from tests.scenarios.build import Fails, Scenario, asks, call, gate, sets
from tests.scenarios.checking import in_every_runtime

SCENARIOS = [
    Scenario(
        name="a list is a sequence",
        document=[call("a"), call("b"), call("c")],
        calls=["a", "b", "c"],
        steps={"a": "finished", "b": "finished", "c": "finished"},
    ),
    Scenario(
        name="after makes things run side by side and meet again",
        document=[call("a"), call("b", after=["a"]), call("c", after=["a"]), call("d")],
        calls={"a", "b", "c", "d"},
        steps={"d": "finished"},
    ),
    Scenario(
        name="after waits for what stands below",
        document=[call("a", after=["c"]), call("b", after=["a"]), call("c", after=[])],
        calls=["c", "a", "b"],
    ),
    Scenario(
        name="an empty after starts at once",
        document=[call("a"), call("b", after=[])],
        calls={"a", "b"},
    ),
    Scenario(
        name="the chosen side runs and the other is skipped",
        document=[asks("c", "x > 1", if_true="a", if_false="b"), call("a"), call("b")],
        payload={"x": 2},
        calls=["a"],
        steps={"c": "finished", "a": "finished", "b": "skipped"},
    ),
    Scenario(
        name="the other side runs where the condition is false",
        document=[asks("c", "x > 1", if_true="a", if_false="b"), call("a"), call("b")],
        payload={"x": 1},
        calls=["b"],
        steps={"a": "skipped", "b": "finished"},
    ),
    Scenario(
        name="sides meet again by themselves",
        document=[asks("c", "x > 1", if_true="a", if_false="b"), call("a"), call("b"), call("d")],
        payload={"x": 1},
        calls=["b", "d"],
        steps={"a": "skipped", "d": "finished"},
    ),
    Scenario(
        name="if_true alone is a gate: what follows is skipped where it says no",
        document=[asks("c", "x > 1", if_true="a"), call("a"), call("b")],
        payload={"x": 1},
        calls=[],
        steps={"a": "skipped", "b": "skipped"},
    ),
    Scenario(
        name="if_false alone is a gate the other way round",
        document=[asks("c", "x > 1", if_false="a"), call("a"), call("b")],
        payload={"x": 2},
        calls=[],
        steps={"a": "skipped", "b": "skipped"},
    ),
    Scenario(
        name="if_true alone that says yes lets all run",
        document=[asks("c", "x > 1", if_true="a"), call("a"), call("b")],
        payload={"x": 2},
        calls=["a", "b"],
    ),
    Scenario(
        name="a filter that says no skips what follows",
        document=[call("a"), gate("f", "x > 1"), call("b"), call("c")],
        payload={"x": 1},
        calls=["a"],
        steps={"f": "said no", "b": "skipped", "c": "skipped"},
    ),
    Scenario(
        name="a filter that says yes lets all run",
        document=[gate("f", "x > 1"), call("b")],
        payload={"x": 2},
        calls=["b"],
    ),
    Scenario(
        name="after joins where at least one has finished",
        document=[gate("f", "x > 1"), call("a", after=[]), call("b", after=["f", "a"])],
        payload={"x": 1},
        calls=["a", "b"],
        steps={"f": "said no", "b": "finished"},
    ),
    Scenario(
        name="what waits only for skipped ones is skipped",
        document=[asks("c", "x", if_true="a", if_false="b"), call("a"), call("b"), call("d", after=["a"])],
        payload={"x": False},
        calls=["b"],
        steps={"d": "skipped"},
    ),
    Scenario(
        name="when that is not true passes one primitive over and goes on",
        document=[call("a"), call("b", when="x > 1"), call("c")],
        payload={"x": 1},
        calls=["a", "c"],
        steps={"b": "passed", "c": "finished"},
    ),
    Scenario(
        name="when that is true lets it run",
        document=[call("b", when="{{ x > 1 }}")],
        payload={"x": 2},
        calls=["b"],
    ),
    Scenario(
        name="nested sides hold more than one primitive",
        document=[asks("c", "x > 1", then=[call("a"), call("b")], **{"else": [call("d")]}), call("e")],
        payload={"x": 2},
        calls=["a", "b", "e"],
    ),
    Scenario(
        name="an empty side finishes the condition",
        document=[asks("c", "x > 1", then=[call("a")]), call("e")],
        payload={"x": 1},
        calls=["e"],
        steps={"c": "finished", "e": "finished"},
    ),
    Scenario(
        name="a gate inside a nested list skips what holds it",
        document=[asks("c", "true", then=[gate("f", "x > 1"), call("a")]), call("e")],
        payload={"x": 1},
        calls=[],
        steps={"a": "skipped", "e": "skipped"},
    ),
    Scenario(
        name="nested lists nest",
        document=[asks("c", "x > 1", then=[asks("d", "x > 2", then=[call("a")], **{"else": [call("b")]})]), call("e")],
        payload={"x": 2},
        calls=["b", "e"],
    ),
    Scenario(
        name="two conditions may name the same side",
        document=[
            asks("c", "x > 1", if_true="a", if_false="d"),
            asks("d", "x > 0", if_true="a", if_false="b"),
            call("a"),
            call("b"),
        ],
        payload={"x": 1},
        calls=["a"],
        steps={"a": "finished", "b": "skipped"},
    ),
    Scenario(
        name="an error handler does not run where nothing failed",
        document=[call("a", on_error="h"), call("h"), call("b")],
        calls=["a", "b"],
        steps={"h": "skipped", "b": "finished"},
    ),
    Scenario(
        name="a handled failure skips what follows and runs the handler",
        document=[call("a", on_error="h"), call("h"), call("b")],
        answers={"a": [Fails("refused")]},
        calls=["a", "h"],
        steps={"a": "failed", "h": "finished", "b": "skipped"},
        handled=["a"],
    ),
    Scenario(
        name="after the failed step or its handler both ways go on",
        document=[call("a", on_error="h"), call("h"), call("b", after=["a", "h"])],
        answers={"a": [Fails("refused")]},
        calls=["a", "h", "b"],
        handled=["a"],
    ),
    Scenario(
        name="what waits only for a handler is no open end",
        document=[call("a", on_error="h"), call("h"), call("i", after=["h"]), call("b")],
        calls=["a", "b"],
        steps={"i": "skipped", "b": "finished"},
    ),
    Scenario(
        name="one handler serves two steps and runs once",
        document=[
            call("a", on_error="h", after=[]),
            call("b", on_error="h", after=[]),
            call("h", when="true"),
            sets("n", who="h.status ?? 'none'", after_=["h"]),
        ],
        answers={"a": [Fails("refused")]},
        calls={"a", "b", "h"},
        handled=["a"],
    ),
    Scenario(
        name="a run begins at the trigger that fired",
        document=[
            {"type": "trigger", "kind": "api", "name": "one"},
            call("a"),
            {"type": "trigger", "kind": "api", "name": "two"},
            call("b"),
        ],
        calls=["a"],
    ),
    Scenario(
        name="neighbouring triggers share a part",
        document=[
            {"type": "trigger", "kind": "api", "name": "one"},
            {"type": "trigger", "kind": "manual", "name": "two"},
            call("a"),
        ],
        calls=["a"],
    ),
    Scenario(
        name="connections take no part",
        document=[
            {"type": "connection", "name": "shop", "service": "api", "credentials": {"type": "none"}},
            call("a"),
        ],
        calls=["a"],
    ),
    Scenario(
        name="what stands between a condition and its sides waits for the condition",
        document=[asks("c", "x", if_true="a", if_false="b"), call("m"), call("a"), call("b")],
        payload={"x": True},
        calls={"m", "a"},
        steps={"b": "skipped"},
    ),
]


@in_every_runtime(SCENARIOS)
class TestOrder:
    pass
