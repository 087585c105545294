//! Keys that the master key wraps, and contents that are sealed anew.

use serde::Serialize;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::access::{DataKey, DataKeyPurpose};
use crate::domain::audit::Who;
use crate::domain::contents::ContentHash;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::store::{Conn, StoreError};

/// A new data key, as columns.
#[derive(Serialize)]
struct Columns<'a> {
    id: Uuid,
    purpose: &'static str,
    environment: &'a str,
    namespace: &'a str,
    wrapped: String,
    master: &'a str,
}

/// Reads all data keys.
pub(super) async fn load(conn: &mut Conn) -> Result<Vec<DataKey>, StoreError> {
    let rows = sqlx::query!(
        "SELECT id, purpose, environment, namespace, wrapped, master, created_at, retired_at FROM data_keys
         ORDER BY created_at, id"
    );
    let keys = rows.fetch_all(conn).await?.into_iter().map(|row| {
        let seals = row.purpose == DataKeyPurpose::Seal.as_str();
        let place =
            || Ok::<_, StoreError>((EnvironmentName::parse(&row.environment)?, NamespaceName::parse(&row.namespace)?));
        Ok(DataKey {
            id: row.id,
            purpose: if seals { DataKeyPurpose::Seal } else { DataKeyPurpose::Hash },
            place: seals.then(place).transpose()?,
            wrapped: row.wrapped.into(),
            master: row.master,
            created_at: row.created_at,
            retired_at: row.retired_at,
        })
    });
    keys.collect()
}

/// Adds a data key, in the place of another one when that is given. Not done when there is a current one, or when the
/// replaced one is not current any more.
pub async fn add_data_key(
    conn: &mut Conn,
    who: &Who,
    key: &DataKey,
    replaced: Option<Uuid>,
) -> Result<bool, StoreError> {
    let (environment, namespace) = key.place.as_ref().map_or(("", ""), |(e, n)| (e.as_str(), n.as_str()));
    let (wrapped, purpose) = (hex::encode(&key.wrapped), key.purpose.as_str());
    let columns = Columns { id: key.id, purpose, environment, namespace, wrapped, master: &key.master };
    let added = sqlx::query_scalar!(
        r#"SELECT added AS "added!" FROM add_data_key($1, $2, $3)"#,
        Json(who) as _,
        Json(columns) as _,
        replaced
    );
    Ok(added.fetch_one(conn).await?)
}

/// Puts keys that another master key wraps in the place of those of the same ids. Says how many.
pub async fn rewrap_data_keys(conn: &mut Conn, who: &Who, keys: &[DataKey]) -> Result<u64, StoreError> {
    let columns: Vec<_> = keys
        .iter()
        .map(|key| serde_json::json!({"id": key.id, "wrapped": hex::encode(&key.wrapped), "master": key.master}))
        .collect();
    let rewrapped = sqlx::query_scalar!(
        r#"SELECT rewrapped AS "rewrapped!" FROM rewrap_data_keys($1, $2)"#,
        Json(who) as _,
        Json(columns) as _
    );
    Ok(rewrapped.fetch_one(conn).await?.cast_unsigned())
}

/// An earlier content of an entry that is not sealed; without a body when it was trimmed.
pub type Unsealed = (ContentHash, Option<Vec<u8>>);

/// Earlier contents of an entry that are not sealed, at most `limit`, and at least one when there are any.
pub async fn find_unsealed(conn: &mut Conn, address: &Address, limit: i64) -> Result<Vec<Unsealed>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT c.hash AS "hash!", k.body AS "body?"
           FROM (SELECT DISTINCT hash FROM changes
                 WHERE environment = $1 AND namespace = $2 AND key = $3 AND item = 'entry' AND NOT deleted
                   AND attributes IS NULL LIMIT $4) c
           LEFT JOIN contents k ON k.hash = c.hash"#,
        address.environment.as_str(),
        address.namespace.as_str(),
        address.key.as_str(),
        limit
    );
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| {
        let hash =
            row.hash.try_into().map_err(|_| StoreError::corrupt("changes", "a hash of another length".to_owned()));
        Ok((ContentHash(hash?), row.body))
    });
    rows.collect()
}

/// Earlier versions of an entry on their way under a seal.
#[derive(Debug, Clone)]
pub struct Sealing {
    /// The entry.
    pub address: Address,
    /// Its marks, as they are kept.
    pub marks: serde_json::Value,
    /// Old hash, new hash, and the sealed bytes, unless they were trimmed.
    pub versions: Vec<(ContentHash, ContentHash, Option<bytes::Bytes>)>,
}

