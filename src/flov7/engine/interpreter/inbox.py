"""Who waits for which message. A callback that comes early is kept; everything else is answered at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from flov7.engine.messages import Answer, Approve, Callback, Message, Reply, Resolve
from flov7.kit.errors import FlowError
from flov7.language.schemas import problems

if TYPE_CHECKING:
    from flov7.engine.interpreter.run import Run

_WANTED: dict[type[Any], str] = {Approve: "approval", Answer: "answer", Callback: "callback", Resolve: "in_doubt"}
_CALLBACK: TypeAdapter[Callback] = TypeAdapter(Callback)
EARLY_LIMIT = 100


class Inbox:
    """Messages for the steps of one run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._waiting: dict[str, tuple[str, asyncio.Future[Any]]] = {}

    async def wait(self, key: str, what: str) -> Any:
        """The next message of that sort for that step."""
        early = self._run.state.early.get(key)
        if what == "callback" and early:
            return _CALLBACK.validate_python(early.pop(0))
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[key] = (what, future)
        try:
            return await future
        finally:
            self._waiting.pop(key, None)

    async def opened(self, key: str, what: str) -> asyncio.Future[Any]:
        """The wait for a message, begun; people can see it in the store by now."""
        waiting = asyncio.ensure_future(self.wait(key, what))
        try:
            await self._run.runtime.about_to_wait()
        except BaseException:
            waiting.cancel()
            raise
        return waiting

    def give_up(self) -> None:
        """End all waiting: a fresh start begins it again."""
        for _, future in list(self._waiting.values()):
            future.cancel()

    def deliver(self, message: Message) -> Reply:
        """Hand a message to the step that waits for it."""
        step = getattr(message, "step", "")
        wanted = _WANTED[type(message)]
        keys = [key for key, (what, _) in self._waiting.items() if what == wanted and _names(step, key)]
        if len(keys) == 1:
            problem = self._wrong_answer(message, keys[0])
            if problem:
                return Reply(accepted=False, problem=problem)
            self._waiting[keys[0]][1].set_result(message)
            del self._waiting[keys[0]]
            return Reply(accepted=True)
        waiting = tuple(key for key, (what, _) in self._waiting.items() if what == wanted)
        if keys:
            return Reply(
                accepted=False, problem=f"`{step}` waits in {len(keys)} rounds; name one.", waiting=tuple(keys)
            )
        if isinstance(message, Callback) and self._keep(message):
            return Reply(accepted=True)
        return Reply(accepted=False, problem=f"No step `{step}` waits for this now.", waiting=waiting)

    def _keep(self, message: Callback) -> bool:
        name = message.step.rsplit("/", 1)[-1]
        node = self._run.plan.nodes.get(name)
        if node is None or node.node.inputs.tree.get("for") != "callback" or message.step in self._run.state.outcomes:
            return False
        early = self._run.state.early.setdefault(message.step, [])
        if len(early) >= EARLY_LIMIT:
            return False
        early.append(message.model_dump(mode="json"))
        return True

    def _wrong_answer(self, message: Message, key: str) -> str:
        if not isinstance(message, Answer):
            return ""
        node = self._run.plan.nodes[key.rsplit("/", 1)[-1]].node
        fields = node.inputs.tree.get("fields") if isinstance(node.inputs.tree, dict) else None
        if not fields:
            return ""
        try:
            found = problems(fields, value=message.answer)
        except FlowError:
            return ""  # a form that is no schema asks nothing
        return f"{found[0].where or 'The answer'}: {found[0].message}" if found else ""


def _names(step: str, key: str) -> bool:
    return step == key or key.endswith("/" + step)
