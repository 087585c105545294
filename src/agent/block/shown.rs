//! What a block shows to the programs of its machine: the entries that were applied last, and the changes that led there.
//!
//! Entries that were refused are not shown, so that a program that reads here and a file beside it never tell different things.
//! What is kept is kept here too: an entry that is gone without a named deletion (a right lost, a store restored) stays.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::agent::block::memory::Memory;
use crate::agent::layers::{Effective, Place};
use crate::agent::local::{Feed, Layered, Layers, Local, LocalError, LocalSettings};
use crate::agent::settings::{BlockSettings, FileSource, Merge};
use crate::client::watch::{Change, Entry, Event, Held, Mirror, Snapshot, Subscription, Version};
use crate::domain::names::{EntryKey, NamespaceName};
use crate::domain::revisions::Cursor;

/// Most changes that wait to be shown one by one; more are shown as a whole.
const CHANGES: usize = 256;
/// Most bytes of contents that these changes may hold.
const BYTES: usize = 8 * 1024 * 1024;

/// What local programs see.
#[derive(Debug)]
pub(super) struct Shown {
    name: String,
    path: PathBuf,
    feed: Feed,
    mirror: Mirror,
    news: News,
}

/// What came since, and was not applied yet.
#[derive(Debug)]
enum News {
    /// All of it, in order, and the bytes that it holds.
    Changes(Vec<Change>, usize),
    /// The thread is lost: resets that were told.
    Anew(Vec<Event>),
}

impl Shown {
    /// What was shown when the agent ran last; nothing when it is not there, damaged, or of other namespaces.
    pub(super) fn open(settings: &BlockSettings, path: PathBuf, subscription: &Subscription) -> Self {
        let mirror = match Mirror::load(&path, subscription) {
            Ok(Some(mirror)) => mirror,
            Ok(None) => Mirror::new(subscription.clone()),
            Err(error) => {
                tracing::warn!(block = settings.name, %error, "what local programs saw last is refused");
                Mirror::new(subscription.clone())
            }
        };
        // What the watch holds by now may be newer.
        let (feed, news) = (Feed::new(mirror.clone()), News::Anew(Vec::new()));
        Self { name: settings.name.clone(), path, feed, mirror, news }
    }

    /// Opens the places where it is shown.
    ///
    /// # Errors
    /// When one of them cannot be had.
    pub(super) fn places(&self, settings: &BlockSettings, places: &LocalSettings) -> Result<Local, LocalError> {
        Local::open(places, self.feed.clone(), std::sync::Arc::new(BlockLayers::of(settings)))
    }

    /// Notes what the watch brings, to be shown when it is applied.
    pub(super) fn note(&mut self, event: &Event) {
        match (event, &mut self.news) {
            (Event::Change(change), News::Changes(changes, bytes)) => {
                *bytes += weight(change);
                if changes.len() < CHANGES && *bytes <= BYTES {
                    changes.push(change.clone());
                } else {
                    self.news = News::Anew(Vec::new());
                }
            }
            (Event::Reset(_), News::Anew(resets)) => *resets = vec![event.clone()],
            (Event::Reset(_), News::Changes(..)) => self.news = News::Anew(vec![event.clone()]),
            (Event::Snapshot(_), News::Changes(..)) => self.news = News::Anew(Vec::new()),
            (Event::Snapshot(_) | Event::Change(_), News::Anew(_))
            | (Event::Checkpoint(_) | Event::Connected { .. } | Event::Lost { .. }, _) => {}
        }
    }

    /// Shows what was applied: all that the watch holds.
    pub(super) fn applied(&mut self, held: &Mirror, memory: &Memory) {
        let Some(cursor) = held.cursor() else { return };
        let news = std::mem::replace(&mut self.news, News::Changes(Vec::new(), 0));
        let mut events: Vec<Event> = match news {
            News::Changes(changes, _) => changes.into_iter().map(Event::Change).collect(),
            News::Anew(mut resets) => {
                resets.push(Event::Snapshot(snapshot(cursor, held, &self.mirror, &memory.deleted)));
                resets
            }
        };
        events.push(Event::Checkpoint(cursor));
        for event in &events {
            self.mirror.apply(event);
        }
        self.feed.push(&self.mirror, &events);
        if let Err(error) = self.mirror.save(&self.path) {
            tracing::warn!(block = self.name, %error, "what local programs see cannot be kept for the next start");
        }
    }
}

/// Everything that is held, and of what is shown what the server says was deleted; all else that is shown stays.
fn snapshot(cursor: Cursor, held: &Mirror, shown: &Mirror, deleted: &BTreeSet<Place>) -> Snapshot {
    let entry = |(place, held): (&(NamespaceName, EntryKey), &Held)| Entry {
        place: place.clone(),
        version: Version { format: held.format, hash: held.hash, bytes: held.bytes.clone() },
        revision: held.revision,
        actor: held.actor.clone(),
        at: held.at,
    };
    let absent = |(namespace, key): &&(NamespaceName, EntryKey)| {
        deleted.contains(&Place { namespace: namespace.clone(), key: key.clone() })
            && held.find(namespace, key).is_none()
    };
    Snapshot {
        cursor,
        held: false,
        partial: true,
        entries: held.entries().iter().map(entry).collect(),
        absent: shown.entries().keys().filter(absent).cloned().collect(),
    }
}

fn weight(change: &Change) -> usize {
    change.edits.iter().filter_map(|edit| edit.version.as_ref()).map(|version| version.bytes.len()).sum()
}

/// The layers of a block, merged for the keys whose files are.
struct BlockLayers {
    layers: Vec<NamespaceName>,
    deep: BTreeSet<EntryKey>,
}

impl BlockLayers {
    fn of(settings: &BlockSettings) -> Self {
        let deep = settings.files.iter().filter_map(|file| match &file.source {
            FileSource::Entry { key, merge: Merge::Deep, .. } => Some(key.clone()),
            FileSource::Entry { merge: Merge::Replace, .. } | FileSource::Template(_) => None,
        });
        Self { layers: settings.namespaces.clone(), deep: deep.collect() }
    }
}

impl Layers for BlockLayers {
    fn find(&self, mirror: &Mirror, key: &EntryKey) -> Result<Option<Layered>, String> {
        let one = |layer: &NamespaceName| {
            let held = mirror.find(layer, key)?.clone();
            Some((Place { namespace: layer.clone(), key: key.clone() }, held))
        };
        let view = Effective::new(self.layers.clone(), self.layers.iter().filter_map(one).collect());
        let Some(found) = view.find(key) else { return Ok(None) };
        let format = found.held.format;
        if self.deep.contains(key) {
            let merged = view.merged(key).map_err(|unusable| unusable.to_string())?;
            return Ok(merged.map(|(bytes, places)| Layered {
                format,
                bytes,
                layers: places.into_iter().map(|place| place.namespace).collect(),
            }));
        }
        let layers = vec![found.place.namespace.clone()];
        Ok(Some(Layered { format, bytes: found.held.bytes.clone(), layers }))
    }
}
