"""Published templates and their ratings.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MINE = "workspace_id = current_setting('flov7.workspace', true)"


def upgrade() -> None:
    """The tables; what the community has accepted can be read by every workspace, and changed by its own alone."""
    op.execute("""
        CREATE TABLE published_templates (
            workspace_id TEXT COLLATE "C" NOT NULL,
            slug TEXT COLLATE "C" NOT NULL,
            version INTEGER NOT NULL,
            state TEXT COLLATE "C" NOT NULL,
            body JSONB NOT NULL,
            published_by TEXT COLLATE "C" NOT NULL,
            reviewed_by TEXT COLLATE "C",
            created_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT published_templates_pkey PRIMARY KEY (workspace_id, slug, version),
            CONSTRAINT published_templates_state_check
                CHECK (state IN ('workspace', 'proposed', 'community', 'refused')),
            CONSTRAINT published_templates_workspace_id_fkey FOREIGN KEY(workspace_id)
                REFERENCES workspaces (id) ON DELETE CASCADE
        )
    """)
    op.execute("CREATE INDEX published_templates_community_idx ON published_templates (slug) WHERE state = 'community'")
    op.execute("""
        CREATE TABLE template_ratings (
            workspace_id TEXT COLLATE "C" NOT NULL,
            slug TEXT COLLATE "C" NOT NULL,
            rated_by TEXT COLLATE "C" NOT NULL,
            stars INTEGER NOT NULL,
            rated_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT template_ratings_pkey PRIMARY KEY (workspace_id, slug, rated_by),
            CONSTRAINT template_ratings_stars_check CHECK (stars BETWEEN 1 AND 5),
            CONSTRAINT template_ratings_workspace_id_fkey FOREIGN KEY(workspace_id)
                REFERENCES workspaces (id) ON DELETE CASCADE
        )
    """)
    for table in ("published_templates", "template_ratings"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY workspace ON {table} TO flov7_app USING ({MINE}) WITH CHECK ({MINE})")
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO flov7_app")
    op.execute(
        "CREATE POLICY community ON published_templates FOR SELECT TO flov7_app "
        "USING (state = 'community' AND NULLIF(current_setting('flov7.workspace', true), '') IS NOT NULL)"
    )


def downgrade() -> None:
    """Gone, with what was published."""
    op.execute("DROP TABLE template_ratings")
    op.execute("DROP TABLE published_templates")
