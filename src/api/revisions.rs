//! History, diff and rollback on the wire.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::api::entries::{ContentView, Op};
use crate::api::trims::PinView;
use crate::domain::changes::Kind;
use crate::domain::diff::ValueChange;
use crate::domain::formats::Format;

/// One side of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SideView {
    /// The revision that brought it; absent for what was just sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// How the content is to be understood.
    pub format: Format,
    /// Whether it is sealed; then it comes without its content.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// The content.
    #[serde(flatten)]
    pub content: ContentView,
}

/// An entry that is not what the caller edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConflictView {
    /// The environment.
    pub env: String,
    /// The namespace.
    pub namespace: String,
    /// The key.
    pub key: String,
    /// The `if_revision` that was sent.
    pub expected: u64,
    /// The revision that is there; 0 when the entry does not exist.
    pub current: u64,
    /// What is there; absent when the entry does not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<SideView>,
    /// What was sent; absent for a deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yours: Option<SideView>,
}

/// Something that changed after the change set that was to be reverted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevertConflictView {
    /// The entry as `env/namespace/key`, or the namespace.
    pub item: String,
    /// Its present revision; 0 when it is gone.
    pub current: u64,
}

/// Go back, or forward, to a revision, or undo just one change set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollbackBody {
    /// The environment; not with `revert`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The namespace; without it the whole environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Only these keys of the namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<String>>,
    /// The revision; the scope becomes what it was right after it. 0 is before the first publish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Undo just this revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revert: Option<u64>,
    /// Why, for people.
    #[serde(default)]
    pub message: String,
    /// Judge only.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a change was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ItemKind {
    /// An entry.
    Entry,
    /// A namespace.
    Namespace,
    /// An environment.
    Environment,
}

/// One change of a revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ItemView {
    /// Entry, namespace or environment.
    pub item: ItemKind,
    /// The environment.
    pub env: String,
    /// The namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Put or delete.
    pub op: Op,
    /// Entry put: its format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Entry put: SHA-256 of its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Entry put: bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Entry put: whether it is sealed. Then the hash is a keyed one, and the diff is one of masked texts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// The item's revision before, 0 when it was not there.
    pub previous: u64,
    /// Entry, when one revision is asked for: what changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<EntryDiff>,
}

/// A revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RevisionView {
    /// Its number.
    pub revision: u64,
    /// The history it belongs to.
    pub epoch: u64,
    /// When it was committed.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who asked for it.
    pub actor: String,
    /// Why.
    pub message: String,
    /// What kind of change.
    pub kind: Kind,
    /// The request that brought it.
    pub request_id: String,
    /// A rollback: the revision it went to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_to: Option<u64>,
    /// A revert: the revision it undid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<u64>,
    /// Whether protected entries were written over without a precondition.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
    /// How many of its changes the caller may see.
    pub changed: u64,
    /// The changes; in lists at most 20 of them.
    pub changes: Vec<ItemView>,
    /// When a list was asked for it: how many instances that are there run this one now. Of what both they and the caller see
    /// of the namespace, or of its key, it is the newest change up to the revision that they applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub running: Option<u64>,
    /// When one revision is asked for: its contents were trimmed, so that it comes without diffs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compacted: bool,
    /// When one revision is asked for: the pin that keeps it readable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<PinView>,
}

/// Revisions, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RevisionList {
    /// One page.
    pub revisions: Vec<RevisionView>,
    /// Pass it as `before` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// How two texts of an entry differ.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EntryDiff {
    /// Unified text; absent when a side is not text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unified: Option<String>,
    /// Which values changed; absent when a side does not parse or has no values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<ValueChange>>,
    /// Whether only the format differs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub format_only: bool,
}

/// How an entry differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Difference {
    /// Only on the right.
    Added,
    /// Only on the left.
    Removed,
    /// On both sides, and not the same.
    Changed,
}

/// One entry that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DiffEntryView {
    /// The namespace.
    pub namespace: String,
    /// The key.
    pub key: String,
    /// How it differs.
    pub difference: Difference,
    /// Left: SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_hash: Option<String>,
    /// Right: SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_hash: Option<String>,
    /// Left: its revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_revision: Option<u64>,
    /// Right: its revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_revision: Option<u64>,
    /// Whether a side is sealed. Then the diff is one of masked texts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// What changed.
    pub diff: EntryDiff,
}

/// A side of a diff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiffSide {
    /// The environment.
    pub env: String,
    /// The revision.
    pub revision: u64,
}

/// How two revisions or two environments differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DiffView {
    /// Left.
    pub from: DiffSide,
    /// Right.
    pub to: DiffSide,
    /// What differs, by namespace and key.
    pub entries: Vec<DiffEntryView>,
}
