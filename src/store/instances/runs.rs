//! Which revision runs where: instances that answer alike, counted, and the newest change that each of them has.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::domain::changes::RecordHead;
use crate::domain::instances::Presence;
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::Revision;
use crate::domain::sight::Sight;
use crate::store::heads::signed;
use crate::store::instances::receipts::seen;
use crate::store::instances::{InstanceFilter, SHOWN_GONE, corrupt, namespaces, presence};
use crate::store::rows::RevisionRow;
use crate::store::{Conn, StoreError};

/// Instances of an environment that differ in nothing which is counted.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
#[derive(Debug, Clone)]
pub struct InstanceGroup {
    /// Who owns their ids.
    pub owner: Uuid,
    /// What they run on.
    pub namespaces: Vec<NamespaceName>,
    /// Whether they are held.
    pub held: bool,
    /// Whether they are there.
    pub presence: Presence,
    /// What they applied last.
    pub applied: Option<Revision>,
    /// Whether they refused something newer.
    pub rejected: bool,
    /// Whether what ran before could not be brought back.
    pub broken: bool,
    /// Whether their probes fail.
    pub unhealthy: bool,
    /// Whether they keep files of entries that are gone.
    pub missing: bool,
    /// How many they are.
    pub count: u64,
}

/// All instances that pass a filter, however many, in groups. Of the filter, neither its page nor its instant counts.
pub async fn groups(
    conn: &mut Conn,
    environment: &EnvironmentName,
    filter: &InstanceFilter,
) -> Result<Vec<InstanceGroup>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT i.owner AS "owner!", i.namespaces AS "namespaces!", i.held AS "held!", i.presence AS "presence!",
                  i.applied_revision, i.rejected_revision IS NOT NULL AS "rejected!", i.rejected_broken AS "broken!",
                  i.unhealthy AS "unhealthy!", cardinality(i.missing) > 0 AS "missing!", count(*) AS "count!"
           FROM standing_instances i
           WHERE i.environment = $1
             AND ($2::text IS NULL OR $2 = ANY(i.namespaces)) AND ($3::text IS NULL OR i.service = $3)
             AND i.labels @> $4
             AND (i.presence <> 'gone' OR i.presence_since > now() - make_interval(secs => $5))
           GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9"#,
        environment.as_str(),
        filter.namespace.as_ref().map(NamespaceName::as_str),
        filter.service,
        serde_json::to_value(&filter.labels).map_err(corrupt("instances"))?,
        SHOWN_GONE.as_secs_f64()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(InstanceGroup {
                owner: row.owner,
                namespaces: namespaces(&row.namespaces)?,
                held: row.held,
                presence: presence(&row.presence)?,
                applied: row.applied_revision.map(|revision| Revision(revision.cast_unsigned())),
                rejected: row.rejected,
                broken: row.broken,
                unhealthy: row.unhealthy,
                missing: row.missing,
                count: row.count.cast_unsigned(),
            })
        })
        .collect()
}

/// For each sight, the newest revision up to the given one that changed an entry which is seen, or only the entry of a key.
pub async fn newest_until(
    conn: &mut Conn,
    sights: &[(Sight, Revision)],
    key: Option<&EntryKey>,
) -> Result<Vec<Option<Revision>>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT s.number AS "number!", max(c.revision) AS "revision!"
           FROM jsonb_to_recordset($1) AS s(number bigint, environment text, namespace text, prefixes text[], at bigint)
           CROSS JOIN LATERAL (
               SELECT c.revision FROM changes c
               WHERE c.environment = s.environment AND c.namespace = s.namespace AND c.item = 'entry'
                 AND c.revision <= s.at AND ($2::text IS NULL OR c.key = $2)
                 AND (s.prefixes IS NULL OR EXISTS (SELECT FROM unnest(s.prefixes) prefix WHERE starts_with(c.key, prefix)))
               ORDER BY c.revision DESC LIMIT 1) c
           GROUP BY s.number"#,
        serde_json::to_value(seen(sights)).map_err(corrupt("changes"))?,
        key.map(EntryKey::as_str)
    )
    .fetch_all(conn)
    .await?;
    let mut newest = vec![None; sights.len()];
    for row in rows {
        let at = usize::try_from(row.number).ok().and_then(|number| newest.get_mut(number));
        if let Some(newest) = at {
            *newest = Some(Revision(row.revision.cast_unsigned()));
        }
    }
    Ok(newest)
}

/// When, by whom and why these revisions were made.
pub async fn heads_of(conn: &mut Conn, revisions: &[Revision]) -> Result<BTreeMap<Revision, RecordHead>, StoreError> {
    let numbers: Vec<i64> = revisions.iter().map(|revision| signed(*revision)).collect();
    let rows = sqlx::query_as!(
        RevisionRow,
        "SELECT revision, epoch, id, at, actor, message, kind, request_id, origin FROM revisions WHERE revision = ANY($1)",
        &numbers
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| row.into_head().map(|head| (head.revision, head))).collect()
}
