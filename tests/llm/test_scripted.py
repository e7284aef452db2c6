"""The scripted model, read by the maker's own client: both interfaces, whole and in pieces, tools, faults, rules."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from flov7.kit.errors import Invalid
from flov7.language.schemas import problems
from flov7.llm.strict import strict_problems
from flov7.llm.testing import (
    Fault,
    Play,
    Request,
    Scripted,
    ScriptedModel,
    ToolCall,
    at_fault,
    read_rules,
    scripted_model,
    stand_in,
)

ASK: Any = [{"role": "user", "content": "What is the weather in Lisbon, and how is it spelled?"}]
TOOL: Any = {
    "name": "weather",
    "description": "The weather of a place.",
    "strict": True,
    "parameters": {
        "type": "object",
        "additionalProperties": False,
        "required": ["place"],
        "properties": {"place": {"type": "string"}},
    },
}
CALL = Scripted(calls=(ToolCall("weather", {"place": "Lisbon, PT"}),))


@asynccontextmanager
async def asked(play: Play | list[Scripted]) -> AsyncIterator[tuple[ScriptedModel, AsyncOpenAI]]:
    async with scripted_model(play) as server:
        client = AsyncOpenAI(base_url=server.base_url, api_key="none", max_retries=0)
        try:
            yield server, client
        finally:
            await client.close()


def request(schema: dict[str, Any] | None, text: str, **body: Any) -> Request:
    shape = {"response_format": {"json_schema": {"schema": schema}}} if schema else {}
    turns = [{"role": "user", "content": text}]
    return Request.read("/v1/chat/completions", headers={}, body={"messages": turns, **shape, **body})


def an_object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


class TestChat:
    async def test_a_tool_is_asked_for_and_its_result_is_told_on(self) -> None:
        tools: Any = [{"type": "function", "function": TOOL}]
        async with asked([CALL, Scripted(text="Mild.")]) as (server, client):
            first = await client.chat.completions.create(model="m", messages=ASK, tools=tools)
            call: Any = first.choices[0].message.tool_calls[0]  # type: ignore[index] - a call is what was scripted
            turns = [*ASK, first.choices[0].message, {"role": "tool", "tool_call_id": call.id, "content": "19 degrees"}]
            second = await client.chat.completions.create(model="m", messages=turns, tools=tools)
        assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"place": "Lisbon, PT"})
        assert first.choices[0].finish_reason == "tool_calls"
        assert second.choices[0].message.content == "Mild."
        assert (server.requests[1].called, server.requests[1].results) == (["weather"], ["19 degrees"])

    async def test_a_stream_gives_the_same_words_and_usage_as_the_whole(self) -> None:
        async with asked([Scripted(text="It is  mild today.\n")]) as (_, client):
            whole = await client.chat.completions.create(model="m", messages=ASK)
            stream = await client.chat.completions.create(
                model="m", messages=ASK, stream=True, stream_options={"include_usage": True}
            )
            chunks = [chunk async for chunk in stream]
        said = [one.choices[0].delta.content or "" for one in chunks if one.choices]
        assert "".join(said) == whole.choices[0].message.content == "It is  mild today.\n"
        assert sum(1 for one in said if one) > 3
        assert chunks[-1].usage == whole.usage

    async def test_a_tool_call_comes_in_pieces_too(self) -> None:
        async with asked([CALL]) as (_, client):
            stream = await client.chat.completions.create(model="m", messages=ASK, stream=True)
            deltas = [one.choices[0].delta async for one in stream if one.choices]
        pieces = [call.function for delta in deltas for call in delta.tool_calls or [] if call.function]
        assert pieces[0].name == "weather"
        assert json.loads("".join(one.arguments or "" for one in pieces)) == {"place": "Lisbon, PT"}

    async def test_half_a_stream_breaks(self) -> None:
        async with asked([at_fault(Scripted(text="one two three four"), Fault.HALF_STREAM)]) as (_, client):
            stream = await client.chat.completions.create(model="m", messages=ASK, stream=True)
            heard: list[str] = []
            with pytest.raises(Exception, match=r"(?i)incomplete|peer closed"):
                async for one in stream:
                    heard.append(one.choices[0].delta.content or "")
        assert "".join(heard).strip()
        assert "four" not in "".join(heard)


class TestResponses:
    async def test_a_stream_ends_in_the_same_response_as_the_whole(self) -> None:
        async with asked([Scripted(text="It is mild.")]) as (_, client):
            whole = await client.responses.create(model="m", input=ASK)
            async with client.responses.stream(model="m", input=ASK) as stream:
                pieces = [event.delta async for event in stream if event.type == "response.output_text.delta"]
                ended = await stream.get_final_response()
        assert "".join(pieces) == whole.output_text == ended.output_text == "It is mild."
        assert ended.usage == whole.usage

    async def test_a_tool_is_asked_for_in_pieces_and_told_on(self) -> None:
        tools: Any = [{"type": "function", **TOOL}]
        async with asked([CALL, Scripted(text="Mild.")]) as (server, client):
            async with client.responses.stream(model="m", input=ASK, tools=tools) as stream:
                first: Any = (await stream.get_final_response()).output[0]
            given: Any = [*ASK, first, {"type": "function_call_output", "call_id": first.call_id, "output": "19"}]
            second = await client.responses.create(model="m", input=given, tools=tools)
        assert (first.name, json.loads(first.arguments)) == ("weather", {"place": "Lisbon, PT"})
        assert second.output_text == "Mild."
        assert (server.requests[1].called, server.requests[1].results) == (["weather"], ["19"])


class TestBeside:
    async def test_texts_of_like_words_point_alike(self) -> None:
        async with asked([]) as (_, client):
            made = await client.embeddings.create(
                model="e",
                input=["refund my order now", "please refund my order", "weather in Lisbon"],
                encoding_format="float",
            )
            models = await client.models.list()
        one, two, other = (row.embedding for row in made.data)
        assert sum(a * b for a, b in zip(one, two, strict=True)) > 0.7
        assert sum(a * b for a, b in zip(one, other, strict=True)) < 0.3
        assert [model.id for model in models.data] == ["scripted"]

    async def test_a_tool_whose_schema_is_not_strict_is_refused_as_at_the_maker(self) -> None:
        loose: Any = {
            "type": "function",
            "function": {**TOOL, "parameters": {"type": "object", "properties": {"a": {}}}},
        }
        async with asked([CALL]) as (_, client):
            with pytest.raises(openai.BadRequestError, match="weather"):
                await client.chat.completions.create(model="m", messages=ASK, tools=[loose])


class TestFaults:
    good = Scripted(value={"kind": "email_send", "steps": [{"kind": "wait", "name": "a"}]})

    @pytest.mark.parametrize("fault", list(Fault))
    async def test_each_is_played_on_request_by_the_models_name(self, fault: Fault) -> None:
        async with asked([self.good]) as (server, client):
            asking = client.with_options(timeout=0.3).chat.completions.create(model=f"m+{fault}", messages=ASK)
            try:
                heard: Any = (await asking).choices[0]
            except openai.APIError as error:
                heard = error
            plain = (await client.chat.completions.create(model="m", messages=ASK)).choices[0]
        assert plain.message.content == self.good.content
        assert len(server.requests) == 2
        assert _is(fault, heard), heard

    def test_an_unknown_kind_stands_at_every_depth(self) -> None:
        said = json.loads(at_fault(self.good, Fault.UNKNOWN_KIND).content)
        assert (said["kind"], said["steps"][0]) == ("teleport", {"kind": "teleport", "name": "a"})

    def test_a_forbidden_tool_is_one_that_was_not_offered(self) -> None:
        offered = request(None, "x", tools=[{"function": {"name": "email_send"}}])
        call = at_fault(self.good, Fault.FORBIDDEN_TOOL, request=offered).calls[0]
        assert call.name not in offered.tools


def _is(fault: Fault, heard: Any) -> bool:
    """Whether what the client heard is that fault."""
    match fault:
        case Fault.TOO_MANY:
            return isinstance(heard, openai.RateLimitError) and heard.response.headers["retry-after"] == "1"
        case Fault.FAILURE:
            return isinstance(heard, openai.InternalServerError)
        case Fault.SLOW:
            return isinstance(heard, openai.APITimeoutError)
        case Fault.CLOSES | Fault.HALF_STREAM:
            return isinstance(heard, openai.APIConnectionError)
        case Fault.REFUSAL:
            return bool(heard.message.refusal)
        case Fault.FILTERED:
            return heard.finish_reason == "content_filter"
        case Fault.TRUNCATION:
            return heard.finish_reason == "length"
        case Fault.UNKNOWN_TOOL | Fault.FORBIDDEN_TOOL | Fault.BAD_ARGUMENTS:
            return bool(heard.message.tool_calls)
        case Fault.WRONG_SHAPE | Fault.UNKNOWN_KIND:
            return json.loads(heard.message.content) != TestFaults.good.value
        case Fault.INVALID_JSON | Fault.PROSE | Fault.FENCED | Fault.EMPTY:
            return not _is_json(heard.message.content)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


LETTER = """<input>
From: mia@shop.example
Invoice 2026-117 of 2026-11-03, total: 1.234,50 EUR. The parcel arrived broken. I want my money back.
- one vase
- two cups
</input>"""


class TestTheStandIn:
    def test_it_finds_fields_by_their_names_and_what_is_not_there_is_null(self) -> None:
        schema = an_object(
            email={"type": ["string", "null"]},
            total={"type": "number"},
            date={"type": "string"},
            iban={"type": ["string", "null"]},
            lines={"type": "array", "items": {"type": "string"}},
        )
        said = stand_in(request(schema, LETTER)).value
        assert said == {
            "email": "mia@shop.example",
            "total": 1234.5,
            "date": "2026-11-03",
            "iban": None,
            "lines": ["one vase", "two cups"],
        }

    @pytest.mark.parametrize(
        ("text", "label"),
        [("I want a refund, refund me!", "refund"), ("Where is my delivery?", "delivery"), ("Lovely day", "other")],
    )
    def test_it_chooses_the_label_that_is_spoken_of(self, text: str, label: str) -> None:
        schema = an_object(label={"type": "string", "enum": ["refund", "delivery", "other"]})
        assert stand_in(request(schema, text)).value == {"label": label}

    def test_it_asks_for_a_tool_once_and_then_tells_what_it_gave(self) -> None:
        async_tools = [{"type": "function", "function": TOOL}]
        first = stand_in(request(None, ASK[0]["content"], tools=async_tools))
        assert [call.name for call in first.calls] == ["weather"]
        told = request(None, ASK[0]["content"], tools=async_tools)
        told.messages.append({"role": "assistant", "tool_calls": [{"function": {"name": "weather"}}]})
        told.messages.append({"role": "tool", "content": "19 degrees"})
        assert "19 degrees" in stand_in(told).text

    def test_what_it_says_always_fits_the_schema(self) -> None:
        schema = an_object(
            choice={"anyOf": [an_object(a={"type": "integer"}), {"type": "null"}]},
            tree={"$ref": "#/$defs/node"},
            sure={"type": "boolean"},
            tags={"type": "array", "items": {"type": "string", "enum": ["vase", "boat"]}},
        ) | {
            "$defs": {
                "node": an_object(
                    name={"type": "string"}, below={"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}
                )
            }
        }
        assert strict_problems(schema) == []
        said = stand_in(request(schema, LETTER)).value
        assert problems(schema, value=said) == []
        assert said["tags"] == ["vase"]


class TestRules:
    def test_the_first_that_fits_answers_and_a_counted_one_gives_way(self) -> None:
        rules = read_rules(
            "- when: {says: refund}\n  answer: {value: {decision: approve}}\n  times: 1\n"
            "- when: {last_says: REFUND}\n  answer: {fault: refusal}\n"
            "- when: {model: strong}\n  answer: {calls: [{name: weather, arguments: {place: x}}]}\n"
        )
        assert rules(request(None, "Refund?")).value == {"decision": "approve"}
        assert rules(request(None, "Refund?")).refusal
        assert rules(request(None, "Rain?", model="strong")).calls == (ToolCall("weather", {"place": "x"}),)
        assert rules(request(None, "Only this.")).text == "Only this."

    @pytest.mark.parametrize(
        ("text", "said"),
        [("- answer: {volume: 3}", "volume"), ("when: [", "cannot be read"), ("- answer: {fault: sulks}", "fault")],
    )
    def test_a_bad_script_says_where(self, text: str, said: str) -> None:
        with pytest.raises(Invalid, match=said):
            read_rules(text)


class TestTheCommand:
    async def test_it_serves_a_script_until_it_is_ended(self, tmp_path: Path) -> None:
        script = tmp_path / "rules.yaml"
        script.write_text("- when: {says: weather}\n  answer: {text: Mild.}\n")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "flov7.cli.main", "scripted-model", "--port", "0", "--script", str(script),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env={**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        try:
            assert process.stdout is not None
            line = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
            address = re.search(r"http://127\.0\.0\.1:\d+/v1", line)
            assert address, line
            assert "no real model" in line
            async with AsyncOpenAI(base_url=address[0], api_key="none") as client:
                made = await client.chat.completions.create(model="m", messages=ASK)
        finally:
            process.terminate()
            await process.wait()
        assert made.choices[0].message.content == "Mild."
