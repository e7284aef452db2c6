"""Around the model: known answers, a model that rests, and which model is asked for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from flov7.cache.answers import Answers
from flov7.cache.connecting import Cache
from flov7.cache.settings import CacheSettings
from flov7.generation.draft import Earlier
from flov7.generation.generate import draft
from flov7.generation.model.drafter import ModelDrafter
from flov7.generation.model.wrapped import AskedModel, RememberingModel, key_of
from flov7.kit.errors import Unavailable
from flov7.llm.answers import Answer, Turn, Usage
from flov7.llm.models import models_of
from flov7.llm.testing import Fault, Scripted, at_fault, scripted_model
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


class TestTheWay:
    async def test_a_model_that_keeps_failing_is_left_alone_and_the_draft_says_so(self) -> None:
        async with scripted_model([Scripted(status=500)]) as server:
            models = models_of(server.settings(llm_retries=0))
            drafter = ModelDrafter(AskedModel(models.asks, model="small"), closes=models.close)
            for _ in range(6):
                made = await draft("When a form is submitted, email me", catalogue=catalogue(), drafter=drafter)
            asked = len(server.requests)
            made = await draft("When a form is submitted, email me", catalogue=catalogue(), drafter=drafter)
            await drafter.close()
        assert len(server.requests) == asked
        assert "left alone" in made.explanation and made.drafter == "offline" and made.document is not None

    async def test_secrets_in_a_sentence_do_not_reach_the_model(self) -> None:
        secret = "sk-" + "a1b2c3d4" * 5
        async with scripted_model([Scripted(value=VALUE)]) as server:
            models = models_of(server.settings())
            drafter = ModelDrafter(AskedModel(models.asks, model="small"), closes=models.close)
            await draft(f"Call https://acme.test with the key {secret}", catalogue=catalogue(), drafter=drafter)
            await drafter.close()
        assert server.requests and not any(secret in str(one.messages) for one in server.requests)

    @pytest.mark.parametrize("fault", [one for one in Fault if one is not Fault.SLOW])
    async def test_whatever_a_model_does_wrong_there_is_a_valid_document_or_a_question(self, fault: Fault) -> None:
        async with scripted_model([at_fault(Scripted(value=VALUE), fault)]) as server:
            models = models_of(server.settings(llm_retries=0))
            drafter = ModelDrafter(AskedModel(models.asks, model="small"), closes=models.close)
            made = await draft("When a form is submitted, email me", catalogue=catalogue(), drafter=drafter)
            await drafter.close()
        assert made.is_valid or (made.document is None and made.questions)


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
