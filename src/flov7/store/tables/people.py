"""Workspaces, their keys, and what was done by whom."""

from __future__ import annotations

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from flov7.store.tables.base import json, metadata, moment, name_of, sealed, text, workspace_of_record

workspaces = Table(
    "workspaces",
    metadata,
    name_of("id", primary_key=True),
    name_of("slug", unique=True),
    text("title"),
    json("settings"),
    moment("created_at"),
    moment("updated_at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    name_of("id", primary_key=True),
    workspace_of_record(),
    text("name"),
    name_of("prefix"),
    name_of("digest", unique=True),
    Column("scopes", ARRAY(Text), nullable=False),
    name_of("created_by"),
    moment("created_at"),
    moment("last_used_at", nullable=True),
    moment("expires_at", nullable=True),
    moment("revoked_at", nullable=True),
    Index("api_keys_workspace_id_idx", "workspace_id", "created_at"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    workspace_of_record(),
    name_of("key"),
    name_of("request_digest"),
    Column("status", Integer, nullable=True),
    sealed("answer"),
    moment("created_at"),
    PrimaryKeyConstraint("workspace_id", "key"),
    Index("idempotency_keys_created_at_idx", "created_at"),
)

audit_log = Table(
    "audit_log",
    metadata,
    name_of("id", primary_key=True),
    workspace_of_record(),
    name_of("who"),
    name_of("what"),
    name_of("target"),
    json("details"),
    name_of("request_id", nullable=True),
    moment("at"),
    Index("audit_log_workspace_id_idx", "workspace_id", "id"),
)

notices = Table(
    "notices",
    metadata,
    name_of("id", primary_key=True),
    workspace_of_record(),
    name_of("execution_id"),
    name_of("kind"),
    moment("at"),
    UniqueConstraint("execution_id", "kind"),
)

turned_away = Table(
    "turned_away",
    metadata,
    workspace_of_record(),
    name_of("workflow_id"),
    name_of("trigger"),
    name_of("reason"),
    Column("day", Date, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("workspace_id", "workflow_id", "trigger", "reason", "day"),
)
