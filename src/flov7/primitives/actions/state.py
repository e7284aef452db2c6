"""Keep a value between runs: a counter, the last one seen, a list, what was handled already.

- `get`: the value, or `default`;
- `set`: replaces it by `value`;
- `add`: adds `value` (a number, 1 if left out) to it;
- `append`: adds `value` to the end of a list, of which the last `keep` stay;
- `fresh`: of the list `value`, those that no earlier run has had; they are remembered, the last `keep` of them. `key`
  says by what they are known, as `id` or `order.id`; left out, by the whole;
- `forget`: takes it away.

The value belongs to this workflow, or with `shared: true` to all of the workspace. Runs that change it at the same
time do so one after another, and a step that is repeated after a crash changes it once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import Field, model_validator

from flov7.kit import json
from flov7.kit.errors import StepRefused
from flov7.language.catalogue import Lowering
from flov7.language.effects import ByValue, Effect
from flov7.primitives.declare import Context, Json, Kind, KindInputs, KindOutputs
from flov7.primitives.fields import kind_of
from flov7.primitives.lists import pick

LARGEST = 1024 * 1024
"""Bytes of one value as JSON."""


class Inputs(KindInputs):
    """Which value, and what becomes of it."""

    operation: Literal["get", "set", "add", "append", "fresh", "forget"] = Field(description="What becomes of it.")
    name: str = Field(min_length=1, max_length=200, description="Its name.", examples=["last_order"])
    value: Json = Field(default=None, description="What is set, added, appended, or looked through.")
    default: Json = Field(default=None, description="For `get`: what is given where nothing was kept.")
    keep: int = Field(default=10_000, ge=1, le=100_000, description="For `append`, `fresh`: how many stay.")
    key: str | None = Field(default=None, description="For `fresh`: by what an item is known, as `order.id`.")
    shared: bool = Field(default=False, description="Whether it belongs to all workflows of the workspace.")

    @model_validator(mode="after")
    def _fits(self) -> Inputs:
        if self.operation == "add" and self.value is not None and not _is_number(self.value):
            raise ValueError(f"`add` takes a number; `value` is {kind_of(self.value)}")
        if self.operation == "fresh" and not isinstance(self.value, list):
            raise ValueError(f"`fresh` takes a list; `value` is {kind_of(self.value)}")
        return self


class Outputs(KindOutputs):
    """The value as it is now."""

    value: Json = Field(description="The value after it; for `fresh` the items that are new.")
    before: Json = Field(default=None, description="The value before it; not for lists.")
    count: int | None = Field(default=None, description="For lists: how many there are.")


async def run(context: Context, inputs: Inputs) -> Outputs:
    """Reads or changes it. Raises StepRefused where what is kept is of another type."""
    if inputs.operation == "get":
        found = await context.memory.get(inputs.name, shared=inputs.shared)
        return Outputs(value=inputs.default if found is None else found)
    call = context.idempotency_key or f"{context.execution_id}/{context.step}"
    answer = await context.memory.change(
        inputs.name, shared=inputs.shared, call=call, by=lambda value: _changed(inputs, value)
    )
    return Outputs.model_validate(answer)


def _changed(inputs: Inputs, value: Json | None) -> tuple[Json, Json]:
    new, answer = _CHANGES[inputs.operation](inputs, value)
    if len(json.dumps(new)) > LARGEST:
        raise StepRefused(
            f"`{inputs.name}` would be larger than {LARGEST:,} bytes.",
            hint="Keep fewer (`keep`), or keep it in a database.",
            code="state.too_large",
        )
    return new, answer


def _set(inputs: Inputs, value: Json | None) -> tuple[Json, Json]:
    return inputs.value, {"value": inputs.value, "before": value}


def _add(inputs: Inputs, value: Json | None) -> tuple[Json, Json]:
    if value is not None and not _is_number(value):
        raise _other_type(inputs, value, "a number")
    new = (value or 0) + (1 if inputs.value is None else inputs.value)
    return new, {"value": new, "before": value}


def _append(inputs: Inputs, value: Json | None) -> tuple[Json, Json]:
    if value is not None and not isinstance(value, list):
        raise _other_type(inputs, value, "a list")
    new = [*(value or []), inputs.value][-inputs.keep :]
    return new, {"value": new, "count": len(new)}


def _fresh(inputs: Inputs, value: Json | None) -> tuple[Json, Json]:
    if value is not None and not isinstance(value, list):
        raise _other_type(inputs, value, "a list")
    known = dict.fromkeys(value or [])
    items: list[Json] = []
    for item in inputs.value:
        mark = _mark(item, inputs.key)
        if mark not in known:
            items.append(item)
        known.pop(mark, None)  # what is seen again is remembered longest
        known[mark] = None
    return list(known)[-inputs.keep :], {"value": items, "count": len(items)}


def _forget(inputs: Inputs, value: Json | None) -> tuple[Json, Json]:
    return None, {"value": None, "before": value}


_CHANGES: dict[str, Callable[[Inputs, Json | None], tuple[Json, Json]]] = {
    "set": _set, "add": _add, "append": _append, "fresh": _fresh, "forget": _forget,
}  # fmt: skip


def _mark(item: Json, key: str | None) -> str:
    """By what an item is known: its text, or a digest where that is long."""
    value = pick(item, key) if key else item
    if key and value is None:
        raise StepRefused(f"An item has no `{key}`: {json.dumps(item)[:120].decode()}.", hint="Mend `key`.")
    text = json.canonical(value).decode()
    return text if len(text) <= 64 else json.digest(value)


def _other_type(inputs: Inputs, value: Json, wanted: str) -> StepRefused:
    return StepRefused(
        f"`{inputs.operation}` needs {wanted}, and `{inputs.name}` holds {kind_of(value)}.",
        hint="Use another name, or `forget` it first.",
        code="state.other_type",
    )


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


KIND = Kind(
    title="State",
    icon="archive",
    summary="A value that is kept between runs: a counter, the last one seen, what was handled already.",
    confused_with="`db_query` for tables of your own; a mapping's names live in one run only.",
    examples=("Remember the last order", "Count how often it ran", "Only those that are new since last time"),
    synonyms=("remember", "counter", "static data", "deduplicate", "remove duplicates", "new since", "keep"),
    lowering=Lowering.CALL,
    effect=ByValue(
        field="operation",
        effects={"get": Effect.READ, "forget": Effect.IRREVERSIBLE},
        absent=Effect.IDEMPOTENT,
        otherwise=Effect.IDEMPOTENT,
    ),
    takes_key=True,
    target_fields=("name",),
    timeout=5.0,
)
