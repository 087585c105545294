//! The head row: where the history stands, and whether it is still the same history.

use std::time::Duration;

use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::audit::Who;
use crate::domain::revisions::{Epoch, Revision};
use crate::domain::state::Bounds;
use crate::store::{Conn, StoreError};

/// Which database this is: a promotion changes the timeline, a restore the table, another cluster the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    system: String,
    timeline: String,
    table: i64,
}

/// The head of the store, and what the database says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The history.
    pub epoch: Epoch,
    /// Its newest revision.
    pub revision: Revision,
    /// Counts changes of rights.
    pub access: u64,
    /// Where the history was cut, and whether the store is held.
    pub bounds: Bounds,
    /// The random id of the revision that was asked about; none when the store does not have it.
    pub id_at: Option<Uuid>,
    recorded: Identity,
    actual: Identity,
}

impl Head {
    /// Why the database holds another history than the recorded one, if it does.
    #[must_use]
    pub fn foreign(&self) -> Option<&'static str> {
        if self.recorded.system != self.actual.system {
            return Some("another database system");
        }
        if self.recorded.timeline != self.actual.timeline {
            return Some("failover: another timeline");
        }
        (self.recorded.table != self.actual.table).then_some("restore: another head table")
    }

    /// Whether somebody restored the store from a copy by hand. A failover does not make another system or table.
    #[must_use]
    pub fn restored(&self) -> bool {
        self.recorded.system != self.actual.system || self.recorded.table != self.actual.table
    }
}

/// Reads the head, and the random id of revision `at`.
pub async fn poll(conn: &mut Conn, at: Revision) -> Result<Head, StoreError> {
    let row = sqlx::query!(
        r#"SELECT h.epoch, h.revision, h.access, h.floor, h.next_floor, h.held, h.system_identifier, h.timeline, h.table_oid,
                  i.system_identifier AS "actual_system!", i.timeline AS "actual_timeline!", i.table_oid AS "actual_table!",
                  (SELECT id FROM revisions r WHERE r.revision = $1) AS id_at
           FROM head h, store_identity() i"#,
        signed(at)
    )
    .fetch_one(conn)
    .await?;
    Ok(Head {
        epoch: Epoch(row.epoch.cast_unsigned()),
        revision: Revision(row.revision.cast_unsigned()),
        access: row.access.cast_unsigned(),
        bounds: Bounds {
            floor: Revision(row.floor.cast_unsigned()),
            next_floor: Revision(row.next_floor.cast_unsigned()),
            held: row.held,
        },
        id_at: row.id_at,
        recorded: Identity { system: row.system_identifier, timeline: row.timeline, table: row.table_oid },
        actual: Identity { system: row.actual_system, timeline: row.actual_timeline, table: row.actual_table },
    })
}

/// How far another node may have seen beyond what this one has.
const AHEAD: u64 = 1_000_000;

/// Starts a new epoch, at least a million above every revision that any node has seen, unless another node already has.
/// With `hold` the instances keep what they run until somebody resumes. Says whether it did.
pub async fn start_epoch(
    conn: &mut Conn,
    epoch: Epoch,
    seen: Revision,
    why: &str,
    hold: bool,
) -> Result<bool, StoreError> {
    let started = sqlx::query_scalar!(
        r#"SELECT started AS "started!" FROM start_epoch($1, $2, $3, $4)"#,
        epoch.0.cast_signed(),
        // The function adds a million itself. Whoever is first counts from what that node has seen, and another may have
        // seen more.
        signed(Revision(seen.0 + AHEAD)),
        why,
        hold
    )
    .fetch_one(conn)
    .await?;
    Ok(started)
}

/// Lets the instances of a restored store follow it again. Says whether it was held.
pub async fn resume(conn: &mut Conn, who: &Who) -> Result<bool, StoreError> {
    let resumed = sqlx::query_scalar!(r#"SELECT resumed AS "resumed!" FROM resume_store($1)"#, Json(who) as _);
    Ok(resumed.fetch_one(conn).await?)
}

/// Whether commits wait for a connected synchronous standby, so that they also survive the loss of the primary.
pub async fn failover_safe(conn: &mut Conn) -> Result<bool, StoreError> {
    let safe = sqlx::query_scalar!(
        r#"SELECT current_setting('synchronous_standby_names') <> ''
                  AND EXISTS (SELECT FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')) AS "safe!""#
    )
    .fetch_one(conn)
    .await?;
    Ok(safe)
}

/// Forgets idempotency keys that are older than `age`, at most 1,000 a call. Says how many.
pub async fn forget_idempotency(conn: &mut Conn, age: Duration) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM idempotency WHERE (caller, key) IN (
             SELECT caller, key FROM idempotency WHERE at < now() - make_interval(secs => $1) LIMIT 1000)",
        age.as_secs_f64()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

pub(super) fn signed(revision: Revision) -> i64 {
    revision.0.cast_signed()
}
