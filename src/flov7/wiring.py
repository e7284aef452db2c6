"""Builds and joins the rooms; the one file that reads the environment. Only `cli` and `stack` import it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from flov7.ai.book import StoredBook
from flov7.ai.nodes import NodeWriter
from flov7.ai.settings import AiSettings
from flov7.ai.thinking import Thinking
from flov7.cache.answers import Answers
from flov7.cache.bus import Bus
from flov7.cache.connecting import Cache
from flov7.cache.settings import CacheSettings
from flov7.cache.turns import AccountTurns
from flov7.cage.cage import Cage
from flov7.cage.settings import CageSettings
from flov7.engine.activities import Activities, Calls
from flov7.engine.answering import StepLinks
from flov7.engine.client import Engine
from flov7.engine.connections import StoredConnections
from flov7.engine.counting import count
from flov7.engine.express import ExpressHouse
from flov7.engine.interpreter.prepare import PlanShelf
from flov7.engine.ledger import StoredLedger
from flov7.engine.link import TemporalLink
from flov7.engine.notices import Notices
from flov7.engine.perform import KindWork, Performer, Work
from flov7.engine.plans import StoredBlobs, StoredPlans
from flov7.engine.remembering import StoredMemory
from flov7.engine.runtimes.temporal.converter import FlowCodec, codec_keys, data_converter
from flov7.engine.runtimes.temporal.runtime import Process
from flov7.engine.scheduled import ScheduledStarts
from flov7.engine.settings import EngineSettings
from flov7.engine.sink import EventSink
from flov7.engine.turned_away import TurnedAway
from flov7.engine.worker import running_calls, running_worker
from flov7.gateway.parts import Gateway
from flov7.gateway.settings import GatewaySettings
from flov7.generation.conversations import Conversations
from flov7.generation.model.drafter import Model, ModelDrafter
from flov7.generation.model.wrapped import AskedModel, RememberingModel
from flov7.kit.clock import SystemClock
from flov7.kit.errors import FlowError, Unavailable
from flov7.language.catalogue import Queue
from flov7.listen.listener import Listener
from flov7.listen.settings import ListenSettings
from flov7.listen.sources import Sources
from flov7.llm.answers import Usage
from flov7.llm.models import models_of
from flov7.llm.routing import Router
from flov7.llm.settings import LlmSettings
from flov7.observability import logs
from flov7.observability.metrics import Metrics
from flov7.primitives.breakers import BreakingNetwork
from flov7.primitives.network import GuardedNetwork
from flov7.primitives.registry import Registry, registry
from flov7.primitives.turns import SharedTurns
from flov7.store import housekeeping
from flov7.store.database import Database
from flov7.store.settings import StoreSettings, keys_in

AGAIN_AFTER = 1.0
TIDY_AFTER = 60.0


@dataclass(frozen=True)
class AllSettings:
    """The settings of all rooms."""

    store: StoreSettings
    cache: CacheSettings
    engine: EngineSettings

    @classmethod
    def load(cls) -> AllSettings:
        """From the environment. Raises Misconfigured naming the variable and the mend."""
        return cls(store=StoreSettings.load(), cache=CacheSettings.load(), engine=EngineSettings.load())


@dataclass(frozen=True)
class House:
    """What a process of ours is made of."""

    settings: AllSettings
    registry: Registry
    database: Database
    cache: Cache
    bus: Bus
    network: BreakingNetwork
    cage: Cage
    work: KindWork
    performer: Performer
    plans: StoredPlans
    blobs: StoredBlobs
    link: TemporalLink
    notices: Notices
    engine: Engine
    express: ExpressHouse

    async def publish(self, workspace_id: str, execution_id: str, events: Sequence[dict[str, Any]]) -> None:
        """Tell whoever watches; a watcher that hears nothing reads the store."""
        await publish(self.bus, workspace_id, execution_id, events)


async def publish(bus: Bus, workspace_id: str, execution_id: str, events: Sequence[dict[str, Any]]) -> None:
    """Send events to `run:<id>`."""
    with contextlib.suppress(FlowError):
        await bus.publish(f"run:{execution_id}", message={"workspace_id": workspace_id, "events": list(events)})


def _listed(setting: str) -> list[str]:
    return [one.strip() for one in setting.split(",") if one.strip()]


def _codec(settings: AllSettings, *, blobs: StoredBlobs, plans: StoredPlans) -> FlowCodec:
    """What encrypts histories, and keeps large values out of them."""
    masters = [*keys_in(settings.store.master_key), *keys_in(settings.store.master_keys_old)]
    return FlowCodec(codec_keys(masters), blobs=blobs, large=settings.engine.large_value, ensure_plan=plans.ensure)


def _guarded(settings: EngineSettings) -> GuardedNetwork:
    """The network, with the hosts and folders that settings allow."""
    return GuardedNetwork(allow=_listed(settings.allow_hosts), folders=_listed(settings.allow_files))


@asynccontextmanager
async def open_house(settings: AllSettings, *, calls: Work | None = None) -> AsyncGenerator[House, None]:
    """Build everything that gateway, worker and command line share. Raises Unavailable without PostgreSQL.

    `calls` stands in for running kinds: a scenario's recorder, or a simulation.
    """
    kinds = registry()
    database = await Database.open(settings.store)
    cache = Cache(settings.cache)
    bus = Bus(cache)
    guarded = _guarded(settings.engine)
    network = BreakingNetwork(guarded)
    log, cage = logs.get("flov7.engine"), Cage(CageSettings.load())
    stored_plans, blobs = StoredPlans(database, PlanShelf(kinds)), StoredBlobs(database)
    work = KindWork(
        registry=kinds,
        connections=StoredConnections(database, outside=network),
        outside=network,
        blobs=blobs,
        links=partial(StepLinks, database.vault, settings.engine.public_url),
        memory=partial(StoredMemory, database),
        log=log,
        turns=SharedTurns(AccountTurns(cache)),
        cage=cage,
    )
    performer = Performer(calls or work, ledger=StoredLedger(database.effects))
    codec = _codec(settings, blobs=blobs, plans=stored_plans)
    link = TemporalLink(settings.engine, converter=data_converter(codec))
    notices = Notices(database, work, base_url=settings.engine.public_url, log=log)

    async def tell(workspace_id: str, execution_id: str, events: Sequence[dict[str, Any]]) -> None:
        await publish(bus, workspace_id, execution_id, events)

    express = ExpressHouse(
        database=database, performer=performer, publish=tell, notify=notices.tell, settings=settings.engine
    )
    engine = Engine(database=database, plans=stored_plans, link=link, express=express, settings=settings.engine)
    try:
        yield House(
            settings=settings,
            registry=kinds,
            database=database,
            cache=cache,
            bus=bus,
            network=network,
            cage=cage,
            work=work,
            performer=performer,
            plans=stored_plans,
            blobs=blobs,
            link=link,
            notices=notices,
            engine=engine,
            express=express,
        )
    finally:
        await express.drain()
        await guarded.aclose()
        await bus.close()
        await cache.close()
        await database.close()


@asynccontextmanager
async def working(house: House, *, metrics: Metrics | None = None) -> AsyncGenerator[None, None]:
    """Work on runs in this process until the block ends. Waits for Temporal where it is not there yet."""
    counted = metrics or Metrics()

    async def tell(workspace_id: str, execution_id: str, events: Sequence[dict[str, Any]]) -> None:
        count(counted, events, mode="durable")
        await house.publish(workspace_id, execution_id, events)

    sink = EventSink(house.database, publish=tell)
    activities = Activities(
        database=house.database,
        performer=house.performer,
        sink=sink,
        shelf=house.plans.shelf,
        blobs=house.blobs,
        notify=house.notices.tell,
        accept_scheduled=ScheduledStarts(house.database, house.plans).accept,
    )
    client = await _temporal(house, service="worker")
    process = Process(shelf=house.plans.shelf, sink=sink, task_queue=house.settings.engine.task_queue)
    async with running_worker(client, process=process, activities=activities, settings=house.settings.engine):
        yield


@asynccontextmanager
async def thinking(
    house: House,
    *,
    metrics: Metrics | None = None,
    settings: AiSettings | None = None,
    models: LlmSettings | None = None,
) -> AsyncGenerator[Thinking, None]:
    """Work on AI steps in this process until the block ends. Waits for Temporal where it is not there yet."""
    counted, chosen, llm = metrics or Metrics(), settings or AiSettings.load(), models or LlmSettings.load()

    def count(model: str, usage: Usage) -> None:
        counted.tokens.labels(model=model, direction="in").inc(usage.input_tokens)
        counted.tokens.labels(model=model, direction="out").inc(usage.output_tokens)

    book = StoredBook(house.database, most_models=Router(llm).most)
    reached = models_of(llm, memory=Answers(house.cache, kind="models"), book=book, count=count)
    ledger = StoredLedger(house.database.effects)
    thinks = Thinking(
        models=reached,
        performer=house.performer,
        ledger=ledger,
        catalogue=house.registry.catalogue(),
        settings=chosen,
    )
    calls = Calls(Performer(house.work.thinking(thinks), ledger=ledger))
    client = await _temporal(house, service="ai")
    try:
        async with running_calls(
            client, queue=Queue.AI, perform=calls.call, settings=house.settings.engine, slots=chosen.ai_slots
        ):
            yield thinks
    finally:
        await reached.close()


async def _temporal(house: House, *, service: str) -> Any:
    """Temporal's client, as soon as it is there."""
    told = False
    while True:
        try:
            return await house.link.client()
        except Unavailable as problem:
            if not told:
                logs.get(f"flov7.{service}").warning("Waiting for Temporal", why=problem.message, mend=problem.hint)
            told = True
            await asyncio.sleep(AGAIN_AFTER)


