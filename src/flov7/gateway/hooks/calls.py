"""One call of an address: who is called, and what stood around the body."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from starlette.types import Receive, Scope

from flov7.gateway.hooks.book import Target
from flov7.gateway.hooks.patterns import params


@dataclass(frozen=True)
class Call:
    """`path` is without the token."""

    target: Target
    path: str
    scope: Scope
    receive: Receive
    headers: dict[str, str]
    query: dict[str, Any]

    @cached_property
    def params(self) -> dict[str, str]:
        """What stood where the trigger's `url` has names."""
        return params(self.target.path, self.path) or {} if "{" in self.target.path else {}

    @property
    def form(self) -> dict[str, Any] | None:
        """The trigger's form, where it has one."""
        found = self.target.intake.trigger.config.get("form")
        return found if isinstance(found, dict) else None

    @property
    def is_page(self) -> bool:
        """Whether a person wants to see the form."""
        return self.form is not None and self.scope["method"] == "GET"

    @property
    def is_form(self) -> bool:
        """Whether a person has filled it in; programs may still send JSON."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return self.form is not None and kind in ("application/x-www-form-urlencoded", "multipart/form-data")
