//! An earlier version and this one on one database, under load: either comes first, the other joins, and at the end the nodes of
//! this one go and the earlier ones serve on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::harm::Pace;
use crate::support::history::{Verdict, judge};
use crate::support::http::Caller;
use crate::support::node::Node;
use crate::support::publishers::explain;
use crate::support::storm::{Paces, Size, Storm, wait};
use crate::support::{BOUND, Tested, ensure, tell};
use crate::table::{Faults, Parts, conclude, print};

/// Nodes are started and stopped by hand here; connections break meanwhile.
const PACES: Paces = Paces {
    writers: 8,
    writes: Pace(20, 150),
    nodes: None,
    databases: None,
    agents: Some(Pace(500, 4000)),
    clock: None,
    connections: Pace(40, 300),
    listeners: Pace(300, 1500),
    stalls: false,
};
const PLAIN: usize = 24;
const LIBRARY: usize = 12;
const SERVICES: usize = 8;
/// Nodes of each version.
const EACH: usize = 2;
/// How a node says that it does not go with a schema, as docs/OPERATING.md has it.
const REFUSALS: [&str; 4] = [
    "the schema needs Pintle ",
    "the schema is at level ",
    "was previously applied but has been modified",
    "was previously applied but is missing in the resolved migrations",
];

/// Which version is there first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Earlier,
    This,
}

/// Runs both orders, and says whether all was well.
pub(crate) async fn run(seed: u64, previous: &Path, leg: Duration) -> Tested<bool> {
    let (mut faults, mut sum) = (Faults::default(), Verdict::default());
    for (number, first) in (0..).zip([First::Earlier, First::This]) {
        let (earlier, this) = (vec![Some(previous.to_owned()); EACH], vec![None; EACH]);
        let nodes: Vec<Option<PathBuf>> = match first {
            First::Earlier => [earlier, this].concat(),
            First::This => [this, earlier].concat(),
        };
        let size = Size {
            nodes,
            started: EACH,
            agents: vec![Some(previous.to_owned()), None, Some(previous.to_owned()), None],
            services: SERVICES,
            plain: PLAIN,
            library: LIBRARY,
        };
        let seed = seed.wrapping_add(number * 1_000_003);
        let mut storm = Storm::gather(seed, &size).await?;
        let verdict = order(&mut storm, first, leg).await;
        let verdict = verdict.map_err(|error| explain(&error, &format!("seed {seed}\n{}", storm.logs())))?;
        faults.add(&storm.counts.all());
        sum.add(verdict);
    }
    print(&faults, Parts { watchers: PLAIN + LIBRARY, agents: 2 * EACH }, &sum);
    let good = sum.is_good() && sum.acked > 0;
    conclude(good, &sum);
    Ok(good)
}

async fn order(storm: &mut Storm, first: First, leg: Duration) -> Tested<Verdict> {
    let mut running = vec![true; EACH];
    let script = async |watchers: &_, _: &_, nodes: &mut [Node]| {
        let (there, joining) = nodes.split_at_mut(EACH);
        tell(&format!("upgrade: {} first: {EACH} nodes serve", name(first)));
        wait(watchers, leg, || false).await?;
        for node in joining.iter_mut() {
            running.push(join(node, &format!("a node of {} joins", name(other(first)))).await?);
        }
        wait(watchers, leg, || false).await?;
        // One of those that were there is replaced by itself: it meets what the others made of the schema.
        let again = there.first_mut().ok_or("no node")?;
        again.process_mut()?.stop().await?;
        let back = join(again, &format!("a node of {} starts again", name(first))).await?;
        running.splice(..1, [back]);
        wait(watchers, leg, || false).await?;
        // One step back.
        let (going, staying) = match first {
            First::Earlier => (EACH..2 * EACH, 0..EACH),
            First::This => (0..EACH, EACH..2 * EACH),
        };
        if running.get(staying).is_some_and(|there| there.contains(&true)) {
            for at in going {
                if running.get(at) == Some(&true) {
                    nodes.get_mut(at).ok_or("no node")?.process_mut()?.stop().await?;
                    running.splice(at..=at, [false]);
                }
            }
            tell("upgrade: one step back: the nodes of this version are stopped, those of the earlier one serve on");
        } else {
            tell("upgrade: no step back: no node of the earlier version serves");
        }
        wait(watchers, leg, || false).await
    };
    let notes = storm.rage(&PACES, script).await?;
    let there = storm.callers.iter().zip(&running).filter(|(_, there)| **there);
    let there: Vec<Caller> = there.map(|(caller, _)| caller.clone()).collect();
    ensure(!there.is_empty(), || "no node is left".to_owned())?;
    let (_, history) = storm.settle(&there, notes).await?;
    let verdict = judge(&history);
    tell(&format!(
        "upgrade: {} first: {} acknowledged, {} resumes, {}",
        name(first),
        verdict.acked,
        verdict.resumes,
        if verdict.is_good() { "nothing lost: good" } else { "WRONG" }
    ));
    Ok(verdict)
}

/// Starts a node that serves or says clearly why it does not; then also as one that leaves the schema to others. Says whether it
/// serves.
async fn join(node: &mut Node, what: &str) -> Tested<bool> {
    for arguments in ["", " with --no-migrate"] {
        if !arguments.is_empty() {
            node.add_argument(arguments.trim_start_matches(" with "));
        }
        node.launch()?;
        let process = node.process_mut()?;
        if process.ready(BOUND).await.is_ok() {
            tell(&format!("upgrade: {what}{arguments}: serves"));
            return Ok(true);
        }
        let (code, errors) = process.ended(BOUND).await?;
        let last = errors.lines().last().unwrap_or_default();
        let is_clear = code == Some(1) && REFUSALS.iter().any(|words| last.contains(words));
        ensure(is_clear, || format!("{what}{arguments}: ended with {code:?}: {errors}"))?;
        tell(&format!("upgrade: {what}{arguments}: refused: {last}"));
    }
    Ok(false)
}

fn name(which: First) -> &'static str {
    match which {
        First::Earlier => "the earlier version",
        First::This => "this version",
    }
}

fn other(which: First) -> First {
    match which {
        First::Earlier => First::This,
        First::This => First::Earlier,
    }
}
