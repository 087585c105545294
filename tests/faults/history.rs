//! The judgement of what clients saw finds each thing that may go wrong, and nothing in a history that is well.

use std::time::Duration;

use pintle::domain::revisions::{Cursor, Epoch, Revision};
use tokio::time::Instant;

use crate::support::history::{History, Verdict, judge};
use crate::support::seen::{Contents, Edits, FileSet, Outcome, Published, Record, Seen};

fn at(revision: u64) -> Cursor {
    Cursor { epoch: Epoch(1), revision: Revision(revision) }
}

fn edits(places: &[(&str, &str)]) -> Edits {
    places.iter().map(|(place, hash)| ((*place).to_owned(), Some((*hash).to_owned()))).collect()
}

fn contents(places: &[(&str, &str)]) -> Contents {
    places.iter().map(|(place, hash)| ((*place).to_owned(), (*hash).to_owned())).collect()
}

/// A history of five revisions of two entries, each publish after the answer of the one before, that one watcher followed.
fn good() -> History {
    let begun = Instant::now();
    let changes = [
        edits(&[("app/a", "a1"), ("app/b", "b1")]),
        edits(&[("app/a", "a2")]),
        edits(&[("app/a", "a3"), ("app/b", "b3")]),
        edits(&[("other/c", "c4")]),
        edits(&[("app/b", "b5")]),
    ];
    let published = changes.iter().zip(1..).map(|(edits, revision)| Published {
        marker: format!("m{revision}"),
        edits: edits.clone(),
        condition: None,
        invoked: begun + Duration::from_secs(revision * 2),
        answered: begun + Duration::from_secs(revision * 2 + 1),
        outcome: Outcome::Acked(at(revision)),
    });
    let end = contents(&[("app/a", "a3"), ("app/b", "b5")]);
    let seen = vec![
        Seen::Snapshot(at(1), contents(&[("app/a", "a1"), ("app/b", "b1")])),
        Seen::Change(at(2), changes[1].clone()),
        Seen::Change(at(3), changes[2].clone()),
        Seen::Checkpoint(at(4)),
        Seen::Change(at(5), changes[4].clone()),
    ];
    let app = Record {
        name: "app".to_owned(),
        namespaces: vec!["app".to_owned()],
        seen,
        holds: end.clone(),
        cursor: Some(at(5)),
        streams: 2,
        resumes: 1,
        fault: None,
    };
    let all = changes.iter().zip(1..).skip(1).map(|(edits, revision)| Seen::Change(at(revision), edits.clone()));
    let first = Seen::Snapshot(at(1), contents(&[("app/a", "a1"), ("app/b", "b1")]));
    let whole = contents(&[("app/a", "a3"), ("app/b", "b5"), ("other/c", "c4")]);
    let both = Record {
        name: "both".to_owned(),
        namespaces: vec!["app".to_owned(), "other".to_owned()],
        seen: std::iter::once(first).chain(all).collect(),
        holds: whole.clone(),
        ..app.clone()
    };
    let set = |files: &[(&str, &str)], said, last| FileSet {
        service: "host/s".to_owned(),
        files: contents(files),
        said: Some(said),
        last,
    };
    History {
        published: published.collect(),
        watched: vec![app, both],
        files: vec![
            set(&[("app/a", "a2"), ("app/b", "b1")], 1, false),
            set(&[("app/a", "a3"), ("app/b", "b5")], 5, true),
        ],
        shown: vec![("one".to_owned(), whole)],
    }
}

/// The counts of what is wrong: lost, duplicated, reordered, gaps, torn, wrong.
fn wrongs(history: &History) -> [u64; 6] {
    let Verdict { lost, duplicated, reordered, gaps, torn, wrong, .. } = judge(history);
    [lost, duplicated, reordered, gaps, torn, wrong]
}

fn both(history: &mut History) -> &mut Record {
    &mut history.watched[1]
}

#[test]
fn a_history_that_is_well_is_judged_so() {
    let verdict = judge(&good());
    assert!(verdict.is_good(), "{verdict:?}");
    assert_eq!((verdict.acked, verdict.streams, verdict.resumes, verdict.sets), (5, 4, 2, 2));
}

#[test]
fn a_publish_that_was_acknowledged_and_is_not_there_is_lost() {
    // Nobody was told 2, and everybody was told what came before and after.
    let mut history = good();
    history.watched.iter_mut().for_each(|record| {
        record.seen.retain(|seen| !matches!(seen, Seen::Change(at, _) if at.revision.0 == 2));
    });
    history.files.remove(0);
    assert_eq!(wrongs(&history), [1, 0, 0, 0, 0, 0]);
    // Another one has its number.
    let mut history = good();
    history.published[1].edits = edits(&[("app/a", "other")]);
    let [lost, ..] = wrongs(&history);
    assert_eq!(lost, 1);
}

