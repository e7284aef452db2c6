"""Lists on their way through a run: pieces, results brought together, where each item came from, and no items at all."""

from __future__ import annotations

from tests.scenarios.build import Scenario, call, data, gate, loop, sets
from tests.scenarios.checking import in_every_runtime

ORDERS = [{"id": 1, "who": "eve"}, {"id": 2, "who": "tom"}, {"id": 3, "who": "ann"}]
PEOPLE = [{"who": "eve", "vip": True}, {"who": "ann", "vip": False}, {"who": "kim", "vip": True}]


def joined(join: str, wanted: list[object]) -> Scenario:
    """Orders and people brought together by a key."""
    step = data("merge", "m", sources=["{{ orders }}", "{{ people }}"], by="key", key="who", join=join, origin="of")
    return Scenario(
        name=f"merge by key, {join}, says of which items each was made",
        document={"primitives": [step], "output": "{{ [x.of for x in m] }}"},
        payload={"orders": ORDERS, "people": PEOPLE},
        output=wanted,
    )


SCENARIOS = [
    Scenario(
        name="what follows runs although nothing came",
        document={
            "primitives": [
                data("filter", "late", items="{{ orders }}", where="item.id > 9"),
                data("merge", "both", sources=["{{ late }}", "{{ [] }}"], by="append"),
                loop("each", call("never"), over="both"),
                sets("n", count="len(each)"),
                call("told"),
            ],
            "output": "{{ {'late': late, 'both': both, 'each': each, 'count': count} }}",
        },
        payload={"orders": ORDERS},
        calls=["told"],
        output={"late": [], "both": [], "each": [], "count": 0},
    ),
    Scenario(
        name="a loop goes over pieces of a list and their results are brought together",
        document=[
            data("split", "pieces", items="{{ orders }}", size=2),
            loop("each", call("sent"), over="pieces", collect="[x.id * 10 for x in item]", **{"as": "item"}),
            data("merge", "all", sources=["{{ each[0] }}", "{{ each[1] }}"], by="append"),
        ],
        payload={"orders": ORDERS},
        calls=["each[0]/sent", "each[1]/sent"],
        output=[10, 20, 30],
    ),
    Scenario(
        name="a gate in each round leaves null, which a list without it can be made of",
        document={
            "primitives": [
                loop("each", gate("odd", "item.id % 2 == 1"), sets("k", v="item.id"), over="orders", collect="v")
            ],
            "output": "{{ [x for x in each if x != null] }}",
        },
        payload={"orders": ORDERS},
        output=[1, 3],
    ),
    Scenario(
        name="an item is followed from where it came to what was made of it",
        document={
            "primitives": [
                data("filter", "some", items="{{ orders }}", where="item.who != 'tom'", origin="order"),
                data("merge", "m", sources=["{{ some }}", "{{ people }}"], by="key", key="who", origin="made_of"),
            ],
            "output": "{{ [[x.who, orders[some[x.made_of[0]].order].id, people[x.made_of[1]].vip] for x in m] }}",
        },
        payload={"orders": ORDERS, "people": PEOPLE},
        output=[["eve", 1, True], ["ann", 3, False]],
    ),
    joined("inner", [[0, 0], [2, 1]]),
    joined("left", [[0, 0], [1, None], [2, 1]]),
    joined("outer", [[0, 0], [1, None], [2, 1], [None, 2]]),
    joined("non_matches", [[1, None], [None, 2]]),
    Scenario(
        name="merge by position and by all combinations",
        document={
            "primitives": [
                data("merge", "p", sources=["{{ orders }}", "{{ [{'n': 7}] }}"], by="position", join="outer"),
                data(
                    "merge",
                    "c",
                    sources=["{{ [{'a': 1}, {'a': 2}] }}", "{{ [{'b': 1}, {'b': 2}] }}"],
                    by="combinations",
                ),
            ],
            "output": "{{ [p, c] }}",
        },
        payload={"orders": ORDERS[:2]},
        output=[
            [{"id": 1, "who": "eve", "n": 7}, {"id": 2, "who": "tom"}],
            [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 1}, {"a": 2, "b": 2}],
        ],
    ),
]


@in_every_runtime(SCENARIOS)
class TestLists:
    """Every scenario, in every runtime."""
