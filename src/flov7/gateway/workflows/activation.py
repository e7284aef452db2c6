"""Going live and going back: a version's hooks, schedules and plan, all or none."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from flov7.engine.intake import triggers_of
from flov7.gateway.context import current
from flov7.gateway.hooks.addresses import hook_address
from flov7.gateway.hooks.book import without_event_id
from flov7.gateway.parts import HOOKS_TOPIC
from flov7.gateway.security import Caller
from flov7.gateway.workflows.access import find
from flov7.gateway.workflows.compiling import Compiler
from flov7.gateway.workflows.listening import Joined, heard, join, leave
from flov7.gateway.workflows.schemas import ListeningOut, TriggerOut
from flov7.kit.errors import Conflict, FlowError, Invalid
from flov7.kit.ids import token
from flov7.language.diagnostics import Diagnostic
from flov7.language.plan import Plan, TriggerNode
from flov7.store import connections, hooks, plans, records, subscriptions, versions, workflows, workspaces
from flov7.store.hooks import Hook, Wanted
from flov7.store.scope import Scope
from flov7.store.subscriptions import Shown
from flov7.store.workflows import Workflow


@dataclass(frozen=True, slots=True)
class Activated:
    """What is live now."""

    workflow: Workflow
    triggers: list[TriggerOut]
    plan: Plan
    warnings: tuple[Diagnostic, ...]


async def activate(caller: Caller, reference: str, *, version: int | None) -> Activated:
    """Compile strictly, then go live. Raises DocumentInvalid, Conflict (`hook.taken`), Unavailable."""
    async with caller.transaction() as scope:
        workflow = await _alive(scope, reference)
        number = version or workflow.current_version
        document = (await versions.get(scope, workflow.id, number=number)).document
        compiler = Compiler(scope, caller.gateway)
        plan = await compiler.plan(document)
        warnings = (await compiler.check(document, strict=True)).diagnostics
        await _secrets_are_there(scope, plan)
        digest = await compiler.keep(plan)
        timed = _is_timed(plan) or await _was_timed(scope, workflow)
        await hooks.replace(
            scope, workflow.id, workflow_version=number, wanted=await _wanted(scope, caller, workflow, plan)
        )
        if not timed and not heard(caller, plan):
            return await _live(scope, caller, workflow, number, digest, plan, warnings, Joined())
        present = await subscriptions.of_workflow(scope, workflow.id)
        # Whether the hooks are free is known now; all of it is done after Temporal has the schedules and what
        # somebody has to listen for is open at its source.
        await scope.connection.rollback()
    joined = await join(caller, plan, present=present)
    try:
        if timed:
            await caller.gateway.engine.activate(
                caller.workspace_id, workflow_id=workflow.id, version=number, plan=plan, plan_digest=digest
            )
        async with caller.transaction() as scope:
            compiler.scope = scope
            await compiler.keep(plan)
            wanted = await _wanted(scope, caller, workflow, plan)
            await hooks.replace(scope, workflow.id, workflow_version=number, wanted=wanted)
            return await _live(scope, caller, workflow, number, digest, plan, warnings, joined)
    except FlowError:
        await leave(caller, joined)
        if timed and workflow.status != "active":  # a schedule without an active workflow starts nothing, but is litter
            with contextlib.suppress(FlowError):
                await caller.gateway.engine.deactivate(caller.workspace_id, workflow_id=workflow.id)
        raise


async def deactivate(caller: Caller, reference: str, *, archive: bool = False) -> Workflow:
    """Take the triggers away: nothing starts any more; what runs goes on."""
    async with caller.transaction() as scope:
        workflow = await find(scope, reference, for_update=True)
        timed = await _was_timed(scope, workflow)
        await hooks.clear(scope, workflow.id)
        await subscriptions.end(scope, workflow.id)
        changed = await workflows.set_status(scope, workflow.id, status="archived" if archive else "draft")
        await workflows.change_settings(scope, workflow.id, active_plan=None)
        await _note(scope, caller, "workflow.archive" if archive else "workflow.deactivate", workflow)
    await caller.gateway.tell(HOOKS_TOPIC, caller.workspace_id)
    if timed:
        with contextlib.suppress(FlowError):  # what fires meanwhile finds the workflow not active and starts nothing
            await caller.gateway.engine.deactivate(caller.workspace_id, workflow_id=workflow.id)
    return changed


async def pause(caller: Caller, reference: str) -> Workflow:
    """Keep its addresses, start nothing: senders are told to come again later, schedules are passed over."""
    async with caller.transaction() as scope:
        workflow = await find(scope, reference, for_update=True)
        if workflow.status == "paused":
            return workflow
        if workflow.status != "active":
            raise Conflict(f"The workflow is {workflow.status}, not active.", hint="Only what is active can be paused.")
        changed = await workflows.set_status(scope, workflow.id, status="paused")
        await _note(scope, caller, "workflow.pause", workflow)
    await caller.gateway.tell(HOOKS_TOPIC, caller.workspace_id)
    return changed


async def unpause(caller: Caller, reference: str) -> Workflow:
    """Go on with the version that was active."""
    async with caller.transaction() as scope:
        workflow = await find(scope, reference, for_update=True)
        if workflow.status == "active":
            return workflow
        if workflow.status != "paused" or workflow.active_version is None:
            raise Conflict(f"The workflow is {workflow.status}, not paused.", hint="Activate it instead.")
        version = workflow.active_version
        changed = await workflows.set_status(scope, workflow.id, status="active", active_version=version)
        await _note(scope, caller, "workflow.unpause", workflow)
    await caller.gateway.tell(HOOKS_TOPIC, caller.workspace_id)
    return changed


async def triggers_out(
    scope: Scope, caller: Caller, workflow: Workflow, triggers: list[TriggerNode]
) -> list[TriggerOut]:
    """The triggers with their addresses, where they are live."""
    live = {hook.trigger: hook for hook in await hooks.of_workflow(scope, workflow.id)}
    heard_of = {one.trigger: one for one in await subscriptions.of_workflow(scope, workflow.id)}
    slug = (await workspaces.get(scope)).slug
    return [
        _trigger_out(caller, slug, trigger, live.get(trigger.name), heard_of.get(trigger.name)) for trigger in triggers
    ]


def _trigger_out(caller: Caller, slug: str, trigger: TriggerNode, hook: Hook | None, shown: Shown | None) -> TriggerOut:
    address = None
    if hook is not None:
        address = hook_address(caller.gateway.settings.public_url, slug, path=hook.path, token=hook.token)
    method = ", ".join(_methods(trigger)) if hook is not None or trigger.kind == "webhook" else None
    return TriggerOut(
        name=trigger.name,
        kind=trigger.kind,
        method=method,
        address=address,
        listening=None if shown is None else ListeningOut.model_validate(shown),
    )


async def _live(
    scope: Scope,
    caller: Caller,
    workflow: Workflow,
    number: int,
    digest: str,
    plan: Plan,
    warnings: tuple[Diagnostic, ...],
    joined: Joined,
) -> Activated:
    await subscriptions.want(scope, workflow.id, workflow_version=number, plan_digest=digest, wishes=joined.wishes)
    await workflows.set_status(scope, workflow.id, status="active", active_version=number)
    changed = await workflows.change_settings(scope, workflow.id, active_plan=digest)
    await _note(scope, caller, "workflow.activate", workflow, version=number)
    shown = await triggers_out(scope, caller, workflow, triggers_of(plan))
    await scope.connection.commit()
    await caller.gateway.tell(HOOKS_TOPIC, caller.workspace_id)
    return Activated(changed, shown, plan, warnings)


async def _alive(scope: Scope, reference: str) -> Workflow:
    workflow = await find(scope, reference, for_update=True)
    if workflow.status == "archived":
        raise Conflict("The workflow is archived.", hint="Restore it first.", code="workflow.archived")
    return workflow


def _is_timed(plan: Plan) -> bool:
    return any(trigger.kind == "schedule" for trigger in triggers_of(plan))


async def _was_timed(scope: Scope, workflow: Workflow) -> bool:
    """Whether the plan that is live now has schedules."""
    digest = workflow.settings.get("active_plan")
    if not isinstance(digest, str):
        return False
    return _is_timed(Plan.from_bytes(await plans.get(scope, digest)))


async def _wanted(scope: Scope, caller: Caller, workflow: Workflow, plan: Plan) -> list[Wanted]:
    """Hooks for each trigger that is called; one without authentication keeps the token that it had."""
    found: list[Wanted] = []
    for trigger in triggers_of(plan):
        url = _called_at(caller, trigger)
        if url is None:
            continue
        auth = _auth(trigger)
        known = None
        if auth["type"] == "none":
            known = await hooks.known_token(scope, workflow.id, trigger=trigger.name) or token(24)
        for method in _methods(trigger):
            found.append(Wanted(path=url.strip("/"), method=method, trigger=trigger.name, token=known, auth=auth))
    return found


def _called_at(caller: Caller, trigger: TriggerNode) -> str | None:
    """The path of the trigger's address; None where it has none."""
    if trigger.kind == "webhook":
        return str(trigger.config["url"])
    spec = caller.gateway.registry.catalogue().get("trigger", trigger.kind)
    if spec is None or not spec.built:
        return None
    runner = caller.gateway.registry.runner("trigger", trigger.kind)
    if runner.receive is None or (runner.watcher is not None and trigger.config.get("by") != "webhook"):
        return None
    return getattr(runner.read(without_event_id(trigger.config)), "url", None)


