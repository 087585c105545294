//! The append-only history: committing, and looking back.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::changes::{Audience, Item, Kind, Origin, RecordHead, Version};
use crate::domain::contents::ContentHash;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName, UserName};
use crate::domain::revisions::{Cursor, Epoch, Revision};
use crate::store::heads::signed;
use crate::store::rows::RevisionRow;
use crate::store::{Conn, StoreError};

/// One accepted change set on its way into the history.
#[derive(Debug)]
pub struct BatchSet<'a> {
    /// The random id of its revision.
    pub id: Uuid,
    /// Who asks.
    pub actor: &'a UserName,
    /// The token it showed.
    pub token: Option<Uuid>,
    /// Where it calls from.
    pub address: Option<IpAddr>,
    /// Why.
    pub message: &'a str,
    /// What kind of change.
    pub kind: Kind,
    /// The request that brought it.
    pub request_id: &'a str,
    /// What it was made from.
    pub origin: Origin,
    /// Its changes; none appends no revision, remembers the idempotency key, and lets the draft go.
    pub items: &'a [Item],
    /// Caller, key and hash of the body, when the call shall happen once.
    pub idempotency: Option<(String, &'a str, ContentHash)>,
    /// The draft that it publishes, which goes with it, and the hash that must still be its.
    pub draft: Option<(Uuid, ContentHash)>,
}

/// Change sets that were judged one after the other at one head.
#[derive(Debug)]
pub struct Batch<'a> {
    /// The head they were judged at.
    pub at: Cursor,
    /// The access number they were judged at.
    pub access: u64,
    /// In order.
    pub sets: Vec<BatchSet<'a>>,
    /// Entries of which nothing was sealed before and something is now.
    pub unmarked: HashSet<&'a Address>,
}

/// A call that already happened under its idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub struct Duplicate {
    /// The change set of the batch.
    pub id: Uuid,
    /// Whether its body was the same.
    pub same_body: bool,
    /// The epoch of the first result.
    pub epoch: Epoch,
    /// The revision of the first result.
    pub revision: Revision,
    /// How many items it changed.
    pub changed: u64,
}

/// What became of a batch.
#[derive(Debug)]
pub enum CommitOutcome {
    /// All of it is durable, with this time.
    Committed(OffsetDateTime),
    /// Somebody else committed first; nothing was written.
    Moved,
    /// The database holds another history; nothing was written.
    Foreign,
    /// These already happened; nothing was written.
    Duplicates(Vec<Duplicate>),
    /// Of these entries some earlier versions are not sealed; nothing was written.
    Unsealed(Vec<Address>),
    /// The drafts of these change sets have another hash, or are gone; nothing was written.
    DraftsMoved(Vec<Uuid>),
}

#[derive(Serialize)]
struct SetJson<'a> {
    id: Uuid,
    /// The revision it becomes, counted from the head; 0 when it appends none.
    offset: u64,
    /// The head after it, counted the same way.
    head_offset: u64,
    actor: &'a str,
    token: Option<Uuid>,
    address: Option<IpAddr>,
    message: &'a str,
    kind: &'static str,
    request_id: &'a str,
    origin: Origin,
    changed: usize,
    caller: Option<&'a str>,
    idempotency_key: Option<&'a str>,
    body_hash: Option<String>,
    draft: Option<Uuid>,
    draft_hash: Option<String>,
}

#[derive(Serialize)]
struct ChangeJson<'a> {
    offset: u64,
    ordinal: usize,
    item: &'static str,
    environment: &'a str,
    namespace: &'a str,
    key: &'a str,
    deleted: bool,
    format: Option<&'static str>,
    hash: Option<String>,
    attributes: Option<serde_json::Value>,
    previous: Revision,
    /// Whether no version of the entry was sealed before: then all of them must be by now.
    first_marks: bool,
}

impl<'a> ChangeJson<'a> {
    fn of(offset: u64, ordinal: usize, item: &'a Item, unmarked: &HashSet<&Address>) -> Self {
        match item {
            Item::Entry { address, version, audience: Audience::Everyone, previous } => Self {
                offset,
                ordinal,
                item: "entry",
                environment: address.environment.as_str(),
                namespace: address.namespace.as_str(),
                key: address.key.as_str(),
                deleted: version.is_none(),
                format: version.as_ref().map(|version| version.format.as_str()),
                hash: version.as_ref().map(|version| version.content.hash().to_string()),
                attributes: version
                    .as_ref()
                    .and_then(|version| version.seal.as_ref())
                    .and_then(|seal| serde_json::to_value(&*seal.marks).ok()),
                previous: *previous,
                first_marks: version.as_ref().is_some_and(Version::is_sealed) && unmarked.contains(address),
            },
            Item::Namespace { environment, namespace, attributes: new, previous } => Self {
                offset,
                ordinal,
                item: "namespace",
                environment: environment.as_str(),
                namespace: namespace.as_str(),
                key: "",
                deleted: new.is_none(),
                format: None,
                hash: None,
                attributes: new.as_ref().and_then(|new| serde_json::to_value(new).ok()),
                previous: *previous,
                first_marks: false,
            },
            Item::Environment { environment, attributes: new, previous } => Self {
                offset,
                ordinal,
                item: "environment",
                environment: environment.as_str(),
                namespace: "",
                key: "",
                deleted: new.is_none(),
                format: None,
                hash: None,
                attributes: new.as_ref().and_then(|new| serde_json::to_value(new).ok()),
                previous: *previous,
                first_marks: false,
            },
        }
    }
}

