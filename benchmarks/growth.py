"""What grows with a document: cost per step, per round, compile time, expressions a second."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks.measuring import keep
from flov7.engine.interpreter.prepare import prepare
from flov7.engine.runtimes.simulated import simulate
from flov7.language.expressions import parse
from flov7.language.front import check_value
from flov7.primitives.registry import catalogue, registry


def steps(count: int) -> dict[str, Any]:
    """A document of pure steps that each read the one above."""
    first = {"type": "data", "kind": "mapping", "name": "m0", "mapping": {"total": "v0"}}
    rest = [
        {"type": "data", "kind": "mapping", "name": f"m{n}", "mapping": {f"v{n - 1} + 1": f"v{n}"}}
        for n in range(1, count)
    ]
    return {"name": "steps", "primitives": [{"type": "trigger", "kind": "api", "name": "go"}, first, *rest]}


def rounds(count: int) -> dict[str, Any]:
    """A loop of so many rounds."""
    inner = {"type": "data", "kind": "mapping", "name": "m", "mapping": {"item + 1": "v"}}
    loop = {"type": "condition", "kind": "loop", "name": "l", "over": f"range(0, {count})", "do": [inner],
            "max_iterations": count, "collect": "v"}  # fmt: skip
    return {"name": "rounds", "primitives": [{"type": "trigger", "kind": "api", "name": "go"}, loop]}


def calls(count: int) -> dict[str, Any]:
    """A document of calls that all read the payload."""
    config = {"url": "https://example.com/{{ id }}", "method": "POST", "json": {"total": "{{ total }}"}}
    return _of({"type": "action", "kind": "api_call", "name": f"c{n}", "config": config} for n in range(count))


def one_name(count: int) -> dict[str, Any]:
    """A document of steps that all set the same name."""
    return _of({"type": "data", "kind": "mapping", "name": f"m{n}", "mapping": {"a": "b"}} for n in range(count))


def sides(count: int) -> dict[str, Any]:
    """A document of conditions with a nested side each, two primitives a condition."""
    inner = [{"type": "data", "kind": "mapping", "name": f"m{n}", "mapping": {"a": f"b{n}"}} for n in range(count // 2)]
    over = {"type": "condition", "kind": "if_else", "logic": "a > 1"}
    return _of({**over, "name": f"i{n}", "then": [one]} for n, one in enumerate(inner))


def _of(primitives: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"name": "grows", "primitives": [{"type": "trigger", "kind": "api", "name": "go"}, *primitives]}


def best(work: Callable[[], Any], *, times: int = 5) -> float:
    """The best of a few: the machine's noise only adds."""
    took: list[float] = []
    for _ in range(times):
        gc.collect()
        begun = time.perf_counter()
        work()
        took.append(time.perf_counter() - begun)
    return min(took)


def per_unit(make: Callable[[int], dict[str, Any]], sizes: list[int]) -> dict[str, Any]:
    """Microseconds for each step or round, and the largest over the smallest size."""
    found: dict[str, float] = {}
    for size in sizes:
        plan = check_value(make(size), catalogue()).plan
        assert plan is not None
        prepared = prepare(plan, registry())
        found[str(size)] = round(best(lambda p=prepared: simulate(p, registry(), payload={"total": 1})) / size * 1e6, 1)
    smallest = found[str(sizes[0])]
    return {"us_each": found, "worst_over_smallest": round(max(found.values()) / smallest, 2), "aim": 1.5}


def checking(make: Callable[[int], dict[str, Any]], sizes: list[int]) -> dict[str, Any]:
    """Microseconds of check and compile for each primitive, and the largest over the smallest size."""
    found: dict[str, float] = {}
    for size in sizes:
        document = make(size)
        assert not check_value(document, catalogue()).has_errors
        found[str(size)] = round(best(lambda d=document: check_value(d, catalogue()), times=3) / size * 1e6, 1)
    worst = max(found.values()) / found[str(sizes[0])]
    return {"us_each": found, "worst_over_smallest": round(worst, 2), "aim": 1.5}


def main() -> None:
    """Measure and write."""
    whole = steps(1000)
    expression = parse("user.status == 'active' && order.total > 100")
    scope = {"user": {"status": "active"}, "order": {"total": 120}}
    timed = best(lambda: [expression.evaluate(scope) for _ in range(20_000)])
    check_value(whole, catalogue())
    compile_ms = statistics.median(best(lambda: check_value(whole, catalogue()), times=3) for _ in range(3)) * 1000
    body = {
        "steps": per_unit(steps, [10, 100, 1000]),
        "rounds": per_unit(rounds, [100, 1000, 10_000]),
        "check_calls": checking(calls, [100, 1000, 3000]),
        "check_one_name": checking(one_name, [100, 1000, 3000]),
        "check_sides": checking(sides, [100, 1000, 3000]),
        "compile_and_validate_1000_ms": round(compile_ms, 1),
        "compile_aim_ms": 150,
        "expressions_per_second": round(20_000 / timed),
        "expressions_aim": 100_000,
    }
    keep("growth", body)
    for key, value in body.items():
        print(f"{key}: {value}")


if __name__ == "__main__":
    main()
