"""What calls to models took, and nodes that a workspace wrote itself.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MINE = "workspace_id = current_setting('flov7.workspace', true)"


def upgrade() -> None:
    """The tables, each row its workspace's own."""
    op.execute("""
        CREATE TABLE model_calls (
            id TEXT COLLATE "C" NOT NULL,
            workspace_id TEXT COLLATE "C" NOT NULL,
            workflow_id TEXT COLLATE "C" NOT NULL,
            execution_id TEXT COLLATE "C" NOT NULL,
            step TEXT COLLATE "C" NOT NULL,
            place TEXT COLLATE "C" NOT NULL,
            agent TEXT NOT NULL,
            model TEXT COLLATE "C" NOT NULL,
            state TEXT COLLATE "C" NOT NULL,
            why TEXT NOT NULL,
            input_tokens BIGINT NOT NULL,
            output_tokens BIGINT NOT NULL,
            cached_tokens BIGINT NOT NULL,
            cost DOUBLE PRECISION NOT NULL,
            seconds DOUBLE PRECISION NOT NULL,
            at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT model_calls_pkey PRIMARY KEY (id),
            CONSTRAINT model_calls_state_check CHECK (state IN ('open', 'done', 'failed')),
            CONSTRAINT model_calls_workspace_id_fkey FOREIGN KEY(workspace_id)
                REFERENCES workspaces (id) ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX model_calls_workspace_id_at_idx ON model_calls (workspace_id, at)")
    op.execute("CREATE INDEX model_calls_execution_id_idx ON model_calls (execution_id)")
    op.execute("""
        CREATE TABLE custom_nodes (
            workspace_id TEXT COLLATE "C" NOT NULL,
            name TEXT COLLATE "C" NOT NULL,
            version INTEGER NOT NULL,
            state TEXT COLLATE "C" NOT NULL,
            about JSONB NOT NULL,
            code TEXT NOT NULL,
            tests TEXT NOT NULL,
            report JSONB NOT NULL,
            made_by TEXT COLLATE "C" NOT NULL,
            reviewed_by TEXT COLLATE "C",
            created_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT custom_nodes_pkey PRIMARY KEY (workspace_id, name, version),
            CONSTRAINT custom_nodes_state_check CHECK (state IN ('proposed', 'accepted', 'refused')),
            CONSTRAINT custom_nodes_workspace_id_fkey FOREIGN KEY(workspace_id)
                REFERENCES workspaces (id) ON DELETE CASCADE
        )
    """)
    for table in ("model_calls", "custom_nodes"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY workspace ON {table} TO flov7_app USING ({MINE}) WITH CHECK ({MINE})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO flov7_app")


def downgrade() -> None:
    """Gone, with what was spent and written."""
    op.execute("DROP TABLE custom_nodes")
    op.execute("DROP TABLE model_calls")
