"""Effect classes: what a step may do to the world, known before it runs.

`pure` touches nothing; `read` looks; `idempotent` changes, safely repeatable; `write` changes, not safe to
repeat, and whatever cannot be known at compile time; `irreversible` changes what nobody can take back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Effect(StrEnum):
    """Effect class of a step, weakest first."""

    PURE = "pure"
    READ = "read"
    IDEMPOTENT = "idempotent"
    WRITE = "write"
    IRREVERSIBLE = "irreversible"

    @property
    def repeatable(self) -> bool:
        """Whether doing it again changes nothing more."""
        return self in (Effect.PURE, Effect.READ, Effect.IDEMPOTENT)


class ByValue(BaseModel):
    """The effect follows from one config field: `{"field": "method", "effects": {"GET": "read"}}`.

    A field that is absent counts as `absent`; a value that is not listed, or not a literal, as `otherwise`.
    Values are compared without regard to case.
    """

    model_config = ConfigDict(frozen=True)
    rule: Literal["value"] = "value"
    field: str
    effects: dict[str, Effect]
    absent: Effect = Effect.WRITE
    otherwise: Effect = Effect.WRITE


class BySql(BaseModel):
    """The effect follows from a config field that holds one SQL statement."""

    model_config = ConfigDict(frozen=True)
    rule: Literal["sql"] = "sql"
    field: str = "sql"


class ByGraphql(BaseModel):
    """The effect follows from a config field that holds a GraphQL document: only queries are a `read`."""

    model_config = ConfigDict(frozen=True)
    rule: Literal["graphql"] = "graphql"
    field: str = "query"
    changes: Effect | ByValue = Effect.WRITE


class ByCase(BaseModel):
    """One config field decides which rule decides. A field that is absent counts as `absent`."""

    model_config = ConfigDict(frozen=True)
    rule: Literal["case"] = "case"
    field: str
    cases: dict[str, EffectRule]
    absent: EffectRule = Effect.WRITE
    otherwise: EffectRule = Effect.WRITE


EffectRule = Effect | ByValue | BySql | ByGraphql | ByCase
ByCase.model_rebuild()

_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$", re.DOTALL)
_WRITES = re.compile(
    r"\b(insert|update|delete|merge|truncate|drop|alter|create|grant|revoke|copy|call|do|into|lock|nextval|"
    r"setval|set_config|refresh|vacuum|reindex|execute|pg_\w+|lo_\w+|dblink\w*|for\s+(no\s+key\s+)?(update|share))\b"
)
_DESTROYS = re.compile(r"^\s*(delete|truncate|drop)\b")


def of_sql(statement: str) -> Effect:
    """Effect of one SQL statement: `read` only for a select, values, show, table or explain that writes nowhere."""
    text = _QUOTED.sub("''", _COMMENTS.sub(" ", statement)).strip().rstrip(";").lower()
    if _DESTROYS.match(text):
        return Effect.IRREVERSIBLE
    reads = re.match(r"(select|values|show|table|with|explain)\b", text)
    if reads and ";" not in text and not _WRITES.search(text):
        return Effect.READ
    return Effect.WRITE


_GRAPHQL_NOISE = re.compile(r"\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\n])*\"|#[^\n]*", re.DOTALL)


def of_graphql(document: str) -> Effect:
    """Effect of a GraphQL document: `read` only where no operation in it is a mutation or a subscription."""
    text = _GRAPHQL_NOISE.sub(" ", document)
    depth, top = 0, ""
    for part in re.split(r"([{}])", text):
        if part in ("{", "}"):
            depth += 1 if part == "{" else -1
        elif depth == 0:
            top += " " + part
    changes = re.search(r"\b(mutation|subscription)\b", top) or depth != 0
    return Effect.WRITE if changes else Effect.READ


def _of_field(rule: ByValue | ByCase, config: Mapping[str, Any], *, is_literal: bool) -> EffectRule:
    """What the field's value stands for in a rule that looks its value up."""
    value = config.get(rule.field)
    if value is None:
        return rule.absent
    if not isinstance(value, str | bool) or not is_literal or "{{" in str(value):
        return rule.otherwise
    table = rule.effects if isinstance(rule, ByValue) else rule.cases
    known: dict[str, EffectRule] = {key.lower(): effect for key, effect in table.items()}
    return known.get(str(value).lower(), rule.otherwise)


def resolve(rule: EffectRule, config: Mapping[str, Any], *, is_literal: bool = True) -> Effect:
    """The effect class of a step with this `config`; `is_literal` false when the deciding field is computed."""
    match rule:
        case Effect():
            return rule
        case ByValue() | ByCase():
            return resolve(_of_field(rule, config, is_literal=is_literal), config, is_literal=is_literal)
        case ByGraphql():
            text = config.get(rule.field)
            if isinstance(text, str) and is_literal and "{{" not in text and of_graphql(text) is Effect.READ:
                return Effect.READ
            return resolve(rule.changes, config, is_literal=is_literal)
        case BySql():
            value = config.get(rule.field)
            if not isinstance(value, str) or not is_literal or "{{" in value:
                return Effect.WRITE
            return of_sql(value)


class EffectLine(BaseModel):
    """One line of a manifest: what a step may do, to what, with which credential."""

    model_config = ConfigDict(frozen=True)
    primitive: str
    kind: str
    effect: Effect
    target: str = Field(description="Host, address, table or channel as far as it is known before the run.")
    connection: str | None = None
    repeatable: bool = Field(description="Whether a retry is safe without asking a person.")