/// Seals earlier versions, as one statement under the lock. Says whether there was anything to do.
pub async fn seal_versions(conn: &mut Conn, sealing: &Sealing) -> Result<bool, StoreError> {
    let Address { environment, namespace, key } = &sealing.address;
    let old: Vec<Vec<u8>> = sealing.versions.iter().map(|(old, ..)| old.0.to_vec()).collect();
    let new: Vec<Vec<u8>> = sealing.versions.iter().map(|(_, new, _)| new.0.to_vec()).collect();
    let bodies: Vec<Option<&[u8]>> = sealing.versions.iter().map(|(.., body)| body.as_deref()).collect();
    let done = sqlx::query_scalar!(
        r#"SELECT done AS "done!" FROM seal_versions($1, $2, $3, $4, $5, $6, $7)"#,
        environment.as_str(),
        namespace.as_str(),
        key.as_str(),
        sealing.marks,
        &old,
        &new,
        &bodies as &[Option<&[u8]>]
    );
    Ok(done.fetch_one(conn).await?)
}

/// A content that a data key sealed, and the entry that it belongs to.
pub type SealedContent = (Address, ContentHash, Vec<u8>);

/// Contents of a namespace that are still sealed with a key, at most `limit`.
pub async fn find_sealed_with(
    conn: &mut Conn,
    key: Uuid,
    (environment, namespace): (&EnvironmentName, &NamespaceName),
    limit: i64,
) -> Result<Vec<SealedContent>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (k.hash) c.key, k.hash, k.body
           FROM changes c JOIN contents k ON k.hash = c.hash
           WHERE c.environment = $1 AND c.namespace = $2 AND c.item = 'entry' AND c.attributes IS NOT NULL
             AND substring(k.body FROM 2 FOR 16) = uuid_send($3)
           ORDER BY k.hash LIMIT $4"#,
        environment.as_str(),
        namespace.as_str(),
        key,
        limit
    );
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| {
        let hash =
            row.hash.try_into().map_err(|_| StoreError::corrupt("contents", "a hash of another length".to_owned()));
        let key = EntryKey::parse(&row.key)?;
        let address = Address { environment: environment.clone(), namespace: namespace.clone(), key };
        Ok((address, ContentHash(hash?), row.body))
    });
    rows.collect()
}

/// How many contents are sealed with a key, those of drafts included.
pub async fn count_sealed_with(
    conn: &mut Conn,
    key: Uuid,
    (environment, namespace): (&EnvironmentName, &NamespaceName),
) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT (SELECT count(DISTINCT k.hash)
                   FROM changes c JOIN contents k ON k.hash = c.hash
                   WHERE c.environment = $1 AND c.namespace = $2 AND c.item = 'entry' AND c.attributes IS NOT NULL
                     AND substring(k.body FROM 2 FOR 16) = uuid_send($3))
                + (SELECT count(*)
                   FROM draft_changes c JOIN drafts d ON d.id = c.draft
                   WHERE d.environment = $1 AND c.namespace = $2 AND c.sealed
                     AND substring(c.body FROM 2 FOR 16) = uuid_send($3)) AS "count!""#,
        environment.as_str(),
        namespace.as_str(),
        key
    );
    Ok(count.fetch_one(conn).await?.cast_unsigned())
}

/// Contents on their way from one data key to another.
#[derive(Debug, Clone)]
pub struct Resealing {
    /// The key they were sealed with.
    pub from: Uuid,
    /// Each with its new bytes.
    pub contents: Vec<(ContentHash, bytes::Bytes)>,
}

/// Replaces sealed bytes that are still those of the old key. Says how many.
pub async fn reseal_contents(conn: &mut Conn, resealing: &Resealing) -> Result<u64, StoreError> {
    let hashes: Vec<Vec<u8>> = resealing.contents.iter().map(|(hash, _)| hash.0.to_vec()).collect();
    let bodies: Vec<&[u8]> = resealing.contents.iter().map(|(_, body)| body.as_ref()).collect();
    let resealed = sqlx::query_scalar!(
        r#"SELECT resealed AS "resealed!" FROM reseal_contents($1, $2, $3)"#,
        resealing.from,
        &hashes,
        &bodies as &[&[u8]]
    );
    Ok(resealed.fetch_one(conn).await?.cast_unsigned())
}
