//! Keys and redactions on the wire. No key ever leaves the server: they are named by ids.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// What to rotate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RotationKind {
    /// Wrap all data keys and signing keys with the current master key.
    Master,
    /// Give all namespaces new data keys, and seal their contents anew in the background.
    Data,
    /// Let a new key sign short-lived tokens; those of the old one go on until they end.
    Signing,
}

/// A rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateBody {
    /// Which keys.
    pub what: RotationKind,
}

/// A rotation that was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RotateView {
    /// Keys that were wrapped anew, or replaced. `GET /api/v1/keys` tells what is left to do.
    pub rotated: u64,
}

/// What a data key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeyPurpose {
    /// Hashes of sealed contents are keyed with it.
    Hash,
    /// Contents of a namespace are sealed with it.
    Seal,
}

/// A data key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DataKeyView {
    /// Its id.
    pub id: Uuid,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// The environment of the namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The namespace whose contents it seals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The id of the master key that wraps it.
    pub master: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When another one took its place.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub retired_at: Option<OffsetDateTime>,
    /// Retired: contents that are still to be sealed anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u64>,
}

/// The keys of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyList {
    /// The id of this node's master key; absent when it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub master: Option<String>,
    /// Data keys that another master key wraps.
    pub to_wrap: u64,
    /// Contents that are still to be sealed anew.
    pub to_seal: u64,
    /// All data keys, the oldest first.
    pub data_keys: Vec<DataKeyView>,
}

/// A version whose bytes are to be removed for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedactBody {
    /// The version that the entry had right after this revision.
    pub revision: u64,
    /// Why, for the audit.
    pub reason: String,
    /// Other entries that have, or had, the same bytes lose them, too.
    #[serde(default)]
    pub everywhere: bool,
}

/// A version whose bytes were removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RedactView {
    /// The revision that brought it.
    pub revision: u64,
    /// The hash that stays.
    pub hash: String,
}
