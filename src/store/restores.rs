//! A store that was restored from a copy.

use crate::domain::audit::Who;
use crate::domain::revisions::{Cursor, Revision};
use crate::store::{Conn, Store, StoreError, poll, resume, start_epoch};

/// Whether nobody made anything in the database yet. What extensions bring does not count.
pub async fn is_empty(store: &Store) -> Result<bool, StoreError> {
    let mut connection = store.direct().await?;
    let empty = sqlx::query_scalar!(
        r#"SELECT NOT EXISTS (
               SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\_toast%'
                 AND n.nspname NOT LIKE 'pg\_temp%' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
                 AND NOT EXISTS (SELECT FROM pg_depend d
                                 WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
           ) AS "empty!""#
    )
    .fetch_one(&mut connection)
    .await?;
    Ok(empty)
}

/// Starts the epoch of a restored store, at least a million above its newest revision, and holds it, or not. Says where it
/// begins.
pub async fn begin_restored(store: &Store, hold: bool) -> Result<Cursor, StoreError> {
    let mut connection = store.direct().await?;
    let head = poll(&mut connection, Revision::ZERO).await?;
    // A node that serves the database already may have started one; this one is newer, and as it was asked for.
    start_epoch(&mut connection, head.epoch, head.revision, "restore: pintle restore", hold).await?;
    if !hold {
        resume(&mut connection, &Who::system()).await?;
    }
    let head = poll(&mut connection, Revision::ZERO).await?;
    Ok(Cursor { epoch: head.epoch, revision: head.revision })
}

/// How many instances of a namespace are there, and how many of them run content that the store does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followers {
    /// The environment.
    pub environment: String,
    /// The namespace.
    pub namespace: String,
    /// Instances that are there, or said something not long ago.
    pub instances: u64,
    /// Those of them that applied a revision which a restore or failover lost.
    pub ahead: u64,
}

/// Counts per namespace what its instances run. A revision is lost that is of an older epoch than the present one, and
/// above the last revision that the store still has of it.
pub async fn list_followers(conn: &mut Conn) -> Result<Vec<Followers>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT i.environment AS "environment!", n.namespace AS "namespace!", count(*) AS "instances!",
                  count(*) FILTER (WHERE i.applied_epoch < h.epoch AND i.applied_revision > coalesce(
                      (SELECT max(r.revision) FROM revisions r WHERE r.epoch = i.applied_epoch),
                      (SELECT e.first_revision - 1 FROM epochs e WHERE e.epoch = i.applied_epoch), 0)) AS "ahead!"
           FROM head h, standing_instances i, unnest(i.namespaces) AS n(namespace)
           WHERE i.presence <> 'gone'
           GROUP BY 1, 2 ORDER BY 1, 2"#
    )
    .fetch_all(conn)
    .await?;
    let followers = rows.into_iter().map(|row| Followers {
        environment: row.environment,
        namespace: row.namespace,
        instances: row.instances.cast_unsigned(),
        ahead: row.ahead.cast_unsigned(),
    });
    Ok(followers.collect())
}
