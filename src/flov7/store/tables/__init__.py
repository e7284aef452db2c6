"""The tables, by noun. The migrations make them; a test holds both alike."""

from __future__ import annotations

from flov7.store.tables.base import metadata
from flov7.store.tables.connectors import connection_logins, connectors
from flov7.store.tables.listening import subscriptions
from flov7.store.tables.market import published_templates, template_ratings
from flov7.store.tables.memory import kept_value_calls, kept_values
from flov7.store.tables.models import custom_nodes, model_calls
from flov7.store.tables.people import api_keys, audit_log, idempotency_keys, notices, turned_away, workspaces
from flov7.store.tables.runs import blobs, effects, execution_events, journal, plans, workflow_executions
from flov7.store.tables.secrets import connections, data_keys, secrets
from flov7.store.tables.talk import (
    conversation_messages,
    conversations,
    message_template_versions,
    message_templates,
)
from flov7.store.tables.workflows import hooks, workflow_versions, workflows

__all__ = [
    "api_keys",
    "audit_log",
    "blobs",
    "connection_logins",
    "connections",
    "connectors",
    "conversation_messages",
    "conversations",
    "custom_nodes",
    "data_keys",
    "effects",
    "execution_events",
    "hooks",
    "idempotency_keys",
    "journal",
    "kept_value_calls",
    "kept_values",
    "message_template_versions",
    "message_templates",
    "metadata",
    "model_calls",
    "notices",
    "plans",
    "published_templates",
    "secrets",
    "subscriptions",
    "template_ratings",
    "turned_away",
    "workflow_executions",
    "workflow_versions",
    "workflows",
    "workspaces",
]
