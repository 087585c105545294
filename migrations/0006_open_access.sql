-- Access for people and machines: kinds of users, groups, scoped tokens, signing keys, providers, and the audit chains.

ALTER TABLE users
    ADD kind     text    NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service')),
    ADD disabled boolean NOT NULL DEFAULT false,
    -- Who vouches for the person, and under which name; null for local accounts.
    ADD provider text,
    ADD subject  text,
    ADD CONSTRAINT users_subject UNIQUE (provider, subject),
    ADD CONSTRAINT users_vouched CHECK ((provider IS NULL) = (subject IS NULL));
-- None: no login with a password.
ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;

-- A group is its name. The source is 'local', or the provider whose claims say so.
CREATE TABLE group_members (
    group_name text NOT NULL,
    user_id    uuid NOT NULL REFERENCES users,
    source     text NOT NULL DEFAULT 'local',
    PRIMARY KEY (group_name, user_id, source)
);
CREATE INDEX group_members_user ON group_members (user_id);

-- A grant is held by a user or a group; those of a token are its scope, which narrows what its owner may.
ALTER TABLE grants ALTER COLUMN user_id DROP NOT NULL;
ALTER TABLE grants ALTER COLUMN role DROP NOT NULL;
ALTER TABLE grants
    ADD group_name text,
    ADD token_id   uuid REFERENCES tokens ON DELETE CASCADE,
    ADD actions    text[],
    ADD CONSTRAINT grants_subject CHECK (num_nonnulls(user_id, group_name, token_id) = 1),
    ADD CONSTRAINT grants_allowance CHECK (num_nonnulls(role, actions) = 1);

ALTER TABLE tokens
    ADD scoped       boolean NOT NULL DEFAULT false,
    ADD last_used_at timestamptz,
    -- Where a session was opened, for whoever lists it.
    ADD address      text,
    ADD agent        text;

-- Names the store in the tokens that it signs. A copy that is restored elsewhere has the same name, and the same keys.
ALTER TABLE head ADD store_id uuid NOT NULL DEFAULT gen_random_uuid();

-- Keys of the short-lived tokens. The private part is sealed by the master key.
CREATE TABLE signing_keys (
    id             text PRIMARY KEY,
    public_key     bytea NOT NULL CHECK (length(public_key) = 32),
    sealed         bytea NOT NULL,
    created_at     timestamptz NOT NULL,
    signs_from     timestamptz NOT NULL,
    verifies_until timestamptz
);

-- OpenID providers that people log in at.
CREATE TABLE identity_providers (
    name          text PRIMARY KEY,
    issuer        text NOT NULL,
    client_id     text NOT NULL,
    sealed_secret bytea,
    scopes        text[] NOT NULL,
    name_claim    text NOT NULL,
    groups_claim  text,
    groups        jsonb NOT NULL
);

-- Issuers whose tokens machines exchange for ours.
CREATE TABLE trusted_issuers (
    name     text PRIMARY KEY,
    issuer   text NOT NULL CONSTRAINT trusted_issuers_issuer UNIQUE,
    audience text NOT NULL,
    keys     jsonb,
    keys_url text,
    rules    jsonb NOT NULL,
    CONSTRAINT trusted_issuers_keys CHECK (num_nonnulls(keys, keys_url) = 1)
);

-- Codes that a browser hands to `pintle login`; only their hash is kept.
CREATE TABLE login_codes (
    hash       bytea PRIMARY KEY CHECK (length(hash) = 32),
    user_id    uuid NOT NULL REFERENCES users,
    challenge  text NOT NULL,
    expires_at timestamptz NOT NULL
);

