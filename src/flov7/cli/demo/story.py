"""The demo from its sentence to its account: each act is one method, in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.rule import Rule
from rich.syntax import Syntax
from rich.text import Text

from flov7.cli.api import Api
from flov7.cli.demo.account import account
from flov7.cli.demo.drafting import Drafted, drafted
from flov7.cli.demo.watching import Watched, watched
from flov7.cli.effects import effects
from flov7.cli.picture import picture
from flov7.cli.screen import out, say, working
from flov7.cli.wording import pretty
from flov7.language.effects import Effect
from flov7.stack import example
from flov7.stack.embedded import Home
from flov7.stack.up import Running, everything

if TYPE_CHECKING:
    from flov7.language.plan import TriggerNode

LIMIT = 110.0
"""Seconds after which a run of the demo is given up."""


class Story:
    """One performance."""

    def __init__(self, sentence: str | None, *, home: Path | None, stay: bool) -> None:
        self._own = sentence is not None
        self._sentence = sentence or example.text("prompt.txt")
        self._folder = home
        self._stay = stay
        self._staying = False
        self._until = asyncio.Event()
        self._act = 0

    async def tell(self) -> int:
        """All acts; the exit code."""
        began = time.monotonic()
        out.print(Text.assemble(("“", "dim"), (self._sentence, "bold"), ("”", "dim")))
        draft = await drafted(self._sentence)
        self._show(draft)
        folder = self._folder or Path(tempfile.mkdtemp(prefix="flov7-demo-"))
        home = Home(folder)
        try:
            return await self._with_servers(home, draft, began)
        finally:
            if self._folder is None:
                shutil.rmtree(folder, ignore_errors=True)

    def _show(self, draft: Drafted) -> None:
        from flov7.primitives.registry import catalogue

        self._title("The document that it became")
        out.print(Syntax(pretty(draft.body, width=out.width), "json", background_color="default", word_wrap=True))
        for question in draft.questions:
            out.print(Text.assemble(("? ", "yellow"), question))
        self._title("Its picture")
        out.print(picture(draft.document, catalogue()))
        self._title("What it may do, known before it runs")
        out.print(effects(draft.plan.manifest))

    async def _with_servers(self, home: Home, draft: Drafted, began: float) -> int:
        self._title("A whole Flov7, on free ports of this machine")
        receivers = example.Receivers(home)
        self._listen_for_signals()
        receivers.start()
        try:
            with working("Starting PostgreSQL, Valkey, Temporal, the gateway and a worker …"):
                starting = everything(home, say=_aside, any_ports=True, environment={"FLOV7_ALLOW_HOSTS": "127.0.0.1"})
                running = await starting.__aenter__()
            try:
                say(f"Ready after {time.monotonic() - began:.1f} s: the API at {running.gateway.url}/api/v1")
                code = await self._perform(running, receivers, draft, began)
                if self._stay:
                    self._staying = True
                    await _stay(running, self._until)
                return code
            finally:
                with working("Ending everything …"):
                    await starting.__aexit__(None, None, None)
        except asyncio.CancelledError:
            out.print("Interrupted; everything has ended.", style="yellow")
            return 130
        finally:
            receivers.stop()

    def _listen_for_signals(self) -> None:
        """Ctrl-C interrupts the performance; once it only stays, Ctrl-C is its proper end."""
        here = asyncio.current_task()
        assert here is not None
        for sign in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(
                sign, lambda: self._until.set() if self._staying else here.cancel()
            )

    async def _perform(self, running: Running, receivers: example.Receivers, draft: Drafted, began: float) -> int:
        api = Api(running.gateway.url, key=running.first.cli_key)
        watching = asyncio.create_task(running.supervisor.watch())
        try:
            await asyncio.to_thread(self._connect, api, receivers, draft)
            live = await asyncio.to_thread(_go_live, api, draft)
            runs = [await self._run(api, running, receivers, live, draft, self._payload(draft), killed=True)]
            if not self._own and runs[0].status == "succeeded":
                payload = json.loads(example.text("refused.json"))
                runs.append(await self._run(api, running, receivers, live, draft, payload, killed=False))
            return account(
                runs, receivers.effects(), seconds=time.monotonic() - began, title=self._title, stays=self._folder
            )
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
            api.close()

    def _connect(self, api: Api, receivers: example.Receivers, draft: Drafted) -> None:
        """Connections to the example's own servers, under every name that the document uses."""
        mail = {"host": "127.0.0.1", "port": receivers.mail, "security": "none", "from": "shop@example.com"}
        shop = f"http://127.0.0.1:{receivers.shop}"
        names = {"example_mail": ("smtp", mail)} | draft.connections(mail=mail, shop=shop)
        for name, (service, config) in names.items():
            body = {"name": name, "service": service, "config": config}
            api.post("/connections", body if service == "smtp" else {**body, "credentials": None})
        api.patch("/workspace", {"default_mail": "example_mail"})
        for host in draft.stand_in(shop):
            say(f"{host} is outside: the demo's shop stands in for it.")

    async def _run(
        self, api: Api, running: Running, receivers: example.Receivers, live: dict[str, Any], draft: Drafted,
        payload: Any, *, killed: bool,
    ) -> Watched:  # fmt: skip
        changes = any(line.effect not in (Effect.PURE, Effect.READ) for line in draft.plan.manifest)
        first = "It runs on Temporal; a worker is killed on the way" if changes else "It runs on Temporal"
        self._title(first if killed else "Once more, and the mail is refused")
        execution_id = await asyncio.to_thread(_begin, api, live, draft.trigger, payload)
        async with asyncio.timeout(LIMIT):
            return await watched(api, running, receivers, execution_id, kill=killed and changes)

    def _payload(self, draft: Drafted) -> Any:
        if not self._own:
            return json.loads(example.text("order.json"))
        from flov7.cli.demo.sample import sample

        made = sample(draft.plan, trigger=draft.trigger.name)
        if made:
            say(f"A payload with what it reads: {json.dumps(made, ensure_ascii=False)}")
        return made

    def _title(self, words: str) -> None:
        self._act += 1
        out.print()
        out.print(Rule(Text(f"{self._act}  {words}", style="bold cyan"), align="left", style="cyan"))


