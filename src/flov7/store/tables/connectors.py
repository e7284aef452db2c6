"""Connectors that a workspace made of documents, and connections that a person is about to allow."""

from __future__ import annotations

from sqlalchemy import Index, Table, UniqueConstraint

from flov7.store.tables.base import json, metadata, moment, name_of, sealed, text, workspace_of_record

connectors = Table(
    "connectors",
    metadata,
    name_of("id", primary_key=True),
    workspace_of_record(),
    name_of("name"),
    text("title"),
    name_of("digest"),
    text("source"),
    json("about"),
    json("entries"),
    json("effects"),
    sealed("kinds", nullable=False),
    moment("created_at"),
    moment("updated_at"),
    UniqueConstraint("workspace_id", "name"),
)

connection_logins = Table(
    "connection_logins",
    metadata,
    name_of("id", primary_key=True),
    workspace_of_record(),
    name_of("connection"),
    name_of("key_id"),
    sealed("body", nullable=False),
    moment("created_at"),
    moment("expires_at"),
    Index("connection_logins_expires_at_idx", "expires_at"),
)
