//! The store as it is, and as it was at a revision.

use std::sync::Arc;

use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName, UserName};
use crate::domain::revisions::Revision;
use crate::domain::secrets::Marks;
use crate::domain::state::{Stamp, State};
use crate::store::heads::signed;
use crate::store::rows::ChangeRow;
use crate::store::{Conn, StoreError};

/// Which part of the store to read. Absent means all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Part<'a> {
    /// Only this environment.
    pub environment: Option<&'a EnvironmentName>,
    /// Only this namespace of it.
    pub namespace: Option<&'a NamespaceName>,
    /// Only these keys of that.
    pub keys: Option<&'a [String]>,
    /// Without entries.
    pub bare: bool,
}

impl<'a> Part<'a> {
    /// Only one entry, whose key is the one in `keys`.
    #[must_use]
    pub fn of(address: &'a Address, keys: &'a [String]) -> Self {
        let (environment, namespace) = (Some(&address.environment), Some(&address.namespace));
        Self { environment, namespace, keys: Some(keys), bare: false }
    }
}

/// Reads a part of the store as it was right after a revision: the newest change of each item up to it, deletions
/// included, since those decide when a list was last touched.
pub async fn load(conn: &mut Conn, upto: Revision, part: Part<'_>) -> Result<State, StoreError> {
    let mut state = State::default();
    let kinds: &[&str] = if part.bare { &["environment", "namespace"] } else { &["environment", "namespace", "entry"] };
    for kind in kinds {
        let rows = sqlx::query!(
            r#"SELECT c.revision, c.item, c.environment, c.namespace, c.key, c.deleted, c.audience, c.format, c.hash,
                      c.attributes, c.previous, k.body AS "body?", d.hash IS NOT NULL AS "redacted!", r.at, r.actor
               FROM (SELECT DISTINCT ON (environment, namespace, key) * FROM changes
                     WHERE item = $1 AND revision <= $2
                       AND ($3::text IS NULL OR environment = $3)
                       AND ($4::text IS NULL OR item = 'environment' OR namespace = $4)
                       AND ($5::text[] IS NULL OR item <> 'entry' OR key = ANY($5))
                     ORDER BY environment, namespace, key, revision DESC) c
               JOIN revisions r ON r.revision = c.revision
               LEFT JOIN contents k ON k.hash = c.hash
               LEFT JOIN redactions d ON d.hash = c.hash"#,
            kind,
            signed(upto),
            part.environment.map(EnvironmentName::as_str),
            part.namespace.map(NamespaceName::as_str),
            part.keys
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
                redacted: row.redacted,
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

/// The last marks of every entry that was ever sealed, up to a revision.
pub async fn load_marks(conn: &mut Conn, upto: Revision, state: &mut State) -> Result<(), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (environment, namespace, key) revision, environment, namespace, key, attributes AS "attributes!"
           FROM changes WHERE item = 'entry' AND attributes IS NOT NULL AND revision <= $1
           ORDER BY environment, namespace, key, revision DESC"#,
        signed(upto)
    );
    for row in rows.fetch_all(conn).await? {
        let address = Address {
            environment: EnvironmentName::parse(&row.environment)?,
            namespace: NamespaceName::parse(&row.namespace)?,
            key: EntryKey::parse(&row.key)?,
        };
        let corrupt = |error: serde_json::Error| StoreError::corrupt("changes", format!("{}: {error}", row.revision));
        state.note_marks(address, Arc::new(serde_json::from_value::<Marks>(row.attributes).map_err(corrupt)?));
    }
    Ok(())
}
