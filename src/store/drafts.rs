//! Drafts: opened, edited and read whole, so that what is read belongs to one hash.

use std::str::FromStr as _;

use bytes::Bytes;
use serde::{Deserialize as _, Serialize};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::contents::ContentHash;
use crate::domain::drafts::{Draft, DraftChange, DraftContent};
use crate::domain::formats::Format;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName, UserName};
use crate::domain::revisions::Revision;
use crate::domain::secrets::RequestedMarks;
use crate::store::heads::signed;
use crate::store::{Conn, StoreError};

/// What became of opening a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenOutcome {
    /// It is new.
    Created(Uuid),
    /// Its owner has one without a title there.
    Existing(Uuid),
    /// Its owner has as many as one may have.
    Full,
}

/// What became of an edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditOutcome {
    /// It is durable.
    Edited,
    /// The draft has another hash by now, or is gone; nothing was written.
    Moved,
    /// Its owner has another draft without a title there; nothing was written.
    Taken,
}

/// An edit of a draft.
#[derive(Debug, Clone, Default)]
pub struct DraftEdit {
    /// The new title.
    pub title: Option<String>,
    /// Whether others may see it.
    pub shared: Option<bool>,
    /// Changes that are new, or come in the place of others.
    pub put: Vec<DraftChange>,
    /// Changes that go.
    pub drop: Vec<(NamespaceName, EntryKey)>,
}

/// Which drafts to list. Absent means any.
#[derive(Debug, Clone, Default)]
pub struct DraftFilter {
    /// Of this environment.
    pub environment: Option<EnvironmentName>,
    /// At home in this namespace, or with a change of it.
    pub namespace: Option<NamespaceName>,
    /// Of this user.
    pub owner: Option<UserName>,
    /// Opened before this one.
    pub after: Option<(OffsetDateTime, Uuid)>,
}

#[derive(Serialize)]
struct ChangeJson<'a> {
    nth: usize,
    namespace: &'a str,
    key: &'a str,
    format: Option<&'static str>,
    marks: Option<&'a RequestedMarks>,
    if_revision: i64,
    hash: Option<String>,
    sealed: bool,
}

/// Changes as the functions of the database take them, and their bodies.
fn columns(changes: &[DraftChange]) -> (Vec<ChangeJson<'_>>, Vec<Option<&[u8]>>) {
    let columns = changes.iter().enumerate().map(|(at, change)| {
        let put = change.put.as_ref();
        let column = ChangeJson {
            nth: at + 1,
            namespace: change.namespace.as_str(),
            key: change.key.as_str(),
            format: put.map(|put| put.format.as_str()),
            marks: put.and_then(|put| put.marks.as_ref()),
            if_revision: signed(change.if_revision),
            hash: put.map(|put| put.hash.to_string()),
            sealed: put.is_some_and(|put| put.sealed),
        };
        (column, put.map(|put| put.body.as_ref()))
    });
    columns.unzip()
}

/// Opens a draft with its changes, unless its owner has one without a title there, or `most` in all.
pub async fn open_draft(conn: &mut Conn, draft: &Draft, most: i64) -> Result<OpenOutcome, StoreError> {
    let Draft { id, environment, namespace, title, owner, shared, hash, .. } = draft;
    let columns_of = serde_json::json!({
        "id": id, "environment": environment, "namespace": namespace, "title": title, "owner": owner, "shared": shared,
        "hash": hash.to_string()});
    let (changes, bodies) = columns(&draft.changes);
    let row = sqlx::query!(
        r#"SELECT outcome AS "outcome!", opened FROM open_draft($1, $2, $3, $4)"#,
        columns_of,
        Json(changes) as _,
        &bodies as &[Option<&[u8]>],
        most
    );
    let row = row.fetch_one(conn).await?;
    match (row.outcome.as_str(), row.opened) {
        ("created", Some(id)) => Ok(OpenOutcome::Created(id)),
        ("existing", Some(id)) => Ok(OpenOutcome::Existing(id)),
        ("full", _) => Ok(OpenOutcome::Full),
        (other, _) => Err(StoreError::corrupt("drafts", format!("unknown outcome {other}"))),
    }
}

