"""One crew at work: CrewAI runs in a thread, and all that it asks and uses comes back to the step's desk."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flov7.ai.desk import Desk
from flov7.ai.tools import BoundTool
from flov7.kit.errors import FlowError
from flov7.llm.answers import Answer, Ask, Wish

_T = TypeVar("_T")


class Stopped(BaseException):
    """Ends a crew from inside, past CrewAI's own retries, which would ask and pay again."""


@dataclass
class Team:
    """The bridge between a crew's thread and the desk's loop. Places count for each agent, so they never vary."""

    desk: Desk
    loop: asyncio.AbstractEventLoop
    why: BaseException | None = None
    _asked: dict[str, int] = field(default_factory=dict[str, int])
    _used: dict[str, int] = field(default_factory=dict[str, int])
    _flying: concurrent.futures.Future[Any] | None = None

    def ask(self, agent: str, ask: Ask) -> Answer:
        """One question of an agent. Raises Stopped where the crew is to end."""
        number = self._asked[agent] = self._asked.get(agent, 0) + 1
        return self._there(self.desk.ask(f"{agent}/{number}", ask, agent=agent))

    def use(self, agent: str, tool: BoundTool, arguments: dict[str, Any]) -> str:
        """One use of a tool by an agent. Raises Stopped where the crew is to end."""
        number = self._used[agent] = self._used.get(agent, 0) + 1
        wish = Wish(f"{agent}-{number}", tool.name, arguments)
        place = f"{agent}/tool/{number}"
        return self._there(self.desk.use(place, wish, {tool.name: tool}, agent=agent)).text

    def end(self, why: BaseException) -> None:
        """End the crew at its next question, and the question in flight now."""
        self.why = self.why or why
        if self._flying is not None:
            self._flying.cancel()

    def _there(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Done in the desk's loop, waited for here in the crew's thread."""
        if self.why is not None:
            work.close()
            raise Stopped
        flying = self._flying = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return flying.result()
        except FlowError as error:
            self.why = error
            raise Stopped from error
        except concurrent.futures.CancelledError as error:
            raise Stopped from error
        finally:
            self._flying = None
