//! Entries and publishes on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::domain::formats::{Format, Warning};

/// A content as JSON carries it: text when it is UTF-8, else base64.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ContentView {
    /// The content, when it is UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The content in standard base64, when it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_base64: Option<String>,
}

impl ContentView {
    /// Wraps bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self { content: Some(text.to_owned()), content_base64: None },
            Err(_) => Self { content: None, content_base64: Some(STANDARD.encode(bytes)) },
        }
    }

    /// The bytes, or none when there is no content or its base64 is broken.
    #[must_use]
    pub fn bytes(&self) -> Option<Bytes> {
        match (&self.content, &self.content_base64) {
            (Some(text), _) => Some(Bytes::copy_from_slice(text.as_bytes())),
            (None, Some(text)) => STANDARD.decode(text).ok().map(Bytes::from),
            (None, None) => None,
        }
    }
}

/// What is secret in an entry: all of it, or some values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MarksView {
    /// All of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub secret: bool,
    /// These values: JSON Pointers, or names of properties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_paths: Vec<String>,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntryView {
    /// Its environment.
    pub environment: String,
    /// Its namespace.
    pub namespace: String,
    /// Its key.
    pub key: String,
    /// How its content is to be understood.
    pub format: Format,
    /// Its last change: its ETag, and what `if_revision` compares with.
    pub revision: u64,
    /// When that was committed.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who asked for it.
    pub actor: String,
    /// SHA-256 of the bytes, lowercase hex; of a sealed entry, a keyed hash.
    pub hash: String,
    /// Bytes of the content.
    pub size: u64,
    /// Whether it is sealed. Then the content is absent, masked, or revealed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// Sealed: what is secret in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks: Option<MarksView>,
    /// Whether markers stand in the content for what is secret. Written back where it stands, a marker keeps its value.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
    /// Whether the bytes of this version were removed for ever.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redacted: bool,
    /// The content, unless the list was asked without.
    #[serde(flatten)]
    pub content: ContentView,
}

/// Entries of a namespace, by key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntryList {
    /// One page.
    pub entries: Vec<EntryView>,
    /// Pass it as `cursor` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Create or replace.
    Put,
    /// Delete.
    Delete,
}

/// One change of a publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeBody {
    /// The environment.
    pub env: String,
    /// The namespace.
    pub namespace: String,
    /// The key.
    pub key: String,
    /// Put or delete.
    pub op: Op,
    /// Put: the format; else the entry's present one, else by the key's extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// Put: the content as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Put: the content in standard base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_base64: Option<String>,
    /// Put: all of it is secret. Once marked, an entry stays sealed; without a word about it, its marks stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<bool>,
    /// Put: these values are secret: JSON Pointers, or names of properties; at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_paths: Option<Vec<String>>,
    /// The revision of the entry that was edited; 0 = must not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub if_revision: Option<u64>,
}

/// A change set over any number of entries, namespaces and environments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishBody {
    /// Why, for people.
    #[serde(default)]
    pub message: String,
    /// What changes; all of it or nothing.
    pub changes: Vec<ChangeBody>,
    /// Judge only.
    #[serde(default)]
    pub dry_run: bool,
    /// Write over entries of a protected environment without a precondition.
    #[serde(default)]
    pub force: bool,
}

/// Something in a content that is accepted and probably not meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WarningView {
    /// The entry as `env/namespace/key`.
    pub entry: String,
    /// What and where.
    #[serde(flatten)]
    pub warning: Warning,
}

/// One change that a write made, or would make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangedView {
    /// The environment.
    pub env: String,
    /// The namespace, unless the environment itself changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The key, when an entry changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Put or delete.
    pub op: Op,
    /// Its revision before, 0 when it was not there.
    pub previous: u64,
}

/// The answer of every write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WriteView {
    /// The new revision; the head when nothing changed or in a dry run.
    pub revision: u64,
    /// The history it belongs to.
    pub epoch: u64,
    /// How many items changed, or would. 0: everything was there already and nothing was appended.
    pub changed: u64,
    /// Whether it was only judged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Set when this is the answer of an earlier call with the same idempotency key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
    /// Accepted, and probably not meant.
    #[serde(default)]
    pub warnings: Vec<WarningView>,
    /// What changed, at most 1000 of them; not repeated on a replay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangedView>,
}
