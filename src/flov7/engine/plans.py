"""Plans and large values from the store, at hand in the process."""

from __future__ import annotations

from flov7.engine.interpreter.prepare import PlanShelf, PreparedPlan
from flov7.engine.runtimes.temporal.jobs import PlanRef
from flov7.language.plan import Plan
from flov7.store import blobs, plans
from flov7.store.database import Database


class StoredPlans:
    """Fetches plans by digest and keeps them prepared."""

    def __init__(self, database: Database, shelf: PlanShelf) -> None:
        self._database = database
        self.shelf = shelf

    async def ensure(self, ref: PlanRef) -> None:
        """Make sure that a plan is at hand. Raises NotFound, Unavailable."""
        await self.get(ref)

    async def get(self, ref: PlanRef) -> PreparedPlan:
        """The prepared plan."""
        found = self.shelf.get(ref.digest)
        if found is not None:
            return found
        async with self._database.as_engine(ref.workspace_id) as scope:
            body = await plans.get(scope, ref.digest)
        return self.shelf.put(Plan.from_bytes(body), digest=ref.digest)


class StoredBlobs:
    """Large values in PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, workspace_id: str, body: bytes) -> str:
        """Keep it."""
        async with self._database.as_engine(workspace_id) as scope:
            return await blobs.put(scope, body)

    async def get(self, workspace_id: str, digest: str) -> bytes:
        """What was kept."""
        async with self._database.as_engine(workspace_id) as scope:
            return await blobs.get(scope, digest)
