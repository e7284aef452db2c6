"""What workflows remember between runs, and which calls have changed it already."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table

from flov7.store.tables.base import metadata, moment, name_of, sealed, workspace_of_record

kept_values = Table(
    "kept_values",
    metadata,
    workspace_of_record(primary_key=True),
    # Empty where the value belongs to the workspace.
    name_of("workflow_id", primary_key=True),
    name_of("name", primary_key=True),
    sealed("value", nullable=False),
    Column("changes", BigInteger, nullable=False),
    moment("updated_at"),
)

kept_value_calls = Table(
    "kept_value_calls",
    metadata,
    workspace_of_record(primary_key=True),
    name_of("call", primary_key=True),
    sealed("output", nullable=False),
    moment("at"),
    Index("kept_value_calls_at_idx", "at"),
)
