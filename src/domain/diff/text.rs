//! Unified diffs.

use std::fmt::Write as _;

use similar::{ChangeTag, DiffOp, group_diff_ops};

use super::edits::edits;

/// How many unchanged lines are shown around a change.
const CONTEXT: usize = 3;

/// The name of a side that does not exist, as `diff` and Git write it.
const ABSENT: &str = "/dev/null";

/// The unified diff from one text to another, with three lines of context; empty when they are equal.
///
/// `None` is an entry that does not exist: its label is `/dev/null` and it has no lines. An entry that appears empty has no lines
/// to show, so that diff is empty too. Lines end with LF only; a CR before it belongs to the line, so a change of line endings
/// shows. A last line without LF is followed by `\ No newline at end of file`.
///
/// The work is bounded by size and not by a clock (see `edits`): a mebibyte takes well under a second in a release build,
/// whatever the lines are. The result is always a correct diff; for very different texts it may not be the shortest.
///
/// Format: POSIX, `diff -u` (<https://pubs.opengroup.org/onlinepubs/9799919799/utilities/diff.html>).
#[must_use]
pub fn unified(from: Option<&str>, to: Option<&str>, from_label: &str, to_label: &str) -> String {
    let old = lines(from);
    let new = lines(to);
    let mut written = String::new();
    if old == new {
        return written;
    }
    let from_label = if from.is_some() { from_label } else { ABSENT };
    let to_label = if to.is_some() { to_label } else { ABSENT };
    push(&mut written, format_args!("--- {from_label}\n+++ {to_label}\n"));
    for hunk in group_diff_ops(edits(&old, &new), CONTEXT) {
        write_hunk(&mut written, &hunk, &old, &new);
    }
    written
}

/// Lines with their LF; a text without any character has none.
fn lines(text: Option<&str>) -> Vec<&str> {
    text.unwrap_or_default().split_inclusive('\n').collect()
}

