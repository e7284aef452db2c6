"""What workflows remember between runs.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MINE = "workspace_id = current_setting('flov7.workspace', true)"
TABLES = ("kept_values", "kept_value_calls")


def upgrade() -> None:
    """The tables, and who may see what."""
    op.execute("""
        CREATE TABLE kept_values (
            workspace_id TEXT COLLATE "C" NOT NULL,
            workflow_id TEXT COLLATE "C" NOT NULL,
            name TEXT COLLATE "C" NOT NULL,
            value BYTEA NOT NULL,
            changes BIGINT NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT kept_values_pkey PRIMARY KEY (workspace_id, workflow_id, name),
            CONSTRAINT kept_values_workspace_id_fkey FOREIGN KEY(workspace_id)
                REFERENCES workspaces (id) ON DELETE CASCADE
        )
    """)
    op.execute("""
        CREATE TABLE kept_value_calls (
            workspace_id TEXT COLLATE "C" NOT NULL,
            call TEXT COLLATE "C" NOT NULL,
            output BYTEA NOT NULL,
            at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT kept_value_calls_pkey PRIMARY KEY (workspace_id, call),
            CONSTRAINT kept_value_calls_workspace_id_fkey FOREIGN KEY(workspace_id)
                REFERENCES workspaces (id) ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX kept_value_calls_at_idx ON kept_value_calls (at)")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY workspace ON {table} TO flov7_app USING ({MINE}) WITH CHECK ({MINE})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO flov7_app")


def downgrade() -> None:
    """Gone, with what was remembered."""
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
