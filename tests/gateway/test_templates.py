"""Templates over HTTP: found, set, published, reviewed, rated; seen by whom they should be."""

from __future__ import annotations

from typing import Any

from flov7.store import keys
from flov7.wiring import House
from tests.gateway.conftest import Client, new_client

MINE: dict[str, Any] = {
    "slug": "tell-about-parcels", "title": "Tell about parcels", "area": "operations", "industry": "logistics",
    "prompt": "When a parcel comes in, tell a channel.", "summary": "A word about each parcel.",
    "parameters": [{"name": "channel", "about": "Which channel.", "default": "ops", "sort": "channel"}],
    "sample": {"parcel": {"id": 1}},
    "document": {"name": "parcels", "primitives": [
        {"type": "trigger", "kind": "webhook", "name": "came", "config": {"url": "/parcels"}},
        {"type": "action", "kind": "notification", "name": "tell", "config": {"channel": "${channel}", "text": "Parcel {{ parcel.id }}"}},
    ]},
}  # fmt: skip


async def colleague(house: House, client: Client) -> Client:
    """Someone else of the same workspace."""
    async with house.database.workspace(client.workspace_id) as scope:
        _, key = await keys.create(scope, name="second", scopes=["*"], created_by="test")
    return Client(client.http, client.workspace_id, client.slug, key)


class TestFinding:
    async def test_words_find_what_they_speak_of_and_areas_narrow_it(self, client: Client) -> None:
        found = (await client.ask("GET", "/templates", params={"q": "refund approval"}))["items"]
        assert (
            found[0]["slug"] == "refund-approval"
            and found[0]["complexity"] == "medium"
            and found[0]["shelf"] == "builtin"
        )
        areas = (await client.ask("GET", "/templates", params={"area": "hr"}))["items"]
        assert areas and {one["area"] for one in areas} == {"hr"}
        assert len((await client.ask("GET", "/templates"))["items"]) >= 40

    async def test_one_is_set_by_a_sentence_and_by_values_and_saved(self, client: Client) -> None:
        body = {"sentence": "over 250 please", "values": {"url": "https://pay.acme.test"}}
        used = await client.ask("POST", "/templates/refund-approval/use", json=body)
        assert used["values"] == {"limit": 250, "url": "https://pay.acme.test"}
        assert "refund.amount > 250" in str(used["document"])
        await client.create(used["document"])
        wrong = await client.ask("POST", "/templates/refund-approval/use", json={"values": {"x": 1}}, status=422)
        assert "no parameter" in wrong["message"]
        await client.ask("GET", "/templates/nowhere-to-be-seen", status=404)


class TestPublishing:
    async def test_every_publication_is_a_version_and_found_at_once(self, client: Client) -> None:
        assert (await client.ask("GET", "/templates", params={"q": "parcels channel"}))["items"][0]["slug"] != MINE[
            "slug"
        ]
        first = await client.ask("POST", "/templates", json=MINE, status=201)
        assert first["version"] == 1 and first["shelf"] == "workspace" and first["complexity"] == "simple"
        exported = await client.ask("GET", f"/templates/{MINE['slug']}")
        second = await client.ask("POST", "/templates", json={**exported, "title": "Parcels"}, status=201)
        assert second["version"] == 2
        assert (await client.ask("GET", "/templates", params={"q": "parcels channel"}))["items"][0][
            "title"
        ] == "Parcels"
        versions = (await client.ask("GET", f"/templates/{MINE['slug']}/versions"))["items"]
        assert [one["title"] for one in versions] == ["Parcels", "Tell about parcels"]

    async def test_what_does_not_hold_or_is_the_products_is_refused(self, client: Client) -> None:
        broken = {
            **MINE,
            "slug": "broken-one",
            "document": {"primitives": [{"type": "action", "kind": "dance", "name": "x"}]},
        }
        assert await client.ask("POST", "/templates", json=broken, status=422)
        taken = await client.ask("POST", "/templates", json={**MINE, "slug": "welcome-email"}, status=409)
        assert taken["code"] == "template.taken"

    async def test_a_rating_counts_once_for_each_person(self, client: Client, house: House) -> None:
        await client.ask("PUT", "/templates/welcome-email/rating", json={"stars": 2})
        await client.ask("PUT", "/templates/welcome-email/rating", json={"stars": 5})
        other = await colleague(house, client)
        rated = await other.ask("PUT", "/templates/welcome-email/rating", json={"stars": 4})
        assert (rated["rating"], rated["ratings"]) == (4.5, 2)


class TestCommunity:
    async def test_a_template_is_everyones_once_someone_else_accepted_it(self, house: House, http: Any) -> None:
        author, stranger = await new_client(house, http), await new_client(house, http)
        reviewer = await colleague(house, author)
        template = {**MINE, "slug": f"parcels-{author.slug.removeprefix('w-')}"}
        path = f"/templates/{template['slug']}"
        await author.ask("POST", "/templates", json=template, status=201)
        await stranger.ask("GET", path, status=404)
        early = await reviewer.ask("POST", f"{path}/review", json={"accept": True}, status=409)
        assert early["code"] == "template.not_proposed"
        await author.ask("POST", f"{path}/propose")
        own = await author.ask("POST", f"{path}/review", json={"accept": True}, status=409)
        assert own["code"] == "template.own"
        accepted = await reviewer.ask("POST", f"{path}/review", json={"accept": True})
        assert accepted["state"] == "community"
        far = await new_client(house, http)
        seen = await far.ask("GET", path)
        assert seen["shelf"] == "community" and seen["document"] == template["document"]
        await far.ask("POST", f"{path}/propose", status=404)
