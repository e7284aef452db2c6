"""What an empty installation gets: a workspace, a key for its owner, and one for the command line of this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass

from flov7.stack.embedded.folder import Home
from flov7.store import keys, workspaces
from flov7.store.database import Database
from flov7.store.settings import StoreSettings
from flov7.store.workspaces import Workspace

SLUG = "main"
CLI_KEY = "command_line"
"""Name of the key, and of its file in the folder's `secrets`."""


@dataclass(frozen=True)
class First:
    """The workspace of this machine; `key` is there only where it was made just now, and is not kept anywhere."""

    workspace: Workspace
    key: str | None
    cli_key: str


async def ensure(settings: StoreSettings, home: Home) -> First:
    """Make what is missing. Raises Unavailable without PostgreSQL."""
    database = await Database.open(settings)
    try:
        found = await workspaces.by_slug(database, SLUG)
        workspace = found or await workspaces.create(database, slug=SLUG, title="Main")
        async with database.workspace(workspace.id) as scope:
            known = [one for one in await keys.listed(scope) if one.revoked_at is None]
            shown = None
            if not any(one.created_by != CLI_KEY for one in known):
                _, shown = await keys.create(scope, name="first", scopes=["*"], created_by="flov7 up")
        return First(workspace, shown, await _cli_key(database, workspace.id, home))
    finally:
        await database.close()


async def _cli_key(database: Database, workspace_id: str, home: Home) -> str:
    """The command line's own key: kept in a file that only its owner reads, made anew where it opens nothing."""
    place = home.path / "secrets" / CLI_KEY
    if place.exists():
        kept = place.read_text().strip()
        if await keys.find(database, kept) is not None:
            return kept
    async with database.workspace(workspace_id) as scope:
        _, made = await keys.create(scope, name=CLI_KEY, scopes=["*"], created_by=CLI_KEY)
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(made)
    return made
