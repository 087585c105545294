-- The audit of nodes: a chain each, begun in the chain of the store. Rows of what had none yet. Cutting off old rows.

-- Revisions up to this one have no row in the chain of the store: they are older than the audit, or their rows were cut off.
ALTER TABLE audit_chains ADD floor_revision bigint NOT NULL DEFAULT 0;

-- Begins the chain of a node with its first row, and says so in the chain of the store: a chain that is missing as a whole
-- is found by that. Outcomes: begun (also when it was before, by the same row); taken; foreign.
CREATE FUNCTION begin_audit_chain(name text, first_body text, first_hash bytea, first_at timestamptz, OUT outcome text)
LANGUAGE plpgsql VOLATILE AS $$
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
    INSERT INTO audit_chains (chain, seq, hash) VALUES (name, 1, first_hash);
    INSERT INTO audit (chain, seq, body, previous, hash, at)
    VALUES (name, 1, first_body, decode(repeat('00', 32), 'hex'), first_hash, first_at);
    PERFORM append_audit(ARRAY[jsonb_build_object(
        'action', 'node_started', 'actor', 'system', 'target', name,
        'after', jsonb_build_object('hash', encode(first_hash, 'hex')))], clock_timestamp());
    outcome := 'begun';
END
$$;

-- Appends rows to the chain of a node, if its end is still the row that they were made after. May be repeated.
-- Outcomes: appended (also when it was before); lost (the chain ends otherwise: rows are missing, or somebody else wrote some).
CREATE FUNCTION append_node_audit(
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
        INSERT INTO audit (chain, seq, body, previous, hash, at)
        SELECT name, after_seq + r.nth, r.body, CASE WHEN r.nth = 1 THEN after_hash ELSE hashes[r.nth - 1] END, r.hash, r.at
        FROM unnest(bodies, hashes, moments) WITH ORDINALITY AS r(body, hash, at, nth);
        outcome := 'appended';
    ELSIF EXISTS (SELECT FROM audit_chains c WHERE c.chain = name AND c.seq = after_seq + count AND c.hash = hashes[count]) THEN
        outcome := 'appended';
    ELSE
        outcome := 'lost';
    END IF;
END
$$;

-- Cuts off rows from before an instant, at most 50,000 of each chain, and says so in the chain of the store. Rows are deleted
-- later, by sweep_audit: below the floor of their chain they count no more. Says how many rows are below a floor by this.
CREATE FUNCTION cut_audit(cutoff timestamptz, context jsonb, OUT cut bigint) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    link audit_chains%ROWTYPE;
    upto bigint;
    covered bigint;
    removed jsonb;
    most CONSTANT bigint := 50000;
BEGIN
    cut := 0;
    IF lock_own_head() IS NULL THEN
        RETURN;
    END IF;
    -- Chains of nodes that are gone, with no row left.
    WITH gone AS (
        DELETE FROM audit_chains c
        WHERE c.chain <> 'store' AND c.floor_seq = c.seq
          AND NOT EXISTS (SELECT FROM audit a WHERE a.chain = c.chain)
          AND NOT EXISTS (SELECT FROM nodes n WHERE starts_with(c.chain, 'node.' || n.id))
        RETURNING c.chain)
    SELECT jsonb_agg(g.chain ORDER BY g.chain) INTO removed FROM gone g;
    FOR link IN SELECT * FROM audit_chains c ORDER BY c.chain FOR UPDATE LOOP
        SELECT a.seq - 1 INTO upto
        FROM (SELECT r.seq, r.at FROM audit r WHERE r.chain = link.chain AND r.seq > link.floor_seq
              ORDER BY r.seq LIMIT most) a
        WHERE a.at >= cutoff ORDER BY a.seq LIMIT 1;
        upto := coalesce(upto, least(link.seq, link.floor_seq + most));
        CONTINUE WHEN upto <= link.floor_seq;
        cut := cut + upto - link.floor_seq;
        SELECT a.revision INTO covered
        FROM audit a
        WHERE link.chain = 'store' AND a.chain = 'store' AND a.seq > link.floor_seq AND a.seq <= upto
          AND a.revision IS NOT NULL
        ORDER BY a.seq DESC LIMIT 1;
        UPDATE audit_chains c
        SET floor_seq = upto, floor_hash = (SELECT a.hash FROM audit a WHERE a.chain = link.chain AND a.seq = upto),
            floor_revision = coalesce(covered, c.floor_revision)
        WHERE c.chain = link.chain;
    END LOOP;
    IF cut > 0 OR removed IS NOT NULL THEN
        PERFORM append_audit(ARRAY[context || jsonb_build_object(
            'action', 'trim_audit', 'target', 'audit',
            'after', jsonb_strip_nulls(jsonb_build_object(
                'before', to_char(cutoff AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'rows', cut,
                'removed', removed,
                'revision', (SELECT c.floor_revision FROM audit_chains c WHERE c.chain = 'store'),
                'floors', (SELECT jsonb_object_agg(c.chain, jsonb_build_object('seq', c.floor_seq,
                                                                               'hash', encode(c.floor_hash, 'hex')))
                           FROM audit_chains c WHERE c.floor_seq > 0))))], clock_timestamp());
    END IF;
END
$$;

-- Deletes rows below the floors, at most `most`. Says how many. The only deletion of rows there is.
CREATE FUNCTION sweep_audit(most bigint, OUT swept bigint) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    DELETE FROM audit a
    WHERE (a.chain, a.seq) IN (SELECT r.chain, r.seq FROM audit_chains c
                               CROSS JOIN LATERAL (SELECT b.chain, b.seq FROM audit b
                                                   WHERE b.chain = c.chain AND b.seq <= c.floor_seq LIMIT most) r
                               LIMIT most);
    GET DIAGNOSTICS swept = ROW_COUNT;
END
$$;

-- As before, and each leaves a row. `context`: {actor, token?, address?, request_id?}
DROP FUNCTION pin_revision(bigint, text, text);
CREATE FUNCTION pin_revision(pinned bigint, context jsonb, why text, OUT outcome text) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    former text;
    happened timestamptz;
BEGIN
    PERFORM lock_store();
    happened := clock_timestamp();
    SELECT p.reason INTO former FROM pins p WHERE p.revision = pinned;
    IF NOT EXISTS (SELECT FROM revisions r WHERE r.revision = pinned) THEN
        outcome := 'unknown';
    ELSIF pinned < (SELECT floor FROM head) AND former IS NULL THEN
        outcome := 'compacted';
    ELSE
        INSERT INTO pins (revision, actor, reason, at) VALUES (pinned, context->>'actor', why, happened)
        ON CONFLICT (revision) DO UPDATE SET actor = excluded.actor, reason = excluded.reason, at = excluded.at;
        PERFORM append_audit(ARRAY[context || jsonb_strip_nulls(jsonb_build_object(
            'action', 'pin', 'target', 'revision:' || pinned,
            'before', CASE WHEN former IS NOT NULL THEN jsonb_build_object('reason', former) END,
            'after', jsonb_build_object('reason', why)))], happened);
        outcome := 'pinned';
    END IF;
END
$$;

DROP FUNCTION unpin_revision(bigint);
CREATE FUNCTION unpin_revision(pinned bigint, context jsonb, OUT removed boolean) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    former text;
BEGIN
    PERFORM lock_store();
    DELETE FROM pins WHERE revision = pinned RETURNING reason INTO former;
    removed := FOUND;
    IF removed THEN
        PERFORM append_audit(ARRAY[context || jsonb_build_object(
            'action', 'unpin', 'target', 'revision:' || pinned,
            'before', jsonb_build_object('reason', former))], clock_timestamp());
    END IF;
    IF removed AND pinned < (SELECT floor FROM head) THEN
        UPDATE trims SET sweeping = true, turn = turn + 1, swept = '';
    END IF;
END
$$;

DROP FUNCTION announce_floor(bigint);
CREATE FUNCTION announce_floor(wanted bigint, context jsonb, OUT done boolean) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    h head%ROWTYPE := lock_own_head();
BEGIN
    done := coalesce(wanted > h.next_floor AND wanted <= h.revision, false);
    IF done THEN
        UPDATE head SET next_floor = wanted;
        UPDATE trims SET announced_at = clock_timestamp();
        PERFORM append_audit(ARRAY[context || jsonb_build_object(
            'action', 'trim', 'target', 'history',
            'before', jsonb_build_object('floor', h.next_floor),
            'after', jsonb_build_object('floor', wanted))], clock_timestamp());
        PERFORM notify_bounds();
    END IF;
END
$$;

DROP FUNCTION resume_store();
CREATE FUNCTION resume_store(context jsonb, OUT resumed boolean) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM lock_store();
    UPDATE head SET held = false WHERE held;
    resumed := FOUND;
    IF resumed THEN
        PERFORM append_audit(ARRAY[context || jsonb_build_object('action', 'resume', 'target', 'store')], clock_timestamp());
        PERFORM notify_bounds();
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION start_epoch(
    expected_epoch bigint, seen_revision bigint, why text, hold boolean DEFAULT false, OUT started boolean
)
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
                    table_oid = i.table_oid, held = h.held OR hold;
    INSERT INTO epochs (epoch, first_revision, started_at, reason)
    VALUES (new_epoch, new_revision + 1, clock_timestamp(), why);
    PERFORM append_audit(ARRAY[jsonb_build_object(
        'action', 'start_epoch', 'actor', 'system', 'target', 'store',
        'before', jsonb_build_object('epoch', h.epoch, 'head', h.revision),
        'after', jsonb_build_object('epoch', new_epoch, 'head', new_revision, 'reason', why, 'held', h.held OR hold))],
        clock_timestamp());
    PERFORM pg_notify('pintle_head', format('%s.%s.%s', new_epoch, new_revision, h.access + 1));
END
$$;

-- From here on every revision has a row.
DO $$
DECLARE
    begun bigint;
BEGIN
    PERFORM lock_store();
    SELECT revision INTO STRICT begun FROM head;
    UPDATE audit_chains SET floor_revision = begun WHERE chain = 'store';
    PERFORM append_audit(ARRAY[jsonb_build_object(
        'action', 'begin_audit', 'actor', 'system', 'target', 'store',
        'after', jsonb_build_object('revision', begun))], clock_timestamp());
END
$$;

UPDATE schema_level SET level = 8, oldest_level = 8;
