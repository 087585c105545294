-- Secrets: data keys that the master key wraps, and the marks of entries, which are their attributes. See docs/ARCHITECTURE.md.

-- What contents are sealed with ('seal', one for each namespace), and what their hashes are keyed with ('hash', one for
-- the store). A retired key still opens what it sealed.
CREATE TABLE data_keys (
    id          uuid PRIMARY KEY,
    purpose     text NOT NULL CHECK (purpose IN ('hash', 'seal')),
    environment text NOT NULL,
    namespace   text NOT NULL,
    wrapped     bytea NOT NULL,
    master      text NOT NULL,
    created_at  timestamptz NOT NULL,
    retired_at  timestamptz
);
CREATE UNIQUE INDEX data_keys_current ON data_keys (purpose, environment, namespace) WHERE retired_at IS NULL;

-- The marks of an entry are its attributes, and an entry that has any is sealed.
CREATE INDEX changes_sealed ON changes (environment, namespace, key, revision DESC)
    WHERE item = 'entry' AND attributes IS NOT NULL;

-- Versions whose bytes were removed. Their hashes stay in `changes`.
CREATE TABLE redactions (
    hash        bytea PRIMARY KEY CHECK (length(hash) = 32),
    environment text NOT NULL,
    namespace   text NOT NULL,
    key         text NOT NULL,
    revision    bigint NOT NULL,
    actor       text NOT NULL,
    reason      text NOT NULL,
    at          timestamptz NOT NULL
);

-- Adds a data key, unless there is a current one for that purpose and place: then that one is to be used.
-- With `replaced` that one is retired first; nothing is done when it is not the current one any more.
CREATE FUNCTION add_data_key(who jsonb, k jsonb, replaced uuid, OUT added boolean) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    moved record;
BEGIN
    IF lock_own_head() IS NULL THEN
        added := false;
        RETURN;
    END IF;
    IF replaced IS NOT NULL THEN
        UPDATE data_keys SET retired_at = clock_timestamp() WHERE id = replaced AND retired_at IS NULL;
        added := FOUND;
    ELSE
        added := NOT EXISTS (SELECT FROM data_keys d WHERE d.retired_at IS NULL AND d.purpose = k->>'purpose'
                             AND d.environment = k->>'environment' AND d.namespace = k->>'namespace');
    END IF;
    IF NOT added THEN
        RETURN;
    END IF;
    INSERT INTO data_keys (id, purpose, environment, namespace, wrapped, master, created_at)
    VALUES ((k->>'id')::uuid, k->>'purpose', k->>'environment', k->>'namespace', decode(k->>'wrapped', 'hex'),
            k->>'master', clock_timestamp());
    SELECT * INTO moved FROM move_access(ARRAY[who || jsonb_strip_nulls(jsonb_build_object(
        'action', CASE WHEN replaced IS NULL THEN 'create_data_key' ELSE 'rotate_data_key' END,
        'target', 'data_key:' || (k->>'id'), 'environment', nullif(k->>'environment', ''),
        'namespace', nullif(k->>'namespace', '')))]);
END
$$;

-- Wraps data keys with another master key: [{id, wrapped, master}]. Says how many; none when another history began.
CREATE FUNCTION rewrap_data_keys(who jsonb, keys jsonb, OUT rewrapped bigint) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    moved record;
BEGIN
    rewrapped := 0;
    IF lock_own_head() IS NULL THEN
        RETURN;
    END IF;
    UPDATE data_keys d SET wrapped = decode(k.wrapped, 'hex'), master = k.master
    FROM jsonb_to_recordset(keys) AS k(id uuid, wrapped text, master text) WHERE d.id = k.id AND d.master <> k.master;
    GET DIAGNOSTICS rewrapped = ROW_COUNT;
    IF rewrapped > 0 THEN
        SELECT * INTO moved FROM move_access(ARRAY[who || jsonb_build_object(
            'action', 'rewrap_data_keys', 'target', format('%s data keys', rewrapped))]);
    END IF;
END
$$;

-- Seals earlier versions of an entry: old hashes become new ones, position by position, and what nothing names any more is
-- deleted. A body is null where the content was trimmed. Numbers stay. Says whether there was anything to do.
CREATE FUNCTION seal_versions(
    of_environment text, of_namespace text, of_key text, marks jsonb,
    old_hashes bytea[], new_hashes bytea[], bodies bytea[], OUT done boolean
)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    done := false;
    IF lock_own_head() IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO contents (hash, body)
    SELECT m.new, m.body FROM unnest(new_hashes, bodies) AS m(new, body) WHERE m.body IS NOT NULL
    ON CONFLICT DO NOTHING;
    UPDATE changes c SET hash = m.new, attributes = marks
    FROM unnest(old_hashes, new_hashes) AS m(old, new)
    WHERE c.environment = of_environment AND c.namespace = of_namespace AND c.key = of_key AND c.item = 'entry'
      AND NOT c.deleted AND c.attributes IS NULL AND c.hash = m.old;
    done := FOUND;
    DELETE FROM contents k WHERE k.hash = ANY(old_hashes) AND NOT EXISTS (SELECT FROM changes c WHERE c.hash = k.hash);
