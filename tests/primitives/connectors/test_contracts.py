"""Connectors held against what their vendors publish for programs: discovery documents and official clients."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import hubspot
import pytest
import slack_sdk

from flov7.primitives.connectors import builtin
from flov7.primitives.connectors.exchanges import Turn, exchanges_of
from flov7.primitives.connectors.operation import Operation
from tests.google.discovery import FILES, discovery


def turns(name: str) -> list[tuple[str, Turn]]:
    return [(one.op, turn) for one in exchanges_of(name).exchanges for turn in one.turns]


@pytest.mark.parametrize("name", sorted(FILES))
class TestGoogle:
    def test_has_every_path_parameter_and_field_that_is_sent(self, name: str) -> None:
        wrong: list[str] = []
        for op, turn in turns(name):
            method, _, url = turn.sent.partition(" ")
            body = turn.json_ if turn.text is None else None
            wrong += [f"{op}: {words}" for words in discovery(name).wrong(method, url, body)]
        assert wrong == []

    def test_has_every_field_that_a_step_may_give(self, name: str) -> None:
        connector, wrong = builtin.shelves()[name].connector, list[str]()
        for op in connector.operations:
            operation = connector.operation(op)
            base = re.sub(r"^https://[^/]+", "", operation.base)
            path = base + re.sub(r"\{\+?[^}]+\}", "x", operation.path)
            for take in operation.fields:
                if take.where in ("query", "body"):
                    query = f"?{take.sent_as}=1" if take.where == "query" else ""
                    body = {take.sent_as: None} if take.where == "body" else None
                    found = discovery(name).wrong(operation.method, path + query, body)
                    wrong += [
                        f"{op}: {words}" for words in found if f"`{take.sent_as}`" in words and "needs" not in words
                    ]
        assert wrong == []

    def test_needs_no_more_than_what_people_are_asked_to_allow(self, name: str) -> None:
        connector = builtin.shelves()[name].connector
        asked = set(next(auth.scopes for auth in connector.auth.values() if auth.token))
        for op, turn in turns(name):
            method, _, url = turn.sent.partition(" ")
            enough = discovery(name).scopes_of(method, re.sub(r"^https://[^/]+|\?.*", "", url))
            broader = {"https://www.googleapis.com/auth/youtube"}  # some need it beside force-ssl
            assert enough & (asked | broader), f"{op} needs one of {sorted(enough)}"


class TestSlack:
    def test_has_every_method_and_argument(self) -> None:
        source = inspect.getsource(slack_sdk.WebClient)
        connector, wrong = builtin.shelves()["slack"].connector, list[str]()
        for op in connector.operations:
            operation = connector.operation(op)
            name = operation.path.removeprefix("/")
            function = getattr(slack_sdk.WebClient, name.replace(".", "_"), None)
            if f'"{name}"' not in source or function is None:
                wrong.append(f"{op}: there is no {name}")
                continue
            known = set(inspect.signature(function).parameters)
            names = {take.sent_as for take in operation.fields}
            if operation.paging:
                names |= {operation.paging.param, operation.paging.size}
            wrong += [f"{op}: {name} has no `{one}`" for one in sorted(names - known)]
        assert wrong == []


class TestHubspot:
    def test_has_every_path(self) -> None:
        folder = Path(hubspot.__file__).parent / "crm"
        source = "".join(path.read_text() for path in folder.rglob("*_api.py"))
        known = {re.sub(r"\{[^}]+\}", "*", path) for path in re.findall(r'"(/crm/v3/[^"]+)"', source)}
        connector = builtin.shelves()["hubspot"].connector
        for op in connector.operations:
            path = re.sub(r"\{[^}]+\}", "*", connector.operation(op).path)
            generic = re.sub(r"/objects/[a-z]+", "/objects/*", path)
            assert {path, generic} & known, f"{op}: {path}"

    def test_has_every_field_of_the_bodies(self) -> None:
        from hubspot.crm.contacts import PublicObjectSearchRequest, SimplePublicObjectInput
        from hubspot.crm.contacts.models import SimplePublicObjectInputForCreate

        models = {
            "create": SimplePublicObjectInputForCreate, "update": SimplePublicObjectInput, "search": PublicObjectSearchRequest,
        }  # fmt: skip
        connector = builtin.shelves()["hubspot"].connector
        for op in connector.operations:
            model = models.get(op.split("_")[0])
            operation: Operation = connector.operation(op)
            sent = {take.sent_as for take in operation.fields if take.where == "body"}
            if model is not None:
                assert sent <= set(model.attribute_map.values()), op