/// Sends a batch as one statement: lock, compare, append, move the head, wake the nodes.
pub async fn commit(conn: &mut Conn, batch: &Batch<'_>) -> Result<CommitOutcome, StoreError> {
    let (mut sets, mut changes, mut contents) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut head_offset = 0;
    for set in &batch.sets {
        head_offset += u64::from(!set.items.is_empty());
        let offset = if set.items.is_empty() { 0 } else { head_offset };
        sets.push(SetJson {
            id: set.id,
            offset,
            head_offset,
            actor: set.actor.as_str(),
            token: set.token,
            address: set.address,
            message: set.message,
            kind: set.kind.as_str(),
            request_id: set.request_id,
            origin: set.origin.clone(),
            changed: set.items.len(),
            caller: set.idempotency.as_ref().map(|(caller, ..)| caller.as_str()),
            idempotency_key: set.idempotency.as_ref().map(|(_, key, _)| *key),
            body_hash: set.idempotency.as_ref().map(|(.., hash)| hash.to_string()),
            draft: set.draft.map(|(id, _)| id),
            draft_hash: set.draft.map(|(_, hash)| hash.to_string()),
        });
        for (ordinal, item) in set.items.iter().enumerate() {
            changes.push(ChangeJson::of(offset, ordinal, item, &batch.unmarked));
            if let Item::Entry { version: Some(version), .. } = item {
                contents.insert(version.content.hash(), version.content.bytes());
            }
        }
    }
    let (hashes, bodies): (Vec<Vec<u8>>, Vec<&[u8]>) =
        contents.iter().map(|(hash, bytes)| (hash.0.to_vec(), bytes.as_ref())).unzip();
    let json = |value: Result<serde_json::Value, serde_json::Error>| {
        value.map_err(|error| StoreError::Refused(error.to_string()))
    };
    let row = sqlx::query!(
        r#"SELECT outcome AS "outcome!", committed_at, duplicates
           FROM commit_change_sets($1, $2, $3, $4, $5, $6, $7)"#,
        batch.at.epoch.0.cast_signed(),
        signed(batch.at.revision),
        batch.access.cast_signed(),
        json(serde_json::to_value(&sets))?,
        json(serde_json::to_value(&changes))?,
        &hashes,
        &bodies as &[&[u8]]
    )
    .fetch_one(conn)
    .await?;
    match (row.outcome.as_str(), row.committed_at, row.duplicates) {
        ("committed", Some(at), _) => Ok(CommitOutcome::Committed(at)),
        ("moved", ..) => Ok(CommitOutcome::Moved),
        ("foreign", ..) => Ok(CommitOutcome::Foreign),
        ("duplicate", _, Some(found)) => Ok(CommitOutcome::Duplicates(
            serde_json::from_value(found).map_err(|error| StoreError::corrupt("idempotency", error.to_string()))?,
        )),
        ("unsealed", _, Some(found)) => Ok(CommitOutcome::Unsealed(
            serde_json::from_value(found).map_err(|error| StoreError::corrupt("changes", error.to_string()))?,
        )),
        ("draft_moved", _, Some(found)) => Ok(CommitOutcome::DraftsMoved(
            serde_json::from_value(found).map_err(|error| StoreError::corrupt("drafts", error.to_string()))?,
        )),
        (other, ..) => Err(StoreError::corrupt("head", format!("unknown outcome {other}"))),
    }
}

/// Takes the lock of the store until the transaction ends; one that idles is ended by the server after a second.
pub(super) async fn lock(conn: &mut Conn) -> Result<(), StoreError> {
    sqlx::query!("SELECT set_config('idle_in_transaction_session_timeout', '1s', true), lock_store()")
        .fetch_one(conn)
        .await?;
    Ok(())
}

/// Which of these change sets are in the history after `after`: the answer to a commit that was cut.
pub async fn find_committed(
    conn: &mut Conn,
    ids: &[Uuid],
    after: Revision,
) -> Result<Vec<(Uuid, Revision)>, StoreError> {
    let rows =
        sqlx::query!("SELECT id, revision FROM revisions WHERE revision > $1 AND id = ANY($2)", signed(after), ids)
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().map(|row| (row.id, Revision(row.revision.cast_unsigned()))).collect())
}