#[test]
fn what_was_refused_must_not_be_there_and_what_is_unknown_may() {
    let mut history = good();
    history.published[3].outcome = Outcome::Unknown;
    assert_eq!(wrongs(&history), [0; 6]);
    history.published[3].outcome = Outcome::Refused;
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
    history.published.remove(3);
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
}

#[test]
fn a_revision_told_twice_is_a_duplicate() {
    let mut history = good();
    let again = both(&mut history).seen[2].clone();
    both(&mut history).seen.insert(3, again);
    assert_eq!(wrongs(&history), [0, 1, 0, 0, 0, 0]);
}

#[test]
fn a_publish_done_twice_is_a_duplicate() {
    let mut history = good();
    let again = edits(&[("other/c", "c4")]);
    both(&mut history).seen.push(Seen::Change(at(6), again));
    assert_eq!(wrongs(&history), [0, 1, 0, 0, 0, 0]);
}

#[test]
fn a_revision_told_after_a_later_one_is_out_of_order() {
    let mut history = good();
    both(&mut history).seen.swap(1, 2);
    // The later one came first, so the other was passed over, too.
    assert_eq!(wrongs(&history), [0, 0, 1, 1, 0, 0]);
    let mut history = good();
    both(&mut history).seen.push(Seen::Checkpoint(at(3)));
    assert_eq!(wrongs(&history), [0, 0, 1, 0, 0, 0]);
}

#[test]
fn numbers_against_the_order_of_calls_are_out_of_order() {
    let mut history = good();
    let begun = history.published[0].invoked;
    history.published[4].invoked = begun - Duration::from_secs(2);
    history.published[4].answered = begun - Duration::from_secs(1);
    assert_eq!(wrongs(&history), [0, 0, 4, 0, 0, 0]);
}

#[test]
fn a_revision_that_was_passed_over_is_a_gap() {
    let mut history = good();
    both(&mut history).seen.remove(1);
    assert_eq!(wrongs(&history), [0, 0, 0, 1, 0, 0]);
    // Also when only a checkpoint tells so.
    let mut history = good();
    history.watched[0].seen.truncate(2);
    history.watched[0].seen.push(Seen::Checkpoint(at(5)));
    assert_eq!(wrongs(&history), [0, 0, 0, 2, 0, 0]);
}

#[test]
fn a_change_told_in_part_is_wrong() {
    let mut history = good();
    both(&mut history).seen[2] = Seen::Change(at(3), edits(&[("app/a", "a3")]));
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
}

#[test]
fn a_snapshot_of_another_state_or_without_a_reset_is_wrong() {
    let mut history = good();
    both(&mut history).seen[0] = Seen::Snapshot(at(1), contents(&[("app/a", "a1")]));
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
    let mut history = good();
    let whole = both(&mut history).holds.clone();
    both(&mut history).seen.push(Seen::Snapshot(at(5), whole.clone()));
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
    both(&mut history).seen.insert(5, Seen::Reset("slow".to_owned()));
    assert_eq!(wrongs(&history), [0; 6]);
    both(&mut history).seen[5] = Seen::Reset("access".to_owned());
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
}

#[test]
fn files_of_two_revisions_or_of_none_are_torn() {
    let mut history = good();
    history.files[0].files = contents(&[("app/a", "a3"), ("app/b", "b1")]);
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 1, 0]);
    history.files[0].files = contents(&[("app/a", "half"), ("app/b", "b1")]);
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 1, 0]);
}

#[test]
fn files_older_or_newer_than_what_was_said_or_older_than_the_end_are_wrong() {
    let mut history = good();
    history.files[0].said = Some(3);
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
    let mut history = good();
    history.files[0].last = true;
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
    let mut history = good();
    history.files[1].said = Some(4);
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
    history.files[1].said = None;
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
}

#[test]
fn a_wrong_end_of_a_watcher_or_a_node_is_wrong() {
    let mut history = good();
    both(&mut history).holds = contents(&[("app/a", "a3")]);
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
    let mut history = good();
    history.shown[0].1 = contents(&[("app/a", "a3")]);
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
}

#[test]
fn a_demand_that_was_not_held_is_wrong() {
    let mut history = good();
    history.published[2].condition = Some(("app/a".to_owned(), 2));
    assert_eq!(wrongs(&history), [0; 6]);
    history.published[2].condition = Some(("app/a".to_owned(), 1));
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
}

#[test]
fn another_epoch_is_wrong_where_nothing_began_one() {
    let mut history = good();
    both(&mut history).seen.push(Seen::Checkpoint(Cursor { epoch: Epoch(2), ..at(5) }));
    assert_eq!(wrongs(&history), [0, 0, 0, 0, 0, 1]);
}

#[test]
fn verdicts_add_up() {
    let mut sum = judge(&good());
    let mut history = good();
    both(&mut history).seen.remove(1);
    sum.add(judge(&history));
    assert_eq!((sum.acked, sum.gaps, sum.findings.len(), sum.is_good()), (10, 1, 1, false));
}
