//! How instances, their streams and their receipts are written: in batches, each step one statement.

use std::time::Duration;

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::domain::instances::{Applied, Declaration, Presence, Progress, Receipt, Rejection};
use crate::domain::names::{EnvironmentName, InstanceId, NamespaceName};
use crate::domain::revisions::Revision;
use crate::store::instances::{corrupt, cursor, namespaces, presence};
use crate::store::{Conn, Store, StoreError, Tx};

/// An instance, inside the store.
pub type InstanceKey = (EnvironmentName, InstanceId);

/// What is kept of an instance before a batch; its row is locked until the batch ends.
#[derive(Debug)]
pub struct Known {
    /// Which.
    pub key: InstanceKey,
    /// The user who owns it.
    pub owner: Uuid,
    /// The namespaces it runs on.
    pub namespaces: Vec<NamespaceName>,
    /// Whether it is there.
    pub presence: Presence,
    /// The head when its present time of being there began.
    pub present_from: Revision,
    /// How far it got.
    pub progress: Progress,
}

impl Store {
    /// Begins a transaction; dropping it rolls back.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        self.pool.load_full().begin().await.map_err(|error| StoreError::connecting(&error))
    }
}

fn value<T: Serialize>(rows: T) -> Result<serde_json::Value, StoreError> {
    serde_json::to_value(rows).map_err(corrupt("instances"))
}

fn split<'a>(keys: impl IntoIterator<Item = &'a InstanceKey>) -> (Vec<String>, Vec<String>) {
    keys.into_iter().map(|(environment, id)| (environment.to_string(), id.to_string())).unzip()
}

/// Says that a node lives. Answers whether it was not known: never, or not any more.
pub async fn heartbeat(conn: &mut Conn, node: Uuid) -> Result<bool, StoreError> {
    let new = sqlx::query_scalar!(
        r#"INSERT INTO nodes (id, seen_at) VALUES ($1, clock_timestamp())
           ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp() RETURNING xmax = 0 AS "new!""#,
        node
    );
    Ok(new.fetch_one(conn).await?)
}

/// Locks the rows of instances, in one order for all nodes, and says what they hold.
pub async fn lock(conn: &mut Conn, keys: &[InstanceKey]) -> Result<Vec<Known>, StoreError> {
    let (environments, ids) = split(keys);
    let rows = sqlx::query!(
        r#"SELECT i.environment, i.id, i.owner, i.namespaces, i.present_from, i.applied_epoch, i.applied_revision,
                  i.missing, i.unhealthy, i.rejected_epoch, i.rejected_revision, i.rejected_reason, i.rejected_output,
                  i.rejected_broken, p.presence AS "presence!"
           FROM instances i CROSS JOIN LATERAL instance_presence(i.environment, i.id, i.late_since, i.stopped_at) p
           WHERE (i.environment, i.id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
           ORDER BY i.environment, i.id FOR UPDATE OF i"#,
        &environments,
        &ids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let progress = Progress {
                applied: cursor(row.applied_epoch, row.applied_revision).map(|at| Applied {
                    at,
                    missing: row.missing,
                    unhealthy: row.unhealthy,
                }),
                rejected: cursor(row.rejected_epoch, row.rejected_revision).map(|at| Rejection {
                    at,
                    reason: row.rejected_reason,
                    output: row.rejected_output,
                    broken: row.rejected_broken,
                }),
            };
            Ok(Known {
                key: (EnvironmentName::parse(&row.environment)?, InstanceId::parse(&row.id)?),
                owner: row.owner,
                namespaces: namespaces(&row.namespaces)?,
                presence: presence(&row.presence)?,
                present_from: Revision(row.present_from.cast_unsigned()),
                progress,
            })
        })
        .collect()
}

/// An instance that says what it is.
#[derive(Debug)]
pub struct Put<'a> {
    /// Which.
    pub key: &'a InstanceKey,
    /// Who says so.
    pub owner: Uuid,
    /// What.
    pub declared: &'a Declaration,
    /// The head when its present time of being there began.
    pub present_from: Revision,
}

