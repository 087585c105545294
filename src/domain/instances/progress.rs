//! What the receipts of an instance add up to.

use crate::domain::instances::{Rejected, Stage};
use crate::domain::names::{EntryKey, NamespaceName};
use crate::domain::revisions::Cursor;

/// Longest reason, in bytes.
const REASON_BYTES: usize = 1024;
/// Longest output of a check, in bytes.
const OUTPUT_BYTES: usize = 4096;
/// Most missing entries of a receipt.
const MISSING_MAX: usize = 1000;

/// What an instance says about a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The revision, with its history.
    pub at: Cursor,
    /// What became of it.
    pub stage: Stage,
    /// Rejected: why, in a sentence.
    pub reason: Option<String>,
    /// Rejected: what the check, reload or probe printed.
    pub output: Option<String>,
    /// Applied: entries whose files were kept, as `namespace/key`.
    pub missing: Vec<String>,
    /// Applied: whether the probe fails, as it did before.
    pub unhealthy: bool,
    /// Rejected: whether what ran before could not be brought back.
    pub broken: bool,
}

impl Receipt {
    /// Checks every field of a receipt, and tells everything that is wrong at once. Fields are named below `path`.
    #[must_use]
    pub fn check(&self, path: &str) -> Vec<Rejected> {
        let mut wrong = Vec::new();
        let mut refuse =
            |field: &str, problem: String| wrong.push(Rejected { field: format!("{path}.{field}"), problem });
        for (field, number) in [("epoch", self.at.epoch.0), ("revision", self.at.revision.0)] {
            if i64::try_from(number).is_err() {
                refuse(field, format!("must be from 0 to {}", i64::MAX));
            }
        }
        for (field, text, most) in [("reason", &self.reason, REASON_BYTES), ("output", &self.output, OUTPUT_BYTES)] {
            let Some(text) = text else { continue };
            if self.stage != Stage::Rejected {
                refuse(field, format!("belongs to a rejected revision, not to one that was {}", self.stage.as_str()));
            }
            if text.len() > most {
                refuse(field, format!("must have at most {most} bytes, this has {}", text.len()));
            }
            if text.contains('\0') {
                refuse(field, "must not contain NUL".to_owned());
            }
        }
        if self.broken && self.stage != Stage::Rejected {
            refuse("broken", format!("belongs to a rejected revision, not to one that was {}", self.stage.as_str()));
        }
        if self.unhealthy && self.stage != Stage::Applied {
            refuse("unhealthy", format!("belongs to an applied revision, not to one that was {}", self.stage.as_str()));
        }
        if !self.missing.is_empty() && self.stage != Stage::Applied {
            refuse("missing", format!("belongs to an applied revision, not to one that was {}", self.stage.as_str()));
        }
        if self.missing.len() > MISSING_MAX {
            refuse("missing", format!("must have at most {MISSING_MAX} items, this has {}", self.missing.len()));
        }
        for (at, entry) in self.missing.iter().enumerate() {
            let parsed = entry.split_once('/');
            let parsed = parsed.map(|(name, key)| (NamespaceName::parse(name).is_ok(), EntryKey::parse(key).is_ok()));
            if parsed != Some((true, true)) {
                refuse(&format!("missing[{at}]"), "must be a namespace, '/' and a key".to_owned());
            }
        }
        wrong
    }
}

/// What an instance runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The revision.
    pub at: Cursor,
    /// Entries whose files were kept, as `namespace/key`.
    pub missing: Vec<String>,
    /// Whether its probe fails.
    pub unhealthy: bool,
}

/// What an instance refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The revision.
    pub at: Cursor,
    /// Why, in a sentence.
    pub reason: Option<String>,
    /// What the check, reload or probe printed.
    pub output: Option<String>,
    /// Whether what ran before could not be brought back.
    pub broken: bool,
}

/// How far an instance got.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// What it runs: the last it said it applied, also when that is older than the one before.
    pub applied: Option<Applied>,
    /// Its last rejection, unless the same or a newer revision was applied since.
    pub rejected: Option<Rejection>,
}

impl Progress {
    /// Takes in the next receipt. Says whether it tells anything new about what runs, or is of another stage: one that
    /// repeats what runs already need not be kept.
    pub fn take(&mut self, receipt: &Receipt) -> bool {
        match receipt.stage {
            Stage::Delivered | Stage::Validated => true,
            Stage::Applied => {
                let (missing, unhealthy) = (receipt.missing.clone(), receipt.unhealthy);
                let now = Some(Applied { at: receipt.at, missing, unhealthy });
                self.rejected.take_if(|rejected| rejected.at <= receipt.at);
                if self.applied == now {
                    return false;
                }
                self.applied = now;
                true
            }
            Stage::Rejected => {
                self.rejected = Some(Rejection {
                    at: receipt.at,
                    reason: receipt.reason.clone(),
                    output: receipt.output.clone(),
                    broken: receipt.broken,
                });
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(revision: u64, stage: Stage) -> Receipt {
        let at = format!("1.{revision}").parse().unwrap();
        Receipt { at, stage, reason: None, output: None, missing: vec![], unhealthy: false, broken: false }
    }

    fn after(receipts: &[(u64, Stage)]) -> (Option<u64>, Option<u64>) {
        let mut progress = Progress::default();
        for (revision, stage) in receipts {
            progress.take(&receipt(*revision, *stage));
        }
        (progress.applied.map(|it| it.at.revision.0), progress.rejected.map(|it| it.at.revision.0))
    }

    #[test]
    fn a_rejection_stays_until_the_same_or_a_newer_revision_is_applied() {
        use Stage::{Applied, Delivered, Rejected};
        assert_eq!(after(&[(1, Applied), (2, Delivered), (2, Rejected)]), (Some(1), Some(2)));
        assert_eq!(after(&[(1, Applied), (2, Rejected), (1, Applied)]), (Some(1), Some(2)));
        assert_eq!(after(&[(1, Applied), (2, Rejected), (2, Applied)]), (Some(2), None));
        assert_eq!(after(&[(1, Applied), (2, Rejected), (3, Applied)]), (Some(3), None));
    }

    #[test]
    fn what_was_said_last_runs() {
        assert_eq!(after(&[(4, Stage::Applied), (5, Stage::Applied), (4, Stage::Applied)]).0, Some(4));
    }

    #[test]
    fn the_same_again_is_nothing_new() {
        let mut progress = Progress::default();
        assert!(progress.take(&receipt(4, Stage::Applied)));
        assert!(!progress.take(&receipt(4, Stage::Applied)));
        assert!(progress.take(&Receipt { unhealthy: true, ..receipt(4, Stage::Applied) }));
    }

    #[test]
    fn what_does_not_belong_to_the_stage_is_refused() {
        let wrong = Receipt {
            reason: Some("r".repeat(1025)),
            missing: vec!["orders/a.yaml".to_owned(), "orders".to_owned()],
            ..receipt(1, Stage::Delivered)
        };
        let told: Vec<_> = wrong.check("receipts[3]").into_iter().map(|one| one.field).collect();
        let expected = ["reason", "reason", "missing", "missing[1]"].map(|field| format!("receipts[3].{field}"));
        assert_eq!(told, expected);
    }
}
