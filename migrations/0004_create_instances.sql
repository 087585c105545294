-- Instances, the streams that are their presence, and their receipts. See docs/ARCHITECTURE.md.

-- Processes that hold streams. One that is silent for 15 s is taken for dead, and its streams for closed.
CREATE TABLE nodes (
    id      uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL
);

-- What each instance says about itself, and how far it got.
CREATE TABLE instances (
    environment       text NOT NULL,
    id                text NOT NULL,
    owner             uuid NOT NULL REFERENCES users,
    service           text NOT NULL,
    labels            jsonb NOT NULL,
    address           text,
    version           text,
    agent             text,
    namespaces        text[] NOT NULL,
    held              boolean NOT NULL,
    created_at        timestamptz NOT NULL,
    -- Of the last change of anything that is shown, its presence included.
    updated_at        timestamptz NOT NULL,
    -- The head when its present time of being there began: newer revisions count it, older ones do not.
    present_from      bigint NOT NULL,
    -- When it last said something, or its last stream closed.
    late_since        timestamptz NOT NULL,
    -- When it said goodbye; none since it came back.
    stopped_at        timestamptz,
    -- The presence that updated_at knows of: time alone makes a live one late, and a late one gone.
    noted_presence    text NOT NULL,
    applied_epoch     bigint,
    applied_revision  bigint,
    applied_at        timestamptz,
    missing           text[] NOT NULL DEFAULT '{}',
    unhealthy         boolean NOT NULL DEFAULT false,
    -- Its last rejection, unless a newer revision was applied since.
    rejected_epoch    bigint,
    rejected_revision bigint,
    rejected_at       timestamptz,
    rejected_reason   text,
    rejected_output   text,
    rejected_broken   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (environment, id)
);
CREATE INDEX instances_updated ON instances (environment, updated_at);

CREATE TABLE instance_streams (
    stream      uuid PRIMARY KEY,
    environment text NOT NULL,
    id          text NOT NULL,
    node        uuid NOT NULL REFERENCES nodes,
    opened_at   timestamptz NOT NULL
);
CREATE INDEX instance_streams_instance ON instance_streams (environment, id);
CREATE INDEX instance_streams_node ON instance_streams (node);

-- Kept for 30 days. The owner is part of a receipt, as an id may change hands.
CREATE TABLE receipts (
    number      bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    environment text NOT NULL,
    instance    text NOT NULL,
    owner       uuid NOT NULL,
    epoch       bigint NOT NULL,
    revision    bigint NOT NULL,
    stage       text NOT NULL CHECK (stage IN ('delivered', 'validated', 'applied', 'rejected')),
    at          timestamptz NOT NULL,
    reason      text,
    output      text,
    missing     text[] NOT NULL,
    unhealthy   boolean NOT NULL,
    broken      boolean NOT NULL
);
-- An instance may apply a revision, then another, then the first again: only the other stages come once.
CREATE UNIQUE INDEX receipts_stage ON receipts (environment, instance, owner, revision, stage) WHERE stage <> 'applied';
CREATE INDEX receipts_applied ON receipts (environment, instance, owner, at) WHERE stage = 'applied';
CREATE INDEX receipts_revision ON receipts (revision, environment, instance);
CREATE INDEX receipts_at ON receipts (at);

-- How many revisions after a given one touch a namespace.
CREATE INDEX changes_namespace ON changes (environment, namespace, revision);

-- Whether an instance is there, since when, and over how many streams. Live: a stream is open on a living node. Late:
-- none is, for at most 10 minutes. Gone: it said goodbye, or has been late for longer.
CREATE FUNCTION instance_presence(
    of_environment text, of_id text, late timestamptz, stopped timestamptz,
    OUT presence text, OUT since timestamptz, OUT streams bigint
)
LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN stopped IS NOT NULL THEN 'gone' WHEN s.live > 0 THEN 'live'
                WHEN greatest(late, s.seen) > now() - interval '10 minutes' THEN 'late' ELSE 'gone' END,
           CASE WHEN stopped IS NOT NULL THEN stopped WHEN s.live > 0 THEN s.opened
                WHEN greatest(late, s.seen) > now() - interval '10 minutes' THEN greatest(late, s.seen)
                ELSE greatest(late, s.seen) + interval '10 minutes' END,
           s.live
    FROM (SELECT count(*) FILTER (WHERE n.seen_at > now() - interval '15 seconds') AS live,
                 min(t.opened_at) FILTER (WHERE n.seen_at > now() - interval '15 seconds') AS opened,
                 max(n.seen_at) AS seen
          FROM instance_streams t JOIN nodes n ON n.id = t.node
          WHERE t.environment = of_environment AND t.id = of_id) s
$$;

-- Instances with their owner's name and their presence.
CREATE VIEW standing_instances AS
SELECT i.*, u.name AS owner_name, p.presence, p.since AS presence_since, p.streams
FROM instances i
JOIN users u ON u.id = i.owner
CROSS JOIN LATERAL instance_presence(i.environment, i.id, i.late_since, i.stopped_at) p;

UPDATE schema_level SET level = 4, oldest_level = 4;
