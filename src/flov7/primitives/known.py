"""Kinds that are known by name and not built yet. They are never faked: `validate` warns, activation refuses."""

from __future__ import annotations

from flov7.primitives.declare import Known

KNOWN: dict[str, Known] = {}
"""By `type/name`."""
