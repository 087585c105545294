-- Drafts: change sets that are not published yet. They make no revision and move nothing but themselves.

CREATE TABLE drafts (
    id          uuid PRIMARY KEY,
    environment text NOT NULL,
    -- Its home; its changes may be of any namespace.
    namespace   text NOT NULL,
    title       text NOT NULL,
    owner       uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    shared      boolean NOT NULL,
    -- Over everything that publishing it would do.
    hash        bytea NOT NULL CHECK (length(hash) = 32),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
-- The one that a console opens by itself.
CREATE UNIQUE INDEX drafts_untitled ON drafts (owner, environment, namespace) WHERE title = '';
CREATE INDEX drafts_created ON drafts (created_at, id);

CREATE TABLE draft_changes (
    draft       uuid NOT NULL REFERENCES drafts ON DELETE CASCADE,
    namespace   text NOT NULL,
    key         text NOT NULL,
    -- Without a format it deletes.
    format      text,
    marks       jsonb,
    if_revision bigint NOT NULL,
    -- Of what was written; a keyed one when it is sealed.
    hash        bytea CHECK (length(hash) = 32),
    body        bytea,
    sealed      boolean NOT NULL,
    PRIMARY KEY (draft, namespace, key),
    CHECK ((format IS NULL) = (hash IS NULL) AND (format IS NULL) = (body IS NULL))
);
CREATE INDEX draft_changes_namespace ON draft_changes (namespace);

-- Puts changes into a draft, those with the same address in the place of others: [{namespace, key, format, marks,
-- if_revision, hash, sealed, nth}], where `nth` is the position of the body, from 1.
CREATE FUNCTION put_draft_changes(of_draft uuid, changes jsonb, bodies bytea[]) RETURNS void
LANGUAGE sql VOLATILE AS $$
    INSERT INTO draft_changes (draft, namespace, key, format, marks, if_revision, hash, body, sealed)
    SELECT of_draft, c.namespace, c.key, c.format, nullif(c.marks, 'null'), c.if_revision, decode(c.hash, 'hex'),
           bodies[c.nth], c.sealed
    FROM jsonb_to_recordset(changes) AS c(nth integer, namespace text, key text, format text, marks jsonb, if_revision bigint,
                                          hash text, sealed boolean)
    ON CONFLICT (draft, namespace, key) DO UPDATE
    SET format = excluded.format, marks = excluded.marks, if_revision = excluded.if_revision, hash = excluded.hash,
        body = excluded.body, sealed = excluded.sealed
$$;

-- Opens a draft: {id, environment, namespace, title, owner, shared, hash}. Without a title there is one for each owner and
-- place. Outcomes: created; existing, with its id; full, when the owner has `most` already.
CREATE FUNCTION open_draft(d jsonb, changes jsonb, bodies bytea[], most bigint, OUT outcome text, OUT opened uuid)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    moment timestamptz := clock_timestamp();
BEGIN
    SELECT o.id INTO opened FROM drafts o
    WHERE o.title = '' AND d->>'title' = '' AND o.owner = (d->>'owner')::uuid
      AND o.environment = d->>'environment' AND o.namespace = d->>'namespace';
    IF FOUND THEN
        outcome := 'existing';
        RETURN;
    END IF;
    IF (SELECT count(*) FROM drafts o WHERE o.owner = (d->>'owner')::uuid) >= most THEN
        outcome := 'full';
        RETURN;
    END IF;
    INSERT INTO drafts (id, environment, namespace, title, owner, shared, hash, created_at, updated_at)
    VALUES ((d->>'id')::uuid, d->>'environment', d->>'namespace', d->>'title', (d->>'owner')::uuid,
            (d->>'shared')::boolean, decode(d->>'hash', 'hex'), moment, moment)
    ON CONFLICT (owner, environment, namespace) WHERE title = '' DO NOTHING
    RETURNING id INTO opened;
    IF NOT FOUND THEN
        -- Another tab was faster by less than this statement.
        SELECT o.id INTO STRICT opened FROM drafts o
        WHERE o.title = '' AND o.owner = (d->>'owner')::uuid
          AND o.environment = d->>'environment' AND o.namespace = d->>'namespace';
        outcome := 'existing';
        RETURN;
    END IF;
    PERFORM put_draft_changes(opened, changes, bodies);
    outcome := 'created';
END
$$;

-- Edits a draft that has still the hash it was read with: {id, hash, title?, shared?, new_hash}. `drops`: [{namespace, key}].
-- Outcomes: edited; moved (or gone); taken, when the owner has another one without a title there.
CREATE FUNCTION edit_draft(d jsonb, changes jsonb, bodies bytea[], drops jsonb, OUT outcome text)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    UPDATE drafts o
    SET title = coalesce(d->>'title', o.title), shared = coalesce((d->>'shared')::boolean, o.shared),
        hash = decode(d->>'new_hash', 'hex'), updated_at = clock_timestamp()
    WHERE o.id = (d->>'id')::uuid AND o.hash = decode(d->>'hash', 'hex');
    IF NOT FOUND THEN
        outcome := 'moved';
        RETURN;
    END IF;
    DELETE FROM draft_changes c USING jsonb_to_recordset(drops) AS g(namespace text, key text)
    WHERE c.draft = (d->>'id')::uuid AND c.namespace = g.namespace AND c.key = g.key;
    PERFORM put_draft_changes((d->>'id')::uuid, changes, bodies);
    outcome := 'edited';
EXCEPTION WHEN unique_violation THEN
    outcome := 'taken';
END
$$;

-- As before; a change set that publishes a draft also has its id and the hash that was reviewed, and the draft goes with the
-- commit. Outcome 'draft_moved': the drafts of those listed have another hash now, or are gone.
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
    DELETE FROM drafts d WHERE d.id IN (SELECT s.draft FROM jsonb_to_recordset(sets) AS s(draft uuid));
    IF appended > 0 THEN
        UPDATE head SET revision = h.revision + appended, at = committed_at;
        PERFORM append_audit(audit_of_revisions(h.epoch, h.revision, sets), committed_at);
        PERFORM pg_notify('pintle_head', format('%s.%s.%s', h.epoch, h.revision + appended, h.access));
    END IF;
    outcome := 'committed';
END
$$;

UPDATE schema_level SET level = 10, oldest_level = 10;
