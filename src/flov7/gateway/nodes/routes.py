"""Nodes: write one from a sentence or by hand, look at it, accept it; then it is a kind of step."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from flov7.ai.nodes import NodeWriter, Written
from flov7.gateway.context import current
from flov7.gateway.envelope import Envelope, ListOf, success
from flov7.gateway.fields import ERRORS
from flov7.gateway.nodes.access import Reader, Reviewer, Writer
from flov7.gateway.nodes.schemas import NodeIn, NodeOut, ReviewIn
from flov7.gateway.security import Caller
from flov7.kit.errors import Invalid, Misconfigured
from flov7.primitives.nodes import SHELF
from flov7.store import nodes, records
from flov7.store.nodes import StoredNode

router = APIRouter(prefix="/nodes", tags=["nodes"], responses=ERRORS)
Name = Annotated[str, Path(max_length=60, description="The node's name.", examples=["sum_prices"])]


@router.get("", response_model=Envelope[ListOf[NodeOut]], summary="List nodes")
async def listed(caller: Reader) -> Response:
    """All versions, by name, the newest first."""
    async with caller.transaction() as scope:
        found = await nodes.listed(scope)
    return success({"items": [_out(one) for one in found], "next_cursor": None})


@router.get("/{name}", response_model=Envelope[NodeOut], summary="Read a node")
async def read(caller: Reader, name: Name) -> Response:
    """Its newest version, with code, tests and what they showed."""
    async with caller.transaction() as scope:
        return success(_out(await nodes.get(scope, name)))


@router.post("", status_code=201, response_model=Envelope[NodeOut], summary="Write a node")
async def propose(caller: Writer, body: NodeIn) -> Response:
    """From a sentence, or your own code with tests. It is read, its tests run in the cage, and against changed versions
    of the code; what holds waits for a person's review."""
    writer = _writer(caller)
    if body.sentence is not None and body.code is None:
        draft = await writer.write(body.sentence, workspace_id=caller.workspace_id)
    elif body.name and body.about and body.code and body.tests:
        draft = await writer.prove(Written(name=body.name, about=body.about, code=body.code, tests=body.tests))
    else:
        raise Invalid(
            "Give a `sentence`, or all of `name`, `about`, `code` and `tests`.",
            hint="Without a model, write the code by hand: it takes the same way.",
        )
    if not draft.report.ok:
        raise Invalid(
            f"The node does not hold: {'; '.join(draft.report.problems[:3])}.",
            hint="Mend the code or its tests.",
            code="node.unproved",
            details={"report": draft.report.as_json(), "code": draft.written.code, "tests": draft.written.tests},
        )
    made = draft.written
    async with caller.transaction() as scope:
        node = await nodes.propose(
            scope,
            made.name,
            about=made.about.model_dump(),
            code=made.code,
            tests=made.tests,
            report={**draft.report.as_json(), "model": draft.model, "tries": draft.tries},
            by=caller.who,
        )
    return success(_out(node), status=201, headers={"location": f"/api/v1/nodes/{made.name}"})


@router.post("/{name}/review", response_model=Envelope[NodeOut], summary="Accept or refuse a node")
async def review(caller: Reviewer, name: Name, body: ReviewIn) -> Response:
    """Accepted, it is the kind `node.NAME` in this workspace; workflows that are active keep the version they have."""
    async with caller.transaction() as scope:
        node = await nodes.decide(scope, name, body.version, accept=body.accept, by=caller.who)
        await records.audit(
            scope, who=caller.who, what=f"node.{node.state}", target=f"{name}@{body.version}", details={},
            request_id=current().request_id,
        )  # fmt: skip
    return success(_out(node))


def _writer(caller: Caller) -> NodeWriter:
    if caller.gateway.nodes is None:
        raise Misconfigured("This gateway writes no nodes.", hint="It was built without a cage.", code="cage.none")
    return caller.gateway.nodes


def _out(node: StoredNode) -> NodeOut:
    facts = {key: value for key, value in vars(node).items() if key != "workspace_id"}
    return NodeOut.model_validate({**facts, "kind": f"{SHELF}.{node.name}"})
