"""The command line's way to the gateway: its REST API, as anybody else would use it."""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import orjson

from flov7.kit.errors import FlowError, Unauthenticated, Unavailable

DEFAULT_URL = "http://127.0.0.1:8000"
_LONG = 90.0


_COMMANDS = {"executions": "flov7 runs list", "kinds": "flov7 kinds"}


def _as_commands(hint: str) -> str:
    """A mend that names a list of the API, for people who type commands."""
    return re.sub(r"GET /api/v1/(\w+)", lambda found: f"`{_COMMANDS.get(found[1], f'flov7 {found[1]} list')}`", hint)


class Answered(FlowError):
    """The gateway said no; its own words and mend."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(
            str(body.get("message") or f"The gateway answered {status}."),
            hint=_as_commands(str(body.get("hint") or "")),
            code=str(body.get("code") or "api.refused"),
            details={name: body[name] for name in ("diagnostics", "fields", "details") if body.get(name)},
        )


class Api:
    """Speaks to one gateway with one key. Raises Answered, Unavailable, Unauthenticated."""

    def __init__(self, url: str, *, key: str) -> None:
        self.url = url
        headers = {"authorization": f"Bearer {key}", "accept": "application/json"}
        self._client = httpx.Client(
            base_url=url, headers=headers, timeout=httpx.Timeout(_LONG, connect=5.0), trust_env=False
        )

    def get(self, path: str, **query: Any) -> Any:
        """The `data` of a GET below /api/v1; query values that are None are left out."""
        return self._ask("GET", path, params={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: Any = None, *, event_id: str | None = None) -> Any:
        """The `data` of a POST. It has a key of its own, so that it is never done twice."""
        return self._ask("POST", path, json=body or {}, headers={"idempotency-key": event_id or f"cli-{uuid4().hex}"})

    def put(self, path: str, body: Any) -> Any:
        """The `data` of a PUT."""
        return self._ask("PUT", path, json=body)

    def patch(self, path: str, body: Any) -> Any:
        """The `data` of a PATCH."""
        return self._ask("PATCH", path, json=body)

    def delete(self, path: str) -> Any:
        """The `data` of a DELETE."""
        return self._ask("DELETE", path)

    def pages(self, path: str, *, most: int, **query: Any) -> list[dict[str, Any]]:
        """The first `most` items of a list, page by page."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while len(found) < most:
            page = self.get(path, cursor=cursor, limit=min(100, most - len(found)), **query)
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        return found

    def deliver(self, method: str, address: str, payload: Any, *, event_id: str) -> str:
        """Send an event to a hook's own address, as its sender would; the id of its run."""
        answer = self._client.request(
            method, address, json=payload, headers={"webhook-id": event_id, "authorization": ""}
        )
        if answer.status_code >= 400:
            raise _refused(answer)
        return str(orjson.loads(answer.content)["data"]["execution_id"])

    def events(self, execution_id: str, *, after: int = 0) -> Iterator[dict[str, Any]]:
        """A run's events as they come, each once; goes on by itself where the connection breaks."""
        while True:
            try:
                for event in self._stream(execution_id, after):
                    after = event["n"]
                    yield event
                    if event["type"] == "run.finished":
                        return
            except httpx.TransportError:
                self.get(f"/executions/{execution_id}")  # says so where the gateway is gone for good

    def _stream(self, execution_id: str, after: int) -> Iterator[dict[str, Any]]:
        path = f"/api/v1/executions/{execution_id}/events/stream"
        with self._client.stream(
            "GET", path, params={"after": after}, timeout=httpx.Timeout(None, connect=5.0)
        ) as answer:
            if answer.status_code >= 400:
                answer.read()
                raise _refused(answer)
            kind = ""
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data" and kind == "error":
                    raise Answered(answer.status_code, orjson.loads(value))
                elif name == "data":
                    yield orjson.loads(value)

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = self._client.request(method, f"/api/v1{path}", **more)
        except httpx.TransportError as error:
            raise Unavailable(
                f"No gateway answers at {self.url}.",
                hint="Start one with `flov7 up`, or name another with FLOV7_URL.",
                code="api.unreachable",
            ) from error
        if answer.status_code >= 400:
            raise _refused(answer)
        return orjson.loads(answer.content).get("data") if answer.content else None

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()


@contextmanager
def opened() -> Generator[Api, None, None]:
    """The gateway of FLOV7_URL with FLOV7_API_KEY; left out, the one that `flov7 up` runs on this machine."""
    url, key = where()
    if not key:
        raise Unauthenticated(
            "There is no API key.",
            hint="`flov7 up` in this folder makes one for you; or set FLOV7_API_KEY (and FLOV7_URL).",
        )
    api = Api(url, key=key)
    try:
        yield api
    finally:
        api.close()


def where() -> tuple[str, str]:
    """Address and key, as far as they are known; nothing is made."""
    home = Path(os.environ.get("FLOV7_HOME") or ".flov7").expanduser()
    url, key = os.environ.get("FLOV7_URL", ""), os.environ.get("FLOV7_API_KEY", "")
    if not url:
        port = _port(home)
        url = f"http://127.0.0.1:{port}" if port else DEFAULT_URL
    kept = home / "secrets" / "command_line"
    if not key and kept.exists():
        key = kept.read_text().strip()
    return url.rstrip("/"), key


def _port(home: Path) -> int | None:
    try:
        return orjson.loads((home / "state.json").read_bytes())["gateway"]["port"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _refused(answer: httpx.Response) -> Answered:
    try:
        body = orjson.loads(answer.content).get("error") or {}
    except ValueError:
        body = {"message": f"{answer.request.url} answered {answer.status_code} and no JSON."}
    return Answered(answer.status_code, body)
