"""Workflows over HTTP."""

from __future__ import annotations

import copy
import os
from typing import Any

from tests.gateway.conftest import MANUAL, Client, hook


def changed(**more: Any) -> dict[str, Any]:
    """The adder with other fields."""
    return {**copy.deepcopy(MANUAL), **more}


class TestSaving:
    async def test_a_document_becomes_a_draft_with_its_first_version(self, client: Client) -> None:
        made = await client.ask("POST", "/workflows", json={"document": MANUAL, "note": "first"}, status=201)
        assert (made["name"], made["status"], made["current_version"], made["active_version"]) == (
            "adder",
            "draft",
            1,
            None,
        )
        assert made["document"]["primitives"][1]["kind"] == "mapping"
        read = await client.ask("GET", f"/workflows/{made['id']}")
        assert read["document"] == made["document"]
        assert (await client.ask("GET", "/workflows/adder"))["id"] == made["id"]

    async def test_yaml_is_taken_as_text(self, client: Client) -> None:
        text = "name: by_text\nprimitives:\n  - {type: trigger, kind: manual, name: go}\n  - {type: data, kind: mapping, name: m, mapping: {a: b}}\n"
        made = await client.ask("POST", "/workflows", json={"text": text}, status=201)
        assert made["name"] == "by_text"
        assert made["document"]["primitives"][0]["name"] == "go"

    async def test_a_wrong_document_gets_all_its_diagnostics_at_once(self, client: Client) -> None:
        step = {**MANUAL["primitives"][1], "after": ["nobody"], "when": "a +"}
        wrong = changed(primitives=[MANUAL["primitives"][0], step], output={"x": "{{ nowhere.at_all + }}"})
        error = await client.ask("POST", "/workflows", json={"document": wrong}, status=422)
        codes = {one["code"] for one in error["diagnostics"]}
        assert len(error["diagnostics"]) >= 3 and {"order.after_unknown", "expression.invalid"} <= codes
        assert all(one["where"].startswith("/") and one["message"] for one in error["diagnostics"])
        assert await client.ask("GET", "/workflows") == {"items": [], "next_cursor": None}

    async def test_a_draft_with_errors_is_kept_when_asked_and_cannot_go_live(self, client: Client) -> None:
        wrong = changed(output={"x": "{{ nobody.there.at_all + }}"})
        made = await client.ask("POST", "/workflows", json={"document": wrong, "allow_errors": True}, status=201)
        assert any(one["severity"] == "error" for one in made["diagnostics"])
        error = await client.ask("POST", f"/workflows/{made['id']}/activate", status=422)
        assert error["code"] == "document.invalid" and error["diagnostics"]

    async def test_a_save_makes_a_version_and_the_same_document_none(self, client: Client) -> None:
        made = await client.create(MANUAL)
        saved = await client.ask("PUT", f"/workflows/{made['id']}", json={"document": changed(output={"total": 1})})
        assert saved["current_version"] == 2
        again = await client.ask("PUT", f"/workflows/{made['id']}", json={"document": changed(output={"total": 1})})
        assert again["current_version"] == 2
        page = await client.ask("GET", f"/workflows/{made['id']}/versions")
        assert [one["number"] for one in page["items"]] == [2, 1]
        first = await client.ask("GET", f"/workflows/{made['id']}/versions/1")
        assert first["document"]["output"] == MANUAL["output"]

    async def test_whoever_changed_an_older_version_is_told(self, client: Client) -> None:
        made = await client.create(MANUAL)
        path = f"/workflows/{made['id']}"
        await client.ask("PUT", path, json={"document": changed(output={"total": 1}), "based_on": 1})
        late = {"document": changed(output={"total": 2}), "based_on": 1}
        assert (await client.ask("PUT", path, json=late, status=409))["code"] == "workflow.changed"

    async def test_an_older_version_can_be_made_current_again(self, client: Client) -> None:
        made = await client.create(MANUAL)
        path = f"/workflows/{made['id']}"
        await client.ask("PUT", path, json={"document": changed(output={"total": 1})})
        back = await client.ask("POST", f"{path}/versions/1/make-current")
        assert back["current_version"] == 1
        assert (await client.ask("POST", f"{path}/versions/9/make-current", status=404))["message"]

    async def test_a_taken_name_is_refused(self, client: Client) -> None:
        await client.ask("POST", "/workflows", json={"document": MANUAL}, status=201)
        error = await client.ask("POST", "/workflows", json={"document": MANUAL}, status=409)
        assert "adder" in error["message"]

    async def test_lists_without_a_name_get_one_each(self, client: Client) -> None:
        parts = MANUAL["primitives"]
        names = [
            (await client.ask("POST", "/workflows", json={"document": parts}, status=201))["name"] for _ in range(2)
        ]
        assert names == ["untitled", "untitled_2"]


