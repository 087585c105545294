//! Events for local programs, in the shapes of the server's.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::api::entries::{ContentView, Op};
use crate::api::watch::{
    ByeEvent, ChangeEvent, CheckpointEvent, INLINE_BYTES, PART_BYTES, ResetEvent, ResetReason, SnapshotEvent,
    WatchedChange, WatchedEntry, WatchedKey, event,
};
use crate::client::watch::{Change, Held, Mirror, Place, Secrecy};
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::{Cursor, Revision};

/// About how much an entry takes besides its content.
const ENTRY_BYTES: usize = 512;
/// How long a local program waits when the agent stops, in milliseconds.
const RETRY_MS: u64 = 1000;
/// What needs no escape in a segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Keeps a quiet stream alive.
pub(super) const COMMENT: Bytes = Bytes::from_static(b":\n\n");

/// Everything in these namespaces, in parts. With `have`, only what differs from it.
pub(super) fn snapshot(
    mirror: &Mirror,
    cursor: Cursor,
    namespaces: &BTreeSet<NamespaceName>,
    have: &BTreeMap<String, String>,
) -> Vec<Bytes> {
    let environment = &mirror.subscription().environment;
    let seen = || mirror.entries().iter().filter(|((namespace, _), _)| namespaces.contains(namespace));
    let news = seen().filter(|(place, held)| have.get(&shown(place)) != Some(&held.hash.to_string()));
    let entries = news.map(|(place, held)| (entry(environment, cursor.revision, place, held), held.bytes.len()));
    let there: BTreeSet<String> = seen().map(|(place, _)| shown(place)).collect();
    let absent = have.keys().filter(|place| !there.contains(*place)).filter_map(|place| place.split_once('/'));
    let mut absent: Vec<WatchedKey> =
        absent.map(|(namespace, key)| WatchedKey { namespace: namespace.to_owned(), key: key.to_owned() }).collect();
    let parts = parts(entries);
    let count = parts.len();
    let part = |(number, entries): (usize, Vec<WatchedEntry>)| {
        let last = number + 1 == count;
        let data = SnapshotEvent {
            revision: cursor.revision.0,
            part: u32::try_from(number).unwrap_or(u32::MAX),
            last,
            held: false,
            have: !have.is_empty(),
            entries,
            absent: if last { std::mem::take(&mut absent) } else { Vec::new() },
        };
        frame(event::SNAPSHOT, last.then_some(cursor), &data)
    };
    parts.into_iter().enumerate().map(part).collect()
}

/// A change as far as it is in these namespaces; nothing when it is not.
pub(super) fn change(
    environment: &EnvironmentName,
    change: &Change,
    namespaces: &BTreeSet<NamespaceName>,
) -> Vec<Bytes> {
    let revision = change.cursor.revision;
    let seen = change.edits.iter().filter(|edit| namespaces.contains(&edit.place.0));
    let changes = seen.map(|edit| {
        let (namespace, key) = &edit.place;
        let version = edit.version.as_ref();
        let (content, href) = version.map_or((ContentView::default(), None), |version| {
            carried(environment, revision, &edit.place, (&version.bytes, version.secrecy))
        });
        let view = WatchedChange {
            namespace: namespace.to_string(),
            key: key.to_string(),
            op: if version.is_some() { Op::Put } else { Op::Delete },
            format: version.map(|version| version.format.to_string()),
            hash: version.map(|version| version.hash.to_string()),
            content,
            href,
            sealed: version.is_some_and(|version| version.secrecy.is_sealed()),
        };
        (view, version.map_or(0, |version| version.bytes.len()))
    });
    let parts = parts(changes);
    if parts.iter().all(Vec::is_empty) {
        return Vec::new();
    }
    let count = parts.len();
    let part = |(number, changes): (usize, Vec<WatchedChange>)| {
        let last = number + 1 == count;
        let data = ChangeEvent {
            revision: revision.0,
            at: change.at,
            actor: change.actor.clone(),
            message: change.message.clone(),
            kind: change.kind.clone(),
            trace: change.trace.clone(),
            part: (count > 1).then(|| u32::try_from(number).unwrap_or(u32::MAX)),
            last,
            changes,
        };
        frame(event::CHANGE, last.then_some(change.cursor), &data)
    };
    parts.into_iter().enumerate().map(part).collect()
}

/// Everything up to here was sent.
pub(super) fn checkpoint(cursor: Cursor) -> Bytes {
    frame(event::CHECKPOINT, Some(cursor), &CheckpointEvent { revision: cursor.revision.0 })
}

/// A snapshot follows.
pub(super) fn reset(reason: ResetReason) -> Bytes {
    frame(event::RESET, None, &ResetEvent { reason })
}

/// The agent stops.
pub(super) fn bye() -> Bytes {
    frame(event::BYE, None, &ByeEvent { retry_ms: RETRY_MS })
}

fn entry(environment: &EnvironmentName, at: Revision, place: &Place, held: &Held) -> WatchedEntry {
    let (content, href) = carried(environment, at, place, (&held.bytes, held.secrecy));
    WatchedEntry {
        namespace: place.0.to_string(),
        key: place.1.to_string(),
        format: held.format.to_string(),
        hash: held.hash.to_string(),
        revision: held.revision,
        actor: held.actor.clone(),
        at: held.at,
        content,
        href,
        sealed: held.secrecy.is_sealed(),
    }
}

/// A content, or where it is when it is large.
fn carried(
    environment: &EnvironmentName,
    at: Revision,
    (namespace, key): &Place,
    (bytes, secrecy): (&Bytes, Secrecy),
) -> (ContentView, Option<String>) {
    if secrecy.is_shut() {
        return (ContentView::default(), None);
    }
    if bytes.len() as u64 <= INLINE_BYTES {
        return (ContentView::of(bytes), None);
    }
    let key = escaped(key);
    (
        ContentView::default(),
        Some(format!("/api/v1/environments/{environment}/namespaces/{namespace}/entries/{key}?at={at}")),
    )
}

fn escaped(key: &EntryKey) -> String {
    let segments = key.as_str().split('/').map(|segment| utf8_percent_encode(segment, SEGMENT).to_string());
    segments.collect::<Vec<_>>().join("/")
}

fn shown((namespace, key): &Place) -> String {
    format!("{namespace}/{key}")
}

/// Groups of about [`PART_BYTES`], at least one.
fn parts<T>(items: impl Iterator<Item = (T, usize)>) -> Vec<Vec<T>> {
    let (mut parts, mut part, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (item, content) in items {
        let size = ENTRY_BYTES + if content as u64 <= INLINE_BYTES { content } else { 0 };
        if bytes + size > PART_BYTES && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
        part.push(item);
        bytes += size;
    }
    parts.push(part);
    parts
}

fn frame(event: &str, id: Option<Cursor>, data: &impl Serialize) -> Bytes {
    let id = id.map(|cursor| format!("id: {cursor}\n")).unwrap_or_default();
    // JSON of these types always succeeds and has no line breaks.
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("event: {event}\n{id}data: {data}\n\n").into()
}
