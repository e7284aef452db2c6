"""One metadata, and the few kinds of column that all tables are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, DateTime, ForeignKey, LargeBinary, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)


def name_of(name: str, **more: Any) -> Column[Any]:
    """An id or a name: text compared by its bytes, so that order and speed do not depend on the server's locale."""
    more.setdefault("nullable", False)
    return Column(name, Text(collation="C"), **more)


def text(name: str, **more: Any) -> Column[Any]:
    """Words."""
    more.setdefault("nullable", False)
    return Column(name, Text, **more)


def moment(name: str, **more: Any) -> Column[Any]:
    """A point in time, with its zone."""
    more.setdefault("nullable", False)
    return Column(name, DateTime(timezone=True), **more)


def json(name: str, **more: Any) -> Column[Any]:
    """A JSON value that may be read in the clear."""
    more.setdefault("nullable", False)
    return Column(name, JSONB, **more)


def sealed(name: str, **more: Any) -> Column[Any]:
    """Bytes that only the workspace's data key opens (`flov7.store.vault`)."""
    more.setdefault("nullable", True)
    return Column(name, LargeBinary, **more)


def workspace(**more: Any) -> Column[Any]:
    """Whose row it is; row-level security compares this column."""
    return name_of("workspace_id", **more)


def workspace_of_record(**more: Any) -> Column[Any]:
    """As `workspace`, with a foreign key: for rows that are not written a thousand times a second."""
    return Column(
        "workspace_id",
        Text(collation="C"),
        ForeignKey("workspaces.id", ondelete="CASCADE"),
        nullable=False,
        **more,
    )
