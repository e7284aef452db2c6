"""Start when a text message arrives at a number of Twilio, Vonage, Telnyx or MessageBird.

The service is told the trigger's address; it signs what it sends, and `secret` names the stored secret by which that
is checked: Twilio's auth token, Vonage's signature secret, Telnyx's public key, MessageBird's signing key. What does
not prove itself is 401 and no run. A delivery that the service repeats makes no second run.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import Kind, KindInputs, KindOutputs
from flov7.primitives.inbound import Arrival, Received
from flov7.primitives.triggers.sms.providers import PROVIDERS, Provider


class Inputs(KindInputs):
    """Where it listens, and for whom."""

    provider: Provider = Field(default="twilio", description="Whose number it is.")
    url: str = Field(
        default="/sms",
        pattern=r"^/[A-Za-z0-9._~/-]{0,199}$",
        description="The path under `/hooks/<workspace>`.",
        examples=["/sms"],
    )
    secret: str = Field(description="Name of the stored secret.", json_schema_extra={"x-secret": True})
    max_body: int = Field(default=262_144, ge=1, le=26_214_400, description="Largest body in bytes.")
    per_minute: int | None = Field(
        default=None, ge=1, le=100_000, description="More requests than this in a minute are answered 429."
    )


class Outputs(KindOutputs):
    """The payload."""

    provider: str = Field(description="Whose number it is.")
    id: str | None = Field(description="The message's id there.")
    from_: str | None = Field(alias="from", description="Who sent it.")
    to: str | None = Field(description="The number that it came to.")
    text: str = Field(description="What it says.")
    media: list[dict[str, Any]] = Field(description="Pictures and the like: `{url, media_type}`.")
    raw: dict[str, Any] = Field(description="All that the service sent.")


KIND = Kind(
    title="Incoming SMS",
    icon="message-square",
    summary="A text message arrives.",
    confused_with="`notification` sends one.",
    examples=("When a text message arrives", "When a customer sends an SMS"),
    synonyms=("text message", "sms", "twilio"),
    lowering=Lowering.START,
)


async def receive(arrival: Arrival, inputs: Inputs) -> Received:
    """The message. Raises Unauthenticated."""
    return PROVIDERS[inputs.provider](arrival)
