"""What calls to models took, and nodes that a workspace wrote itself."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Double, Index, Integer, PrimaryKeyConstraint, Table

from flov7.store.tables.base import json, metadata, moment, name_of, text, workspace_of_record

model_calls = Table(
    "model_calls",
    metadata,
    name_of("id", primary_key=True),
    workspace_of_record(),
    name_of("workflow_id"),
    name_of("execution_id"),
    name_of("step"),
    name_of("place"),
    text("agent"),
    name_of("model"),
    name_of("state"),
    text("why"),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("cost", Double, nullable=False),
    Column("seconds", Double, nullable=False),
    moment("at"),
    CheckConstraint("state IN ('open', 'done', 'failed')", name="state"),
    Index("model_calls_workspace_id_at_idx", "workspace_id", "at"),
    Index("model_calls_execution_id_idx", "execution_id"),
)

custom_nodes = Table(
    "custom_nodes",
    metadata,
    workspace_of_record(),
    name_of("name"),
    Column("version", Integer, nullable=False),
    name_of("state"),
    json("about"),
    text("code"),
    text("tests"),
    json("report"),
    name_of("made_by"),
    name_of("reviewed_by", nullable=True),
    moment("created_at"),
    PrimaryKeyConstraint("workspace_id", "name", "version"),
    CheckConstraint("state IN ('proposed', 'accepted', 'refused')", name="state"),
)