def _go_live(api: Api, draft: Drafted) -> dict[str, Any]:
    made = api.post("/workflows", {"document": draft.body})
    return api.post(f"/workflows/{made['id']}/activate")


def _begin(api: Api, live: dict[str, Any], trigger: TriggerNode, payload: Any) -> str:
    """Send the event: by the webhook's own address, twice, as senders do; else by the API."""
    address = next((one["address"] for one in live["triggers"] if one["name"] == trigger.name and one["address"]), None)
    if address is None:
        started = api.post(
            f"/workflows/{live['workflow']['id']}/run", {"input": payload, "trigger": trigger.name, "wait": 0}
        )
        return started["execution_id"]
    method = str(trigger.config.get("method") or "POST").upper()
    event_id = f"order-{int(time.time() * 1000)}"
    ids = [api.deliver(method, address, payload, event_id=event_id) for _ in range(2)]
    words = f"The shop delivers the event twice under one id: {len(set(ids))} run. "
    out.print(Text.assemble(("⇢ ", "green"), words, (ids[0], "dim")))
    return ids[0]


async def _stay(running: Running, until: asyncio.Event) -> None:
    out.print(
        f"\nIt keeps running. API {running.gateway.url}/docs, Temporal {running.servers.temporal.ui_url}", markup=False
    )
    out.print(f"  FLOV7_HOME={running.home.path} flov7 runs list", markup=False, soft_wrap=True)
    out.print("Ctrl-C ends it.", style="dim")
    await until.wait()


def _aside(words: str) -> None:
    out.print(Text.assemble(("    ⟲ ", "cyan"), (words.split(" Its log")[0], "cyan")))