/// Edits a draft that still has the hash it was read with, and gives it another one.
pub async fn edit_draft(
    conn: &mut Conn,
    (id, hash): (Uuid, ContentHash),
    edit: &DraftEdit,
    new_hash: ContentHash,
) -> Result<EditOutcome, StoreError> {
    let columns_of = serde_json::json!({
        "id": id, "hash": hash.to_string(), "title": edit.title, "shared": edit.shared, "new_hash": new_hash.to_string()});
    let (changes, bodies) = columns(&edit.put);
    let drops: Vec<_> =
        edit.drop.iter().map(|(namespace, key)| serde_json::json!({"namespace": namespace, "key": key})).collect();
    let outcome = sqlx::query_scalar!(
        r#"SELECT outcome AS "outcome!" FROM edit_draft($1, $2, $3, $4)"#,
        columns_of,
        Json(changes) as _,
        &bodies as &[Option<&[u8]>],
        Json(drops) as _
    );
    match outcome.fetch_one(conn).await?.as_str() {
        "edited" => Ok(EditOutcome::Edited),
        "moved" => Ok(EditOutcome::Moved),
        "taken" => Ok(EditOutcome::Taken),
        other => Err(StoreError::corrupt("drafts", format!("unknown outcome {other}"))),
    }
}

/// Deletes a draft that still has a hash, if one is given. Says whether it did.
pub async fn delete_draft(conn: &mut Conn, id: Uuid, hash: Option<ContentHash>) -> Result<bool, StoreError> {
    let hash = hash.map(|hash| hash.0.to_vec());
    let done = sqlx::query!("DELETE FROM drafts WHERE id = $1 AND ($2::bytea IS NULL OR hash = $2)", id, hash);
    Ok(done.execute(conn).await?.rows_affected() > 0)
}

/// A row of a draft and one of its changes.
struct Row {
    id: Uuid,
    environment: String,
    namespace: String,
    title: String,
    owner: Uuid,
    shared: bool,
    hash: Vec<u8>,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    change_namespace: Option<String>,
    key: Option<String>,
    format: Option<String>,
    marks: Option<serde_json::Value>,
    if_revision: Option<i64>,
    change_hash: Option<Vec<u8>>,
    body: Option<Vec<u8>>,
    sealed: Option<bool>,
}

impl Row {
    fn corrupt(&self, what: &str) -> StoreError {
        StoreError::corrupt("drafts", format!("{}: {what}", self.id))
    }

    fn draft(&self) -> Result<Draft, StoreError> {
        Ok(Draft {
            id: self.id,
            environment: EnvironmentName::parse(&self.environment)?,
            namespace: NamespaceName::parse(&self.namespace)?,
            title: self.title.clone(),
            owner: self.owner,
            shared: self.shared,
            hash: self.hash_of(&self.hash)?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            changes: Vec::new(),
        })
    }

    fn hash_of(&self, hash: &[u8]) -> Result<ContentHash, StoreError> {
        hash.try_into().map(ContentHash).map_err(|_| self.corrupt("a hash of another length"))
    }

    fn change(&mut self) -> Result<Option<DraftChange>, StoreError> {
        let body = Bytes::from(self.body.take().unwrap_or_default());
        let (Some(namespace), Some(key), Some(if_revision)) = (&self.change_namespace, &self.key, self.if_revision)
        else {
            return Ok(None);
        };
        let put = match (&self.format, &self.change_hash) {
            (Some(format), Some(hash)) => Some(DraftContent {
                format: Format::from_str(format).map_err(|_| self.corrupt("unknown format"))?,
                marks: self
                    .marks
                    .as_ref()
                    .map(RequestedMarks::deserialize)
                    .transpose()
                    .map_err(|error| self.corrupt(&error.to_string()))?,
                hash: self.hash_of(hash)?,
                sealed: self.sealed.unwrap_or(false),
                body,
            }),
            _ => None,
        };
        Ok(Some(DraftChange {
            namespace: NamespaceName::parse(namespace)?,
            key: EntryKey::parse(key)?,
            put,
            if_revision: Revision(if_revision.cast_unsigned()),
        }))
    }
}

/// Rows that are sorted by draft.
fn join(rows: Vec<Row>) -> Result<Vec<Draft>, StoreError> {
    let mut drafts: Vec<Draft> = Vec::new();
    for mut row in rows {
        let change = row.change()?;
        match drafts.last_mut().filter(|draft| draft.id == row.id) {
            Some(draft) => draft.changes.extend(change),
            None => drafts.push(Draft { changes: change.into_iter().collect(), ..row.draft()? }),
        }
    }
    Ok(drafts)
}

/// A draft with its contents, as of one moment.
pub async fn find_draft(conn: &mut Conn, id: Uuid) -> Result<Option<Draft>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT d.id, d.environment, d.namespace, d.title, d.owner, d.shared, d.hash, d.created_at, d.updated_at,
                  c.namespace AS "change_namespace?", c.key AS "key?", c.format, c.marks, c.if_revision AS "if_revision?",
                  c.hash AS change_hash, c.body, c.sealed AS "sealed?"
           FROM drafts d LEFT JOIN draft_changes c ON c.draft = d.id
           WHERE d.id = $1 ORDER BY c.namespace COLLATE "C", c.key COLLATE "C""#,
        id
    );
    Ok(join(rows.fetch_all(conn).await?)?.pop())
}

