"""A list that is sent in several requests, a piece of it in each."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import Field

from flov7.kit.errors import StepBroken, StepFailed, StepRefused, StepTimedOut
from flov7.primitives.declare import Context, Json, KindInputs
from flov7.primitives.lists import same
from flov7.primitives.outside import Answer

Send = Callable[[list[Json], str], Awaitable[tuple[Answer, Json]]]
"""Sends one piece; the text tells its key from the others'."""


class Batch(KindInputs):
    """What is sent in pieces, and where each goes."""

    items: list[Json] = Field(description="The list.", examples=["{{ orders }}"])
    size: int = Field(default=100, ge=1, le=10_000, description="How many items a request takes.")
    into: str = Field(
        default="",
        pattern=r"^[^.]*(\.[^.]+)*$",
        description="Where in `json` a piece goes, as `data.records`, or for GraphQL in which variable; left out, it is "
        "the body.",
    )


async def sent(context: Context, batch: Batch, *, send: Send, harmless: bool) -> tuple[Answer | None, dict[str, Json]]:
    """The last answer and `{answers, sent, requests}`. What was answered before an attempt broke off is not sent again
    while this process remembers it. Raises the error of the piece that failed, as `batch.partly` where others went
    before it and a repetition would do harm."""
    pieces = [batch.items[at : at + batch.size] for at in range(0, len(batch.items), batch.size)]
    answers: list[Json] = []
    last: Answer | None = None
    for number, piece in enumerate(pieces):
        digest = hashlib.sha256(same(piece).encode()).hexdigest()[:24]
        name = f"api_call.piece:{context.step}:{number}:{digest}"
        known = await context.cache.get(name)
        if isinstance(known, dict):
            answers.append(known["body"])
            continue
        try:
            last, body = await send(piece, f".{number}")
        except StepFailed as error:
            if harmless or number == 0:
                raise
            raise _partly(error, batch=batch, number=number, answers=answers) from error
        await context.cache.set(name, {"body": body})
        context.heartbeat({"sent": number + 1, "of": len(pieces)})
        answers.append(body)
    return last, {"answers": answers, "sent": len(batch.items), "requests": len(pieces)}


def put(tree: Json, path: str, value: Json) -> Json:
    """The object with `value` at a dotted path. Raises StepRefused where something else stands in the way."""
    if not path:
        return value
    name, _, rest = path.partition(".")
    if tree is not None and not isinstance(tree, dict):
        raise StepRefused(
            f"`batch.into` leads to `{name}`, and what it should go into is no object.",
            hint="Give `json` as an object, or leave `into` out.",
            code="inputs.invalid",
        )
    whole: dict[str, Any] = dict(tree or {})
    whole[name] = put(whole.get(name), rest, value) if rest else value
    return whole


def _partly(error: StepFailed, *, batch: Batch, number: int, answers: list[Json]) -> StepFailed:
    went = number * batch.size
    wrong = type(error) if isinstance(error, StepTimedOut | StepBroken) else StepFailed
    return wrong(
        f"{went} of {len(batch.items)} items were sent; the next request failed: {error.message}",
        hint=f"What is left begins at item {went}. {error.hint}".strip(),
        code="batch.partly",
        details={**error.details, "sent": went, "of": len(batch.items), "answers": answers[-20:]},
    )
