"""The types of a kind's fields: expressions that it receives as values, and those that it evaluates itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, RootModel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

Json: TypeAlias = Any
"""A JSON value: null, boolean, number, text, list or object."""


class KindInputs(BaseModel):
    """Base of every kind's `Inputs`: frozen, and a field that it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KindOutputs(BaseModel):
    """Base of an `Outputs` with named fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class AnyOutput(RootModel[Any]):
    """Base of an `Outputs` whose shape follows from the inputs."""

    model_config = ConfigDict(frozen=True)


class Bound:
    """A deferred expression: what it sees of the run is fixed, its own names come with each call.

    `bound(item=…, index=…)` gives the JSON value; `source` is its text, for messages.
    """

    __slots__ = ("_evaluate", "source")

    def __init__(self, source: str, *, evaluate: Callable[[Mapping[str, Json]], Json]) -> None:
        self.source = source
        self._evaluate = evaluate

    def __call__(self, **names: Json) -> Json:
        """The value of the expression where `names` have these values."""
        return self._evaluate(names)

    def __repr__(self) -> str:
        """The text of the expression."""
        return f"Bound({self.source!r})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A model takes a `Bound` as it is, and nothing else."""
        return core_schema.is_instance_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """In a document it is text."""
        return {"type": "string"}


class _KeyedBounds:
    """Pydantic's view of `[(Bound, value)]`: a list of pairs here, an object in a document."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler(source)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        pair: Any = handler(schema)
        values = pair.get("items", {}).get("prefixItems", [{}, {}])[1]
        return {"type": "object", "additionalProperties": values}


KEYED = _KeyedBounds
"""Beside `deferred_keys()` in an annotation: an object in a document, pairs of (Bound, value) in a kind."""


def expression() -> Any:
    """Marks a field whose text is an expression; the kind receives its value."""
    return Field(json_schema_extra={"x-expression": True})


def deferred(*names: str) -> Any:
    """Marks a `Bound` field: the kind itself evaluates it, over `names` and all that the step sees."""
    return Field(json_schema_extra={"x-deferred": list(names)})


def deferred_keys(*names: str) -> Any:
    """Marks a `list[tuple[Bound, X]]` field: an object whose keys are deferred expressions over `names`."""
    extra: dict[str, Any] = {"x-deferred-keys": True}
    if names:
        extra["x-deferred"] = list(names)
    return Field(json_schema_extra=extra)


def secret() -> Any:
    """Marks a field that may not hold a secret in plain text."""
    return Field(json_schema_extra={"x-secret": True})
