"""The first tables, their row-level security, and the trigger that keeps versions as they were.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MINE = "workspace_id = current_setting('flov7.workspace', true)"
ALL = "SELECT, INSERT, UPDATE, DELETE"
ONCE = "SELECT, INSERT"
READ = "SELECT"

# table: (what the app may, what the engine may; the engine sees every workspace)
RIGHTS: dict[str, tuple[str, str]] = {
    "api_keys": (ALL, ""),
    "audit_log": (ONCE, ONCE),
    "blobs": (ALL, ALL),
    "connections": (ALL, READ),
    "conversation_messages": (ALL, ""),
    "conversations": (ALL, ""),
    "data_keys": (ALL, "SELECT, INSERT, UPDATE"),
    "effects": (ALL, ALL),
    "execution_events": (ALL, ALL),
    "hooks": (ALL, READ),
    "idempotency_keys": (ALL, ""),
    "journal": (ALL, ALL),
    "message_template_versions": (ONCE, READ),
    "message_templates": (ALL, READ),
    "notices": (ALL, ALL),
    "plans": (ALL, ALL),
    "secrets": (ALL, READ),
    "turned_away": (ALL, ALL),
    "workflow_executions": (ALL, ALL),
    "workflow_versions": (ONCE, READ),
    "workflows": (ALL, READ),
}

KEEP = """
CREATE FUNCTION flov7_keep_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Depth 2 is the cascade of a whole workflow's or workspace's end; nothing else may touch a version.
    IF TG_OP = 'DELETE' AND pg_trigger_depth() > 1 THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'a version is immutable once saved' USING ERRCODE = 'restrict_violation';
END $$
"""


def upgrade() -> None:
    """Tables first, then who may see what."""
    text = Path(__file__).with_suffix(".sql").read_text()
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(statement)
    op.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    op.execute("GRANT USAGE ON SCHEMA public TO flov7_app, flov7_engine")
    for table, (app, engine) in RIGHTS.items():
        _guard(table, mine=MINE, app=app, engine=engine)
    _guard("workspaces", mine="id = current_setting('flov7.workspace', true)", app=ALL, engine=READ)
    # Before anyone knows the workspace, a key is found by its digest and an address by its slug: who has the word
    # sees that one row.
    op.execute(
        "CREATE POLICY by_digest ON api_keys FOR SELECT TO flov7_app "
        "USING (digest = current_setting('flov7.key_digest', true))"
    )
    op.execute(
        "CREATE POLICY by_slug ON workspaces FOR SELECT TO flov7_app "
        "USING (slug = current_setting('flov7.slug', true))"
    )
    op.execute(KEEP)
    for table in ("workflow_versions", "message_template_versions"):
        op.execute(
            f"CREATE TRIGGER keep_version BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION flov7_keep_version()"
        )


def downgrade() -> None:
    """Everything goes, data too."""
    for table in ("workspaces", *RIGHTS):
        op.execute(f"DROP TABLE {table} CASCADE")
    op.execute("DROP FUNCTION flov7_keep_version")


def _guard(table: str, *, mine: str, app: str, engine: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY workspace ON {table} TO flov7_app USING ({mine}) WITH CHECK ({mine})")
    op.execute(f"GRANT {app} ON {table} TO flov7_app")
    if engine:
        op.execute(f"CREATE POLICY engine ON {table} TO flov7_engine USING (true) WITH CHECK (true)")
        op.execute(f"GRANT {engine} ON {table} TO flov7_engine")
