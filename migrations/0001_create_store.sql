-- The store: one head, an append-only history, contents by hash. See docs/ARCHITECTURE.md.

-- What this schema is, and the oldest binary that may use it. Levels are numbers of migrations.
CREATE TABLE schema_level (
    one             boolean PRIMARY KEY DEFAULT true CHECK (one),
    level           integer NOT NULL,
    oldest_level    integer NOT NULL,
    oldest_release  text    NOT NULL
);
INSERT INTO schema_level (level, oldest_level, oldest_release) VALUES (1, 1, '0.1.0');

-- The one row that every commit moves, under the advisory lock.
CREATE TABLE head (
    one               boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch             bigint NOT NULL,
    revision          bigint NOT NULL,
    access            bigint NOT NULL,
    at                timestamptz NOT NULL,
    system_identifier text NOT NULL,
    timeline          text NOT NULL,
    table_oid         bigint NOT NULL
) WITH (fillfactor = 50);

-- Identity of the database that holds the head table: another system, timeline or table is another history.
CREATE FUNCTION store_identity(OUT system_identifier text, OUT timeline text, OUT table_oid bigint)
LANGUAGE sql VOLATILE AS $$
    SELECT (pg_control_system()).system_identifier::text,
           substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
           'head'::regclass::oid::bigint
$$;

CREATE TABLE epochs (
    epoch          bigint PRIMARY KEY,
    first_revision bigint NOT NULL,
    started_at     timestamptz NOT NULL,
    reason         text NOT NULL
);

-- An epoch is named by the second it starts in, so that no two histories ever share one.
WITH first AS (
    INSERT INTO epochs (epoch, first_revision, started_at, reason)
    VALUES (extract(epoch FROM clock_timestamp())::bigint, 1, clock_timestamp(), 'created')
    RETURNING epoch, started_at
)
INSERT INTO head (epoch, revision, access, at, system_identifier, timeline, table_oid)
SELECT first.epoch, 0, 0, first.started_at, i.system_identifier, i.timeline, i.table_oid
FROM first, store_identity() i;

CREATE TABLE contents (
    hash bytea PRIMARY KEY CHECK (length(hash) = 32),
    body bytea NOT NULL
);

CREATE TABLE revisions (
    revision   bigint PRIMARY KEY,
    epoch      bigint NOT NULL,
    id         uuid NOT NULL,
    at         timestamptz NOT NULL,
    actor      text NOT NULL,
    message    text NOT NULL,
    kind       text NOT NULL,
    request_id text NOT NULL,
    origin     jsonb NOT NULL
);
CREATE INDEX revisions_at ON revisions (at);
CREATE INDEX revisions_actor ON revisions (actor, revision);

-- What each revision changed. Namespace and key are empty where the item has none.
CREATE TABLE changes (
    revision    bigint NOT NULL REFERENCES revisions,
    ordinal     integer NOT NULL,
    item        text NOT NULL CHECK (item IN ('entry', 'namespace', 'environment')),
    environment text NOT NULL,
    namespace   text NOT NULL,
    key         text NOT NULL,
    deleted     boolean NOT NULL,
    audience    text NOT NULL DEFAULT 'everyone',
    format      text,
    hash        bytea REFERENCES contents,
    attributes  jsonb,
    previous    bigint NOT NULL,
    PRIMARY KEY (revision, ordinal)
);
CREATE INDEX changes_address ON changes (environment, namespace, key, item, revision DESC);

