"""Start by an HTTP request of another service, at `/hooks/<workspace><url>`; or by a person who fills in a form.

`url` may have named parts: `/orders/{id}`; they are `trigger.params`. `methods` takes several methods.
Without `auth` the address holds a token that nobody can guess. `token` wants `Authorization: Bearer …`,
`basic` a user and password, `header` a header with a value that both sides know, `jwt` a signed token (its claims are
`trigger.headers['jwt-claims']`), `signature` a Standard Webhooks signature (`webhook-id`, `webhook-timestamp`,
`webhook-signature`); `secret` names the stored secret that is compared with. The event's id is the sender's
`webhook-id` or `Idempotency-Key`, or what `event_id` gives; without one every delivery is its own event.
With a `digest` window equal bodies within that time are one event as well.

A body is read by its type: JSON, a form, text; uploads and anything else become files by reference. With
`body: raw` the payload is `{text, file, media_type}` of the body as it came. The answer is sent at once, with the
run's output (`result`), or with the output of one step as soon as it is there (`step`, named in `respond_with`); an
output `{status, headers, body}` is the whole answer.

With `form` a GET of the address shows a page with a field for each property of `form.fields` or of the document's
`inputs`, and sending it starts the run.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import AnyOutput, Bound, Kind, KindInputs, deferred
from flov7.primitives.fields import Duration, rules, where_is

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Algorithm = Literal["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_PROVEN = ("token", "signature", "basic", "header", "jwt")


class Form(KindInputs):
    """The page that people see."""

    title: str | None = Field(default=None, max_length=200, description="Its heading; left out: the workflow's name.")
    text: str | None = Field(default=None, max_length=4000, description="What stands below the heading.")
    submit: str = Field(default="Send", min_length=1, max_length=60, description="What stands on the button.")
    thanks: str = Field(default="Thank you.", min_length=1, max_length=2000, description="What is said afterwards.")
    fields: dict[str, Any] = Field(
        default_factory=dict, description="A JSON Schema of what is asked; left out: the document's `inputs`."
    )
    order: list[str] = Field(
        default_factory=list[str],
        max_length=100,
        description="Names of fields in the order in which they stand; left out: what is required first.",
    )


class Jwt(KindInputs):
    """What a signed token has to be. The stored secret holds its `key`: a shared secret, or a public key in PEM."""

    algorithms: list[Algorithm] = Field(
        default_factory=lambda: ["HS256"], min_length=1, description="How it may be signed."
    )
    issuer: str | None = Field(default=None, description="Whom it has to be from (`iss`).")
    audience: str | None = Field(default=None, description="Whom it has to be for (`aud`).")
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]{1,80}$", description="Where it stands.")


class Inputs(KindInputs):
    """Where it listens, whom it believes, and how it answers."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            where_is("auth", *_PROVEN, needs="secret"), where_is("respond", "step", needs="respond_with")
        )
    )

    url: str = Field(
        pattern=r"^/([A-Za-z0-9._~/-]|\{[a-z][a-z0-9_]*\}){0,199}$",
        description="The path under `/hooks/<workspace>`; `{name}` stands for any one part.",
        examples=["/orders", "/orders/{id}"],
    )
    method: Method = Field(default="POST", description="The HTTP method that it takes.")
    methods: list[Method] = Field(
        default_factory=list[Method], description="Several methods that it takes; `method` does not count then."
    )
    auth: Literal["none", "token", "signature", "basic", "header", "jwt"] = Field(
        default="none", description="How the sender proves itself; `none` puts a token into the address."
    )
    secret: str | None = Field(
        default=None,
        description="Name of the stored secret for everything but `none`.",
        json_schema_extra={"x-secret": True},
    )
    header: str = Field(
        default="X-Token", pattern=r"^[A-Za-z0-9-]{1,80}$", description="With `auth: header`, the header's name."
    )
    jwt: Jwt = Field(default_factory=Jwt, description="With `auth: jwt`, what the token has to be.")
    body: Literal["auto", "raw"] = Field(default="auto", description="Read the body by its type, or not at all.")
    form: Form | None = Field(default=None, description="Show a page with a form on GET.")
    respond: Literal["at_once", "result", "step"] = Field(
        default="at_once",
        description="Answer 202 when the event is safe, with the run's output, or with the output of one step.",
    )
    respond_with: str | None = Field(
        default=None, pattern=r"^[a-z][a-z0-9_]*$", description="With `respond: step`, the step whose output it is."
    )
    respond_timeout: Duration = Field(default="30s", description="How long it waits before it answers 202.")
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
        if self.form is not None and self.auth not in ("none", "basic"):
            raise ValueError("a page for people goes with `auth: none` or `auth: basic`; a browser sends nothing else")
        if self.respond == "step" and self.respond_with is None:
            raise ValueError("`respond: step` needs `respond_with`, the name of the step")
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
