"""Start by an HTTP request of another service, at `/hooks/<workspace><url>`.

Without `auth` the address holds a token that nobody can guess. `token` wants `Authorization: Bearer …`,
`basic` a user and password, `signature` a Standard Webhooks signature (`webhook-id`, `webhook-timestamp`,
`webhook-signature`); `secret` names the stored secret that is compared with. The event's id is the sender's
`webhook-id` or `Idempotency-Key`, or what `event_id` gives; without one every delivery is its own event.
With a `digest` window equal bodies within that time are one event as well.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import AnyOutput, Bound, Kind, KindInputs, deferred
from flov7.primitives.fields import Duration, rules, where_is

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


class Inputs(KindInputs):
    """Where it listens, whom it believes, and how it answers."""

    model_config = ConfigDict(json_schema_extra=rules(where_is("auth", "token", "signature", "basic", needs="secret")))

    url: str = Field(
        pattern=r"^/[A-Za-z0-9._~/-]{0,199}$",
        description="The path under `/hooks/<workspace>`.",
        examples=["/orders"],
    )
    method: Method = Field(default="POST", description="The one HTTP method that it takes.")
    auth: Literal["none", "token", "signature", "basic"] = Field(
        default="none", description="How the sender proves itself; `none` puts a token into the address."
    )
    secret: str | None = Field(
        default=None,
        description="Name of the stored secret for `token`, `signature` and `basic`.",
        json_schema_extra={"x-secret": True},
    )
    respond: Literal["at_once", "result"] = Field(
        default="at_once", description="Answer 202 when the event is safe, or with the run's output."
    )
    respond_timeout: Duration = Field(default="30s", description="How long `result` waits before it answers 202.")
    event_id: Annotated[Bound | None, deferred("payload", "headers", "query")] = Field(
        default=None, description="An expression for the event's id, where the sender's header has none."
    )
    digest: Duration | None = Field(
        default=None, description="Deliveries with equal bodies within this time are one event, where none has an id."
    )
    max_body: int = Field(default=1_048_576, ge=1, le=26_214_400, description="Largest body in bytes.")
    per_minute: int | None = Field(
        default=None, ge=1, le=100_000, description="More requests than this in a minute are answered 429."
    )

    @model_validator(mode="after")
    def _needs_its_secret(self) -> Inputs:
        if self.auth != "none" and not self.secret:
            raise ValueError(f"`auth: {self.auth}` needs `secret`, the name of a stored secret")
        return self


class Outputs(AnyOutput):
    """The payload: the parsed body, or the query where there is no body."""


KIND = Kind(
    title="Webhook",
    icon="webhook",
    summary="Another service sends an HTTP request when something happens.",
    confused_with="`api` is for programs with an API key of this workspace; `schedule` for times.",
    examples=("When an order comes in", "When a form is submitted", "When Stripe reports a payment"),
    synonyms=("hook", "http", "event", "callback", "incoming", "order comes in", "form"),
    lowering=Lowering.START,
)
