"""Spans of calls to models, by OpenTelemetry's conventions for generative AI. Without an exporter they cost nothing.

Source: OpenTelemetry semantic conventions, "GenAI" (gen_ai.*), inference spans.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol


class Span(Protocol):
    """What is told of a call after it."""

    def set_attribute(self, key: str, value: Any) -> Any:
        """Tell one fact."""
        ...


@contextmanager
def span(name: str, *, attributes: Mapping[str, Any]) -> Generator[Span, None, None]:
    """A client span around a call; an error that passes through marks it with `error.type`."""
    from opentelemetry import trace

    tracer = trace.get_tracer("flov7")
    with tracer.start_as_current_span(name, kind=trace.SpanKind.CLIENT, attributes=dict(attributes)) as made:
        try:
            yield made
        except Exception as error:
            made.set_attribute("error.type", getattr(error, "error_code", type(error).__name__))
            raise
