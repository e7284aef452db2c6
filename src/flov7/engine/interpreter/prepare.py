"""A plan made ready to run: templates compiled once, edges of waiting laid out, kinds looked up. Cached by digest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flov7.language.catalogue import Lowering
from flov7.language.diagnostics import pointer
from flov7.language.expressions import Clock, parse, parse_template
from flov7.language.plan import Block, Check, Node, Part, Plan, Template, TriggerNode
from flov7.language.templates import DEFERRED, DEFERRED_KEYS, DEFERRED_TEXT, EXPRESSION
from flov7.primitives.declare import Bound
from flov7.primitives.registry import Registry

Render = Callable[[Mapping[str, Any], Clock], Any]


class _Overlay(dict[str, Any]):
    """Own names of a deferred expression over the names of the run."""

    __slots__ = ("below",)

    def __init__(self, names: Mapping[str, Any], below: Mapping[str, Any]) -> None:
        super().__init__(names)
        self.below = below

    def __missing__(self, name: str) -> Any:
        return self.below[name]

    def get(self, name: str, default: Any = None) -> Any:
        return dict.get(self, name, None) if dict.__contains__(self, name) else self.below.get(name, default)

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or name in self.below


def compile_template(template: Template) -> Render:
    """The function that renders a template over names."""
    render = _compile(template.tree, "", template.marks)
    if render is None:
        constant = template.tree
        return lambda _names, _clock: constant
    return render


def _compile(tree: Any, at: str, marks: Mapping[str, str]) -> Render | None:
    """None where nothing below changes from run to run."""
    mark = marks.get(at)
    match tree:
        case str() if mark is not None and mark != DEFERRED_KEYS:
            return _marked(tree, mark)
        case str():
            return _text(tree) if "{{" in tree else None
        case dict() if mark == DEFERRED_KEYS:
            return _keyed(tree, at, marks)
        case dict():
            parts = {key: _compile(value, at + pointer(key), marks) for key, value in tree.items()}
            if all(part is None for part in parts.values()):
                return None
            pairs = [(key, parts[key], value) for key, value in tree.items()]

            def render(names: Mapping[str, Any], clock: Clock) -> dict[str, Any]:
                return {key: value if part is None else part(names, clock) for key, part, value in pairs}

            return render
        case list():
            items = [(_compile(value, f"{at}/{index}", marks), value) for index, value in enumerate(tree)]
            if all(part is None for part, _ in items):
                return None
            return lambda names, clock: [value if part is None else part(names, clock) for part, value in items]
        case _:
            return None


def _text(text: str) -> Render:
    template = parse_template(text)
    return lambda names, clock: template.render(names, clock=clock)


def _marked(text: str, mark: str) -> Render:
    if mark == EXPRESSION:
        expression = parse(text)
        return lambda names, clock: expression.evaluate(names, clock=clock)
    if mark == DEFERRED:
        return _bound(text, parse(text).evaluate)
    assert mark == DEFERRED_TEXT, mark
    return _bound(text, parse_template(text).render)


def _bound(text: str, evaluate: Callable[..., Any]) -> Render:
    def make(names: Mapping[str, Any], clock: Clock) -> Bound:
        return Bound(text, evaluate=lambda own: evaluate(_Overlay(own, names) if own else names, clock=clock))

    return make


def _keyed(tree: dict[str, Any], at: str, marks: Mapping[str, str]) -> Render:
    pairs = [(_marked(key, DEFERRED), _compile(value, at + pointer(key), marks), value) for key, value in tree.items()]
    return lambda names, clock: [
        (key(names, clock), value if part is None else part(names, clock)) for key, part, value in pairs
    ]


@dataclass(slots=True)
class PreparedNode:
    """A node with its functions."""

    node: Node
    render: Render
    when: Render | None
    pure: Callable[[Any], Any] | None
    position: int
    blocks: dict[str, PreparedBlock] = field(default_factory=dict[str, "PreparedBlock"])
    loop_test: Render | None = None
    collect: Render | None = None
    error_handler: str | None = None
    has_deferred: bool = False
    shown: Any = None


@dataclass(slots=True)
class PreparedBlock:
    """A list with, for each node, who waits for it."""

    nodes: dict[str, PreparedNode]
    dependents: dict[str, tuple[str, ...]]
    roots: tuple[str, ...]
    open_ends: tuple[str, ...]


@dataclass(slots=True)
class PreparedPlan:
    """A plan ready to run."""

    plan: Plan
    digest: str
    blocks: dict[str, PreparedBlock]
    parts: dict[str, Part]
    triggers: dict[str, TriggerNode]
    checks: list[tuple[Check, Render]]
    output: Render | None
    nodes: dict[str, PreparedNode]


def prepare(plan: Plan, registry: Registry) -> PreparedPlan:
    """Make a plan ready."""
    nodes: dict[str, PreparedNode] = {}
    blocks: dict[str, PreparedBlock] = {}
    parts: dict[str, Part] = {}
    triggers: dict[str, TriggerNode] = {}
    for part in plan.parts:
        prepared = _block(part.block, registry, nodes)
        for trigger in part.triggers:
            blocks[trigger.name], parts[trigger.name], triggers[trigger.name] = prepared, part, trigger
    return PreparedPlan(
        plan=plan,
        digest=plan.digest,
        blocks=blocks,
        parts=parts,
        triggers=triggers,
        checks=[(check, compile_template(check.test)) for check in plan.expect],
        output=None if plan.output is None else compile_template(plan.output),
        nodes=nodes,
    )


def _block(block: Block, registry: Registry, nodes: dict[str, PreparedNode]) -> PreparedBlock:
    made: dict[str, PreparedNode] = {}
    dependents: dict[str, list[str]] = {node.name: [] for node in block.nodes}
    for position, node in enumerate(block.nodes):
        made[node.name] = nodes[node.name] = _node(node, position, registry, nodes)
        waits = (*node.deps, *(choice.condition for choice in node.chosen_by), *node.handles)
        for name in dict.fromkeys(waits):
            if name in dependents:
                dependents[name].append(node.name)
    return PreparedBlock(
        nodes=made,
        dependents={name: tuple(others) for name, others in dependents.items()},
        roots=tuple(node.name for node in block.nodes if not (node.deps or node.chosen_by or node.handles)),
        open_ends=block.open_ends,
    )


def _node(node: Node, position: int, registry: Registry, nodes: dict[str, PreparedNode]) -> PreparedNode:
    return PreparedNode(
        node=node,
        render=_inputs(node),
        when=None if node.when is None else compile_template(node.when),
        pure=_pure(node, registry),
        position=position,
        blocks={label: _block(block, registry, nodes) for label, block in node.blocks.items()},
        loop_test=None if node.loop is None else compile_template(node.loop.test),
        collect=None if node.loop is None or node.loop.collect is None else compile_template(node.loop.collect),
        error_handler=node.on_error if node.on_error not in ("fail", "continue") else None,
        has_deferred=any(mark != EXPRESSION for mark in node.inputs.marks.values()),
        shown=_shown(node.inputs),
    )


def _shown(template: Template) -> Any:
    """The inputs as people see them, where every text in them is given to the kind unread; None where not."""
    if not template.marks or EXPRESSION in template.marks.values():
        return None
    unread = {at for at, mark in template.marks.items() if mark == DEFERRED_KEYS}
    rest = {key: value for key, value in template.tree.items() if pointer(key) not in unread | set(template.marks)}
    return template.tree if _compile(rest, "", {}) is None and not _nested_marks(template, unread) else None


def _nested_marks(template: Template, known: set[str]) -> bool:
    return any(at.count("/") != 1 for at in template.marks) or any(
        _compile(template.tree[at[1:]], "", {}) is not None for at in known if at[1:] in template.tree
    )


def _inputs(node: Node) -> Render:
    """A node's inputs; a message template in them is filled in with its `values` over the names of the run."""
    render = compile_template(node.inputs)
    if "template_body" not in node.inputs.tree:
        return render

    def filled(names: Mapping[str, Any], clock: Clock) -> Any:
        inputs = render(names, clock)
        body = {key: text(**inputs.get("values", {})) for key, text in inputs["template_body"].items()}
        return {**inputs, "template_body": body}

    return filled


def _pure(node: Node, registry: Registry) -> Callable[[Any], Any] | None:
    match node.lowering:
        case Lowering.PURE:
            return registry.runner(node.type, node.kind).compute
        case Lowering.TEST:
            return registry.runner(node.type, node.kind).decide
        case _:
            return None


class PlanShelf:
    """Prepared plans by digest, the least recently used thrown away first."""

    def __init__(self, registry: Registry, *, keep: int = 256) -> None:
        self._registry = registry
        self._keep = keep
        self._plans: OrderedDict[str, PreparedPlan] = OrderedDict()

    def get(self, digest: str) -> PreparedPlan | None:
        """The prepared plan, or None where it is not here."""
        found = self._plans.get(digest)
        if found is not None:
            self._plans.move_to_end(digest)
        return found

    def put(self, plan: Plan, *, digest: str | None = None) -> PreparedPlan:
        """Prepare a plan and keep it, under the digest by which it is asked for."""
        prepared = prepare(plan, self._registry)
        self._plans[digest or prepared.digest] = prepared
        while len(self._plans) > self._keep:
            self._plans.popitem(last=False)
        return prepared
