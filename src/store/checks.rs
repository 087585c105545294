//! What a database must be like before a node trusts it.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use crate::store::StoreError;
use crate::store::error::POOLER;

/// PostgreSQL 14, as `server_version_num`.
const OLDEST_POSTGRES: i32 = 140_000;

/// Bounds every statement of a session, so that a stuck one becomes an error.
pub(super) async fn prepare_session(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "SELECT set_config('statement_timeout', '30s', false) AS a, set_config('lock_timeout', '10s', false) AS b,
                set_config('default_transaction_isolation', 'read committed', false) AS c"
    )
    .fetch_one(connection)
    .await
    .map(drop)
}

/// Whether this host takes writes.
pub(super) async fn is_writable(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off' AS "writable!""#
    )
    .fetch_one(connection)
    .await
}

/// Refuses settings that lose acknowledged publishes and reuse their numbers, and releases we do not know.
pub(super) async fn durable(connection: &mut PgConnection) -> Result<(), StoreError> {
    let row = sqlx::query!(
        r#"SELECT current_setting('server_version_num')::int AS "version!", current_setting('server_version') AS "release!",
                  current_setting('fsync') AS "fsync!", current_setting('full_page_writes') AS "full_page_writes!",
                  current_setting('synchronous_commit') AS "synchronous_commit!",
                  current_setting('server_encoding') AS "encoding!""#
    )
    .fetch_one(connection)
    .await?;
    if row.version < OLDEST_POSTGRES {
        return Err(StoreError::Unfit(format!("PostgreSQL 14 or newer is needed, this is {}", row.release)));
    }
    if row.encoding != "UTF8" {
        return Err(StoreError::Unfit(format!(
            "the database must have the encoding UTF8, this one has {}",
            row.encoding
        )));
    }
    let settings = [
        ("fsync", row.fsync),
        ("full_page_writes", row.full_page_writes),
        ("synchronous_commit", row.synchronous_commit),
    ];
    for (name, value) in settings {
        if value == "off" {
            return Err(StoreError::Unfit(format!(
                "{name} is off in PostgreSQL: a crash would lose acknowledged publishes and reuse their numbers; turn it on"
            )));
        }
    }
    Ok(())
}

/// Finds out whether a pooler hands our statements to changing backends, and if so, whether it can do that safely.
///
/// Two client connections that see the same backend share it. Then a statement that was prepared on one backend is
/// run while another client holds that backend: a pooler that does not track prepared statements fails here.
pub(super) async fn pooler(one: &mut PgConnection, two: &mut PgConnection, has_direct: bool) -> Result<(), StoreError> {
    let refuse = || StoreError::Unfit(POOLER.to_owned());
    let first = backend(one).await?;
    let mut held = two.begin().await?;
    let second = backend(&mut held).await?;
    let third = tokio::time::timeout(Duration::from_secs(5), backend(one)).await;
    held.rollback().await?;
    match third {
        Ok(Ok(third)) if first == third && first != second => Ok(()),
        Ok(Ok(_)) if has_direct => Ok(()),
        Ok(Ok(_) | Err(_)) | Err(_) => Err(refuse()),
    }
}

async fn backend(connection: &mut PgConnection) -> Result<i32, StoreError> {
    let pid = sqlx::query_scalar!(r#"SELECT pg_backend_pid() AS "pid!""#).fetch_one(connection).await?;
    Ok(pid)
}
