"""What an expression sees at one place of a run: names looked up by the plan's bindings, only when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, assert_never

from flov7.engine.values import Outcome
from flov7.language.plan import Binding, FromLoop, FromMapping, FromPayload, FromRun, FromStep

if TYPE_CHECKING:
    from flov7.engine.interpreter.run import Run


class Frame:
    """One round of a loop, or the top: the outcomes of the steps that run in it.

    `path` is empty at the top and `NAME[3]/` in round 3 of loop NAME, one inside the other.
    """

    __slots__ = ("index", "item", "loop", "outcomes", "parent", "path")

    def __init__(self, *, parent: Frame | None = None, loop: str = "", item: Any = None, index: int = 0) -> None:
        self.parent = parent
        self.loop = loop
        self.item = item
        self.index = index
        self.path = "" if parent is None else f"{parent.path}{loop}[{index}]/"
        self.outcomes: dict[str, Outcome] = {}

    def find(self, step: str) -> Outcome | None:
        """The outcome of a step in this round or around it."""
        frame: Frame | None = self
        while frame is not None:
            outcome = frame.outcomes.get(step)
            if outcome is not None:
                return outcome
            frame = frame.parent
        return None

    def round_of(self, loop: str) -> Frame | None:
        """The frame that is a round of that loop."""
        frame: Frame | None = self
        while frame is not None and frame.loop != loop:
            frame = frame.parent
        return frame


class Names(Mapping[str, Any]):
    """The names that one template may read, as the expressions take them."""

    __slots__ = ("_bindings", "_error", "_frame", "_run")

    def __init__(self, run: Run, frame: Frame, bindings: Mapping[str, Binding], error: Any = None) -> None:
        self._run = run
        self._frame = frame
        self._bindings = bindings
        self._error = error

    def __getitem__(self, name: str) -> Any:
        return self._value(name, self._bindings[name])

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a name, or the default where the plan binds none."""
        binding = self._bindings.get(name)
        return default if binding is None else self._value(name, binding)

    def __iter__(self) -> Iterator[str]:
        return iter(self._bindings)

    def __len__(self) -> int:
        return len(self._bindings)

    def __contains__(self, name: object) -> bool:
        return name in self._bindings

    def _value(self, name: str, binding: Binding) -> Any:
        match binding:
            case FromPayload():
                return self._run.payload_field(binding.field)
            case FromStep():
                return self._step(binding)
            case FromMapping():
                return self._mapped(name, binding)
            case FromLoop():
                frame = self._frame.round_of(binding.loop)
                if frame is None:
                    return None
                return frame.index if binding.index else frame.item
            case FromRun():
                return self._error if binding.what == "error" else self._run.own_value(binding.what)
            case _:
                assert_never(binding)

    def _step(self, binding: FromStep) -> Any:
        outcome = self._frame.find(binding.step)
        if outcome is None:
            return None
        if binding.errors:
            return {"error": None if outcome.error is None else outcome.error.model_dump(mode="json")}
        return outcome.output

    def _mapped(self, name: str, binding: FromMapping) -> Any:
        found: Any = None
        for step in binding.steps:
            outcome = self._frame.find(step)
            if outcome is None or not isinstance(outcome.output, dict) or name not in outcome.output:
                continue
            value = outcome.output[name]
            found = _laid_over(found, value) if isinstance(found, dict) and isinstance(value, dict) else value
        return found


def _laid_over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def rough_size(value: Any, *, stop_at: int = 300_000) -> int:
    """Roughly the bytes of a JSON value; looking ends at `stop_at`, so it costs no more than that."""
    total = 0
    stack = [value]
    while stack and total < stop_at:
        item = stack.pop()
        if isinstance(item, str):
            total += len(item) + 2
        elif isinstance(item, dict):
            total += 2 + 8 * len(item)
            stack.extend(item.values())
        elif isinstance(item, list):
            total += 2
            stack.extend(item)
        else:
            total += 8
    return total
