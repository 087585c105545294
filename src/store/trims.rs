//! Trimming: the floor of the history moves up, and the contents that nothing needs any more are deleted.
//!
//! Each step is one statement under the lock of the store and may be repeated; what was decided stays in the store, so
//! that any node goes on after any crash.

use std::time::Duration;

use sqlx::postgres::types::PgInterval;
use sqlx::types::Json;

use crate::domain::audit::Who;
use crate::domain::revisions::Revision;
use crate::store::heads::signed;
use crate::store::{Conn, StoreError};

/// Contents that are looked at in one step.
const PAGE: i64 = 1000;
/// Bytes that one step may delete before it ends early.
const PAGE_BYTES: u64 = 64 * 1024 * 1024;

/// How far a trim has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trim {
    /// The oldest revision that can be read without a pin.
    pub floor: Revision,
    /// The floor that is to come.
    pub next_floor: Revision,
    /// Whether it was announced long enough ago.
    pub due: bool,
    /// Where the sweep over the contents stands; none when there is nothing to sweep.
    pub sweep: Option<Sweep>,
}

/// A sweep over the contents, by hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    turn: i64,
    swept: Vec<u8>,
}

/// A part of the contents, and what of it nothing needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// What nothing needs.
    pub idle: Vec<Vec<u8>>,
    /// The bytes of that.
    pub bytes: u64,
    /// The last hash that was looked at; none at the end.
    pub upto: Option<Vec<u8>>,
}

/// Reads how far the trim has come. What was announced less than `wait` ago is not due.
pub async fn find_trim(conn: &mut Conn, wait: Duration) -> Result<Trim, StoreError> {
    let row = sqlx::query!(
        r#"SELECT h.floor, h.next_floor, t.sweeping, t.turn, t.swept,
                  coalesce(h.next_floor > h.floor AND (t.announced_at <= clock_timestamp() - $1::interval
                                                       OR t.announced_at > clock_timestamp()), false) AS "due!"
           FROM head h, trims t"#,
        interval(wait)
    )
    .fetch_one(conn)
    .await?;
    Ok(Trim {
        floor: Revision(row.floor.cast_unsigned()),
        next_floor: Revision(row.next_floor.cast_unsigned()),
        due: row.due,
        sweep: row.sweeping.then_some(Sweep { turn: row.turn, swept: row.swept }),
    })
}

/// The oldest revision that can be read without a pin.
pub async fn find_floor(conn: &mut Conn) -> Result<Revision, StoreError> {
    let floor = sqlx::query_scalar!("SELECT floor FROM head").fetch_one(conn).await?;
    Ok(Revision(floor.cast_unsigned()))
}

/// The newest `count` revisions begin with this one; none when there are not more than that.
pub async fn find_floor_keeping(conn: &mut Conn, count: u64) -> Result<Option<Revision>, StoreError> {
    let skipped = i64::try_from(count.saturating_sub(1)).unwrap_or(i64::MAX);
    let found = sqlx::query_scalar!("SELECT revision FROM revisions ORDER BY revision DESC OFFSET $1 LIMIT 1", skipped)
        .fetch_optional(conn)
        .await?;
    Ok(found.map(|revision| Revision(revision.cast_unsigned())))
}

/// The newest revision that is at least `age` old, by the database's clock: whatever was there since is there after it.
pub async fn find_floor_older(conn: &mut Conn, age: Duration) -> Result<Option<Revision>, StoreError> {
    let found = sqlx::query_scalar!(
        "SELECT max(revision) FROM revisions WHERE at <= clock_timestamp() - $1::interval",
        interval(age)
    )
    .fetch_one(conn)
    .await?;
    Ok(found.map(|revision| Revision(revision.cast_unsigned())))
}

/// How many revisions below `floor` are readable without a pin now, and would not be with that floor.
pub async fn count_trimmed(conn: &mut Conn, floor: Revision) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM revisions r
           WHERE r.revision >= (SELECT h.floor FROM head h) AND r.revision < $1
             AND NOT EXISTS (SELECT FROM pins p WHERE p.revision = r.revision)"#,
        signed(floor)
    )
    .fetch_one(conn)
    .await?;
    Ok(count.cast_unsigned())
}

/// Looks at the next contents after a hash, and finds those that nothing would need with this floor.
///
/// A version of an entry is needed while it is the current one, and at the floor, above it, and at every pin.
pub async fn survey(conn: &mut Conn, floor: Revision, after: &[u8]) -> Result<Page, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT k.hash, octet_length(k.body) AS "size!", EXISTS (
               SELECT FROM changes c
               LEFT JOIN LATERAL (
                   SELECT n.revision FROM changes n
                   WHERE n.environment = c.environment AND n.namespace = c.namespace AND n.key = c.key
                     AND n.item = c.item AND n.revision > c.revision
                   ORDER BY n.revision LIMIT 1
               ) next ON true
               WHERE c.hash = k.hash
                 AND (next.revision IS NULL OR next.revision > $1
                      OR EXISTS (SELECT FROM pins p WHERE p.revision >= c.revision AND p.revision < next.revision))
           ) AS "needed!"
           FROM contents k WHERE k.hash > $2 ORDER BY k.hash LIMIT $3"#,
        signed(floor),
        after,
        PAGE
    )
    .fetch_all(conn)
    .await?;
    let (mut page, full) = (Page::default(), i64::try_from(rows.len()) == Ok(PAGE));
    let mut last = None;
    for row in rows {
        if page.bytes >= PAGE_BYTES {
            page.upto = last;
            return Ok(page);
        }
        if !row.needed {
            page.bytes += u64::from(row.size.unsigned_abs());
            page.idle.push(row.hash.clone());
        }
        last = Some(row.hash);
    }
    page.upto = last.filter(|_| full);
    Ok(page)
}

impl Sweep {
    /// Where the next page begins.
    #[must_use]
    pub fn swept(&self) -> &[u8] {
        &self.swept
    }
}

/// Says where the floor will be. Not done when it is there already, above the head, or when another history began.
pub async fn announce_floor(conn: &mut Conn, floor: Revision, who: &Who) -> Result<bool, StoreError> {
    let done =
        sqlx::query_scalar!(r#"SELECT done AS "done!" FROM announce_floor($1, $2)"#, signed(floor), Json(who) as _);
    Ok(done.fetch_one(conn).await?)
}

/// Raises the floor to what was announced at least `wait` ago.
pub async fn raise_floor(conn: &mut Conn, wait: Duration) -> Result<bool, StoreError> {
    let done =
        sqlx::query_scalar!(r#"SELECT done AS "done!" FROM raise_floor($1)"#, interval(wait)).fetch_one(conn).await?;
    Ok(done)
}

/// Deletes what nothing needs of a page. Not done when another node did it, or the floor or a pin changed meanwhile.
pub async fn sweep(conn: &mut Conn, floor: Revision, sweep: &Sweep, page: &Page) -> Result<bool, StoreError> {
    let done = sqlx::query_scalar!(
        r#"SELECT done AS "done!" FROM sweep_contents($1, $2, $3, $4, $5)"#,
        signed(floor),
        sweep.turn,
        sweep.swept,
        &page.idle,
        page.upto
    )
    .fetch_one(conn)
    .await?;
    Ok(done)
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX) }
}
