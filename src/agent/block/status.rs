//! How a block stands, for `pintle agent status`.

use serde::{Deserialize, Serialize};

/// What a block does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Doing {
    /// It has not seen any entries yet.
    #[default]
    Waiting,
    /// It runs what the entries say.
    Applied,
    /// It is about to apply newer entries.
    Pending,
    /// It refused the newest entries, and runs what it ran before.
    Rejected,
    /// It could not apply the newest entries, runs what it ran before, and tries again.
    Retrying,
    /// It could not bring back what ran before: nobody knows what runs.
    Broken,
}

/// A set that can be restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSet {
    /// Its number for `restore`; 1 is the newest.
    pub number: usize,
    /// The place in the history that it was made of, `epoch.revision`; none when it is damaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// How many files it has.
    pub files: usize,
    /// What is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damaged: Option<String>,
}

/// How a block stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockStatus {
    /// The name of the block.
    pub name: String,
    /// The id of the instance.
    pub id: String,
    /// Its environment.
    pub environment: String,
    /// Its layers.
    pub namespaces: Vec<String>,
    /// What it does.
    pub doing: Doing,
    /// Whether somebody stopped it from taking changes.
    pub held: bool,
    /// Where in the history its entries stand, `epoch.revision`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
    /// Where in the history what it runs is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<String>,
    /// Whether its entries are those of the disk: no server has told anything since the start.
    pub from_cache: bool,
    /// The server it hears.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Why it hears none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outage: Option<String>,
    /// Why the newest entries were not applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was printed on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Entries that are not there any more and whose files are kept, as `namespace/key`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Why its service is not well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unhealthy: Option<String>,
    /// Whether receipts wait for a server.
    pub receipts_waiting: bool,
    /// The sets that can be restored, the newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<KeptSet>,
}