def _auth(trigger: TriggerNode) -> dict[str, object]:
    """How the sender proves itself; where a service signs in its own way, its kind checks it."""
    if trigger.kind == "webhook":
        return {"type": trigger.config.get("auth", "none"), "secret": trigger.config.get("secret")}
    return {"type": "service", "secret": trigger.config.get("secret")}


def _methods(trigger: TriggerNode) -> list[str]:
    config = trigger.config
    wanted = [str(one) for one in config.get("methods") or [config.get("method", "POST")]]
    if config.get("form") is not None:
        wanted += ["GET", "POST"]
    return list(dict.fromkeys(wanted))


async def _secrets_are_there(scope: Scope, plan: Plan) -> None:
    """Raises Invalid for a secret that is named and not kept: nothing could ever get in, or out."""
    wanted: dict[str, str] = {}
    for trigger in triggers_of(plan):
        if isinstance(trigger.config.get("secret"), str):
            wanted[trigger.config["secret"]] = f"the trigger `{trigger.name}`"
    for one in plan.connections.values():
        if one.credentials.get("type") not in (None, "none"):
            wanted.setdefault(one.secret, f"the connection `{one.name}`")
    missing = [(name, who) for name, who in wanted.items() if not await connections.has_secret(scope, name)]
    if missing:
        names = ", ".join(f"`{name}` (for {who})" for name, who in missing)
        raise Invalid(
            f"A secret is named and not kept in this workspace: {names}.",
            hint="Add it as a connection of that name: POST /api/v1/connections.",
            code="secret.missing",
            details={"secrets": [name for name, _ in missing]},
        )


async def _note(scope: Scope, caller: Caller, what: str, workflow: Workflow, **details: object) -> None:
    await records.audit(
        scope, who=caller.who, what=what, target=workflow.id, details=dict(details), request_id=current().request_id
    )
