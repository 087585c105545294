//! The judgement of a run by what its clients saw, and by nothing else. Pure.
//!
//! What publishers were told and what watchers were told is put together into one history; then everything that anybody saw is
//! held against it. The server's own account of its history is not asked.

use std::collections::{BTreeMap, HashMap, HashSet};

use pintle::domain::revisions::Cursor;

use super::seen::{Contents, Edits, FileSet, Outcome, Published, Record, Seen};

/// How many findings are told.
const TOLD: usize = 12;
/// Why a watcher may be told everything anew while nothing is restored, trimmed or taken away.
const FOUNDED: [&str; 2] = ["slow", "compacted"];

/// All that the clients of one store saw.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) published: Vec<Published>,
    pub(crate) watched: Vec<Record>,
    pub(crate) files: Vec<FileSet>,
    /// What nodes showed at the end, with the name of each.
    pub(crate) shown: Vec<(String, Contents)>,
}

/// What became of it all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict {
    pub(crate) acked: u64,
    pub(crate) refused: u64,
    pub(crate) unknown: u64,
    /// Acknowledged, and not in the history, or not at the revision that was told.
    pub(crate) lost: u64,
    /// Done twice, or told twice to a watcher.
    pub(crate) duplicated: u64,
    /// Told backwards, or numbered against the order of calls that followed each other.
    pub(crate) reordered: u64,
    /// Revisions that a watcher was not told.
    pub(crate) gaps: u64,
    pub(crate) streams: u64,
    pub(crate) resumes: u64,
    pub(crate) resets: u64,
    /// File sets that were looked at.
    pub(crate) sets: u64,
    /// Those that are of no revision.
    pub(crate) torn: u64,
    /// Contents that are not what they must be then: of snapshots, changes, nodes, watchers, files.
    pub(crate) wrong: u64,
    /// The first findings, in words.
    pub(crate) findings: Vec<String>,
}

impl Verdict {
    /// Whether nothing is wrong.
    pub(crate) fn is_good(&self) -> bool {
        self.lost + self.duplicated + self.reordered + self.gaps + self.torn + self.wrong == 0
    }

    /// The sum with another run.
    pub(crate) fn add(&mut self, other: Self) {
        let numbers = [
            (&mut self.acked, other.acked),
            (&mut self.refused, other.refused),
            (&mut self.unknown, other.unknown),
            (&mut self.lost, other.lost),
            (&mut self.duplicated, other.duplicated),
            (&mut self.reordered, other.reordered),
            (&mut self.gaps, other.gaps),
            (&mut self.streams, other.streams),
            (&mut self.resumes, other.resumes),
            (&mut self.resets, other.resets),
            (&mut self.sets, other.sets),
            (&mut self.torn, other.torn),
            (&mut self.wrong, other.wrong),
        ];
        for (mine, theirs) in numbers {
            *mine += theirs;
        }
        let left = TOLD.saturating_sub(self.findings.len());
        self.findings.extend(other.findings.into_iter().take(left));
    }
}

/// What can be found.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Lost,
    Duplicated,
    Reordered,
    Gap,
    Torn,
    Wrong,
}

/// Judges everything.
pub(crate) fn judge(history: &History) -> Verdict {
    let mut judge = Judge::default();
    judge.gather(history);
    judge.index();
    judge.check_publishes(history);
    judge.check_order(&history.published);
    for record in &history.watched {
        judge.check_watcher(record);
    }
    for set in &history.files {
        judge.check_files(set);
    }
    for (name, shown) in &history.shown {
        if *shown != judge.state(u64::MAX, None) {
            judge.find(Kind::Wrong, || format!("{name} shows {shown:?} at the end"));
        }
    }
    judge.verdict
}

#[derive(Debug, Default)]
struct Judge {
    verdict: Verdict,
    epoch: Option<u64>,
    /// What each revision did, put together from all who saw it.
    known: BTreeMap<u64, Edits>,
    /// The same by place.
    places: BTreeMap<String, BTreeMap<u64, Option<String>>>,
    /// Where each content was put: more than one revision for one that was put twice.
    puts: HashMap<(String, String), Vec<u64>>,
}

