//! The verdict, for people and for `scripts/drill.sh`.

use std::collections::BTreeMap;

use crate::support::history::Verdict;
use crate::support::tell;

/// How often each kind of fault happened.
#[derive(Debug, Default)]
pub(crate) struct Faults(BTreeMap<&'static str, u64>);

impl Faults {
    pub(crate) fn add(&mut self, counts: &[(&'static str, u64)]) {
        for (name, count) in counts {
            *self.0.entry(name).or_default() += count;
        }
    }

    /// The first kind that did not happen.
    pub(crate) fn missing(&self) -> Option<&'static str> {
        self.0.iter().find(|(_, count)| **count == 0).map(|(name, _)| *name)
    }
}

/// Who took part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    pub(crate) watchers: usize,
    pub(crate) agents: usize,
}

/// Prints everything.
pub(crate) fn print(faults: &Faults, parts: Parts, verdict: &Verdict) {
    let number = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let faults: Vec<_> =
        faults.0.iter().filter(|(_, count)| **count > 0).map(|(name, count)| (*name, *count)).collect();
    row("faults", &faults);
    row(
        "publishes",
        &[
            ("acknowledged", verdict.acked),
            ("refused", verdict.refused),
            ("unknown", verdict.unknown),
            ("lost", verdict.lost),
            ("duplicated", verdict.duplicated),
            ("reordered", verdict.reordered),
            ("gaps", verdict.gaps),
        ],
    );
    row(
        "watchers",
        &[
            ("watchers", number(parts.watchers)),
            ("streams", verdict.streams),
            ("resumes", verdict.resumes),
            ("resets", verdict.resets),
        ],
    );
    row(
        "agents",
        &[
            ("agents", number(parts.agents)),
            ("file sets seen", verdict.sets),
            ("torn", verdict.torn),
            ("wrong states", verdict.wrong),
        ],
    );
    for finding in &verdict.findings {
        tell(&format!("  {}", shorten(finding)));
    }
}

fn row(name: &str, columns: &[(&str, u64)]) {
    let width = |(name, count): &(&str, u64)| name.len().max(count.to_string().len());
    let names: Vec<_> = columns.iter().map(|column| format!("{:>1$}", column.0, width(column))).collect();
    let counts: Vec<_> = columns.iter().map(|column| format!("{:>1$}", column.1, width(column))).collect();
    tell(&format!("{name:<10} {}\n{:<10} {}", names.join("  "), "", counts.join("  ")));
}

/// The last line: one that a script can read.
pub(crate) fn conclude(good: bool, verdict: &Verdict) {
    let Verdict { lost, duplicated, reordered, gaps, torn, wrong, .. } = verdict;
    let word = if good { "good" } else { "WRONG" };
    tell(&format!(
        "verdict: {word} (lost={lost} duplicated={duplicated} reordered={reordered} gaps={gaps} torn={torn} wrong={wrong})"
    ));
}

/// A finding may carry whole states.
fn shorten(text: &str) -> String {
    const MOST: usize = 400;
    let short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() { short + " …" } else { short }
}
