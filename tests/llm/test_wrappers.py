"""What stands between a step and a model: memory, secrets, breaker, budgets, routing, spans."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from flov7.cache.answers import Answers
from flov7.cache.connecting import Cache
from flov7.cache.settings import CacheSettings
from flov7.kit.errors import FlowError, StepRefused, Unavailable
from flov7.llm.answers import Account, Ask
from flov7.llm.models import Models, models_of
from flov7.llm.prices import cost_of, most_of
from flov7.llm.routing import LONG, Need, Router
from flov7.llm.settings import LlmSettings
from flov7.llm.testing import Scripted, ScriptedModel, scripted_model
from flov7.llm.wrapped import Breaking

MINE = Account("w1", "flow", "run", "step")


def asked(words: str, **more: Any) -> Ask:
    return Ask(turns=({"role": "user", "content": words},), model="gpt-5.4-mini", account=MINE, **more)


@asynccontextmanager
async def models(
    *answers: Scripted, memory: Any = None, book: Any = None, **given: Any
) -> AsyncIterator[tuple[ScriptedModel, Models]]:
    async with scripted_model(list(answers)) as server:
        made = models_of(server.settings(**given), memory=memory, book=book)
        try:
            yield server, made
        finally:
            await made.close()


@pytest.fixture
async def memory(redis_url: str) -> AsyncIterator[Answers]:
    cache = Cache(CacheSettings.load(redis_url=redis_url))
    yield Answers(cache, kind=f"test{time.time_ns()}")
    await cache.close()


class TestMemory:
    async def test_an_equal_question_is_asked_once_and_the_second_answer_costs_nothing(self, memory: Answers) -> None:
        async with models(Scripted(text="one"), Scripted(text="two"), memory=memory) as (server, made):
            first = await made.asks.ask(asked("How?", caching="exact"))
            began = time.perf_counter()
            second = await made.asks.ask(asked("How?", caching="exact"))
            took = time.perf_counter() - began
        assert (first.text, second.text, len(server.requests)) == ("one", "one", 1)
        assert (first.known, second.known, second.cost, second.usage.input_tokens) == (False, True, 0.0, 0)
        assert took < 0.25  # the benchmark holds it to 3 ms on a quiet machine

    @pytest.mark.parametrize(
        "other",
        [
            asked("How then?", caching="exact"),
            replace(asked("How?", caching="exact"), account=Account("w2")),
            replace(asked("How?", caching="exact"), model="other"),
            replace(asked("How?", caching="exact"), temperature=0.5),
            asked("How?"),
        ],
    )
    async def test_another_question_or_another_workspace_is_asked_anew(self, memory: Answers, other: Ask) -> None:
        async with models(Scripted(text="one"), Scripted(text="two"), memory=memory) as (server, made):
            await made.asks.ask(asked("How?", caching="exact"))
            assert (await made.asks.ask(other)).text == "two"
        assert len(server.requests) == 2

    async def test_a_similar_question_is_known_only_where_that_was_asked_for(self, memory: Answers) -> None:
        long = "please tell me in which week my order number one two three will be delivered to me {}"
        async with models(Scripted(text="one"), Scripted(text="two"), memory=memory) as (server, made):
            await made.asks.ask(asked(long.format("now"), caching="similar"))
            near = await made.asks.ask(asked(long.format("today"), caching="similar"))
            far = await made.asks.ask(asked("What does a vase cost?", caching="similar"))
            exact = await made.asks.ask(asked(long.format("soon"), caching="exact"))
        assert (near.text, near.known) == ("one", True)
        assert (far.text, exact.text) == ("two", "two")
        assert len(server.requests) == 3

    async def test_without_redis_models_are_asked(self) -> None:
        cache = Cache(CacheSettings.load(redis_url="redis://127.0.0.1:1"))
        async with models(Scripted(text="one"), memory=Answers(cache, kind="x")) as (_, made):
            assert (await made.asks.ask(asked("How?", caching="exact"))).text == "one"
        await cache.close()


class TestSecrets:
    async def test_what_looks_like_a_secret_never_leaves_nor_a_hidden_field(self) -> None:
        words = 'Key sk-abcdefghijklmnop123 and {"iban": "DE89 3704", "lines": [{"iban": "x9", "sum": 3}]} at the end'
        async with models(Scripted(text="ok")) as (server, made):
            await made.asks.ask(asked(words, hidden=frozenset(["iban"])))
        sent = server.requests[0].last
        assert "sk-abc" not in sent and "DE89" not in sent and "x9" not in sent
        assert '"sum": 3' in sent and sent.endswith("at the end")


class TestBreaker:
    async def test_a_failing_model_is_left_alone_and_tried_again(self) -> None:
        now = [0.0]
        async with models(Scripted(status=500), Scripted(status=500), Scripted(text="back")) as (server, made):
            breaker = Breaking(made.client, failures=2, rest=10, clock=lambda: now[0])
            codes: list[str] = []
            for _ in range(3):
                with pytest.raises(Unavailable) as caught:
                    await breaker.ask(asked("How?"))
                codes.append(caught.value.error_code)
            assert breaker.states() == {"gpt-5.4-mini": "open"}
            now[0] = 11
            assert (await breaker.ask(asked("How?"))).text == "back"
        assert codes == ["llm.failed", "llm.failed", "llm.resting"]
        assert (len(server.requests), breaker.states()) == (3, {})

    async def test_a_refusal_is_no_failure_of_the_endpoint(self) -> None:
        async with models(Scripted(refusal="no")) as (server, made):
            breaker = Breaking(made.client, failures=1)
            for _ in range(3):
                with pytest.raises(FlowError, match="will not answer"):
                    await breaker.ask(asked("How?"))
        assert len(server.requests) == 3


class TestPrices:
    def test_a_known_model_has_its_price_and_an_unknown_one_none(self) -> None:
        from flov7.llm.answers import Usage

        plain = cost_of("gpt-5.4-mini", Usage(1_000_000, 0))
        cached = cost_of("gpt-5.4-mini", Usage(1_000_000, 0, 1_000_000))
        assert plain is not None and cached is not None
        assert 0 < cached < plain < 10
        assert cost_of("house-model", Usage(10, 10)) is None

    def test_what_a_call_may_cost_is_never_less_than_what_it_costs(self) -> None:
        from flov7.llm.answers import Usage

        ask = asked("word " * 1000, most=100)
        real = cost_of(ask.model, Usage(1000, 100))
        assert real is not None
        assert most_of(ask) >= real


class TestRouting:
    def test_simple_tasks_get_the_cheap_model_and_hard_or_long_ones_the_strong(self) -> None:
        router = Router(LlmSettings.load(llm_model="cheap", llm_strong_model="strong"))
        assert router.route(Need.SIMPLE) == "cheap"
        assert router.route(Need.SIMPLE, characters=LONG + 1) == "strong"
        assert router.route(Need.STRONG) == "strong"
        assert router.route(Need.STRONG, named="mine") == "mine"

    def test_the_base_plan_has_one_model_and_says_so(self) -> None:
        router = Router(LlmSettings.load(llm_model="cheap", llm_strong_model="strong", llm_plan="base"))
        assert router.route(Need.STRONG) == "cheap"
        router.check(["cheap", "cheap"])
        with pytest.raises(StepRefused, match=r"2 models \(cheap, strong\)") as caught:
            router.check(["cheap", "strong"])
        assert caught.value.error_code == "llm.too_many_models"


class TestSpans:
    async def test_a_call_is_a_span_by_the_conventions_without_its_words(self) -> None:
        exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        trace.set_tracer_provider(provider)
        async with models(Scripted(text="a word"), Scripted(refusal="no")) as (_, made):
            await made.asks.ask(asked("How?", temperature=0.0, most=50))
            with pytest.raises(FlowError):
                await made.asks.ask(asked("How?"))
        good, bad = exporter.get_finished_spans()
        facts = dict(good.attributes or {})
        assert good.name == "chat gpt-5.4-mini"
        assert facts["gen_ai.operation.name"] == "chat"
        assert facts["gen_ai.request.model"] == "gpt-5.4-mini"
        assert (facts["gen_ai.usage.input_tokens"], facts["gen_ai.usage.output_tokens"]) == (1, 2)
        assert (bad.attributes or {})["error.type"] == "llm.refused"
        assert "How?" not in str(facts)
