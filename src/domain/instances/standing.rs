//! How an instance stands.

use crate::domain::instances::{Condition, Outcome, Presence, Progress, Stage};
use crate::domain::revisions::Revision;

/// Up to how many revisions it is counted how far an instance is behind.
pub const BEHIND_MAX: u64 = 1000;

/// How an instance stands that applied something, or not, and rejected something newer, or not, when `behind` revisions after its applied one touch what it sees.
#[must_use]
pub fn condition(held: bool, applied: bool, rejected: bool, behind: u64) -> Condition {
    if held {
        Condition::Held
    } else if rejected {
        Condition::Rejected
    } else if !applied {
        Condition::Unknown
    } else if behind > 0 {
        Condition::Behind
    } else {
        Condition::InSync
    }
}

/// How an instance stands in all that lists are narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stands {
    /// Whether it is there.
    pub presence: Presence,
    /// How what it runs stands to what it should run.
    pub condition: Condition,
    /// Whether what ran before a rejection could not be brought back.
    pub broken: bool,
    /// Whether its probe fails.
    pub unhealthy: bool,
    /// Whether it keeps files of entries that are gone.
    pub missing: bool,
}

/// A word that instances are selected by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selector {
    /// By whether they are there.
    Presence(Presence),
    /// By how what they run stands to what they should run.
    Condition(Condition),
    /// There, and not shown to run what they should: not in sync, or with files of entries that are gone.
    Drifted,
    /// What ran before a rejection could not be brought back.
    Broken,
    /// The probe fails.
    Unhealthy,
    /// Files of entries that are gone are kept.
    Missing,
}

impl Selector {
    /// The words that stand beside those of presences and conditions.
    const OTHERS: [(&str, Self); 4] = [
        ("drifted", Self::Drifted),
        ("broken", Self::Broken),
        ("unhealthy", Self::Unhealthy),
        ("missing", Self::Missing),
    ];

    /// All words.
    pub fn words() -> impl Iterator<Item = &'static str> {
        let presences = Presence::ALL.into_iter().map(Presence::as_str);
        let conditions = Condition::ALL.into_iter().map(Condition::as_str);
        presences.chain(conditions).chain(Self::OTHERS.into_iter().map(|(word, _)| word))
    }

    /// What a word selects.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        let other = || Self::OTHERS.into_iter().find(|(name, _)| *name == word).map(|(_, selector)| selector);
        let condition = || Condition::find(word).map(Self::Condition);
        Presence::find(word).map(Self::Presence).or_else(condition).or_else(other)
    }

    /// Whether an instance is one of these.
    #[must_use]
    pub fn selects(self, stands: Stands) -> bool {
        let is_there = stands.presence != Presence::Gone;
        match self {
            Self::Presence(presence) => presence == stands.presence,
            Self::Condition(condition) => condition == stands.condition,
            Self::Drifted => is_there && (stands.condition != Condition::InSync || stands.missing),
            Self::Broken => stands.broken,
            Self::Unhealthy => stands.unhealthy,
            Self::Missing => stands.missing,
        }
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
        assert_eq!(condition(true, true, true, 1), Condition::Held);
        assert_eq!(condition(false, true, true, 1), Condition::Rejected);
        assert_eq!(condition(false, false, false, 1), Condition::Unknown);
        assert_eq!(condition(false, true, false, 1), Condition::Behind);
        assert_eq!(condition(false, true, false, 0), Condition::InSync);
    }

    #[test]
    fn whoever_is_there_and_not_shown_to_run_what_it_should_has_drifted() {
        let stands =
            |presence, condition, missing| Stands { presence, condition, broken: false, unhealthy: true, missing };
        for (presence, condition, missing, drifted) in [
            (Presence::Live, Condition::InSync, false, false),
            (Presence::Live, Condition::InSync, true, true),
            (Presence::Late, Condition::Behind, false, true),
            (Presence::Live, Condition::Unknown, false, true),
            (Presence::Gone, Condition::Rejected, true, false),
        ] {
            let stands = stands(presence, condition, missing);
            assert_eq!(Selector::Drifted.selects(stands), drifted, "{stands:?}");
            assert!(Selector::Unhealthy.selects(stands));
        }
    }

    #[test]
    fn every_word_selects_something_of_its_own() {
        let all: Vec<_> = Selector::words().map(|word| Selector::find(word).unwrap()).collect();
        assert!(all.iter().enumerate().all(|(at, one)| !all[..at].contains(one)), "{all:?}");
        assert_eq!(Selector::find("up"), None);
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
