"""What ran and what runs: journal, executions, their events, the effect ledger, plans and large values.

No foreign keys here: these rows are written by the thousand, and their ids are made by us.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy import text as sql

from flov7.store.tables.base import metadata, moment, name_of, sealed, workspace

workflow_executions = Table(
    "workflow_executions",
    metadata,
    name_of("id", primary_key=True),
    workspace(),
    name_of("workflow_id"),
    Column("workflow_version", Integer, nullable=False),
    name_of("plan_digest"),
    name_of("mode"),
    name_of("status"),
    name_of("trigger"),
    name_of("event_id"),
    name_of("rerun_of", nullable=True),
    name_of("parent_id", nullable=True),
    moment("created_at"),
    moment("started_at", nullable=True),
    moment("finished_at", nullable=True),
    sealed("input"),
    sealed("output"),
    sealed("error"),
    sealed("unmet"),
    sealed("handled"),
    Column("event_count", Integer, nullable=False),
    sealed("events"),
    Index("idx_workflow_executions_workflow_id", "workflow_id"),
    Index("workflow_executions_workspace_id_idx", "workspace_id", "id"),
    # Most runs succeed, and those are never looked for by status: they cost this index nothing.
    Index(
        "workflow_executions_status_idx",
        "workspace_id",
        "status",
        "id",
        postgresql_where=sql("status <> 'succeeded'"),
    ),
)

execution_events = Table(
    "execution_events",
    metadata,
    name_of("execution_id"),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    workspace(),
    sealed("body", nullable=False),
    PrimaryKeyConstraint("execution_id", "first"),
)

journal = Table(
    "journal",
    metadata,
    name_of("execution_id", primary_key=True),
    workspace(),
    name_of("workflow_id"),
    name_of("event_id"),
    Column("workflow_version", Integer, nullable=False),
    name_of("plan_digest"),
    name_of("mode"),
    name_of("trigger"),
    sealed("payload"),
    moment("clock"),
    Column("seed", BigInteger, nullable=False),
    name_of("state"),
    name_of("lease_owner", nullable=True),
    Column("lease_epoch", Integer, nullable=False),
    moment("lease_until", nullable=True),
    sealed("outputs"),
    CheckConstraint("state IN ('accepted', 'started', 'done')", name="state"),
    UniqueConstraint("workspace_id", "workflow_id", "event_id"),
    Index("journal_lease_until_idx", "lease_until", postgresql_where=sql("state <> 'done'")),
)

effects = Table(
    "effects",
    metadata,
    name_of("execution_id"),
    name_of("primitive"),
    name_of("path"),
    Column("call", Integer, nullable=False),
    workspace(),
    name_of("state"),
    name_of("effect"),
    name_of("key"),
    name_of("input_digest"),
    sealed("output"),
    Column("attempts", Integer, nullable=False),
    moment("reserved_at"),
    moment("settled_at", nullable=True),
    PrimaryKeyConstraint("execution_id", "primitive", "path", "call"),
    CheckConstraint("state IN ('reserved', 'recorded', 'released', 'in_doubt')", name="state"),
)

plans = Table(
    "plans",
    metadata,
    workspace(),
    name_of("digest"),
    sealed("body", nullable=False),
    moment("created_at"),
    PrimaryKeyConstraint("workspace_id", "digest"),
)

blobs = Table(
    "blobs",
    metadata,
    workspace(),
    name_of("digest"),
    sealed("body", nullable=False),
    Column("size", BigInteger, nullable=False),
    moment("created_at"),
    PrimaryKeyConstraint("workspace_id", "digest"),
)
