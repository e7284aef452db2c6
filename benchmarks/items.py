"""10,000 items through a filter, a mapping of each and a merge by key, against the same in plain Python.

Ours is a whole simulated run: rendering, the three kinds with their expressions, events with inputs and outputs.
"""

from __future__ import annotations

from typing import Any

from benchmarks.growth import best
from benchmarks.measuring import keep
from flov7.engine.interpreter.prepare import prepare
from flov7.engine.runtimes.simulated import simulate
from flov7.language.front import check_value
from flov7.primitives.registry import catalogue, registry

SIZES = (100, 1_000, 10_000)
DOCUMENT: dict[str, Any] = {
    "name": "items",
    "primitives": [
        {"type": "trigger", "kind": "api", "name": "go"},
        {"type": "data", "kind": "filter", "name": "paid", "config": {"items": "orders", "where": "item.total > 10"}},
        {
            "type": "data",
            "kind": "transform",
            "name": "shaped",
            "config": {
                "value": "{{ paid }}",
                "shape": "{'customer': item.customer, 'gross': item.total * 1.19, 'id': item.id}",
            },
        },
        {
            "type": "data",
            "kind": "merge",
            "name": "joined",
            "config": {"sources": ["{{ shaped }}", "{{ customers }}"], "by": "key", "key": "customer", "join": "left"},
        },
    ],
    "output": "{{ joined }}",
}


def payload(size: int) -> dict[str, Any]:
    """Orders, and as many customers as a tenth."""
    return {
        "orders": [{"id": n, "customer": n % max(size // 10, 1), "total": n % 40} for n in range(size)],
        "customers": [{"customer": n, "name": f"Customer {n}"} for n in range(max(size // 10, 1))],
    }


def plain(given: dict[str, Any]) -> list[dict[str, Any]]:
    """The same by hand."""
    paid = [item for item in given["orders"] if item["total"] > 10]
    shaped = [{"customer": one["customer"], "gross": one["total"] * 1.19, "id": one["id"]} for one in paid]
    names = {one["customer"]: one for one in given["customers"]}
    return [{**one, **names.get(one["customer"], {})} for one in shaped]


def main() -> None:
    """Measure and write."""
    checked = check_value(DOCUMENT, catalogue())
    assert checked.plan is not None, checked.diagnostics
    prepared = prepare(checked.plan, registry())
    rows: dict[str, Any] = {}
    for size in SIZES:
        given = payload(size)
        result = simulate(prepared, registry(), payload=given).result
        assert result is not None and result.output == plain(given), result
        ours = best(lambda given=given: simulate(prepared, registry(), payload=given), times=3)
        theirs = best(lambda given=given: plain(given), times=3)
        rows[str(size)] = {"us_an_item": round(ours / size * 1e6, 2), "times_plain_python": round(ours / theirs, 1)}
    worst = max(row["us_an_item"] for row in rows.values()) / rows[str(SIZES[0])]["us_an_item"]
    body = {"items": rows, "worst_over_smallest": round(worst, 2), "aim": 1.5}
    keep("items", body)
    for name, value in body.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
