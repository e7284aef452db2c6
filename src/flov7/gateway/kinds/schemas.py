"""What comes out for kinds."""

from __future__ import annotations

from pydantic import BaseModel, Field

from flov7.language.catalogue import KindSpec


class KindDetail(KindSpec):
    """A kind with its reference page."""

    docs: str = Field(default="", description="Markdown.", examples=["Calls an HTTP address."])


class KindOut(BaseModel):
    """A kind in short."""

    type: str = Field(examples=["action"])
    name: str = Field(examples=["api_call"])
    title: str = Field(examples=["HTTP call"])
    icon: str = Field(examples=["globe"])
    summary: str = Field(description="When to choose it.", examples=["Calls an address."])
    built: bool = Field(description="False: known by name; activation refuses it.", examples=[True])
    services: list[str] = Field(default=[], description="Of connections.", examples=[["smtp"]])