impl Judge {
    fn find(&mut self, kind: Kind, what: impl FnOnce() -> String) {
        let verdict = &mut self.verdict;
        let count = match kind {
            Kind::Lost => &mut verdict.lost,
            Kind::Duplicated => &mut verdict.duplicated,
            Kind::Reordered => &mut verdict.reordered,
            Kind::Gap => &mut verdict.gaps,
            Kind::Torn => &mut verdict.torn,
            Kind::Wrong => &mut verdict.wrong,
        };
        *count += 1;
        // A kind that comes often shall not hide the others.
        if verdict.findings.len() < TOLD && *count <= 3 {
            verdict.findings.push(format!("{kind:?}: {}", what()));
        }
    }

    /// Nothing begins a new epoch in a run.
    fn check_epoch(&mut self, at: Cursor) {
        let epoch = *self.epoch.get_or_insert(at.epoch.0);
        if epoch != at.epoch.0 {
            self.find(Kind::Wrong, || format!("{at} is of another epoch than {epoch}"));
        }
    }

    /// Puts together what watchers saw; and what was acknowledged where no watcher came by.
    fn gather(&mut self, history: &History) {
        for record in &history.watched {
            for seen in &record.seen {
                let Seen::Change(at, edits) = seen else { continue };
                self.check_epoch(*at);
                for (place, hash) in edits {
                    let known = self.known.entry(at.revision.0).or_default();
                    let before = known.insert(place.clone(), hash.clone());
                    if before.is_some_and(|before| before != *hash) {
                        self.find(Kind::Wrong, || format!("{place} is told in two ways at {at}"));
                    }
                }
            }
        }
        for one in &history.published {
            let Outcome::Acked(at) = one.outcome else { continue };
            self.check_epoch(at);
            let revision = at.revision.0;
            if !self.known.contains_key(&revision)
                && !history.watched.iter().any(|record| passed(record, one, revision))
            {
                self.known.insert(revision, one.edits.clone());
            }
        }
    }

    fn index(&mut self) {
        for (revision, edits) in &self.known {
            for (place, hash) in edits {
                self.places.entry(place.clone()).or_default().insert(*revision, hash.clone());
                if let Some(hash) = hash {
                    self.puts.entry((place.clone(), hash.clone())).or_default().push(*revision);
                }
            }
        }
    }

    /// The entries right after a revision, of all namespaces or of some.
    fn state(&self, revision: u64, namespaces: Option<&[String]>) -> Contents {
        let visible = self.places.iter().filter(|(place, _)| namespaces.is_none_or(|names| is_of(place, names)));
        let newest = visible.filter_map(|(place, changes)| {
            let (_, hash) = changes.range(..=revision).next_back()?;
            Some((place.clone(), hash.clone()?))
        });
        newest.collect()
    }

    fn edits(&self, revision: u64, namespaces: &[String]) -> Edits {
        let all = self.known.get(&revision).into_iter().flatten();
        all.filter(|(place, _)| is_of(place, namespaces)).map(|(place, hash)| (place.clone(), hash.clone())).collect()
    }

