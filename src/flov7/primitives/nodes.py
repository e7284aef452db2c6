"""Nodes that a workspace wrote itself, as kinds of steps: `node.NAME`, run in the cage.

A node travels in the plan with its code, so a run keeps the version that it was compiled with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from flov7.kit import json
from flov7.kit.errors import StepRefused
from flov7.language.catalogue import Entry, KindSpec, Lowering, PrimitiveType, Queue, Retry, Shelf
from flov7.language.effects import Effect
from flov7.language.schemas import problems
from flov7.primitives.connectors.searching import WordIndex
from flov7.primitives.declare import Context

SHELF = "node"


class About(BaseModel):
    """What a node says of itself. Its effect is `pure` or `read`: a cage has no way to change anything outside."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str = Field(min_length=1, max_length=120, examples=["Sum of prices"])
    summary: str = Field(min_length=1, max_length=1000, examples=["Adds prices up."])
    inputs: dict[str, Any] = Field(description="JSON Schema of an object.", examples=[{"type": "object"}])
    outputs: dict[str, Any] = Field(description="JSON Schema of an object.", examples=[{"type": "object"}])
    effect: Literal["pure", "read"] = "pure"
    sentence: str = Field(default="", max_length=5000, description="What was asked for.")


class Node(BaseModel):
    """One version of a node."""

    model_config = ConfigDict(frozen=True)
    name: str
    version: int
    about: About
    code: str


class NodeShelf(Shelf):
    """The accepted nodes of one workspace, each in its newest version."""

    name, title = SHELF, "Nodes of this workspace"

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = {one.name: one for one in nodes}
        text = json.digest([[one.name, one.version, one.code, one.about.model_dump()] for one in nodes])
        self.digest = hashlib.sha256(text.encode()).hexdigest()

    def get(self, name: str) -> KindSpec | None:
        """See `Shelf`."""
        node = self._nodes.get(name.split(".", 1)[1])
        return None if node is None else spec_of(node)

    @cached_property
    def _index(self) -> WordIndex:
        return WordIndex(tuple(self.entries()), title=self.title, always=self.name)

    def entries(self) -> Sequence[Entry]:
        """See `Shelf`."""
        return [
            Entry(name=f"{SHELF}.{one.name}", title=one.about.title, effect=Effect.READ, words=one.about.summary)
            for one in self._nodes.values()
        ]

    def search(self, words: str, *, limit: int) -> list[tuple[float, Entry]]:
        """See `Shelf`."""
        return self._index.search(words, limit=limit)

    def connection(self, kinds: Mapping[str, KindSpec], *, wanted: str | None) -> KindSpec | None:
        """Nodes need none."""
        return None


def spec_of(node: Node) -> KindSpec:
    """The kind of step that a node is."""
    about = node.about
    return KindSpec(
        type=PrimitiveType.ACTION,
        name=f"{SHELF}.{node.name}",
        lowering=Lowering.CALL,
        title=about.title,
        icon="code",
        summary=about.summary,
        examples=(about.sentence,) if about.sentence else (),
        inputs=about.inputs,
        outputs=about.outputs,
        effect=Effect.READ,
        timeout=30.0,
        queue=Queue.ACTIONS,
        retry=Retry(max_attempts=2),
        operation={"node": node.name, "version": node.version, "code": node.code, "outputs": about.outputs},
    )


async def run_node(context: Context, operation: Mapping[str, Any], inputs: Any) -> Any:
    """Run it in the cage; what comes out is held against what the node declares. Raises step errors."""
    output = await context.cage.run(operation["code"], inputs, seconds=context.remaining())
    wrong = problems(operation["outputs"], value=output)
    if wrong:
        first = wrong[0]
        raise StepRefused(
            f"The node `{operation['node']}` gave what it does not declare: {first.where or 'the whole'}: "
            f"{first.message}.",
            hint="Mend its code, or what it declares as outputs, and accept the new version.",
            code="node.output",
        )
    return output
