"""What a workspace finds: the product's templates, its own, the community's; kept in Redis until something is published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flov7.gateway.security import Caller
from flov7.gateway.templates.schemas import Brief, Shelf, Whole
from flov7.kit.errors import FlowError, NotFound
from flov7.marketplace.builtin import builtin
from flov7.marketplace.template import Template
from flov7.store import market

_KEPT = 60.0
"""Seconds: what another workspace publishes to the community is seen no later."""


@dataclass(frozen=True)
class Found:
    """A template where it stands."""

    template: Template
    shelf: Shelf
    version: int = 1
    state: str = "community"
    stars: float | None = None
    count: int = 0

    @classmethod
    def of(cls, kept: market.Published) -> Found:
        """A published one."""
        shelf: Shelf = "workspace" if kept.mine else "community"
        return cls(Template.model_validate(kept.body), shelf, kept.version, kept.state)

    def rated(self, rating: market.Rating | None) -> Found:
        """With what people think."""
        return replace(self, stars=rating.stars, count=rating.count) if rating else self


async def found(caller: Caller) -> dict[str, Found]:
    """By slug. The product's own win, then the workspace's, then the community's."""
    kept = await _published(caller)
    everything: dict[str, Found] = {}
    for entry in (*kept["community"], *kept["workspace"]):
        place = Found(Template.model_validate(entry["body"]), entry["shelf"], entry["version"], entry["state"])
        everything[place.template.slug] = place
    everything |= {slug: Found(template, "builtin") for slug, template in builtin().items()}
    rated = {slug: market.Rating(slug, *one) for slug, one in kept["ratings"].items()}
    return {slug: place.rated(rated.get(slug)) for slug, place in everything.items()}


async def one(caller: Caller, slug: str) -> Found:
    """`NotFound`."""
    known = await found(caller)
    if slug not in known:
        raise NotFound(f"There is no template `{slug}`.", hint="GET /api/v1/templates?q=… finds templates.")
    return known[slug]


async def _published(caller: Caller) -> dict[str, Any]:
    """What the store has, as JSON; from Redis where it is there. Without Redis the store is asked each time."""
    cache = caller.gateway.answers
    if cache is not None:
        try:
            known = await cache.get(_key(caller))
            if known is not None:
                return known
        except FlowError:
            cache = None
    async with caller.transaction() as scope:
        rows, rated = await market.listed(scope), await market.ratings(scope)
    kept: dict[str, Any] = {
        "workspace": [],
        "community": [],
        "ratings": {s: [r.count, r.stars] for s, r in rated.items()},
    }
    for row in rows:
        shelf = "workspace" if row.mine else "community"
        kept[shelf].append({"body": row.body, "shelf": shelf, "version": row.version, "state": row.state})
    if cache is not None:
        try:
            await cache.set(_key(caller), value=kept, ttl=_KEPT)
        except FlowError:
            return kept
    return kept


async def drop(caller: Caller) -> None:
    """Something was published, reviewed or rated: what is kept is old. Where Redis is away, it ages by itself."""
    if caller.gateway.answers is not None:
        try:
            await caller.gateway.answers.drop(_key(caller))
        except FlowError:
            return


def _key(caller: Caller) -> str:
    return f"templates:{caller.workspace_id}"


def brief(place: Found) -> Brief:
    """A line of a list."""
    return Brief.model_validate(_shown(place))


def whole(place: Found) -> Whole:
    """All of it."""
    return Whole.model_validate(_shown(place))


def _shown(place: Found) -> dict[str, Any]:
    shown = place.template.model_dump(mode="json")
    beside = {"shelf": place.shelf, "version": place.version, "state": place.state}
    return {**shown, **beside, "rating": place.stars, "ratings": place.count}
