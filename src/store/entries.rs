//! The store as it is, and as it was at a revision.

use crate::domain::changes::{Item, NamespaceAttributes};
use crate::domain::names::{Address, EnvironmentName, NamespaceName, UserName};
use crate::domain::revisions::Revision;
use crate::domain::state::{Entry, Stamp, State};
use crate::store::heads::signed;
use crate::store::rows::ChangeRow;
use crate::store::{Conn, StoreError};

/// Reads everything that is current at `upto`: the newest change of each item, deletions included, since those
/// decide when a list was last touched.
pub async fn load(conn: &mut Conn, upto: Revision) -> Result<State, StoreError> {
    let mut state = State::default();
    for kind in ["environment", "namespace", "entry"] {
        let rows = sqlx::query!(
            r#"SELECT c.revision, c.item, c.environment, c.namespace, c.key, c.deleted, c.audience, c.format, c.hash,
                      c.attributes, c.previous, k.body AS "body?", r.at, r.actor
               FROM (SELECT DISTINCT ON (environment, namespace, key) * FROM changes
                     WHERE item = $1 AND revision <= $2
                     ORDER BY environment, namespace, key, revision DESC) c
               JOIN revisions r ON r.revision = c.revision
               LEFT JOIN contents k ON k.hash = c.hash"#,
            kind,
            signed(upto)
        )
        .fetch_all(&mut *conn)
        .await?;
        for row in rows {
            let change = ChangeRow {
                revision: row.revision,
                item: row.item,
                environment: row.environment,
                namespace: row.namespace,
                key: row.key,
                deleted: row.deleted,
                audience: row.audience,
                format: row.format,
                hash: row.hash,
                body: row.body,
                attributes: row.attributes,
                previous: row.previous,
            };
            let stamp = Stamp { revision: change.revision(), at: row.at, actor: UserName::parse(&row.actor)? };
            state.apply_items(&stamp, &[change.into_item()?]);
        }
    }
    state.head = upto;
    Ok(state)
}

/// The entries of an environment as they were right after a revision, by namespace and key.
pub async fn entries_at(
    conn: &mut Conn,
    environment: &EnvironmentName,
    namespace: Option<&NamespaceName>,
    keys: Option<&[String]>,
    at: Revision,
) -> Result<Vec<(Address, Entry)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT c.revision, c.item, c.environment, c.namespace, c.key, c.deleted, c.audience, c.format, c.hash,
                  c.attributes, c.previous, k.body AS "body?", r.at, r.actor
           FROM (SELECT DISTINCT ON (environment, namespace, key) * FROM changes
                 WHERE item = 'entry' AND environment = $1 AND ($2::text IS NULL OR namespace = $2)
                   AND ($3::text[] IS NULL OR key = ANY($3)) AND revision <= $4
                 ORDER BY environment, namespace, key, revision DESC) c
           JOIN revisions r ON r.revision = c.revision
           LEFT JOIN contents k ON k.hash = c.hash
           WHERE NOT c.deleted
           ORDER BY c.namespace COLLATE "C", c.key COLLATE "C""#,
        environment.as_str(),
        namespace.map(NamespaceName::as_str),
        keys,
        signed(at)
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let change = ChangeRow {
                revision: row.revision,
                item: row.item,
                environment: row.environment,
                namespace: row.namespace,
                key: row.key,
                deleted: row.deleted,
                audience: row.audience,
                format: row.format,
                hash: row.hash,
                body: row.body,
                attributes: row.attributes,
                previous: row.previous,
            };
            let stamp = Stamp { revision: change.revision(), at: row.at, actor: UserName::parse(&row.actor)? };
            match change.into_item()? {
                Item::Entry { address, version: Some(version), .. } => Ok((address, Entry { stamp, version })),
                Item::Entry { version: None, .. } | Item::Namespace { .. } | Item::Environment { .. } => {
                    Err(StoreError::corrupt("changes", format!("{}: not an entry", stamp.revision)))
                }
            }
        })
        .collect()
}

/// The namespaces of an environment as they were right after a revision.
pub async fn namespaces_at(
    conn: &mut Conn,
    environment: &EnvironmentName,
    at: Revision,
) -> Result<Vec<(NamespaceName, NamespaceAttributes)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT c.namespace, c.attributes FROM
               (SELECT DISTINCT ON (namespace) * FROM changes
                WHERE item = 'namespace' AND environment = $1 AND revision <= $2
                ORDER BY namespace, revision DESC) c
           WHERE NOT c.deleted
           ORDER BY c.namespace COLLATE "C""#,
        environment.as_str(),
        signed(at)
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let attributes = row.attributes.unwrap_or_default();
            let attributes = serde_json::from_value(attributes)
                .map_err(|error| StoreError::corrupt("changes", format!("namespace {}: {error}", row.namespace)))?;
            Ok((NamespaceName::parse(&row.namespace)?, attributes))
        })
        .collect()
}
