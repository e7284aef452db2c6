"""Addresses by which the outside answers one step of one run, without a key: for pages, messages and other systems."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from flov7.kit import json
from flov7.kit.errors import FlowError, NotFound
from flov7.primitives.links import Link
from flov7.store.vault import Vault

HOOKS = "/hooks"
OUTSIDE = "_"
"""Stands where a workspace's slug would: no slug looks like it."""
_TABLE = "outside_addresses"
_LABELS = {"approval": "Approve or reject", "answer": "Answer", "callback": "Call back"}


@dataclass(frozen=True, slots=True)
class Opens:
    """What an address opens: one step of one run, for one sort of message. `who` got it, where that is known."""

    workspace_id: str
    execution_id: str
    step: str
    wants: str
    who: str = ""


async def outside_address(vault: Vault, public_url: str, *, opens: Opens) -> str:
    """An address that nobody can guess: it is sealed by the workspace's key, and holds all that is needed."""
    body = json.dumps([opens.execution_id, opens.step, opens.wants, opens.who])
    sealed = await vault.seal(opens.workspace_id, body, table=_TABLE, row="address")
    token = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
    return f"{public_url}{HOOKS}/{OUTSIDE}/{opens.workspace_id}/{token}"


async def opened(vault: Vault, workspace_id: str, token: str) -> Opens:
    """What an address opens. Raises NotFound where it is not one of ours."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        body = await vault.open(workspace_id, sealed, table=_TABLE, row="address")
        execution_id, step, wants, *more = json.loads(body)
    except (binascii.Error, ValueError, IndexError, FlowError) as error:
        if isinstance(error, FlowError) and error.status == 503:
            raise
        raise NotFound("Nothing is served at this address.", hint="Look whether it was copied whole.") from error
    return Opens(workspace_id, execution_id, step, wants, *more)


class StepLinks:
    """The addresses for the steps of one run."""

    def __init__(self, vault: Vault, public_url: str, workspace_id: str, execution_id: str) -> None:
        self._vault = vault
        self._public_url = public_url.rstrip("/")
        self._workspace_id = workspace_id
        self._execution_id = execution_id

    async def of(self, step: str, *, wants: str, who: str = "") -> Sequence[Link]:
        """One button that leads to the page on which it is answered; the page decides nothing by being looked at."""
        opens = Opens(self._workspace_id, self._execution_id, step, wants, who)
        return (Link(label=_LABELS[wants], url=await outside_address(self._vault, self._public_url, opens=opens)),)
