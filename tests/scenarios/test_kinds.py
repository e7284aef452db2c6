"""Each kind that needs no outside, each in every runtime."""

from __future__ import annotations

from typing import Any

from tests.scenarios.build import Scenario, call, data, sets
from tests.scenarios.checking import in_every_runtime


def condition(kind: str, name: str, /, **fields: Any) -> dict[str, Any]:
    """Any condition."""
    return {"type": "condition", "kind": kind, "name": name, **fields}


PEOPLE = [{"id": 1, "name": "Ann", "age": 31}, {"id": 2, "name": "Bob", "age": 17}]

SCENARIOS = [
    Scenario(
        name="switch chooses a case",
        document=[
            condition("switch", "s", on="lang", cases={"de": "a", "fr": "b"}, default="c"),
            call("a"),
            call("b"),
            call("c"),
        ],
        payload={"lang": "fr"},
        calls=["b"],
    ),
    Scenario(
        name="switch falls to the default",
        document=[condition("switch", "s", on="lang", cases={"de": "a"}, default="c"), call("a"), call("c")],
        payload={"lang": "xx"},
        calls=["c"],
    ),
    Scenario(
        name="switch with nested cases",
        document=[condition("switch", "s", on="n", cases={"1": [call("a")], "2": [call("b")]}), call("d")],
        payload={"n": 2},
        calls=["b", "d"],
    ),
    Scenario(
        name="compare",
        document=[
            condition("compare", "s", left="{{ n }}", op=">=", right=3, if_true="a", if_false="b"),
            call("a"),
            call("b"),
        ],
        payload={"n": 3},
        calls=["a"],
    ),
    Scenario(
        name="regex",
        document=[
            condition("regex", "s", value="{{ mail }}", pattern="@example[.]com$", if_true="a", if_false="b"),
            call("a"),
            call("b"),
        ],
        payload={"mail": "x@example.com"},
        calls=["a"],
    ),
    Scenario(
        name="json_path",
        document=[condition("json_path", "s", value="{{ people }}", path="$[?@.age < 18]", then=[call("a")])],
        payload={"people": PEOPLE},
        calls=["a"],
    ),
    Scenario(
        name="mapping nests dotted names and lays them over one another",
        document=[sets("a", **{"user.mail": "m"}), sets("b", **{"user.name": "n"}), sets("c", both="user")],
        payload={"m": "x@y.z", "n": "Ann"},
        output={"both": {"mail": "x@y.z", "name": "Ann"}},
    ),
    Scenario(
        name="filter keeps items",
        document=[data("filter", "f", items="{{ people }}", where="item.age >= 18")],
        payload={"people": PEOPLE},
        output=[PEOPLE[0]],
    ),
    Scenario(
        name="merge by key",
        document=[
            data("merge", "m", sources=["{{ people }}", "{{ mails }}"], by="key", key="id"),
        ],
        payload={"people": PEOPLE, "mails": [{"id": 1, "mail": "a@x.y"}]},
        output=[{"id": 1, "name": "Ann", "age": 31, "mail": "a@x.y"}],
    ),
    Scenario(
        name="pure work over large values is done outside of the workflow",
        document=[data("filter", "f", items="{{ people }}", where="item.age >= 18"), sets("n", count="len(f)")],
        payload={"people": [{"name": "x" * 50, "age": n % 40} for n in range(6000)]},
        output={"count": 3300},
    ),
]


@in_every_runtime(SCENARIOS)
class TestKinds:
    pass
