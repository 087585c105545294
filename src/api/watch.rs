//! The watch: what a subscriber asks for, and the data of the events it gets.
//!
//! Every event but `bye` and the first parts of a snapshot or change has the id `epoch.revision`. Fields, events and values
//! are only added; a client ignores what it does not know.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::api::entries::{ContentView, Op};

/// Carries the cursor of a client that comes back.
pub const LAST_EVENT_ID_HEADER: &str = "last-event-id";
/// Contents up to this many bytes travel in the event, larger ones as `href`.
pub const INLINE_BYTES: u64 = 64 * 1024;
/// About how large a part of a snapshot or change may become, in bytes.
pub const PART_BYTES: usize = 1024 * 1024;
/// Seconds between two checkpoints.
pub const CHECKPOINT_SECONDS: u64 = 15;
/// Seconds of silence after which a client comes back elsewhere.
pub const SILENCE_SECONDS: u64 = 45;
/// Most namespaces of one watch.
pub const NAMESPACES_MAX: usize = 256;
/// Most contents that a client may say it has.
pub const HAVE_MAX: usize = 100_000;

/// The names of the events.
pub mod event {
    /// What everything is now, in parts.
    pub const SNAPSHOT: &str = "snapshot";
    /// One revision.
    pub const CHANGE: &str = "change";
    /// Everything up to its revision was sent.
    pub const CHECKPOINT: &str = "checkpoint";
    /// Continuity is lost; a snapshot follows.
    pub const RESET: &str = "reset";
    /// The node stops; come back elsewhere.
    pub const BYE: &str = "bye";
    /// How an instance stands.
    pub const INSTANCE: &str = "instance";
}

/// What to watch, as a body, for lists that are too long for an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WatchBody {
    /// The environment.
    pub env: String,
    /// Its namespaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<String>,
    /// What to tell of: `entries`, `instances` or both. Empty means `entries`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// The last `epoch.revision` seen. The header `Last-Event-ID` wins over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What is there already, as `namespace/key:hash`: a snapshot then carries only what differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub have: Vec<String>,
    /// The instance that this stream is the presence of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Give the plaintext of sealed entries, as far as the caller may see it; the audit notes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reveal: bool,
}

/// An entry in a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WatchedEntry {
    /// Its namespace.
    pub namespace: String,
    /// Its key.
    pub key: String,
    /// How its content is to be understood.
    pub format: String,
    /// SHA-256 of the bytes, lowercase hex.
    pub hash: String,
    /// Its last change.
    pub revision: u64,
    /// Who asked for that.
    pub actor: String,
    /// When that was committed.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The content, up to 64 KiB.
    #[serde(flatten)]
    pub content: ContentView,
    /// Where a larger content is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// Whether it is sealed. Without the right to see it, or without asking, it comes without content and with a keyed hash.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
}

/// An entry that is not there any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WatchedKey {
    /// Its namespace.
    pub namespace: String,
    /// Its key.
    pub key: String,
}

/// `snapshot`: what the subscriber sees at a revision. Nothing is applied before the last part, which alone has an id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SnapshotEvent {
    /// The revision.
    pub revision: u64,
    /// Counts the parts, from 0.
    pub part: u32,
    /// Whether it is the last one.
    pub last: bool,
    /// Whether the store was restored and waits for `pintle resume`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// Whether it is told against `have`: entries that are neither here nor in `absent` are as the client said.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub have: bool,
    /// Entries, by namespace and key.
    pub entries: Vec<WatchedEntry>,
    /// Entries of `have` that do not exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<WatchedKey>,
}

/// One change of a `change` event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WatchedChange {
    /// Its namespace.
    pub namespace: String,
    /// Its key.
    pub key: String,
    /// Put or delete.
    pub op: Op,
    /// Put: how its content is to be understood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Put: SHA-256 of the bytes, lowercase hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Put: the content, up to 64 KiB.
    #[serde(flatten)]
    pub content: ContentView,
    /// Put: where a larger content is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// Put: whether it is sealed. Without the right to see it, or without asking, it comes without content and with a
    /// keyed hash.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
}

/// `change`: one revision, with what the subscriber may see of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeEvent {
    /// The revision.
    pub revision: u64,
    /// When it was committed.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who asked for it.
    pub actor: String,
    /// Why.
    pub message: String,
    /// What kind of change: `publish`, `rollback`, …
    pub kind: String,
    /// The trace it belongs to, when the publish carried one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<String>,
    /// Set when the revision comes in parts: counts them, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    /// Whether this is all, or the last part. Nothing is applied before it.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub last: bool,
    /// The changes.
    pub changes: Vec<WatchedChange>,
}

fn yes() -> bool {
    true
}

/// `checkpoint`: everything up to the revision was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckpointEvent {
    /// The revision.
    pub revision: u64,
}

/// Why a stream could not go on from where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ResetReason {
    /// The history after the cursor was trimmed.
    Compacted,
    /// The cursor is of another history, or ahead of this one.
    Epoch,
    /// The rights of the subscriber changed.
    Access,
    /// The subscriber did not read fast enough.
    Slow,
    /// A reason of a newer server.
    #[serde(other)]
    Unknown,
}

/// `reset`: continuity is lost; a snapshot follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResetEvent {
    /// Why.
    pub reason: ResetReason,
}

/// `bye`: the node ends the stream; come back, elsewhere if possible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ByeEvent {
    /// About how long to wait before, in milliseconds; spread it.
    pub retry_ms: u64,
}
