-- The first shape of the store. Ids are UUIDv7 or the caller's names, compared by their bytes.

CREATE TABLE blobs (
    workspace_id text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    size bigint NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT blobs_pkey PRIMARY KEY (workspace_id, digest)
);

CREATE TABLE effects (
    execution_id text COLLATE "C" NOT NULL,
    primitive text COLLATE "C" NOT NULL,
    path text COLLATE "C" NOT NULL,
    call integer NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    effect text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    input_digest text COLLATE "C" NOT NULL,
    output bytea,
    attempts integer NOT NULL,
    reserved_at timestamptz NOT NULL,
    settled_at timestamptz,
    CONSTRAINT effects_pkey PRIMARY KEY (execution_id, primitive, path, call),
    CONSTRAINT effects_state_check CHECK (state IN ('reserved', 'recorded', 'released', 'in_doubt'))
);

CREATE TABLE execution_events (
    execution_id text COLLATE "C" NOT NULL,
    first integer NOT NULL,
    last integer NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    CONSTRAINT execution_events_pkey PRIMARY KEY (execution_id, first)
);

CREATE TABLE journal (
    execution_id text COLLATE "C" NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    workflow_id text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    workflow_version integer NOT NULL,
    plan_digest text COLLATE "C" NOT NULL,
    mode text COLLATE "C" NOT NULL,
    trigger text COLLATE "C" NOT NULL,
    payload bytea,
    clock timestamptz NOT NULL,
    seed bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    lease_owner text COLLATE "C",
    lease_epoch integer NOT NULL,
    lease_until timestamptz,
    outputs bytea,
    CONSTRAINT journal_pkey PRIMARY KEY (execution_id),
    CONSTRAINT journal_state_check CHECK (state IN ('accepted', 'started', 'done')),
    CONSTRAINT journal_workspace_id_workflow_id_event_id_key UNIQUE (workspace_id, workflow_id, event_id)
);
CREATE INDEX journal_lease_until_idx ON journal (lease_until) WHERE state <> 'done';

CREATE TABLE plans (
    workspace_id text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT plans_pkey PRIMARY KEY (workspace_id, digest)
);

CREATE TABLE workflow_executions (
    id text COLLATE "C" NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    workflow_id text COLLATE "C" NOT NULL,
    workflow_version integer NOT NULL,
    plan_digest text COLLATE "C" NOT NULL,
    mode text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    trigger text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    rerun_of text COLLATE "C",
    parent_id text COLLATE "C",
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    input bytea,
    output bytea,
    error bytea,
    unmet bytea,
    handled bytea,
    event_count integer NOT NULL,
    events bytea,
    CONSTRAINT workflow_executions_pkey PRIMARY KEY (id)
);
CREATE INDEX idx_workflow_executions_workflow_id ON workflow_executions (workflow_id);
CREATE INDEX workflow_executions_workspace_id_idx ON workflow_executions (workspace_id, id);
CREATE INDEX workflow_executions_status_idx ON workflow_executions (workspace_id, status, id) WHERE status <> 'succeeded';

CREATE TABLE workspaces (
    id text COLLATE "C" NOT NULL,
    slug text COLLATE "C" NOT NULL,
    title text NOT NULL,
    settings jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT workspaces_pkey PRIMARY KEY (id),
    CONSTRAINT workspaces_slug_key UNIQUE (slug)
);

CREATE TABLE api_keys (
    id text COLLATE "C" NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    prefix text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    scopes text[] NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (id),
    CONSTRAINT api_keys_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE,
    CONSTRAINT api_keys_digest_key UNIQUE (digest)
);
CREATE INDEX api_keys_workspace_id_idx ON api_keys (workspace_id, created_at);

CREATE TABLE audit_log (
    id text COLLATE "C" NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    who text COLLATE "C" NOT NULL,
    what text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    details jsonb NOT NULL,
    request_id text COLLATE "C",
    at timestamptz NOT NULL,
    CONSTRAINT audit_log_pkey PRIMARY KEY (id),
    CONSTRAINT audit_log_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);
CREATE INDEX audit_log_workspace_id_idx ON audit_log (workspace_id, id);

