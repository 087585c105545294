-- Trimming the history, pins, and stores that were restored. Rows of revisions and changes stay for ever; contents go.

ALTER TABLE head
    ADD floor      bigint  NOT NULL DEFAULT 0,
    ADD next_floor bigint  NOT NULL DEFAULT 0,
    ADD held       boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT head_floors CHECK (floor <= next_floor AND next_floor <= revision);

-- Revisions that stay readable below the floor.
CREATE TABLE pins (
    revision bigint PRIMARY KEY REFERENCES revisions,
    actor    text NOT NULL,
    reason   text NOT NULL,
    at       timestamptz NOT NULL
);

-- How far a trim has come, so that any node can go on with it. Each sweep over the contents has a turn of its own.
CREATE TABLE trims (
    one          boolean PRIMARY KEY DEFAULT true CHECK (one),
    announced_at timestamptz,
    sweeping     boolean NOT NULL DEFAULT false,
    turn         bigint NOT NULL DEFAULT 0,
    swept        bytea NOT NULL DEFAULT ''
);
INSERT INTO trims DEFAULT VALUES;

-- A hash stays for ever, its content does not.
ALTER TABLE changes DROP CONSTRAINT changes_hash_fkey;
CREATE INDEX changes_hash ON changes (hash, revision) WHERE hash IS NOT NULL;

-- Wakes the nodes for something that is neither a revision nor a right.
CREATE FUNCTION notify_bounds() RETURNS void LANGUAGE sql VOLATILE AS $$
    SELECT pg_notify('pintle_head', 'bounds')
$$;

-- Takes the lock; nothing when the database holds another history than the head row says.
CREATE FUNCTION lock_own_head(OUT h head) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    i record;
BEGIN
    PERFORM lock_store();
    SELECT * INTO STRICT h FROM head;
    SELECT * INTO STRICT i FROM store_identity();
    IF (h.system_identifier, h.timeline, h.table_oid) IS DISTINCT FROM (i.system_identifier, i.timeline, i.table_oid) THEN
        h := NULL;
    END IF;
END
$$;

-- Says where the floor will be. Subscribers get their checkpoint before it is raised.
CREATE FUNCTION announce_floor(wanted bigint, OUT done boolean) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    h head%ROWTYPE := lock_own_head();
BEGIN
    done := coalesce(wanted > h.next_floor AND wanted <= h.revision, false);
    IF done THEN
        UPDATE head SET next_floor = wanted;
        UPDATE trims SET announced_at = clock_timestamp();
        PERFORM notify_bounds();
    END IF;
END
$$;

-- Raises the floor to what was announced at least `wait` ago, and begins to sweep. A clock that went back waits anew.
CREATE FUNCTION raise_floor(wait interval, OUT done boolean) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    h head%ROWTYPE := lock_own_head();
    announced timestamptz := (SELECT announced_at FROM trims);
    now timestamptz := clock_timestamp();
BEGIN
    done := coalesce(h.next_floor > h.floor AND announced <= now - wait, false);
    IF done THEN
        UPDATE head SET floor = next_floor;
        UPDATE trims SET sweeping = true, turn = turn + 1, swept = '';
        PERFORM notify_bounds();
    ELSIF announced > now THEN
        UPDATE trims SET announced_at = now;
    END IF;
END
$$;

-- Deletes contents that nothing needs at this floor, and notes how far the sweep has come; `upto` is null at its end.
-- What needs a content was asked before, without the lock. Since then only a newer revision can have come to need it.
CREATE FUNCTION sweep_contents(at_floor bigint, at_turn bigint, after bytea, idle bytea[], upto bytea, OUT done boolean)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    h head%ROWTYPE := lock_own_head();
BEGIN
    UPDATE trims SET swept = coalesce(upto, ''), sweeping = upto IS NOT NULL
    WHERE h.floor = at_floor AND sweeping AND turn = at_turn AND swept = after;
    done := FOUND;
    IF done THEN
        DELETE FROM contents k
        WHERE k.hash = ANY(idle) AND NOT EXISTS (SELECT FROM changes c WHERE c.hash = k.hash AND c.revision > at_floor);
    END IF;
END
$$;

-- Keeps a revision readable; 'compacted' when it is not any more, 'unknown' when there is none.
CREATE FUNCTION pin_revision(pinned bigint, who text, why text, OUT outcome text) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM lock_store();
    IF NOT EXISTS (SELECT FROM revisions r WHERE r.revision = pinned) THEN
        outcome := 'unknown';
    ELSIF pinned < (SELECT floor FROM head) AND NOT EXISTS (SELECT FROM pins p WHERE p.revision = pinned) THEN
        outcome := 'compacted';
    ELSE
        INSERT INTO pins (revision, actor, reason, at) VALUES (pinned, who, why, clock_timestamp())
        ON CONFLICT (revision) DO UPDATE SET actor = who, reason = why, at = clock_timestamp();
        outcome := 'pinned';
    END IF;
END
$$;

-- Takes a pin away; below the floor its contents are swept.
CREATE FUNCTION unpin_revision(pinned bigint, OUT removed boolean) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM lock_store();
    DELETE FROM pins WHERE revision = pinned;
    removed := FOUND;
    IF removed AND pinned < (SELECT floor FROM head) THEN
        UPDATE trims SET sweeping = true, turn = turn + 1, swept = '';
    END IF;
END
$$;

-- Lets the instances of a restored store follow it again.
CREATE FUNCTION resume_store(OUT resumed boolean) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM lock_store();
    UPDATE head SET held = false WHERE held;
    resumed := FOUND;
    IF resumed THEN
        PERFORM notify_bounds();
    END IF;
END
$$;

-- As before, and with `hold` the instances keep what they run until somebody resumes.
DROP FUNCTION start_epoch(bigint, bigint, text);
CREATE FUNCTION start_epoch(expected_epoch bigint, seen_revision bigint, why text, hold boolean DEFAULT false, OUT started boolean)
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
    PERFORM pg_notify('pintle_head', format('%s.%s.%s', new_epoch, new_revision, h.access + 1));
END
$$;

UPDATE schema_level SET level = 3, oldest_level = 3;
