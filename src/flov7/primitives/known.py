"""Kinds that are known by name and not built yet. They are never faked: `validate` warns, activation refuses."""

from __future__ import annotations

from flov7.language.catalogue import Lowering, Queue
from flov7.language.effects import Effect
from flov7.primitives.declare import Known

KNOWN: dict[str, Known] = {
    "action/ai_process": Known(
        title="AI",
        summary="A model reads, writes, classifies or decides; with `agents`, a team of them.",
        lowering=Lowering.CALL,
        effect=Effect.READ,
        queue=Queue.AI,
        synonyms=("summarize", "classify", "extract", "llm", "gpt", "agent"),
    ),
}
"""By `type/name`."""
