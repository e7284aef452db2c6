"""Reading a list that comes in pages, up to a limit."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

from pydantic import Field, model_validator

from flov7.kit.errors import StepRefused
from flov7.primitives import pages
from flov7.primitives.actions.api_call import http
from flov7.primitives.declare import Json, KindInputs
from flov7.primitives.lists import pick
from flov7.primitives.outside import Answer
from flov7.primitives.repeating import ONCE, USUAL, Retries, repeated


class Paging(KindInputs):
    """How the next page is asked for, and how much is read."""

    by: Literal["link", "next", "cursor", "page", "offset"] = Field(
        description="`link`: the `Link` header; `next`: an address in the answer; `cursor`: a mark in the answer goes "
        "into `param`; `page` and `offset` count."
    )
    items: str = Field(default="", description="Where the list is in the answer, as `data.items`; empty: the answer.")
    read: str = Field(default="", description="For `next` and `cursor`: where it is in the answer.")
    param: str = Field(default="", description="For `cursor`, `page` and `offset`: the parameter of the address.")
    first: int = Field(default=1, ge=0, description="For `page`: the number of the first.")
    size: int | None = Field(default=None, ge=1, description="For `page`, `offset`: items of a full page, if known.")
    limit: int = Field(default=1000, ge=1, le=100_000, description="How many items are read at most.")

    @model_validator(mode="after")
    def _whole(self) -> Paging:
        if self.by in ("next", "cursor") and not self.read:
            raise ValueError(f"paging by `{self.by}` needs `read`: where it is in the answer")
        if self.by in ("cursor", "page", "offset") and not self.param:
            raise ValueError(f"paging by `{self.by}` needs `param`: the parameter of the address")
        return self


async def collected(
    call: http.Call, *, query: dict[str, Json], paging: Paging, parse: Any, retries: Retries | None
) -> tuple[Answer, dict[str, Json]]:
    """The last answer, and `{items, more, pages}`. Raises step errors."""
    first = {"page": paging.first, "offset": 0}.get(paging.by)
    begin = query if first is None else {**query, paging.param: first}

    async def ask(following: pages.Following | None) -> pages.Page:
        here, asked = call, begin
        if following is not None and following.is_address:
            here, asked = call.at(following.mark), {}
        elif following is not None:
            asked = {**query, paging.param: following.mark}
        usually = ONCE if following is None else USUAL  # a list is not begun again for one of its pages
        answer = await repeated(
            lambda: here.send("GET", query=asked), policy=retries or usually, context=call.context, harmless=True
        )
        value = http.content(answer, parse=parse, looks=True)
        return pages.Page(answer=answer, value=value, items=_listed(value, paging))

    found = await pages.collected(ask, following=partial(_next, paging), limit=paging.limit)
    return found.last.answer, {"items": found.items, "more": found.more, "pages": found.pages}


def _listed(value: Json, paging: Paging) -> list[Json]:
    found = pick(value, paging.items) if paging.items else value
    if found is None and paging.items:
        found = []
    if not isinstance(found, list):
        raise StepRefused(
            f"The answer holds no list {f'at `{paging.items}`' if paging.items else 'as a whole'}.",
            hint="Say in `paging.items` where it is.",
            code="answer.shape",
        )
    return list[Json](found)


def _next(paging: Paging, page: pages.Page, got: int, number: int) -> pages.Following | None:
    match paging.by:
        case "link":
            return pages.by_link(page.answer)
        case "next" | "cursor":
            return pages.by_value(pick(page.value, paging.read), is_address=paging.by == "next")
        case "page" | "offset":
            if not page.items or (paging.size is not None and len(page.items) < paging.size):
                return None
            return pages.Following(mark=str(paging.first + number if paging.by == "page" else got))
