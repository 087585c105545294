-- Commits cost the database less than half. What they write and answer is the same as before.

DO $$
BEGIN
    -- Nobody commits meanwhile, and readers lock these tables in this order, too.
    PERFORM lock_store();
    LOCK TABLE audit, revisions, changes;
    -- Six columns that were each parsed out of the body again; whoever appends a row has them at hand. That they are what
    -- the body says is checked when the chain is verified, as before.
    ALTER TABLE audit
        ALTER COLUMN actor DROP EXPRESSION, ALTER COLUMN action DROP EXPRESSION, ALTER COLUMN environment DROP EXPRESSION,
        ALTER COLUMN namespace DROP EXPRESSION, ALTER COLUMN target DROP EXPRESSION, ALTER COLUMN revision DROP EXPRESSION;
    -- It cost a query for each change. One statement appends to both tables, compares them itself, and nothing deletes.
    ALTER TABLE changes DROP CONSTRAINT changes_revision_fkey;
END
$$;

-- As before. In SQL, PostgreSQL started an executor for it at every call.
CREATE OR REPLACE FUNCTION store_identity(OUT system_identifier text, OUT timeline text, OUT table_oid bigint)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    system_identifier := (pg_control_system()).system_identifier::text;
    timeline := substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8);
    table_oid := 'head'::regclass::oid::bigint;
END
$$;

-- As before, with the columns that are searched.
CREATE OR REPLACE FUNCTION append_audit(events jsonb[], happened timestamptz) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    last_seq bigint;
    last_hash bytea;
    moment text := to_char(happened AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
    seqs bigint[] := '{}';
    bodies text[] := '{}';
    befores bytea[] := '{}';
    hashes bytea[] := '{}';
    event jsonb;
    body text;
BEGIN
    SELECT c.seq, c.hash INTO STRICT last_seq, last_hash FROM audit_chains c WHERE c.chain = 'store';
    FOREACH event IN ARRAY events LOOP
        last_seq := last_seq + 1;
        body := (event || jsonb_build_object('chain', 'store', 'seq', last_seq, 'at', moment))::text;
        seqs := seqs || last_seq;
        bodies := bodies || body;
        befores := befores || last_hash;
        last_hash := sha256(last_hash || convert_to(body, 'UTF8'));
        hashes := hashes || last_hash;
    END LOOP;
    INSERT INTO audit (chain, seq, body, previous, hash, at, actor, action, environment, namespace, target, revision)
    SELECT 'store', r.seq, r.body, r.previous, r.hash, happened, r.event->>'actor', r.event->>'action',
           r.event->>'environment', r.event->>'namespace', r.event->>'target', (r.event->>'revision')::bigint
    FROM unnest(seqs, bodies, befores, hashes, events) AS r(seq, body, previous, hash, event);
    UPDATE audit_chains SET seq = last_seq, hash = last_hash WHERE chain = 'store';
END
$$;

-- As before, with these columns out of the body, once.
CREATE OR REPLACE FUNCTION append_node_audit(
    name text, after_seq bigint, after_hash bytea, bodies text[], hashes bytea[], moments timestamptz[], OUT outcome text
)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    count bigint := cardinality(bodies);
BEGIN
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    -- Waits for a statement that was cut and still runs.
    UPDATE audit_chains c SET seq = after_seq + count, hash = hashes[count]
    WHERE c.chain = name AND c.seq = after_seq AND c.hash = after_hash;
    IF FOUND THEN
        INSERT INTO audit (chain, seq, body, previous, hash, at, actor, action, environment, namespace, target, revision)
        SELECT name, after_seq + r.nth, r.body, CASE WHEN r.nth = 1 THEN after_hash ELSE hashes[r.nth - 1] END, r.hash, r.at,
               e->>'actor', e->>'action', e->>'environment', e->>'namespace', e->>'target', (e->>'revision')::bigint
        FROM unnest(bodies, hashes, moments) WITH ORDINALITY AS r(body, hash, at, nth),
             LATERAL (SELECT r.body::jsonb OFFSET 0) AS b(e);
        outcome := 'appended';
    ELSIF EXISTS (SELECT FROM audit_chains c WHERE c.chain = name AND c.seq = after_seq + count AND c.hash = hashes[count]) THEN
        outcome := 'appended';
    ELSE
        outcome := 'lost';
    END IF;
END
$$;

-- As before, likewise.
CREATE OR REPLACE FUNCTION begin_audit_chain(name text, first_body text, first_hash bytea, first_at timestamptz, OUT outcome text)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    e jsonb;
BEGIN
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    IF lock_own_head() IS NULL THEN
        outcome := 'foreign';
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM audit_chains c WHERE c.chain = name) THEN
        outcome := CASE WHEN EXISTS (SELECT FROM audit a WHERE a.chain = name AND a.seq = 1 AND a.hash = first_hash)
                        THEN 'begun' ELSE 'taken' END;
        RETURN;
    END IF;
    e := first_body::jsonb;
    INSERT INTO audit_chains (chain, seq, hash) VALUES (name, 1, first_hash);
    INSERT INTO audit (chain, seq, body, previous, hash, at, actor, action, environment, namespace, target, revision)
    VALUES (name, 1, first_body, decode(repeat('00', 32), 'hex'), first_hash, first_at,
            e->>'actor', e->>'action', e->>'environment', e->>'namespace', e->>'target', (e->>'revision')::bigint);
    PERFORM append_audit(ARRAY[jsonb_build_object(
        'action', 'node_started', 'actor', 'system', 'target', name,
        'after', jsonb_build_object('hash', encode(first_hash, 'hex')))], clock_timestamp());
    outcome := 'begun';