/// The first result of a call under its idempotency key.
pub async fn find_idempotent(
    conn: &mut Conn,
    caller: &str,
    key: &str,
    body: ContentHash,
) -> Result<Option<Duplicate>, StoreError> {
    let row = sqlx::query!(
        "SELECT body_hash, epoch, revision, changed FROM idempotency WHERE caller = $1 AND key = $2",
        caller,
        key
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Duplicate {
        id: Uuid::nil(),
        same_body: row.body_hash == body.0,
        epoch: Epoch(row.epoch.cast_unsigned()),
        revision: Revision(row.revision.cast_unsigned()),
        changed: row.changed.cast_unsigned(),
    }))
}

/// The newest revision that was committed at or before an instant.
pub async fn revision_at(conn: &mut Conn, at: OffsetDateTime) -> Result<Revision, StoreError> {
    let found = sqlx::query_scalar!("SELECT max(revision) FROM revisions WHERE at <= $1", at).fetch_one(conn).await?;
    Ok(Revision(found.unwrap_or(0).cast_unsigned()))
}

/// Which revisions to list. Absent means any.
#[derive(Debug, Clone, Default)]
pub struct HistoryFilter {
    /// Touched something of this environment.
    pub environment: Option<EnvironmentName>,
    /// Touched something of this namespace.
    pub namespace: Option<NamespaceName>,
    /// Touched this key.
    pub key: Option<EntryKey>,
    /// By this user.
    pub actor: Option<UserName>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// At or after.
    pub since: Option<OffsetDateTime>,
    /// At or before.
    pub until: Option<OffsetDateTime>,
    /// With a smaller number.
    pub before: Option<Revision>,
}

/// What a listed revision changed, without contents.
#[derive(Debug, Clone)]
pub struct ListedChange {
    /// `entry`, `namespace` or `environment`, and where.
    pub environment: EnvironmentName,
    /// Where.
    pub namespace: Option<NamespaceName>,
    /// Where.
    pub key: Option<EntryKey>,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Entry put: its format.
    pub format: Option<String>,
    /// Entry put: its hash.
    pub hash: Option<ContentHash>,
    /// Entry put: bytes of its content.
    pub size: Option<u64>,
    /// Whether it is sealed.
    pub sealed: bool,
    /// Its revision before.
    pub previous: Revision,
}

/// Revisions that pass the filter, newest first, at most `limit`, with what they changed.
pub async fn history(
    conn: &mut Conn,
    filter: &HistoryFilter,
    limit: i64,
) -> Result<Vec<(RecordHead, Vec<ListedChange>)>, StoreError> {
    let heads = sqlx::query_as!(
        RevisionRow,
        "SELECT revision, epoch, id, at, actor, message, kind, request_id, origin FROM revisions r
         WHERE ($1::bigint IS NULL OR revision < $1)
           AND ($2::text IS NULL OR actor = $2) AND ($3::text IS NULL OR kind = $3)
           AND ($4::timestamptz IS NULL OR at >= $4) AND ($5::timestamptz IS NULL OR at <= $5)
           AND ($6::text IS NULL OR EXISTS (SELECT FROM changes c WHERE c.revision = r.revision AND c.environment = $6
                AND ($7::text IS NULL OR c.namespace = $7) AND ($8::text IS NULL OR c.key = $8)))
         ORDER BY revision DESC LIMIT $9",
        filter.before.map(signed),
        filter.actor.as_ref().map(UserName::as_str),
        filter.kind.map(Kind::as_str),
        filter.since,
        filter.until,
        filter.environment.as_ref().map(EnvironmentName::as_str),
        filter.namespace.as_ref().map(NamespaceName::as_str),
        filter.key.as_ref().map(EntryKey::as_str),
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    let numbers: Vec<i64> = heads.iter().map(|head| head.revision).collect();
    let rows = sqlx::query!(
        r#"SELECT c.revision, c.environment, c.namespace, c.key, c.deleted, c.format, c.hash, c.previous,
                  c.item = 'entry' AND c.attributes IS NOT NULL AS "sealed!", length(k.body)::bigint AS "size?"
           FROM changes c LEFT JOIN contents k ON k.hash = c.hash
           WHERE c.revision = ANY($1) ORDER BY c.revision, c.ordinal"#,
        &numbers
    )
    .fetch_all(conn)
    .await?;
    let mut changes = BTreeMap::<i64, Vec<ListedChange>>::new();
    for row in rows {
        let hash = row.hash.and_then(|hash| <[u8; 32]>::try_from(hash).ok()).map(ContentHash);
        changes.entry(row.revision).or_default().push(ListedChange {
            environment: EnvironmentName::parse(&row.environment)?,
            namespace: (!row.namespace.is_empty()).then(|| NamespaceName::parse(&row.namespace)).transpose()?,
            key: (!row.key.is_empty()).then(|| EntryKey::parse(&row.key)).transpose()?,
            deleted: row.deleted,
            format: row.format,
            hash,
            size: row.size.map(i64::cast_unsigned),
            sealed: row.sealed,
            previous: Revision(row.previous.cast_unsigned()),
        });
    }
    heads
        .into_iter()
        .map(|head| {
            let listed = changes.remove(&head.revision).unwrap_or_default();
            Ok((head.into_head()?, listed))
        })
        .collect()
}
