//! What a block shows to local programs: what it holds, and the newest changes that led there.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::watch;

use crate::api::watch::ResetReason;
use crate::client::watch::{Change, Event, Held, Mirror, Place, Version};
use crate::domain::contents::ContentHash;
use crate::domain::revisions::{Cursor, Revision};

/// Most changes that are kept for readers who come back.
const CHANGES: usize = 1024;
/// Most bytes of contents that these changes may hold.
const BYTES: usize = 8 * 1024 * 1024;

/// Where the loop of a block puts what local programs shall see. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Feed {
    tape: watch::Sender<Tape>,
}

impl Feed {
    /// Shows a mirror, such as the one of the last run. One without a cursor shows nothing yet.
    #[must_use]
    pub fn new(mirror: Mirror) -> Self {
        Self { tape: watch::Sender::new(Tape::new(mirror)) }
    }

    /// Shows a newer mirror. `events` are those that led to it from the one before, in order.
    pub fn push(&self, mirror: &Mirror, events: &[Event]) {
        self.tape.send_modify(|tape| tape.push(mirror, events));
    }

    pub(super) fn reader(&self) -> watch::Receiver<Tape> {
        self.tape.subscribe()
    }
}

/// A mirror with its newest changes.
#[derive(Debug, Clone)]
pub(super) struct Tape {
    mirror: Arc<Mirror>,
    changes: VecDeque<Arc<Change>>,
    /// Whoever saw this needs no more than the changes.
    from: Option<Cursor>,
    bytes: usize,
    /// Counts how often everything was told anew.
    generation: u64,
    /// Where it was told anew last.
    begun: Option<Cursor>,
    /// Why it was told anew last.
    reason: ResetReason,
}

/// What a reader has to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// These, in order; perhaps none.
    Changes(Vec<Arc<Change>>),
    /// Everything.
    Everything(ResetReason),
}

impl Tape {
    fn new(mirror: Mirror) -> Self {
        let cursor = mirror.cursor();
        Self {
            mirror: Arc::new(mirror),
            changes: VecDeque::new(),
            from: cursor,
            bytes: 0,
            generation: 0,
            begun: cursor,
            reason: ResetReason::Compacted,
        }
    }

    pub(super) fn mirror(&self) -> &Mirror {
        &self.mirror
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    fn push(&mut self, mirror: &Mirror, events: &[Event]) {
        let (before, after) = (self.mirror.cursor(), mirror.cursor());
        let mut anew = before.map(|cursor| cursor.epoch) != after.map(|cursor| cursor.epoch);
        for event in events {
            match event {
                Event::Reset(reason) => self.reason = *reason,
                // One that brought nothing new does not break the thread.
                Event::Snapshot(_) => anew |= self.mirror.entries() != mirror.entries(),
                Event::Change(change) => {
                    self.bytes += weight(change);
                    self.changes.push_back(Arc::new(change.clone()));
                }
                Event::Checkpoint(_) | Event::Connected { .. } | Event::Lost { .. } => {}
            }
        }
        if anew {
            self.changes.clear();
            self.bytes = 0;
            (self.from, self.begun) = (after, after);
            self.generation += 1;
        }
        while self.changes.len() > CHANGES || self.bytes > BYTES {
            let Some(oldest) = self.changes.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(weight(&oldest));
            self.from = Some(oldest.cursor);
        }
        self.mirror = Arc::new(mirror.clone());
    }

    /// What a reader misses that saw `seen`; `generation` is set for one that is there all the time.
    pub(super) fn missing(&self, seen: Cursor, generation: Option<u64>) -> Missing {
        let there = self.from.zip(self.mirror.cursor());
        let continues = there.is_some_and(|(from, head)| (from..=head).contains(&seen) && from.epoch == seen.epoch);
        if continues && generation.is_none_or(|generation| generation == self.generation) {
            let newer = self.changes.iter().filter(|change| change.cursor > seen);
            return Missing::Changes(newer.cloned().collect());
        }
        let foreign = self.mirror.cursor().is_none_or(|head| head.epoch != seen.epoch || head < seen);
        Missing::Everything(if foreign {
            ResetReason::Epoch
        } else if self.begun.is_some_and(|begun| begun >= seen) {
            self.reason
        } else if generation.is_some() {
            ResetReason::Slow
        } else {
            ResetReason::Compacted
        })
    }

    /// What an entry was right after a revision, as far as it is still known.
    pub(super) fn version_at(&self, place: &Place, at: Revision) -> Option<Version> {
        let held = self.mirror.entries().get(place).filter(|held| held.revision <= at.0);
        if let Some(held) = held {
            let Held { format, hash, bytes, secrecy, .. } = held.clone();
            return Some(Version { format, hash, bytes, secrecy });
        }
        let older = self.changes.iter().rev().filter(|change| change.cursor.revision <= at);
        older.flat_map(|change| change.edits.iter().rev()).find(|edit| edit.place == *place)?.version.clone()
    }
}

fn weight(change: &Change) -> usize {
    let bytes = change.edits.iter().filter_map(|edit| edit.version.as_ref()).map(|version| version.bytes.len());
    bytes.sum::<usize>() + change.edits.len() * size_of::<ContentHash>()
}