    /// What was acknowledged is there, once and as it was demanded; what was refused is not; and nothing else is.
    fn check_publishes(&mut self, history: &History) {
        let mut asked = HashSet::new();
        for one in &history.published {
            for (place, hash) in &one.edits {
                if let Some(hash) = hash {
                    asked.insert((place.clone(), hash.clone()));
                }
            }
            match one.outcome {
                Outcome::Acked(at) => {
                    self.verdict.acked += 1;
                    let known = self.known.get(&at.revision.0);
                    if known != Some(&one.edits) {
                        let known = format!("{known:?}");
                        self.find(Kind::Lost, || format!("{} was acknowledged as {at}, which is {known}", one.marker));
                    } else if let Some((place, demanded)) = &one.condition {
                        let changes = self.places.get(place);
                        let before = changes.and_then(|changes| changes.range(..at.revision.0).next_back());
                        if before.map(|(revision, _)| revision) != Some(demanded) {
                            let before = before.map(|(revision, _)| *revision);
                            self.find(Kind::Wrong, || {
                                format!("{} demanded {demanded} and replaced {before:?}", one.marker)
                            });
                        }
                    }
                }
                Outcome::Refused => {
                    self.verdict.refused += 1;
                    let mut puts = one.edits.iter().filter_map(|(place, hash)| Some((place.clone(), hash.clone()?)));
                    if puts.any(|put| self.puts.contains_key(&put)) {
                        self.find(Kind::Wrong, || format!("{} was refused and is there", one.marker));
                    }
                }
                Outcome::Unknown => self.verdict.unknown += 1,
                Outcome::Odd(status) => self.find(Kind::Wrong, || format!("{} was answered {status}", one.marker)),
            }
        }
        let puts = std::mem::take(&mut self.puts);
        for (put, revisions) in &puts {
            if revisions.len() > 1 {
                self.find(Kind::Duplicated, || format!("what was put once into {} is at {revisions:?}", put.0));
            }
            if !asked.contains(put) {
                self.find(Kind::Wrong, || format!("{} at {revisions:?} is of nobody", put.0));
            }
        }
    }

    /// Who called after somebody else had an answer has the higher number.
    fn check_order(&mut self, published: &[Published]) {
        let acked = |one: &Published| match one.outcome {
            Outcome::Acked(at) => Some((one.invoked, one.answered, at.revision.0)),
            Outcome::Refused | Outcome::Unknown | Outcome::Odd(_) => None,
        };
        let mut calls: Vec<_> = published.iter().filter_map(acked).collect();
        let mut answers = calls.clone();
        calls.sort();
        answers.sort_by_key(|(_, answered, _)| *answered);
        let (mut answers, mut newest) = (answers.into_iter().peekable(), 0);
        for (invoked, _, revision) in calls {
            while let Some((.., answer)) = answers.next_if(|(_, answered, _)| *answered < invoked) {
                newest = newest.max(answer);
            }
            if revision <= newest {
                self.find(Kind::Reordered, || format!("{revision} was called for after {newest} was acknowledged"));
            }
        }
    }

    /// One watcher: in order, each revision once, none left out, whole, and what it holds is the end.
    fn check_watcher(&mut self, record: &Record) {
        let verdict = &mut self.verdict;
        verdict.streams += record.streams;
        verdict.resumes += record.resumes;
        if let Some(fault) = &record.fault {
            self.find(Kind::Wrong, || format!("{}: {fault}", record.name));
        }
        let mut walk = Walk { record, at: None, may_begin: true, told: HashSet::new() };
        for seen in &record.seen {
            self.step(&mut walk, seen);
        }
        if record.holds != self.state(u64::MAX, Some(&record.namespaces)) {
            self.find(Kind::Wrong, || format!("{} holds {:?} at the end", record.name, record.holds));
        }
    }

    fn step(&mut self, walk: &mut Walk<'_>, seen: &Seen) {
        let (name, names, at) = (&walk.record.name, &walk.record.namespaces, walk.at);
        match seen {
            Seen::Reset(reason) => {
                self.verdict.resets += 1;
                walk.may_begin = true;
                if !FOUNDED.contains(&reason.as_str()) {
                    self.find(Kind::Wrong, || format!("{name}: a reset without a cause after {at:?}: {reason}"));
                }
            }
            Seen::Snapshot(new, contents) => {
                self.check_epoch(*new);
                if !walk.may_begin {
                    self.find(Kind::Wrong, || format!("{name}: a snapshot at {new} without a reset"));
                }
                if at.is_some_and(|at| at > new.revision.0) {
                    self.find(Kind::Reordered, || format!("{name}: a snapshot at {new} after {at:?}"));
                }
                let wanted = self.state(new.revision.0, Some(names));
                if *contents != wanted {
                    self.find(Kind::Wrong, || format!("{name}: the snapshot at {new} is {contents:?}, not {wanted:?}"));
                }
                (walk.at, walk.may_begin) = (Some(new.revision.0), false);
            }
            Seen::Change(new, edits) => {
                let revision = new.revision.0;
                if walk.may_begin {
                    self.find(Kind::Wrong, || format!("{name}: a change at {new} before a snapshot"));
                }
                let last = at.unwrap_or(revision);
                if !walk.told.insert(revision) {
                    self.find(Kind::Duplicated, || format!("{name} was told {new} twice"));
                } else if at.is_some_and(|at| at >= revision) {
                    self.find(Kind::Reordered, || format!("{name} was told {new} after {last}"));
                }
                self.check_gap(walk, last, revision);
                if *edits != self.edits(revision, names) {
                    self.find(Kind::Wrong, || format!("{name} was told a part of {new}: {edits:?}"));
                }
                walk.at = Some(last.max(revision));
            }
            Seen::Checkpoint(new) => {
                self.check_epoch(*new);
                let (revision, last) = (new.revision.0, at.unwrap_or(new.revision.0));
                if revision < last {
                    self.find(Kind::Reordered, || format!("{name}: a checkpoint at {new} after {last}"));
                }
                self.check_gap(walk, last, revision + 1);
                walk.at = Some(last.max(revision));
            }
        }
    }