CREATE TABLE connections (
    id text COLLATE "C" NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    service text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    description text NOT NULL,
    config jsonb NOT NULL,
    credentials_type text COLLATE "C" NOT NULL,
    secret text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    tested_at timestamptz,
    test_passed boolean,
    test_message text,
    CONSTRAINT connections_pkey PRIMARY KEY (id),
    CONSTRAINT connections_workspace_id_name_key UNIQUE (workspace_id, name),
    CONSTRAINT connections_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE TABLE conversations (
    id text COLLATE "C" NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    title text NOT NULL,
    state text COLLATE "C" NOT NULL,
    workflow_id text COLLATE "C",
    started_by text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT conversations_pkey PRIMARY KEY (id),
    CONSTRAINT conversations_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);
CREATE INDEX conversations_workspace_id_idx ON conversations (workspace_id, id);

CREATE TABLE data_keys (
    workspace_id text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    master_id text COLLATE "C" NOT NULL,
    wrapped bytea NOT NULL,
    current boolean NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT data_keys_pkey PRIMARY KEY (workspace_id, number),
    CONSTRAINT data_keys_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX data_keys_current_idx ON data_keys (workspace_id) WHERE current;

CREATE TABLE idempotency_keys (
    workspace_id text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    request_digest text COLLATE "C" NOT NULL,
    status integer,
    answer bytea,
    created_at timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (workspace_id, key),
    CONSTRAINT idempotency_keys_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);

CREATE TABLE message_templates (
    id text COLLATE "C" NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    current_version integer NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT message_templates_pkey PRIMARY KEY (id),
    CONSTRAINT message_templates_workspace_id_name_key UNIQUE (workspace_id, name),
    CONSTRAINT message_templates_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE TABLE notices (
    id text COLLATE "C" NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    execution_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT notices_pkey PRIMARY KEY (id),
    CONSTRAINT notices_execution_id_kind_key UNIQUE (execution_id, kind),
    CONSTRAINT notices_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE TABLE secrets (
    id text COLLATE "C" NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL,
    rotated_at timestamptz NOT NULL,
    CONSTRAINT secrets_pkey PRIMARY KEY (id),
    CONSTRAINT secrets_workspace_id_name_key UNIQUE (workspace_id, name),
    CONSTRAINT secrets_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE TABLE turned_away (
    workspace_id text COLLATE "C" NOT NULL,
    workflow_id text COLLATE "C" NOT NULL,
    trigger text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    day date NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT turned_away_pkey PRIMARY KEY (workspace_id, workflow_id, trigger, reason, day),
    CONSTRAINT turned_away_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE TABLE workflows (
    id text COLLATE "C" NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    description text NOT NULL,
    status text COLLATE "C" NOT NULL,
    current_version integer NOT NULL,
    active_version integer,
    owner text COLLATE "C" NOT NULL,
    settings jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT workflows_pkey PRIMARY KEY (id),
    CONSTRAINT workflows_status_check CHECK (status IN ('draft', 'active', 'paused', 'archived')),
    CONSTRAINT workflows_workspace_id_name_key UNIQUE (workspace_id, name),
    CONSTRAINT workflows_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);
CREATE INDEX idx_workflows_status_updated ON workflows (status, updated_at);
CREATE INDEX workflows_workspace_id_idx ON workflows (workspace_id, updated_at, id);

CREATE TABLE conversation_messages (
    conversation_id text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    role text COLLATE "C" NOT NULL,
    body bytea NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT conversation_messages_pkey PRIMARY KEY (conversation_id, number),
    CONSTRAINT conversation_messages_role_check CHECK (role IN ('user', 'assistant', 'system')),
    CONSTRAINT conversation_messages_conversation_id_fkey FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT conversation_messages_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE TABLE hooks (
    id text COLLATE "C" NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    path text COLLATE "C" NOT NULL,
    method text COLLATE "C" NOT NULL,
    workflow_id text COLLATE "C" NOT NULL,
    workflow_version integer NOT NULL,
    trigger text COLLATE "C" NOT NULL,
    token text COLLATE "C",
    auth jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT hooks_pkey PRIMARY KEY (id),
    CONSTRAINT hooks_workspace_id_path_method_key UNIQUE (workspace_id, path, method),
    CONSTRAINT hooks_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE,
    CONSTRAINT hooks_workflow_id_fkey FOREIGN KEY(workflow_id) REFERENCES workflows (id) ON DELETE CASCADE
);
CREATE INDEX hooks_workflow_id_idx ON hooks (workflow_id);

CREATE TABLE message_template_versions (
    template_id text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    subject text NOT NULL,
    text text NOT NULL,
    html text,
    inputs jsonb NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT message_template_versions_pkey PRIMARY KEY (template_id, number),
    CONSTRAINT message_template_versions_template_id_fkey FOREIGN KEY(template_id) REFERENCES message_templates (id) ON DELETE CASCADE,
    CONSTRAINT message_template_versions_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);

CREATE TABLE workflow_versions (
    workflow_id text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    workspace_id text COLLATE "C" NOT NULL,
    document jsonb NOT NULL,
    digest text COLLATE "C" NOT NULL,
    note text NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT workflow_versions_pkey PRIMARY KEY (workflow_id, number),
    CONSTRAINT workflow_versions_workflow_id_fkey FOREIGN KEY(workflow_id) REFERENCES workflows (id) ON DELETE CASCADE,
    CONSTRAINT workflow_versions_workspace_id_fkey FOREIGN KEY(workspace_id) REFERENCES workspaces (id) ON DELETE CASCADE
);
