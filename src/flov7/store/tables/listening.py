"""What waits for the outside: one row for each live trigger that somebody has to listen for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, Table
from sqlalchemy import text as sql

from flov7.store.tables.base import json, metadata, moment, name_of, sealed, workspace_of_record

subscriptions = Table(
    "subscriptions",
    metadata,
    name_of("id", primary_key=True),
    workspace_of_record(),
    # No foreign key: what was opened at the source is closed by its row, also when the workflow is gone.
    name_of("workflow_id"),
    Column("workflow_version", Integer, nullable=False),
    name_of("plan_digest"),
    name_of("trigger"),
    name_of("kind"),
    name_of("source"),
    sealed("config", nullable=False),
    sealed("state"),
    Column("ending", Boolean, nullable=False),
    name_of("status"),
    json("error", nullable=True),
    Column("attempts", Integer, nullable=False),
    Column("delivered", BigInteger, nullable=False),
    moment("delivered_at", nullable=True),
    moment("again_at"),
    name_of("lease_owner", nullable=True),
    Column("lease_epoch", Integer, nullable=False),
    moment("lease_until", nullable=True),
    moment("created_at"),
    CheckConstraint("status IN ('waiting', 'listening', 'failing')", name="status"),
    Index(
        "subscriptions_live_idx",
        "workspace_id",
        "workflow_id",
        "trigger",
        unique=True,
        postgresql_where=sql("NOT ending"),
    ),
    Index("subscriptions_again_at_idx", "again_at"),
)