-- What happened. The hash of a row covers the hash of its predecessor and the body, byte for byte; the columns that are
-- searched are made from the body.
CREATE TABLE audit (
    chain       text   NOT NULL,
    seq         bigint NOT NULL,
    body        text   NOT NULL,
    previous    bytea  NOT NULL CHECK (length(previous) = 32),
    hash        bytea  NOT NULL CHECK (length(hash) = 32),
    at          timestamptz NOT NULL,
    actor       text GENERATED ALWAYS AS (body::jsonb ->> 'actor') STORED,
    action      text GENERATED ALWAYS AS (body::jsonb ->> 'action') STORED,
    environment text GENERATED ALWAYS AS (body::jsonb ->> 'environment') STORED,
    namespace   text GENERATED ALWAYS AS (body::jsonb ->> 'namespace') STORED,
    target      text GENERATED ALWAYS AS (body::jsonb ->> 'target') STORED,
    revision    bigint GENERATED ALWAYS AS ((body::jsonb ->> 'revision')::bigint) STORED,
    PRIMARY KEY (chain, seq)
);
CREATE INDEX audit_at ON audit (at, chain, seq);
CREATE INDEX audit_actor ON audit (actor, at);
CREATE INDEX audit_action ON audit (action, at);
CREATE INDEX audit_namespace ON audit (environment, namespace, at);

-- The end of each chain, and where it begins after old rows were dropped.
CREATE TABLE audit_chains (
    chain      text PRIMARY KEY,
    seq        bigint NOT NULL,
    hash       bytea  NOT NULL CHECK (length(hash) = 32),
    floor_seq  bigint NOT NULL DEFAULT 0,
    floor_hash bytea  NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (length(floor_hash) = 32)
);
INSERT INTO audit_chains (chain, seq, hash) VALUES ('store', 0, decode(repeat('00', 32), 'hex'));

