"""Kinds of steps as tools of a model: named, fixed where the author fixed them, and under the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flov7.engine.runtime import CallRequest
from flov7.kit.errors import StepRefused
from flov7.language.catalogue import Catalogue, KindSpec, Lowering
from flov7.language.checks import takes_key
from flov7.language.effects import resolve
from flov7.language.schemas import problems
from flov7.llm.answers import Tool

_LONGEST = 20_000
_LEFT_OUT = ("default", "examples", "x-expression", "x-deferred", "x-deferred-keys", "x-secret", "x-internal", "format")


@dataclass(frozen=True)
class BoundTool:
    """A tool as this step allows it."""

    name: str
    spec: KindSpec
    fixed: Mapping[str, Any]
    connection: str | None
    description: str
    most: int

    def shown(self) -> Tool:
        """The tool as a model sees it: what is fixed is not among its parameters."""
        parts = {
            key: _plain(one) for key, one in self.spec.inputs.get("properties", {}).items() if key not in self.fixed
        }
        needed = [key for key in self.spec.inputs.get("required", []) if key in parts]
        schema = {"type": "object", "properties": parts, "required": needed, "additionalProperties": False}
        return Tool(self.name, self.description, schema)

    def inputs(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What the kind gets: the model's arguments under what is fixed."""
        return {**arguments, **self.fixed}

    def wrong(self, arguments: Mapping[str, Any]) -> str:
        """What does not fit, in words for the model; empty where all does."""
        found = problems(dict(self.shown().parameters), value=dict(arguments))
        return "; ".join(f"{one.where or 'the whole'}: {one.message}" for one in found[:5])

    def request(self, step: CallRequest, place: str, arguments: Mapping[str, Any]) -> CallRequest:
        """The call of the kind, at its own place under the step."""
        inputs = self.inputs(arguments)
        return step.model_copy(
            update={
                "key": f"{step.key[: -len(step.step)]}{place}/{step.step}",
                "type": self.spec.type.value,
                "kind": self.spec.name,
                "inputs": inputs,
                "operation": self.spec.operation,
                "credential": step.credentials.get(self.connection) if self.connection else None,
                "effect": resolve(self.spec.effect, inputs),
                "takes_key": takes_key(self.spec, inputs),
                "timeout": min(self.spec.timeout, step.timeout),
            }
        )


def bound(tools: Iterable[Mapping[str, Any]], catalogue: Catalogue) -> dict[str, BoundTool]:
    """The tools that a step names, by the names that models see. Raises StepRefused for what is no tool."""
    made: dict[str, BoundTool] = {}
    for one in tools:
        spec = catalogue.get("action", one["kind"]) or catalogue.get("data", one["kind"])
        if spec is None:
            raise _no_tool(one["kind"], "There is no kind of step", "`flov7 kinds` lists them.")
        if spec.lowering is not Lowering.CALL or spec.name == "ai_process":
            raise _no_tool(
                one["kind"],
                "A model cannot use",
                "It may use kinds that call something outside: `flov7 kinds` says which.",
            )
        name = one.get("name") or spec.name.replace(".", "_")
        if name in made:
            raise _no_tool(name, "Two tools are called", "Give one of them another `name`.")
        words = one.get("description") or f"{spec.title}: {spec.summary}"
        made[name] = BoundTool(name, spec, one.get("config") or {}, one.get("connection"), words, one.get("most", 10))
    return made


def told(output: Any) -> str:
    """What a tool gave, as a model reads it."""
    text = output if isinstance(output, str) else json.dumps(output, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … (cut; there is more)"


def _no_tool(name: str, words: str, hint: str) -> StepRefused:
    return StepRefused(f"{words} `{name}`.", hint=hint, code="ai.no_tool")


def _plain(schema: Any) -> Any:
    """A property as makers of models take it: no marks of ours, nothing that some of them refuse."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _plain(one) for key, one in schema.items() if key not in _LEFT_OUT}
