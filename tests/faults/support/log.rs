//! The history as the server tells it, and the judgement of what watchers saw of it.

use std::collections::BTreeMap;

use pintle::api::entries::{EntryList, Op};
use pintle::api::revisions::{ItemKind, ItemView, RevisionList, RevisionView};
use pintle::domain::revisions::Cursor;

use super::http::Caller;
use super::seen::{Contents, Edits, Record, Seen, apply};
use super::{Dice, Tested, ensure};

/// How many revisions are also read one by one.
const SAMPLE: u64 = 40;

/// What each revision did to the entries of `dev`.
#[derive(Debug)]
pub(crate) struct Log {
    revisions: BTreeMap<u64, (u64, Edits)>,
    /// The newest epoch.
    epoch: u64,
    pub(crate) head: u64,
}

impl Log {
    /// Reads all of it, and some revisions once more by themselves.
    pub(crate) async fn read(caller: &Caller, mut dice: Dice) -> Tested<Self> {
        let (mut revisions, mut before) = (BTreeMap::new(), String::new());
        let (mut epoch, mut head) = (0, 0);
        loop {
            let page: RevisionList = caller.get_json(&format!("/api/v1/revisions?limit=500{before}")).await?;
            for view in &page.revisions {
                (epoch, head) = (epoch.max(view.epoch), head.max(view.revision));
                // A list tells the first 20 changes.
                let listed = view.changed == view.changes.len() as u64;
                let edits = if listed { edits(&view.changes)? } else { one(caller, view.revision).await?.1 };
                let twice = revisions.insert(view.revision, (view.epoch, edits));
                ensure(twice.is_none(), || format!("{} is there twice", view.revision))?;
            }
            match page.next {
                Some(at) => before = format!("&before={at}"),
                None => break,
            }
        }
        let numbers: Vec<_> = revisions.keys().copied().collect();
        for _ in 0..SAMPLE {
            let at = usize::try_from(dice.below(numbers.len() as u64))?;
            let number = numbers.get(at).ok_or("no revision")?;
            let told = one(caller, *number).await?;
            ensure(revisions.get(number) == Some(&told), || format!("{number} is told in two ways"))?;
        }
        Ok(Self { revisions, epoch, head })
    }

    pub(crate) fn contains(&self, revision: u64) -> bool {
        self.revisions.contains_key(&revision)
    }

    /// The entries of some namespaces right after a revision.
    pub(crate) fn state(&self, revision: u64, namespaces: &[String]) -> Contents {
        let mut state = Contents::new();
        for number in self.revisions.range(..=revision).map(|(number, _)| *number) {
            apply(&mut state, &self.edits(number, namespaces));
        }
        state
    }

    fn edits(&self, revision: u64, namespaces: &[String]) -> Edits {
        let visible = |place: &str| {
            place.split_once('/').is_some_and(|(namespace, _)| namespaces.iter().any(|name| name == namespace))
        };
        let all = self.revisions.get(&revision).into_iter().flat_map(|(_, edits)| edits);
        all.filter(|(place, _)| visible(place)).map(|(place, hash)| (place.clone(), hash.clone())).collect()
    }

    /// The first revision after one and before another that a subscriber should have been told.
    fn missed(&self, after: u64, before: u64, namespaces: &[String]) -> Option<u64> {
        let between = self.revisions.range(after + 1..before.max(after + 1)).map(|(number, _)| *number);
        between.into_iter().find(|number| !self.edits(*number, namespaces).is_empty())
    }

    /// Everything that a watcher saw is the history: in order, each revision once, none left out, and what it holds is the
    /// store. Only of the newest epoch is the whole history known.
    pub(crate) fn judge(&self, record: &Record) -> Tested {
        let (mut at, mut may_begin) = (None::<Cursor>, true);
        let names = &record.namespaces;
        for seen in &record.seen {
            let bad = |why: String| format!("{}: {seen:?} after {at:?}: {why}", record.name);
            let known = |cursor: &Cursor| cursor.epoch.0 == self.epoch;
            match seen {
                Seen::Reset(_) => may_begin = true,
                Seen::Snapshot(new, contents) => {
                    ensure(may_begin, || bad("a snapshot without a reset".to_owned()))?;
                    ensure(at.is_none_or(|at| at <= *new), || bad("back".to_owned()))?;
                    if known(new) {
                        let wanted = self.state(new.revision.0, names);
                        ensure(*contents == wanted, || bad(format!("it was {wanted:?}")))?;
                    }
                    (at, may_begin) = (Some(*new), false);
                }
                Seen::Change(new, edits) => {
                    let last = at.ok_or_else(|| bad("a change before anything".to_owned()))?;
                    ensure(!may_begin, || bad("a change after a reset".to_owned()))?;
                    ensure(last.epoch == new.epoch, || bad("another epoch without a reset".to_owned()))?;
                    ensure(last.revision < new.revision, || bad("back, or twice".to_owned()))?;
                    if known(new) {
                        let missed = self.missed(last.revision.0, new.revision.0, names);
                        ensure(missed.is_none(), || bad(format!("{missed:?} was left out")))?;
                        let wanted = self.edits(new.revision.0, names);
                        ensure(*edits == wanted, || bad(format!("it was {wanted:?}")))?;
                    }
                    at = Some(*new);
                }
                Seen::Checkpoint(new) => {
                    let last = at.ok_or_else(|| bad("a checkpoint before anything".to_owned()))?;
                    ensure(last.epoch == new.epoch && last.revision <= new.revision, || bad("back".to_owned()))?;
                    if known(new) {
                        let missed = self.missed(last.revision.0, new.revision.0 + 1, names);
                        ensure(missed.is_none(), || bad(format!("{missed:?} was left out")))?;
                    }
                    at = Some(*new);
                }
            }
        }
        let wanted = self.state(self.head, names);
        ensure(record.holds == wanted, || format!("{} holds {:?} instead of {wanted:?}", record.name, record.holds))
    }
}

/// A revision read by itself: its epoch, and what it did.
async fn one(caller: &Caller, revision: u64) -> Tested<(u64, Edits)> {
    let view: RevisionView = caller.get_json(&format!("/api/v1/revisions/{revision}")).await?;
    ensure(view.changed == view.changes.len() as u64, || format!("{revision} is told in part"))?;
    Ok((view.epoch, edits(&view.changes)?))
}

fn edits(changes: &[ItemView]) -> Tested<Edits> {
    let entries = changes.iter().filter(|change| change.item == ItemKind::Entry && change.env == "dev");
    let edit = |change: &ItemView| {
        let namespace = change.namespace.as_ref().ok_or("no namespace")?;
        let key = change.key.as_ref().ok_or("no key")?;
        let hash = match change.op {
            Op::Put => Some(change.hash.clone().ok_or("no hash")?),
            Op::Delete => None,
        };
        Ok((format!("{namespace}/{key}"), hash))
    };
    entries.map(edit).collect()
}

/// The entries of a namespace of `dev` as a node shows them at a revision or later.
pub(crate) async fn entries(caller: &Caller, namespace: &str, min_revision: u64) -> Tested<EntryList> {
    let path =
        format!("/api/v1/environments/dev/namespaces/{namespace}/entries?min_revision={min_revision}&limit=1000");
    caller.get_json(&path).await
}
