//! Instances: what they say about themselves, what their receipts add up to, and how they stand.

mod declaration;
mod progress;
mod standing;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::names::{EnvironmentName, InstanceId, UserName};
use crate::domain::revisions::Revision;

pub use declaration::{Declaration, NAMESPACES_MAX, Rejected};
pub use progress::{Applied, Progress, Receipt, Rejection};
pub use standing::{BEHIND_MAX, Selector, Stands, condition, outcome};

/// What became of a revision at an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// It arrived.
    Delivered,
    /// It was rendered and its check passed.
    Validated,
    /// It runs.
    Applied,
    /// It was refused; what ran before still runs.
    Rejected,
}

impl Stage {
    /// All stages, in the order in which an instance gets to them.
    pub const ALL: [Self; 4] = [Self::Delivered, Self::Validated, Self::Applied, Self::Rejected];

    /// The word on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Validated => "validated",
            Self::Applied => "applied",
            Self::Rejected => "rejected",
        }
    }

    /// The stage of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }
}

/// Whether an instance is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// Its stream is open.
    Live,
    /// Its stream ended without a goodbye, at most 10 minutes ago.
    Late,
    /// It stopped, or has been late for longer. Kept for 7 days and never counted.
    Gone,
}

impl Presence {
    /// All words.
    pub const ALL: [Self; 3] = [Self::Live, Self::Late, Self::Gone];

    /// The word on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Late => "late",
            Self::Gone => "gone",
        }
    }

    /// The presence of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|presence| presence.as_str() == name)
    }
}

/// How what an instance runs stands to what it should run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// No revision after its applied one touches what it sees.
    InSync,
    /// Some do.
    Behind,
    /// It refused the newest one it tried.
    Rejected,
    /// Somebody on its machine stopped it from taking changes.
    Held,
    /// It has not reported yet.
    Unknown,
}

impl Condition {
    /// All words.
    pub const ALL: [Self; 5] = [Self::InSync, Self::Behind, Self::Rejected, Self::Held, Self::Unknown];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InSync => "in_sync",
            Self::Behind => "behind",
            Self::Rejected => "rejected",
            Self::Held => "held",
            Self::Unknown => "unknown",
        }
    }

    /// The condition of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|condition| condition.as_str() == name)
    }
}

/// What became of a revision at an instance that counts for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It runs this revision, or a newer one that it applied.
    Applied,
    /// It refused this revision.
    Rejected,
    /// It went on to a newer revision without applying this one.
    Superseded,
    /// It is on its way.
    Pending,
}

/// A receipt as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptReceipt {
    /// What was said.
    pub receipt: Receipt,
    /// When, by the database's clock.
    pub at: OffsetDateTime,
}

/// An instance as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its environment.
    pub environment: EnvironmentName,
    /// Its id in it.
    pub id: InstanceId,
    /// The user who owns the id.
    pub owner: Uuid,
    /// That user's name.
    pub owner_name: UserName,
    /// What it says about itself.
    pub declared: Declaration,
    /// Whether it is there.
    pub presence: Presence,
    /// Since when, by the database's clock.
    pub presence_since: OffsetDateTime,
    /// Its open streams.
    pub streams: u64,
    /// The head when its present time of being there began.
    pub present_from: Revision,
    /// How far it got.
    pub progress: Progress,
    /// When it said that it applied what it runs.
    pub applied_at: Option<OffsetDateTime>,
    /// When it said that it rejected what it rejects.
    pub rejected_at: Option<OffsetDateTime>,
}

impl Instance {
    /// How it stands in all that lists are narrowed by.
    #[must_use]
    pub fn stands(&self, condition: Condition) -> Stands {
        Stands {
            presence: self.presence,
            condition,
            broken: self.progress.rejected.as_ref().is_some_and(|rejected| rejected.broken),
            unhealthy: self.progress.applied.as_ref().is_some_and(|applied| applied.unhealthy),
            missing: self.progress.applied.as_ref().is_some_and(|applied| !applied.missing.is_empty()),
        }
    }

    /// Its last rejection, as a receipt.
    #[must_use]
    pub fn rejection(&self) -> Option<KeptReceipt> {
        let rejected = self.progress.rejected.as_ref()?;
        let receipt = Receipt {
            at: rejected.at,
            stage: Stage::Rejected,
            reason: rejected.reason.clone(),
            output: rejected.output.clone(),
            missing: Vec::new(),
            unhealthy: false,
            broken: rejected.broken,
        };
        Some(KeptReceipt { receipt, at: self.rejected_at? })
    }
}