@asynccontextmanager
async def attending(house: House) -> AsyncGenerator[None, None]:
    """Claim what nobody works on, hold the leases of our own, and tidy the store, until the block ends."""
    duties = (house.engine.run_forever(), house.express.renew_forever(), _tidy_forever(house))
    tasks = [asyncio.create_task(duty) for duty in duties]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tidy_forever(house: House) -> None:
    """Forget what is old, now and then; a start has better things to do first."""
    await asyncio.sleep(TIDY_AFTER)
    while True:
        with contextlib.suppress(FlowError):
            await housekeeping.tidy(house.database, settings=house.settings.store, clock=SystemClock())
        await asyncio.sleep(housekeeping.EVERY)


def sources_of(house: House) -> Sources:
    """What triggers listen to, opened with the house's connections."""
    return Sources(
        registry=house.registry,
        connections=StoredConnections(house.database, outside=house.network),
        outside=house.network,
        blobs=house.blobs,
        work=house.work,
        log=logs.get("flov7.listen"),
    )


@asynccontextmanager
async def listening(
    house: House, *, settings: ListenSettings | None = None, metrics: Metrics | None = None
) -> AsyncGenerator[Listener, None]:
    """Listen for triggers in this process until the block ends; what it held is then free for others."""
    counted = metrics or Metrics()
    away = TurnedAway(house.database, metrics=counted)
    listener = Listener(
        subscriptions=house.database.subscriptions,
        sources=sources_of(house),
        plans=house.plans,
        engine=house.engine,
        away=away,
        metrics=counted,
        settings=settings or ListenSettings.load(),
        log=logs.get("flov7.listen"),
    )
    task = asyncio.create_task(listener.run())
    try:
        yield listener
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await away.close()


