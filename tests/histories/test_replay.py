"""Runs that began under an earlier interpreter go on under this one: their histories replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner
from temporalio.workflow import NondeterminismError

from flov7.engine.interpreter.prepare import PlanShelf
from flov7.engine.runtimes.temporal.converter import FlowCodec, codec_keys, data_converter
from flov7.engine.runtimes.temporal.runtime import Process
from flov7.engine.runtimes.temporal.workflow import FlowRun
from flov7.language.plan import Plan
from flov7.primitives.registry import registry
from flov7.store.settings import DEVELOPMENT_KEY, keys_in
from tests.histories.documents import RECORDED

HERE = Path(__file__).parent
HISTORIES = sorted(HERE.glob("v*.json"))


class Nowhere:
    """A sink for events that were sent long ago."""

    def open(self, facts: Any) -> None:
        """Nothing to open."""

    def emit(self, execution_id: str, event: Any, *, replayed: bool) -> None:
        """Nothing to keep."""


class NoBlobs:
    """No value of these is large."""

    async def put(self, workspace_id: str, body: bytes) -> str:
        """Never asked."""
        raise AssertionError("a replay stores nothing")

    async def get(self, workspace_id: str, digest: str) -> bytes:
        """Never asked."""
        raise AssertionError("nothing is stored")


async def replay(body: dict[str, Any], plan: dict[str, Any]) -> None:
    """Replay one history under a plan. Raises where the interpreter does something else than it did."""
    shelf = PlanShelf(registry())
    shelf.put(Plan.from_bytes(json.dumps(plan).encode()), digest=body["digest"])
    FlowRun.process = Process(shelf=shelf, sink=Nowhere(), task_queue="flov7")  # type: ignore[arg-type]  # keeps nothing

    async def at_hand(_: Any) -> None:
        return None

    codec = FlowCodec(
        codec_keys(keys_in(SecretStr(DEVELOPMENT_KEY))), blobs=NoBlobs(), large=1_000_000, ensure_plan=at_hand
    )
    replayer = Replayer(
        workflows=[FlowRun], data_converter=data_converter(codec), workflow_runner=UnsandboxedWorkflowRunner()
    )
    history = WorkflowHistory.from_json(body["workflow_id"], body["history"])
    await replayer.replay_workflow(history)


class TestHistories:
    def test_each_document_was_recorded(self) -> None:
        names = {path.stem.split("_", 1)[1] for path in HISTORIES}
        assert names == set(RECORDED)

    @pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
    async def test_replays(self, path: Path) -> None:
        body = json.loads(path.read_text())
        await replay(body, body["plan"])

    async def test_one_that_must_fail(self) -> None:
        body = json.loads((HERE / "v1_parallel_branches.json").read_text())
        other = json.loads((HERE / "v1_waits_and_messages.json").read_text())
        with pytest.raises(NondeterminismError):
            await replay(body, other["plan"])
