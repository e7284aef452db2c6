"""Tools, streams, and what a model does not take, over both interfaces, against the scripted server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from flov7.kit.errors import Unavailable
from flov7.llm.answers import Answer, Ask, Packed, Piece, Tool
from flov7.llm.client import ModelClient
from flov7.llm.testing import Fault, Request, Scripted, ScriptedModel, ToolCall, at_fault, scripted_model

WEATHER = Tool("weather", "The weather of a place.", {"type": "object", "properties": {"place": {"type": "string"}}})
ASK = Ask(turns=({"role": "user", "content": "Is it warm in Lisbon?"},), model="m")
CALL = Scripted(calls=(ToolCall("weather", {"place": "Lisbon, PT"}),))
SHAPE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["warm"],
    "properties": {"warm": {"type": "boolean"}},
}


@asynccontextmanager
async def asking(play: Any, **given: Any) -> AsyncIterator[tuple[ScriptedModel, ModelClient]]:
    async with scripted_model(play) as server:
        client = ModelClient(server.settings(**given))
        try:
            yield server, client
        finally:
            await client.close()


@pytest.mark.parametrize("api", ["chat", "responses"])
class TestTools:
    async def test_a_wish_is_answered_in_the_next_question(self, api: str) -> None:
        async with asking([CALL, Scripted(text="Yes.")], llm_api=api) as (server, client):
            first = await client.ask(replace(ASK, tools=(WEATHER,)))
            wish = first.wishes[0]
            told = {"role": "tool", "tool_call_id": wish.id, "content": "19 degrees"}
            second = await client.ask(replace(ASK, turns=(*ASK.turns, first.as_turn(), told), tools=(WEATHER,)))
        assert (wish.name, wish.arguments) == ("weather", {"place": "Lisbon, PT"})
        assert second.text == "Yes."
        assert (server.requests[1].called, server.requests[1].results) == (["weather"], ["19 degrees"])

    async def test_arguments_that_are_no_json_are_told_as_such(self, api: str) -> None:
        async with asking([Scripted(calls=(ToolCall("weather", raw='{"half":'),))], llm_api=api) as (_, client):
            wish = (await client.ask(replace(ASK, tools=(WEATHER,)))).wishes[0]
        assert (wish.arguments, wish.raw) == (None, '{"half":')


@pytest.mark.parametrize("api", ["chat", "responses"])
class TestStreams:
    async def test_pieces_then_the_whole_with_its_usage(self, api: str) -> None:
        async with asking([Scripted(text="It is warm today.")], llm_api=api) as (_, client):
            heard = [one async for one in client.stream(ASK)]
        *pieces, last = heard
        assert isinstance(last, Answer)
        assert "".join(one.text for one in pieces if isinstance(one, Piece)) == last.text == "It is warm today."
        assert last.usage.output_tokens == 4

    async def test_tools_and_values_come_through_a_stream(self, api: str) -> None:
        async with asking([CALL, Scripted(value={"warm": True})], llm_api=api) as (_, client):
            called = [one async for one in client.stream(replace(ASK, tools=(WEATHER,)))][-1]
            valued = [one async for one in client.stream(replace(ASK, schema=SHAPE))][-1]
        assert isinstance(called, Answer) and isinstance(valued, Answer)
        assert called.wishes[0].arguments == {"place": "Lisbon, PT"}
        assert valued.value == {"warm": True}

    @pytest.mark.parametrize(
        ("fault", "code"),
        [(Fault.HALF_STREAM, "llm.broken_off"), (Fault.REFUSAL, "llm.refused"), (Fault.TRUNCATION, "llm.cut")],
    )
    async def test_a_bad_stream_is_a_plain_error(self, api: str, fault: Fault, code: str) -> None:
        bad = at_fault(Scripted(text="It is warm today, and it will be warm tomorrow."), fault)
        async with asking([bad], llm_api=api) as (_, client):
            with pytest.raises(Unavailable) as caught:
                _ = [one async for one in client.stream(ASK)]
        assert caught.value.error_code == code


class TestWhatModelsDoNotTake:
    async def test_a_model_that_refuses_a_temperature_is_asked_without_it_from_then_on(self) -> None:
        def play(request: Request) -> Scripted:
            if "temperature" in request.body:
                return Scripted(status=400, text="Unsupported parameter: 'temperature' is not supported.")
            return Scripted(text="Yes.")

        async with asking(play) as (server, client):
            pinned = replace(ASK, temperature=0.0, seed=7)
            answers = [(await client.ask(pinned)).text for _ in range(2)]
        assert answers == ["Yes.", "Yes."]
        assert ["temperature" in one.body for one in server.requests] == [True, False, False]
        assert [one.body["seed"] for one in server.requests] == [7, 7, 7]


class TestPacking:
    async def test_an_answer_comes_back_as_it_was(self) -> None:
        async with asking([CALL]) as (_, client):
            answer = await client.ask(replace(ASK, tools=(WEATHER,)))
        assert Packed(Packed.of(answer).body).answer(known=False) == answer
