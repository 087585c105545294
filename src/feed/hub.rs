//! The newest revisions that a node has seen, bounded in bytes. Pure.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use uuid::Uuid;

use crate::domain::changes::Record;
use crate::domain::revisions::Revision;

/// Content bytes that the ring keeps.
const RING_BYTES: u64 = 32 * 1024 * 1024;
/// What a record costs besides its contents.
const RECORD_BYTES: u64 = 512;

/// A ring of committed revisions, oldest first.
#[derive(Debug, Default)]
pub struct Hub {
    ring: VecDeque<Arc<Record>>,
    bytes: u64,
}

impl Hub {
    /// Takes in the next revision, and drops the oldest when it holds too much.
    pub fn push(&mut self, record: Arc<Record>) {
        self.bytes += cost(&record);
        self.ring.push_back(record);
        while self.bytes > RING_BYTES
            && self.ring.len() > 1
            && let Some(oldest) = self.ring.pop_front()
        {
            self.bytes -= cost(&oldest);
        }
    }

    /// The random id of a revision, while it is in the ring.
    #[must_use]
    pub fn id_of(&self, revision: Revision) -> Option<Uuid> {
        let newest_first = self.ring.iter().rev();
        newest_first.map(|record| &record.head).find(|head| head.revision == revision).map(|head| head.id)
    }

    /// The oldest revision in the ring.
    #[must_use]
    pub fn oldest(&self) -> Option<Revision> {
        self.ring.front().map(|record| record.head.revision)
    }

    /// The random ids in the ring.
    #[must_use]
    pub fn ids(&self) -> Vec<Uuid> {
        self.ring.iter().map(|record| record.head.id).collect()
    }

    /// Takes out what a new history does not have.
    pub fn take_lost(&mut self, survivors: &HashSet<Uuid>) -> Vec<Arc<Record>> {
        let all = std::mem::take(&mut self.ring);
        let (kept, lost): (Vec<_>, Vec<_>) = all.into_iter().partition(|record| survivors.contains(&record.head.id));
        self.ring = kept.into();
        self.bytes = self.ring.iter().map(|record| cost(record)).sum();
        lost
    }
}

fn cost(record: &Record) -> u64 {
    RECORD_BYTES + record.size()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::changes::{Kind, Origin, RecordHead};
    use crate::domain::names::UserName;
    use crate::domain::revisions::Epoch;

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
        let mut hub = Hub::default();
        let fits = RING_BYTES / RECORD_BYTES;
        (1..=fits + 10).for_each(|number| hub.push(record(number)));
        assert_eq!(hub.oldest(), Some(Revision(11)));
        assert_eq!(hub.id_of(Revision(10)), None);
        assert_eq!(hub.id_of(Revision(11)), Some(Uuid::from_u128(11)));
    }

    #[test]
    fn what_a_new_history_lacks_is_taken_out() {
        let mut hub = Hub::default();
        (1..=5).for_each(|number| hub.push(record(number)));
        let survivors = (1..=3).map(Uuid::from_u128).collect();
        let lost: Vec<u64> = hub.take_lost(&survivors).iter().map(|record| record.head.revision.0).collect();
        assert_eq!(lost, [4, 5]);
        assert_eq!(hub.ids().len(), 3);
    }
}
