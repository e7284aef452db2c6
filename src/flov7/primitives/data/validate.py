"""Check a value: against a JSON Schema, rules for quality, and expressions that must be true.

`schema` is JSON Schema 2020-12, without references to other addresses. `rules` and `checks` look at each item
of a list, or at the one object. With `on_failure: report` nothing fails: the output says what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, assert_never

from pydantic import Field, model_validator

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import Lowering
from flov7.primitives.declare import (
    KEYED,
    Bound,
    Json,
    Kind,
    KindInputs,
    KindOutputs,
    deferred_keys,
    expression,
)
from flov7.primitives.fields import Missing, Path, at_path, kind_of
from flov7.primitives.lists import same
from flov7.primitives.patterns import compiled

_MOST = 100


class Rule(KindInputs):
    """One rule for one field of every item."""

    field: Path = Field(description="The field, dotted.")
    rule: Literal["required", "unique", "range", "pattern", "one_of"] = Field(description="What must hold.")
    min: float | None = Field(default=None, description="For `range`: the least.")
    max: float | None = Field(default=None, description="For `range`: the most.")
    pattern: str | None = Field(default=None, description="For `pattern`: RE2, matched anywhere.")
    values: list[Json] = Field(default_factory=list, description="For `one_of`: what is allowed.")

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        if self.rule == "range" and self.min is None and self.max is None:
            raise ValueError("`range` needs `min`, `max`, or both")
        if self.rule == "pattern" and not self.pattern:
            raise ValueError("`pattern` needs the pattern")
        if self.rule == "one_of" and not self.values:
            raise ValueError("`one_of` needs `values`")
        return self


class Inputs(KindInputs):
    """The value and what it must hold."""

    value: Annotated[Json, expression()] = Field(
        description="An expression; the value to check.", examples=["trigger.payload"]
    )
    schema_: dict[str, Any] | bool | None = Field(
        default=None, alias="schema", description="A JSON Schema (2020-12).", examples=[{"required": ["email"]}]
    )
    formats: bool = Field(
        default=True,
        description="Whether `format` is checked; off, it only describes, as JSON Schema has it by default.",
    )
    rules: list[Rule] = Field(default_factory=list[Rule], description="Rules for quality.")
    checks: Annotated[list[tuple[Bound, str]], KEYED, deferred_keys("item", "index")] = Field(
        default_factory=list[tuple[Bound, str]],
        description="Expressions over `item` and `index` that must be true, and what to say where one is not.",
        examples=[{"item.total >= 0": "a total cannot be negative"}],
    )
    on_failure: Literal["error", "report"] = Field(
        default="error", description="Whether the step fails, or the output says what is wrong."
    )


class Problem(KindOutputs):
    """One thing that is wrong."""

    where: str = Field(description="A JSON pointer into the value.")
    rule: str = Field(description="The keyword, rule or expression that does not hold.")
    message: str = Field(description="What is wrong, in words.")


class Outputs(KindOutputs):
    """What was found, and the value as it came."""

    valid: bool = Field(description="Whether nothing is wrong.")
    problems: list[Problem] = Field(description=f"What is wrong, at most {_MOST}.")
    value: Json = Field(description="The value that was checked.")


def run(inputs: Inputs) -> dict[str, Json]:
    """What was found. Raises StepRefused where something is wrong and `on_failure` is `error`."""
    found: list[dict[str, str]] = []
    for problem in _all(inputs):
        found.append({"where": problem[0], "rule": problem[1], "message": problem[2]})
        if len(found) == _MOST:
            break
    if found and inputs.on_failure == "error":
        first = found[0]
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise StepRefused(
            f"The value does not hold at `{first['where'] or '/'}`: {first['message']}{more}.",
            hint="Mend it where it comes from, or set `on_failure: report` and decide below.",
            code="validate.failed",
            details={"problems": found},
        )
    return {"valid": not found, "problems": found, "value": inputs.value}


def _all(inputs: Inputs) -> Iterator[tuple[str, str, str]]:
    if inputs.schema_ is not None:
        from flov7.language.schemas import problems

        for problem in problems(inputs.schema_, value=inputs.value, formats=inputs.formats):
            yield problem.where, problem.keyword, problem.message
    is_list = isinstance(inputs.value, list)
    items: list[Any] = inputs.value if isinstance(inputs.value, list) else [inputs.value]
    for rule in inputs.rules:
        yield from _broken(rule, items, is_list=is_list)
    for check, message in inputs.checks:
        for index, item in enumerate(items):
            if not check(item=item, index=index):
                yield (f"/{index}" if is_list else ""), check.source, message


def _broken(rule: Rule, items: list[Any], *, is_list: bool) -> Iterator[tuple[str, str, str]]:
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        value = at_path(item, rule.field)
        where = (f"/{index}/" if is_list else "/") + rule.field.replace(".", "/")
        message = _complaint(rule, None if value is Missing else value)
        if rule.rule == "unique" and value is not Missing and value is not None:
            first = seen.setdefault(same(value), index)
            message = f"item {first} has the same `{rule.field}`" if first != index else None
        if message:
            yield where, rule.rule, message


def _complaint(rule: Rule, value: Any) -> str | None:
    """What is wrong with one value; null breaks `required` only."""
    if value is None:
        return f"`{rule.field}` is missing" if rule.rule == "required" else None
    match rule.rule:
        case "required":
            return f"`{rule.field}` is empty" if value in ("", [], {}) else None
        case "unique":
            return None
        case "range":
            return _out_of_range(rule, value)
        case "pattern":
            if not isinstance(value, str):
                return f"`{rule.field}` is {kind_of(value)}, where text is wanted"
            return None if compiled(rule.pattern or "").search(value) else f"`{rule.field}` has another form"
        case "one_of":
            allowed = {same(each) for each in rule.values}
            return None if same(value) in allowed else f"`{rule.field}` is not one of the allowed values"
        case _:
            assert_never(rule.rule)


def _out_of_range(rule: Rule, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"`{rule.field}` is {kind_of(value)}, where a number is wanted"
    if rule.min is not None and value < rule.min:
        return f"`{rule.field}` is {value}, less than {rule.min:g}"
    if rule.max is not None and value > rule.max:
        return f"`{rule.field}` is {value}, more than {rule.max:g}"
    return None


KIND = Kind(
    title="Validate",
    icon="shield-check",
    summary="Whether a value has the right shape and quality, with a list of what is wrong.",
    confused_with="A workflow's `inputs` check its payload already; `condition/compare` asks one question.",
    examples=("Check that the order is complete", "Validate the rows before importing"),
    synonyms=("schema", "check data", "quality", "verify"),
    lowering=Lowering.PURE,
)
