"""What sentences became is run on the simulated runtime: it does what was said, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from flov7.engine.interpreter.prepare import prepare
from flov7.engine.messages import Approve
from flov7.engine.runtime import CallRequest
from flov7.engine.runtimes.simulated import Script, Simulation, simulate
from flov7.generation.draft import Earlier
from flov7.generation.offline.drafter import propose
from flov7.kit.errors import StepRefused
from flov7.language.front import check_value
from flov7.primitives.registry import catalogue, registry

DEMO = (
    "When an order comes in, if its total is over 1000 wait for approval, then e-mail the customer, "
    "and tell ops if that fails"
)


def run(sentence: str, payload: Any, *, fails: tuple[str, ...] = (), decisions: tuple[Approve, ...] = ()) -> Simulation:
    """One run of what the sentence became; calls of the kinds in `fails` are refused."""
    document = propose(Earlier(sentence=sentence), catalogue=catalogue()).document
    plan = check_value(document, catalogue()).plan
    assert plan is not None

    async def outside(request: CallRequest, key: str | None) -> Any:
        if request.kind in fails:
            raise StepRefused("The server says no.")
        return {"status": 200, "body": payload, "accepted": []}

    script = Script(outside=outside, messages=[(1.0, one) for one in decisions])
    return simulate(prepare(plan, registry()), registry(), payload=payload, script=script)


def did(simulation: Simulation) -> list[str]:
    """The kinds that were called, in their sequence."""
    return [one.kind for one in simulation.calls]


def order(total: int) -> dict[str, Any]:
    return {"order": {"id": 7, "total": total, "customer": {"email": "ann@acme.test"}}}


class TestTheDemoSentence:
    def test_a_small_one_is_mailed_at_once(self) -> None:
        assert did(run(DEMO, order(10))) == ["email_send"]

    def test_a_big_one_waits_and_is_mailed_after_the_yes(self) -> None:
        waiting = run(DEMO, order(2000))
        assert (did(waiting), waiting.stuck) == ([], ("approval",))
        made = run(DEMO, order(2000), decisions=(Approve(step="approval"),))
        assert did(made) == ["email_send"]
        assert made.calls[0].inputs["to"] == "ann@acme.test"

    def test_a_big_one_that_is_rejected_is_not_mailed(self) -> None:
        made = run(DEMO, order(2000), decisions=(Approve(step="approval", decision="rejected"),))
        assert did(made) == []
        assert made.result is not None

    def test_ops_hear_of_a_mail_that_fails_and_of_nothing_else(self) -> None:
        made = run(DEMO, order(10), fails=("email_send",))
        assert did(made)[-1] == "notification"
        assert "The server says no." in made.calls[-1].inputs["text"]


class TestOtherSentences:
    @pytest.mark.parametrize(("country", "host"), [("DE", "de"), ("FR", "world")])
    def test_only_one_side_of_otherwise_runs(self, country: str, host: str) -> None:
        said = (
            "When a lead is added: if its country is DE, call https://de.acme.test, else call https://world.acme.test."
        )
        made = run(said, {"lead": {"country": country}})
        assert [one.inputs["url"] for one in made.calls] == [f"https://{host}.acme.test"]

    def test_a_loop_runs_once_for_each_and_what_follows_runs_once(self) -> None:
        said = (
            "When an invoice is approved, for every line of the invoice post it to https://erp.acme.test/lines. "
            "Finally email accounting@acme.test."
        )
        made = run(said, {"invoice": {"lines": [{"n": 1}, {"n": 2}, {"n": 3}]}})
        assert did(made) == ["api_call"] * 3 + ["email_send"]
        assert [one.inputs["json"] for one in made.calls[:3]] == [{"n": 1}, {"n": 2}, {"n": 3}]

    def test_a_gate_that_says_no_ends_it_well(self) -> None:
        said = "When a lead is added, only continue if the currency is EUR, then post it to https://eu.acme.test"
        assert did(run(said, {"lead": {"currency": "USD"}})) == []
        assert did(run(said, {"lead": {"currency": "EUR"}})) == ["api_call"]

    def test_one_handler_hears_of_every_step(self) -> None:
        said = "When a lead is added, call https://acme.test/a, email kim@acme.test, and if anything fails tell #alerts"
        assert did(run(said, {"lead": {}}, fails=("api_call",))).count("notification") == 1
        assert did(run(said, {"lead": {}}, fails=("email_send",)))[-1] == "notification"
        assert "notification" not in did(run(said, {"lead": {}}))
