//! Which lines of two texts stay, and which go and come, in bounded work.

use std::collections::HashMap;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff};

/// How many lines, of both sides together, one search for a short edit may span.
///
/// The search of `similar` (Myers, with Git's heuristics) costs about the size to the power of 1.5 when lines repeat without
/// order: seconds for 400,000 lines, ten milliseconds for these.
const LONGEST_SEARCH: usize = 10_000;

/// The operations that turn `old` into `new`, in order and without gaps.
///
/// The bound is one of size, not of time, so that the same texts give the same diff everywhere. Texts that differ in a stretch of
/// at most [`LONGEST_SEARCH`] lines are searched for a short edit. Longer stretches are first divided at lines that occur once on
/// either side and keep their order (Bram Cohen's patience diff); what is then still too long between two such lines is replaced
/// as a whole. The result is always correct, and for configuration files the same as a search would find.
pub(super) fn edits(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    edits_within(old, new, LONGEST_SEARCH)
}

fn edits_within(old: &[&str], new: &[&str], longest: usize) -> Vec<DiffOp> {
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut number = |line| {
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        *numbers.entry(line).or_insert(next)
    };
    let old: Vec<u32> = old.iter().map(|line| number(*line)).collect();
    let new: Vec<u32> = new.iter().map(|line| number(*line)).collect();
    let mut search = Search { old: &old, new: &new, longest, found: Vec::new() };
    search.whole();
    search.found
}

/// A stretch of the old lines and the stretch of the new ones it is compared with.
struct Stretch {
    old: Range<usize>,
    new: Range<usize>,
}

impl Stretch {
    fn len(&self) -> usize {
        self.old.len() + self.new.len()
    }
}

struct Search<'a> {
    old: &'a [u32],
    new: &'a [u32],
    longest: usize,
    found: Vec<DiffOp>,
}

impl Search<'_> {
    fn whole(&mut self) {
        let whole = Stretch { old: 0..self.old.len(), new: 0..self.new.len() };
        let (stretch, tail) = self.trim(whole);
        let mut next = (stretch.old.start, stretch.new.start);
        if stretch.len() > self.longest {
            for (old, new) in self.anchors(&stretch) {
                self.between(Stretch { old: next.0..old, new: next.1..new });
                self.keep(old, new, 1);
                next = (old + 1, new + 1);
            }
        }
        self.between(Stretch { old: next.0..stretch.old.end, new: next.1..stretch.new.end });
        self.keep(stretch.old.end, stretch.new.end, tail);
    }

    /// Keeps the lines that both sides start with, and tells how many they end with after what is left between.
    fn trim(&mut self, stretch: Stretch) -> (Stretch, usize) {
        let Stretch { old, new } = stretch;
        let olds = self.old.get(old.clone()).unwrap_or_default();
        let news = self.new.get(new.clone()).unwrap_or_default();
        let head = olds.iter().zip(news).take_while(|(old, new)| old == new).count();
        let (olds, news) = (olds.iter().skip(head), news.iter().skip(head));
        let tail = olds.rev().zip(news.rev()).take_while(|(old, new)| old == new).count();
        self.keep(old.start, new.start, head);
        (Stretch { old: old.start + head..old.end - tail, new: new.start + head..new.end - tail }, tail)
    }

    /// Compares a stretch without dividing it further.
    fn between(&mut self, stretch: Stretch) {
        let (Stretch { old, new }, tail) = self.trim(stretch);
        let end = (old.end, new.end);
        if old.len() + new.len() > self.longest {
            self.found.push(DiffOp::Replace {
                old_index: old.start,
                old_len: old.len(),
                new_index: new.start,
                new_len: new.len(),
            });
        } else if !(old.is_empty() && new.is_empty()) {
            for found in capture_diff(Algorithm::Myers, self.old, old, self.new, new) {
                if let DiffOp::Equal { old_index, new_index, len } = found {
                    self.keep(old_index, new_index, len);
                } else {
                    self.found.push(found);
                }
            }
        }
        self.keep(end.0, end.1, tail);
    }

    /// Adds lines that stay, joined with those before: the context of hunks is cut from whole runs.
    fn keep(&mut self, old_index: usize, new_index: usize, more: usize) {
        if let Some(DiffOp::Equal { len, .. }) = self.found.last_mut() {
            *len += more;
        } else if more > 0 {
            self.found.push(DiffOp::Equal { old_index, new_index, len: more });
        }
    }

    /// The places of lines that occur once on either side of a stretch: the longest series that rises on both.
    fn anchors(&self, stretch: &Stretch) -> Vec<(usize, usize)> {
        let olds = unique(self.old, stretch.old.clone());
        let news = unique(self.new, stretch.new.clone());
        let mut pairs: Vec<(usize, usize)> =
            olds.into_iter().filter_map(|(line, old)| Some((old, *news.get(&line)?))).collect();
        pairs.sort_unstable();
        rising(&pairs)
    }
}

