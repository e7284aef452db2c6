"""Triggers that ask an action again and again: which one, and that it changes nothing."""

from __future__ import annotations

from flov7.language.analysis import Analysis
from flov7.language.catalogue import KindSpec, Lowering
from flov7.language.effects import Effect, resolve
from flov7.language.outline import Place


def polled(analysis: Analysis, place: Place) -> KindSpec | None:
    """The action that a trigger with `poll` asks again and again; diagnostics where it is none that only reads."""
    poll = (place.primitive.config or {}).get("poll")
    if not isinstance(poll, dict):
        return None
    name = str(poll.get("action") or "api_call")
    spec = analysis.catalogue.get("action", name)
    where = analysis.pointer(place, "config", "poll", "action")
    if spec is None or spec.lowering is not Lowering.CALL:
        analysis.report.add(
            "config.wrong",
            where=where,
            message=f"There is no action `{name}` that could be asked again and again.",
            hint="Name `api_call`, `db_query`, or an operation of a connector that lists or searches.",
        )
        return None
    inputs = poll.get("inputs")
    effect = resolve(spec.effect, inputs if isinstance(inputs, dict) else {})
    if effect not in (Effect.PURE, Effect.READ):
        analysis.report.add(
            "config.wrong",
            where=where,
            message=f"`{name}` changes something ({effect.value}); what is asked again and again may only read.",
            hint="Choose an operation that lists or searches, and do the rest in steps.",
        )
    return spec
