"""The effect manifest: what a workflow may read, write and destroy, and with which credentials."""

from __future__ import annotations

from typing import Any

from flov7.language.catalogue import KindSpec
from flov7.language.effects import Effect, EffectLine
from flov7.language.plan import Node


def effect_line(node: Node, spec: KindSpec) -> EffectLine | None:
    """The manifest line of one node, or None where it touches nothing outside."""
    if node.effect is Effect.PURE:
        return None
    return EffectLine(
        primitive=node.name,
        kind=f"{node.type}/{node.kind}",
        effect=node.effect,
        target=_target(node.inputs.tree, spec),
        connection=node.connection,
        repeatable=node.effect.repeatable or node.takes_key,
    )


def _target(tree: Any, spec: KindSpec) -> str:
    values = [tree.get(field) for field in spec.target_fields if tree.get(field) not in (None, "", [])]
    shown = [", ".join(map(str, one)) if isinstance(one, list) else str(one) for one in values]
    return " ".join(_shorten(one) for one in shown) or spec.title or spec.name


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 120 else text[:119] + "…"
