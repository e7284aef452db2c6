"""Start by a program: `POST /api/v1/workflows/{id}/run` with an API key; the body's `input` is the payload.

The answer comes at once with the run's address, or, with `respond: result`, when the run has ended. The
caller's `Idempotency-Key` is the event's id: the same key is answered with the first run.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import AnyOutput, Kind, KindInputs
from flov7.primitives.fields import Duration


class Inputs(KindInputs):
    """How a program's call is answered."""

    respond: Literal["at_once", "result"] = Field(
        default="at_once", description="Answer when the run is accepted, or with its result."
    )
    respond_timeout: Duration = Field(
        default="30s", description="How long `result` waits; then the caller gets 202 and the run's address."
    )


class Outputs(AnyOutput):
    """The payload: the `input` of the call."""


KIND = Kind(
    title="API call",
    icon="terminal",
    summary="A program that has an API key starts it, and may wait for the result.",
    confused_with="`webhook` is for services that call a fixed address in their own format.",
    examples=("When our backend calls it", "Start it over the REST API"),
    synonyms=("rest", "programmatic", "request"),
    lowering=Lowering.START,
)
