"""What goes in and comes out for connectors."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from flov7.language.effects import Effect


class ConnectorIn(BaseModel):
    """A document to make a connector of: its address, or itself."""

    model_config = ConfigDict(extra="forbid")
    url: str | None = Field(
        default=None, pattern=r"^https?://", max_length=2000, description="Where the document is.",
        examples=["https://api.shop.com/openapi.json"],
    )  # fmt: skip
    document: dict[str, Any] | str | None = Field(default=None, description="The document, as JSON or as text.")
    document_gzip: str | None = Field(default=None, description="The document's text, packed with gzip, in Base64.")
    name: str | None = Field(default=None, description="What it is called; left out, by its title.", examples=["shop"])
    replace: bool = Field(default=False, description="Take the place of the connector of that name.")


class ConnectorOut(BaseModel):
    """A connector."""

    name: str = Field(examples=["shop"])
    title: str = Field(examples=["The shop's API"])
    about: str = Field(default="", examples=["Orders and customers."])
    ships: bool = Field(description="It comes with Flov7.", examples=[False])
    takes: list[str] = Field(description="The kinds of connection that it takes.", examples=[["api_key"]])
    operations: int = Field(description="How many there are.", examples=[12])
    base: str = Field(default="", description="Where the service is.", examples=["https://api.shop.com/v2"])
    source: str = Field(default="", description="Where its document came from.")
    warnings: list[str] = Field(default=[], description="What of the document was not understood.")
    updated_at: datetime | None = Field(default=None, examples=["2026-11-22T09:00:00Z"])


class OperationOut(BaseModel):
    """An operation in short; `GET /kinds/action/NAME` tells all."""

    kind: str = Field(description="As a step names it.", examples=["shop.create_order"])
    title: str = Field(examples=["Create an order"])
    effect: Effect = Field(examples=["write"])


class EffectIn(BaseModel):
    """What an operation may do to the world, as a person knows it."""

    model_config = ConfigDict(extra="forbid")
    effect: Effect | None = Field(description="Null takes a correction back.", examples=["read"])
