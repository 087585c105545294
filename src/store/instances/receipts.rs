//! Receipts as they are read, and what the history says about how far instances are behind.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::domain::instances::{Instance, KeptReceipt, Receipt, Stage};
use crate::domain::names::{Address, EntryKey, EnvironmentName, InstanceId, NamespaceName};
use crate::domain::revisions::{Cursor, Epoch, Revision};
use crate::domain::sight::{KeyScope, Sight};
use crate::store::heads::signed;
use crate::store::instances::corrupt;
use crate::store::{Conn, StoreError};

/// A row of `receipts`, as the database writes it in JSON.
#[derive(Debug, Deserialize)]
struct ReceiptRow {
    environment: String,
    instance: String,
    epoch: i64,
    revision: i64,
    stage: String,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    reason: Option<String>,
    output: Option<String>,
    missing: Vec<String>,
    unhealthy: bool,
    broken: bool,
}

fn kept(row: serde_json::Value) -> Result<(String, String, KeptReceipt), StoreError> {
    let row = ReceiptRow::deserialize(row).map_err(corrupt("receipts"))?;
    let stage = Stage::find(&row.stage);
    let receipt = Receipt {
        at: Cursor { epoch: Epoch(row.epoch.cast_unsigned()), revision: Revision(row.revision.cast_unsigned()) },
        stage: stage.ok_or_else(|| StoreError::corrupt("receipts", format!("unknown stage {}", row.stage)))?,
        reason: row.reason,
        output: row.output,
        missing: row.missing,
        unhealthy: row.unhealthy,
        broken: row.broken,
    };
    Ok((row.environment, row.instance, KeptReceipt { receipt, at: row.at }))
}

/// Every receipt of a revision that the present owners of these instances sent, with environment and id.
pub async fn of_revision(
    conn: &mut Conn,
    revision: Revision,
    environments: &[String],
) -> Result<Vec<(String, String, KeptReceipt)>, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"SELECT to_jsonb(r) AS "receipt!" FROM receipts r
           JOIN instances i ON i.environment = r.environment AND i.id = r.instance AND i.owner = r.owner
           WHERE r.revision = $1 AND r.environment = ANY($2)
           ORDER BY r.number"#,
        signed(revision),
        environments
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(kept).collect()
}

/// The last receipts `applied` and `rejected` of an instance up to an instant.
#[derive(Debug, Default)]
pub struct ReceiptsThen {
    /// What it ran.
    pub applied: Option<KeptReceipt>,
    /// What it had refused.
    pub rejected: Option<KeptReceipt>,
}

/// What each of the instances of an environment had said up to an instant, by id.
pub async fn until(
    conn: &mut Conn,
    environment: &EnvironmentName,
    instances: &[Instance],
    at: OffsetDateTime,
) -> Result<Vec<(InstanceId, ReceiptsThen)>, StoreError> {
    let ids: Vec<String> = instances.iter().map(|instance| instance.id.to_string()).collect();
    let rows = sqlx::query!(
        r#"SELECT i.id, to_jsonb(a) AS applied, to_jsonb(j) AS rejected
           FROM instances i
           LEFT JOIN LATERAL (
               SELECT * FROM receipts r
               WHERE r.environment = i.environment AND r.instance = i.id AND r.owner = i.owner AND r.stage = 'applied'
                 AND r.at <= $3
               ORDER BY r.at DESC, r.number DESC LIMIT 1) a ON true
           LEFT JOIN LATERAL (
               SELECT * FROM receipts r
               WHERE r.environment = i.environment AND r.instance = i.id AND r.owner = i.owner AND r.stage = 'rejected'
                 AND r.at <= $3
               ORDER BY r.at DESC, r.number DESC LIMIT 1) j ON true
           WHERE i.environment = $1 AND i.id = ANY($2)"#,
        environment.as_str(),
        &ids,
        at
    )
    .fetch_all(conn)
    .await?;
    let receipt = |row: Option<serde_json::Value>| row.map(|row| kept(row).map(|(_, _, kept)| kept)).transpose();
    rows.into_iter()
        .map(|row| {
            let then = ReceiptsThen { applied: receipt(row.applied)?, rejected: receipt(row.rejected)? };
            Ok((InstanceId::parse(&row.id)?, then))
        })
        .collect()
}

