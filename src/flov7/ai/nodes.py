"""Nodes that are written on the spot: a sentence, or code written by hand, shown to hold before a person is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flov7.cage.cage import Cage
from flov7.cage.proof import Report, proved
from flov7.cage.reading import IMPORTS
from flov7.kit.errors import FlowError, Invalid, Misconfigured
from flov7.language.schemas import check_schema
from flov7.llm.answers import Account, Ask
from flov7.llm.models import Models
from flov7.llm.routing import Need
from flov7.primitives.nodes import About

TRIES = 3
_RULES = f"""You write one step of a workflow in Python, and its tests. Rules:
- `code` defines `def run(inputs)`: a pure function of a dict that returns a dict with exactly the declared outputs.
- It may import only: {", ".join(sorted(IMPORTS - {"__future__"}))}. No files, no network, no eval, no getattr.
- Input that makes no sense raises ValueError with plain words.
- `tests` are functions named test_…, without arguments; they call run({{…}}), which is there, and use assert.
- Every declared output is looked at by a test, and values at every border in the code are tested.
- `inputs` and `outputs` are JSON Schemas of objects, as JSON text. `name` is snake_case."""


class Written(BaseModel):
    """A node as it is written, by a model or by hand."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,40}$")
    about: About
    code: str = Field(min_length=1, max_length=20_000)
    tests: str = Field(min_length=1, max_length=20_000)


@dataclass(frozen=True)
class Draft:
    """What was written, what its tests showed, and who wrote it: a model's name, or empty."""

    written: Written
    report: Report
    model: str = ""
    tries: int = 1


class NodeWriter:
    """Writes nodes and proves them. Raises Misconfigured where there is no cage, or no model to write."""

    def __init__(self, cage: Cage, models: Models) -> None:
        self._cage = cage
        self._models = models

    async def prove(self, written: Written) -> Draft:
        """What the tests of a node that somebody wrote show. Raises Invalid for schemas that are none."""
        _check(written.about)
        report = await proved(self._cage, code=written.code, tests=written.tests, outputs=written.about.outputs)
        return Draft(written, report)

    async def write(self, sentence: str, *, workspace_id: str) -> Draft:
        """A node for a sentence, mended until it holds or the tries are used; the report says what does not hold."""
        if not self._models.settings.has_model:
            raise Misconfigured(
                "There is no model that could write the code.",
                hint="Set FLOV7_LLM_BASE_URL or OPENAI_API_KEY, or hand in code that you wrote, with its tests.",
                code="llm.missing",
            )
        model = self._models.router.route(Need.STRONG)
        turns: list[dict[str, Any]] = [{"role": "system", "content": _RULES}, {"role": "user", "content": sentence}]
        draft: Draft | None = None
        for number in range(1, TRIES + 1):
            ask = Ask(turns=tuple(turns), model=model, schema=_SHAPE, name="node", temperature=0.0,
                      account=Account(workspace_id, step="node", place=f"turn/{number}"))  # fmt: skip
            answer = await self._models.asks.ask(ask)
            try:
                written = _read(answer.value, sentence)
                draft = Draft((made := await self.prove(written)).written, made.report, answer.model, number)
                wrong = list(draft.report.problems)
            except Invalid as error:
                wrong = [error.message]
            if not wrong:
                break
            words = "This does not hold. Mend it and give the whole again:\n- " + "\n- ".join(wrong)
            turns += [answer.as_turn(), {"role": "user", "content": words}]
        if draft is None:
            raise Invalid(
                "The model wrote no node that can be read.", hint="Say it in other words.", code="node.unread"
            )
        return draft


_TEXT = {"type": "string"}
_PARTS = ("name", "title", "summary", "inputs", "outputs", "code", "tests")
_SHAPE = {
    "type": "object",
    "properties": dict.fromkeys(_PARTS, _TEXT),
    "required": list(_PARTS),
    "additionalProperties": False,
}


def _read(value: Any, sentence: str) -> Written:
    """What the model gave. Raises Invalid in words that it can follow."""
    if not isinstance(value, dict):
        raise Invalid("The answer is not the JSON object that was asked for.")
    try:
        schemas = {key: json.loads(value.get(key) or "") for key in ("inputs", "outputs")}
        about = {"title": value.get("title"), "summary": value.get("summary"), "sentence": sentence[:5000], **schemas}
        return Written.model_validate(
            {"name": value.get("name"), "about": about, "code": value.get("code"), "tests": value.get("tests")}
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except ValueError as error:
        raise Invalid("`inputs` and `outputs` are JSON Schemas, written as JSON text.") from error


def _check(about: About) -> None:
    for name, schema in (("inputs", about.inputs), ("outputs", about.outputs)):
        try:
            check_schema(schema)
        except FlowError as error:
            raise Invalid(f"`{name}`: {error.message}", hint=error.hint) from error
        if schema.get("type") != "object":
            raise Invalid(
                f"`{name}` is the schema of an object.", hint='Begin with {"type": "object", "properties": {…}}.'
            )
    if not about.outputs.get("properties"):
        raise Invalid("The node declares no output.", hint="Name at least one in `outputs.properties`.")
