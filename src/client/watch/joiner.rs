//! From the events of the wire to whole ones: parts are joined, and nothing is given out before the last one.

use std::time::Duration;

use serde::de::DeserializeOwned;

use crate::api::watch::{
    ByeEvent, ChangeEvent, CheckpointEvent, ResetEvent, ResetReason, SnapshotEvent, WatchedChange, WatchedEntry,
    WatchedKey, event,
};
use crate::client::watch::sse::Frame;
use crate::domain::revisions::{Cursor, Revision};

/// A whole event, its contents not yet looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Incoming {
    Snapshot { cursor: Cursor, head: SnapshotHead, entries: Vec<WatchedEntry>, absent: Vec<WatchedKey> },
    Change { cursor: Cursor, head: ChangeEvent, changes: Vec<WatchedChange> },
    Checkpoint(Cursor),
    Reset(ResetReason),
    Bye(Duration),
}

/// What the parts of a snapshot say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SnapshotHead {
    pub(super) held: bool,
    pub(super) have: bool,
}

/// An event in parts, of which the last is missing.
#[derive(Debug)]
enum Open {
    Snapshot { revision: u64, parts: u32, head: SnapshotHead, entries: Vec<WatchedEntry>, absent: Vec<WatchedKey> },
    Change { parts: u32, head: ChangeEvent, changes: Vec<WatchedChange> },
}

/// Joins the parts of one stream.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    open: Option<Open>,
}

impl Joiner {
    /// Takes the next event, and gives it when it is whole. Events that this release does not know are ignored.
    ///
    /// # Errors
    /// A sentence that says what breaks the contract.
    pub(super) fn take(&mut self, frame: &Frame) -> Result<Option<Incoming>, String> {
        match frame.event.as_str() {
            event::SNAPSHOT => self.snapshot(frame),
            event::CHANGE => self.change(frame),
            event::CHECKPOINT => {
                let checkpoint: CheckpointEvent = read(frame)?;
                if self.open.is_some() {
                    return Err("a checkpoint between the parts of an event".to_owned());
                }
                Ok(Some(Incoming::Checkpoint(cursor(frame, checkpoint.revision)?)))
            }
            event::RESET => {
                self.open = None;
                Ok(Some(Incoming::Reset(read::<ResetEvent>(frame)?.reason)))
            }
            event::BYE => Ok(Some(Incoming::Bye(Duration::from_millis(read::<ByeEvent>(frame)?.retry_ms)))),
            _ => Ok(None),
        }
    }

    fn snapshot(&mut self, frame: &Frame) -> Result<Option<Incoming>, String> {
        let part: SnapshotEvent = read(frame)?;
        let SnapshotEvent { revision, last, entries: mut more, absent: mut gone, .. } = part;
        let head = SnapshotHead { held: part.held, have: part.have };
        let (expected, mut entries, mut absent) = match self.open.take() {
            None => (0, Vec::new(), Vec::new()),
            Some(Open::Snapshot { revision: open, parts, head: first, entries, absent })
                if open == revision && first == head =>
            {
                (parts, entries, absent)
            }
            Some(Open::Snapshot { .. } | Open::Change { .. }) => return Err(mixed(frame)),
        };
        in_turn(frame, part.part, expected)?;
        entries.append(&mut more);
        absent.append(&mut gone);
        if last {
            return Ok(Some(Incoming::Snapshot { cursor: cursor(frame, revision)?, head, entries, absent }));
        }
        self.open = Some(Open::Snapshot { revision, parts: expected + 1, head, entries, absent });
        Ok(None)
    }

    fn change(&mut self, frame: &Frame) -> Result<Option<Incoming>, String> {
        let mut head: ChangeEvent = read(frame)?;
        let (part, last) = (head.part.unwrap_or(0), head.last);
        let mut more = std::mem::take(&mut head.changes);
        let (expected, head, mut changes) = match self.open.take() {
            None => (0, head, Vec::new()),
            Some(Open::Change { parts, head: first, changes }) if first.revision == head.revision => {
                (parts, first, changes)
            }
            Some(Open::Snapshot { .. } | Open::Change { .. }) => return Err(mixed(frame)),
        };
        in_turn(frame, part, expected)?;
        changes.append(&mut more);
        if last {
            return Ok(Some(Incoming::Change { cursor: cursor(frame, head.revision)?, head, changes }));
        }
        self.open = Some(Open::Change { parts: expected + 1, head, changes });
        Ok(None)
    }
}

fn read<T: DeserializeOwned>(frame: &Frame) -> Result<T, String> {
    serde_json::from_str(&frame.data).map_err(|error| format!("the data of {:?} does not parse: {error}", frame.event))
}

fn cursor(frame: &Frame, revision: u64) -> Result<Cursor, String> {
    let id = frame.id.as_deref().ok_or_else(|| format!("{:?} of revision {revision} has no id", frame.event))?;
    let cursor: Cursor = id.parse().map_err(|error| format!("the id {id:?} of {:?} {error}", frame.event))?;
    if cursor.revision == Revision(revision) {
        Ok(cursor)
    } else {
        Err(format!("{:?} of revision {revision} has the id {id}", frame.event))
    }
}

fn in_turn(frame: &Frame, part: u32, expected: u32) -> Result<(), String> {
    if part == expected {
        Ok(())
    } else {
        Err(format!("part {part} of {:?} came where part {expected} was due", frame.event))
    }
}

fn mixed(frame: &Frame) -> String {
    format!("{:?} came between the parts of another event", frame.event)
}
