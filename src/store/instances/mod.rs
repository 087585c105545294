//! Instances as they are read; how they are written is in [`recording`].

pub mod receipts;
pub mod recording;
pub mod runs;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::instances::{Applied, Declaration, Instance, Presence, Progress, Rejection};
use crate::domain::names::{EnvironmentName, InstanceId, NamespaceName, UserName};
use crate::domain::revisions::{Cursor, Epoch, Revision};
use crate::store::heads::signed;
use crate::store::{Conn, StoreError};

/// A row of `standing_instances`, as the database writes it in JSON.
#[derive(Debug, Deserialize)]
struct InstanceRow {
    environment: String,
    id: String,
    owner: Uuid,
    owner_name: String,
    service: String,
    labels: BTreeMap<String, String>,
    address: Option<String>,
    version: Option<String>,
    agent: Option<String>,
    namespaces: Vec<String>,
    held: bool,
    present_from: i64,
    presence: String,
    #[serde(with = "time::serde::rfc3339")]
    presence_since: OffsetDateTime,
    streams: i64,
    applied_epoch: Option<i64>,
    applied_revision: Option<i64>,
    #[serde(with = "time::serde::rfc3339::option")]
    applied_at: Option<OffsetDateTime>,
    missing: Vec<String>,
    unhealthy: bool,
    rejected_epoch: Option<i64>,
    rejected_revision: Option<i64>,
    #[serde(with = "time::serde::rfc3339::option")]
    rejected_at: Option<OffsetDateTime>,
    rejected_reason: Option<String>,
    rejected_output: Option<String>,
    rejected_broken: bool,
}

fn corrupt(table: &'static str) -> impl Fn(serde_json::Error) -> StoreError {
    move |error| StoreError::corrupt(table, error.to_string())
}

fn cursor(epoch: Option<i64>, revision: Option<i64>) -> Option<Cursor> {
    Some(Cursor { epoch: Epoch(epoch?.cast_unsigned()), revision: Revision(revision?.cast_unsigned()) })
}

fn instances(rows: Vec<serde_json::Value>) -> Result<Vec<Instance>, StoreError> {
    rows.into_iter().map(|row| InstanceRow::deserialize(row).map_err(corrupt("instances"))?.into_instance()).collect()
}

fn presence(word: &str) -> Result<Presence, StoreError> {
    Presence::find(word).ok_or_else(|| StoreError::corrupt("instances", format!("unknown presence {word}")))
}

fn namespaces(names: &[String]) -> Result<Vec<NamespaceName>, StoreError> {
    Ok(names.iter().map(|name| NamespaceName::parse(name)).collect::<Result<_, _>>()?)
}

impl InstanceRow {
    fn into_instance(self) -> Result<Instance, StoreError> {
        let progress = Progress {
            applied: cursor(self.applied_epoch, self.applied_revision).map(|at| Applied {
                at,
                missing: self.missing,
                unhealthy: self.unhealthy,
            }),
            rejected: cursor(self.rejected_epoch, self.rejected_revision).map(|at| Rejection {
                at,
                reason: self.rejected_reason,
                output: self.rejected_output,
                broken: self.rejected_broken,
            }),
        };
        Ok(Instance {
            environment: EnvironmentName::parse(&self.environment)?,
            id: InstanceId::parse(&self.id)?,
            owner: self.owner,
            owner_name: UserName::parse(&self.owner_name)?,
            declared: Declaration {
                service: self.service,
                labels: self.labels,
                address: self.address,
                version: self.version,
                agent: self.agent,
                namespaces: namespaces(&self.namespaces)?,
                held: self.held,
            },
            presence: presence(&self.presence)?,
            presence_since: self.presence_since,
            streams: self.streams.cast_unsigned(),
            present_from: Revision(self.present_from.cast_unsigned()),
            progress,
            applied_at: self.applied_at,
            rejected_at: self.rejected_at,
        })
    }
}

/// Which instances of an environment to list. Absent means any.
#[derive(Debug, Clone, Default)]
pub struct InstanceFilter {
    /// That run on this namespace.
    pub namespace: Option<NamespaceName>,
    /// Of this service.
    pub service: Option<String>,
    /// With all of these labels.
    pub labels: BTreeMap<String, String>,
    /// With a greater id.
    pub after: Option<InstanceId>,
    /// That were there at an instant; those gone for long are listed then, too.
    pub at: Option<OffsetDateTime>,
}

