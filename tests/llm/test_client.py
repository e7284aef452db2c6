"""The face over models, against the scripted server: both interfaces, usage, and every way to go wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from flov7.kit.errors import FlowError, Misconfigured, Unavailable
from flov7.llm.answers import Turn
from flov7.llm.client import ModelClient
from flov7.llm.settings import LlmSettings
from flov7.llm.strict import strict_problems
from flov7.llm.testing import Scripted, ScriptedModel, scripted_model

ASK: list[Turn] = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How many?"}]
SHAPE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["count"],
    "properties": {"count": {"type": "integer"}},
}


@asynccontextmanager
async def talking(
    *answers: Scripted, play: Callable[..., Scripted] | None = None, **given: Any
) -> AsyncIterator[tuple[ScriptedModel, ModelClient]]:
    async with scripted_model(play or list(answers)) as server:
        client = ModelClient(server.settings(**given))
        try:
            yield server, client
        finally:
            await client.close()


@pytest.mark.parametrize("api", ["chat", "responses"])
class TestAnswers:
    async def test_text_comes_with_its_usage(self, api: str) -> None:
        async with talking(Scripted(text="three of them"), llm_api=api) as (server, client):
            answer = await client.text(ASK)
        assert answer.text == "three of them"
        assert (answer.usage.input_tokens, answer.usage.output_tokens) == (4, 3)
        assert server.requests[0].model == client.model

    async def test_a_value_has_the_shape_that_was_asked_for(self, api: str) -> None:
        async with talking(Scripted(value={"count": 3}), llm_api=api) as (server, client):
            answer = await client.structured(ASK, schema=SHAPE, name="counted", model="strong")
        assert answer.value == {"count": 3}
        assert server.requests[0].schema == SHAPE
        assert server.requests[0].model == "strong"

    @pytest.mark.parametrize(
        ("bad", "code"),
        [
            (Scripted(text='{"count": '), "llm.unusable"),
            (Scripted(text="There are three."), "llm.unusable"),
            (Scripted(refusal="I would rather not."), "llm.refused"),
            (Scripted(value={"count": 3}, cut=True), "llm.cut"),
            (Scripted(status=500), "llm.failed"),
            (Scripted(closes=True), "llm.unreachable"),
        ],
    )
    async def test_a_bad_model_is_a_plain_error(self, api: str, bad: Scripted, code: str) -> None:
        async with talking(bad, llm_api=api) as (_, client):
            with pytest.raises(Unavailable) as caught:
                await client.structured(ASK, schema=SHAPE, name="counted")
        assert caught.value.error_code == code


class TestFaults:
    async def test_too_many_requests_say_when_to_come_back(self) -> None:
        async with talking(Scripted(status=429, retry_after=7)) as (_, client):
            with pytest.raises(Unavailable) as caught:
                await client.text(ASK)
        assert (caught.value.error_code, caught.value.retry_after) == ("llm.busy", 7.0)

    async def test_a_passing_fault_is_repeated(self) -> None:
        answers = (Scripted(status=429, retry_after=0.01), Scripted(text="now"))
        async with talking(*answers, llm_retries=1) as (server, client):
            assert (await client.text(ASK)).text == "now"
        assert len(server.requests) == 2

    async def test_a_slow_model_is_not_waited_for(self) -> None:
        async with talking(Scripted(text="late", delay=5), llm_timeout=0.1) as (_, client):
            with pytest.raises(Unavailable) as caught:
                await client.text(ASK)
        assert caught.value.error_code == "llm.timed_out"

    async def test_no_endpoint_and_no_key_says_which_setting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        with pytest.raises(Misconfigured) as caught:
            await ModelClient(LlmSettings.load()).text(ASK)
        assert "FLOV7_LLM_BASE_URL" in caught.value.hint

    async def test_the_makers_variable_is_the_key_and_is_sent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
        async with talking(Scripted(text="yes")) as (server, client):
            await client.text(ASK)
        assert server.requests[0].headers["authorization"] == "Bearer from-the-environment"

    async def test_a_key_that_does_not_open_and_a_model_that_is_not_there(self) -> None:
        for status, code in ((401, "llm.key"), (404, "llm.no_model")):
            async with talking(Scripted(status=status)) as (_, client):
                with pytest.raises(FlowError) as caught:
                    await client.text(ASK)
            assert caught.value.error_code == code


class TestStrictRules:
    async def test_the_server_refuses_a_schema_that_the_maker_refuses(self) -> None:
        loose = {"type": "object", "properties": {"count": {"type": "integer", "default": 1}}}
        async with talking(Scripted(value={"count": 1})) as (_, client):
            with pytest.raises(Unavailable, match="additionalProperties"):
                await client.structured(ASK, schema=loose, name="counted")

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"type": "array"}, "root must be an object"),
            ({"oneOf": []}, "`oneOf` is not taken"),
            ({"required": []}, "must be required"),
            ({"additionalProperties": True}, "additionalProperties"),
            ({"properties": {"count": {"enum": list(range(1001))}}}, "1001 enum values"),
        ],
    )
    def test_each_rule_is_said(self, change: dict[str, Any], said: str) -> None:
        assert strict_problems(SHAPE) == []
        assert any(said in one for one in strict_problems({**SHAPE, **change}))
