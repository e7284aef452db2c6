"""Scripts in a file: a list of rules, the first that fits answers; where none fits, the stand-in does.

- when: {says: refund, tools: [find_order]}
  answer: {calls: [{name: find_order, arguments: {id: "17"}}]}
- when: {says: refund}
  answer: {value: {decision: approve, reason: "paid twice"}}
  times: 1
- answer: {fault: "429"}
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from flov7.kit.errors import Invalid
from flov7.language.diagnostics import Report
from flov7.language.reading import read_text
from flov7.llm.testing.faults import Fault, at_fault
from flov7.llm.testing.request import Request
from flov7.llm.testing.scripted import Play, Scripted, ToolCall
from flov7.llm.testing.stand_in import stand_in


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class When(_Part):
    """What a request must have; what is left out is not looked at. Words are compared without regard to case."""

    says: str | None = None
    """Words somewhere in the messages."""
    last_says: str | None = None
    """Words in the last message of the user."""
    model: str | None = None
    tools: tuple[str, ...] = ()
    """Tools that are offered."""
    asks_for: str | None = None
    """A property that the asked-for schema has."""
    after_tools: int | None = Field(default=None, ge=0)
    """How many results of tools there are so far."""

    def fits(self, request: Request) -> bool:
        """Whether a request is of this sort."""
        return (
            _within(self.says, request.text)
            and _within(self.last_says, request.last)
            and self.model in (None, request.model)
            and set(self.tools) <= request.tools.keys()
            and (self.asks_for is None or self.asks_for in (request.schema or {}).get("properties", {}))
            and self.after_tools in (None, len(request.results))
        )


class Call(_Part):
    """A tool to ask for."""

    name: str
    arguments: dict[str, Any] = {}


class Said(_Part):
    """What is answered: words, a value, tools; or the stand-in's answer with a fault."""

    text: str = ""
    value: Any = None
    calls: tuple[Call, ...] = ()
    refusal: str | None = None
    fault: Fault | None = None
    status: int = 200
    retry_after: float | None = None
    delay: float = Field(default=0.0, ge=0, le=600)


class Rule(_Part):
    """One rule; with `times` it answers so often and then no more."""

    when: When = When()
    answer: Said
    times: int | None = Field(default=None, ge=1)


class Rules:
    """A play by rules."""

    def __init__(self, rules: list[Rule], *, otherwise: Play = stand_in) -> None:
        self._rules = rules
        self._otherwise = otherwise
        self._used = [0] * len(rules)

    def __call__(self, request: Request) -> Scripted:
        """The answer of the first rule that fits."""
        for at, rule in enumerate(self._rules):
            if (rule.times is None or self._used[at] < rule.times) and rule.when.fits(request):
                self._used[at] += 1
                return self._answer(rule.answer, request)
        return self._otherwise(request)

    def _answer(self, said: Said, request: Request) -> Scripted:
        plain = not (said.text or said.value is not None or said.calls or said.refusal) and said.status == 200
        made = (
            self._otherwise(request)
            if plain
            else Scripted(
                text=said.text,
                value=said.value,
                calls=tuple(ToolCall(one.name, one.arguments) for one in said.calls),
                refusal=said.refusal,
                status=said.status,
                retry_after=said.retry_after,
            )
        )
        made = replace(made, delay=said.delay)
        return made if said.fault is None else at_fault(made, said.fault, request=request)


def read_rules(text: str) -> Rules:
    """Rules from YAML or JSON. Raises Invalid with the first thing that is wrong and where."""
    report = Report()
    value = read_text(text, report)
    if report.has_errors:
        wrong = report.diagnostics[0]
        raise Invalid(f"The script cannot be read: {wrong.message}", hint=wrong.hint)
    try:
        return Rules(TypeAdapter(list[Rule]).validate_python(value))
    except ValidationError as error:
        first = error.errors()[0]
        where = "/".join(map(str, first["loc"])) or "the whole"
        raise Invalid(
            f"The script does not hold at {where}: {first['msg']}.",
            hint="It is a list of {when, answer, times}; `flov7 scripted-model --help` shows one.",
        ) from error


def _within(words: str | None, text: str) -> bool:
    return words is None or words.lower() in text.lower()
