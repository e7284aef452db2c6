"""Log lines carry ids and no secrets, from us and from libraries; metrics are read as text."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Iterator

import orjson
import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from flov7.kit.errors import Misconfigured
from flov7.observability import logs
from flov7.observability.metrics import Metrics
from flov7.observability.settings import ObservabilitySettings


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Where the log goes in this test; logging is put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    logs.configure(ObservabilitySettings.load(), service="gateway", stream=stream)
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in out.getvalue().splitlines()]


class TestLines:
    def test_carry_what_they_are_about(self, out: io.StringIO) -> None:
        with logs.about(request_id="req-1", workflow_id="w", run_id="r", step="pay", user_id=None):
            logs.get("x").info("Workflow started", attempt=2)
        logs.get("x").info("After")
        first, second = lines(out)
        assert (first["event"], first["service"], first["level"], first["attempt"]) == (
            "Workflow started", "gateway", "info", 2,
        )  # fmt: skip
        assert (first["request_id"], first["workflow_id"], first["run_id"], first["step"]) == ("req-1", "w", "r", "pay")
        assert "user_id" not in first
        assert str(first["at"]).endswith("Z")
        assert "request_id" not in second

    async def test_tasks_side_by_side_do_not_mix_their_ids(self, out: io.StringIO) -> None:
        async def work(run_id: str) -> None:
            with logs.about(run_id=run_id):
                await asyncio.sleep(0.001)
                logs.get("x").info(run_id)

        await asyncio.gather(*(work(f"r{n}") for n in range(20)))
        assert all(line["run_id"] == line["event"] for line in lines(out))

    def test_have_no_secrets_in_fields_words_or_tracebacks(self, out: io.StringIO) -> None:
        logs.get("x").info("Calling https://u:hunter22@host", headers={"Authorization": "Bearer hunter22hunter22"})
        try:
            raise ValueError("postgresql://u:hunter22@host")
        except ValueError:
            logs.get("x").exception("Failed", password="hunter22")
        assert "hunter22" not in out.getvalue()
        assert "ValueError" in str(lines(out)[1]["exception"])

    def test_libraries_speak_the_same_way(self, out: io.StringIO) -> None:
        with logs.about(run_id="r"):
            logging.getLogger("uvicorn.error").warning("port %s", 8000)
        logging.getLogger("httpx").info("noise")
        (line,) = lines(out)
        assert (line["event"], line["run_id"], line["logger"]) == ("port 8000", "r", "uvicorn.error")

    def test_on_a_console_they_are_for_eyes(self, out: io.StringIO) -> None:
        stream = io.StringIO()
        logs.configure(ObservabilitySettings.load(log_format="console"), service="worker", stream=stream)
        logs.get("x").warning("Look here", n=5)
        assert "Look here" in stream.getvalue()
        assert not stream.getvalue().startswith("{")

    def test_debug_is_said_only_when_asked(self, out: io.StringIO) -> None:
        logs.get("x").debug("hidden")
        logs.configure(ObservabilitySettings.load(debug=True), service="gateway", stream=out)
        logs.get("x").debug("shown")
        assert [line["event"] for line in lines(out)] == ["shown"]

    def test_a_wrong_level_names_the_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FLOV7_LOG_LEVEL", "loud")
        with pytest.raises(Misconfigured, match="FLOV7_LOG_LEVEL"):
            ObservabilitySettings.load()


class TestMetrics:
    def test_are_read_back_from_the_text(self) -> None:
        metrics = Metrics()
        metrics.runs_finished.labels(mode="express", status="succeeded").inc(3)
        metrics.run_seconds.labels(mode="express").observe(0.02)
        families = {family.name: family for family in text_string_to_metric_families(metrics.text().decode())}
        (sample,) = [s for s in families["flov7_runs_finished"].samples if s.name.endswith("_total")]
        assert (sample.labels, sample.value) == ({"mode": "express", "status": "succeeded"}, 3.0)
        assert "flov7_run_seconds" in families
        assert "process_resident_memory_bytes" in families

    def test_two_in_one_process_do_not_meet(self) -> None:
        first, second = Metrics(), Metrics()
        first.watchers.set(5)
        assert b"flov7_watchers 5.0" in first.text()
        assert b"flov7_watchers 0.0" in second.text()
