//! Pins: revisions that stay readable below the floor.

use sqlx::types::Json;

use crate::domain::audit::Who;
use crate::domain::names::UserName;
use crate::domain::revisions::{Pin, Revision};
use crate::store::heads::signed;
use crate::store::{Conn, StoreError};

/// What became of a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinOutcome {
    /// It is set.
    Pinned,
    /// There is no such revision.
    Unknown,
    /// The revision was trimmed.
    Compacted,
}

/// Keeps a revision readable, or changes the reason.
pub async fn pin(conn: &mut Conn, revision: Revision, who: &Who, reason: &str) -> Result<PinOutcome, StoreError> {
    let outcome = sqlx::query_scalar!(
        r#"SELECT outcome AS "outcome!" FROM pin_revision($1, $2, $3)"#,
        signed(revision),
        Json(who) as _,
        reason
    )
    .fetch_one(conn)
    .await?;
    match outcome.as_str() {
        "pinned" => Ok(PinOutcome::Pinned),
        "unknown" => Ok(PinOutcome::Unknown),
        "compacted" => Ok(PinOutcome::Compacted),
        other => Err(StoreError::corrupt("pins", format!("unknown outcome {other}"))),
    }
}

/// Takes a pin away. Says whether there was one.
pub async fn unpin(conn: &mut Conn, revision: Revision, who: &Who) -> Result<bool, StoreError> {
    let removed = sqlx::query_scalar!(
        r#"SELECT removed AS "removed!" FROM unpin_revision($1, $2)"#,
        signed(revision),
        Json(who) as _
    );
    Ok(removed.fetch_one(conn).await?)
}

/// All pins, the newest revision first.
pub async fn list_pins(conn: &mut Conn) -> Result<Vec<Pin>, StoreError> {
    let rows =
        sqlx::query!("SELECT revision, actor, reason, at FROM pins ORDER BY revision DESC").fetch_all(conn).await?;
    rows.into_iter()
        .map(|row| {
            let actor = UserName::parse(&row.actor).map_err(|error| StoreError::corrupt("pins", error.to_string()))?;
            Ok(Pin { revision: Revision(row.revision.cast_unsigned()), actor, reason: row.reason, at: row.at })
        })
        .collect()
}

/// The pin of a revision.
pub async fn find_pin(conn: &mut Conn, revision: Revision) -> Result<Option<Pin>, StoreError> {
    let row = sqlx::query!("SELECT actor, reason, at FROM pins WHERE revision = $1", signed(revision))
        .fetch_optional(conn)
        .await?;
    row.map(|row| {
        let actor = UserName::parse(&row.actor).map_err(|error| StoreError::corrupt("pins", error.to_string()))?;
        Ok(Pin { revision, actor, reason: row.reason, at: row.at })
    })
    .transpose()
}