fn write_hunk(written: &mut String, hunk: &[DiffOp], old: &[&str], new: &[&str]) {
    let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else {
        return;
    };
    let old_range = range(first.old_range().start, last.old_range().end);
    let new_range = range(first.new_range().start, last.new_range().end);
    push(written, format_args!("@@ -{old_range} +{new_range} @@\n"));
    for change in hunk.iter().flat_map(|op| op.iter_changes(old, new)) {
        let sign = match change.tag() {
            ChangeTag::Equal => ' ',
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        let line = change.value();
        written.push(sign);
        written.push_str(line);
        if !line.ends_with('\n') {
            written.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// A range of lines in a hunk's header: the first line from 1 and the number, which is left out when it is one. An empty range
/// names the line before it.
fn range(start: usize, end: usize) -> String {
    match end.saturating_sub(start) {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        length => format!("{},{length}", start + 1),
    }
}

fn push(written: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _infallible = written.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    fn diff(from: &str, to: &str) -> String {
        unified(Some(from), Some(to), "a", "b")
    }

    #[test]
    fn equal_texts_have_no_diff() {
        assert_eq!(diff("", ""), "");
        assert_eq!(diff("x\n", "x\n"), "");
        assert_eq!(unified(None, None, "a", "b"), "");
        assert_eq!(unified(None, Some(""), "a", "b"), "");
    }

    #[test]
    fn changes_come_with_three_lines_of_context() {
        let from = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n";
        let to = from.replace("2\n3\n", "2\nx\n").replace("14\n", "");
        assert_eq!(
            diff(from, &to),
            "--- a\n+++ b\n@@ -1,6 +1,6 @@\n 1\n 2\n-3\n+x\n 4\n 5\n 6\n@@ -11,5 +11,4 @@\n 11\n 12\n 13\n-14\n 15\n"
        );
    }

    #[test]
    fn an_absent_side_is_dev_null() {
        assert_eq!(unified(None, Some("x\ny\n"), "a", "b"), "--- /dev/null\n+++ b\n@@ -0,0 +1,2 @@\n+x\n+y\n");
        assert_eq!(unified(Some("x\n"), None, "a", "b"), "--- a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n");
    }

    #[test]
    fn a_missing_newline_is_marked_on_its_side() {
        let mark = "\\ No newline at end of file\n";
        assert_eq!(diff("x", "x\n"), format!("--- a\n+++ b\n@@ -1 +1 @@\n-x\n{mark}+x\n"));
        assert_eq!(diff("a\nx", "b\nx"), format!("--- a\n+++ b\n@@ -1,2 +1,2 @@\n-a\n+b\n x\n{mark}"));
    }

    #[test]
    fn a_change_of_line_endings_shows() {
        assert_eq!(diff("x\r\n", "x\n"), "--- a\n+++ b\n@@ -1 +1 @@\n-x\r\n+x\n");
        assert_eq!(diff("x\ry\n", "x\rz\n"), "--- a\n+++ b\n@@ -1 +1 @@\n-x\ry\n+x\rz\n");
    }

    /// A text of `lines` lines, each one of `kinds`, in an order without a pattern.
    fn noise(lines: u64, kinds: u64, seed: u64) -> String {
        let mut state = seed;
        let mut text = String::new();
        for _ in 0..lines {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            push(&mut text, format_args!("{:x}\n", (state >> 33) % kinds));
        }
        text
    }

    #[test]
    fn a_mebibyte_of_different_lines_takes_bounded_time() {
        let started = Instant::now();
        for kinds in [2, 16, 1000, 30_000, 1 << 31] {
            let lines = if kinds > 1 << 20 { 110_000 } else { 200_000 };
            let text = diff(&noise(lines, kinds, 1), &noise(lines, kinds, 2));
            assert!(text.len() > 1 << 18, "{kinds}");
            eprintln!("{kinds} {:?}", started.elapsed());
        }
        // A debug build on a loaded machine; without the bound this would take many minutes.
        assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
    }

    /// The old and the new text that the hunks of a diff describe, given the old one.
    fn apply(from: &str, diff: &str) -> (String, String) {
        let old: Vec<&str> = from.split_inclusive('\n').collect();
        let (mut seen, mut new, mut next) = (String::new(), String::new(), 0);
        let mut last_sign = ' ';
        for line in diff.split_inclusive('\n').skip(2) {
            let (sign, rest) = line.split_at(1);
            match sign {
                "@" => {
                    let header = rest.strip_prefix("@ -").unwrap();
                    let (start, count) = header
                        .split_once(' ')
                        .unwrap()
                        .0
                        .split_once(',')
                        .map_or_else(|| (header.split_once(' ').unwrap().0, "1"), |(start, count)| (start, count));
                    let start: usize = start.parse().unwrap();
                    let start = if count == "0" { start } else { start - 1 };
                    for kept in &old[next..start] {
                        seen.push_str(kept);
                        new.push_str(kept);
                    }
                    next = start;
                }
                "\\" => {
                    if last_sign != '+' {
                        seen.pop();
                    }
                    if last_sign != '-' {
                        new.pop();
                    }
                }
                _ => {
                    last_sign = sign.chars().next().unwrap();
                    if last_sign != '+' {
                        seen.push_str(rest);
                        next += 1;
                    }
                    if last_sign != '-' {
                        new.push_str(rest);
                    }
                }
            }
        }
        for kept in &old[next..] {
            seen.push_str(kept);
            new.push_str(kept);
        }
        (seen, new)
    }

    proptest! {
        #[test]
        fn a_diff_applied_to_the_old_text_gives_the_new_one(from in "([ab]\n|\r|[c@-]|\n){0,40}", to in "([ab]\n|\r|[c@-]|\n){0,40}") {
            let diff = diff(&from, &to);
            prop_assert_eq!(diff.is_empty(), from == to);
            if from != to {
                prop_assert_eq!(apply(&from, &diff), (from, to));
            }
        }
    }
}
