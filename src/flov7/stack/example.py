"""The receivers of `examples/orders`: a shop and a mail server as a process of their own, and what reached them."""

from __future__ import annotations

import http.client
import json
import sys
import time
from pathlib import Path
from typing import Any

from flov7.kit.errors import NotFound, Unavailable
from flov7.stack.embedded import process
from flov7.stack.embedded.folder import Home

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "orders"


def text(name: str) -> str:
    """A file of the example. Raises NotFound where Flov7 was installed without its repository."""
    try:
        return (EXAMPLE / name).read_text(encoding="utf-8").strip()
    except FileNotFoundError as error:
        raise NotFound(
            f"The example's file {name} is not here.", hint="Run the demo from a clone of the repository: `make demo`."
        ) from error


class Receivers:
    """Started by `start`, ended by `stop`; every effect that reached them is in their own log."""

    def __init__(self, home: Home) -> None:
        self._folder = home.folder("receivers")
        self._log = home.log("receivers")
        self._process: process.Process | None = None
        self.shop = 0
        self.mail = 0

    def start(self) -> None:
        """Start both and wait until they listen. Raises Unavailable."""
        ports = self._folder / "receivers.json"
        ports.unlink(missing_ok=True)
        (self._folder / "effects.jsonl").unlink(missing_ok=True)
        program = EXAMPLE / "receivers.py"
        if not program.exists():
            text("receivers.py")
        self._process = process.start([sys.executable, program, self._folder], name="the example", log=self._log)
        self._process.wait_until(ports.exists, patience=15.0)
        found = json.loads(ports.read_text())
        self.shop, self.mail = found["shop"], found["mail"]

    def stop(self) -> None:
        """End them; may be called twice."""
        if self._process is not None:
            self._process.stop(patience=3.0)
            self._process = None

    def hold(self) -> None:
        """Take the next effect, and keep its answer back until `release`."""
        self._ask("POST", "/_/hold")

    def held(self) -> dict[str, Any] | None:
        """The effect whose answer is held now."""
        return self._ask("GET", "/_/held")["held"]

    def wait_held(self, patience: float) -> dict[str, Any] | None:
        """Wait until an effect is held; None after `patience` seconds."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            found = self.held()
            if found is not None:
                return found
            time.sleep(0.05)
        return None

    def release(self) -> None:
        """Answer what is held."""
        self._ask("POST", "/_/release")

    def effects(self) -> list[dict[str, Any]]:
        """All that reached them, in order: `{at, server, what, …}`."""
        return self._ask("GET", "/_/effects")

    def _ask(self, method: str, path: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.shop, timeout=5.0)
        try:
            connection.request(method, path)
            return json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable("The example's shop does not answer.", hint=f"Its log: {self._log}") from error
        finally:
            connection.close()
