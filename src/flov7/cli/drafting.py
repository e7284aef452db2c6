"""The command line's way to generation: say a sentence, answer what it asks. With a model where the settings name one."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flov7.cli.screen import err
from flov7.generation.draft import Cost, Draft, Earlier
from flov7.generation.generate import Progress, Stage, draft, edit
from flov7.primitives.registry import catalogue

if TYPE_CHECKING:
    from flov7.generation.model.drafter import ModelDrafter

_STAGES = {
    Stage.UNDERSTAND: "Reading the sentence …",
    Stage.SHORTLIST: "Looking for the kinds that fit …",
    Stage.DRAFT: "Drafting …",
    Stage.VALIDATE: "Checking …",
    Stage.REPAIR: "Mending what does not hold …",
    Stage.DRY_RUN: "Trying it with made-up values …",
    Stage.EXPLAIN: "Putting it into words …",
}


@contextmanager
def stages() -> Generator[Progress, None, None]:
    """Each stage shows while it goes, where somebody looks at a terminal."""
    if not err.is_terminal:
        yield lambda _: None
        return
    with err.status("Thinking …", spinner="dots") as status:
        yield lambda stage: status.update(_STAGES[stage])


def said(sentence: str, *, progress: Progress | None = None) -> Draft:
    """A draft of the sentence. Without a model nothing leaves this machine."""
    return asyncio.run(_drafted(sentence, None, progress))


def answered(before: Draft, key: str, text: str, *, progress: Progress | None = None) -> Draft:
    """The draft with one of its questions answered."""
    earlier: Earlier = before.earlier.model_copy(update={"answers": {**before.earlier.answers, key: text}})
    return asyncio.run(_drafted(before.sentence, earlier, progress))


def changed(document: object, change: str, *, progress: Progress | None = None) -> Draft:
    """The document after a change in words. Raises Invalid where there is no document."""
    from flov7.kit.errors import Invalid

    value = {"primitives": document} if isinstance(document, list) else document
    if not isinstance(value, dict) or not isinstance(value.get("primitives"), list):
        raise Invalid("This is no document: it has no list of primitives.", hint="`flov7 validate FILE` says more.")
    return asyncio.run(_edited(value, change, progress))


def took(cost: Cost) -> str | None:
    """What a model took for a draft, in a line; None where none was asked."""
    if not cost.calls:
        return None
    calls = "1 call" if cost.calls == 1 else f"{cost.calls} calls"
    money = "" if cost.dollars is None else f", ${cost.dollars:.4f}"
    return f"{calls}, {cost.input_tokens + cost.output_tokens:,} tokens, {cost.seconds:.1f} s{money}"


def model_drafter() -> ModelDrafter | None:
    """The drafter that asks the model of the settings; None where they name none, and then all is done offline."""
    from flov7.llm.settings import LlmSettings

    if not LlmSettings.load().has_model:
        return None
    from flov7.wiring import model_drafter as joined

    return joined(LlmSettings.load())


async def _drafted(sentence: str, earlier: Earlier | None, progress: Progress | None) -> Draft:
    drafter = model_drafter()
    try:
        return await draft(sentence, catalogue=catalogue(), earlier=earlier, drafter=drafter, progress=progress)
    finally:
        if drafter is not None:
            await drafter.close()


async def _edited(document: dict[str, Any], change: str, progress: Progress | None) -> Draft:
    drafter = model_drafter()
    try:
        return await edit(document, change, catalogue=catalogue(), drafter=drafter, progress=progress)
    finally:
        if drafter is not None:
            await drafter.close()
