"""A GraphQL document and its variables, checked against the service's schema before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flov7.kit.errors import StepFailed, StepRefused
from flov7.primitives.actions.api_call.http import Call, judge
from flov7.primitives.declare import Json
from flov7.primitives.files import File
from flov7.primitives.formats import json_text
from flov7.primitives.recent import Recent

INTROSPECT = "introspect"
_MOST_TOKENS = 20_000
_schemas: Recent[Any] = Recent()


async def checked(
    call: Call, *, schema: str | File, document: str, variables: Mapping[str, Json], operation: str | None
) -> None:
    """Raises StepRefused (`graphql.query`, `graphql.variables`) for what the service could not answer."""
    found = await _schema_of(call, schema)
    chosen = _checked_document(found, document, operation)
    _checked_variables(found, chosen, variables)


async def _schema_of(call: Call, schema: str | File) -> Any:
    from graphql import build_client_schema, build_schema
    from graphql.error import GraphQLError

    key = f"{call.url} {call.access.account}" if schema == INTROSPECT else str(schema)
    known = _schemas.get(key)
    if known is not None:
        return known
    try:
        if schema == INTROSPECT:
            found: Any = build_client_schema(await _introspected(call))
        elif isinstance(schema, File):
            found = build_schema((await call.context.files.read(schema.file)).decode("utf-8"))
        else:
            found = build_schema(schema)
    except (GraphQLError, TypeError, ValueError, KeyError) as error:
        raise StepRefused(
            f"This is no schema of GraphQL: {str(error).splitlines()[0][:200]}.",
            hint="Give the schema in its own language (SDL), as text or file, or `introspect`.",
            code="graphql.schema",
        ) from error
    _schemas.put(key, found)
    return found


async def _introspected(call: Call) -> Any:
    from graphql import get_introspection_query

    body = json_text.show({"query": get_introspection_query(descriptions=False)}).encode()
    answer = await call.send_raw("POST", body=body, content_type="application/json", accept="application/json")
    judge(answer, expect=None)
    content = json_text.parse(answer.text)
    data = content.get("data") if isinstance(content, dict) else None
    if not isinstance(data, dict) or "__schema" not in data:
        raise StepRefused(
            "The service does not say what its schema is.",
            hint="Many switch that off; give the schema as text or as a file.",
            code="graphql.schema",
        )
    return data


def _checked_document(schema: Any, document: str, operation: str | None) -> Any:
    from graphql import parse, validate
    from graphql.error import GraphQLError
    from graphql.utilities import get_operation_ast

    try:
        parsed = parse(document, max_tokens=_MOST_TOKENS)
    except GraphQLError as error:
        raise _refused([error], "graphql.query") from error
    problems = validate(schema, parsed)
    if problems:
        raise _refused(problems, "graphql.query")
    chosen = get_operation_ast(parsed, operation)
    if chosen is None:
        raise StepRefused(
            f"The document has no operation `{operation}`." if operation else "The document holds several operations.",
            hint="Name one of them in `operation`.",
            code="graphql.query",
        )
    return chosen


def _checked_variables(schema: Any, chosen: Any, variables: Mapping[str, Json]) -> None:
    from graphql.execution.values import get_variable_values

    declared = {one.variable.name.value for one in chosen.variable_definitions or ()}
    unknown = sorted(set(variables) - declared)
    if unknown:
        raise StepRefused(
            f"The document declares no variable `${unknown[0]}`.",
            hint=f"It declares {', '.join('$' + name for name in sorted(declared)) or 'none'}.",
            code="graphql.variables",
        )
    found = get_variable_values(schema, chosen.variable_definitions or (), dict(variables))
    if isinstance(found, list):
        raise _refused(found, "graphql.variables")


def _refused(problems: Any, code: str) -> StepFailed:
    first = problems[0]
    place = first.locations[0] if first.locations else None
    where = f" (line {place.line}, column {place.column})" if place and code == "graphql.query" else ""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return StepRefused(
        f"The service's schema does not take this: {first.message.splitlines()[0][:300].rstrip('.')}{where}{more}.",
        hint="Look at the document and its variables; nothing was sent.",
        code=code,
        details={"errors": [one.message for one in problems[:20]]},
    )
