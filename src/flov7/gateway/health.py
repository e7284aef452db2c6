"""`/health` and `/metrics`: how we and our peers are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from flov7.gateway import envelope
from flov7.gateway.parts import Gateway, Probe
from flov7.kit.errors import FlowError
from flov7.observability.metrics import CONTENT_TYPE

router = APIRouter(tags=["operation"])
_PATIENCE = 3.0
NEEDED = frozenset(["database"])
"""Without these nothing is answered: `/health` is 503. The others cost something, and are told."""


_EXAMPLE = {"state": "ok", "peers": {"database": {"ok": True, "detail": "answers in 0.4 ms"}}}


class HealthOut(BaseModel):
    """How it is: `ok`, `degraded` (works, something is missing) or `down`."""

    state: str = Field(examples=["ok"])
    peers: dict[str, Any] = Field(examples=[_EXAMPLE["peers"]])


@router.get(
    "/health",
    response_model=envelope.Envelope[HealthOut],
    responses={503: {"model": envelope.ErrorEnvelope, "description": "Something without which nothing works is away."}},
    summary="How it is",
)
async def health(request: Request) -> Response:
    """Each peer with `ok` and `detail`; 503 where one is away without which nothing works."""
    gateway: Gateway = request.app.state.gateway
    peers = await peers_of(gateway)
    for name, peer in peers.items():
        gateway.metrics.peer_up.labels(name).set(1 if peer["ok"] else 0)
    down = [name for name, peer in peers.items() if not peer["ok"]]
    state = "ok" if not down else "down" if NEEDED & set(down) else "degraded"
    data = {"state": state, "peers": peers}
    if state != "down":
        return envelope.success(data)
    problem = {
        "code": "service.unavailable",
        "message": f"Not answering: {', '.join(down)}.",
        "hint": "Start it, or mend its address in the settings; `flov7 doctor` says more.",
        "details": data,
    }
    return envelope.error(problem, status=503, headers={"retry-after": "2"})


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """Prometheus' text."""
    gateway: Gateway = request.app.state.gateway
    return Response(gateway.metrics.text(), media_type=CONTENT_TYPE)


async def peers_of(gateway: Gateway) -> dict[str, dict[str, Any]]:
    """All peers, asked at the same time."""
    probes: dict[str, Probe] = {"database": gateway.database.ping, **gateway.probes}
    answers = await asyncio.gather(*(_asked(probe) for probe in probes.values()))
    peers = dict(zip(probes, answers, strict=True))
    if gateway.circuits is not None:
        peers["outside"] = _outside(gateway.circuits())
    try:
        async with asyncio.timeout(_PATIENCE):
            peers.update(await gateway.engine.health())
    except (FlowError, TimeoutError) as problem:
        peers["engine"] = {"ok": False, "detail": _words(problem)}
    return peers


def _outside(circuits: Mapping[str, str]) -> dict[str, Any]:
    """How many hosts are left alone for now; never which, for anybody may ask."""
    shut = sum(1 for state in circuits.values() if state != "closed")
    words = "every host is called" if not shut else f"{shut} hosts that kept failing are left alone for a while"
    return {"ok": True, "detail": words, "breaker": "open" if shut else "closed"}


async def _asked(probe: Probe) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        async with asyncio.timeout(_PATIENCE):
            await probe()
    except (FlowError, TimeoutError) as problem:
        return {"ok": False, "detail": _words(problem)}
    return {"ok": True, "detail": f"answers in {(time.perf_counter() - began) * 1000:.1f} ms"}


def _words(problem: Exception) -> str:
    return problem.message if isinstance(problem, FlowError) else f"no answer within {_PATIENCE:g} s"
