"""Workflows, their immutable versions, and the addresses that start them."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from flov7.store.tables.base import json, metadata, moment, name_of, text, workspace_of_record

workflows = Table(
    "workflows",
    metadata,
    name_of("id", primary_key=True),
    workspace_of_record(),
    name_of("name"),
    text("description"),
    name_of("status"),
    Column("current_version", Integer, nullable=False),
    Column("active_version", Integer, nullable=True),
    name_of("owner"),
    json("settings"),
    moment("created_at"),
    moment("updated_at"),
    CheckConstraint("status IN ('draft', 'active', 'paused', 'archived')", name="status"),
    UniqueConstraint("workspace_id", "name"),
    Index("idx_workflows_status_updated", "status", "updated_at"),
    Index("workflows_workspace_id_idx", "workspace_id", "updated_at", "id"),
)

workflow_versions = Table(
    "workflow_versions",
    metadata,
    Column("workflow_id", Text(collation="C"), ForeignKey("workflows.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    workspace_of_record(),
    json("document"),
    name_of("digest"),
    text("note"),
    name_of("created_by"),
    moment("created_at"),
    PrimaryKeyConstraint("workflow_id", "number"),
)

hooks = Table(
    "hooks",
    metadata,
    name_of("id", primary_key=True),
    workspace_of_record(),
    name_of("path"),
    name_of("method"),
    Column("workflow_id", Text(collation="C"), ForeignKey("workflows.id", ondelete="CASCADE"), nullable=False),
    Column("workflow_version", Integer, nullable=False),
    name_of("trigger"),
    name_of("token", nullable=True),
    json("auth"),
    moment("created_at"),
    UniqueConstraint("workspace_id", "path", "method"),
    Index("hooks_workflow_id_idx", "workflow_id"),
)
