"""One face over any OpenAI-compatible endpoint: text, and values of a given shape. `openai` is imported on use."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flov7.kit.errors import Misconfigured, Unavailable
from flov7.llm.answers import Answer, Turn, Usage
from flov7.llm.settings import LlmSettings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_NO_KEY = "none"


class ModelClient:
    """Talks to the models of the settings. Every method raises

    - Unavailable: `llm.unreachable`, `llm.busy` (with `retry_after` where it was said), `llm.failed`,
      `llm.timed_out`, `llm.refused`, `llm.cut`, `llm.unusable` (no JSON where JSON was asked for);
    - Misconfigured: no endpoint and no key, a key that does not open, a model that is not there.
    """

    def __init__(self, settings: LlmSettings) -> None:
        self._settings = settings
        self._open: AsyncOpenAI | None = None

    @property
    def model(self) -> str:
        """The model that is asked where none is named."""
        return self._settings.llm_model

    async def text(self, turns: Sequence[Turn], *, model: str | None = None, most: int | None = None) -> Answer:
        """An answer in words, of at most `most` tokens."""
        return await self._ask(turns, model=model or self.model, schema=None, name="", most=most)

    async def structured(
        self,
        turns: Sequence[Turn],
        *,
        schema: dict[str, Any],
        name: str,
        model: str | None = None,
        most: int | None = None,
    ) -> Answer:
        """A value that fits `schema` (strict rules: see `strict`), in `value`."""
        answer = await self._ask(turns, model=model or self.model, schema=schema, name=name, most=most)
        try:
            value = json.loads(answer.text)
        except ValueError as error:
            raise Unavailable(
                "The model's answer is not the JSON that was asked for.",
                hint="Try again, or choose a model that knows structured outputs.",
                code="llm.unusable",
                details={"began": answer.text[:200]},
            ) from error
        return Answer(answer.text, answer.model, answer.usage, answer.seconds, value)

    async def close(self) -> None:
        """Give the connections back."""
        if self._open is not None:
            await self._open.close()
            self._open = None

    def _client(self) -> AsyncOpenAI:
        if self._open is None:
            if not self._settings.has_model:
                raise Misconfigured(
                    "There is no model to talk to.",
                    hint="Set FLOV7_LLM_BASE_URL to an OpenAI-compatible endpoint, or OPENAI_API_KEY.",
                    code="llm.missing",
                )
            from openai import AsyncOpenAI

            self._open = AsyncOpenAI(
                api_key=self._settings.llm_api_key.get_secret_value() or _NO_KEY,
                base_url=self._settings.llm_base_url or None,
                timeout=self._settings.llm_timeout,
                max_retries=self._settings.llm_retries,
            )
        return self._open

    async def _ask(
        self, turns: Sequence[Turn], *, model: str, schema: dict[str, Any] | None, name: str, most: int | None
    ) -> Answer:
        client = self._client()
        import openai

        began = time.perf_counter()
        ask = _chat if self._settings.llm_api == "chat" else _responses
        try:
            async with asyncio.timeout(self._settings.llm_timeout):
                text, usage = await ask(client, turns, model=model, schema=schema, name=name, most=most)
        except (TimeoutError, openai.APITimeoutError) as error:
            limit = self._settings.llm_timeout
            raise Unavailable(f"The model did not answer within {limit:g} s.", code="llm.timed_out") from error
        except openai.APIConnectionError as error:
            raise Unavailable(
                "The model's endpoint cannot be reached.",
                hint="Check FLOV7_LLM_BASE_URL and the network.",
                code="llm.unreachable",
            ) from error
        except openai.APIStatusError as error:
            raise _status(error.status_code, error.message, error.response.headers.get("retry-after"), model) from error
        return Answer(text, model, usage, round(time.perf_counter() - began, 4))


async def _chat(
    client: AsyncOpenAI,
    turns: Sequence[Turn],
    *,
    model: str,
    schema: dict[str, Any] | None,
    name: str,
    most: int | None,
) -> tuple[str, Usage]:
    extra: dict[str, Any] = {}
    if schema is not None:
        shape = {"name": name, "schema": schema, "strict": True}
        extra["response_format"] = {"type": "json_schema", "json_schema": shape}
    if most is not None:
        extra["max_completion_tokens"] = most
    made: Any = await client.chat.completions.create(model=model, messages=[dict(one) for one in turns], **extra)  # pyright: ignore[reportArgumentType, reportCallIssue] - plain dicts are what goes over the wire
    choice: Any = made.choices[0] if made.choices else None
    if choice is None:
        raise Unavailable("The model's answer is empty.", code="llm.unusable")
    if getattr(choice.message, "refusal", None) or choice.finish_reason == "content_filter":
        raise _refused(getattr(choice.message, "refusal", None))
    if choice.finish_reason == "length":
        raise _cut()
    return choice.message.content or "", _usage(made.usage, "prompt_tokens", "completion_tokens")


async def _responses(
    client: AsyncOpenAI,
    turns: Sequence[Turn],
    *,
    model: str,
    schema: dict[str, Any] | None,
    name: str,
    most: int | None,
) -> tuple[str, Usage]:
    extra: dict[str, Any] = {}
    if schema is not None:
        extra["text"] = {"format": {"type": "json_schema", "name": name, "schema": schema, "strict": True}}
    if most is not None:
        extra["max_output_tokens"] = most
    made: Any = await client.responses.create(model=model, input=[dict(one) for one in turns], **extra)  # pyright: ignore[reportArgumentType, reportCallIssue] - plain dicts are what goes over the wire
    for item in made.output:
        for part in getattr(item, "content", None) or []:
            if part.type == "refusal":
                raise _refused(part.refusal)
    if made.status == "incomplete":
        raise _cut()
    return made.output_text, _usage(made.usage, "input_tokens", "output_tokens")


def _usage(usage: Any, into: str, out: str) -> Usage:
    if usage is None:
        return Usage()
    details = getattr(usage, f"{into}_details", None)
    return Usage(getattr(usage, into, 0), getattr(usage, out, 0), getattr(details, "cached_tokens", 0) or 0)


def _refused(words: str | None) -> Unavailable:
    return Unavailable(f"The model will not answer this{f': {words}' if words else '.'}", code="llm.refused")


def _cut() -> Unavailable:
    return Unavailable("The model's answer was cut off before its end.", code="llm.cut")


def _status(status: int, words: str, retry_after: str | None, model: str) -> Unavailable | Misconfigured:
    match status:
        case 401 | 403:
            hint = "Set OPENAI_API_KEY (or FLOV7_LLM_API_KEY) to a key of this endpoint."
            return Misconfigured("The model's endpoint does not take the key.", hint=hint, code="llm.key")
        case 404:
            hint = "Set FLOV7_LLM_MODEL to one that it has."
            return Misconfigured(f"The endpoint has no model `{model}`.", hint=hint, code="llm.no_model")
        case 429:
            after = float(retry_after) if retry_after and retry_after.replace(".", "", 1).isdigit() else None
            return Unavailable("The model's endpoint has too much to do.", code="llm.busy", retry_after=after)
        case 400 | 422:
            return Unavailable(f"The model's endpoint refuses the request: {words}", code="llm.unusable")
        case _:
            return Unavailable(f"The model's endpoint fails (status {status}).", code="llm.failed")
