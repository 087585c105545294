//! What a node says about itself.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::api::revisions::RevisionView;

/// Whether a node can do its work.
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own on the wire")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadyView {
    /// Reads are answered.
    pub reads: bool,
    /// A publish would reach the store.
    pub writes: bool,
    /// Since when it would not.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub writes_down_since: Option<OffsetDateTime>,
    /// Whether an acknowledged publish also survives the loss of the primary: a synchronous standby is connected.
    pub failover_safe: bool,
    /// The history.
    pub epoch: u64,
    /// The newest revision this node has.
    pub revision: u64,
    /// The access number this node has.
    pub access: u64,
    /// Rights are judged as last seen, this many milliseconds ago.
    pub access_age_ms: u64,
    /// The node is stopping.
    #[serde(default)]
    pub draining: bool,
    /// The store was restored: its instances keep what they run until `pintle resume`.
    #[serde(default)]
    pub held: bool,
    /// The oldest revision that can be read without a pin.
    #[serde(default)]
    pub floor: u64,
}

/// Change sets that were acknowledged, that a failover or restore lost, and that this node still holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LostList {
    /// By revision of the history that lost them.
    pub lost: Vec<LostView>,
}

/// One lost change set, ready to be published again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LostView {
    /// What was acknowledged.
    pub revision: RevisionView,
    /// The body for `POST /api/v1/publish`; absent when it only touched namespaces or environments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish: Option<crate::api::entries::PublishBody>,
}
