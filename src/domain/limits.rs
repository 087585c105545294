//! What a client may send and what the store may hold. Every limit is a setting.

use std::time::Duration;

/// The limits of a node. All sizes are bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// One entry's content.
    pub entry_bytes: u64,
    /// All contents of one change set.
    pub change_set_bytes: u64,
    /// Changes in one change set that a client sends.
    pub change_set_entries: usize,
    /// Changes in one change set that the server computes (rollback, revert, deletion).
    pub computed_entries: usize,
    /// Entries in one namespace.
    pub namespace_entries: u64,
    /// Current contents of one namespace.
    pub namespace_bytes: u64,
    /// Current contents of the whole store, which every node holds in memory.
    pub store_bytes: u64,
    /// A message.
    pub message_bytes: usize,
    /// How long an idempotency key is remembered.
    pub idempotency: Duration,
    /// How long rights may be judged as last seen while the database is away.
    pub access_max_stale: Duration,
    /// How many revisions stay readable; none keeps all.
    pub history_revisions: Option<u64>,
    /// How far back the store stays readable; none keeps all.
    pub history_age: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            entry_bytes: MIB,
            change_set_bytes: 8 * MIB,
            change_set_entries: 1_000,
            computed_entries: 100_000,
            namespace_entries: 10_000,
            namespace_bytes: 128 * MIB,
            store_bytes: 512 * MIB,
            message_bytes: 4096,
            idempotency: Duration::from_hours(24),
            access_max_stale: Duration::from_hours(1),
            history_revisions: None,
            history_age: None,
        }
    }
}
