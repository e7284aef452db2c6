"""Whether what a connection says fits its kind, and the service that it leads to."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError

from flov7.gateway.parts import Gateway
from flov7.kit.errors import Invalid
from flov7.language.catalogue import KindSpec, Shelf
from flov7.language.schemas import problems
from flov7.primitives.connectors.stored import StoredShelf


def kind_of(gateway: Gateway, service: str, *, shelf: Shelf | None, wanted: str | None) -> KindSpec:
    """The kind of a service. Raises Invalid with those there are."""
    catalogue = gateway.registry.catalogue()
    if shelf is not None:
        found = shelf.connection(catalogue.kinds, wanted=wanted) or shelf.connection(catalogue.kinds, wanted=None)
        if found is not None:
            return found
    kinds = catalogue.of_type("connection")
    found = next((spec for spec in kinds if spec.name == service), None)
    found = found or next((spec for spec in kinds if service in spec.services), None)
    if found is not None and found.built:
        return found
    services = {service for spec in kinds if spec.built for service in (spec.name, *spec.services)}
    known = "is known and not built yet" if found is not None else "is not known"
    raise Invalid(
        f"The service `{service[:60]}` {known}.",
        hint="Choose one of " + ", ".join(sorted(services | set(catalogue.shelves))) + ".",
        code="connection.service",
    )


def usual(shelf: Shelf | None, kind: str) -> dict[str, Any]:
    """What a connection's config says where the person says nothing: the document's own address and token places."""
    return shelf.config_of(kind) if isinstance(shelf, StoredShelf) else {}


def check(
    gateway: Gateway,
    spec: KindSpec,
    *,
    by_schema: bool,
    config: dict[str, Any] | None,
    credentials: dict[str, Any] | None,
) -> None:
    """Raises Invalid with the places that do not hold, and never with what stands there.

    `by_schema`: the service has a connector, whose own settings and secret are in the spec's schemas.
    """
    wrong = _by_schema(spec, config, credentials) if by_schema else _by_model(gateway, spec.name, config, credentials)
    if wrong:
        raise Invalid(
            f"{wrong[0]['where']}: {wrong[0]['message']}",
            hint=_takes(spec) if by_schema else f"GET /api/v1/kinds/connection/{spec.name} says what it takes.",
            code="connection.invalid",
            details={"fields": wrong},
        )


def _takes(spec: KindSpec) -> str:
    secret = ", ".join(f"`{name}`" for name in spec.credentials.get("properties", {}) if name != "type")
    return f"Its secret is {secret}." if secret else ""


def _by_schema(
    spec: KindSpec, config: dict[str, Any] | None, credentials: dict[str, Any] | None
) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    own = {key: value for key, value in (credentials or {}).items() if key != "type"}
    parts = (("/config", spec.inputs, config), ("/credentials", spec.credentials, own if credentials else None))
    for at, schema, value in parts:
        if value is None:
            continue
        for one in problems({**schema, "additionalProperties": False}, value=value):
            words = {"required": one.message, "additionalProperties": "holds a field that it does not take"}
            said = words.get(one.keyword, "is not what this field takes")
            found.append({"where": at + one.where, "message": said})
    return found


def _by_model(
    gateway: Gateway, kind: str, config: dict[str, Any] | None, credentials: dict[str, Any] | None
) -> list[dict[str, str]]:
    runner = gateway.registry.runner("connection", kind)
    found: list[dict[str, str]] = []
    if config is not None:
        found += _problems(runner.inputs, config, at="/config")
    if credentials is not None and runner.credentials is not None:
        found += _problems(runner.credentials, credentials, at="/credentials")
    return found


def _problems(model: type[BaseModel], value: dict[str, Any], *, at: str) -> list[dict[str, str]]:
    try:
        model.model_validate(value)
    except ValidationError as error:
        return [
            {"where": at + "".join(f"/{part}" for part in one["loc"]), "message": _words(one["type"], one["msg"])}
            for one in error.errors(include_url=False, include_input=False, include_context=False)
        ]
    return []


def _words(kind: str, message: str) -> str:
    """pydantic's words, unless they could repeat what was sent."""
    if kind == "extra_forbidden":
        return "is not a field of this kind"
    return "is not what this field takes" if kind.startswith("value_error") else message
