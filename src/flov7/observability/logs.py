"""structlog for all of Flov7 and for every library under it: one line an event, with ids, without secrets.

Bind what a line is about with `about(request_id=…, workflow_id=…, run_id=…, step=…, user_id=…)`: it holds for
everything logged inside, in this task and those it starts.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from flov7.kit import redaction
from flov7.observability.settings import ObservabilitySettings

IDS = ("request_id", "workspace_id", "workflow_id", "run_id", "step", "user_id")
# Libraries that tell more than anybody asked for at their own level "info".
ACCESS = "flov7.access"
"""The logger of the one line a request."""
_QUIETER = ("httpx", "httpcore", "asyncio", "aiosmtpd", "mail.log", "temporalio", "alembic", "uvicorn.access")


def configure(settings: ObservabilitySettings, *, service: str, stream: TextIO | None = None) -> None:
    """Set up logging for this process; may be called again. `service` (gateway, worker, …) is in every line."""
    out = stream or sys.stderr
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not out.isatty())
    level = logging.DEBUG if settings.debug else getattr(logging, settings.log_level.upper())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.StackInfoRenderer(),
        _service(service),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    last: list[Processor] = (
        [structlog.processors.format_exc_info, _without_secrets, structlog.processors.JSONRenderer(_json)]
        if as_json
        else [structlog.processors.format_exc_info, _without_secrets, _console(colors=out.isatty())]
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    AccessLog.settled = AccessLog(out, service=service) if as_json and level <= logging.INFO else None
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in _QUIETER:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    for name in ("uvicorn", "uvicorn.error"):  # theirs go our way
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True


class AccessLog:
    """Writes the one line a request straight to the stream: a thousand a second must not cost more than the work.

    Only for JSON, and only for fields that hold no secret: routes, methods, numbers, ids.
    """

    settled: ClassVar[AccessLog | None] = None

    def __init__(self, out: TextIO, *, service: str) -> None:
        self._out = out
        self._always = {"event": "Request", "level": "info", "logger": ACCESS, "service": service}

    def write(self, fields: dict[str, Any]) -> None:
        """One line."""
        at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        self._out.write(orjson.dumps({**self._always, **fields, "at": at}, default=str).decode() + "\n")


def access(**fields: Any) -> None:
    """The one line that every request leaves; `fields` hold no secret."""
    fast = AccessLog.settled
    if fast is not None:
        fast.write(fields)
    else:
        get(ACCESS).info("Request", **fields)


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a module: `log = logs.get(__name__)`, then `log.info("Workflow started", workflow_id=…)`."""
    return structlog.stdlib.get_logger(name)


@contextmanager
def about(**ids: str | None) -> Generator[None, None, None]:
    """Put these ids on every line logged inside; None leaves one out."""
    with structlog.contextvars.bound_contextvars(**{name: value for name, value in ids.items() if value is not None}):
        yield


def bind(**ids: str) -> None:
    """Put these ids on every line that this task logs from now on; for a task that ends with its request."""
    structlog.contextvars.bind_contextvars(**ids)


def bound() -> dict[str, Any]:
    """The ids that lines get now: to hand them on to another process."""
    return dict(structlog.contextvars.get_contextvars())


def _service(service: str) -> Processor:
    def add(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    return add


def _without_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return redaction.redact(event)


def _console(*, colors: bool) -> Processor:
    return structlog.dev.ConsoleRenderer(colors=colors, timestamp_key="at")


def _json(value: Any, **_: Any) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