/// Drafts that pass the filter and are the caller's or shared, without contents, newest first, at most `limit`.
pub async fn list_drafts(
    conn: &mut Conn,
    caller: Uuid,
    filter: &DraftFilter,
    limit: i64,
) -> Result<Vec<Draft>, StoreError> {
    let (after_at, after_id) = filter.after.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT d.id, d.environment, d.namespace, d.title, d.owner, d.shared, d.hash, d.created_at, d.updated_at,
                  c.namespace AS "change_namespace?", c.key AS "key?", c.format, c.marks, c.if_revision AS "if_revision?",
                  c.hash AS change_hash, NULL::bytea AS body, c.sealed AS "sealed?"
           FROM (SELECT * FROM drafts o
                 WHERE (o.owner = $1 OR o.shared)
                   AND ($2::text IS NULL OR o.environment = $2)
                   AND ($3::text IS NULL OR o.namespace = $3
                        OR EXISTS (SELECT FROM draft_changes t WHERE t.draft = o.id AND t.namespace = $3))
                   AND ($4::text IS NULL OR o.owner = (SELECT u.id FROM users u WHERE u.name = $4))
                   AND ($5::timestamptz IS NULL OR (o.created_at, o.id) < ($5, $6))
                 ORDER BY o.created_at DESC, o.id DESC LIMIT $7) d
           LEFT JOIN draft_changes c ON c.draft = d.id
           ORDER BY d.created_at DESC, d.id DESC, c.namespace COLLATE "C", c.key COLLATE "C""#,
        caller,
        filter.environment.as_ref().map(EnvironmentName::as_str),
        filter.namespace.as_ref().map(NamespaceName::as_str),
        filter.owner.as_ref().map(UserName::as_str),
        after_at,
        after_id,
        limit
    );
    join(rows.fetch_all(conn).await?)
}

/// How many drafts are at home in a namespace, or have a change of it.
pub async fn count_drafts(
    conn: &mut Conn,
    environment: &EnvironmentName,
    namespace: &NamespaceName,
) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM drafts d
           WHERE d.environment = $1
             AND (d.namespace = $2 OR EXISTS (SELECT FROM draft_changes c WHERE c.draft = d.id AND c.namespace = $2))"#,
        environment.as_str(),
        namespace.as_str()
    );
    Ok(count.fetch_one(conn).await?.cast_unsigned())
}

/// The drafts and entries of all contents that are not sealed.
pub async fn list_open_contents(conn: &mut Conn) -> Result<Vec<(Uuid, Address)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT d.id, d.environment, c.namespace, c.key FROM draft_changes c JOIN drafts d ON d.id = c.draft
         WHERE NOT c.sealed AND c.format IS NOT NULL ORDER BY d.id"
    );
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| {
        let address = Address {
            environment: EnvironmentName::parse(&row.environment)?,
            namespace: NamespaceName::parse(&row.namespace)?,
            key: EntryKey::parse(&row.key)?,
        };
        Ok((row.id, address))
    });
    rows.collect()
}

/// Sealed contents of drafts of a namespace that are still sealed with a key, at most `limit`.
pub async fn find_drafts_sealed_with(
    conn: &mut Conn,
    key: Uuid,
    (environment, namespace): (&EnvironmentName, &NamespaceName),
    limit: i64,
) -> Result<Vec<(Uuid, Address, Bytes)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT c.draft, c.key, c.body AS "body!" FROM draft_changes c JOIN drafts d ON d.id = c.draft
           WHERE d.environment = $1 AND c.namespace = $2 AND c.sealed AND substring(c.body FROM 2 FOR 16) = uuid_send($3)
           ORDER BY c.draft, c.key LIMIT $4"#,
        environment.as_str(),
        namespace.as_str(),
        key,
        limit
    );
    let rows = rows.fetch_all(conn).await?.into_iter().map(|row| {
        let key = EntryKey::parse(&row.key)?;
        let address = Address { environment: environment.clone(), namespace: namespace.clone(), key };
        Ok((row.draft, address, Bytes::from(row.body)))
    });
    rows.collect()
}

/// Replaces the sealed bytes of a draft, if they are still these. What they mean stays, and so does the hash.
pub async fn reseal_draft(
    conn: &mut Conn,
    draft: Uuid,
    address: &Address,
    (old, new): (&[u8], &[u8]),
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE draft_changes SET body = $5 WHERE draft = $1 AND namespace = $2 AND key = $3 AND body = $4",
        draft,
        address.namespace.as_str(),
        address.key.as_str(),
        old,
        new
    )
    .execute(conn)
    .await?;
    Ok(())
}
