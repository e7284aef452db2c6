"""Commands that speak to a gateway: a real one, with a worker, PostgreSQL, Valkey and Temporal."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flov7.cli.api import opened
from flov7.stack import up

from .conftest import Command, Said

GREET: dict[str, Any] = {
    "flow7": "1.0",
    "name": "greet",
    "primitives": [
        {"type": "trigger", "kind": "api", "name": "asked"},
        {"type": "data", "kind": "mapping", "name": "who", "mapping": {"person.name": "who_it_is"}},
        {
            "type": "condition",
            "kind": "if_else",
            "name": "is_long",
            "logic": "len(who_it_is) > 3",
            "then": [{"type": "action", "kind": "wait", "name": "ok", "config": {"for": "approval", "ask": "Greet?"}}],
        },
        {"type": "data", "kind": "transform", "name": "hello", "config": {"value": "Hello {{ who_it_is }}"}},
    ],
}


def _write(name: str, **changes: Any) -> str:
    document = {**GREET, "name": name, **changes}
    Path(f"{name}.json").write_text(json.dumps(document))
    return f"{name}.json"


def _until(look: Any, patience: float = 20.0) -> Any:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail("it did not come about in time")


class TestARun:
    def test_is_shown_step_by_step_to_its_end(self, online: Command) -> None:
        said = online("run", _write("short"), "--input", '{"person": {"name": "Ada"}}', "--watch")
        assert said.code == 0, said
        assert "✓ hello" in said.out and "Hello Ada" in said.out and "The run succeeded." in said.out
        again = online("run", "short", "--input", '{"person": {"name": "Bo"}}', "--json")
        told = again.json
        assert isinstance(told, dict)
        assert told["output"] == "Hello Bo"

    def test_waits_for_an_approval_that_another_command_gives(self, online: Command) -> None:
        file = _write("long")
        assert online("workflows", "create", file).code == 0
        said: list[Said] = []

        def start() -> None:
            with opened() as api:
                api.post("/workflows/long/run", {"input": {"person": {"name": "Adelheid"}}, "wait": 0})

        thread = threading.Thread(target=start)
        thread.start()
        thread.join()
        run = _until(lambda: _waiting(online))
        assert "Greet?" in online("runs", "show", run).out
        assert online("runs", "pause", run).code == 0
        assert online("runs", "resume", run).code == 0
        said.append(online("runs", "approve", run[-8:], "--comment", "fine"))
        assert said[-1].code == 0, said
        watched = online("runs", "watch", run)
        assert "approved" in watched.out and "Hello Adelheid" in watched.out
        late = online("runs", "approve", run)
        assert late.code == 1 and "waits for: approval" in late.err
        again = online("runs", "rerun", run, "--from", "hello", "--json")
        assert again.code == 0, again

    def test_can_be_cancelled(self, online: Command) -> None:
        assert online("workflows", "create", _write("endless")).code == 0
        with opened() as api:
            body = {"input": {"person": {"name": "Adelheid"}}, "wait": 0}
            run = api.post("/workflows/endless/run", body)["execution_id"]
        _until(lambda: run == _waiting(online))
        assert online("runs", "cancel", run, "--reason", "a test").code == 0
        assert "cancelled" in online("runs", "watch", run).out


class TestARunThatNeedsSomebody:
    """The next command stands below what happened, whole, so that it can be copied at night."""

    def test_one_that_failed_shows_how_to_run_it_again(self, online: Command) -> None:
        call = {"type": "action", "kind": "api_call", "name": "charge", "config": {"url": "http://127.0.0.1:9/x"}}
        said = online("run", _write("fails", primitives=[GREET["primitives"][0], call]), "--input", "{}")
        assert said.code == 1
        shown = _commands(said.out)
        run = next(words[3] for words in shown if words[:3] == ["flov7", "runs", "rerun"])
        assert run in online("runs", "list").out.split()
        assert shown == _commands(online("runs", "show", run).out)
        again = online(*shown[0][1:])
        assert again.code == 0 and "repeats it from charge" in again.out

    def test_one_in_doubt_shows_how_to_settle_it(self, online: Command) -> None:
        with _hangs_up() as port:
            url = f"http://127.0.0.1:{port}/charge"
            config = {"url": url, "method": "POST", "json": {"a": 1}}
            call = {"type": "action", "kind": "api_call", "name": "charge", "config": config}
            assert online("workflows", "create", _write("doubts", primitives=[GREET["primitives"][0], call])).code == 0
            with opened() as api:
                run = api.post("/workflows/doubts/run", {"input": {}, "wait": 0})["execution_id"]
            _until(lambda: run in online("runs", "list", "--status", "in_doubt").out)
            (settle,) = _commands(online("runs", "show", run).out)
        words = [("done" if word == "done|repeat|fail" else word) for word in settle[1:]]
        assert online(*words).code == 0
        assert "The run succeeded." in online("runs", "watch", run).out


@contextmanager
def _hangs_up() -> Generator[int, None, None]:
    """A server that takes a request and hangs up: nobody knows whether it was done. Gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def take() -> None:
            with contextlib.suppress(OSError):
                while True:
                    peer, _ = listening.accept()
                    with peer:
                        peer.recv(65536)

        threading.Thread(target=take, daemon=True).start()
        yield listening.getsockname()[1]