-- Appends rows to the chain of the store; the caller holds its lock.
CREATE FUNCTION append_audit(events jsonb[], happened timestamptz) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    link record;
    moment text := to_char(happened AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
    seqs bigint[] := '{}';
    bodies text[] := '{}';
    befores bytea[] := '{}';
    hashes bytea[] := '{}';
    event jsonb;
    body text;
BEGIN
    SELECT c.seq, c.hash INTO STRICT link FROM audit_chains c WHERE c.chain = 'store';
    FOREACH event IN ARRAY events LOOP
        link.seq := link.seq + 1;
        body := (event || jsonb_build_object('chain', 'store', 'seq', link.seq, 'at', moment))::text;
        seqs := seqs || link.seq;
        bodies := bodies || body;
        befores := befores || link.hash;
        link.hash := sha256(link.hash || convert_to(body, 'UTF8'));
        hashes := hashes || link.hash;
    END LOOP;
    INSERT INTO audit (chain, seq, body, previous, hash, at)
    SELECT 'store', r.seq, r.body, r.previous, r.hash, happened
    FROM unnest(seqs, bodies, befores, hashes) AS r(seq, body, previous, hash);
    UPDATE audit_chains SET seq = link.seq, hash = link.hash WHERE chain = 'store';
END
$$;

-- What access changed before it was chained.
DO $$
DECLARE
    old record;
BEGIN
    FOR old IN SELECT * FROM access_log ORDER BY number LOOP
        PERFORM append_audit(ARRAY[jsonb_build_object('action', old.action, 'actor', old.actor, 'target', old.subject,
                                                      'access', old.number)], old.at);
    END LOOP;
END
$$;

DROP FUNCTION create_first_admin(uuid, text, text, boolean);
DROP FUNCTION set_password(text, uuid, text, boolean);
DROP FUNCTION create_token(text, uuid, uuid, text, text, bytea, timestamptz);
DROP FUNCTION revoke_token(text, uuid, uuid);
DROP FUNCTION log_access(text, text, text);
DROP TABLE access_log;

-- Moves the access number, notes what happened and wakes the nodes; the caller holds the lock and makes the change itself.
CREATE FUNCTION move_access(events jsonb[], OUT number bigint, OUT happened timestamptz) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    moved head%ROWTYPE;
BEGIN
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    UPDATE head SET access = access + 1 RETURNING * INTO STRICT moved;
    number := moved.access;
    happened := clock_timestamp();
    PERFORM append_audit((SELECT array_agg(event || jsonb_build_object('access', moved.access) ORDER BY nth)
                          FROM unnest(events) WITH ORDINALITY AS e(event, nth)), happened);
    PERFORM pg_notify('pintle_head', format('%s.%s.%s', moved.epoch, moved.revision, moved.access));
END
$$;

-- Whoever holds something through these has seen other rights than from now on.
CREATE FUNCTION note_granted(who uuid, in_group text, by_token uuid) RETURNS void LANGUAGE sql VOLATILE AS $$
    UPDATE users SET granted_at = (SELECT revision FROM head)
    WHERE id = who
       OR id IN (SELECT m.user_id FROM group_members m WHERE m.group_name = in_group)
       OR id = (SELECT t.user_id FROM tokens t WHERE t.id = by_token)
$$;

-- The same for the users that the rules of an issuer put into groups.
CREATE FUNCTION note_ruled(of_issuer text) RETURNS void LANGUAGE sql VOLATILE AS $$
    UPDATE users SET granted_at = (SELECT revision FROM head)
    WHERE name IN (SELECT r->>'user' FROM trusted_issuers i, jsonb_array_elements(i.rules) r WHERE i.name = of_issuer)
$$;

-- Does one step of a change of access. `s` has the columns of what it makes, `happened` is its time.
CREATE FUNCTION change_access_step(op text, s jsonb, happened timestamptz) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    old grants%ROWTYPE;
BEGIN
    CASE op
    WHEN 'create_user' THEN
        INSERT INTO users (id, name, kind, password_hash, one_time, provider, subject, created_at)
        VALUES ((s->>'id')::uuid, s->>'name', s->>'kind', s->>'password_hash', (s->>'one_time')::boolean,
                s->>'provider', s->>'subject', happened);
    WHEN 'set_password' THEN
        -- With a new password every session of the user ends, but the one that changed it; API tokens stay.
        UPDATE users SET password_hash = s->>'password_hash', one_time = (s->>'one_time')::boolean
        WHERE id = (s->>'user_id')::uuid;
        DELETE FROM tokens
        WHERE user_id = (s->>'user_id')::uuid AND kind = 'session' AND id IS DISTINCT FROM (s->>'keep')::uuid;
    WHEN 'set_disabled' THEN
        UPDATE users SET disabled = (s->>'disabled')::boolean WHERE id = (s->>'user_id')::uuid;
        PERFORM note_granted((s->>'user_id')::uuid, NULL, NULL);
        IF (s->>'disabled')::boolean THEN
            DELETE FROM tokens WHERE user_id = (s->>'user_id')::uuid AND kind = 'session';
        END IF;
    WHEN 'add_member' THEN
        INSERT INTO group_members (group_name, user_id, source)
        VALUES (s->>'group_name', (s->>'user_id')::uuid, s->>'source') ON CONFLICT DO NOTHING;
        PERFORM note_granted((s->>'user_id')::uuid, NULL, NULL);
    WHEN 'remove_member' THEN
        DELETE FROM group_members
        WHERE group_name = s->>'group_name' AND user_id = (s->>'user_id')::uuid AND source = s->>'source';
        PERFORM note_granted((s->>'user_id')::uuid, NULL, NULL);
    WHEN 'grant' THEN
        INSERT INTO grants (id, user_id, group_name, token_id, role, actions, environment, namespace, key_prefix)
        VALUES ((s->>'id')::uuid, (s->>'user_id')::uuid, s->>'group_name', (s->>'token_id')::uuid, s->>'role',
                CASE WHEN s->'actions' IS NULL OR s->'actions' = 'null' THEN NULL
                     ELSE ARRAY(SELECT jsonb_array_elements_text(s->'actions')) END,
                s->>'environment', s->>'namespace', s->>'key_prefix');
        PERFORM note_granted((s->>'user_id')::uuid, s->>'group_name', (s->>'token_id')::uuid);
    WHEN 'revoke_grant' THEN
        DELETE FROM grants WHERE id = (s->>'id')::uuid RETURNING * INTO old;
        PERFORM note_granted(old.user_id, old.group_name, old.token_id);
    WHEN 'create_token' THEN
        DELETE FROM tokens WHERE expires_at < happened - interval '1 day';
        INSERT INTO tokens (id, user_id, name, kind, hash, scoped, address, agent, created_at, expires_at)
        VALUES ((s->>'id')::uuid, (s->>'user_id')::uuid, s->>'name', s->>'kind', decode(s->>'hash', 'hex'),
                (s->>'scoped')::boolean, s->>'address', s->>'agent', happened, (s->>'expires_at')::timestamptz);
    WHEN 'expire_token' THEN
        UPDATE tokens SET expires_at = least(expires_at, (s->>'expires_at')::timestamptz) WHERE id = (s->>'id')::uuid;
    WHEN 'revoke_token' THEN
        DELETE FROM tokens WHERE id = (s->>'id')::uuid;
    WHEN 'put_signing_key' THEN
        INSERT INTO signing_keys (id, public_key, sealed, created_at, signs_from, verifies_until)
        VALUES (s->>'id', decode(s->>'public_key', 'hex'), decode(s->>'sealed', 'hex'), happened,
                (s->>'signs_from')::timestamptz, (s->>'verifies_until')::timestamptz)
        ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed, verifies_until = excluded.verifies_until;
    WHEN 'delete_signing_key' THEN
        DELETE FROM signing_keys WHERE id = s->>'id';
    WHEN 'put_provider' THEN
        INSERT INTO identity_providers (name, issuer, client_id, sealed_secret, scopes, name_claim, groups_claim, groups)
        VALUES (s->>'name', s->>'issuer', s->>'client_id', decode(s->>'sealed_secret', 'hex'),
                ARRAY(SELECT jsonb_array_elements_text(s->'scopes')), s->>'name_claim', s->>'groups_claim', s->'groups')
        ON CONFLICT (name) DO UPDATE SET issuer = excluded.issuer, client_id = excluded.client_id,
            sealed_secret = excluded.sealed_secret, scopes = excluded.scopes, name_claim = excluded.name_claim,
            groups_claim = excluded.groups_claim, groups = excluded.groups;
    WHEN 'delete_provider' THEN
        DELETE FROM identity_providers WHERE name = s->>'name';
    WHEN 'put_issuer' THEN
        PERFORM note_ruled(s->>'name');
        INSERT INTO trusted_issuers (name, issuer, audience, keys, keys_url, rules)
        VALUES (s->>'name', s->>'issuer', s->>'audience', nullif(s->'keys', 'null'), s->>'keys_url', s->'rules')
        ON CONFLICT (name) DO UPDATE SET issuer = excluded.issuer, audience = excluded.audience, keys = excluded.keys,
            keys_url = excluded.keys_url, rules = excluded.rules;
        PERFORM note_ruled(s->>'name');
    WHEN 'delete_issuer' THEN
        PERFORM note_ruled(s->>'name');
        DELETE FROM trusted_issuers WHERE name = s->>'name';
    WHEN 'note' THEN
        -- Only the row in the audit.
        NULL;
    END CASE;
END
$$;

-- Changes access in one statement, if the access number is still the one that the caller judged at; none does not compare.
--   steps: [{op, event, …columns}]; event: {action, target, before?, after?, …}
--   context: {actor, token?, address?, request_id?}
-- Outcomes: changed; moved (others changed access: judge again); foreign (another database).
CREATE FUNCTION change_access(expected bigint, context jsonb, steps jsonb, OUT outcome text, OUT number bigint)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    h head%ROWTYPE := lock_own_head();
    step jsonb;
    moved record;
BEGIN
    IF h IS NULL THEN
        outcome := 'foreign';
        RETURN;
    END IF;
    IF expected IS NOT NULL AND expected <> h.access THEN
        outcome := 'moved';
        RETURN;
    END IF;
    SELECT * INTO moved
    FROM move_access((SELECT array_agg(context || (s.step->'event') ORDER BY s.nth)
                      FROM jsonb_array_elements(steps) WITH ORDINALITY AS s(step, nth)));
    FOR step IN SELECT * FROM jsonb_array_elements(steps) LOOP
        PERFORM change_access_step(step->>'op', step, moved.happened);
    END LOOP;
    number := moved.number;
    outcome := 'changed';
END
$$;

-- The first admin: may manage and publish everything. Does nothing when there is any user.
CREATE FUNCTION create_first_admin(user_id uuid, user_name text, hash text, is_one_time boolean, OUT created boolean)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    moved record;
BEGIN
    PERFORM lock_store();
    created := NOT EXISTS (SELECT FROM users);
    IF NOT created THEN
        RETURN;
    END IF;
    SELECT * INTO moved FROM move_access(ARRAY[jsonb_build_object(
        'action', 'create_user', 'actor', 'system', 'target', 'user:' || user_name,
        'after', jsonb_build_object('kind', 'person', 'grants', jsonb_build_array('admin', 'publisher')))]);
    INSERT INTO users (id, name, password_hash, one_time, created_at)
    VALUES (user_id, user_name, hash, is_one_time, moved.happened);
    INSERT INTO grants (id, user_id, role, environment, namespace, key_prefix)
    SELECT gen_random_uuid(), create_first_admin.user_id, role, '*', '*', ''
    FROM unnest(ARRAY['admin', 'publisher']) AS role;
END
$$;

-- A digest of a revision and what it changed, without contents. The attributes of an entry are its marks, which change when
-- it becomes secret; those of namespaces and environments are protection and never change.
CREATE FUNCTION changes_digest(of_revision bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(
        jsonb_build_array(r.revision, r.epoch, r.id, r.actor, r.message, r.kind, r.origin,
            (SELECT jsonb_agg(jsonb_build_array(c.ordinal, c.item, c.environment, c.namespace, c.key, c.deleted,
                                                c.format, c.previous,
                                                CASE WHEN c.item <> 'entry' THEN c.attributes END) ORDER BY c.ordinal)
             FROM changes c WHERE c.revision = r.revision))::text, 'UTF8')), 'hex')
    FROM revisions r WHERE r.revision = of_revision
