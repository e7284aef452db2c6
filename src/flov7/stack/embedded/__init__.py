"""The real backing services from Python packages: PostgreSQL, Temporal, and Valkey in Redis' place.

No container engine and no account is needed. Each listens on 127.0.0.1 only, keeps its data in one folder
that survives a restart, and dies with the process that started it unless it is asked to stay.
"""

from __future__ import annotations

from flov7.stack.embedded.folder import Home
from flov7.stack.embedded.postgres import EmbeddedPostgres
from flov7.stack.embedded.temporal import EmbeddedTemporal
from flov7.stack.embedded.valkey import EmbeddedValkey

__all__ = ["EmbeddedPostgres", "EmbeddedTemporal", "EmbeddedValkey", "Home"]
