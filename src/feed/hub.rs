//! The log ring: the newest revisions that a node has seen, bounded in bytes. Pure.
//!
//! It holds revisions, not frames, and knows no reader: a reader is one number, its cursor, and asks for what follows.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use crate::domain::changes::{Item, Record};
use crate::domain::contents::ContentHash;
use crate::domain::names::Address;
use crate::domain::revisions::{Cursor, Revision};
use crate::domain::sight::Sight;
use crate::feed::frames::Logged;

/// Bytes that the ring keeps.
pub const RING_BYTES: u64 = 32 * 1024 * 1024;

/// What follows a cursor, for a reader.
#[derive(Debug, Clone)]
pub enum Found {
    /// The next revision that concerns it.
    Change(Arc<Logged>),
    /// None does, up to the end of the ring.
    Nothing,
    /// The ring does not reach back so far.
    Behind,
}

/// A ring of committed revisions of one epoch, oldest first, without gaps.
#[derive(Debug)]
pub struct Hub {
    limit: u64,
    end: Cursor,
    ring: VecDeque<Arc<Logged>>,
    bytes: u64,
    /// What survived the last change of epoch: kept to be told apart from what another one loses.
    earlier: Vec<Arc<Record>>,
}

impl Hub {
    /// An empty ring that ends at a cursor.
    #[must_use]
    pub fn new(end: Cursor) -> Self {
        Self::bounded(end, RING_BYTES)
    }

    /// The same with another limit, in bytes.
    #[must_use]
    pub fn bounded(end: Cursor, limit: u64) -> Self {
        Self { limit, end, ring: VecDeque::new(), bytes: 0, earlier: Vec::new() }
    }

    /// The newest revision; everything up to it was taken in.
    #[must_use]
    pub fn end(&self) -> Cursor {
        self.end
    }

    /// The revision before the oldest in the ring: whoever has seen it misses nothing.
    #[must_use]
    pub fn base(&self) -> Revision {
        let oldest = self.ring.front().map(|logged| logged.record.head.revision);
        oldest.map_or(self.end.revision, |oldest| Revision(oldest.0.saturating_sub(1)))
    }

    /// Takes in the next revision, and drops the oldest when it holds too much.
    pub fn push(&mut self, record: Arc<Record>) {
        self.forget_plaintext(&record);
        let logged = Logged::new(record);
        if logged.cursor() != (Cursor { epoch: self.end.epoch, revision: self.end.revision.next() }) {
            // Not the continuation: what is kept leads to no cursor that a reader of the new one could have.
            self.clear();
        }
        self.end = logged.cursor();
        self.bytes += logged.cost();
        self.ring.push_back(Arc::new(logged));
        while self.bytes > self.limit
            && self.ring.len() > 1
            && let Some(oldest) = self.ring.pop_front()
        {
            self.earlier.clear();
            self.bytes -= oldest.cost();
        }
    }

    /// Ends after the last revision with a content that was redacted.
    pub fn forget(&mut self, redacted: &HashSet<ContentHash>) {
        if !redacted.is_empty() {
            self.forget_where(|item| match item {
                Item::Entry { version: Some(version), .. } => {
                    !version.content.is_redacted() && redacted.contains(&version.content.hash())
                }
                Item::Entry { version: None, .. } | Item::Namespace { .. } | Item::Environment { .. } => false,
            });
        }
    }

    /// What is sealed from now on is not kept open here either: the ring ends after the last revision that has it so.
    fn forget_plaintext(&mut self, record: &Record) {
        let sealed: HashSet<&Address> = record.items.iter().filter_map(|item| put(item, true)).collect();
        if sealed.is_empty() {
            return;
        }
        self.forget_where(|item| put(item, false).is_some_and(|address| sealed.contains(address)));
    }

    /// Lets go of everything up to the last revision that has such an item.
    fn forget_where(&mut self, is: impl Fn(&Item) -> bool) {
        let has = |record: &Record| record.items.iter().any(&is);
        let kept = self.ring.iter().rev().take_while(|logged| !has(&logged.record)).count();
        while self.ring.len() > kept
            && let Some(oldest) = self.ring.pop_front()
        {
            self.bytes -= oldest.cost();
        }
        self.earlier.retain(|record| !has(record));
    }