/// How long one that is gone is listed.
const SHOWN_GONE: Duration = Duration::from_hours(24 * 7);

/// Instances that pass the filter, by id, at most `limit`.
pub async fn list(
    conn: &mut Conn,
    environment: &EnvironmentName,
    filter: &InstanceFilter,
    limit: i64,
) -> Result<Vec<Instance>, StoreError> {
    let labels = serde_json::to_value(&filter.labels).map_err(corrupt("instances"))?;
    let rows = sqlx::query_scalar!(
        r#"SELECT to_jsonb(i) AS "instance!" FROM standing_instances i
           WHERE i.environment = $1 AND i.id > $2
             AND ($3::text IS NULL OR $3 = ANY(i.namespaces)) AND ($4::text IS NULL OR i.service = $4)
             AND i.labels @> $5
             AND CASE WHEN $6::timestamptz IS NOT NULL THEN i.created_at <= $6
                      ELSE i.presence <> 'gone' OR i.presence_since > now() - make_interval(secs => $7) END
           ORDER BY i.id LIMIT $8"#,
        environment.as_str(),
        filter.after.as_ref().map_or("", InstanceId::as_str),
        filter.namespace.as_ref().map(NamespaceName::as_str),
        filter.service,
        labels,
        filter.at,
        SHOWN_GONE.as_secs_f64(),
        limit
    )
    .fetch_all(conn)
    .await?;
    instances(rows)
}

/// One instance, however long it is gone.
pub async fn find(
    conn: &mut Conn,
    environment: &EnvironmentName,
    id: &InstanceId,
) -> Result<Option<Instance>, StoreError> {
    let row = sqlx::query_scalar!(
        r#"SELECT to_jsonb(i) AS "instance!" FROM standing_instances i WHERE i.environment = $1 AND i.id = $2"#,
        environment.as_str(),
        id.as_str()
    )
    .fetch_all(conn)
    .await?;
    Ok(instances(row)?.pop())
}

/// Whether an instance is listed although it is gone: for 7 days.
pub async fn is_shown(conn: &mut Conn, since: OffsetDateTime) -> Result<bool, StoreError> {
    let shown = sqlx::query_scalar!(
        r#"SELECT $1::timestamptz > now() - make_interval(secs => $2) AS "shown!""#,
        since,
        SHOWN_GONE.as_secs_f64()
    );
    Ok(shown.fetch_one(conn).await?)
}

/// The instances of an environment that changed after an instant or run on one of the namespaces, and the instant up to
/// which this was told. None lists those that are not gone for long.
pub async fn changed(
    conn: &mut Conn,
    environment: &EnvironmentName,
    after: Option<OffsetDateTime>,
    touched: &[NamespaceName],
) -> Result<(Vec<Instance>, OffsetDateTime), StoreError> {
    let touched: Vec<String> = touched.iter().map(ToString::to_string).collect();
    let now = sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(&mut *conn).await?;
    let rows = sqlx::query_scalar!(
        r#"SELECT to_jsonb(i) AS "instance!" FROM standing_instances i
           WHERE i.environment = $1 AND ($2::timestamptz IS NULL OR i.updated_at > $2 OR i.namespaces && $3)
             AND (i.presence <> 'gone' OR i.presence_since > now() - make_interval(secs => $4))"#,
        environment.as_str(),
        after,
        &touched,
        SHOWN_GONE.as_secs_f64()
    )
    .fetch_all(conn)
    .await?;
    Ok((instances(rows)?, now))
}

/// Every instance that is there, for the metrics.
pub async fn present(conn: &mut Conn) -> Result<Vec<Instance>, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"SELECT to_jsonb(i) AS "instance!" FROM standing_instances i WHERE i.presence <> 'gone'"#
    );
    instances(rows.fetch_all(conn).await?)
}

/// Those instances that are there, run on one of the namespaces, and were there before a revision.
pub async fn counted(
    conn: &mut Conn,
    environments: &[String],
    namespaces: &[String],
    revision: Revision,
) -> Result<Vec<Instance>, StoreError> {
    let rows = sqlx::query_scalar!(
        r#"SELECT to_jsonb(i) AS "instance!" FROM standing_instances i
           WHERE i.environment = ANY($1) AND i.namespaces && $2 AND i.present_from < $3 AND i.presence <> 'gone'
           ORDER BY i.environment, i.id"#,
        environments,
        namespaces,
        signed(revision)
    )
    .fetch_all(conn)
    .await?;
    instances(rows)
}
