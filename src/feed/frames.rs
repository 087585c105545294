//! Events as the bytes of `text/event-stream`. Pure.
//!
//! A change is encoded once, as one piece; a frame is a head and the pieces that its reader may see, mostly shared slices.

mod writer;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use serde::Serialize;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::api::instances::InstanceEvent;
use crate::api::watch::{self, ByeEvent, CheckpointEvent, INLINE_BYTES, PART_BYTES, ResetEvent, ResetReason, event};
use crate::domain::changes::{Item, Record, RecordHead, Version};
use crate::domain::names::Address;
use crate::domain::revisions::{Cursor, Revision};
use crate::domain::sight::Sight;
use crate::domain::state::Entry;
use crate::feed::frames::writer::Writer;
use crate::service::keyring::Keyring;

/// What a piece costs besides its content, about.
const PIECE_BYTES: u64 = 256;

/// One event, or one part of it. Cloning shares the bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame(Arc<[Bytes]>);

impl Frame {
    /// The bytes, in order.
    #[must_use]
    pub fn chunks(&self) -> &[Bytes] {
        &self.0
    }

    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    /// Whether there are none; no frame is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A revision of the log with its pieces.
#[derive(Debug)]
pub struct Logged {
    /// The revision.
    pub record: Arc<Record>,
    /// Its data up to the changes.
    head: Bytes,
    /// One for each item, empty where the item is no entry; none when they are too large to be kept.
    pieces: Option<Vec<Bytes>>,
}

impl Logged {
    /// Encodes a revision.
    #[must_use]
    pub fn new(record: Arc<Record>) -> Self {
        let expected: u64 = record.items.iter().map(|item| PIECE_BYTES + inline_bytes(item)).sum();
        let pieces =
            (expected <= PART_BYTES as u64).then(|| record.items.iter().map(|i| piece(&record, i, None)).collect());
        Self { head: change_head(&record.head), pieces, record }
    }

    /// Bytes it keeps from being freed, about.
    #[must_use]
    pub fn cost(&self) -> u64 {
        let encoded = self.pieces.iter().flatten().map(|piece| piece.len() as u64).sum::<u64>();
        self.head.len() as u64 + encoded + self.record.size() + PIECE_BYTES * self.record.items.len() as u64
    }

    /// Where it stands.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { epoch: self.record.head.epoch, revision: self.record.head.revision }
    }

    /// Whether a reader sees something of it.
    #[must_use]
    pub fn concerns(&self, sight: &Sight) -> bool {
        self.record.items.iter().any(|item| is_seen(item, sight))
    }

    /// Whether it has to go in parts.
    #[must_use]
    pub fn is_large(&self) -> bool {
        self.pieces.is_none()
    }

    /// What a reader gets the plaintext of, though it is sealed.
    pub fn revealed<'a>(&'a self, sight: &'a Sight) -> impl Iterator<Item = &'a Address> {
        self.record.items.iter().filter_map(|item| match item {
            Item::Entry { address, version: Some(version), .. } => {
                (version.is_sealed() && sight.reveals(address)).then_some(address)
            }
            Item::Entry { version: None, .. } | Item::Namespace { .. } | Item::Environment { .. } => None,
        })
    }

    /// The whole event for a reader who sees something of it. For those that are not large.
    #[must_use]
    pub fn frame(&self, sight: &Sight, opener: &Opener) -> Frame {
        let mut writer = Writer::event(event::CHANGE, Some(self.cursor()));
        writer.push(&self.head);
        writer.text("\"changes\":[");
        let seen = self.record.items.iter().enumerate().filter(|(_, item)| is_seen(item, sight));
        for (nth, (at, item)) in seen.enumerate() {
            writer.comma(nth);
            match (opener.piece(&self.record, item, sight), self.pieces.as_ref().and_then(|pieces| pieces.get(at))) {
                (Some(revealed), _) => writer.push(&revealed),
                (None, Some(piece)) => writer.push(piece),
                (None, None) => writer.push(&piece(&self.record, item, None)),
            }
        }
        writer.finish("]}")
    }

    /// The next part for a reader, from item `from` on, and where the part after it begins; none after the last.
    #[must_use]
    pub fn part(&self, sight: &Sight, opener: &Opener, part: u32, from: usize) -> (Frame, Option<usize>) {
        let mut writer = Writer::data();
        let mut next = None;
        let seen = self.record.items.iter().enumerate().skip(from).filter(|(_, item)| is_seen(item, sight));
        for (nth, (at, item)) in seen.enumerate() {
            if writer.len() >= PART_BYTES {
                next = Some(at);
                break;
            }
            writer.comma(nth);
            writer.push(&opener.piece(&self.record, item, sight).unwrap_or_else(|| piece(&self.record, item, None)));
        }
        let last = next.is_none();
        let mut event = Writer::event(event::CHANGE, last.then(|| self.cursor()));
        event.push(&self.head);
        event.text(&format!("\"part\":{part},\"last\":{last},\"changes\":["));
        event.append(writer);
        (event.finish("]}"), next)
    }
}

