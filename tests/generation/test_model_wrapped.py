"""Around the model: known answers, a model that rests, and which model is asked for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from flov7.cache.answers import Answers
from flov7.cache.connecting import Cache
from flov7.cache.settings import CacheSettings
from flov7.generation.draft import Earlier
from flov7.generation.model.drafter import ModelDrafter
from flov7.generation.model.wrapped import BreakingModel, RememberingModel, key_of
from flov7.kit.errors import FlowError, Unavailable
from flov7.llm.answers import Answer, Turn, Usage
from flov7.primitives.registry import catalogue

VALUE = {"name": "x", "description": "", "primitives": [], "questions": [], "notes": [], "confidence": 0.5}


class Counting:
    """A model that counts what it is asked, and fails as often as it is told."""

    model = "small"

    def __init__(self, *, fails: int = 0) -> None:
        self.asked: list[str | None] = []
        self.turns: list[Sequence[Turn]] = []
        self._fails = fails

    async def structured(
        self,
        turns: Sequence[Turn],
        *,
        schema: dict[str, Any],
        name: str,
        model: str | None = None,
        most: int | None = None,
    ) -> Answer:
        """The same value each time."""
        self.asked.append(model)
        self.turns.append(turns)
        if len(self.asked) <= self._fails:
            raise Unavailable("No answer.", code="llm.failed")
        return Answer("", model or self.model, Usage(10, 5), 0.1, VALUE)


def turns(text: str) -> list[Turn]:
    """One request."""
    return [{"role": "user", "content": text}]


class TestRemembering:
    async def test_the_same_words_are_asked_for_once_whatever_their_case_and_blanks(self, redis_url: str) -> None:
        cache = Cache(CacheSettings.load(redis_url=redis_url, redis_prefix="wrapped:"))
        try:
            inner = Counting()
            model = RememberingModel(inner, Answers(cache, kind="drafts"))
            first = await model.structured(turns("When a form comes in"), schema={}, name="d")
            second = await model.structured(turns("when  a FORM comes in "), schema={}, name="d")
            assert len(inner.asked) == 1 and second.value == first.value == VALUE
            assert second.usage.input_tokens == 0
            await model.structured(turns("When a form comes in"), schema={"other": True}, name="d")
            await model.structured(turns("When a form comes in"), schema={}, name="d", model="large")
            assert len(inner.asked) == 3
        finally:
            await cache.close()

    async def test_without_redis_it_only_asks(self) -> None:
        class Gone:
            async def get(self, key: str) -> Any:
                raise Unavailable("Redis is away.")

            async def set(self, key: str, *, value: Any, ttl: float) -> None:
                raise Unavailable("Redis is away.")

        inner = Counting()
        model = RememberingModel(inner, Gone())
        for _ in range(2):
            assert (await model.structured(turns("a"), schema={}, name="d")).value == VALUE
        assert len(inner.asked) == 2

    def test_other_words_have_another_key(self) -> None:
        assert key_of(turns("a b"), schema={}, model="m") != key_of(turns("ab"), schema={}, model="m")


class TestBreaking:
    async def test_after_three_failures_it_rests_then_one_call_is_tried(self) -> None:
        now = [0.0]
        inner = Counting(fails=3)
        model = BreakingModel(inner, clock=lambda: now[0])
        for _ in range(3):
            with pytest.raises(FlowError):
                await model.structured(turns("a"), schema={}, name="d")
        with pytest.raises(Unavailable, match="left alone"):
            await model.structured(turns("a"), schema={}, name="d")
        assert len(inner.asked) == 3
        now[0] = 31.0
        assert (await model.structured(turns("a"), schema={}, name="d")).value == VALUE


class TestRouting:
    @pytest.mark.parametrize(("sentence", "change", "model"), [
        ("When a form is submitted, email me", None, "small"),
        ("Every day, fetch the list, and for each entry, if it is new, save it, then wait for approval, then post it.", None, "large"),
        ("Every day, fetch the list, and for each entry, if it is new, save it, then wait for approval, then post it.", "Remove it", "small"),
    ])  # fmt: skip
    async def test_the_strong_model_is_for_what_speaks_of_much(
        self, sentence: str, change: str | None, model: str
    ) -> None:
        inner = Counting()
        earlier = Earlier(sentence=sentence, change=change, document={"primitives": []} if change else None)
        await ModelDrafter(inner, model="small", strong="large").propose(earlier, catalogue=catalogue())
        assert inner.asked == [model]

    async def test_templates_that_may_help_travel_as_data(self) -> None:
        inner = Counting()
        await ModelDrafter(inner).propose(Earlier(sentence="Refunds wait for approval"), catalogue=catalogue())
        system, user = inner.turns[0]
        assert "templates_that_may_help" in user["content"] and "refund" in user["content"]
        assert "templates_that_may_help" not in system["content"]
