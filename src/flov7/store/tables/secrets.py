"""Connections to the outside, their secrets, and the keys that seal everything."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy import text as sql

from flov7.store.tables.base import json, metadata, moment, name_of, sealed, text, workspace_of_record

connections = Table(
    "connections",
    metadata,
    name_of("id", primary_key=True),
    workspace_of_record(),
    name_of("name"),
    name_of("service"),
    name_of("kind"),
    text("description"),
    json("config"),
    name_of("credentials_type"),
    name_of("secret"),
    moment("created_at"),
    moment("updated_at"),
    moment("tested_at", nullable=True),
    Column("test_passed", Boolean, nullable=True),
    text("test_message", nullable=True),
    UniqueConstraint("workspace_id", "name"),
)

secrets = Table(
    "secrets",
    metadata,
    name_of("id", primary_key=True),
    workspace_of_record(),
    name_of("name"),
    sealed("body", nullable=False),
    moment("created_at"),
    moment("rotated_at"),
    moment("renewing_until", nullable=True),
    UniqueConstraint("workspace_id", "name"),
)

data_keys = Table(
    "data_keys",
    metadata,
    workspace_of_record(),
    Column("number", Integer, nullable=False),
    name_of("master_id"),
    Column("wrapped", LargeBinary, nullable=False),
    Column("current", Boolean, nullable=False),
    moment("created_at"),
    PrimaryKeyConstraint("workspace_id", "number"),
    Index("data_keys_current_idx", "workspace_id", unique=True, postgresql_where=sql("current")),
)
