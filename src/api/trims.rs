//! Trimming and pins on the wire.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// What of the history shall stay readable: exactly one of `keep`, `older_than_seconds` and `below`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrimBody {
    /// The newest revisions, so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub keep: Option<u64>,
    /// Whatever was there so long ago, and since: only what is older goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older_than_seconds: Option<u64>,
    /// This revision and those above it: only what is below goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<u64>,
    /// Say what would go, and do nothing.
    #[serde(default)]
    pub dry_run: bool,
}

/// What a trim does. Numbers, times, actors, messages and hashes of all revisions stay for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrimView {
    /// The oldest revision that can be read without a pin at present.
    pub floor_before: u64,
    /// The oldest one that can be read after the trim. It is announced now, and takes effect a few seconds later.
    pub floor: u64,
    /// How many revisions cannot be read any more then.
    pub revisions: u64,
    /// Bytes of content that go; absent when counting them would have taken too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Whether nothing was done.
    #[serde(default)]
    pub dry_run: bool,
}

/// Why a revision shall stay readable.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PinBody {
    /// For people.
    pub reason: String,
}

/// A revision that stays readable however far the history is trimmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PinView {
    /// The revision.
    pub revision: u64,
    /// Who asked for it.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When that was.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
}

/// All pins, the newest revision first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PinList {
    /// The pins.
    pub pins: Vec<PinView>,
}
