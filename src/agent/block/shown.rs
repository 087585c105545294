//! What a block shows to the programs of its machine: the entries that were applied last, and the changes that led there.
//!
//! Entries that were refused are not shown, so that a program that reads here and a file beside it never tell different things.
//! What is kept is kept here too: an entry that is gone without a named deletion (a right lost, a store restored) stays.

use std::collections::BTreeSet;
use std::path::PathBuf;

use bytes::Bytes;

use crate::agent::block::memory::Memory;
use crate::agent::layers::{Effective, Place};
use crate::agent::local::{Feed, Layered, Layers, Local, LocalError, LocalSettings};
use crate::agent::settings::{BlockSettings, FileSource, Merge};
use crate::client::watch::{Change, Entry, Event, Held, Mirror, Secrecy, Snapshot, Subscription, Version};
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
    /// Whether contents of sealed entries are shown.
    secrets: bool,
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
        let secrets = settings.serve.as_ref().is_some_and(|serve| serve.secrets);
        let may_show =
            |mirror: &Mirror| secrets || mirror.entries().values().all(|held| held.secrecy != Secrecy::Revealed);
        let mirror = match Mirror::load(&path, subscription) {
            Ok(Some(mirror)) if may_show(&mirror) => mirror,
            // The settings may have been others then.
            Ok(Some(_) | None) => Mirror::new(subscription.clone()),
            Err(error) => {
                tracing::warn!(block = settings.name, %error, "what local programs saw last is refused");
                Mirror::new(subscription.clone())
            }
        };
        // What the watch holds by now may be newer.
        let (feed, news) = (Feed::new(mirror.clone()), News::Anew(Vec::new()));
        Self { name: settings.name.clone(), path, feed, mirror, news, secrets }
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
                    changes.push(shown_of(change, self.secrets));
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
                resets.push(Event::Snapshot(snapshot(cursor, (held, self.secrets), &self.mirror, &memory.deleted)));
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
fn snapshot(cursor: Cursor, (held, secrets): (&Mirror, bool), shown: &Mirror, deleted: &BTreeSet<Place>) -> Snapshot {
    let version = |held: &Held| Version {
        format: held.format,
        hash: held.hash,
        bytes: held.bytes.clone(),
        secrecy: held.secrecy,
    };
    let entry = |(place, held): (&(NamespaceName, EntryKey), &Held)| Entry {
        place: place.clone(),
        version: hidden(version(held), secrets),
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

/// A change as it is shown.
fn shown_of(change: &Change, secrets: bool) -> Change {
    let mut change = change.clone();
    for edit in &mut change.edits {
        edit.version = edit.version.take().map(|version| hidden(version, secrets));
    }
    change
}

/// A version as it is shown: of a sealed one only that it is there, unless the settings say otherwise.
fn hidden(version: Version, secrets: bool) -> Version {
    if secrets || version.secrecy != Secrecy::Revealed {
        return version;
    }
    Version { bytes: Bytes::new(), secrecy: Secrecy::Shut, ..version }
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
            let layers = || view.all(key);
            if layers().any(|found| found.held.secrecy.is_shut()) {
                let layers = layers().map(|found| found.place.namespace.clone()).collect();
                return Ok(Some(Layered { format, bytes: Bytes::new(), secrecy: Secrecy::Shut, layers }));
            }
            let sealed = layers().any(|found| found.is_sealed());
            let merged = view.merged(key).map_err(|unusable| unusable.to_string())?;
            return Ok(merged.map(|(bytes, places)| Layered {
                format,
                bytes,
                secrecy: if sealed { Secrecy::Revealed } else { Secrecy::Open },
                layers: places.into_iter().map(|place| place.namespace).collect(),
            }));
        }
        let layers = vec![found.place.namespace.clone()];
        Ok(Some(Layered { format, bytes: found.held.bytes.clone(), secrecy: found.held.secrecy, layers }))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use time::OffsetDateTime;

    use super::*;
    use crate::agent::settings::{AgentSettings, Surroundings};
    use crate::api::watch::ResetReason;
    use crate::client::watch::Edit;
    use crate::domain::contents::ContentHash;
    use crate::domain::formats::Format;

    /// A block as far as local programs see it.
    struct Block {
        held: Mirror,
        memory: Memory,
        shown: Shown,
        settings: BlockSettings,
        folder: tempfile::TempDir,
    }

    impl Block {
        fn new() -> Self {
            let text = "server: a\nservices:\n- {name: a, environment: dev, namespaces: [shared, orders], files: [{path: /a, key: deep.yaml, merge: deep}]}\n";
            let surroundings = Surroundings { host: "h".to_owned(), server: None };
            let settings = AgentSettings::parse(text, Path::new("agent.yaml"), &surroundings).unwrap();
            let settings = settings.services.into_iter().next().unwrap();
            let subscription = crate::agent::block::subscription(&settings);
            let folder = tempfile::tempdir().unwrap();
            let shown = Shown::open(&settings, folder.path().join("shown"), &subscription);
            Self { held: Mirror::new(subscription), memory: Memory::default(), shown, settings, folder }
        }

        fn sees(&mut self, event: &Event) {
            self.shown.note(event);
            let applied = self.held.apply(event);
            let place = |(namespace, key): (NamespaceName, EntryKey)| Place { namespace, key };
            self.memory.deleted.extend(applied.deleted.into_iter().map(place));
        }

        fn applies(&mut self) {
            self.shown.applied(&self.held, &self.memory);
        }

        fn shows(&self) -> Vec<String> {
            texts(&self.shown.mirror)
        }
    }

    fn texts(mirror: &Mirror) -> Vec<String> {
        let text = |held: &Held| String::from_utf8(held.bytes.to_vec()).unwrap();
        mirror.entries().iter().map(|((name, key), held)| format!("{name}/{key}={}", text(held))).collect()
    }

    fn place(text: &str) -> (NamespaceName, EntryKey) {
        let (name, key) = text.split_once('/').unwrap();
        (NamespaceName::parse(name).unwrap(), EntryKey::parse(key).unwrap())
    }

    fn version(text: &str) -> Version {
        Version {
            format: Format::Yaml,
            hash: ContentHash::of(text.as_bytes()),
            bytes: Bytes::copy_from_slice(text.as_bytes()),
            secrecy: Secrecy::Open,
        }
    }

    fn all(revision: u64, entries: &[(&str, &str)]) -> Event {
        let entry = |(address, text): &(&str, &str)| Entry {
            place: place(address),
            version: version(text),
            revision,
            actor: "ann".to_owned(),
            at: OffsetDateTime::UNIX_EPOCH,
        };
        let (cursor, entries) = (format!("1.{revision}").parse().unwrap(), entries.iter().map(entry).collect());
        Event::Snapshot(Snapshot { cursor, held: false, partial: false, entries, absent: Vec::new() })
    }

    fn change(revision: u64, address: &str, text: Option<&str>) -> Event {
        Event::Change(Change {
            cursor: format!("1.{revision}").parse().unwrap(),
            at: OffsetDateTime::UNIX_EPOCH,
            actor: "ann".to_owned(),
            message: "why".to_owned(),
            kind: "publish".to_owned(),
            trace: None,
            edits: vec![Edit { place: place(address), version: text.map(version) }],
        })
    }

    #[test]
    fn only_what_is_applied_is_shown_also_at_the_next_start() {
        let mut block = Block::new();
        block.sees(&all(5, &[("orders/a", "1")]));
        assert!(block.shows().is_empty());
        block.applies();
        block.sees(&change(6, "orders/a", Some("2")));
        assert_eq!(block.shows(), ["orders/a=1"]);
        let path = block.folder.path().join("shown");
        let mut next = Shown::open(&block.settings, path, block.held.subscription());
        assert_eq!(texts(&next.mirror), ["orders/a=1"]);
        next.applied(&block.held, &block.memory);
        assert_eq!((texts(&next.mirror), next.mirror.cursor()), (vec!["orders/a=2".to_owned()], block.held.cursor()));
    }

    #[test]
    fn what_is_gone_stays_until_the_server_names_its_deletion() {
        let mut block = Block::new();
        block.sees(&all(5, &[("orders/a", "1"), ("orders/b", "1")]));
        block.applies();
        block.sees(&Event::Reset(ResetReason::Access));
        block.sees(&all(7, &[("orders/b", "2")]));
        block.applies();
        assert_eq!(block.shows(), ["orders/a=1", "orders/b=2"]);
        block.sees(&change(8, "orders/a", None));
        // The thread is lost before that is applied.
        block.sees(&all(9, &[("orders/b", "3")]));
        block.applies();
        assert_eq!(block.shows(), ["orders/b=3"]);
        assert_eq!(block.shown.mirror.cursor(), block.held.cursor());
    }

    #[test]
    fn more_changes_than_are_kept_are_shown_as_a_whole() {
        let mut block = Block::new();
        block.sees(&all(5, &[("orders/a", "1")]));
        block.applies();
        for revision in 6..=1_000 {
            block.sees(&change(revision, "orders/a", Some(&revision.to_string())));
        }
        assert!(matches!(&block.shown.news, News::Anew(resets) if resets.is_empty()));
        block.applies();
        assert_eq!(
            (block.shows(), block.shown.mirror.cursor()),
            (vec!["orders/a=1000".to_owned()], block.held.cursor())
        );
    }

    #[test]
    fn what_is_sealed_is_shown_without_content_unless_the_settings_say_otherwise() {
        for secrets in [false, true] {
            let mut block = Block::new();
            block.shown.secrets = secrets;
            let sealed = |mut event: Event| {
                if let Event::Snapshot(snapshot) = &mut event {
                    snapshot.entries[0].version.secrecy = Secrecy::Revealed;
                }
                if let Event::Change(change) = &mut event {
                    change.edits[0].version.as_mut().unwrap().secrecy = Secrecy::Revealed;
                }
                event
            };
            block.sees(&sealed(all(5, &[("orders/a", "hunter2"), ("orders/b", "open")])));
            block.applies();
            block.sees(&sealed(change(6, "orders/a", Some("hunter3"))));
            block.applies();
            let shown = if secrets { ["orders/a=hunter3", "orders/b=open"] } else { ["orders/a=", "orders/b=open"] };
            assert_eq!(block.shows(), shown);
            let kept = std::fs::read(block.folder.path().join("shown")).unwrap();
            let plain = ["hunter", "aHVudGVy"].iter().any(|text| String::from_utf8_lossy(&kept).contains(text));
            assert_eq!(plain, secrets, "what is not shown is not kept to be shown");
            let again = Shown::open(&block.settings, block.folder.path().join("shown"), block.held.subscription());
            assert_eq!(again.mirror.entries().is_empty(), secrets, "the settings say that it is not shown");
        }
    }

    #[test]
    fn a_key_that_a_file_merges_is_merged() {
        let mut block = Block::new();
        let entries = ["shared/deep.yaml", "shared/plain.yaml", "orders/deep.yaml", "orders/plain.yaml"];
        let texts = ["a: 1\n", "a: 1\n", "b: 2\n", "b: 2\n"];
        block.sees(&all(5, &entries.into_iter().zip(texts).collect::<Vec<_>>()));
        let layers = BlockLayers::of(&block.settings);
        let find = |key: &str| layers.find(&block.held, &EntryKey::parse(key).unwrap()).unwrap();
        let (deep, plain) = (find("deep.yaml").unwrap(), find("plain.yaml").unwrap());
        assert_eq!((&deep.bytes[..], deep.layers.len()), (&b"a: 1\nb: 2\n"[..], 2));
        assert_eq!((&plain.bytes[..], plain.layers.len()), (&b"b: 2\n"[..], 1));
        assert_eq!(find("absent.yaml"), None);
    }
}
