"""Addresses of webhook triggers, under `/hooks`."""

from __future__ import annotations

from urllib.parse import quote

from flov7.engine.answering import HOOKS


def hook_address(public_url: str, slug: str, *, path: str, token: str | None) -> str:
    """Where a webhook trigger listens."""
    tail = "" if token is None else f"/{token}"
    middle = "" if not path.strip("/") else f"/{quote(path.strip('/'), safe='/{}')}"
    return f"{public_url}{HOOKS}/{slug}{middle}{tail}"