/// An item that a reader sees is an entry of its sight.
fn is_seen(item: &Item, sight: &Sight) -> bool {
    match item {
        Item::Entry { address, .. } => sight.sees(address),
        Item::Namespace { .. } | Item::Environment { .. } => false,
    }
}

fn inline_bytes(item: &Item) -> u64 {
    match item {
        Item::Entry { version: Some(version), .. } => {
            Some(version.content.size()).filter(|size| *size <= INLINE_BYTES).unwrap_or(0)
        }
        Item::Entry { version: None, .. } | Item::Namespace { .. } | Item::Environment { .. } => 0,
    }
}

/// Opens what is sealed, for one reader at the moment of the write; nothing of it is kept.
#[derive(Debug, Clone, Default)]
pub struct Opener(Option<Arc<Keyring>>);

impl Opener {
    /// One that opens with these keys.
    #[must_use]
    pub fn new(keyring: Arc<Keyring>) -> Self {
        Self(Some(keyring))
    }

    /// The plaintext of a sealed version, when the reader sees it. What does not open stays shut.
    #[must_use]
    pub fn open(&self, address: &Address, version: &Version, sight: &Sight) -> Option<Zeroizing<Vec<u8>>> {
        let keyring = self.0.as_ref().filter(|_| version.is_sealed() && !version.content.is_redacted())?;
        if !sight.reveals(address) {
            return None;
        }
        let opened = keyring.open(address, &version.content);
        opened.inspect_err(|error| tracing::error!(%error, "a sealed content stays shut on a stream")).ok()
    }

    fn piece(&self, record: &Record, item: &Item, sight: &Sight) -> Option<Bytes> {
        let Item::Entry { address, version: Some(version), .. } = item else { return None };
        self.open(address, version, sight).map(|plaintext| piece(record, item, Some(&plaintext)))
    }
}

/// The data of a part of a snapshot.
#[derive(Debug)]
pub struct SnapshotPart<'a> {
    /// Where the snapshot stands.
    pub at: Cursor,
    /// Counts the parts, from 0.
    pub part: u32,
    /// Whether the store is held.
    pub held: bool,
    /// Whether it is told against what the reader has.
    pub have: bool,
    writer: Writer,
    entries: usize,
    absent: Vec<&'a Address>,
    reveals: bool,
}

impl<'a> SnapshotPart<'a> {
    /// An empty part.
    #[must_use]
    pub fn new(at: Cursor, part: u32, held: bool, have: bool) -> Self {
        Self { at, part, held, have, writer: Writer::data(), entries: 0, absent: Vec::new(), reveals: false }
    }

    /// Whether the next entry belongs into the next part.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.writer.len() >= PART_BYTES
    }

    /// Adds an entry, with plaintext when it is sealed and the reader may see that.
    pub fn put(&mut self, address: &Address, entry: &Entry, plaintext: Option<&[u8]>) {
        self.writer.comma(self.entries);
        self.entries += 1;
        let Entry { stamp, version } = entry;
        self.writer.push(&json(&EntryPiece {
            namespace: address.namespace.as_str(),
            key: address.key.as_str(),
            format: version.format.as_str(),
            hash: version.content.hash().to_string(),
            revision: stamp.revision.0,
            actor: stamp.actor.as_str(),
            at: stamp.at,
            content: ContentPiece::of(address, version, self.at.revision, plaintext),
        }));
        self.reveals |= plaintext.is_some();
    }

    /// Whether it has plaintext of something sealed, and so is for this reader alone.
    #[must_use]
    pub fn reveals(&self) -> bool {
        self.reveals
    }

    /// Adds an entry that the reader has and that is not there.
    pub fn absent(&mut self, address: &'a Address) {
        self.absent.push(address);
    }

    /// The part as an event.
    #[must_use]
    pub fn finish(self, last: bool) -> Frame {
        let Self { at, part, held, have, writer, absent, .. } = self;
        let mut event = Writer::event(event::SNAPSHOT, last.then_some(at));
        let flag = |name, set| if set { format!("\"{name}\":true,") } else { String::new() };
        let (held, have) = (flag("held", held), flag("have", have));
        event
            .text(&format!("{{\"revision\":{},\"part\":{part},\"last\":{last},{held}{have}\"entries\":[", at.revision));
        event.append(writer);
        if absent.is_empty() {
            return event.finish("]}");
        }
        event.text("],\"absent\":");
        let key = |address: &&Address| watch::WatchedKey {
            namespace: address.namespace.to_string(),
            key: address.key.to_string(),
        };
        event.push(&json(&absent.iter().map(key).collect::<Vec<_>>()));
        event.finish("}")
    }
}