    /// Finds what a watcher should have been told after one revision and before another.
    fn check_gap(&mut self, walk: &Walk<'_>, after: u64, before: u64) {
        let between = self.known.range(after + 1..before.max(after + 1));
        let missed: Vec<_> = between
            .filter(|(_, edits)| edits.keys().any(|place| is_of(place, &walk.record.namespaces)))
            .map(|(revision, _)| *revision)
            .collect();
        for revision in missed {
            self.find(Kind::Gap, || format!("{} was not told {revision}, but {before}", walk.record.name));
        }
    }

    /// The files of a service are the entries of one revision, not before what it said; at the end, of the last one.
    fn check_files(&mut self, set: &FileSet) {
        self.verdict.sets += 1;
        let (mut from, mut to) = (0, u64::MAX);
        for (place, hash) in &set.files {
            let changes = self.places.get(place);
            let put = changes.and_then(|changes| changes.iter().rfind(|(_, put)| put.as_ref() == Some(hash)));
            let Some((put, _)) = put else {
                return self.find(Kind::Torn, || format!("{}: nobody published what is in {place}", set.service));
            };
            let next = changes.and_then(|changes| changes.range(put + 1..).next());
            from = from.max(*put);
            to = to.min(next.map_or(u64::MAX, |(next, _)| *next));
        }
        if from >= to {
            return self.find(Kind::Torn, || {
                format!("{}: one file is of {from} and another was replaced at {to}: {:?}", set.service, set.files)
            });
        }
        if set.said.is_some_and(|said| to <= said) {
            self.find(Kind::Wrong, || format!("{} said {:?} and has files of before {to}", set.service, set.said));
        }
        if set.last && (to != u64::MAX || set.files.is_empty()) {
            self.find(Kind::Wrong, || format!("{} ends with files that were replaced at {to}", set.service));
        } else if set.last && set.said < Some(from) {
            self.find(Kind::Wrong, || format!("{} has files of {from} and only said {:?}", set.service, set.said));
        }
    }
}

/// How far one watcher is followed.
struct Walk<'a> {
    record: &'a Record,
    at: Option<u64>,
    may_begin: bool,
    told: HashSet<u64>,
}

fn is_of(place: &str, namespaces: &[String]) -> bool {
    place.split_once('/').is_some_and(|(namespace, _)| namespaces.iter().any(|name| name == namespace))
}

/// Whether a watcher who could see a publish was told what came before and what came after its revision, change by change.
fn passed(record: &Record, published: &Published, revision: u64) -> bool {
    if !published.edits.keys().any(|place| is_of(place, &record.namespaces)) {
        return false;
    }
    let mut at = None;
    for seen in &record.seen {
        let (new, told) = match seen {
            Seen::Reset(_) => continue,
            Seen::Snapshot(new, _) => (new.revision.0, false),
            Seen::Change(new, _) | Seen::Checkpoint(new) => (new.revision.0, true),
        };
        if told && at.is_some_and(|at| at < revision) && revision <= new {
            return true;
        }
        at = Some(new);
    }
    false
}
