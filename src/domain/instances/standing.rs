//! How an instance stands.

use crate::domain::instances::{Condition, Outcome, Progress, Stage};
use crate::domain::revisions::Revision;

/// Up to how many revisions it is counted how far an instance is behind.
pub const BEHIND_MAX: u64 = 1000;

/// How an instance stands, when `behind` revisions after its applied one touch what it sees.
#[must_use]
pub fn condition(held: bool, progress: &Progress, behind: u64) -> Condition {
    if held {
        Condition::Held
    } else if progress.rejected.is_some() {
        Condition::Rejected
    } else if progress.applied.is_none() {
        Condition::Unknown
    } else if behind > 0 {
        Condition::Behind
    } else {
        Condition::InSync
    }
}

/// What became of a revision at an instance: how far it got with this very revision, if it did, and with all of them.
///
/// A revision is reached when one that is not older is applied. When an older one runs, the refusal of this revision, or of a
/// newer one that the instance tried instead, is an answer to this one as well.
#[must_use]
pub fn outcome(revision: Revision, furthest: Option<Stage>, applied_it: bool, progress: &Progress) -> Outcome {
    match &progress.applied {
        Some(applied) if applied.at.revision == revision => Outcome::Applied,
        Some(applied) if applied.at.revision > revision => {
            if applied_it {
                Outcome::Applied
            } else {
                Outcome::Superseded
            }
        }
        Some(_) | None => {
            let refused_newer = progress.rejected.as_ref().is_some_and(|rejected| rejected.at.revision >= revision);
            if refused_newer || furthest == Some(Stage::Rejected) { Outcome::Rejected } else { Outcome::Pending }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::instances::{Applied, Rejection};
    use crate::domain::revisions::{Cursor, Epoch};

    fn progress(applied: Option<u64>, rejected: Option<u64>) -> Progress {
        let at = |revision| Cursor { epoch: Epoch(1), revision: Revision(revision) };
        Progress {
            applied: applied.map(|revision| Applied { at: at(revision), missing: vec![], unhealthy: false }),
            rejected: rejected.map(|revision| Rejection {
                at: at(revision),
                reason: None,
                output: None,
                broken: false,
            }),
        }
    }

    #[test]
    fn held_goes_before_rejected_before_unknown_before_behind() {
        assert_eq!(condition(true, &progress(Some(1), Some(2)), 1), Condition::Held);
        assert_eq!(condition(false, &progress(Some(1), Some(2)), 1), Condition::Rejected);
        assert_eq!(condition(false, &progress(None, None), 1), Condition::Unknown);
        assert_eq!(condition(false, &progress(Some(1), None), 1), Condition::Behind);
        assert_eq!(condition(false, &progress(Some(1), None), 0), Condition::InSync);
    }

    #[test]
    fn a_revision_is_reached_by_a_newer_one_as_well() {
        let five = Revision(5);
        assert_eq!(outcome(five, None, false, &progress(None, None)), Outcome::Pending);
        assert_eq!(outcome(five, Some(Stage::Validated), false, &progress(Some(4), None)), Outcome::Pending);
        assert_eq!(outcome(five, Some(Stage::Applied), true, &progress(Some(5), None)), Outcome::Applied);
        assert_eq!(outcome(five, Some(Stage::Applied), true, &progress(Some(6), None)), Outcome::Applied);
        assert_eq!(outcome(five, Some(Stage::Delivered), false, &progress(Some(6), None)), Outcome::Superseded);
    }

    #[test]
    fn a_refusal_counts_until_something_newer_runs() {
        let five = Revision(5);
        assert_eq!(outcome(five, Some(Stage::Rejected), false, &progress(Some(4), Some(5))), Outcome::Rejected);
        assert_eq!(outcome(five, None, false, &progress(Some(4), Some(6))), Outcome::Rejected);
        assert_eq!(outcome(five, Some(Stage::Rejected), false, &progress(Some(6), None)), Outcome::Superseded);
        assert_eq!(outcome(five, None, false, &progress(Some(4), Some(3))), Outcome::Pending);
    }
}
