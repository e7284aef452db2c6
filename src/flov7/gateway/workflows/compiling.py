"""Documents of a workspace checked and compiled against all that the workspace offers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flov7.gateway.parts import Gateway
from flov7.kit.errors import FlowError, Invalid, NotFound
from flov7.language.diagnostics import DocumentInvalid
from flov7.language.front import Checked, check_text, check_value
from flov7.language.library import KnownConnection, KnownWorkflow, Library, MessageTemplate
from flov7.language.plan import Plan
from flov7.language.printing import to_json
from flov7.store import connections, plans, templates, versions, workflows, workspaces
from flov7.store.scope import Scope

_DEEPEST = 10


@dataclass
class Compiler:
    """Compiles within one transaction, so that all of it sees the same workspace."""

    scope: Scope
    gateway: Gateway
    _children: dict[str, Plan] = field(default_factory=dict[str, Plan])

    async def check(self, given: Any, *, strict: bool = False, above: tuple[str, ...] = ()) -> Checked:
        """Check a JSON value or a text; sub-workflows that it names are compiled first."""
        catalogue = self.gateway.registry.catalogue()
        library = await self.library(given, above=above)
        if isinstance(given, str):
            return check_text(given, catalogue, library=library, strict=strict)
        return check_value(given, catalogue, library=library, strict=strict)

    async def plan(self, document: Any, *, above: tuple[str, ...] = ()) -> Plan:
        """The plan for a run or an activation. Raises DocumentInvalid with all that is wrong."""
        checked = await self.check(document, strict=True, above=above)
        if checked.plan is None:
            raise DocumentInvalid(checked.diagnostics)
        return checked.plan

    async def keep(self, plan: Plan) -> str:
        """Store a plan and those of its sub-workflows; returns its digest."""
        for child in self._children.values():
            await plans.put(self.scope, child.to_bytes())
        return await plans.put(self.scope, plan.to_bytes())

    async def library(self, given: Any = None, *, above: tuple[str, ...] = ()) -> Library:
        """What the workspace offers; of its workflows those that `given` names."""
        settings = (await workspaces.get(self.scope)).settings
        kept = await connections.listed(self.scope)
        messages = await templates.listed(self.scope)
        return Library(
            templates={one.name: _template(one) for one in messages},
            workflows=await self._workflows(given, above),
            connections={one.name: KnownConnection(name=one.name, kind=one.kind, service=one.service) for one in kept},
            default_mail=isinstance(settings.get("default_mail"), str),
            told=_told(settings.get("alerts")),
            max_primitives=settings.get("max_primitives"),
            shelves=await self.gateway.shelves.of(self.scope),
        )

    async def _workflows(self, given: Any, above: tuple[str, ...]) -> dict[str, KnownWorkflow]:
        if isinstance(given, str):
            read = check_text(given, self.gateway.registry.catalogue())
            given = None if read.document is None else to_json(read.document)
        found: dict[str, KnownWorkflow] = {}
        for name in dict.fromkeys(_named(given)):
            known = await self._known(name, above)
            if known is not None:
                found[name] = known
        return found

    async def _known(self, name: str, above: tuple[str, ...]) -> KnownWorkflow | None:
        """The current version of another workflow; None where it is not there, does not hold, or calls itself."""
        if name in above or len(above) >= _DEEPEST:
            return None
        workflow = await workflows.by_name(self.scope, name)
        if workflow is None or workflow.status == "archived":
            return None
        try:
            version = await versions.get(self.scope, workflow.id, number=workflow.current_version)
            plan = self._children.get(name) or await self.plan(version.document, above=(*above, name))
        except (DocumentInvalid, NotFound):
            return None
        self._children[name] = plan
        return KnownWorkflow(
            name=name, workflow_id=workflow.id, version=version.number, plan=plan.digest, inputs=plan.inputs
        )


def _told(alerts: Any) -> tuple[str, ...]:
    """Whom a workspace's alerts name."""
    if not isinstance(alerts, dict):
        return ()
    named = alerts.get("email") or []
    found = [str(one) for one in ([named] if isinstance(named, str) else named)]
    return (*found, *(["its alert webhook"] if alerts.get("webhook") else []))


def _template(one: templates.MessageTemplate) -> MessageTemplate:
    names = one.inputs.get("properties", {}) if isinstance(one.inputs, dict) else {}
    return MessageTemplate(
        name=one.name, version=one.number, subject=one.subject, text=one.text, html=one.html, inputs=tuple(names)
    )


def _named(given: Any) -> Iterator[str]:
    """Names of workflows that a document calls: `workflow` in any `config`."""
    stack = [given]
    while stack:
        here = stack.pop()
        if isinstance(here, list):
            stack.extend(here)
        elif isinstance(here, dict):
            config = here.get("config")
            if isinstance(config, dict) and isinstance(config.get("workflow"), str):
                yield config["workflow"]
            stack.extend(here.values())


def acceptable(checked: Checked, *, allow_errors: bool) -> dict[str, Any]:
    """The document as it is stored. Raises DocumentInvalid where it cannot be read, or has errors."""
    if checked.document is None or (checked.has_errors and not allow_errors):
        raise DocumentInvalid(checked.diagnostics)
    try:
        return to_json(checked.document)
    except (ValueError, RecursionError) as error:
        raise Invalid("The document cannot be stored.", hint="Make it less deep.") from error


def problem_of(error: FlowError) -> str:
    """One line of why something does not hold."""
    return f"{error.message} {error.hint}".strip()
