"""Message templates, and the conversations in which workflows are made."""

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

from flov7.store.tables.base import json, metadata, moment, name_of, sealed, text, workspace_of_record

message_templates = Table(
    "message_templates",
    metadata,
    name_of("id", primary_key=True),
    workspace_of_record(),
    name_of("name"),
    Column("current_version", Integer, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    UniqueConstraint("workspace_id", "name"),
)

message_template_versions = Table(
    "message_template_versions",
    metadata,
    Column("template_id", Text(collation="C"), ForeignKey("message_templates.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    workspace_of_record(),
    text("subject"),
    text("text"),
    text("html", nullable=True),
    json("inputs"),
    name_of("created_by"),
    moment("created_at"),
    PrimaryKeyConstraint("template_id", "number"),
)

conversations = Table(
    "conversations",
    metadata,
    name_of("id", primary_key=True),
    workspace_of_record(),
    text("title"),
    name_of("state"),
    name_of("workflow_id", nullable=True),
    name_of("started_by"),
    moment("created_at"),
    moment("updated_at"),
    Index("conversations_workspace_id_idx", "workspace_id", "id"),
)

conversation_messages = Table(
    "conversation_messages",
    metadata,
    Column("conversation_id", Text(collation="C"), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    workspace_of_record(),
    name_of("role"),
    sealed("body", nullable=False),
    moment("at"),
    PrimaryKeyConstraint("conversation_id", "number"),
    CheckConstraint("role IN ('user', 'assistant', 'system')", name="role"),
)
