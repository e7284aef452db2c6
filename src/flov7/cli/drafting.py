"""The command line's way to generation: say a sentence, answer what it asks."""

from __future__ import annotations

import asyncio

from flov7.generation.draft import Draft, Drafter, Earlier
from flov7.generation.generate import draft
from flov7.primitives.registry import catalogue


def said(sentence: str) -> Draft:
    """A draft of the sentence, made offline: nothing leaves this machine."""
    return asyncio.run(draft(sentence, catalogue=catalogue()))


def answered(before: Draft, key: str, text: str) -> Draft:
    """The draft with one of its questions answered."""
    earlier: Earlier = before.earlier.model_copy(update={"answers": {**before.earlier.answers, key: text}})
    return asyncio.run(draft(before.sentence, catalogue=catalogue(), earlier=earlier))


def model_drafter() -> Drafter | None:
    """The drafter that asks the model of the settings; None where they name none, and then all is done offline."""
    from flov7.llm.settings import LlmSettings

    if not LlmSettings.load().has_model:
        return None
    from flov7.wiring import model_drafter as joined

    return joined(LlmSettings.load())


def changed(document: object, change: str) -> Draft:
    """The document after a change in words, made offline. Raises Invalid where there is no document."""
    from flov7.generation.generate import edit
    from flov7.kit.errors import Invalid

    value = {"primitives": document} if isinstance(document, list) else document
    if not isinstance(value, dict) or not isinstance(value.get("primitives"), list):
        raise Invalid("This is no document: it has no list of primitives.", hint="`flov7 validate FILE` says more.")
    return asyncio.run(edit(value, change, catalogue=catalogue()))
