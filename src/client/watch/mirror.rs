//! What a subscriber holds: the entries of its namespaces, kept true by the events of a watch. Pure; [`keep`](super::keep) puts
//! it on disk.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use time::OffsetDateTime;

use crate::api::watch::ResetReason;
use crate::client::watch::Subscription;
use crate::client::watch::events::{Change, Edit, Event, Place, Secrecy, Snapshot, Version};
use crate::domain::contents::ContentHash;
use crate::domain::formats::Format;
use crate::domain::names::{EntryKey, NamespaceName};
use crate::domain::revisions::Cursor;

/// An entry that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// How its content is to be understood.
    pub format: Format,
    /// SHA-256 of the bytes; of a sealed entry, a keyed hash.
    pub hash: ContentHash,
    /// The content; empty when it is [shut](Secrecy::Shut). Cloning shares it.
    pub bytes: Bytes,
    /// Whether it is sealed.
    pub secrecy: Secrecy,
    /// The revision of its last change.
    pub revision: u64,
    /// Who asked for that.
    pub actor: String,
    /// When that was committed.
    pub at: OffsetDateTime,
}

/// The entries of a subscription, as they stand at a place in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    pub(super) subscription: Subscription,
    pub(super) cursor: Option<Cursor>,
    pub(super) entries: BTreeMap<Place, Held>,
}

/// What an event did to a [`Mirror`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Entries that are new or whose bytes or format are other ones, in order.
    pub changed: Vec<Place>,
    /// Entries that the server says were deleted, in order.
    pub deleted: Vec<Place>,
    /// Entries that a snapshot does not have any more, in order. They may have been deleted, or the right to see them lost.
    pub gone: Vec<Place>,
    /// Whether everything was told anew.
    pub snapshot: bool,
    /// Set when continuity was lost: nothing has changed yet, and a snapshot follows.
    pub reset: Option<ResetReason>,
}

impl Applied {
    /// Whether what is held has other contents now.
    #[must_use]
    pub fn is_different(&self) -> bool {
        !(self.changed.is_empty() && self.deleted.is_empty() && self.gone.is_empty())
    }
}

impl Mirror {
    /// One that holds nothing yet.
    #[must_use]
    pub fn new(subscription: Subscription) -> Self {
        Self { subscription, cursor: None, entries: BTreeMap::new() }
    }

    /// What it is a mirror of.
    #[must_use]
    pub fn subscription(&self) -> &Subscription {
        &self.subscription
    }

    /// Where in the history it stands, and so in which one; none before the first snapshot.
    #[must_use]
    pub fn cursor(&self) -> Option<Cursor> {
        self.cursor
    }

    /// The entries, by namespace and key.
    #[must_use]
    pub fn entries(&self) -> &BTreeMap<Place, Held> {
        &self.entries
    }

    /// An entry.
    #[must_use]
    pub fn find(&self, namespace: &NamespaceName, key: &EntryKey) -> Option<&Held> {
        self.entries.get(&(namespace.clone(), key.clone()))
    }

    /// What a [`Watcher`](super::Watcher) is told that is there already.
    #[must_use]
    pub fn have(&self) -> BTreeMap<Place, ContentHash> {
        // Whoever wants to see what is sealed does not have what came without content.
        let has = |held: &Held| !(self.subscription.reveal && held.secrecy.is_shut());
        self.entries.iter().filter(|(_, held)| has(held)).map(|(place, held)| (place.clone(), held.hash)).collect()
    }

    /// Takes in an event. One that was taken in already changes nothing.
    pub fn apply(&mut self, event: &Event) -> Applied {
        match event {
            Event::Snapshot(snapshot) => self.apply_snapshot(snapshot),
            Event::Change(change) => self.apply_change(change),
            Event::Checkpoint(cursor) => {
                // One of another history, or of an older place in this one, says nothing about what is held.
                if self.cursor.is_some_and(|seen| seen.epoch == cursor.epoch && seen.revision < cursor.revision) {
                    self.cursor = Some(*cursor);
                }
                Applied::default()
            }
            Event::Reset(reason) => Applied { reset: Some(*reason), ..Applied::default() },
            Event::Connected { .. } | Event::Lost { .. } => Applied::default(),
        }
    }

    fn apply_snapshot(&mut self, snapshot: &Snapshot) -> Applied {
        let gone: Vec<Place> = if snapshot.partial {
            let absent: BTreeSet<&Place> = snapshot.absent.iter().collect();
            absent.into_iter().filter(|place| self.entries.contains_key(*place)).cloned().collect()
        } else {
            let there: BTreeSet<&Place> = snapshot.entries.iter().map(|entry| &entry.place).collect();
            self.entries.keys().filter(|place| !there.contains(place)).cloned().collect()
        };
        for place in &gone {
            self.entries.remove(place);
        }
        let mut changed = BTreeSet::new();
        for entry in &snapshot.entries {
            let stamp = (entry.revision, entry.actor.as_str(), entry.at);
            self.put(&entry.place, &entry.version, stamp, &mut changed);
        }
        self.cursor = Some(snapshot.cursor);
        Applied { changed: changed.into_iter().collect(), gone, snapshot: true, ..Applied::default() }
    }

    fn apply_change(&mut self, change: &Change) -> Applied {
        let seen = |seen: Cursor| seen.epoch == change.cursor.epoch && seen.revision >= change.cursor.revision;
        if self.cursor.is_some_and(seen) {
            return Applied::default();
        }
        let (mut changed, mut deleted) = (BTreeSet::new(), BTreeSet::new());
        for Edit { place, version } in &change.edits {
            if let Some(version) = version {
                let stamp = (change.cursor.revision.0, change.actor.as_str(), change.at);
                self.put(place, version, stamp, &mut changed);
                deleted.remove(place);
            } else {
                self.entries.remove(place);
                changed.remove(place);
                // Also when it was not held: the server names it.
                deleted.insert(place.clone());
            }
        }
        self.cursor = Some(change.cursor);
        let (changed, deleted) = (changed.into_iter().collect(), deleted.into_iter().collect());
        Applied { changed, deleted, ..Applied::default() }
    }

    fn put(
        &mut self,
        place: &Place,
        version: &Version,
        (revision, actor, at): (u64, &str, OffsetDateTime),
        changed: &mut BTreeSet<Place>,
    ) {
        let Version { format, hash, bytes, secrecy } = version.clone();
        let held = Held { format, hash, bytes, secrecy, revision, actor: actor.to_owned(), at };
        let old = self.entries.insert(place.clone(), held);
        if old.is_none_or(|old| (old.format, old.hash, old.secrecy) != (format, hash, secrecy)) {
            changed.insert(place.clone());
        }
    }
}
