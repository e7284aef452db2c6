"""Addresses under `/hooks`: of webhook triggers, and of steps that wait for the outside."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import quote

from flov7.kit import json
from flov7.kit.errors import FlowError, NotFound
from flov7.store.vault import Vault

HOOKS = "/hooks"
OUTSIDE = "_"
"""Stands where a workspace's slug would: no slug looks like it."""
_TABLE = "outside_addresses"


def hook_address(public_url: str, slug: str, *, path: str, token: str | None) -> str:
    """Where a webhook trigger listens."""
    tail = "" if token is None else f"/{token}"
    middle = "" if not path.strip("/") else f"/{quote(path.strip('/'))}"
    return f"{public_url}{HOOKS}/{slug}{middle}{tail}"


@dataclass(frozen=True, slots=True)
class Outside:
    """What an address for the outside opens: one step of one run, for one sort of message."""

    workspace_id: str
    execution_id: str
    step: str
    wants: str


async def outside_address(vault: Vault, public_url: str, *, opens: Outside) -> str:
    """An address that nobody can guess: it is sealed by the workspace's key, and holds all that is needed."""
    body = json.dumps([opens.execution_id, opens.step, opens.wants])
    sealed = await vault.seal(opens.workspace_id, body, table=_TABLE, row="address")
    token = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
    return f"{public_url}{HOOKS}/{OUTSIDE}/{opens.workspace_id}/{token}"


async def opened(vault: Vault, workspace_id: str, token: str) -> Outside:
    """What an address opens. Raises NotFound where it is not one of ours."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        body = await vault.open(workspace_id, sealed, table=_TABLE, row="address")
        execution_id, step, wants = json.loads(body)
    except (binascii.Error, ValueError, IndexError, FlowError) as error:
        if isinstance(error, FlowError) and error.status == 503:
            raise
        raise NotFound("Nothing is served at this address.", hint="Look whether it was copied whole.") from error
    return Outside(workspace_id, execution_id, step, wants)