$$;

-- What the audit says of revisions that were just appended. No content and no hash of one: they may become secret. The
-- digest covers what was changed and from which revision, so that a change of the history is found.
CREATE FUNCTION audit_of_revisions(of_epoch bigint, base bigint, sets jsonb) RETURNS jsonb[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(
        jsonb_strip_nulls(jsonb_build_object(
            'action', s.kind, 'actor', s.actor, 'token', s.token, 'address', s.address, 'request_id', s.request_id,
            'epoch', of_epoch, 'revision', base + s.offset, 'message', s.message, 'changed', c.count,
            'environment', c.environment, 'namespace', c.namespace, 'target', c.target,
            'before', c.previous, 'after', base + s.offset, 'digest', changes_digest(base + s.offset)))
        ORDER BY s.offset)
    FROM jsonb_to_recordset(sets) AS s("offset" bigint, actor text, token text, address text, message text, kind text, request_id text)
    CROSS JOIN LATERAL (
        SELECT count(*) AS count,
               CASE WHEN count(DISTINCT environment) = 1 THEN min(environment) END AS environment,
               CASE WHEN count(DISTINCT (environment, namespace)) = 1 THEN nullif(min(namespace), '') END AS namespace,
               (array_agg(concat_ws('/', environment, nullif(namespace, ''), nullif(key, '')) ORDER BY ordinal))[1]
                   || CASE WHEN count(*) > 1 THEN format(' and %s more', count(*) - 1) ELSE '' END AS target,
               (array_agg(previous ORDER BY ordinal))[1] AS previous
        FROM changes WHERE revision = base + s.offset) c
    WHERE s.offset > 0
$$;

UPDATE schema_level SET level = 6, oldest_level = 6;
