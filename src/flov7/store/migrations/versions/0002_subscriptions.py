"""What waits for the outside.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MINE = "workspace_id = current_setting('flov7.workspace', true)"


def upgrade() -> None:
    """The table, and who may see what."""
    op.execute("""
        CREATE TABLE subscriptions (
            id TEXT COLLATE "C" NOT NULL,
            workspace_id TEXT COLLATE "C" NOT NULL,
            workflow_id TEXT COLLATE "C" NOT NULL,
            workflow_version INTEGER NOT NULL,
            plan_digest TEXT COLLATE "C" NOT NULL,
            trigger TEXT COLLATE "C" NOT NULL,
            kind TEXT COLLATE "C" NOT NULL,
            source TEXT COLLATE "C" NOT NULL,
            config BYTEA NOT NULL,
            state BYTEA,
            ending BOOLEAN NOT NULL,
            status TEXT COLLATE "C" NOT NULL,
            error JSONB,
            attempts INTEGER NOT NULL,
            delivered BIGINT NOT NULL,
            delivered_at TIMESTAMP WITH TIME ZONE,
            again_at TIMESTAMP WITH TIME ZONE NOT NULL,
            lease_owner TEXT COLLATE "C",
            lease_epoch INTEGER NOT NULL,
            lease_until TIMESTAMP WITH TIME ZONE,
            created_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT subscriptions_pkey PRIMARY KEY (id),
            CONSTRAINT subscriptions_status_check CHECK (status IN ('waiting', 'listening', 'failing')),
            CONSTRAINT subscriptions_workspace_id_fkey FOREIGN KEY(workspace_id)
                REFERENCES workspaces (id) ON DELETE CASCADE
        )
    """)
    op.execute(
        "CREATE UNIQUE INDEX subscriptions_live_idx ON subscriptions (workspace_id, workflow_id, trigger) "
        "WHERE NOT ending"
    )
    op.execute("CREATE INDEX subscriptions_again_at_idx ON subscriptions (again_at)")
    op.execute("ALTER TABLE subscriptions ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE subscriptions FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY workspace ON subscriptions TO flov7_app USING ({MINE}) WITH CHECK ({MINE})")
    op.execute("CREATE POLICY engine ON subscriptions TO flov7_engine USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON subscriptions TO flov7_app, flov7_engine")


def downgrade() -> None:
    """Gone, with what was remembered."""
    op.execute("DROP TABLE subscriptions")
