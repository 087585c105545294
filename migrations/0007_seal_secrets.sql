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

UPDATE schema_level SET level = 7, oldest_level = 7;
