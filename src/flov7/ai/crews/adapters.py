"""CrewAI's model and tool, each over our desk. Imported in the AI service's process only, when the first crew comes."""

from __future__ import annotations

import json
from typing import Any

from crewai.llms.base_llm import BaseLLM
from crewai.tools import BaseTool
from pydantic import BaseModel, ConfigDict, PrivateAttr

from flov7.ai.crews.team import Team
from flov7.ai.tools import BoundTool
from flov7.llm.answers import Answer, Ask, Tool
from flov7.llm.tighten import tightened


class DeskModel(BaseLLM):
    """The model of one agent. What it is asked passes over the desk, which records it and holds its limits."""

    _team: Team = PrivateAttr()
    _agent: str = PrivateAttr()
    _ours: dict[str, Tool] = PrivateAttr()
    _asking: dict[str, Any] = PrivateAttr()

    @classmethod
    def of(
        cls, team: Team, agent: str, *, model: str, tools: dict[str, BoundTool], asking: dict[str, Any]
    ) -> DeskModel:
        """The model of that agent; `asking` is what all its questions have in common (see `Ask`)."""
        made = cls(model=model)
        made._team, made._agent, made._asking = team, agent, asking
        made._ours = {name: tool.shown() for name, tool in tools.items()}
        return made

    def call(
        self,
        messages: Any,
        tools: Any = None,
        callbacks: Any = None,
        available_functions: Any = None,
        from_task: Any = None,
        from_agent: Any = None,
        response_model: type[BaseModel] | None = None,
    ) -> Any:
        """Words, a list of tool calls as OpenAI writes them, or a value of `response_model`."""
        turns = (
            [{"role": "user", "content": messages}] if isinstance(messages, str) else [_turn(one) for one in messages]
        )
        schema = tightened(response_model.model_json_schema()) if response_model is not None else None
        ask = Ask(turns=tuple(turns), model=self.model, tools=self._shown(tools), schema=schema, **self._asking)
        answer = self._team.ask(self._agent, ask)
        self._track_token_usage_internal(
            {"prompt_tokens": answer.usage.input_tokens, "completion_tokens": answer.usage.output_tokens}
        )
        return self._given(answer, response_model)

    def supports_function_calling(self) -> bool:
        """Tools are asked for as OpenAI's interface does it."""
        return True

    def supports_stop_words(self) -> bool:
        """They are cut off here, by CrewAI."""
        return False

    def get_context_window_size(self) -> int:
        """Enough that CrewAI does not shorten what it would not shorten the second time."""
        return 400_000

    def _given(self, answer: Answer, response_model: type[BaseModel] | None) -> Any:
        if answer.wishes:
            return [wish.as_turn_part() for wish in answer.wishes]
        if response_model is not None and isinstance(answer.value, dict):
            return response_model.model_validate(answer.value)
        return answer.text or " "

    def _shown(self, tools: Any) -> tuple[Tool, ...]:
        """Ours with the schema of their kind; CrewAI's own (hand work on, ask a coworker) as it describes them."""
        made: list[Tool] = []
        for one in tools or []:
            named = one["function"]
            ours = self._ours.get(named["name"])
            made.append(ours or Tool(named["name"], named.get("description", ""), named.get("parameters", {})))
        return tuple(made)


class _Anything(BaseModel):
    """The desk holds arguments against the kind's own schema, and says what does not fit."""

    model_config = ConfigDict(extra="allow")


class DeskTool(BaseTool):
    """A kind of step as an agent's tool, used over the desk."""

    name: str
    description: str
    args_schema: type[BaseModel] = _Anything
    _team: Team = PrivateAttr()
    _agent: str = PrivateAttr()
    _bound: BoundTool = PrivateAttr()

    @classmethod
    def of(cls, team: Team, agent: str, bound: BoundTool) -> DeskTool:
        """That tool of that agent. A bounded one is never used beside another, so that places do not vary."""
        made = cls(name=bound.name, description=bound.description, max_usage_count=bound.most)
        made._team, made._agent, made._bound = team, agent, bound
        return made

    def _run(self, **arguments: Any) -> str:
        return self._team.use(self._agent, self._bound, arguments)


def _turn(message: Any) -> dict[str, Any]:
    """A message as the interface takes it; what CrewAI keeps beside stays here."""
    kept = {
        key: message[key] for key in ("role", "content", "tool_calls", "tool_call_id") if message.get(key) is not None
    }
    content = kept.get("content")
    if content is not None and not isinstance(content, str):
        kept["content"] = json.dumps(content, default=str)
    return kept
