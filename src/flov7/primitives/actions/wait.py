"""Wait: for a time, a date, a callback, an approval or an answer. A waiting run costs nothing and survives restarts.

- `time`: for `duration`.
- `date`: until `until`; a moment that has passed does not wait.
- `callback`: until something is sent to the step's address; what is sent is the output's `payload`.
- `approval`: until someone decides. `to` names who may; rejected, it is a gate that says no, unless
  `on_rejected: continue`.
- `answer`: until someone fills `fields` (a JSON Schema) in.

With `channel` the question is also sent out, as `notification` sends it: by mail, to a chat or as a text message, with
a button that leads to a page on which it is answered, without an account. The address is only in that message.

Not answered within `timeout`, the last three are the error `wait.timed_out`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from flov7.language.catalogue import ConnectionNeed, Lowering, Retry
from flov7.language.effects import ByCase, Effect
from flov7.primitives.declare import Json, Kind, KindInputs, KindOutputs
from flov7.primitives.fields import Duration, rules, where_is

What = Literal["time", "date", "callback", "approval", "answer"]


class Inputs(KindInputs):
    """What it waits for."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            where_is("for", "time", needs="duration"),
            where_is("for", "date", needs="until"),
            where_is("for", "answer", needs="ask"),
        )
    )

    for_: Annotated[What, Field(alias="for", description="What it waits for.")]
    duration: Duration | None = Field(default=None, description="For `time`: how long.")
    until: str | None = Field(
        default=None, description="For `date`: an ISO 8601 date or moment.", examples=["2027-01-31T09:00:00Z"]
    )
    timeout: Duration | None = Field(
        default=None, description="How long a callback, an approval or an answer may take; left out: for ever."
    )
    ask: str | None = Field(default=None, max_length=4000, description="The question that people see.")
    to: list[str] | str | None = Field(
        default=None,
        description="Who may decide or answer: e-mail addresses or roles; left out: any member. With `channel`, who "
        "or what is told.",
    )
    fields: dict[str, Any] = Field(default_factory=dict, description="For `answer`: a JSON Schema of the form.")
    on_rejected: Literal["stop", "continue"] = Field(
        default="stop", description="For `approval`: whether a no is a gate, or goes on with the decision."
    )
    details: Json = Field(default=None, description="What people see beside the question.")
    channel: str | None = Field(
        default=None,
        min_length=1,
        description="Also tells it there, with a button to answer: `email`, `webhook`, or a connection's name.",
        examples=["email"],
    )

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Inputs:
        wanted = {"time": "duration", "date": "until", "answer": "ask"}.get(self.for_)
        if wanted and getattr(self, wanted) is None:
            raise ValueError(f"waiting for {self.for_} needs `{wanted}`")
        if self.channel is not None and self.for_ in ("time", "date"):
            raise ValueError(f"nobody is asked when waiting for a {self.for_}; take `channel` away")
        return self


class Outputs(KindOutputs):
    """What came; only the fields of what was waited for are there."""

    decision: Literal["approved", "rejected"] | None = Field(default=None, description="Of an approval.")
    by: str | None = Field(default=None, description="Who decided or answered.")
    at: str | None = Field(default=None, description="When it ended, ISO 8601.")
    comment: str | None = Field(default=None, description="What the person added.")
    answer: Json = Field(default=None, description="Of an answer: the form's fields.")
    payload: Json = Field(default=None, description="Of a callback: what was sent.")


KIND = Kind(
    title="Wait",
    icon="hourglass",
    summary="The run pauses: for a while, until a date, or until a person or another system says something.",
    confused_with="`schedule` starts runs; a step's `timeout` limits one step.",
    examples=("Wait for approval", "Wait two days", "Ask the customer for the size"),
    synonyms=("approval", "approve", "pause", "delay", "sleep", "ask", "callback"),
    lowering=Lowering.WAIT,
    effect=ByCase(field="channel", cases={}, absent=Effect.PURE, otherwise=Effect.WRITE),
    target_fields=("channel", "to"),
    connection=ConnectionNeed(
        kinds=("webhook", "slack"),
        services=("smtp", "telegram", "discord", "twilio", "vonage", "plivo", "webpush"),
        given="channel",
    ),
    retry=Retry(max_attempts=1),
)