END
$$;

-- Seals contents anew with another data key, position by position, where they are still sealed with the old one.
CREATE FUNCTION reseal_contents(old_key uuid, hashes bytea[], bodies bytea[], OUT resealed bigint)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    resealed := 0;
    IF lock_own_head() IS NULL THEN
        RETURN;
    END IF;
    UPDATE contents k SET body = m.body
    FROM unnest(hashes, bodies) AS m(hash, body)
    WHERE k.hash = m.hash AND substring(k.body FROM 2 FOR 16) = uuid_send(old_key);
    GET DIAGNOSTICS resealed = ROW_COUNT;
END
$$;

-- Removes the bytes of one version for ever; its hash stays. 'shared' when other addresses have the same bytes.
CREATE FUNCTION redact_version(who jsonb, r jsonb, everywhere boolean, OUT outcome text) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    h head%ROWTYPE := lock_own_head();
    moved record;
    wanted bytea := decode(r->>'hash', 'hex');
BEGIN
    IF h IS NULL THEN
        outcome := 'foreign';
        RETURN;
    END IF;
    -- The newest change of every address that has these bytes: a current one cannot be redacted.
    IF EXISTS (SELECT FROM (SELECT DISTINCT ON (c.environment, c.namespace, c.key) c.hash
                            FROM changes c
                            JOIN (SELECT DISTINCT environment, namespace, key FROM changes WHERE hash = wanted) a
                              USING (environment, namespace, key)
                            WHERE c.item = 'entry'
                            ORDER BY c.environment, c.namespace, c.key, c.revision DESC) newest
               WHERE newest.hash = wanted) THEN
        outcome := 'current';
        RETURN;
    END IF;
    IF NOT everywhere AND EXISTS (SELECT FROM changes c WHERE c.hash = wanted AND (c.environment, c.namespace, c.key)
                                  IS DISTINCT FROM (r->>'environment', r->>'namespace', r->>'key')) THEN
        outcome := 'shared';
        RETURN;
    END IF;
    INSERT INTO redactions (hash, environment, namespace, key, revision, actor, reason, at)
    VALUES (wanted, r->>'environment', r->>'namespace', r->>'key', (r->>'revision')::bigint, who->>'actor', r->>'reason',
            clock_timestamp())
    ON CONFLICT (hash) DO NOTHING;
    IF NOT FOUND THEN
        outcome := 'redacted';
        RETURN;
    END IF;
    DELETE FROM contents WHERE hash = wanted;
    SELECT * INTO moved FROM move_access(ARRAY[who || jsonb_build_object(
        'action', 'redact', 'target', concat_ws('/', r->>'environment', r->>'namespace', r->>'key'),
        'environment', r->>'environment', 'namespace', r->>'namespace',
        'after', jsonb_build_object('revision', (r->>'revision')::bigint, 'reason', r->>'reason'))]);
    outcome := 'redacted';
END
$$;

-- As before; each change set also appends a row to the audit, for which `sets` have token and address besides. Outcome
-- 'unsealed': the first marks of an entry come with the sealing of its earlier versions, and those listed still have some
-- that are not sealed.
CREATE OR REPLACE FUNCTION commit_change_sets(
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

    committed_at := greatest(h.at, clock_timestamp());
    IF EXISTS (SELECT FROM jsonb_to_recordset(changes) AS c("offset" bigint, hash text)
               JOIN jsonb_to_recordset(sets) AS s("offset" bigint, kind text) ON s.offset = c.offset
               JOIN redactions r ON r.hash = decode(c.hash, 'hex') WHERE s.kind IN ('rollback', 'revert')) THEN
        RAISE EXCEPTION 'a version was redacted while it was brought back';
    END IF;
    -- Whoever sends the bytes of a redacted version again, means them.
    DELETE FROM redactions WHERE hash = ANY(content_hashes);
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
           decode(c.hash, 'hex'), nullif(c.attributes, 'null'), c.previous
    FROM jsonb_to_recordset(changes) AS c("offset" bigint, ordinal integer, item text, environment text, namespace text,
         key text, deleted boolean, format text, hash text, attributes jsonb, previous bigint);
    INSERT INTO idempotency (caller, key, body_hash, epoch, revision, changed, at)
    SELECT s.caller, s.idempotency_key, decode(s.body_hash, 'hex'), h.epoch, h.revision + s.head_offset, s.changed, committed_at
    FROM jsonb_to_recordset(sets) AS s(head_offset bigint, changed bigint, caller text, idempotency_key text, body_hash text)
    WHERE s.idempotency_key IS NOT NULL;
    IF appended > 0 THEN
        UPDATE head SET revision = h.revision + appended, at = committed_at;
        PERFORM append_audit(audit_of_revisions(h.epoch, h.revision, sets), committed_at);
        PERFORM pg_notify('pintle_head', format('%s.%s.%s', h.epoch, h.revision + appended, h.access));
    END IF;
    outcome := 'committed';
END
$$;

UPDATE schema_level SET level = 7, oldest_level = 7;
