"""What workflows remember between runs, in the store."""

from __future__ import annotations

from flov7.kit.errors import StepRefused
from flov7.primitives.declare import Json
from flov7.primitives.memory import Change
from flov7.store import kept_values
from flov7.store.database import Database


class StoredMemory:
    """The values of one workflow, and those of its workspace."""

    def __init__(self, database: Database, workspace_id: str, workflow_id: str) -> None:
        self._database = database
        self._workspace_id = workspace_id
        self._workflow_id = workflow_id

    async def get(self, name: str, *, shared: bool) -> Json | None:
        """The value, or None."""
        async with self._database.workspace(self._workspace_id) as scope:
            found = await kept_values.get(scope, self._owner(shared), name)
        return None if found is None else found.value

    async def change(self, name: str, *, shared: bool, call: str, by: Change) -> Json:
        """Change it under a lock, once for each `call`."""
        async with self._database.workspace(self._workspace_id) as scope:
            return await kept_values.change(scope, self._owner(shared), name, call=call, by=by)

    def _owner(self, shared: bool) -> str:
        if not shared and not self._workflow_id:
            raise StepRefused(
                "This run belongs to no saved workflow, so there is nothing to keep a value with.",
                hint="Save the workflow, or set `shared: true`.",
                code="state.no_workflow",
            )
        return "" if shared else self._workflow_id