def gateway_of(house: House, *, settings: GatewaySettings | None = None, metrics: Metrics | None = None) -> Gateway:
    """The gateway on this house; `flov7.gateway.app.create_app` makes the application of it."""
    return Gateway(
        settings=settings or GatewaySettings.load(),
        database=house.database,
        engine=house.engine,
        registry=house.registry,
        outside=house.network,
        sources=sources_of(house),
        bus=house.bus,
        answers=Answers(house.cache, kind="gateway"),
        turns=AccountTurns(house.cache),
        probes={"redis": house.cache.ping},
        circuits=house.network.states,
        metrics=metrics or Metrics(),
        nodes=NodeWriter(house.cage, models_of(LlmSettings.load(), book=StoredBook(house.database, most_models=99))),
        drafter=Conversations(
            catalogue=house.registry.catalogue(),
            drafter=model_drafter(LlmSettings.load(), answers=Answers(house.cache, kind="drafts")),
        ),
    )


def model_drafter(settings: LlmSettings, *, answers: Answers | None = None) -> ModelDrafter | None:
    """A drafter that asks the model that the settings name; None where they name none.

    One that keeps failing is left alone for a while; with `answers` what is known is not asked for again.
    """
    if not settings.has_model:
        return None
    models = models_of(settings)
    model: Model = AskedModel(models.asks, model=settings.llm_model)
    if answers is not None:
        model = RememberingModel(model, answers)
    return ModelDrafter(model, model=settings.llm_model, strong=settings.llm_strong_model, closes=models.close)
