"""Look a JSONPath (RFC 9535) up in a value.

It is true where the path finds at least one value; `values` has all of them in order. A dotted expression is
enough for one known place; a path finds by condition: `$.lines[?@.price > 100].sku`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import Lowering
from flov7.primitives.declare import Decision, Json, Kind, KindInputs, KindOutputs, expression
from flov7.primitives.patterns import compiled

_MOST_WORK = 1_000_000


class Inputs(KindInputs):
    """The value and the path."""

    value: Annotated[Json, expression()] = Field(
        description="An expression; where the path is looked up.", examples=["trigger.payload"]
    )
    path: str = Field(
        min_length=1, max_length=4000, description="A JSONPath.", examples=["$.lines[?@.price > 100].sku"]
    )


class Outputs(KindOutputs):
    """What was found."""

    result: bool = Field(description="Whether there is at least one value.")
    first: Json = Field(description="The first value, or null.")
    values: list[Json] = Field(description="All values, in order.")
    count: int = Field(description="How many there are.")


def run(inputs: Inputs) -> Decision:
    """Chooses `if_true` where something is found. Raises StepRefused for a path that cannot be read."""
    values = find(inputs.path, value=inputs.value)
    output = {
        "result": bool(values),
        "first": values[0] if values else None,
        "values": values,
        "count": len(values),
    }
    return Decision(output=output, side="if_true" if values else "if_false")


def find(path: str, *, value: Json) -> list[Json]:
    """All values at a JSONPath. Raises StepRefused for a path that cannot be read."""
    _affordable(path, value)
    return list(_query(path).findall(value))


def _affordable(path: str, value: Json) -> None:
    """A `..`, or a `$` inside a condition, walks the whole value again for each place: refuse what never ends."""
    again = max(0, path.count("..") - 1) + max(0, path.count("$") - 1)
    if again and _places(value, most=round(_MOST_WORK ** (1 / (again + 1))) + 1) ** (again + 1) > _MOST_WORK:
        raise StepRefused(
            f"The path `{path[:200]}` walks this value too often: each `..` and each inner `$` does it again.",
            hint="Name the way down instead of `..`, or look the inner value up in a step before.",
            code="json_path.too_costly",
        )


def _places(value: Json, *, most: int) -> int:
    """How many values there are inside, counted up to `most`."""
    below, count = [value], 0
    while below and count < most:
        node = below.pop()
        count += 1
        below.extend(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
    return count


@lru_cache(maxsize=256)
def _query(path: str) -> Any:
    import jsonpath

    try:
        return _environment().compile(path)
    except (jsonpath.JSONPathError, RecursionError, ValueError) as error:
        raise StepRefused(
            f"The path `{path[:200]}` cannot be read: {error}.",
            hint="A path begins with `$`, as in `$.lines[*].sku`.",
            code="json_path.invalid",
        ) from error


@lru_cache(maxsize=1)
def _environment() -> Any:
    import jsonpath

    environment = jsonpath.JSONPathEnvironment(strict=True)
    for name, whole in (("match", True), ("search", False)):
        environment.function_extensions[name] = _regular(whole=whole)
    return environment


def _regular(*, whole: bool) -> Any:
    """`match` and `search` by RE2, so that no pattern can make a run hang; patterns are I-Regexp (RFC 9485)."""
    from jsonpath.function_extensions import ExpressionType, FilterFunction

    class Matches(FilterFunction):
        """One of the two functions of RFC 9535 that take a pattern."""

        @property
        def arg_types(self) -> list[ExpressionType]:
            """The value and the pattern."""
            return [ExpressionType.VALUE, ExpressionType.VALUE]

        @property
        def return_type(self) -> ExpressionType:
            """True or false."""
            return ExpressionType.LOGICAL

        def __call__(self, value: object, pattern: object) -> bool:
            """Whether it matches; false for what is no text or no pattern."""
            if not isinstance(value, str) or not isinstance(pattern, str):
                return False
            try:
                found = compiled(i_regexp(pattern, whole=whole))
            except StepRefused:
                return False
            return found.search(value) is not None

    return Matches()


def i_regexp(pattern: str, *, whole: bool) -> str:
    """The RE2 of an I-Regexp: a dot is anything but the two line ends. `whole`: it matches the whole text."""
    out: list[str] = []
    in_class, escaped = False, False
    for char in pattern:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "[":
            in_class = True
        elif char == "]":
            in_class = False
        elif char == "." and not in_class:
            char = "[^\\n\\r]"
        out.append(char)
    return f"^(?:{''.join(out)})$" if whole else "".join(out)


KIND = Kind(
    title="JSON path",
    icon="route",
    summary="Whether something is in a nested value, found by a path with conditions.",
    confused_with="`if_else` for one known place; `data/filter` to keep items of a list.",
    examples=("If any line costs more than 100", "Check whether the answer has an error anywhere"),
    synonyms=("jsonpath", "path"),
    fields=("value", "path", "if_true", "if_false", "then", "else"),
    lowering=Lowering.TEST,
)
