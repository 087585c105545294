//! Instances and receipts on the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::domain::changes::Kind;

pub use crate::domain::instances::{Condition, Outcome, Presence, Stage};

/// What an instance says about itself before it watches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstanceBody {
    /// The service it is one of.
    pub service: String,
    /// For selecting: `zone`, `cluster`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Where it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The release of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The release of the agent or library that speaks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The namespaces it runs on, the later over the earlier ones.
    pub namespaces: Vec<String>,
    /// Whether somebody on its machine stopped it from taking changes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
}

/// One receipt of an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptBody {
    /// The history the revision belongs to.
    pub epoch: u64,
    /// The revision.
    pub revision: u64,
    /// What became of it.
    pub stage: Stage,
    /// Rejected: why, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Rejected: what the check, reload or probe printed; the last 4 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Applied: entries that are not there any more and whose files were kept, as `namespace/key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Applied: whether the probe fails, as it did before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unhealthy: bool,
    /// Rejected: whether what ran before could not be brought back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub broken: bool,
}

/// Receipts of one instance, in the order in which they came to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptsBody {
    /// At most 100.
    pub receipts: Vec<ReceiptBody>,
}

/// A receipt as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptView {
    /// The history the revision belongs to.
    pub epoch: u64,
    /// The revision.
    pub revision: u64,
    /// What became of it.
    pub stage: Stage,
    /// When the server got to know, by its clock.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Rejected: why, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Rejected: what the check, reload or probe printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Applied: entries whose files were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Applied: whether the probe fails, as it did before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unhealthy: bool,
    /// Rejected: whether what ran before could not be brought back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub broken: bool,
}

/// An instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstanceView {
    /// Its environment.
    pub environment: String,
    /// Its id, unique in the environment.
    pub id: String,
    /// The service it is one of.
    pub service: String,
    /// For selecting.
    pub labels: BTreeMap<String, String>,
    /// Where it is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The release of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The release of the agent or library that speaks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The namespaces it runs on.
    pub namespaces: Vec<String>,
    /// Who owns the id.
    pub owner: String,
    /// Whether it is there.
    pub presence: Presence,
    /// Since when, by the database's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub presence_since: OffsetDateTime,
    /// How what it runs stands to what it should run.
    pub condition: Condition,
    /// The newest revision it applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// When it said so.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub applied_at: Option<OffsetDateTime>,
    /// The change that it runs: of what both it and the caller see, the newest one up to that revision. In a list of a
    /// namespace, of that namespace. Unlike `revision`, it is one that the caller finds in the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<RunsView>,
    /// How many revisions after that touch what it sees; counted up to 1000.
    pub behind: u64,
    /// The last receipt that was a rejection, unless a newer revision was applied since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejected: Option<ReceiptView>,
    /// Entries that are not there any more and whose files it keeps, as `namespace/key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Whether its probe fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unhealthy: bool,
    /// Whether more than one live stream uses its id.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub duplicate_id: bool,
}

/// A revision that instances run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunsView {
    /// Its number.
    pub revision: u64,
    /// When it was committed.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who asked for it.
    pub actor: String,
    /// Why.
    pub message: String,
    /// What kind of change.
    pub kind: Kind,
}

/// How many instances run a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunsCount {
    /// The change; absent for instances that have not reported, or run nothing which the caller sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<RunsView>,
    /// How many instances.
    pub instances: u64,
}

/// What instances come to, over all pages. All but `total` is counted over those of the same namespace, service and
/// labels, whatever else narrows the list; all but `total` and `presences` over those of them that are not gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstanceSummaryView {
    /// How many the list has on all its pages.
    pub total: u64,
    /// How many are live, late and gone.
    #[schema(example = json!({"live": 40, "late": 1, "gone": 2}))]
    pub presences: BTreeMap<String, u64>,
    /// How many stand in sync, behind and so on.
    #[schema(example = json!({"in_sync": 38, "behind": 2, "rejected": 1, "held": 0, "unknown": 0}))]
    pub states: BTreeMap<String, u64>,
    /// How many are not shown to run what they should: not in sync, or with files of entries that are gone.
    pub drifted: u64,
    /// How many could not bring back what ran before a rejection.
    pub broken: u64,
    /// How many have a probe that fails.
    pub unhealthy: u64,
    /// How many keep files of entries that are gone.
    pub missing: u64,
    /// How many run which change: the newest 100, newest first.
    pub runs: Vec<RunsCount>,
    /// How many are not among those.
    pub older: u64,
}

/// Instances of an environment, by id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstanceList {
    /// One page.
    pub instances: Vec<InstanceView>,
    /// Pass it as `cursor` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// What they come to, when that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<InstanceSummaryView>,
}

/// One instance that counts for a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RevisionReceipt {
    /// Its environment.
    pub environment: String,
    /// Its id.
    pub id: String,
    /// The service it is one of.
    pub service: String,
    /// Whether it is there.
    pub presence: Presence,
    /// What became of the revision.
    pub outcome: Outcome,
    /// The furthest it got with this revision, or its refusal of a newer one when it never applied this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ReceiptView>,
    /// The newest revision it applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

/// Who runs a revision: the instances that were there when it was committed and see something of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptsView {
    /// The revision.
    pub revision: u64,
    /// How many instances count.
    pub counted: u64,
    /// How many of them run it, or a newer one.
    pub applied: u64,
    /// How many refused it.
    pub rejected: u64,
    /// How many are still on their way.
    pub pending: u64,
    /// The newest rollback or revert since then that touched one of its entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<u64>,
    /// The instances, those that rejected first, then the pending ones, then by id; at most 1000.
    pub instances: Vec<RevisionReceipt>,
}

/// `instance`: how an instance stands, on a watch with `topic=instances`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstanceEvent {
    /// Its id.
    pub id: String,
    /// The namespaces it runs on.
    pub namespaces: Vec<String>,
    /// The newest revision it applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Whether it is there.
    pub presence: Presence,
    /// How what it runs stands to what it should run.
    pub state: Condition,
    /// The change that it runs, as far as the caller sees it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<RunsView>,
    /// How many revisions it is behind.
    pub behind: u64,
    /// Why it rejected the newest one it tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl InstanceEvent {
    /// How an instance stands, in the words of an event.
    #[must_use]
    pub fn of(view: &InstanceView) -> Self {
        Self {
            id: view.id.clone(),
            namespaces: view.namespaces.clone(),
            revision: view.revision,
            presence: view.presence,
            state: view.condition,
            runs: view.runs.clone(),
            behind: view.behind,
            reason: view.rejected.as_ref().and_then(|rejected| rejected.reason.clone()),
        }
    }
}
