//! Drafts on the wire: change sets that are not published yet.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::entries::{ContentView, Op};
use crate::api::revisions::SideView;
use crate::domain::formats::Format;

/// One change of a draft, as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftChangeBody {
    /// The namespace.
    pub namespace: String,
    /// The key.
    pub key: String,
    /// Put or delete.
    pub op: Op,
    /// Put: the format; else the entry's present one, else by the key's extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Put: the content as text. It need not parse before it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Put: the content in standard base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_base64: Option<String>,
    /// Put: all of it is secret. Without a word about it, the marks that the draft or else the entry has stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<bool>,
    /// Put: these values are secret: JSON Pointers, or names of properties; at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_paths: Option<Vec<String>>,
    /// The revision of the entry that was edited; 0 = it did not exist.
    pub if_revision: u64,
}

/// Opens a draft.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftBody {
    /// The environment of all its changes.
    pub env: String,
    /// Its home. Its changes may be of other namespaces, too.
    pub namespace: String,
    /// For people, at most 1024 bytes. Without one there is one draft for each user and namespace.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Whether others may see and edit it who may edit drafts of all its entries.
    #[serde(default)]
    pub shared: bool,
    /// What it begins with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<DraftChangeBody>,
}

/// An entry of the environment of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftPlace {
    /// The namespace.
    pub namespace: String,
    /// The key.
    pub key: String,
}

/// Edits a draft: only what changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftPatch {
    /// The new title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether others may see it; for its owner to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<bool>,
    /// Changes that are new, or come in the place of those of the same entry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put: Vec<DraftChangeBody>,
    /// Entries that it shall not change any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<DraftPlace>,
}

/// Publishes a draft as it was reviewed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftPublishBody {
    /// The head that the review was made at. An entry that changed after it is a conflict.
    pub base: u64,
    /// The hash of the draft that was reviewed.
    pub hash: String,
    /// Why, for people.
    #[serde(default)]
    pub message: String,
    /// Says that it is meant, and shows in the history. It does not make conflicts go away.
    #[serde(default)]
    pub force: bool,
    /// Judge only.
    #[serde(default)]
    pub dry_run: bool,
}

/// One change of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftChangeView {
    /// The namespace.
    pub namespace: String,
    /// The key.
    pub key: String,
    /// Put or delete.
    pub op: Op,
    /// Put: the format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Put: whether all of it was said to be secret, or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<bool>,
    /// Put: the values that were said to be secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_paths: Option<Vec<String>>,
    /// The revision of the entry that was edited; 0 = it did not exist.
    pub if_revision: u64,
    /// Whether something of it is secret, so that it is sealed and comes masked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// Whether markers stand in the content for what is secret. Written back where it stands, a marker keeps its value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
    /// Whether the entry is not at `if_revision` any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moved: bool,
    /// Moved: the entry that was edited; absent when it did not exist, or can be read no more. Not in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<SideView>,
    /// Moved: the entry that is there now; absent when there is none. Not in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theirs: Option<SideView>,
    /// Put: the content. Not in lists.
    #[serde(flatten)]
    pub content: ContentView,
}

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftView {
    /// Its id.
    pub id: Uuid,
    /// The environment of all its changes.
    pub env: String,
    /// Its home.
    pub namespace: String,
    /// For people; empty for the one that a console opens by itself.
    #[serde(default)]
    pub title: String,
    /// The user who opened it.
    pub owner: String,
    /// Whether others may see and edit it who may edit drafts of all its entries.
    pub shared: bool,
    /// Over everything that publishing it would do, lowercase hex: its ETag, and what a publish of it names.
    pub hash: String,
    /// When it was opened.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was last edited.
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// The revision at which it was judged what moved.
    pub head: u64,
    /// By namespace and key.
    pub changes: Vec<DraftChangeView>,
    /// How many changes its owner made where it has no right to any more: they are not shown, and keep it from being published.
    #[serde(default)]
    pub withheld: u64,
}

/// Drafts, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DraftList {
    /// One page, without contents.
    pub drafts: Vec<DraftView>,
    /// Pass it as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}
