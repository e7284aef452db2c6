"""One run of the demo, watched live: the demo approves, kills a worker, and resolves what is in doubt."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from flov7.cli.api import Api
from flov7.cli.live import Live, ended
from flov7.cli.screen import out
from flov7.stack import example
from flov7.stack.up import Running

Event = Mapping[str, Any]
_LONGEST_WAIT = 15.0
LONGEST = 60.0
"""Seconds within which a call should have reached a receiver."""


@dataclass
class Watched:
    """A run that has ended, and what the demo did to it."""

    execution_id: str
    status: str = "unknown"
    killed: int | None = None
    steps: dict[str, str] = field(default_factory=dict[str, str])


async def watched(
    api: Api, running: Running, receivers: example.Receivers, execution_id: str, *, kill: bool
) -> Watched:
    """Follow a run to its end. With `kill`, the worker dies while a receiver holds its call."""
    return await _Watching(api, running, receivers, execution_id, kill=kill).follow()


class _Watching:
    def __init__(
        self, api: Api, running: Running, receivers: example.Receivers, execution_id: str, *, kill: bool
    ) -> None:
        self._api = api
        self._running = running
        self._receivers = receivers
        self._kill = kill
        self._live = Live()
        self._run = Watched(execution_id)
        self._begun = asyncio.Event()

    async def follow(self) -> Watched:
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        if self._kill:
            await asyncio.to_thread(self._receivers.hold)
        reading = asyncio.create_task(asyncio.to_thread(self._read, events, asyncio.get_running_loop()))
        killing = asyncio.create_task(self._kill_in_flight()) if self._kill else None
        last: Event | None = None
        try:
            while (event := await events.get()) is not None:
                last = event
                self._live.show(event)
                self._note(event)
                await self._react(event)
            await reading
        finally:
            if killing is not None:
                killing.cancel()
            await asyncio.to_thread(self._receivers.release)
        self._run.status = ended(last)
        return self._run

    def _read(self, events: asyncio.Queue[Event | None], loop: asyncio.AbstractEventLoop) -> None:
        try:
            for event in self._api.events(self._run.execution_id):
                loop.call_soon_threadsafe(events.put_nowait, event)
        finally:
            loop.call_soon_threadsafe(events.put_nowait, None)

    def _note(self, event: Event) -> None:
        if event.get("step") and event["type"] in ("step.finished", "step.failed", "step.skipped", "step.passed_over"):
            said_no = (event.get("data") or {}).get("said_no")
            word = event["type"].removeprefix("step.").replace("_", " ")
            self._run.steps[f"{event.get('path') or ''}{event['step']}"] = "said no" if said_no else word

    async def _react(self, event: Event) -> None:
        key = f"{event.get('path') or ''}{event.get('step') or ''}"
        data: Mapping[str, Any] = event.get("data") or {}
        if event["type"] == "step.started" and data.get("effect") not in (None, "pure", "read"):
            self._begun.set()
        elif event["type"] == "step.waiting":
            await self._answer_wait(key, data)
        elif event["type"] == "step.in_doubt":
            await self._resolve(key)

    async def _answer_wait(self, key: str, data: Mapping[str, Any]) -> None:
        match data.get("for"):
            case "approval":
                await asyncio.sleep(1.0)
                _aside(f"The demo approves {key}, in your place. By hand: flov7 runs approve RUN")
                await self._say("approve", {"step": key, "decision": "approved", "comment": "by the demo"})
            case "answer":
                _aside(f"The demo answers {key} with “yes”, in your place.")
                await self._say("answer", {"step": key, "answer": "yes"})
            case "callback":
                _aside(f"The demo calls {key} back, as another system would.")
                await self._say("callback", {"step": key, "payload": {"done": True}})
            case _:
                await self._not_for_ever(key, data.get("until"))

    async def _not_for_ever(self, key: str, until: str | None) -> None:
        """A wait that outlasts the demo ends it."""
        left = (datetime.fromisoformat(until) - datetime.now(UTC)).total_seconds() if until else 0.0
        if left > _LONGEST_WAIT:
            _aside(f"{key} waits until {until}: the run would be there then. The demo cancels it now.")
            await self._say("cancel", {"reason": "The demo does not wait so long."})

    async def _kill_in_flight(self) -> None:
        """SIGKILL to the worker while its call is in flight at the receiver."""
        held = await asyncio.to_thread(self._receivers.wait_held, LONGEST)
        if held is None:
            return
        with contextlib.suppress(TimeoutError):  # the call is seen to begin before its worker dies
            await asyncio.wait_for(self._begun.wait(), 2.0)
        pid = self._running.supervisor.pid("worker")
        os.kill(pid, signal.SIGKILL)
        self._run.killed = pid
        words = f"The {held['server']} server has taken “{held['what']}” and holds its answer: the worker, process {pid}, is killed (SIGKILL)."
        out.print(Text.assemble(("    ☠ ", "bold red"), (words, "red")))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(self._receivers.release)
        _aside("Temporal notices within some 20 s that nobody is there, and gives the run to the new worker.")

    async def _resolve(self, key: str) -> None:
        """What a person would do: look at the receiver, then say what is true."""
        effects = await asyncio.to_thread(self._receivers.effects)
        if not effects:
            _aside(f"Nothing reached a receiver, so {key} is repeated. By hand: flov7 runs resolve RUN repeat")
            await self._say("resolve", {"step": key, "verdict": "repeat"})
            return
        output = _output(effects[-1])
        _aside(
            f"The receiver's log has “{effects[-1]['what']}”, so {key} was done. By hand: flov7 runs resolve RUN done"
        )
        await self._say("resolve", {"step": key, "verdict": "done", "output": output})

    async def _say(self, verb: str, body: dict[str, Any]) -> None:
        reply = await asyncio.to_thread(self._api.post, f"/executions/{self._run.execution_id}/{verb}", body)
        if not reply["accepted"]:
            _aside(f"The run did not take it: {reply['problem']}")
            await asyncio.to_thread(
                self._api.post, f"/executions/{self._run.execution_id}/cancel", {"reason": reply["problem"]}
            )


def _output(effect: Mapping[str, Any]) -> dict[str, Any]:
    """What the step would have given, as far as the receiver's log tells."""
    if effect["server"] == "mail":
        return {"accepted": effect["to"], "refused": {}, "message_id": effect["id"]}
    body = json.loads(effect["body"] or "null")
    if isinstance(body, dict) and "run" in body:
        return {"channel": "webhook", "delivered": ["127.0.0.1"], "status": 200}
    return {"status": 200, "headers": {}, "body": {"done": True}, "url": effect["what"].split(" ", 1)[1]}


def _aside(words: str) -> None:
    out.print(Text.assemble(("    ☝ ", "cyan"), (words, "cyan")))
