"""Reading a list that comes in pages, up to a limit."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import urljoin

from pydantic import Field, model_validator

from flov7.kit.errors import StepFailed, StepRefused
from flov7.primitives.actions.api_call import http
from flov7.primitives.declare import Json, KindInputs
from flov7.primitives.lists import pick
from flov7.primitives.outside import Answer

MOST_PAGES = 1000
_NEXT_LINK = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)


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
    call: http.Call, *, query: dict[str, Json], paging: Paging, parse: Any
) -> tuple[Answer, dict[str, Json]]:
    """The last answer, and `{items, more, pages}`. Raises step errors."""
    items: list[Json] = []
    seen: set[str] = set()
    query = dict(query)
    if paging.by in ("page", "offset"):
        query[paging.param] = paging.first if paging.by == "page" else 0
    address: str | None = None
    for page in range(1, MOST_PAGES + 1):
        here = call if address is None else call.at(address)
        answer = await here.send("GET", query=query if address is None else None)
        value = http.content(answer, parse=parse, looks=True)
        listed = _listed(value, paging)
        items += listed
        following = _next(paging, answer, value, listed, got=len(items), page=page)
        if following is None or len(items) >= paging.limit:
            more = following is not None or len(items) > paging.limit
            return answer, {"items": items[: paging.limit], "more": more, "pages": page}
        if following in seen:
            raise StepFailed(
                "The service names the same next page twice; reading on would never end.", code="answer.pages"
            )
        seen.add(following)
        if paging.by in ("link", "next"):
            address = urljoin(answer.url, following)
        else:
            query[paging.param] = following
    raise StepFailed(f"There are more than {MOST_PAGES} pages.", hint="Give a `limit`.", code="answer.pages")


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


def _next(paging: Paging, answer: Answer, value: Json, listed: list[Json], *, got: int, page: int) -> str | None:
    match paging.by:
        case "link":
            found = _NEXT_LINK.search(answer.headers.get("link", ""))
            return found[1] if found else None
        case "next" | "cursor":
            found = pick(value, paging.read)
            return None if found in (None, "", False) else str(found)
        case "page" | "offset":
            if not listed or (paging.size is not None and len(listed) < paging.size):
                return None
            return str(paging.first + page if paging.by == "page" else got)