def _commands(text: str) -> list[list[str]]:
    """The commands that a text shows, each as its words."""
    return [line[line.index("flov7 ") :].split() for line in text.splitlines() if "flov7 runs " in line]


class TestAWorkflow:
    def test_goes_live_changes_and_is_compared(self, online: Command) -> None:
        file = _write("grows")
        assert "version 1" in online("workflows", "create", file).out
        assert online("workflows", "activate", "grows").code == 0
        changed = json.loads(json.dumps(GREET["primitives"]))
        changed[2]["logic"] = "len(who_it_is) > 5"
        assert "version 2" in online("workflows", "create", _write("grows", primitives=changed), "--note", "longer").out
        assert "`len(who_it_is) > 3`" in online("workflows", "diff", "grows").out
        assert "longer" in online("workflows", "versions", "grows").out
        listed = online("workflows", "list", "--json").json
        assert isinstance(listed, list)
        mine = next(one for one in listed if one["name"] == "grows")
        assert (mine["status"], mine["current_version"], mine["active_version"]) == ("active", 2, 1)
        assert online("workflows", "use", "grows", "1").code == 0
        assert "▶ asked" in online("workflows", "show", "grows").out
        assert online("workflows", "deactivate", "grows").code == 0

    def test_one_that_is_not_there_gets_the_command_that_lists_them(self, online: Command) -> None:
        said = online("workflows", "show", "nowhere")
        assert said.code == 1 and "flov7 workflows list" in said.err


class TestAConnection:
    def test_takes_its_secret_from_the_environment_and_never_shows_it(self, online: Command) -> None:
        config = '{"host": "mail.example", "port": 2525, "security": "none"}'
        words = ["add", "shop_mail", "--service", "smtp", "--config", config]
        secret = ["--set", "type=basic", "--set", "username=shop", "--from-env", "password=MAIL_PASSWORD"]
        said = online("connections", *words, *secret, "--default-mail", MAIL_PASSWORD="a-very-secret-word")
        assert said.code == 0, said
        with opened() as api:
            assert api.get("/workspace")["default_mail"] == "shop_mail"
        shown = online("connections", "list").out + online("connections", "list", "--json").out + said.out + said.err
        assert "shop_mail" in shown and "basic" in shown and "a-very-secret-word" not in shown
        tested = online("connections", "test", "shop_mail")
        assert tested.code == 1 and "✗" in tested.out
        assert online("connections", "remove", "shop_mail", "--yes").code == 0

    def test_a_variable_that_is_not_set_is_named(self, online: Command) -> None:
        said = online("connections", "add", "x", "--service", "api_key", "--from-env", "key=NOT_SET_ANYWHERE")
        assert said.code == 1 and "NOT_SET_ANYWHERE" in said.err


def _waiting(flov7: Command) -> str | None:
    listed = flov7("runs", "list", "--status", "waiting", "--json").json
    assert isinstance(listed, list)
    return listed[0]["id"] if listed else None


class TestATriggerThatListens:
    def test_is_shown_as_heard_by_the_listener_that_up_runs(self, online: Command, whole: up.Running) -> None:
        poll = {"inputs": {"url": f"{whole.gateway.url}/openapi.json"}, "items": "body.tags", "key": "name"}
        trigger = {"type": "trigger", "kind": "api", "name": "listed", "config": {"poll": {**poll, "every": "1s"}}}
        mapping = {"type": "data", "kind": "mapping", "name": "took", "mapping": {"name": "tag"}}
        file = _write("listens", primitives=[trigger, mapping])
        assert online("workflows", "create", file).code == 0
        live = online("workflows", "activate", "listens")
        assert live.code == 0 and ("no listener has it yet" in live.out or "it is heard" in live.out)
        assert _until(lambda: "it is heard" in online("workflows", "show", "listens").out)