class TestListing:
    async def test_pages_follow_one_another_without_a_gap(self, client: Client) -> None:
        made = [(await client.create(MANUAL))["id"] for _ in range(5)]
        seen: list[str] = []
        cursor = None
        while True:
            query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
            page = await client.ask("GET", "/workflows", params=query)
            seen += [one["id"] for one in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert sorted(seen) == sorted(made) and len(seen) == 5

    async def test_archived_ones_are_listed_when_asked_for(self, client: Client) -> None:
        made = await client.create(MANUAL)
        assert (await client.ask("DELETE", f"/workflows/{made['id']}"))["status"] == "archived"
        assert (await client.ask("GET", "/workflows"))["items"] == []
        found = await client.ask("GET", "/workflows", params={"status": "archived"})
        assert [one["id"] for one in found["items"]] == [made["id"]]
        error = await client.ask("POST", f"/workflows/{made['id']}/run", json={"input": {"a": 1}}, status=409)
        assert error["code"] == "workflow.archived"
        assert (await client.ask("POST", f"/workflows/{made['id']}/restore"))["status"] == "draft"

    async def test_a_bad_cursor_and_a_bad_limit_are_refused(self, client: Client) -> None:
        assert (await client.ask("GET", "/workflows?cursor=zzz", status=422))["code"] == "paging.cursor"
        assert (await client.ask("GET", "/workflows?limit=0", status=422))["fields"][0]["where"] == "/limit"


class TestComparing:
    async def test_two_versions_differ_in_words(self, client: Client) -> None:
        made = await client.create(MANUAL)
        await client.ask("PUT", f"/workflows/{made['id']}", json={"document": changed(output={"total": 5})})
        found = await client.ask("GET", f"/workflows/{made['id']}/diff", params={"from": 1, "to": 2})
        assert not found["equal"]
        assert found["changes"][0]["field"] == "/output/total" and "`5`" not in found["changes"][0]["old"]

    async def test_a_posted_document_is_compared_without_being_saved(self, client: Client) -> None:
        made = await client.create(MANUAL)
        other = changed(
            primitives=[MANUAL["primitives"][0], {**MANUAL["primitives"][1], "mapping": {"a": "all"}}], output={}
        )
        found = await client.ask("POST", f"/workflows/{made['id']}/diff", json={"document": other})
        assert {one["primitive"] for one in found["changes"]} == {None, "sum"}
        assert (await client.ask("POST", f"/workflows/{made['id']}/diff", json={"document": MANUAL}))["equal"]
        assert (await client.ask("GET", f"/workflows/{made['id']}"))["current_version"] == 1


class TestChecking:
    async def test_a_good_document_says_what_it_would_do(self, client: Client) -> None:
        call = {
            "type": "action",
            "kind": "api_call",
            "name": "tell",
            "config": {"url": "https://example.com/x", "method": "POST"},
        }
        found = await client.ask(
            "POST", "/workflows/validate", json={"document": changed(primitives=[*MANUAL["primitives"], call])}
        )
        assert found["valid"] and found["effects"][0]["primitive"] == "tell"
        assert found["effects"][0]["effect"] == "write"

    async def test_text_that_is_nothing_gets_a_diagnostic_and_no_crash(self, client: Client) -> None:
        found = await client.ask("POST", "/workflows/validate", json={"text": "{]"})
        assert not found["valid"] and found["diagnostics"][0]["code"] == "document.syntax"


class TestRunning:
    async def test_a_run_is_waited_for_and_gives_its_output(self, client: Client) -> None:
        done = await client.run(MANUAL, input={"a": 4})
        assert (done["status"], done["output"], done["created"]) == ("succeeded", {"total": 5}, True)
        run = await client.ask("GET", f"/executions/{done['execution_id']}")
        assert run["input"] == {"a": 4} and run["output"] == {"total": 5}

    async def test_without_waiting_the_address_comes_at_once(self, client: Client) -> None:
        made = await client.create(MANUAL)
        response = await client.raw("POST", f"/workflows/{made['id']}/run", json={"input": {"a": 1}})
        assert response.status_code == 202
        assert response.headers["location"] == response.json()["data"]["address"]

    async def test_a_payload_against_inputs_makes_no_run(self, client: Client) -> None:
        made = await client.create(MANUAL)
        error = await client.ask("POST", f"/workflows/{made['id']}/run", json={"input": {"a": "x"}}, status=422)
        assert error["code"] == "payload.invalid" and error["fields"][0]["where"] == "/a"
        assert (await client.ask("GET", "/executions"))["items"] == []

    async def test_the_same_idempotency_key_is_the_same_run(self, client: Client) -> None:
        made = await client.create(MANUAL)
        key = {"idempotency-key": os.urandom(8).hex()}
        path, body = f"/workflows/{made['id']}/run", {"input": {"a": 1}, "wait": 10}
        first = await client.raw("POST", path, json=body, headers=key)
        second = await client.raw("POST", path, json=body, headers=key)
        assert first.status_code == second.status_code == 200
        assert first.content == second.content and second.headers["idempotent-replayed"] == "true"
        other = await client.raw("POST", path, json={"input": {"a": 2}}, headers=key)
        assert other.status_code == 409 and other.json()["error"]["code"] == "idempotency.reused"
        assert len((await client.ask("GET", "/executions"))["items"]) == 1

    async def test_an_unknown_trigger_is_named_with_those_there_are(self, client: Client) -> None:
        made = await client.create(MANUAL)
        error = await client.ask("POST", f"/workflows/{made['id']}/run", json={"trigger": "nope"}, status=404)
        assert "`called`" in error["hint"]

    async def test_when_turns_an_event_away_and_it_is_counted(self, client: Client, gateway: Any) -> None:
        document = changed(primitives=[{**MANUAL["primitives"][0], "when": "a > 10"}, MANUAL["primitives"][1]])
        made = await client.create(document)
        told = await client.ask("POST", f"/workflows/{made['id']}/run", json={"input": {"a": 1}})
        assert told["status"] == "turned_away" and told["execution_id"] is None
        await gateway.turned_away.flush()
        assert (await client.ask("GET", f"/workflows/{made['id']}"))["turned_away"] == {"called: when": 1}

    async def test_a_subworkflow_is_called_at_the_version_of_activation(self, client: Client) -> None:
        child = await client.create(MANUAL)
        parent = {
            "primitives": [
                {"type": "trigger", "kind": "api", "name": "called"},
                {
                    "type": "action",
                    "kind": "custom",
                    "name": "add",
                    "config": {"workflow": child["name"], "inputs": {"a": "{{ a }}"}},
                },
            ]
        }
        done = await client.run(parent, input={"a": 41})
        assert (done["status"], done["output"]) == ("succeeded", {"total": 42})


class TestGoingLive:
    async def test_activating_gives_an_address_that_nobody_can_guess(self, client: Client) -> None:
        live = await client.live(hook("/orders"))
        address = live["address"]
        assert (
            address.startswith(f"http://gateway/hooks/{client.slug}/orders/") and len(address.rsplit("/", 1)[1]) >= 32
        )
        again = await client.ask("POST", f"/workflows/{live['id']}/activate")
        assert again["triggers"][0]["address"] == address, "a new version keeps its address"

    async def test_two_workflows_on_one_path_and_method_are_refused(self, client: Client) -> None:
        first = await client.live(hook("/same"))
        second = await client.create(hook("/same"))
        error = await client.ask("POST", f"/workflows/{second['id']}/activate", status=409)
        assert error["code"] == "hook.taken" and error["details"]["workflow_id"] == first["id"]
        assert (await client.ask("GET", f"/workflows/{second['id']}"))["status"] == "draft"
        await client.ask("POST", f"/workflows/{first['id']}/deactivate")
        assert (await client.ask("POST", f"/workflows/{second['id']}/activate"))["workflow"]["status"] == "active"

    async def test_states_go_from_draft_to_active_to_paused_and_back(self, client: Client) -> None:
        made = await client.create(hook("/states"))
        path = f"/workflows/{made['id']}"
        assert (await client.ask("POST", f"{path}/pause", status=409))["message"]
        assert (await client.ask("POST", f"{path}/activate"))["workflow"]["status"] == "active"
        assert (await client.ask("POST", f"{path}/pause"))["status"] == "paused"
        assert (await client.ask("POST", f"{path}/unpause"))["status"] == "active"
        assert (await client.ask("POST", f"{path}/deactivate"))["status"] == "draft"

    async def test_a_schedule_runs_in_temporal_and_can_be_paused(self, client: Client) -> None:
        document = {
            "primitives": [
                {"type": "trigger", "kind": "schedule", "name": "hourly", "config": {"cron": "0 * * * *"}},
                {"type": "data", "kind": "mapping", "name": "m", "mapping": {"scheduled_at": "at"}},
            ]
        }
        live = await client.live(document)
        path = f"/workflows/{live['id']}/schedules"
        found = await client.ask("GET", path)
        assert found[0]["trigger"] == "hourly" and found[0]["next"] and not found[0]["paused"]
        await client.ask("POST", f"{path}/hourly/pause")
        assert (await client.ask("GET", path))[0]["paused"]
        await client.ask("POST", f"{path}/hourly/resume")
        await client.ask("POST", f"/workflows/{live['id']}/deactivate")
        assert await client.ask("GET", path) == []

    async def test_a_hook_whose_secret_is_missing_does_not_go_live(self, client: Client) -> None:
        made = await client.create(hook("/signed", auth="signature", secret="shop"))
        error = await client.ask("POST", f"/workflows/{made['id']}/activate", status=422)
        assert error["code"] == "secret.missing" and error["details"]["secrets"] == ["shop"]
