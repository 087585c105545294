//! Versions whose bytes were removed for ever.

use sqlx::types::Json;

use crate::domain::audit::Who;
use crate::domain::contents::ContentHash;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::Revision;
use crate::store::{Conn, StoreError};

/// What became of a redaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedactOutcome {
    /// The bytes are gone, now or since before.
    Redacted,
    /// Some entry is this at present.
    Current,
    /// Other entries have, or had, the same bytes.
    Shared,
    /// The database holds another history.
    Foreign,
}

/// A version that is to be redacted.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Redaction {
    /// The entry.
    #[serde(flatten)]
    pub address: Address,
    /// The revision that brought the version.
    pub revision: Revision,
    /// The hash it stays known by, as hex.
    pub hash: String,
    /// Why.
    pub reason: String,
}

/// Removes the bytes of a version; with `everywhere`, also where other entries had them.
pub async fn redact(
    conn: &mut Conn,
    who: &Who,
    redaction: &Redaction,
    everywhere: bool,
) -> Result<RedactOutcome, StoreError> {
    let outcome = sqlx::query_scalar!(
        r#"SELECT outcome AS "outcome!" FROM redact_version($1, $2, $3)"#,
        Json(who) as _,
        Json(redaction) as _,
        everywhere
    );
    match outcome.fetch_one(conn).await?.as_str() {
        "redacted" => Ok(RedactOutcome::Redacted),
        "current" => Ok(RedactOutcome::Current),
        "shared" => Ok(RedactOutcome::Shared),
        "foreign" => Ok(RedactOutcome::Foreign),
        other => Err(StoreError::corrupt("redactions", format!("unknown outcome {other}"))),
    }
}

/// The entries that have, or had, bytes of this hash.
pub async fn find_sharing(conn: &mut Conn, hash: ContentHash) -> Result<Vec<Address>, StoreError> {
    let rows = sqlx::query!(
        "SELECT DISTINCT environment, namespace, key FROM changes WHERE hash = $1 AND item = 'entry' ORDER BY 1, 2, 3",
        hash.0.as_slice()
    );
    let addresses = rows.fetch_all(conn).await?.into_iter().map(|row| {
        Ok(Address {
            environment: EnvironmentName::parse(&row.environment)?,
            namespace: NamespaceName::parse(&row.namespace)?,
            key: EntryKey::parse(&row.key)?,
        })
    });
    addresses.collect()
}

/// The hashes of everything that was redacted.
pub async fn redacted_hashes(conn: &mut Conn) -> Result<Vec<ContentHash>, StoreError> {
    let hashes = sqlx::query_scalar!("SELECT hash FROM redactions").fetch_all(conn).await?;
    Ok(hashes.into_iter().filter_map(|hash| hash.try_into().ok()).map(ContentHash).collect())
}
