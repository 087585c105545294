//! A store that was restored from a copy.

use crate::domain::revisions::{Cursor, Revision};
use crate::store::{Store, StoreError, poll, resume, start_epoch};

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
        resume(&mut connection).await?;
    }
    let head = poll(&mut connection, Revision::ZERO).await?;
    Ok(Cursor { epoch: head.epoch, revision: head.revision })
}