END
$$;

-- As before, with the same outcomes. What is rare is asked of the parameters first, as each query costs tens of
-- microseconds. The row of the audit and the digest in it are put together as text while the changes are at hand, instead of
-- by jsonb and from the tables: the text is what jsonb would say, and the digest must be that of changes_digest.
CREATE OR REPLACE FUNCTION commit_change_sets(
    expected_epoch bigint, expected_revision bigint, expected_access bigint,
    sets jsonb, changes jsonb, content_hashes bytea[], content_bodies bytea[],
    OUT outcome text, OUT committed_at timestamptz, OUT duplicates jsonb
)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    h record;
    i record;
    repeatable boolean := sets @? '$[*].idempotency_key ? (@ != null)';
    drafted boolean := sets @? '$[*].draft ? (@ != null)';
    moment text;
    appended bigint;
    told bigint;
    rests text[];
    revisions bigint[];
    actors text[];
    kinds text[];
    environments text[];
    namespaces text[];
    targets text[];
    rest text;
    body text;
    last_seq bigint;
    last_hash bytea;
    befores bytea[] := '{}';
    hashes bytea[] := '{}';
    bodies text[] := '{}';
BEGIN
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    PERFORM lock_store();
    SELECT o.*, a.seq AS last_seq, a.hash AS last_hash, EXISTS (SELECT FROM redactions) AS redacted INTO STRICT h
    FROM head o LEFT JOIN audit_chains a ON a.chain = 'store';
    i := store_identity();
    IF (h.system_identifier, h.timeline, h.table_oid) IS DISTINCT FROM (i.system_identifier, i.timeline, i.table_oid) THEN
        outcome := 'foreign';
        RETURN;
    END IF;
    IF (h.epoch, h.revision, h.access) IS DISTINCT FROM (expected_epoch, expected_revision, expected_access) THEN
        outcome := 'moved';
        RETURN;
    END IF;
    IF repeatable THEN
        SELECT jsonb_agg(jsonb_build_object('id', s.id, 'same_body', k.body_hash = decode(s.body_hash, 'hex'),
                                            'epoch', k.epoch, 'revision', k.revision, 'changed', k.changed))
        INTO duplicates
        FROM jsonb_to_recordset(sets) AS s(id uuid, caller text, idempotency_key text, body_hash text)
        JOIN idempotency k ON k.caller = s.caller AND k.key = s.idempotency_key;
        IF duplicates IS NOT NULL THEN
            outcome := 'duplicate';
            RETURN;
        END IF;
    END IF;
    IF drafted THEN
        -- Locked until the end, so that nobody edits what is published.
        PERFORM FROM drafts d
        WHERE d.id IN (SELECT s.draft FROM jsonb_to_recordset(sets) AS s(draft uuid)) ORDER BY d.id FOR UPDATE;
        SELECT jsonb_agg(s.id) INTO duplicates
        FROM (SELECT r.one->>'id' AS id, (r.one->>'draft')::uuid AS draft, decode(r.one->>'draft_hash', 'hex') AS hash,
                     row_number() OVER (PARTITION BY r.one->>'draft' ORDER BY r.nth) AS turn
              FROM jsonb_array_elements(sets) WITH ORDINALITY AS r(one, nth) WHERE r.one->>'draft' IS NOT NULL) s
        WHERE s.turn > 1 OR NOT EXISTS (SELECT FROM drafts d WHERE d.id = s.draft AND d.hash = s.hash);
        IF duplicates IS NOT NULL THEN
            outcome := 'draft_moved';
            RETURN;
        END IF;
    END IF;
    IF changes @? '$[*] ? (@.first_marks == true)' THEN
        SELECT jsonb_agg(DISTINCT jsonb_build_object('environment', n.environment, 'namespace', n.namespace, 'key', n.key))
        INTO duplicates
        FROM (SELECT DISTINCT c.environment, c.namespace, c.key
              FROM jsonb_to_recordset(changes) AS c(environment text, namespace text, key text, first_marks boolean)
              WHERE c.first_marks) n
        WHERE EXISTS (SELECT FROM changes e
                      WHERE e.environment = n.environment AND e.namespace = n.namespace AND e.key = n.key
                        AND e.item = 'entry' AND NOT e.deleted AND e.attributes IS NULL)
           OR EXISTS (SELECT FROM jsonb_to_recordset(changes) AS o(item text, environment text, namespace text, key text,
                                                                  deleted boolean, attributes jsonb)
                      WHERE (o.environment, o.namespace, o.key) = (n.environment, n.namespace, n.key)
                        AND o.item = 'entry' AND NOT o.deleted AND coalesce(o.attributes, 'null') = 'null');
        IF duplicates IS NOT NULL THEN
            outcome := 'unsealed';
            RETURN;
        END IF;
    END IF;

    committed_at := greatest(h.at, clock_timestamp());
    IF h.redacted THEN
        IF EXISTS (SELECT FROM jsonb_to_recordset(changes) AS c("offset" bigint, hash text)
                   JOIN jsonb_to_recordset(sets) AS s("offset" bigint, kind text) ON s.offset = c.offset
                   JOIN redactions r ON r.hash = decode(c.hash, 'hex') WHERE s.kind IN ('rollback', 'revert')) THEN
            RAISE EXCEPTION 'a version was redacted while it was brought back';
        END IF;
        -- Whoever sends the bytes of a redacted version again, means them.
        DELETE FROM redactions WHERE hash = ANY(content_hashes);
    END IF;
    moment := to_char(committed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
    WITH s AS MATERIALIZED (
        SELECT h.revision + s.offset AS revision, s.id, s.actor, s.token, s.address, s.message, s.kind, s.request_id, s.origin
        FROM jsonb_to_recordset(sets) AS s("offset" bigint, id uuid, actor text, token text, address text, message text,
             kind text, request_id text, origin jsonb)
        WHERE s.offset > 0),
    c AS MATERIALIZED (
        SELECT h.revision + c.offset AS revision, c.ordinal, c.item, c.environment, c.namespace, c.key, c.deleted, c.format,
               c.hash, nullif(c.attributes, 'null') AS attributes, c.previous
        FROM jsonb_to_recordset(changes) AS c("offset" bigint, ordinal integer, item text, environment text, namespace text,
             key text, deleted boolean, format text, hash text, attributes jsonb, previous bigint)),
    new_contents AS (
        INSERT INTO contents (hash, body) SELECT * FROM unnest(content_hashes, content_bodies) ON CONFLICT DO NOTHING),
    new_revisions AS (
        INSERT INTO revisions (revision, epoch, id, at, actor, message, kind, request_id, origin)
        SELECT s.revision, h.epoch, s.id, committed_at, s.actor, s.message, s.kind, s.request_id, s.origin FROM s),
    new_changes AS (
        INSERT INTO changes (revision, ordinal, item, environment, namespace, key, deleted, format, hash, attributes, previous)
        SELECT c.revision, c.ordinal, c.item, c.environment, c.namespace, c.key, c.deleted, c.format,
               decode(c.hash, 'hex'), c.attributes, c.previous FROM c),
    -- Of each change what the digest says of it, where it is and what was before it: one array, as each ORDER BY sorts anew.
    d AS (
        SELECT c.revision, count(*) AS count, min(c.environment) AS environment, max(c.environment) AS last_environment,
               min(c.namespace) AS namespace, max(c.namespace) AS last_namespace,
               array_agg(ARRAY[
                   concat('[', c.ordinal, ', ', to_json(c.item), ', ', to_json(c.environment), ', ', to_json(c.namespace), ', ',
                          to_json(c.key), ', ', c.deleted::text, ', ', coalesce(to_json(c.format)::text, 'null'), ', ',
                          c.previous, ', ', coalesce(CASE WHEN c.item <> 'entry' THEN c.attributes::text END, 'null'), ']'),
                   concat_ws('/', c.environment, nullif(c.namespace, ''), nullif(c.key, '')),
                   c.previous::text] ORDER BY c.ordinal) AS items
        FROM c GROUP BY c.revision),
    a AS MATERIALIZED (
        SELECT s.*, d.count, d.items[1][3] AS previous,
               CASE WHEN d.environment = d.last_environment THEN d.environment END AS environment,
               CASE WHEN d.environment = d.last_environment AND d.namespace = d.last_namespace
                    THEN nullif(d.namespace, '') END AS namespace,
               d.items[1][2] || CASE WHEN d.count > 1 THEN format(' and %s more', d.count - 1) ELSE '' END AS target,
               encode(sha256(convert_to(concat(
                   '[', s.revision, ', ', h.epoch, ', "', s.id, '", ', to_json(s.actor), ', ', to_json(s.message), ', ',
                   to_json(s.kind), ', ', s.origin, ', ',
                   coalesce('[' || array_to_string(d.items[:][1:1], ', ') || ']', 'null'), ']'), 'UTF8')), 'hex') AS digest
        FROM s LEFT JOIN d ON d.revision = s.revision ORDER BY s.revision)
    SELECT count(*), coalesce(sum(a.count), 0),
           array_agg(concat(
               '"actor": ', to_json(a.actor), ', "after": ', a.revision, ', "chain": "store", "epoch": ', h.epoch,
               ', "token": ' || to_json(a.token), ', "action": ', to_json(a.kind), ', "before": ' || a.previous,
               ', "digest": "', a.digest, '"', ', "target": ' || to_json(a.target), ', "address": ' || to_json(a.address),
               ', "changed": ', coalesce(a.count, 0), ', "message": ', to_json(a.message), ', "revision": ', a.revision,
               ', "namespace": ' || to_json(a.namespace), ', "request_id": ', to_json(a.request_id),
               ', "environment": ' || to_json(a.environment), '}')),
           array_agg(a.revision), array_agg(a.actor), array_agg(a.kind),
           array_agg(a.environment), array_agg(a.namespace), array_agg(a.target)
    INTO STRICT appended, told, rests, revisions, actors, kinds, environments, namespaces, targets FROM a;
    IF told <> jsonb_array_length(changes) THEN
        RAISE EXCEPTION 'a change is of no revision of this commit' USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF repeatable THEN
        INSERT INTO idempotency (caller, key, body_hash, epoch, revision, changed, at)
        SELECT s.caller, s.idempotency_key, decode(s.body_hash, 'hex'), h.epoch, h.revision + s.head_offset, s.changed, committed_at
        FROM jsonb_to_recordset(sets) AS s(head_offset bigint, changed bigint, caller text, idempotency_key text, body_hash text)
        WHERE s.idempotency_key IS NOT NULL;
    END IF;
    IF drafted THEN
        DELETE FROM drafts d WHERE d.id IN (SELECT s.draft FROM jsonb_to_recordset(sets) AS s(draft uuid));
    END IF;
    IF appended > 0 THEN
        UPDATE head SET revision = h.revision + appended, at = committed_at;
        last_seq := h.last_seq;
        last_hash := h.last_hash;
        FOREACH rest IN ARRAY rests LOOP
            last_seq := last_seq + 1;
            body := concat('{"at": "', moment, '", "seq": ', last_seq, ', ', rest);
            bodies := bodies || body;
            befores := befores || last_hash;
            last_hash := sha256(last_hash || convert_to(body, 'UTF8'));
            hashes := hashes || last_hash;
        END LOOP;
        INSERT INTO audit (chain, seq, body, previous, hash, at, actor, action, environment, namespace, target, revision)
        SELECT 'store', h.last_seq + r.nth, r.body, r.previous, r.hash, committed_at, r.actor, r.action,
               r.environment, r.namespace, r.target, r.revision
        FROM unnest(bodies, befores, hashes, revisions, actors, kinds, environments, namespaces, targets) WITH ORDINALITY
             AS r(body, previous, hash, revision, actor, action, environment, namespace, target, nth);
        UPDATE audit_chains SET seq = last_seq, hash = last_hash WHERE chain = 'store';
        PERFORM pg_notify('pintle_head', format('%s.%s.%s', h.epoch, h.revision + appended, h.access));
    END IF;
    outcome := 'committed';
END
$$;

-- What a binary of level 10 calls is as it was.
UPDATE schema_level SET level = 11, oldest_level = 10;
