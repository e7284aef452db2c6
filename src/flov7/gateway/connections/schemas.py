"""What goes in and comes out for connections. Nothing that comes out holds a secret."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_AT = "2026-11-22T09:00:00Z"
_CREDENTIALS: dict[str, Any] = {"type": "basic", "username": "shop", "password": "…"}


class ConnectionCreate(BaseModel):
    """A connection and its secret."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="snake_case.", examples=["shop_mail"])
    service: str = Field(description="What it leads to; GET /kinds lists them.", examples=["smtp"])
    description: str = Field(default="", max_length=2000, examples=["Our mail server."])
    config: dict[str, Any] = Field(
        default={}, description="What may be seen.", examples=[{"host": "smtp.shop.com", "from": "shop@example.com"}]
    )
    credentials: dict[str, Any] | None = Field(
        default=None, description="The secret: kept sealed, never shown again.", examples=[_CREDENTIALS]
    )


class RotateIn(BaseModel):
    """The new secret."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    credentials: dict[str, Any] = Field(description="Takes the place of the old one.", examples=[_CREDENTIALS])


class ConnectionOut(BaseModel):
    """A connection, without its secret."""

    model_config = ConfigDict(from_attributes=True)
    id: str = Field(examples=["019ac0de-7000-7000-8000-000000000001"])
    name: str = Field(examples=["shop_mail"])
    service: str = Field(examples=["smtp"])
    kind: str = Field(examples=["api"])
    description: str = Field(examples=["Our mail server."])
    config: dict[str, Any] = Field(examples=[{"host": "smtp.shop.com"}])
    credentials_type: str = Field(description="How it is sent; `none`: there is no secret.", examples=["basic"])
    secret: str = Field(
        description="The secret's name, by which triggers and documents find it.", examples=["shop_mail"]
    )
    created_at: datetime = Field(examples=[_AT])
    updated_at: datetime = Field(examples=[_AT])
    tested_at: datetime | None = Field(default=None, examples=[_AT])
    test_passed: bool | None = Field(default=None, examples=[True])
    test_message: str | None = Field(default=None, examples=["It answers 200 in 40 ms."])


class TestOut(BaseModel):
    """How a test went."""

    ok: bool = Field(examples=[True])
    message: str = Field(examples=["It answers 200 in 40 ms."])
    hint: str = Field(default="", examples=[""])


class LoginOut(BaseModel):
    """How a connection is allowed."""

    mode: Literal["browser", "device", "done"] = Field(
        description="`browser`: open `address`; `device`: type `code` at `address`; `done`: nobody was needed.",
        examples=["browser"],
    )
    address: str = Field(default="", description="Where a person goes.", examples=["https://accounts.example.com/…"])
    code: str = Field(default="", description="What is typed there, for a device.", examples=["WDJB-MJHT"])
    login: str = Field(default="", description="For a device: what to ask after.", examples=[""])
    redirect: str = Field(
        default="", description="The address that the service must know as the redirect of our application.",
        examples=["https://flov7.example.com/oauth/callback"],
    )  # fmt: skip
    interval: float = Field(default=5.0, description="For a device: seconds between two questions.", examples=[5.0])
    seconds: int = Field(default=0, description="For how long it can be done.", examples=[900])


class LoginState(BaseModel):
    """Whether a login by device came to its end."""

    allowed: bool = Field(examples=[True])
