"""A plan's triggers: which one a run comes by, what its payload must be, and whether it wants the event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flov7.engine.interpreter.prepare import Render, compile_template
from flov7.kit.clock import utc_text
from flov7.kit.errors import FlowError, Invalid, NotFound
from flov7.language.expressions import RunClock
from flov7.language.plan import FromPayload, FromRun, Plan, Template, TriggerNode
from flov7.language.schemas import SchemaProblem, compiled

Problems = Callable[[Any], list[SchemaProblem]]


@dataclass(frozen=True, slots=True)
class Event:
    """What came: the payload and, over HTTP, what stood around it."""

    payload: Any = None
    headers: Mapping[str, str] | None = None
    query: Mapping[str, Any] | None = None
    id: str | None = None


def triggers_of(plan: Plan) -> list[TriggerNode]:
    """All triggers, in document order."""
    return [trigger for part in plan.parts for trigger in part.triggers]


def chosen(plan: Plan, name: str | None) -> TriggerNode:
    """The named trigger, else an `api` or `manual` one, else the first. Raises NotFound."""
    known = triggers_of(plan)
    if name is not None:
        for trigger in known:
            if trigger.name == name:
                return trigger
        names = ", ".join(f"`{trigger.name}`" for trigger in known)
        raise NotFound(f"There is no trigger `{name}`.", hint=f"This version has {names}.")
    return next((trigger for trigger in known if trigger.kind in ("api", "manual")), known[0])


class Intake:
    """One trigger made ready: checks payloads, asks `when`, computes the event's id. Compiled once."""

    def __init__(self, plan: Plan, trigger: TriggerNode) -> None:
        self.trigger = trigger
        self._checks: list[Problems] = []
        if plan.inputs is not None:
            self._checks.append(compiled(plan.inputs))
        fields = trigger.config.get("fields")
        if trigger.kind == "manual" and fields:
            self._checks.append(compiled(fields))
        self._when = _ready(trigger.when)
        self._event_id = _ready(trigger.event_id)

    def check(self, payload: Any) -> None:
        """Raises Invalid (`payload.invalid`) with every place that does not hold."""
        found = [problem for check in self._checks for problem in check(payload)]
        if not found:
            return
        fields = [{"where": one.where, "message": one.message} for one in found[:100]]
        raise Invalid(
            f"The payload does not fit `inputs`: {found[0].where or 'the whole'}: {found[0].message}",
            hint="`fields` lists all that is wrong.",
            code="payload.invalid",
            details={"fields": fields},
        )

    def wants(self, event: Event) -> bool:
        """Whether `when` lets it in. Raises Invalid where it cannot be evaluated."""
        if self._when is None:
            return True
        return self._evaluate(self._when, event, "when") is True

    def event_id(self, event: Event) -> str | None:
        """What `event_id` gives. Raises Invalid where it cannot be evaluated."""
        if self._event_id is None:
            return None
        value = self._evaluate(self._event_id, event, "event_id")
        return None if value in (None, "") else str(value)[:500]

    def _evaluate(self, ready: tuple[Render, Template], event: Event, what: str) -> Any:
        render, template = ready
        try:
            return render(_EventNames(template, event), RunClock(utc_text(datetime.now(UTC)), seed="trigger"))
        except FlowError as error:
            raise Invalid(
                f"`{what}` of the trigger `{self.trigger.name}` cannot be evaluated: {error.message}",
                hint=error.hint,
                code="payload.invalid",
            ) from error


def _ready(template: Template | None) -> tuple[Render, Template] | None:
    return None if template is None else (compile_template(template), template)


class _EventNames(Mapping[str, Any]):
    """What a trigger's own expressions see: the event alone."""

    def __init__(self, template: Template, event: Event) -> None:
        self._bindings = template.bindings
        self._event = event

    def __getitem__(self, name: str) -> Any:
        event = self._event
        match self._bindings.get(name):
            case FromPayload(field=None):
                return event.payload
            case FromPayload(field=field):
                payload = event.payload
                return payload[field] if isinstance(payload, dict) and field in payload else self._around(name)
            case FromRun(what="trigger"):
                return {
                    "payload": event.payload,
                    "headers": dict(event.headers or {}),
                    "query": dict(event.query or {}),
                }
            case _:
                return self._around(name)

    def _around(self, name: str) -> Any:
        known = {"payload": self._event.payload, "headers": self._event.headers, "query": self._event.query}
        value = known.get(name)
        return dict(value) if isinstance(value, Mapping) else value

    def get(self, name: str, default: Any = None) -> Any:
        """The value, or null."""
        value = self[name]
        return default if value is None else value

    def __contains__(self, name: object) -> bool:
        return name in self._bindings or name in ("payload", "headers", "query")

    def __iter__(self) -> Iterator[str]:
        return iter(self._bindings)

    def __len__(self) -> int:
        return len(self._bindings)
