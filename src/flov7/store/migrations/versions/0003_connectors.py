"""Connectors of workspaces, logins of connections, and leases for renewing a secret.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MINE = "workspace_id = current_setting('flov7.workspace', true)"


def upgrade() -> None:
    """The tables, and who may see what."""
    op.execute("""
        CREATE TABLE connectors (
            id TEXT COLLATE "C" NOT NULL,
            workspace_id TEXT COLLATE "C" NOT NULL,
            name TEXT COLLATE "C" NOT NULL,
            title TEXT NOT NULL,
            digest TEXT COLLATE "C" NOT NULL,
            source TEXT NOT NULL,
            about JSONB NOT NULL,
            entries JSONB NOT NULL,
            effects JSONB NOT NULL,
            kinds BYTEA NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT connectors_pkey PRIMARY KEY (id),
            CONSTRAINT connectors_workspace_id_name_key UNIQUE (workspace_id, name),
            CONSTRAINT connectors_workspace_id_fkey FOREIGN KEY(workspace_id)
                REFERENCES workspaces (id) ON DELETE CASCADE
        )
    """)
    op.execute("""
        CREATE TABLE connection_logins (
            id TEXT COLLATE "C" NOT NULL,
            workspace_id TEXT COLLATE "C" NOT NULL,
            connection TEXT COLLATE "C" NOT NULL,
            key_id TEXT COLLATE "C" NOT NULL,
            body BYTEA NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE NOT NULL,
            expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT connection_logins_pkey PRIMARY KEY (id),
            CONSTRAINT connection_logins_workspace_id_fkey FOREIGN KEY(workspace_id)
                REFERENCES workspaces (id) ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX connection_logins_expires_at_idx ON connection_logins (expires_at)")
    op.execute("ALTER TABLE secrets ADD COLUMN renewing_until TIMESTAMP WITH TIME ZONE")
    for table in ("connectors", "connection_logins"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY workspace ON {table} TO flov7_app USING ({MINE}) WITH CHECK ({MINE})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO flov7_app")
    # The engine renews tokens; it neither makes nor names secrets.
    op.execute("GRANT UPDATE (body, rotated_at, renewing_until) ON secrets TO flov7_engine")


def downgrade() -> None:
    """Gone, with what was imported; connections stay."""
    op.execute("REVOKE UPDATE (body, rotated_at, renewing_until) ON secrets FROM flov7_engine")
    op.execute("ALTER TABLE secrets DROP COLUMN renewing_until")
    op.execute("DROP TABLE connection_logins")
    op.execute("DROP TABLE connectors")