    /// What follows `after` for a reader.
    #[must_use]
    pub fn find(&self, after: Revision, sight: &Sight) -> Found {
        let base = self.base();
        let Some(skip) = after.0.checked_sub(base.0) else { return Found::Behind };
        let newer = self.ring.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX));
        match newer.into_iter().find(|logged| logged.concerns(sight)) {
            Some(logged) => Found::Change(Arc::clone(logged)),
            None => Found::Nothing,
        }
    }

    /// The random id of a revision, while it is in the ring.
    #[must_use]
    pub fn id_of(&self, revision: Revision) -> Option<Uuid> {
        let newest_first = self.ring.iter().rev();
        newest_first.map(|logged| &logged.record.head).find(|head| head.revision == revision).map(|head| head.id)
    }

    /// The oldest revision it holds.
    #[must_use]
    pub fn oldest(&self) -> Option<Revision> {
        let ring = self.ring.front().map(|logged| &logged.record);
        self.earlier.first().or(ring).map(|record| record.head.revision)
    }

    /// The random ids of all it holds.
    #[must_use]
    pub fn ids(&self) -> Vec<Uuid> {
        let ring = self.ring.iter().map(|logged| &logged.record);
        self.earlier.iter().chain(ring).map(|record| record.head.id).collect()
    }

    /// Goes over to another history that ends at a cursor, and gives back what it does not have.
    pub fn restart(&mut self, end: Cursor, survivors: &HashSet<Uuid>) -> Vec<Arc<Record>> {
        let ring = std::mem::take(&mut self.ring);
        let all =
            std::mem::take(&mut self.earlier).into_iter().chain(ring.iter().map(|logged| Arc::clone(&logged.record)));
        let (kept, lost) = all.partition(|record| survivors.contains(&record.head.id));
        (self.end, self.bytes, self.earlier) = (end, 0, kept);
        lost
    }

    fn clear(&mut self) {
        self.ring.clear();
        self.earlier.clear();
        self.bytes = 0;
    }
}

/// The entry that an item puts, sealed or not.
fn put(item: &Item, sealed: bool) -> Option<&Address> {
    match item {
        Item::Entry { address, version: Some(version), .. } => (version.is_sealed() == sealed).then_some(address),
        Item::Entry { version: None, .. } | Item::Namespace { .. } | Item::Environment { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::changes::{Kind, Origin, RecordHead};
    use crate::domain::names::UserName;
    use crate::domain::revisions::Epoch;

    const START: Cursor = Cursor { epoch: Epoch(1), revision: Revision(0) };

    fn record(number: u64) -> Arc<Record> {
        let head = RecordHead {
            revision: Revision(number),
            epoch: Epoch(1),
            id: Uuid::from_u128(u128::from(number)),
            at: time::OffsetDateTime::UNIX_EPOCH,
            actor: UserName::parse("ada").unwrap(),
            message: String::new(),
            request_id: String::new(),
            kind: Kind::Publish,
            origin: Origin::default(),
        };
        Arc::new(Record { head, items: Vec::new() })
    }

    #[test]
    fn the_ring_forgets_the_oldest_when_it_is_full() {
        let one = Logged::new(record(1)).cost();
        let mut hub = Hub::bounded(START, one * 10 + 9);
        (1..=20).for_each(|number| hub.push(record(number)));
        assert!(hub.base() >= Revision(10) && hub.base() < Revision(20));
        assert_eq!(hub.id_of(hub.base()), None);
        assert_eq!(hub.id_of(hub.base().next()), Some(Uuid::from_u128(u128::from(hub.base().next().0))));
    }

    #[test]
    fn what_a_new_history_lacks_is_given_back() {
        let mut hub = Hub::new(START);
        (1..=5).for_each(|number| hub.push(record(number)));
        let survivors: HashSet<_> = (1..=3).map(Uuid::from_u128).collect();
        let end = Cursor { epoch: Epoch(2), revision: Revision(1_000_003) };
        let lost: Vec<u64> = hub.restart(end, &survivors).iter().map(|record| record.head.revision.0).collect();
        assert_eq!(lost, [4, 5]);
        assert_eq!((hub.ids().len(), hub.end(), hub.base()), (3, end, end.revision));
        let nothing = hub.restart(end, &survivors);
        assert!(nothing.is_empty(), "what survived is still known");
    }
}
