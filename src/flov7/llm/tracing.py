"""A span for every call to a model."""

from __future__ import annotations

from typing import Any

from flov7.llm.answers import Answer, Ask, Asks
from flov7.observability import traces


class Traced:
    """Tells OpenTelemetry what was asked and what it took; never the words themselves."""

    def __init__(self, inner: Asks, *, provider: str = "openai") -> None:
        self._inner, self._provider = inner, provider

    async def ask(self, ask: Ask) -> Answer:
        """The answer, inside a span."""
        with traces.span(f"chat {ask.model}", attributes=self._asked(ask)) as span:
            answer = await self._inner.ask(ask)
            span.set_attribute("gen_ai.response.model", answer.model)
            span.set_attribute("gen_ai.response.finish_reasons", ["tool_calls" if answer.wishes else "stop"])
            span.set_attribute("gen_ai.usage.input_tokens", answer.usage.input_tokens)
            span.set_attribute("gen_ai.usage.output_tokens", answer.usage.output_tokens)
            span.set_attribute("flov7.known", answer.known)
            return answer

    def _asked(self, ask: Ask) -> dict[str, Any]:
        facts: dict[str, Any] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": self._provider,
            "gen_ai.request.model": ask.model,
            "gen_ai.output.type": "json" if ask.schema is not None else "text",
        }
        if ask.temperature is not None:
            facts["gen_ai.request.temperature"] = ask.temperature
        if ask.most is not None:
            facts["gen_ai.request.max_tokens"] = ask.most
        if ask.account is not None:
            facts |= {"flov7.execution": ask.account.execution_id, "flov7.step": ask.account.step}
        return facts