/// The entries that a revision changed.
pub async fn changed_entries(conn: &mut Conn, revision: Revision) -> Result<Vec<Address>, StoreError> {
    let rows = sqlx::query!(
        "SELECT environment, namespace, key FROM changes WHERE revision = $1 AND item = 'entry'",
        signed(revision)
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Address {
                environment: EnvironmentName::parse(&row.environment)?,
                namespace: NamespaceName::parse(&row.namespace)?,
                key: EntryKey::parse(&row.key)?,
            })
        })
        .collect()
}

/// The newest rollback or revert after a revision that changed one of the entries that the revision changed.
pub async fn superseded_by(conn: &mut Conn, revision: Revision) -> Result<Option<Revision>, StoreError> {
    let found = sqlx::query_scalar!(
        "SELECT max(later.revision) FROM changes this
         JOIN changes later ON later.environment = this.environment AND later.namespace = this.namespace
              AND later.key = this.key AND later.item = 'entry' AND later.revision > this.revision
         JOIN revisions r ON r.revision = later.revision AND r.kind IN ('rollback', 'revert')
         WHERE this.revision = $1 AND this.item = 'entry'",
        signed(revision)
    );
    Ok(found.fetch_one(conn).await?.map(|revision| Revision(revision.cast_unsigned())))
}

/// What is seen of one namespace, and a revision to look from.
#[derive(Debug, Serialize)]
pub(super) struct Seen<'a> {
    number: usize,
    environment: &'a str,
    namespace: &'a str,
    prefixes: Option<&'a [String]>,
    at: u64,
}

/// The namespaces of sights, each with the number of its sight.
pub(super) fn seen(sights: &[(Sight, Revision)]) -> Vec<Seen<'_>> {
    let mut seen = Vec::new();
    for (number, (sight, at)) in sights.iter().enumerate() {
        for (namespace, scope) in sight.namespaces() {
            let prefixes = match scope {
                KeyScope::All => None,
                KeyScope::Prefixes(prefixes) => Some(prefixes.as_slice()),
            };
            let (environment, namespace) = (sight.environment().as_str(), namespace.as_str());
            seen.push(Seen { number, environment, namespace, prefixes, at: at.0 });
        }
    }
    seen
}

/// How many revisions after the given one, and not after `until`, changed an entry that is seen; counted up to `most`.
pub async fn count_after(
    conn: &mut Conn,
    sights: &[(Sight, Revision)],
    until: Revision,
    most: u64,
) -> Result<Vec<u64>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT s.number AS "number!", count(DISTINCT c.revision) AS "revisions!"
           FROM jsonb_to_recordset($1) AS s(number bigint, environment text, namespace text, prefixes text[], at bigint)
           CROSS JOIN LATERAL (
               SELECT DISTINCT c.revision FROM changes c
               WHERE c.environment = s.environment AND c.namespace = s.namespace AND c.item = 'entry'
                 AND c.revision > s.at AND c.revision <= $2
                 AND (s.prefixes IS NULL OR EXISTS (SELECT FROM unnest(s.prefixes) prefix WHERE starts_with(c.key, prefix)))
               ORDER BY c.revision LIMIT $3) c
           GROUP BY s.number"#,
        serde_json::to_value(seen(sights)).map_err(corrupt("changes"))?,
        signed(until),
        most.cast_signed()
    )
    .fetch_all(conn)
    .await?;
    let mut counts = vec![0; sights.len()];
    for row in rows {
        let at = usize::try_from(row.number).ok().and_then(|number| counts.get_mut(number));
        if let Some(count) = at {
            *count = row.revisions.cast_unsigned().min(most);
        }
    }
    Ok(counts)
}
