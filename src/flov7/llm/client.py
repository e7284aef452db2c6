"""One face over any OpenAI-compatible endpoint: text, values of a given shape, tools, streams, embeddings.

`openai` is imported on use.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flov7.kit.errors import Misconfigured, Unavailable
from flov7.llm import wire
from flov7.llm.answers import Answer, Ask, Piece, Turn
from flov7.llm.problems import broken_off, not_json, status_problem
from flov7.llm.settings import LlmSettings

if TYPE_CHECKING:
    from collections.abc import Generator

    from openai import AsyncOpenAI

_NO_KEY = "none"
_OPTIONAL = ("temperature", "seed")


class ModelClient:
    """Talks to the models of the settings. Every method raises

    - Unavailable: `llm.unreachable`, `llm.busy` (with `retry_after` where it was said), `llm.failed`,
      `llm.timed_out`, `llm.refused`, `llm.cut`, `llm.unusable` (no JSON where JSON was asked for),
      `llm.broken_off` (half a stream);
    - Misconfigured: no endpoint and no key, a key that does not open, a model that is not there.
    """

    def __init__(self, settings: LlmSettings) -> None:
        self._settings = settings
        self._open: AsyncOpenAI | None = None
        self._refuses: dict[str, set[str]] = {}

    @property
    def model(self) -> str:
        """The model that is asked where none is named."""
        return self._settings.llm_model

    async def text(self, turns: Sequence[Turn], *, model: str | None = None, most: int | None = None) -> Answer:
        """An answer in words, of at most `most` tokens."""
        return await self.ask(Ask(turns=tuple(turns), model=model or self.model, most=most))

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
        answer = await self.ask(Ask(turns=tuple(turns), model=model or self.model, schema=schema, name=name, most=most))
        if answer.value is None:
            raise not_json(answer)
        return answer

    async def ask(self, ask: Ask) -> Answer:
        """The answer to a question of any sort.

        Its `value` is set where a schema was given; it is None where a tool is asked for, and where what came is no
        JSON: that was paid for, so it is an answer, and whoever asked decides.
        """
        began = time.perf_counter()
        with self._translated(ask):
            async with asyncio.timeout(self._settings.llm_timeout):
                made = await self._with_what_it_takes(ask, self._once)
        answer = wire.read_chat(made, ask) if self._chats else wire.read_response(made, ask)
        answer = replace(answer, seconds=round(time.perf_counter() - began, 4))
        return _with_value(answer) if ask.schema is not None and not answer.wishes else answer

    async def stream(self, ask: Ask) -> AsyncGenerator[Piece | Answer, None]:
        """The answer as it comes: pieces, then the whole answer last."""
        began = time.perf_counter()
        gathered = wire.Gathered()
        with self._translated(ask):
            events = await self._with_what_it_takes(ask, self._streamed)
            async for event in events:
                piece = gathered.chat(event) if self._chats else gathered.response(event)
                if piece:
                    yield Piece(piece)
        if not gathered.ended:
            raise broken_off()
        answer = replace(gathered.answer(ask), seconds=round(time.perf_counter() - began, 4))
        yield _with_value(answer) if ask.schema is not None and not answer.wishes else answer

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Where each text lies, by the embedding model of the settings."""
        model = self._settings.llm_embedding_model
        with self._translated(Ask(turns=(), model=model)):
            async with asyncio.timeout(self._settings.llm_timeout):
                made = await self._client().embeddings.create(model=model, input=list(texts), encoding_format="float")
        return [row.embedding for row in made.data]

    async def close(self) -> None:
        """Give the connections back."""
        if self._open is not None:
            await self._open.close()
            self._open = None

    @property
    def _chats(self) -> bool:
        return self._settings.llm_api == "chat"

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

    async def _with_what_it_takes(self, ask: Ask, call: Callable[[Ask], Awaitable[Any]]) -> Any:
        """Ask; a model that refuses `temperature` or `seed` is asked without, now and from then on."""
        client = self._client()
        assert client is not None
        import openai

        refused = self._refuses.setdefault(ask.model, set())
        while True:
            try:
                left_out: dict[str, Any] = dict.fromkeys(refused)
                return await call(replace(ask, **left_out))
            except openai.BadRequestError as error:
                named = [one for one in _OPTIONAL if one not in refused and getattr(ask, one) is not None]
                wrong = [one for one in named if one in error.message.lower()]
                if not wrong:
                    raise
                refused.update(wrong)

    async def _once(self, ask: Ask) -> Any:
        if self._chats:
            return await self._client().chat.completions.create(**wire.chat(ask))
        return await self._client().responses.create(**wire.response(ask))

    async def _streamed(self, ask: Ask) -> Any:
        if self._chats:
            more: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
            return await self._client().chat.completions.create(**wire.chat(ask), **more)
        return await self._client().responses.create(**wire.response(ask), stream=True)

    @contextmanager
    def _translated(self, ask: Ask) -> Generator[None, None, None]:
        """What the vendor raises, in words of ours."""
        self._client()
        import httpx
        import openai

        try:
            yield
        except (TimeoutError, openai.APITimeoutError) as error:
            limit = self._settings.llm_timeout
            raise Unavailable(f"The model did not answer within {limit:g} s.", code="llm.timed_out") from error
        except httpx.HTTPError as error:
            raise broken_off() from error
        except openai.APIConnectionError as error:
            raise Unavailable(
                "The model's endpoint cannot be reached.",
                hint="Check FLOV7_LLM_BASE_URL and the network.",
                code="llm.unreachable",
            ) from error
        except openai.APIStatusError as error:
            after = error.response.headers.get("retry-after")
            raise status_problem(error.status_code, error.message, after, ask.model) from error


def _with_value(answer: Answer) -> Answer:
    try:
        return replace(answer, value=json.loads(answer.text))
    except ValueError:
        return answer
