"""Fetches contracts with all that they import, through the guard, and keeps those that were just used."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flov7.kit.errors import StepRefused
from flov7.primitives.actions.api_call.http import Call
from flov7.primitives.credentials import HttpAccess, joined
from flov7.primitives.files import File
from flov7.primitives.recent import Recent

if TYPE_CHECKING:
    from flov7.primitives.actions.api_call.contract import Contract

_MOST_PARTS = 60
_contracts: Recent[Contract] = Recent()


async def contract_of(call: Call, wsdl: str | File) -> Contract:
    """The contract at an address (or below the connection's), or in a file. Raises StepRefused."""
    from flov7.primitives.actions.api_call.contract import Contract, Wanted

    if isinstance(wsdl, File):
        location, first = f"https://file.invalid/{wsdl.file}", await call.context.files.read(wsdl.file)
    else:
        location, first = joined(call.access.base_url, wsdl), None
    key = f"{location} {call.access.account}"
    known = _contracts.get(key)
    if known is not None:
        return known
    documents = {} if first is None else {location: first}
    for _ in range(_MOST_PARTS):
        try:
            contract = await asyncio.to_thread(Contract, location, documents=documents)
        except Wanted as wanted:
            documents[wanted.url] = await _fetched(call, wanted.url, location=location)
            continue
        _contracts.put(key, contract)
        return contract
    raise StepRefused(f"The contract is made of more than {_MOST_PARTS} documents.", code="soap.contract")


async def _fetched(call: Call, url: str, *, location: str) -> bytes:
    """One part. Only the host of the contract itself sees the connection's secret."""
    if urlsplit(url).hostname == "file.invalid":
        raise StepRefused(
            f"The contract in the file names another document, `{urlsplit(url).path.lstrip('/')}`.",
            hint="Give the address of the contract instead of the file.",
            code="soap.contract",
        )
    same = urlsplit(url)[:2] == urlsplit(location)[:2]
    asking = replace(call, url=url, headers={}, expect=None, access=call.access if same else HttpAccess())
    return (await asking.send("GET", accept="text/xml, application/wsdl+xml, */*;q=0.5")).body
