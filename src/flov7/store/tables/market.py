"""Templates that a workspace publishes, every version of each, and what people think of them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, PrimaryKeyConstraint, Table
from sqlalchemy import text as sql

from flov7.store.tables.base import json, metadata, moment, name_of, workspace_of_record

published_templates = Table(
    "published_templates",
    metadata,
    workspace_of_record(),
    name_of("slug"),
    Column("version", Integer, nullable=False),
    name_of("state"),
    # In the clear: a template that is accepted is read by every workspace.
    json("body"),
    name_of("published_by"),
    name_of("reviewed_by", nullable=True),
    moment("created_at"),
    PrimaryKeyConstraint("workspace_id", "slug", "version"),
    CheckConstraint("state IN ('workspace', 'proposed', 'community', 'refused')", name="state"),
    Index("published_templates_community_idx", "slug", postgresql_where=sql("state = 'community'")),
)

template_ratings = Table(
    "template_ratings",
    metadata,
    workspace_of_record(),
    name_of("slug"),
    name_of("rated_by"),
    Column("stars", Integer, nullable=False),
    moment("rated_at"),
    PrimaryKeyConstraint("workspace_id", "slug", "rated_by"),
    CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
)
