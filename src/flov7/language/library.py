"""What a workspace offers to a document by name: message templates, workflows, connections, a plan's limits."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from flov7.language.catalogue import Catalogue, Shelf


class MessageTemplate(BaseModel):
    """A message template's version: texts with `{{ }}` and the names that they take."""

    model_config = ConfigDict(frozen=True)
    name: str
    version: int = 1
    subject: str = ""
    text: str = ""
    html: str | None = None
    inputs: tuple[str, ...] = ()


class KnownWorkflow(BaseModel):
    """Another workflow of the workspace, at the version that is current now."""

    model_config = ConfigDict(frozen=True)
    name: str
    workflow_id: str
    version: int
    plan: str
    inputs: dict[str, Any] | None = None


class KnownConnection(BaseModel):
    """A connection that is kept in the workspace."""

    model_config = ConfigDict(frozen=True)
    name: str
    kind: str
    service: str


class Library(BaseModel):
    """All of it; `None` in place of a library means: cannot be looked up here, so open names are warnings."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)
    templates: dict[str, MessageTemplate] = {}
    workflows: dict[str, KnownWorkflow] = {}
    connections: dict[str, KnownConnection] = {}
    default_mail: bool = False
    told: tuple[str, ...] = Field(
        default=(), exclude=True, description="Who hears of failed runs, by the workspace's alerts."
    )
    max_primitives: int | None = None
    shelves: tuple[Shelf, ...] = Field(default=(), exclude=True, description="Connectors that the workspace made.")

    def catalogue(self, base: Catalogue) -> Catalogue:
        """The kinds of the installation, and those of the workspace."""
        return base.with_shelves(self.shelves)
