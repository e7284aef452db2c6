"""Run by Alembic with a connection that `flov7.store.migrate` hands in."""

from __future__ import annotations

from alembic import context

from flov7.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
