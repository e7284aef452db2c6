"""The one shape of every JSON answer: `status`, `data`, `meta`; on an error `data` is null and `error` says why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from flov7.gateway.context import VERSION, current, meta
from flov7.kit import json

T = TypeVar("T")


class Meta(BaseModel):
    """When, under which id, by which version it was answered."""

    timestamp: str = Field(description="ISO 8601 in UTC.", examples=["2026-11-22T09:00:00.000Z"])
    request_id: str = Field(description="Name it when you ask us about this request.", examples=["req-9f86d081884c"])
    version: str = Field(default=VERSION, examples=[VERSION])


class Envelope(BaseModel, Generic[T]):
    """A good answer."""

    status: Literal["success"] = "success"
    data: T
    meta: Meta


class ListOf(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(
        default=None, description="Send it as `cursor` for the next page; null on the last one.", examples=[None]
    )


class Problem(BaseModel):
    """What is wrong and how to mend it."""

    model_config = ConfigDict(extra="allow")
    code: str = Field(description="Stable; for programs.", examples=["request.not_found"])
    message: str = Field(description="For people.", examples=["There is no such run."])
    hint: str = Field(default="", description="The mend.", examples=["List them with GET /api/v1/executions."])
    diagnostics: list[dict[str, Any]] | None = Field(
        default=None, description="What is wrong with a document: code, severity, where, message, hint, fix."
    )
    fields: list[dict[str, Any]] | None = Field(
        default=None, description="What is wrong with a request: where (a JSON pointer) and message."
    )
    details: dict[str, Any] | None = Field(default=None, description="More, by the code.")


class ErrorEnvelope(BaseModel):
    """An answer that says no."""

    status: Literal["error"] = "error"
    data: None = None
    error: Problem
    meta: Meta


_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z


def encode(value: Any) -> bytes:
    """JSON, times with `Z`."""
    try:
        return orjson.dumps(value, default=_plain, option=_OPTIONS)
    except TypeError:
        return json.dumps(value)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="python", by_alias=True)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (tuple, set, frozenset)):
        return list(value)
    raise TypeError(type(value).__name__)


def success(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with `data`."""
    return _response({"status": "success", "data": data, "meta": meta()}, status, headers)


def error(problem: Mapping[str, Any], *, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """An answer that says what is wrong."""
    return _response({"status": "error", "data": None, "error": problem, "meta": meta()}, status, headers)


def _response(body: dict[str, Any], status: int, headers: Mapping[str, str] | None) -> Response:
    more = {"x-request-id": current().request_id, **(headers or {})}
    return Response(encode(body), status_code=status, headers=more, media_type="application/json")
