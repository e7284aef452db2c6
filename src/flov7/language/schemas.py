"""JSON Schema (draft 2020-12) for values: what does not hold, and where.

No reference leaves the schema: another address is refused, never fetched. Patterns are matched by RE2, in linear
time, so neither a schema nor a value can make a run hang.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, SchemaError, ValidationError
from jsonschema import validators as _validators
from jsonschema_specifications import REGISTRY as SPECIFICATIONS
from referencing import Registry
from referencing.exceptions import NoSuchResource, Unresolvable
from referencing.jsonschema import DRAFT202012

from flov7.kit.errors import Invalid
from flov7.language.formats import checker

Schema = Mapping[str, Any] | bool

# The meta-schema's own `format: regex` means another regular expression than RE2.
_NO_FORMATS = FormatChecker(formats=())
_FORMATS = checker()


@dataclass(frozen=True, kw_only=True)
class SchemaProblem:
    """One thing that does not hold: a JSON pointer into the value, the keyword, and words."""

    where: str
    keyword: str
    message: str


def problems(
    schema: Schema, *, value: Any, formats: bool = True, resources: Mapping[str, Schema] | None = None
) -> list[SchemaProblem]:
    """All that does not hold, in the order of the value's places; empty where the value is valid.

    `formats` decides whether `format` is checked. `resources` are further schemas by their address.
    Raises Invalid (`schema.invalid`) for a schema that is none, or refers to what is not there.
    """
    return _found(_validator(_text(schema), formats, _frozen(resources)), value)


def compiled(schema: Schema) -> Callable[[Any], list[SchemaProblem]]:
    """The schema made ready once, for values that come by the thousand; raises like `problems`."""
    validator = _validator(_text(schema), True, ())
    return lambda value: _found(validator, value)


def _found(validator: Any, value: Any) -> list[SchemaProblem]:
    try:
        errors = sorted(validator.iter_errors(value), key=lambda error: [str(part) for part in error.absolute_path])
        return [_problem(error) for error in errors]
    except Unresolvable as error:
        raise Invalid(
            f"The schema refers to `{error.ref}`, which is not in it.",
            hint="Put it under `$defs` and refer to `#/$defs/…`; other addresses are not fetched.",
            code="schema.invalid",
        ) from error
    except RecursionError as error:
        raise Invalid(
            "The schema refers to itself without end, or the value is nested too deeply.", code="schema.invalid"
        ) from error


def check_schema(schema: Schema) -> None:
    """Raises Invalid (`schema.invalid`) with a pointer where this is no JSON Schema."""
    _validator(_text(schema), True, ())


def _text(schema: Schema) -> str:
    return json.dumps(schema, sort_keys=True)


def _problem(error: ValidationError) -> SchemaProblem:
    where = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error.absolute_path)
    message = error.message if len(error.message) <= 300 else error.message[:300] + " …"
    return SchemaProblem(where=where, keyword=str(error.validator), message=message)


def _frozen(resources: Mapping[str, Schema] | None) -> tuple[tuple[str, str], ...]:
    return tuple((uri, _text(body)) for uri, body in sorted((resources or {}).items()))


@lru_cache(maxsize=256)
def _validator(text: str, formats: bool, resources: tuple[tuple[str, str], ...]) -> Any:
    schema = json.loads(text)
    try:
        Draft202012Validator.check_schema(schema, format_checker=_NO_FORMATS)
    except SchemaError as error:
        where = "".join(f"/{part}" for part in error.absolute_path) or "/"
        raise Invalid(
            f"This is no JSON Schema: at `{where}`, {error.message[:300]}.",
            hint="Draft 2020-12 is read: https://json-schema.org/understanding-json-schema",
            code="schema.invalid",
        ) from error
    _refuse_slow_names(schema, text)
    registry: Registry[Any] = Registry(retrieve=_refuse).with_resources(
        (uri, DRAFT202012.create_resource(json.loads(body))) for uri, body in resources
    )
    checker = _FORMATS if formats else None
    return _Validator(schema, registry=SPECIFICATIONS.combine(registry), format_checker=checker)


_NESTED_REPEAT = re.compile(r"\([^)]*[*+{][^)]*\)[*+{]")


def _refuse_slow_names(schema: Any, text: str) -> None:
    """`unevaluatedProperties` is jsonschema's own and matches names by `re`: no nested repetition there."""
    if "unevaluatedProperties" not in text or "patternProperties" not in text:
        return
    below: list[Any] = [schema]
    while below:
        node = below.pop()
        below.extend(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
        patterns = node.get("patternProperties") if isinstance(node, dict) else None
        for pattern in patterns if isinstance(patterns, dict) else ():
            if _NESTED_REPEAT.search(pattern):
                raise Invalid(
                    f"The pattern `{pattern[:200]}` repeats a repetition, beside `unevaluatedProperties`.",
                    hint="Write it without the inner or the outer repetition.",
                    code="schema.invalid",
                )


def _refuse(uri: str) -> Any:
    raise NoSuchResource(ref=uri)


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> Any:
    """The pattern in RE2. ECMA-262 says `\\d` is 0-9 and names Unicode classes at length; RE2 has short names."""
    import re2

    options = re2.Options()
    options.log_errors = False
    text = re.sub(r"\\p\{(\w+)\}", lambda found: f"\\p{{{_CLASSES.get(found[1], found[1])}}}", pattern)
    text = re.sub(r"\\c([A-Za-z])", lambda found: f"\\x{ord(found[1]) % 32:02x}", text)
    try:
        return re2.compile(text, options)
    except re2.error as error:
        raise Invalid(
            f"The pattern `{pattern[:200]}` cannot be read.",
            hint="RE2 is spoken here: no lookahead, no lookbehind, no backreference.",
            code="schema.invalid",
        ) from error


_CLASSES = {"Letter": "L", "digit": "Nd", "Number": "N", "Punctuation": "P", "Uppercase_Letter": "Lu"}


def _on_pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _pattern(pattern).search(instance):
        yield ValidationError(f"{instance[:80]!r} does not match {pattern!r}")


def _on_pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for pattern, subschema in patterns.items():
        for name, value in instance.items():
            if _pattern(pattern).search(name):
                yield from validator.descend(value, subschema, path=name, schema_path=pattern)


def _on_additional(validator: Any, additional: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    extras = [name for name in instance if name not in known and not any(_pattern(p).search(name) for p in patterns)]
    if additional is False and extras:
        names = ", ".join(repr(name) for name in extras[:10])
        yield ValidationError(f"Additional properties are not allowed: {names}")
    elif additional is not False:
        for name in extras:
            yield from validator.descend(instance[name], additional, path=name)


_OVER: Any = {
    "pattern": _on_pattern,
    "patternProperties": _on_pattern_properties,
    "additionalProperties": _on_additional,
}
_Validator: Any = _validators.extend(Draft202012Validator, validators=_OVER)