/// Everything up to here was sent.
#[must_use]
pub fn checkpoint(at: Cursor) -> Frame {
    let mut writer = Writer::event(event::CHECKPOINT, Some(at));
    writer.push(&json(&CheckpointEvent { revision: at.revision.0 }));
    writer.finish("")
}

/// The stream lives, and so far the store has come. For a stream without a cursor of its own.
#[must_use]
pub fn pulse(head: Revision) -> Frame {
    let mut writer = Writer::event(event::CHECKPOINT, None);
    writer.push(&json(&CheckpointEvent { revision: head.0 }));
    writer.finish("")
}

/// How some instances stand: an event each.
#[must_use]
pub fn instances(all: &[InstanceEvent]) -> Frame {
    let mut writer = Writer::data();
    for (nth, one) in all.iter().enumerate() {
        writer.text(if nth > 0 { "\n\nevent: " } else { "event: " });
        writer.text(event::INSTANCE);
        writer.text("\ndata: ");
        writer.push(&json(one));
    }
    writer.finish("")
}

/// Continuity is lost.
#[must_use]
pub fn reset(reason: ResetReason) -> Frame {
    let mut writer = Writer::event(event::RESET, None);
    writer.push(&json(&ResetEvent { reason }));
    writer.finish("")
}

/// The stream ends; the reader shall come back after about this time.
#[must_use]
pub fn bye(retry_ms: u64) -> Frame {
    let mut writer = Writer::event(event::BYE, None);
    writer.push(&json(&ByeEvent { retry_ms }));
    writer.finish("")
}

/// What a stream begins with: how long a browser waits before it comes back.
#[must_use]
pub fn hello(retry_ms: u64) -> Frame {
    let mut writer = Writer::data();
    writer.text(&format!("retry: {retry_ms}"));
    writer.finish("")
}

#[derive(Serialize)]
struct HeadPiece<'a> {
    revision: u64,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    actor: &'a str,
    message: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a str>,
}

#[derive(Serialize)]
struct ChangePiece<'a> {
    namespace: &'a str,
    key: &'a str,
    op: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(flatten)]
    content: ContentPiece<'a>,
}

#[derive(Serialize)]
struct EntryPiece<'a> {
    namespace: &'a str,
    key: &'a str,
    format: &'a str,
    hash: String,
    revision: u64,
    actor: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    #[serde(flatten)]
    content: ContentPiece<'a>,
}

#[derive(Default, Serialize)]
struct ContentPiece<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    href: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sealed: bool,
}

impl<'a> ContentPiece<'a> {
    fn of(address: &Address, version: &'a Version, at: Revision, plaintext: Option<&'a [u8]>) -> Self {
        let sealed = version.is_sealed() || version.content.is_redacted();
        let bytes = match plaintext {
            Some(plaintext) => plaintext,
            None if sealed => return Self { sealed, ..Self::default() },
            None => version.content.bytes(),
        };
        if bytes.len() as u64 > INLINE_BYTES {
            let Address { environment, namespace, key } = address;
            // Names and keys need no encoding.
            let href = format!("/api/v1/environments/{environment}/namespaces/{namespace}/entries/{key}?at={at}");
            let href = if sealed { format!("{href}&reveal=true") } else { href };
            return Self { href: Some(href), sealed, ..Self::default() };
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Self { content: Some(text), sealed, ..Self::default() },
            Err(_) => Self { content_base64: Some(STANDARD.encode(bytes)), sealed, ..Self::default() },
        }
    }
}

fn change_head(head: &RecordHead) -> Bytes {
    let whole = json(&HeadPiece {
        revision: head.revision.0,
        at: head.at,
        actor: head.actor.as_str(),
        message: &head.message,
        kind: head.kind.as_str(),
        trace: head.origin.trace.as_deref(),
    });
    // Without the closing brace: the changes follow.
    let mut open = BytesMut::from(whole.strip_suffix(b"}").unwrap_or(&whole));
    open.extend_from_slice(b",");
    open.freeze()
}

fn piece(record: &Record, item: &Item, plaintext: Option<&[u8]>) -> Bytes {
    let Item::Entry { address, version, .. } = item else { return Bytes::new() };
    let version = version.as_ref();
    json(&ChangePiece {
        namespace: address.namespace.as_str(),
        key: address.key.as_str(),
        op: if version.is_some() { "put" } else { "delete" },
        format: version.map(|version| version.format.as_str()),
        hash: version.map(|version| version.content.hash().to_string()),
        content: version
            .map(|version| ContentPiece::of(address, version, record.head.revision, plaintext))
            .unwrap_or_default(),
    })
}

/// JSON without a line break, as an event wants it.
fn json(value: &impl Serialize) -> Bytes {
    // Structs of texts and numbers always serialise. What is kept in the ring keeps no room to grow.
    serde_json::to_vec(value).unwrap_or_default().into_boxed_slice().into()
}

#[cfg(test)]
mod tests;
