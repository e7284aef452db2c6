"""Document to plan: every default, retry, limit, effect class and name resolved, so that a run looks nothing up."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import orjson

from flov7.kit.durations import seconds
from flov7.kit.errors import FlowError
from flov7.language import templates as t
from flov7.language.analysis import Analysis, analyse
from flov7.language.catalogue import Catalogue, KindSpec, Lowering, Queue, Retry
from flov7.language.checks import check_all, check_connection, takes_key
from flov7.language.config import check_config, input_tree, locate
from flov7.language.diagnostics import Diagnostic, DocumentInvalid, Report
from flov7.language.document import Condition, Connection, Document, Trigger, flat_sides, nested_lists
from flov7.language.effects import Effect
from flov7.language.effects import resolve as resolve_effect
from flov7.language.library import Library
from flov7.language.manifest import effect_line
from flov7.language.outline import Path, Place
from flov7.language.plan import (
    Block,
    Check,
    Child,
    Choice,
    Credential,
    Loop,
    Node,
    Part,
    Plan,
    Template,
    TriggerNode,
)
from flov7.language.polled import polled
from flov7.language.printing import canonical_bytes
from flov7.language.schemas import check_schema
from flov7.language.scope import Scope
from flov7.language.types import check_gives_list, check_literal_paths

LOCAL_LIMIT = 5.0
"""Seconds: a call whose limit is at most this runs as a local activity."""
DEFAULT_ROUNDS = 10_000


@dataclass(frozen=True, slots=True)
class Compiled:
    """The settled document, its diagnostics, and the plan where nothing stands against it."""

    document: Document
    diagnostics: tuple[Diagnostic, ...]
    plan: Plan | None

    @property
    def ok(self) -> bool:
        """Whether there is a plan."""
        return self.plan is not None


@dataclass(slots=True)
class _Compiler:
    analysis: Analysis
    reader: t.TemplateReader
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    manifest: list[Any] = field(default_factory=list[Any])


def compile_document(
    document: Document, catalogue: Catalogue, *, library: Library | None = None, strict: bool = False
) -> Compiled:
    """Check a document and make its plan.

    `library` is what the workspace offers, None where it cannot be looked up; `strict` is for activation and
    runs: what a fragment leaves open, and kinds that are not built, are errors then. Never raises for a document.
    """
    report = Report()
    fragment = document.is_fragment
    catalogue = library.catalogue(catalogue) if library else catalogue
    analysis = analyse(
        _with_start(document), catalogue, library=library, strict=strict, report=report, is_fragment=fragment
    )
    scope = Scope(analysis)
    compiler = _Compiler(analysis, t.TemplateReader(analysis, scope))
    check_all(analysis)
    _check_payload_schema(analysis)
    plan = _plan(compiler)
    scope.check_hiding()
    started = analysis.document
    if fragment:
        started = started.model_copy(update={"primitives": started.primitives[1:]})
    found = _shifted(report.diagnostics) if fragment else report.diagnostics
    return Compiled(started, found, None if report.has_errors else plan)


def compile_or_raise(document: Document, catalogue: Catalogue, *, library: Library | None = None) -> Plan:
    """The plan for a run or an activation. Raises DocumentInvalid with all that is wrong."""
    compiled = compile_document(document, catalogue, library=library, strict=True)
    if compiled.plan is None:
        raise DocumentInvalid(compiled.diagnostics)
    return compiled.plan


def _with_start(document: Document) -> Document:
    """A fragment that is run as it is gets a manual trigger named `start`."""
    if not document.is_fragment:
        return document
    start = Trigger(type="trigger", kind="manual", name=_start_name(document))
    return document.model_copy(update={"primitives": [start, *document.primitives]})


def _start_name(document: Document) -> str:
    taken = {one.name for one in document.primitives}
    return next(name for name in ("start", *(f"start_{n}" for n in range(2, 20_000))) if name not in taken)


def _shifted(diagnostics: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """Pointers as the person wrote the fragment: without the trigger that we put before it."""
    return tuple(
        one.model_copy(
            update={
                "where": _shift(one.where),
                "fix": None if one.fix is None else tuple(_shift_patch(step) for step in one.fix),
            }
        )
        for one in diagnostics
    )


def _shift(where: str) -> str:
    parts = where.split("/")
    if len(parts) > 2 and parts[1] == "primitives" and parts[2].isdigit():
        parts[2] = str(int(parts[2]) - 1)
    return "/".join(parts)


def _shift_patch(step: dict[str, Any]) -> dict[str, Any]:
    return {key: _shift(value) if key in ("path", "from") else value for key, value in step.items()}


def _check_payload_schema(analysis: Analysis) -> None:
    inputs = analysis.document.inputs
    if inputs is None:
        return
    try:
        check_schema(inputs)
    except FlowError as error:
        analysis.report.add(
            "inputs.schema", where="/inputs", message=error.message, hint=error.hint or "Mend the schema."
        )


def _plan(compiler: _Compiler) -> Plan | None:
    analysis, document = compiler.analysis, compiler.analysis.document
    top = analysis.lists[("primitives",)]
    parts = [
        Part(
            triggers=tuple(_trigger(compiler, analysis.places[name]) for name in part.triggers),
            block=_block(compiler, ("primitives",), part.members, part.open_ends),
        )
        for part in top.order.parts
    ]
    expect = [
        Check(name=one.name, test=compiler.reader.expression(one.check, place=None, where=f"/expect/{index}/check"))
        for index, one in enumerate(document.expect or ())
    ]
    output = None
    if document.output is not None:
        output = compiler.reader.value(document.output, place=None, where="/output")
    timeout = _duration(analysis, document.timeout, "/timeout")
    if analysis.report.has_errors:
        return None
    return Plan(
        name=document.name,
        document=hashlib.sha256(canonical_bytes(document)).hexdigest(),
        catalogue=analysis.catalogue.digest,
        mode=document.mode,
        timeout=timeout,
        inputs=document.inputs,
        parts=tuple(part for part in parts if part.triggers),
        connections=_credentials(analysis),
        expect=tuple(expect),
        output=output,
        schemas=compiler.schemas,
        manifest=tuple(compiler.manifest),
    )


def _duration(analysis: Analysis, value: Any, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, int | float):
        return float(value)
    try:
        return seconds(value)
    except FlowError as error:
        analysis.report.add("duration.invalid", where=where, message=error.message, hint=error.hint)
        return None


def _trigger(compiler: _Compiler, place: Place) -> TriggerNode:
    analysis, primitive = compiler.analysis, place.primitive
    spec = analysis.specs.get(primitive.name)
    config = dict(primitive.config or {})
    if spec is not None:
        check_config(analysis, place, spec, config)
    when = event_id = None
    if primitive.when is not None:
        when = compiler.reader.of_trigger(primitive.when, where=analysis.pointer(place, "when"))
    if isinstance(config.get("event_id"), str):
        event_id = compiler.reader.of_trigger(config["event_id"], where=analysis.pointer(place, "config", "event_id"))
    asked = polled(analysis, place) or spec
    return TriggerNode(
        name=primitive.name,
        pointer=analysis.pointer(place),
        kind=primitive.kind or "",
        config=config,
        connection=None if asked is None else _connection(analysis, place, asked),
        operation=None if asked is None else asked.operation,
        when=when,
        event_id=event_id,
    )


def _credentials(analysis: Analysis) -> dict[str, Credential]:
    found: dict[str, Credential] = {}
    for place in analysis.places.values():
        one = place.primitive
        if isinstance(one, Connection) and one.kind is not None:
            credentials = dict(one.credentials or {})
            secret = credentials.pop("secret", None) or one.name
            found[one.name] = Credential(
                name=one.name,
                kind=one.kind,
                service=one.service or one.kind,
                config=dict(one.config or {}),
                credentials=credentials,
                secret=str(secret),
            )
    return found


def _block(compiler: _Compiler, path: Path, members: tuple[str, ...], open_ends: tuple[str, ...]) -> Block:
    nodes = [_node(compiler, compiler.analysis.places[name], path) for name in members]
    return Block(nodes=tuple(node for node in nodes if node is not None), open_ends=open_ends)


def _node(compiler: _Compiler, place: Place, path: Path) -> Node | None:
    analysis, primitive = compiler.analysis, place.primitive
    spec = analysis.specs.get(primitive.name)
    start = analysis.lists[path].order.starts.get(primitive.name)
    blocks = _blocks(compiler, place)
    if spec is None:
        return None
    tree = input_tree(primitive)
    inputs = _inputs(compiler, place, spec, tree)
    loop = _loop(compiler, place)
    when = None
    if primitive.when is not None:
        when = compiler.reader.expression(primitive.when, place=place, where=analysis.pointer(place, "when"))
    if start is None or analysis.report.has_errors:
        return None  # a cycle, or an error elsewhere: there will be no plan
    config = dict(primitive.config or {})
    effect = resolve_effect(spec.effect, config)
    timeout = _duration(analysis, primitive.timeout, analysis.pointer(place, "timeout")) or spec.timeout
    sides = {label: name for label, _, name in flat_sides(primitive)}
    node = Node(
        name=primitive.name,
        pointer=analysis.pointer(place),
        type=primitive.type,
        kind=spec.name,
        lowering=_lowering(spec, config),
        deps=start.deps,
        chosen_by=tuple(Choice(condition=name, side=label) for name, label in start.chosen_by),
        handles=start.handles,
        when=when,
        on_error=primitive.on_error or "fail",
        inputs=inputs,
        connection=_connection(analysis, place, spec),
        effect=effect,
        takes_key=takes_key(spec, config),
        retry=_retry(analysis, place, spec, effect),
        timeout=timeout,
        queue=Queue.ACTIONS if spec.queue is Queue.LOCAL and timeout > LOCAL_LIMIT else spec.queue,
        sides=sides,
        blocks=blocks,
        gate=spec.lowering is Lowering.TEST and not sides and not blocks,
        loop=loop,
        child=_child(analysis, place, spec, config),
        operation=spec.operation,
        outputs=_schema(compiler, spec),
    )
    line = effect_line(node, spec)
    if line is not None:
        compiler.manifest.append(line)
    return node


def _lowering(spec: KindSpec, config: dict[str, Any]) -> Lowering:
    """What calls another workflow is a plain call where it brings code of its own."""
    return Lowering.CALL if spec.lowering is Lowering.CHILD and "code" in config else spec.lowering


def _blocks(compiler: _Compiler, place: Place) -> dict[str, Block]:
    found: dict[str, Block] = {}
    for label, below, _ in nested_lists(place.primitive):
        path = (*place.path, *below)
        parts = compiler.analysis.lists[path].order.parts
        members = tuple(name for part in parts for name in part.members)
        open_ends = tuple(name for part in parts for name in part.open_ends)
        found[label] = _block(compiler, path, members, open_ends)
    return found


def _inputs(compiler: _Compiler, place: Place, spec: KindSpec, tree: dict[str, Any]) -> Template:
    analysis = compiler.analysis
    check_config(analysis, place, spec, tree)
    check_literal_paths(analysis, place, tree)
    if spec.lowering is Lowering.LOOP:
        return Template(tree={})
    template = tree.get("template")
    known = analysis.library.templates if analysis.library else {}
    if isinstance(template, str) and template in known and "template_body" in spec.inputs.get("properties", {}):
        body = known[template]
        parts = {"subject": body.subject, "text": body.text, "html": body.html}
        tree = {**tree, "template_body": {key: text for key, text in parts.items() if text}}
    own = tuple(tree["values"]) if isinstance(tree.get("values"), dict) else ()
    return compiler.reader.inputs(tree, spec.inputs, place=place, locate=locate(analysis, place), values=own)


def _connection(analysis: Analysis, place: Place, spec: KindSpec) -> str | None:
    return check_connection(analysis, place, spec) if spec.connection is not None else None


def _retry(analysis: Analysis, place: Place, spec: KindSpec, effect: Effect) -> Retry:
    own = place.primitive.retry
    if own is None:
        return spec.retry
    base = spec.retry.model_dump()
    where = analysis.pointer(place, "retry")
    changed: dict[str, Any] = {
        "max_attempts": own.max_attempts,
        "initial": _duration(analysis, own.initial, where + "/initial"),
        "factor": own.factor,
        "maximum": _duration(analysis, own.maximum, where + "/maximum"),
    }
    return Retry(**{**base, **{key: value for key, value in changed.items() if value is not None}})


def _loop(compiler: _Compiler, place: Place) -> Loop | None:
    loop = place.primitive
    if not isinstance(loop, Condition) or loop.kind != "loop" or loop.do is None:
        return None
    inside = Place(loop, place.path, (*place.path, "do"), place, "do")
    where = compiler.analysis.pointer(place)
    tests = {"over": (loop.over, place), "while": (loop.while_, inside), "until": (loop.until, inside)}
    for form, (source, seen_from) in tests.items():
        if source is None:
            continue
        collect = None
        if loop.collect is not None:
            read = compiler.reader.expression if isinstance(loop.collect, str) else compiler.reader.value
            collect = read(loop.collect, place=inside, where=f"{where}/collect")
        if form == "over" and not isinstance(source, str):
            test = compiler.reader.value(source, place=seen_from, where=f"{where}/over")
        else:
            test = compiler.reader.expression(source, place=seen_from, where=f"{where}/{form}")
            if form == "over" and isinstance(source, str):
                check_gives_list(compiler.analysis, source, test, where=f"{where}/over")
        return Loop(
            form=form,  # pyright: ignore[reportArgumentType]
            item=loop.as_ or "item",
            concurrency=loop.concurrency or 1,
            max_iterations=loop.max_iterations or DEFAULT_ROUNDS,
            test=test,
            collect=collect,
        )
    return None


def _child(analysis: Analysis, place: Place, spec: KindSpec, config: dict[str, Any]) -> Child | None:
    name = config.get("workflow")
    if spec.lowering is not Lowering.CHILD or not isinstance(name, str):
        return None
    known = analysis.library.workflows.get(name) if analysis.library else None
    wait = config.get("wait", True) is not False
    if known is None:
        return Child(workflow=name, wait=wait)
    return Child(workflow=name, workflow_id=known.workflow_id, version=known.version, plan=known.plan, wait=wait)


def _schema(compiler: _Compiler, spec: KindSpec) -> str | None:
    if not spec.outputs.get("properties"):
        return None
    digest = hashlib.sha256(orjson.dumps(spec.outputs, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    compiler.schemas[digest] = spec.outputs
    return digest