/// Gives ids of instances that are gone to other owners; nothing is kept of how far they got.
pub async fn hand_over(conn: &mut Conn, puts: &[&Put<'_>]) -> Result<(), StoreError> {
    let (environments, ids) = split(puts.iter().map(|put| put.key));
    let owners: Vec<Uuid> = puts.iter().map(|put| put.owner).collect();
    sqlx::query!(
        "UPDATE instances i SET owner = s.owner, created_at = now(), applied_epoch = NULL, applied_revision = NULL,
             applied_at = NULL, missing = '{}', unhealthy = false, rejected_epoch = NULL, rejected_revision = NULL,
             rejected_at = NULL, rejected_reason = NULL, rejected_output = NULL, rejected_broken = false
         FROM unnest($1::text[], $2::text[], $3::uuid[]) AS s(environment, id, owner)
         WHERE i.environment = s.environment AND i.id = s.id",
        &environments,
        &ids,
        &owners
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what instances say about themselves. Answers those that were written: not those that somebody else took at the
/// same time.
pub async fn put(conn: &mut Conn, puts: &[Put<'_>]) -> Result<Vec<InstanceKey>, StoreError> {
    let rows: Vec<_> = puts
        .iter()
        .map(|put| {
            let ((environment, id), it) = (put.key, put.declared);
            json!({
                "environment": environment, "id": id, "owner": put.owner, "service": it.service, "labels": it.labels,
                "address": it.address, "version": it.version, "agent": it.agent, "namespaces": it.namespaces,
                "held": it.held, "present_from": put.present_from,
            })
        })
        .collect();
    let written = sqlx::query!(
        "INSERT INTO instances AS i (environment, id, owner, service, labels, address, version, agent, namespaces, held,
                                     created_at, updated_at, present_from, late_since, noted_presence)
         SELECT s.environment, s.id, s.owner, s.service, s.labels, s.address, s.version, s.agent, s.namespaces, s.held,
                now(), clock_timestamp(), s.present_from, now(), 'late'
         FROM jsonb_to_recordset($1) AS s(environment text, id text, owner uuid, service text, labels jsonb, address text,
              version text, agent text, namespaces text[], held boolean, present_from bigint)
         ORDER BY s.environment, s.id
         ON CONFLICT (environment, id) DO UPDATE
         SET service = excluded.service, labels = excluded.labels, address = excluded.address,
             version = excluded.version, agent = excluded.agent, namespaces = excluded.namespaces, held = excluded.held,
             updated_at = clock_timestamp(), present_from = excluded.present_from, late_since = now(), stopped_at = NULL
         WHERE i.owner = excluded.owner
         RETURNING i.environment, i.id",
        value(rows)?
    )
    .fetch_all(conn)
    .await?;
    written
        .into_iter()
        .map(|row| Ok((EnvironmentName::parse(&row.environment)?, InstanceId::parse(&row.id)?)))
        .collect()
}

/// A stream that is the presence of an instance.
#[derive(Debug)]
pub struct Open<'a> {
    /// The stream.
    pub stream: Uuid,
    /// Whose presence it is.
    pub key: &'a InstanceKey,
    /// The head when its present time of being there began.
    pub present_from: Revision,
}

/// Opens streams at a node, whose heartbeat is there already. An instance that was gone is back.
pub async fn open(conn: &mut Conn, node: Uuid, opens: &[Open<'_>]) -> Result<(), StoreError> {
    let rows: Vec<_> = opens
        .iter()
        .map(|open| {
            let (environment, id) = open.key;
            json!({ "stream": open.stream, "environment": environment, "id": id, "present_from": open.present_from })
        })
        .collect();
    let rows = value(rows)?;
    sqlx::query!(
        "UPDATE instances i
         SET stopped_at = NULL, late_since = now(), updated_at = clock_timestamp(), present_from = s.present_from
         FROM jsonb_to_recordset($1) AS s(environment text, id text, present_from bigint)
         WHERE i.environment = s.environment AND i.id = s.id",
        rows
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "INSERT INTO instance_streams (stream, environment, id, node, opened_at)
         SELECT s.stream, s.environment, s.id, $2, now()
         FROM jsonb_to_recordset($1) AS s(stream uuid, environment text, id text)
         JOIN instances i ON i.environment = s.environment AND i.id = s.id
         ON CONFLICT DO NOTHING",
        rows,
        node
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Closes streams: without any other, their instances are late from now on.
pub async fn close(conn: &mut Conn, streams: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH closed AS (DELETE FROM instance_streams WHERE stream = ANY($1) RETURNING environment, id)
         UPDATE instances i SET late_since = now(), updated_at = clock_timestamp()
         FROM closed WHERE i.environment = closed.environment AND i.id = closed.id",
        streams
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Closes every stream of a node but these.
pub async fn close_others(conn: &mut Conn, node: Uuid, but: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH closed AS (DELETE FROM instance_streams WHERE node = $1 AND stream <> ALL($2) RETURNING environment, id)
         UPDATE instances i SET late_since = now(), updated_at = clock_timestamp()
         FROM closed WHERE i.environment = closed.environment AND i.id = closed.id",
        node,
        but
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends a node: its streams are closed, and it is forgotten.
pub async fn leave(conn: &mut Conn, node: Uuid) -> Result<(), StoreError> {
    close_others(&mut *conn, node, &[]).await?;
    sqlx::query!("DELETE FROM nodes WHERE id = $1", node).execute(conn).await?;
    Ok(())
}

/// Says goodbye for instances: they are gone at once.
pub async fn stop(conn: &mut Conn, keys: &[&InstanceKey]) -> Result<(), StoreError> {
    let (environments, ids) = split(keys.iter().copied());
    sqlx::query!(
        "UPDATE instances SET stopped_at = now(), updated_at = clock_timestamp()
         WHERE stopped_at IS NULL AND (environment, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
        &environments,
        &ids
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM instance_streams WHERE (environment, id) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
        &environments,
        &ids
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Receipts of an instance, and what they add up to.
#[derive(Debug)]
pub struct Told<'a> {
    /// Which.
    pub key: &'a InstanceKey,
    /// Who said so.
    pub owner: Uuid,
    /// Those to keep, in order.
    pub receipts: Vec<&'a Receipt>,
    /// How far it got.
    pub progress: Progress,
    /// Whether what it runs is told anew.
    pub applied: bool,
    /// Whether what it refuses is told anew.
    pub rejected: bool,
}

/// Writes receipts. One that is there already stays as it is.
pub async fn tell(conn: &mut Conn, told: &[Told<'_>]) -> Result<(), StoreError> {
    let receipts = told.iter().flat_map(|told| told.receipts.iter().map(move |receipt| (told, receipt))).enumerate();
    let rows: Vec<_> = receipts
        .map(|(number, (Told { key: (environment, id), owner, .. }, it))| {
            json!({
                "number": number, "environment": environment, "instance": id, "owner": owner, "epoch": it.at.epoch,
                "revision": it.at.revision, "stage": it.stage, "reason": it.reason, "output": it.output,
                "missing": it.missing, "unhealthy": it.unhealthy, "broken": it.broken,
            })
        })
        .collect();
    sqlx::query!(
        "INSERT INTO receipts (environment, instance, owner, epoch, revision, stage, at, reason, output, missing,
                               unhealthy, broken)
         SELECT environment, instance, owner, epoch, revision, stage, now(), reason, output, missing, unhealthy, broken
         FROM jsonb_to_recordset($1) AS s(number bigint, environment text, instance text, owner uuid, epoch bigint,
              revision bigint, stage text, reason text, output text, missing text[], unhealthy boolean, broken boolean)
         ORDER BY number
         ON CONFLICT (environment, instance, owner, revision, stage) WHERE stage <> 'applied' DO NOTHING",
        value(rows)?
    )
    .execute(&mut *conn)
    .await?;
    let rows: Vec<_> = told
        .iter()
        .map(|Told { key: (environment, id), progress, applied: is_applied, rejected: is_rejected, .. }| {
            let (applied, rejected) = (progress.applied.as_ref(), progress.rejected.as_ref());
            json!({
                "environment": environment, "id": id, "applied": is_applied, "rejected": is_rejected,
                "applied_epoch": applied.map(|it| it.at.epoch), "applied_revision": applied.map(|it| it.at.revision),
                "missing": applied.map_or(&[][..], |it| it.missing.as_slice()),
                "unhealthy": applied.is_some_and(|it| it.unhealthy),
                "rejected_epoch": rejected.map(|it| it.at.epoch), "rejected_revision": rejected.map(|it| it.at.revision),
                "rejected_reason": rejected.and_then(|it| it.reason.as_ref()),
                "rejected_output": rejected.and_then(|it| it.output.as_ref()),
                "rejected_broken": rejected.is_some_and(|it| it.broken),
            })
        })
        .collect();
    sqlx::query!(
        "UPDATE instances i
         SET updated_at = clock_timestamp(), applied_epoch = s.applied_epoch, applied_revision = s.applied_revision,
             applied_at = CASE WHEN s.applied THEN now() ELSE i.applied_at END,
             missing = s.missing, unhealthy = s.unhealthy, rejected_epoch = s.rejected_epoch,
             rejected_revision = s.rejected_revision,
             rejected_at = CASE WHEN s.rejected THEN now() ELSE i.rejected_at END,
             rejected_reason = s.rejected_reason, rejected_output = s.rejected_output, rejected_broken = s.rejected_broken
         FROM jsonb_to_recordset($1) AS s(environment text, id text, applied boolean, rejected boolean,
              applied_epoch bigint, applied_revision bigint, missing text[], unhealthy boolean, rejected_epoch bigint,
              rejected_revision bigint, rejected_reason text, rejected_output text, rejected_broken boolean)
         WHERE i.environment = s.environment AND i.id = s.id",
        value(rows)?
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes the presence that instances came to have by time alone, so that those who follow changes hear of it.
pub async fn note_presence(conn: &mut Conn) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH stale AS (
             SELECT i.environment, i.id, p.presence
             FROM instances i CROSS JOIN LATERAL instance_presence(i.environment, i.id, i.late_since, i.stopped_at) p
             WHERE i.noted_presence <> p.presence FOR UPDATE OF i SKIP LOCKED)
         UPDATE instances i SET noted_presence = stale.presence, updated_at = clock_timestamp()
         FROM stale WHERE i.environment = stale.environment AND i.id = stale.id"
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Closes the streams of nodes that have been silent for an hour, as of the last sign of life, and forgets the nodes.
pub async fn bury_nodes(conn: &mut Conn) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH closed AS (
             DELETE FROM instance_streams t USING nodes n WHERE n.id = t.node AND n.seen_at < now() - interval '1 hour'
             RETURNING t.environment, t.id, n.seen_at)
         UPDATE instances i SET late_since = greatest(i.late_since, closed.seen_at)
         FROM closed WHERE i.environment = closed.environment AND i.id = closed.id"
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "DELETE FROM nodes n WHERE seen_at < now() - interval '1 hour'
         AND NOT EXISTS (SELECT FROM instance_streams t WHERE t.node = n.id)"
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets receipts older than `age`, at most 1,000 a call. Says how many.
pub async fn forget_receipts(conn: &mut Conn, age: Duration) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM receipts WHERE number IN (
             SELECT number FROM receipts WHERE at < now() - make_interval(secs => $1) LIMIT 1000)",
        age.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Forgets instances that have been gone for longer than `age`, and whose receipts are forgotten with it, at most 1,000 a
/// call. Says how many.
pub async fn forget_instances(conn: &mut Conn, age: Duration) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM instances WHERE (environment, id) IN (
             SELECT environment, id FROM standing_instances
             WHERE presence = 'gone' AND presence_since < now() - make_interval(secs => $1) LIMIT 1000)",
        age.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
