"""Loops, each in every runtime."""

from __future__ import annotations

from tests.scenarios.build import Scenario, asks, call, gate, loop, post, sets
from tests.scenarios.checking import in_every_runtime

SCENARIOS = [
    Scenario(
        name="a loop goes over a list and gives the last outputs",
        document=[loop("l", sets("m", v="item * 2"), over="numbers")],
        payload={"numbers": [1, 2, 3]},
        output=[{"v": 2}, {"v": 4}, {"v": 6}],
    ),
    Scenario(
        name="collect says what a round leaves",
        document=[loop("l", sets("m", v="n * 2"), over="numbers", collect="v + index", **{"as": "n"})],
        payload={"numbers": [1, 2, 3]},
        output=[2, 5, 8],
    ),
    Scenario(
        name="an empty list goes round never",
        document=[loop("l", call("a"), over="[]"), call("b")],
        calls=["b"],
    ),
    Scenario(
        name="null is an empty list",
        document=[loop("l", call("a"), over="nothing")],
        payload={},
        calls=[],
        output=[],
    ),
    Scenario(
        name="what is no list is an error",
        document=[loop("l", call("a"), over="x")],
        payload={"x": 5},
        status="failed",
        error="loop.no_list",
    ),
    Scenario(
        name="rounds side by side keep the order of the items",
        document=[loop("l", call("a"), sets("m", v="item"), over="[1, 2, 3, 4, 5]", concurrency=3, collect="v")],
        calls={"l[0]/a", "l[1]/a", "l[2]/a", "l[3]/a", "l[4]/a"},
        output=[1, 2, 3, 4, 5],
    ),
    Scenario(
        name="a gate ends only its round",
        document=[loop("l", gate("f", "item > 1"), sets("m", v="item"), over="[1, 2, 3]", collect="v")],
        output=[None, 2, 3],
    ),
    Scenario(
        name="loops nest",
        document=[
            loop(
                "o",
                loop("i", sets("m", v="a * b"), over="[1, 2]", collect="v", **{"as": "b"}),
                over="[3, 4]",
                **{"as": "a"},
            )
        ],
        output=[[3, 6], [4, 8]],
    ),
    Scenario(
        name="nested loops with side by side rounds",
        document=[
            loop(
                "o",
                loop("i", call("c"), sets("m", v="a * b"), over="[1, 2]", collect="v", concurrency=2, **{"as": "b"}),
                over="[3, 4]",
                concurrency=2,
                **{"as": "a"},
            )
        ],
        output=[[3, 6], [4, 8]],
        calls={"o[0]/i[0]/c", "o[0]/i[1]/c", "o[1]/i[0]/c", "o[1]/i[1]/c"},
    ),
    Scenario(
        name="while asks before each round",
        document=[loop("l", sets("m", v="index"), max_iterations=10, collect="v", **{"while": "index < 3"})],
        output=[0, 1, 2],
    ),
    Scenario(
        name="until asks after each round",
        document=[loop("l", call("page"), max_iterations=10, until="page.body.done", collect="page.body.n")],
        answers={"page": [{"body": {"n": n, "done": n == 3}} for n in (1, 2, 3)]},
        output=[1, 2, 3],
        calls=["l[0]/page", "l[1]/page", "l[2]/page"],
    ),
    Scenario(
        name="reaching max_iterations is an error",
        document=[loop("l", sets("m", v="index"), max_iterations=3, **{"while": "true"})],
        status="failed",
        error="loop.max_iterations",
    ),
    Scenario(
        name="a longer list than max_iterations is an error before anything runs",
        document=[loop("l", call("a"), over="[1, 2, 3]", max_iterations=2)],
        status="failed",
        error="loop.max_iterations",
        calls=[],
    ),
    Scenario(
        name="writes in a loop each have their own place in the ledger",
        document=[loop("l", post("a", body={"n": "{{ item }}"}), over="[1, 2, 3]", collect="a.status")],
        calls=["l[0]/a", "l[1]/a", "l[2]/a"],
        output=[200, 200, 200],
    ),
    Scenario(
        name="a condition inside a loop decides for each round",
        document=[loop("l", asks("c", "item > 1", then=[call("a")], **{"else": [call("b")]}), over="[1, 2]")],
        calls=["l[0]/b", "l[1]/a"],
    ),
    Scenario(
        name="what stands above a loop is seen inside it",
        document=[sets("s", base="10"), loop("l", sets("m", v="base + item"), over="[1, 2]", collect="v")],
        output=[11, 12],
    ),
    Scenario(
        name="a loop of many rounds",
        document=[loop("l", sets("m", v="item + 1"), over="range(0, 700)", collect="v"), sets("n", total="sum(l)")],
        output={"total": sum(range(1, 701))},
    ),
]


@in_every_runtime(SCENARIOS)
class TestLoops:
    pass
