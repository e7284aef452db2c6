"""What a process counts, as Prometheus reads it. One `Metrics` per process, made by wiring and handed in."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

__all__ = ["CONTENT_TYPE", "Counter", "Histogram", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW = (0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600)


class Metrics:
    """Names begin with `flov7_`; labels have few values (never an id of a run)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.requests = self._counter("http_requests", "Requests answered.", "method", "route", "status")
        self.request_seconds = self._histogram("http_request_seconds", "Time to the answer.", _FAST, "method", "route")
        self.accepted = self._counter("events_accepted", "Events that made a run.", "trigger", "mode")
        self.repeated = self._counter("events_repeated", "Deliveries of an event seen before.", "trigger")
        self.turned_away = self._counter("events_turned_away", "Events that made no run.", "trigger", "reason")
        self.runs_finished = self._counter("runs_finished", "Runs that ended.", "mode", "status")
        self.run_seconds = self._histogram("run_seconds", "From accepted to ended.", _SLOW, "mode")
        self.steps = self._counter("steps", "Steps that ended.", "mode", "outcome")
        self.step_seconds = self._histogram("step_seconds", "Time of one attempt.", _SLOW, "kind")
        self.retries = self._counter("step_retries", "Attempts after the first.", "mode")
        self.in_doubt = self._counter("effects_in_doubt", "Effects that a person has to resolve.", "mode")
        self.handed_over = self._counter("express_handed_over", "Express runs that went to Temporal.", "reason")
        self.backlog = self._gauge("backlog", "Accepted and not started.", "queue")
        self.running = self._gauge("runs_running", "Runs in this process now.", "mode")
        self.subscriptions = self._gauge("subscriptions", "Triggers that this process listens for.", "state")
        self.watchers = self._gauge("watchers", "Open live connections.")
        self.peer_up = self._gauge("peer_up", "1 while the peer answers.", "peer")
        self.tokens = self._counter("llm_tokens", "Tokens of models.", "model", "direction")

    def text(self) -> bytes:
        """The exposition format, `CONTENT_TYPE`."""
        return generate_latest(self.registry)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"flov7_{name}", words, labels, registry=self.registry)

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"flov7_{name}", words, labels, registry=self.registry)

    def _histogram(self, name: str, words: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"flov7_{name}", words, labels, buckets=buckets, registry=self.registry)
