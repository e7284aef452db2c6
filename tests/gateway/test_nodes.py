"""Nodes over HTTP: written by hand or by a model, shown to hold, reviewed, used as kinds of steps."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flov7.ai.nodes import NodeWriter
from flov7.cage.bubblewrap import Bubblewrap
from flov7.cage.cage import Cage
from flov7.cage.settings import CageSettings
from flov7.gateway.nodes.schemas import ABOUT
from flov7.gateway.parts import Gateway
from flov7.llm.models import models_of
from flov7.llm.testing import Scripted, scripted_model
from tests.cage.test_proof import CODE, OUTPUTS, TESTS
from tests.gateway.conftest import Client

pytestmark = pytest.mark.skipif(
    not Bubblewrap.is_there(),
    reason="bubblewrap is not installed: apt-get install bubblewrap, or run .ci/run, which does it.",
)
NODE: dict[str, Any] = {"name": "sums", "about": {**ABOUT, "outputs": OUTPUTS}, "code": CODE, "tests": TESTS}


def used(kind: str) -> dict[str, Any]:
    return {
        "flow7": "1.0",
        "name": "uses_it",
        "primitives": [
            {"type": "trigger", "kind": "manual", "name": "start"},
            {"type": "action", "kind": kind, "name": "sums", "config": {"prices": "{{ prices }}"}},
        ],
        "output": "{{ sums.size }}",
    }


class TestByHand:
    async def test_a_node_waits_for_a_person_and_then_is_a_kind(self, client: Client) -> None:
        made = await client.ask("POST", "/nodes", json=NODE, status=201)
        assert (made["state"], made["version"], made["kind"]) == ("proposed", 1, "node.sums")
        assert made["report"]["noticed"] == made["report"]["changes"] > 0
        before = await client.ask("POST", "/workflows/validate", json={"document": used("node.sums")})
        assert not before["valid"]
        await client.ask("POST", "/nodes/sums/review", json={"version": 1, "accept": True})
        done = await client.run(used("node.sums"), input={"prices": [60, 60]})
        assert (done["status"], done["output"]) == ("succeeded", "big")
        again = await client.ask("POST", "/nodes/sums/review", json={"version": 1, "accept": False}, status=409)
        assert again["code"] == "node.decided"

    async def test_what_does_not_hold_is_told_with_what_its_tests_showed(self, client: Client) -> None:
        bad = await client.ask("POST", "/nodes", json={**NODE, "tests": TESTS.replace("99,", "98,")}, status=422)
        assert bad["code"] == "node.unproved" and "test_small" in bad["message"]
        half = await client.ask("POST", "/nodes", json={"name": "sums"}, status=422)
        assert "sentence" in half["message"]

    async def test_another_workspace_sees_none_of_it(self, client: Client, stranger: Client) -> None:
        await client.ask("POST", "/nodes", json={**NODE, "name": "mine"}, status=201)
        await stranger.ask("GET", "/nodes/mine", status=404)
        await stranger.ask("POST", "/nodes/mine/review", json={"version": 1, "accept": True}, status=404)


class TestByAModel:
    async def test_a_sentence_becomes_code_and_tests_and_is_mended_on_the_way(
        self, client: Client, gateway: Gateway
    ) -> None:
        about = {"inputs": json.dumps(ABOUT["inputs"]), "outputs": json.dumps(OUTPUTS)}
        good = {"name": "sized", "title": "Size", "summary": "Adds up.", **about, "code": CODE, "tests": TESTS}
        async with scripted_model(
            [Scripted(value={**good, "code": "import os\n" + CODE}), Scripted(value=good)]
        ) as server:
            models = models_of(server.settings())
            before, gateway.nodes = gateway.nodes, NodeWriter(Cage(CageSettings.load()), models)
            try:
                made = await client.ask("POST", "/nodes", json={"sentence": "Say how big an order is"}, status=201)
            finally:
                gateway.nodes = before
                await models.close()
        assert (made["name"], made["report"]["tries"], made["state"]) == ("sized", 2, "proposed")
        assert "`os` may not be imported" in server.requests[1].last

    async def test_without_a_model_the_words_say_that_hand_written_code_takes_the_same_way(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = await client.ask("POST", "/nodes", json={"sentence": "Say how big an order is"}, status=500)
        assert told["code"] == "llm.missing" and "code that you wrote" in told["hint"]
