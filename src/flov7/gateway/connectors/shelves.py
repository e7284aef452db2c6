"""The shelves of a workspace: read from the store once for each content, and kept while they are in use."""

from __future__ import annotations

from collections import OrderedDict

from flov7.kit.errors import FlowError
from flov7.language.catalogue import Shelf
from flov7.primitives.connectors.openapi.importing import About as ConnectorAbout
from flov7.primitives.connectors.stored import StoredShelf
from flov7.primitives.nodes import About, Node, NodeShelf
from flov7.store import connectors, nodes
from flov7.store.connectors import StoredConnector
from flov7.store.scope import Scope

_MOST = 64


class WorkspaceShelves:
    """Shelves by workspace, connector and content; the least recently used are let go."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, str, str], StoredShelf] = OrderedDict()

    async def of(self, scope: Scope) -> tuple[Shelf, ...]:
        """All shelves of the scope's workspace."""
        made: list[Shelf] = [await self.one(scope, stored) for stored in await connectors.listed(scope)]
        own = [Node(name=one.name, version=one.version, about=About.model_validate(one.about), code=one.code)
               for one in await nodes.accepted(scope)]  # fmt: skip
        return (*made, NodeShelf(own)) if own else tuple(made)

    async def one(self, scope: Scope, stored: StoredConnector) -> StoredShelf:
        """The shelf of one connector."""
        key = (scope.workspace_id, stored.name, stored.digest, str(sorted(stored.effects.items())))
        found = self._kept.get(key)
        if found is None:
            found = StoredShelf(
                ConnectorAbout.model_validate(stored.about),
                digest=stored.digest,
                entries=await connectors.entries(scope, stored.name),
                kinds=await connectors.kinds(scope, stored.name),
                effects=stored.effects,
            )
            self._kept[key] = found
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return found

    async def named(self, scope: Scope, name: str) -> StoredShelf | None:
        """The shelf of that name, or None."""
        try:
            return await self.one(scope, await connectors.get(scope, name))
        except FlowError:
            return None
