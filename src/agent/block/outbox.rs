//! Receipts that wait for the server: bounded, the newest state wins.

use std::collections::VecDeque;

use crate::api::instances::{ReceiptBody, Stage};

/// Most receipts of one call.
const BATCH: usize = 100;
/// Most receipts that wait.
const WAITING_MAX: usize = 200;

/// The receipts of one instance, in the order in which they came to be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outbox {
    waiting: VecDeque<ReceiptBody>,
    /// What runs, and what was rejected since: at most two.
    last: Vec<ReceiptBody>,
}

impl Outbox {
    /// Adds a receipt. Of what has not been sent it takes the place of what it outdates: a step of an older revision, or the same
    /// news about the same one.
    pub fn push(&mut self, receipt: ReceiptBody) {
        self.know(&receipt);
        self.waiting.retain(|older| !outdates(&receipt, older));
        self.waiting.push_back(receipt);
        // Outcomes of the oldest revisions are the least that anybody misses.
        while self.waiting.len() > WAITING_MAX {
            self.waiting.pop_front();
        }
    }

    /// Notes an outcome without sending it, such as one of the last run of the agent.
    pub fn know(&mut self, receipt: &ReceiptBody) {
        match receipt.stage {
            Stage::Delivered | Stage::Validated => return,
            Stage::Applied => self.last.clear(),
            Stage::Rejected => self.last.retain(|last| last.stage == Stage::Applied),
        }
        self.last.push(receipt.clone());
    }

    /// Puts what runs, and what was rejected since, in front again: the server may have forgotten them.
    pub fn repeat(&mut self) {
        for receipt in self.last.iter().rev() {
            // What waits, waits in its order.
            if !self.waiting.iter().any(|waiting| outdates(waiting, receipt)) {
                self.waiting.push_front(receipt.clone());
            }
        }
    }

    /// The oldest ones, for one call.
    #[must_use]
    pub fn batch(&self) -> Vec<ReceiptBody> {
        self.waiting.iter().take(BATCH).cloned().collect()
    }

    /// Forgets what was sent, or what the server will never take. What was added since stays.
    pub fn forget(&mut self, sent: &[ReceiptBody]) {
        self.waiting.retain(|receipt| !sent.contains(receipt));
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

fn outdates(newer: &ReceiptBody, older: &ReceiptBody) -> bool {
    let (new, old) = ((newer.epoch, newer.revision), (older.epoch, older.revision));
    match older.stage {
        // A step on the way says nothing any more once there is news of a later step or revision.
        Stage::Delivered | Stage::Validated => match new.cmp(&old) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => newer.stage >= older.stage,
            std::cmp::Ordering::Less => false,
        },
        // An outcome is outdated by another one of the same revision.
        Stage::Applied | Stage::Rejected => new == old && matches!(newer.stage, Stage::Applied | Stage::Rejected),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(revision: u64, stage: Stage) -> ReceiptBody {
        ReceiptBody {
            epoch: 1,
            revision,
            stage,
            reason: None,
            output: None,
            missing: Vec::new(),
            unhealthy: false,
            broken: false,
        }
    }

    fn stages(outbox: &Outbox) -> Vec<(u64, Stage)> {
        outbox.batch().iter().map(|receipt| (receipt.revision, receipt.stage)).collect()
    }

    #[test]
    fn while_the_server_is_away_the_newest_state_wins() {
        let mut outbox = Outbox::default();
        for (revision, stage) in [
            (1, Stage::Delivered),
            (1, Stage::Validated),
            (1, Stage::Applied),
            (2, Stage::Delivered),
            (3, Stage::Delivered),
            (3, Stage::Validated),
            (3, Stage::Rejected),
            (3, Stage::Applied),
            (4, Stage::Delivered),
        ] {
            outbox.push(receipt(revision, stage));
        }
        assert_eq!(stages(&outbox), [(1, Stage::Applied), (3, Stage::Applied), (4, Stage::Delivered)]);
    }

    #[test]
    fn what_runs_is_said_again_and_what_was_rejected_since() {
        let mut outbox = Outbox::default();
        outbox.know(&receipt(3, Stage::Applied));
        assert!(outbox.is_empty());
        outbox.repeat();
        outbox.repeat();
        assert_eq!(stages(&outbox), [(3, Stage::Applied)], "once");
        for (revision, stage) in [(4, Stage::Rejected), (5, Stage::Applied), (5, Stage::Rejected), (6, Stage::Rejected)]
        {
            outbox.push(receipt(revision, stage));
        }
        outbox.forget(&outbox.batch());
        outbox.push(receipt(7, Stage::Delivered));
        outbox.repeat();
        assert_eq!(stages(&outbox), [(5, Stage::Applied), (6, Stage::Rejected), (7, Stage::Delivered)]);
        outbox.push(receipt(5, Stage::Rejected));
        outbox.repeat();
        assert_eq!(stages(&outbox), [(6, Stage::Rejected), (7, Stage::Delivered), (5, Stage::Rejected)]);
    }

    #[test]
    fn it_is_bounded_and_sent_in_calls_of_a_hundred() {
        let mut outbox = Outbox::default();
        for revision in 0..1_000 {
            outbox.push(receipt(revision, Stage::Applied));
        }
        let batch = outbox.batch();
        assert_eq!((batch.len(), batch[0].revision), (BATCH, 800));
        outbox.push(receipt(1_000, Stage::Applied));
        outbox.forget(&batch);
        assert_eq!(outbox.batch().len(), 100);
        outbox.forget(&outbox.batch());
        assert_eq!(stages(&outbox), [(1_000, Stage::Applied)]);
        outbox.forget(&outbox.batch());
        assert!(outbox.is_empty());
    }
}