-- First results of calls that carried an Idempotency-Key.
CREATE TABLE idempotency (
    caller    text NOT NULL,
    key       text NOT NULL,
    body_hash bytea NOT NULL,
    epoch     bigint NOT NULL,
    revision  bigint NOT NULL,
    changed   bigint NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_at ON idempotency (at);

-- The lock that orders all writers of the store; released when the commit is visible.
CREATE FUNCTION lock_store() RETURNS void LANGUAGE sql VOLATILE AS $$
    SELECT pg_advisory_xact_lock(5786930140093827)
$$;

-- Compares, appends, moves the head and wakes the nodes: one statement, one round trip.
--   sets:     [{id, offset, actor, message, kind, request_id, origin, changed, caller?, idempotency_key?, body_hash?}]
--             offset counts revisions from the head, from 1; 0 for a set that changes nothing.
--   changes:  [{offset, ordinal, item, environment, namespace, key, deleted, format, hash, attributes, previous}]
--   contents: hashes and bodies, position by position.
-- Outcomes: committed; moved (somebody else committed first: judge again); foreign (another database: new epoch);
-- duplicate (idempotency keys that were used before, listed: send the rest again). Only the first writes anything.
CREATE FUNCTION commit_change_sets(
    expected_epoch bigint, expected_revision bigint, expected_access bigint,
    sets jsonb, changes jsonb, content_hashes bytea[], content_bodies bytea[],
    OUT outcome text, OUT committed_at timestamptz, OUT duplicates jsonb
)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    h head%ROWTYPE;
    i record;
    appended bigint;
BEGIN
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    PERFORM lock_store();
    SELECT * INTO STRICT h FROM head;
    SELECT * INTO STRICT i FROM store_identity();
    IF (h.system_identifier, h.timeline, h.table_oid) IS DISTINCT FROM (i.system_identifier, i.timeline, i.table_oid) THEN
        outcome := 'foreign';
        RETURN;
    END IF;
    IF (h.epoch, h.revision, h.access) IS DISTINCT FROM (expected_epoch, expected_revision, expected_access) THEN
        outcome := 'moved';
        RETURN;
    END IF;
    SELECT jsonb_agg(jsonb_build_object('id', s.id, 'same_body', k.body_hash = decode(s.body_hash, 'hex'),
                                        'epoch', k.epoch, 'revision', k.revision, 'changed', k.changed))
    INTO duplicates
    FROM jsonb_to_recordset(sets) AS s(id uuid, caller text, idempotency_key text, body_hash text)
    JOIN idempotency k ON k.caller = s.caller AND k.key = s.idempotency_key;
    IF duplicates IS NOT NULL THEN
        outcome := 'duplicate';
        RETURN;
    END IF;

    committed_at := greatest(h.at, clock_timestamp());
    INSERT INTO contents (hash, body)
    SELECT * FROM unnest(content_hashes, content_bodies)
    ON CONFLICT DO NOTHING;
    INSERT INTO revisions (revision, epoch, id, at, actor, message, kind, request_id, origin)
    SELECT h.revision + s.offset, h.epoch, s.id, committed_at, s.actor, s.message, s.kind, s.request_id, s.origin
    FROM jsonb_to_recordset(sets) AS s("offset" bigint, id uuid, actor text, message text, kind text, request_id text, origin jsonb)
    WHERE s.offset > 0;
    GET DIAGNOSTICS appended = ROW_COUNT;
    INSERT INTO changes (revision, ordinal, item, environment, namespace, key, deleted, format, hash, attributes, previous)
    SELECT h.revision + c.offset, c.ordinal, c.item, c.environment, c.namespace, c.key, c.deleted, c.format,
           decode(c.hash, 'hex'), c.attributes, c.previous
    FROM jsonb_to_recordset(changes) AS c("offset" bigint, ordinal integer, item text, environment text, namespace text,
         key text, deleted boolean, format text, hash text, attributes jsonb, previous bigint);
    INSERT INTO idempotency (caller, key, body_hash, epoch, revision, changed, at)
    SELECT s.caller, s.idempotency_key, decode(s.body_hash, 'hex'), h.epoch, h.revision + s.head_offset, s.changed, committed_at
    FROM jsonb_to_recordset(sets) AS s(head_offset bigint, changed bigint, caller text, idempotency_key text, body_hash text)
    WHERE s.idempotency_key IS NOT NULL;
    IF appended > 0 THEN
        UPDATE head SET revision = h.revision + appended, at = committed_at;
        PERFORM pg_notify('pintle_head', format('%s.%s.%s', h.epoch, h.revision + appended, h.access));
    END IF;
    outcome := 'committed';
END
$$;

-- Starts a new epoch, at least a million above every revision seen, unless another node already did.
CREATE FUNCTION start_epoch(expected_epoch bigint, seen_revision bigint, why text, OUT started boolean)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    h head%ROWTYPE;
    i record;
    new_epoch bigint;
    new_revision bigint;
BEGIN
    PERFORM set_config('synchronous_commit', 'on', true);
    PERFORM lock_store();
    SELECT * INTO STRICT h FROM head;
    SELECT * INTO STRICT i FROM store_identity();
    started := h.epoch <= expected_epoch;
    IF NOT started THEN
        RETURN;
    END IF;
    new_epoch := greatest(expected_epoch + 1, extract(epoch FROM clock_timestamp())::bigint);
    new_revision := greatest(h.revision, seen_revision) + 1000000;
    UPDATE head SET epoch = new_epoch, revision = new_revision, at = greatest(h.at, clock_timestamp()),
                    access = h.access + 1, system_identifier = i.system_identifier, timeline = i.timeline,
                    table_oid = i.table_oid;
    INSERT INTO epochs (epoch, first_revision, started_at, reason)
    VALUES (new_epoch, new_revision + 1, clock_timestamp(), why);
    PERFORM pg_notify('pintle_head', format('%s.%s.%s', new_epoch, new_revision, h.access + 1));
END
$$;
