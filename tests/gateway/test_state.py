"""What a workflow keeps is seen, put right and forgotten over the API."""

from __future__ import annotations

from tests.gateway.conftest import Client

COUNTS = {
    "primitives": [
        {"type": "trigger", "kind": "manual", "name": "go"},
        {"type": "action", "kind": "state", "name": "count", "config": {"operation": "add", "name": "runs"}},
    ]
}


async def test_a_kept_value(client: Client) -> None:
    made = await client.create(COUNTS)
    path = f"/workflows/{made['id']}"
    for wanted in (1, 2):
        run = await client.ask("POST", f"{path}/run", json={"wait": 20})
        assert run["output"]["value"] == wanted
    (kept,) = (await client.ask("GET", f"{path}/state"))["items"]
    assert (kept["name"], kept["value"], kept["changes"]) == ("runs", 2, 2)
    assert (await client.ask("PUT", f"{path}/state/runs", json={"value": 40}))["value"] == 40
    assert (await client.ask("POST", f"{path}/run", json={"wait": 20}))["output"]["value"] == 41
    await client.ask("DELETE", f"{path}/state/runs")
    error = await client.ask("DELETE", f"{path}/state/runs", status=404)
    assert error["message"] == "Nothing is kept under `runs`."
    assert (await client.ask("GET", f"{path}/state"))["items"] == []
