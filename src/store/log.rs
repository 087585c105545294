//! Reading the log: its tail, a stretch of it for a subscriber, single revisions.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use crate::domain::changes::{Item, Record, RecordHead};
use crate::domain::names::{EnvironmentName, NamespaceName};
use crate::domain::revisions::{Cursor, Revision};
use crate::store::heads::signed;
use crate::store::rows::{ChangeRow, RevisionRow};
use crate::store::{Conn, StoreError};

/// The revisions after `after`, in order, at most `limit`, with their contents.
pub async fn tail(conn: &mut Conn, after: Revision, limit: i64) -> Result<Vec<Record>, StoreError> {
    let heads = sqlx::query_as!(
        RevisionRow,
        "SELECT revision, epoch, id, at, actor, message, kind, request_id, origin FROM revisions
         WHERE revision > $1 ORDER BY revision LIMIT $2",
        signed(after),
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    with_items(conn, heads).await
}

/// A stretch of the log, and how much of it to read at once.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// The revision before it.
    pub after: Revision,
    /// Its last revision.
    pub upto: Revision,
    /// At most so many revisions.
    pub revisions: i64,
    /// At most so many bytes of content, but at least one revision.
    pub bytes: u64,
}

/// The revisions of a stretch that touch entries of some namespaces, in order, each with these entries only. Also how far
/// they reach: to the end of the stretch, or to the last of them when there are more.
pub async fn tail_of(
    conn: &mut Conn,
    environment: &EnvironmentName,
    namespaces: &[NamespaceName],
    stretch: &Stretch,
) -> Result<(Vec<Record>, Revision), StoreError> {
    let names: Vec<String> = namespaces.iter().map(ToString::to_string).collect();
    let sizes = sqlx::query!(
        r#"SELECT c.revision, coalesce(sum(octet_length(k.body)), 0)::bigint AS "bytes!"
           FROM changes c LEFT JOIN contents k ON k.hash = c.hash
           WHERE c.environment = $1 AND c.namespace = ANY($2) AND c.item = 'entry' AND c.revision > $3 AND c.revision <= $4
           GROUP BY c.revision ORDER BY c.revision LIMIT $5"#,
        environment.as_str(),
        &names,
        signed(stretch.after),
        signed(stretch.upto),
        stretch.revisions
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut bytes = 0;
    let fitting = sizes.iter().take_while(|row| {
        let fits = bytes == 0 || bytes + row.bytes.cast_unsigned() <= stretch.bytes;
        bytes += row.bytes.cast_unsigned();
        fits
    });
    let numbers: Vec<i64> = fitting.map(|row| row.revision).collect();
    let more = numbers.len() < sizes.len() || i64::try_from(sizes.len()).is_ok_and(|found| found == stretch.revisions);
    let reached = numbers.last().filter(|_| more).map_or(stretch.upto, |last| Revision(last.cast_unsigned()));
    let heads = sqlx::query_as!(
        RevisionRow,
        "SELECT revision, epoch, id, at, actor, message, kind, request_id, origin FROM revisions
         WHERE revision = ANY($1) ORDER BY revision",
        &numbers
    )
    .fetch_all(&mut *conn)
    .await?;
    let changes = sqlx::query_as!(
        ChangeRow,
        r#"SELECT c.revision, c.item, c.environment, c.namespace, c.key, c.deleted, c.audience, c.format, c.hash,
                  k.body AS "body?", d.hash IS NOT NULL AS "redacted!", c.attributes, c.previous
           FROM changes c LEFT JOIN contents k ON k.hash = c.hash LEFT JOIN redactions d ON d.hash = c.hash
           WHERE c.revision = ANY($1) AND c.environment = $2 AND c.namespace = ANY($3) AND c.item = 'entry'
           ORDER BY c.revision, c.ordinal"#,
        &numbers,
        environment.as_str(),
        &names
    )
    .fetch_all(conn)
    .await?;
    Ok((join(heads, changes)?, reached))
}

/// The oldest of the newest revisions of the epoch that fit together into so many bytes; none when there are none.
pub async fn newest_within(conn: &mut Conn, end: Cursor, bytes: u64) -> Result<Option<Revision>, StoreError> {
    let oldest = sqlx::query_scalar!(
        r#"WITH sized AS (
               SELECT r.revision,
                      (SELECT 512 + coalesce(sum(512 + coalesce(octet_length(k.body), 0)), 0)
                       FROM changes c LEFT JOIN contents k ON k.hash = c.hash WHERE c.revision = r.revision) AS bytes
               FROM revisions r WHERE r.epoch = $1 AND r.revision <= $2 ORDER BY r.revision DESC LIMIT 5000),
           totals AS (SELECT revision, sum(bytes) OVER (ORDER BY revision DESC) AS total FROM sized)
           SELECT min(revision) AS "oldest" FROM totals WHERE total <= $3::bigint"#,
        end.epoch.0.cast_signed(),
        signed(end.revision),
        bytes.cast_signed()
    )
    .fetch_one(conn)
    .await?;
    Ok(oldest.map(|oldest| Revision(oldest.cast_unsigned())))
}

/// One revision with its contents.
pub async fn find_record(conn: &mut Conn, revision: Revision) -> Result<Option<Record>, StoreError> {
    let heads = sqlx::query_as!(
        RevisionRow,
        "SELECT revision, epoch, id, at, actor, message, kind, request_id, origin FROM revisions WHERE revision = $1",
        signed(revision)
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(with_items(conn, heads).await?.pop())
}

/// One revision without its changes.
pub async fn find_head(conn: &mut Conn, revision: Revision) -> Result<Option<RecordHead>, StoreError> {
    let head = sqlx::query_as!(
        RevisionRow,
        "SELECT revision, epoch, id, at, actor, message, kind, request_id, origin FROM revisions WHERE revision = $1",
        signed(revision)
    );
    head.fetch_optional(conn).await?.map(RevisionRow::into_head).transpose()
}

/// When the newest revision that is not above the given one was committed; none before the first.
pub async fn committed_at(conn: &mut Conn, revision: Revision) -> Result<Option<OffsetDateTime>, StoreError> {
    let at = sqlx::query_scalar!(
        "SELECT at FROM revisions WHERE revision <= $1 ORDER BY revision DESC LIMIT 1",
        signed(revision)
    );
    Ok(at.fetch_optional(conn).await?)
}

async fn with_items(conn: &mut Conn, heads: Vec<RevisionRow>) -> Result<Vec<Record>, StoreError> {
    let numbers: Vec<i64> = heads.iter().map(|head| head.revision).collect();
    let changes = sqlx::query_as!(
        ChangeRow,
        r#"SELECT c.revision, c.item, c.environment, c.namespace, c.key, c.deleted, c.audience, c.format, c.hash,
                  k.body AS "body?", d.hash IS NOT NULL AS "redacted!", c.attributes, c.previous
           FROM changes c LEFT JOIN contents k ON k.hash = c.hash LEFT JOIN redactions d ON d.hash = c.hash
           WHERE c.revision = ANY($1) ORDER BY c.revision, c.ordinal"#,
        &numbers
    )
    .fetch_all(conn)
    .await?;
    join(heads, changes)
}

fn join(heads: Vec<RevisionRow>, changes: Vec<ChangeRow>) -> Result<Vec<Record>, StoreError> {
    let mut items = BTreeMap::<i64, Vec<Item>>::new();
    for change in changes {
        items.entry(change.revision).or_default().push(change.into_item()?);
    }
    heads
        .into_iter()
        .map(|head| Ok(Record { items: items.remove(&head.revision).unwrap_or_default(), head: head.into_head()? }))
        .collect()
}
