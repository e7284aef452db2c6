"""What each operation makes of a value, and of one that does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from flov7.kit.errors import StepRefused
from flov7.primitives.actions.state import LARGEST

Call = Any


class Head:
    """Remembers in this process, each call once."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, bool], Any] = {}
        self.calls: dict[str, Any] = {}

    async def get(self, name: str, *, shared: bool) -> Any:
        return self.values.get((name, shared))

    async def change(self, name: str, *, shared: bool, call: str, by: Any) -> Any:
        if call not in self.calls:
            self.values[name, shared], self.calls[call] = by(self.values.get((name, shared)))
        return self.calls[call]


@pytest.fixture
def state(call: Call) -> Any:
    """`await state("add", value=2)`: each call is one of its own."""
    head, numbers = Head(), iter(range(100))

    async def run(operation: str, **inputs: Any) -> Any:
        given = {"operation": operation, "name": inputs.pop("name", "n"), **inputs}
        return await call("action/state", given, memory=head, idempotency_key=str(next(numbers)))

    return run


class TestAValue:
    async def test_is_set_and_got(self, state: Any) -> None:
        assert (await state("get", default=5))["value"] == 5
        assert await state("set", value={"a": 1}) == {"value": {"a": 1}, "before": None, "count": None}
        assert (await state("get"))["value"] == {"a": 1}
        assert (await state("get", shared=True))["value"] is None
        assert (await state("forget"))["before"] == {"a": 1}
        assert (await state("get"))["value"] is None

    async def test_counts(self, state: Any) -> None:
        assert [(await state("add"))["value"], (await state("add", value=2.5))["value"]] == [1, 3.5]

    async def test_is_a_list_of_the_last(self, state: Any) -> None:
        for n in range(4):
            found = await state("append", value=n, keep=3)
        assert (found["value"], found["count"]) == ([1, 2, 3], 3)


class TestFresh:
    async def test_gives_what_no_earlier_run_had(self, state: Any) -> None:
        first = await state("fresh", value=[{"id": 1}, {"id": 2}, {"id": 1}], key="id")
        assert first["value"] == [{"id": 1}, {"id": 2}]
        second = await state("fresh", value=[{"id": 2, "new": "words"}, {"id": 3}], key="id")
        assert (second["value"], second["count"]) == ([{"id": 3}], 1)

    async def test_without_a_key_compares_the_whole(self, state: Any) -> None:
        await state("fresh", value=[{"a": 1, "b": 2}])
        assert (await state("fresh", value=[{"b": 2, "a": 1}, {"a": 1}, "x" * 500]))["count"] == 2

    async def test_remembers_the_last_ones_only(self, state: Any) -> None:
        await state("fresh", value=[1, 2, 3], keep=2)
        assert (await state("fresh", value=[1, 2, 3], keep=2))["value"] == [1]

    async def test_of_an_item_without_the_key_is_refused(self, state: Any) -> None:
        with pytest.raises(StepRefused, match="has no `id`"):
            await state("fresh", value=[{"name": "x"}], key="id")


class TestWhatDoesNotFit:
    @pytest.mark.parametrize(
        ("kept", "operation", "value", "said"),
        [
            ("text", "add", 1, "needs a number"),
            (5, "append", 1, "needs a list"),
            (5, "fresh", [1], "needs a list"),
            (None, "add", "x", "takes a number"),
            (None, "fresh", "x", "takes a list"),
            (None, "set", "x" * LARGEST, "larger than"),
        ],
    )
    async def test_is_refused_in_words(self, state: Any, kept: Any, operation: str, value: Any, said: str) -> None:
        if kept is not None:
            await state("set", value=kept)
        with pytest.raises(StepRefused, match=said):
            await state(operation, value=value)
        assert (await state("get"))["value"] == kept
