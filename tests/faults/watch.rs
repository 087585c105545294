//! Watchers and agents while everything between them and the store breaks: none misses a revision, none gets one twice, and all
//! end with what the store has.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::Instant;

use crate::support::harm::{Counts, Pace};
use crate::support::history::judge;
use crate::support::log::{Log, entries};
use crate::support::node::Node;
use crate::support::publishers::explain;
use crate::support::seen::{FileSet, Record, Seen};
use crate::support::storm::{Notes, Paces, Size, Storm, wait};
use crate::support::watchers::Watchers;
use crate::support::writers::{NAMESPACES, acked};
use crate::support::{Dice, Tested, ensure, tell};

/// Below these the test has shown nothing.
const KILLS: u64 = 20;
const RESUMES: u64 = 500;
const REVISIONS: usize = 60;
/// The longest time the faults go on.
const FAULTS: Duration = Duration::from_secs(110);
const PLAIN: usize = 150;
const LIBRARY: usize = 50;
/// Agents, each a process with several services.
const AGENTS: usize = 3;
const SERVICES: usize = 10;
/// What breaks how often.
const PACES: Paces = Paces {
    writers: 6,
    writes: Pace(20, 250),
    nodes: Some(Pace(500, 6500)),
    databases: Some(Pace(200, 2500)),
    agents: None,
    clock: Some(Pace(500, 2500)),
    connections: Pace(50, 400),
    listeners: Pace(300, 1500),
    stalls: true,
};

/// Every kind of fault that this test has was there often enough.
fn are_enough(counts: &Counts) -> bool {
    let connections = counts.cuts.load(Ordering::Relaxed) + counts.halves.load(Ordering::Relaxed);
    let others = [&counts.nodes, &counts.databases, &counts.listeners, &counts.jumps];
    connections >= KILLS && others.iter().all(|count| count.load(Ordering::Relaxed) >= KILLS)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_watcher_sees_every_revision_once_while_everything_breaks() -> Tested {
    let seed = Dice::seed()?;
    tell(&format!("watch: PINTLE_FAULTS_SEED={seed}"));
    let size = Size {
        nodes: vec![None; 2],
        started: 2,
        agents: vec![None; AGENTS],
        services: SERVICES,
        plain: PLAIN,
        library: LIBRARY,
    };
    let mut storm = Storm::gather(seed, &size).await?;
    let done = rage(&mut storm, seed).await;
    done.map_err(|error| explain(&error, &format!("seed {seed}\n{}", storm.logs())))
}

async fn rage(storm: &mut Storm, seed: u64) -> Tested {
    let begun = Instant::now();
    let end = async |watchers: &Watchers, counts: &Counts, _: &mut [Node]| {
        wait(watchers, FAULTS, || are_enough(counts) && watchers.resumes() > RESUMES).await
    };
    let notes = storm.rage(&PACES, end).await?;
    let acked = acked(&notes.published)?;
    let (elapsed, resumes) = (begun.elapsed(), storm.watchers.resumes());
    let all = storm.counts.all();
    tell(&format!("watch: {all:?}; {resumes} resumes, {} revisions, {:.1} s", acked.len(), elapsed.as_secs_f64()));
    settle(storm, notes, &acked, Dice::new(seed.wrapping_add(10))).await?;
    ensure(are_enough(&storm.counts) && resumes >= RESUMES && acked.len() >= REVISIONS, || {
        let revisions = acked.len();
        format!(
            "too quiet: {all:?} of {KILLS} each, {resumes} of {RESUMES} resumes, {revisions} of {REVISIONS} revisions"
        )
    })
}

/// Everything is well again: waits until all have all, and judges by what clients saw, and by what the server says of its
/// history.
async fn settle(storm: &mut Storm, notes: Notes, acked: &[u64], dice: Dice) -> Tested {
    let callers = storm.callers.clone();
    let (end, history) = storm.settle(&callers, notes).await?;
    let verdict = judge(&history);
    ensure(verdict.is_good(), || format!("{verdict:?}"))?;
    let two = storm.callers.last().ok_or("no node")?;
    let log = Log::read(two, dice).await?;
    for revision in acked {
        ensure(log.contains(*revision), || format!("{revision} was acknowledged and is not in the history"))?;
    }
    for (node, namespace) in storm.callers.iter().flat_map(|node| NAMESPACES.map(|namespace| (node, namespace))) {
        let list = entries(node, namespace, end).await?;
        let shown = list.entries.into_iter().map(|entry| (format!("{namespace}/{}", entry.key), entry.hash)).collect();
        ensure(log.state(log.head, &[namespace.to_owned()]) == shown, || format!("{} shows {shown:?}", node.url))?;
    }
    let state = log.state(log.head, &NAMESPACES.map(str::to_owned));
    for FileSet { service, files, .. } in &history.files {
        let differs = files.iter().find(|(place, hash)| state.get(*place) != Some(hash));
        ensure(differs.is_none(), || format!("the files of {service} differ: {differs:?}"))?;
    }
    let mut told = Told::default();
    for record in &history.watched {
        told.add(record);
        log.judge(record)?;
    }
    tell(&format!("watch: {told:?}"));
    // Nothing was restored, trimmed or taken away.
    let unfounded = told.resets.keys().find(|reason| *reason != "slow");
    ensure(unfounded.is_none(), || format!("a reset without a cause: {unfounded:?}"))
}

/// What the watchers were told, in sum.
#[derive(Debug, Default)]
struct Told {
    changes: usize,
    checkpoints: usize,
    snapshots: usize,
    resets: BTreeMap<String, u64>,
}

impl Told {
    fn add(&mut self, record: &Record) {
        for seen in &record.seen {
            match seen {
                Seen::Reset(reason) => *self.resets.entry(reason.clone()).or_default() += 1,
                Seen::Snapshot(..) => self.snapshots += 1,
                Seen::Change(..) => self.changes += 1,
                Seen::Checkpoint(_) => self.checkpoints += 1,
            }
        }
    }
}
