//! How far a watch came: what to ask for next, and which events are news.

use std::collections::BTreeMap;

use crate::api::watch::HAVE_MAX;
use crate::client::watch::events::{Event, Place, Snapshot};
use crate::domain::contents::ContentHash;
use crate::domain::revisions::Cursor;

/// How far a watch came.
#[derive(Debug)]
pub(super) struct Progress {
    /// The last revision seen.
    cursor: Option<Cursor>,
    /// Continuity was lost: only a snapshot helps, also after a new connection.
    astray: bool,
    /// What whoever reads the events holds.
    known: BTreeMap<Place, ContentHash>,
    /// What the server was told that it is held, for the open stream.
    told: BTreeMap<Place, ContentHash>,
}

/// What to ask a server for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ask {
    /// Go on from here.
    pub(super) after: Option<Cursor>,
    /// Or a snapshot against this.
    pub(super) have: Vec<String>,
}

/// What to do with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It goes on from what was seen.
    News,
    /// It was seen already.
    Seen,
    /// It does not go on from what was seen, and nothing on this stream will.
    Astray,
    /// The server knows less than was seen already.
    Behind,
}

impl Progress {
    pub(super) fn new(cursor: Option<Cursor>, have: BTreeMap<Place, ContentHash>) -> Self {
        Self { cursor, astray: false, known: have, told: BTreeMap::new() }
    }

    pub(super) fn cursor(&self) -> Option<Cursor> {
        self.cursor
    }

    /// From now on only a snapshot helps.
    pub(super) fn lose(&mut self) {
        self.astray = true;
    }

    /// What to ask the next stream for.
    pub(super) fn ask(&mut self) -> Ask {
        self.told.clear();
        if let Some(cursor) = self.cursor.filter(|_| !self.astray) {
            return Ask { after: Some(cursor), have: Vec::new() };
        }
        self.told = self.known.iter().take(HAVE_MAX).map(|(place, hash)| (place.clone(), *hash)).collect();
        let have = |((namespace, key), hash): (&Place, &ContentHash)| format!("{namespace}/{key}:{hash}");
        Ask { after: None, have: self.told.iter().map(have).collect() }
    }

    /// Whether a change is news.
    pub(super) fn judge_change(&self, cursor: Cursor) -> Verdict {
        match self.cursor.filter(|_| !self.astray) {
            Some(seen) if seen.epoch == cursor.epoch && seen.revision >= cursor.revision => Verdict::Seen,
            Some(seen) if seen.epoch == cursor.epoch => Verdict::News,
            Some(_) | None => Verdict::Astray,
        }
    }

    /// Whether a checkpoint says anything. The last revision itself does: the server is alive.
    pub(super) fn judge_checkpoint(&self, cursor: Cursor) -> Verdict {
        match self.cursor.filter(|_| !self.astray) {
            Some(seen) if seen.epoch == cursor.epoch && seen.revision > cursor.revision => Verdict::Seen,
            Some(seen) if seen.epoch == cursor.epoch => Verdict::News,
            Some(_) => Verdict::Astray,
            // Before the snapshot it would be a cursor without what belongs to it.
            None => Verdict::Seen,
        }
    }

    /// Whether a snapshot is news. One of another epoch always is, whatever its number.
    pub(super) fn judge_snapshot(&self, cursor: Cursor) -> Verdict {
        match self.cursor {
            Some(seen) if seen.epoch == cursor.epoch && seen.revision > cursor.revision => Verdict::Behind,
            Some(_) | None => Verdict::News,
        }
    }

    /// Makes a partial snapshot, which was told against what the server was told, true against what is known now.
    /// False when that cannot be done: then a new stream must begin.
    #[must_use]
    pub(super) fn reconcile(&self, snapshot: &mut Snapshot) -> bool {
        if !snapshot.partial {
            return true;
        }
        let mut gone = Vec::new();
        {
            let named: std::collections::BTreeSet<&Place> =
                snapshot.entries.iter().map(|entry| &entry.place).chain(&snapshot.absent).collect();
            for (place, hash) in self.known.iter().filter(|(place, _)| !named.contains(place)) {
                match self.told.get(place) {
                    Some(told) if told == hash => {}
                    Some(_) => return false,
                    // It came after the server was told, or did not fit: not named means not there.
                    None => gone.push(place.clone()),
                }
            }
            // Said to be as told, but not held any more.
            if self.told.keys().any(|place| !self.known.contains_key(place) && !named.contains(place)) {
                return false;
            }
        }
        snapshot.absent.append(&mut gone);
        true
    }

    /// Takes note of an event that is given out.
    pub(super) fn note(&mut self, event: &Event) {
        match event {
            Event::Snapshot(snapshot) => {
                if !snapshot.partial {
                    self.known.clear();
                }
                for place in &snapshot.absent {
                    self.known.remove(place);
                }
                self.known.extend(snapshot.entries.iter().map(|entry| (entry.place.clone(), entry.version.hash)));
                self.told.clear();
                self.cursor = Some(snapshot.cursor);
                self.astray = false;
            }
            Event::Change(change) => {
                for edit in &change.edits {
                    match &edit.version {
                        Some(version) => drop(self.known.insert(edit.place.clone(), version.hash)),
                        None => drop(self.known.remove(&edit.place)),
                    }
                }
                self.cursor = Some(change.cursor);
            }
            Event::Checkpoint(cursor) => self.cursor = Some(*cursor),
            Event::Reset(_) => self.astray = true,
            Event::Connected { .. } | Event::Lost { .. } => {}
        }
    }
}