/// The lines that occur once in a range, with their places.
fn unique(lines: &[u32], range: Range<usize>) -> HashMap<u32, usize> {
    let mut places: HashMap<u32, Option<usize>> = HashMap::new();
    for (place, line) in range.clone().zip(lines.get(range).unwrap_or_default()) {
        places.entry(*line).and_modify(|place| *place = None).or_insert(Some(place));
    }
    places.into_iter().filter_map(|(line, place)| Some((line, place?))).collect()
}

/// A longest subsequence whose second members rise, by patience sorting: O(n log n).
fn rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // The last pair of the best series of each length so far, and for each pair the one before it in its series.
    let mut piles: Vec<(usize, usize)> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, (_, new)) in pairs.iter().enumerate() {
        let pile = piles.partition_point(|(top, _)| top < new);
        let previous = pile.checked_sub(1).and_then(|pile| piles.get(pile));
        before.push(previous.map(|(_, index)| *index));
        match piles.get_mut(pile) {
            Some(top) => *top = (*new, index),
            None => piles.push((*new, index)),
        }
    }
    let mut series = Vec::with_capacity(piles.len());
    let mut next = piles.last().map(|(_, index)| *index);
    while let Some(index) = next {
        series.extend(pairs.get(index).copied());
        next = before.get(index).copied().flatten();
    }
    series.reverse();
    series
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the operations make of the old lines, checking that they follow each other without gaps.
    fn apply<'a>(ops: &[DiffOp], old: &[&'a str], new: &[&'a str]) -> Vec<&'a str> {
        let (mut at, mut made) = (0, Vec::new());
        for op in ops {
            assert_eq!((op.old_range().start, op.new_range().start), (at, made.len()));
            at = op.old_range().end;
            if let DiffOp::Equal { .. } = op {
                made.extend_from_slice(&old[op.old_range()]);
            } else {
                made.extend_from_slice(&new[op.new_range()]);
            }
        }
        assert_eq!(at, old.len());
        made
    }

    #[test]
    fn the_longest_rising_series_is_found() {
        assert_eq!(rising(&[(0, 5), (1, 1), (2, 6), (3, 2), (4, 3)]), [(1, 1), (3, 2), (4, 3)]);
        assert_eq!(rising(&[]), []);
    }

    #[test]
    fn few_changes_in_a_huge_text_stay_few() {
        let lines: Vec<String> =
            (0..200_000).map(|n| if n % 3 == 0 { "same".to_owned() } else { n.to_string() }).collect();
        let old: Vec<&str> = lines.iter().map(String::as_str).collect();
        let mut new = old.clone();
        new[100] = "x";
        new.remove(100_000);
        new.insert(199_000, "y");
        let changed: usize = edits(&old, &new)
            .iter()
            .filter(|op| !matches!(op, DiffOp::Equal { .. }))
            .map(|op| op.old_range().len() + op.new_range().len())
            .sum();
        assert_eq!(changed, 4);
    }

    proptest! {
        #[test]
        fn edits_make_the_new_lines_of_the_old_ones(old in "[a-h]{0,30}", new in "[a-h]{0,30}", longest in 0_usize..20) {
            let lines = |text: &'_ str| -> Vec<String> { text.chars().map(String::from).collect() };
            let (old, new) = (lines(&old), lines(&new));
            let old: Vec<&str> = old.iter().map(String::as_str).collect();
            let new: Vec<&str> = new.iter().map(String::as_str).collect();
            let ops = edits_within(&old, &new, longest);
            prop_assert_eq!(apply(&ops, &old, &new), new);
            let joined = ops.windows(2).all(|pair| !pair.iter().all(|op| matches!(op, DiffOp::Equal { .. })));
            prop_assert!(joined, "runs of equal lines are joined");
        }
    }
}
