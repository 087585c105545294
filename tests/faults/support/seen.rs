//! What clients see: publishers, watchers, and the disks of agents.

use std::collections::BTreeMap;

use pintle::domain::revisions::Cursor;
use tokio::time::Instant;

/// Entries as `namespace/key`, with the hash of their content.
pub(crate) type Contents = BTreeMap<String, String>;
/// What a revision did to them: none for a deletion.
pub(crate) type Edits = BTreeMap<String, Option<String>>;

/// Something that a watcher was told.
#[derive(Debug, Clone)]
pub(crate) enum Seen {
    Reset(String),
    Snapshot(Cursor, Contents),
    Change(Cursor, Edits),
    Checkpoint(Cursor),
}

/// All that one watcher saw, and what it holds by that.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) namespaces: Vec<String>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) holds: Contents,
    pub(crate) cursor: Option<Cursor>,
    /// Streams that were opened.
    pub(crate) streams: u64,
    /// Those of them that began with a cursor.
    pub(crate) resumes: u64,
    /// What is against the contract.
    pub(crate) fault: Option<String>,
}

impl Record {
    pub(crate) fn take(&mut self, seen: Seen) {
        match &seen {
            Seen::Reset(_) => {}
            Seen::Snapshot(at, contents) => {
                self.cursor = Some(*at);
                self.holds.clone_from(contents);
            }
            Seen::Change(at, edits) => {
                self.cursor = Some(*at);
                apply(&mut self.holds, edits);
            }
            Seen::Checkpoint(at) => self.cursor = Some(*at),
        }
        self.seen.push(seen);
    }
}

/// What became of a publish, as its caller knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Acked(Cursor),
    /// Nothing was changed by it.
    Refused,
    /// No answer told.
    Unknown,
    /// An answer that nobody should get, with its status.
    Odd(u16),
}

/// A publish as its caller knows it.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    /// Its message and idempotency key, and the text of what it puts.
    pub(crate) marker: String,
    pub(crate) edits: Edits,
    /// The entry that had to be of a revision.
    pub(crate) condition: Option<(String, u64)>,
    pub(crate) invoked: Instant,
    pub(crate) answered: Instant,
    pub(crate) outcome: Outcome,
}

/// The files of one service of an agent, as they lay on the disk for a while.
#[derive(Debug, Clone)]
pub(crate) struct FileSet {
    pub(crate) service: String,
    pub(crate) files: Contents,
    /// What the service had said before that it runs.
    pub(crate) said: Option<u64>,
    /// Whether it was read when all was over.
    pub(crate) last: bool,
}

/// Takes what a revision did into what was there.
pub(crate) fn apply(contents: &mut Contents, edits: &Edits) {
    for (place, hash) in edits {
        match hash {
            Some(hash) => drop(contents.insert(place.clone(), hash.clone())),
            None => drop(contents.remove(place)),
        }
    }
}
