"""Start by hand: from the dashboard, the command line, or `POST /workflows/{id}/run`.

What the person gives is the payload. With `fields`, a form asks for it.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import AnyOutput, Kind, KindInputs


class Inputs(KindInputs):
    """What a manual start asks for."""

    fields: dict[str, Any] = Field(
        default_factory=dict,
        description="A JSON Schema of what the person fills in; empty: any payload is taken.",
        examples=[{"type": "object", "required": ["email"], "properties": {"email": {"type": "string"}}}],
    )


class Outputs(AnyOutput):
    """The payload, as it was given."""


KIND = Kind(
    title="Manual start",
    icon="hand",
    summary="A person starts it, with whatever they type in. The trigger for tests, drafts and odd jobs.",
    confused_with="`api` is the start for programs.",
    examples=("When I press the button", "Start it by hand"),
    synonyms=("button", "by hand", "on demand", "start"),
    lowering=Lowering.START,
)
