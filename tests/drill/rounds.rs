//! Rounds of everything at once: each with a store, nodes, watchers and agents of its own, judged at its end.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

use crate::support::harm::{Counts, Pace};
use crate::support::history::{Verdict, judge};
use crate::support::node::Node;
use crate::support::publishers::explain;
use crate::support::storm::{Paces, Size, Storm, wait};
use crate::support::watchers::Watchers;
use crate::support::{Tested, tell};
use crate::table::{Faults, Parts, conclude, print};

/// The longest that one round has faults; what was seen is kept in memory until its end.
const ROUND: Duration = Duration::from_secs(90);
/// From so long on every kind of fault must have happened.
const ALL_KINDS: Duration = Duration::from_mins(1);

const PACES: Paces = Paces {
    writers: 16,
    writes: Pace(20, 150),
    nodes: Some(Pace(1500, 9000)),
    databases: Some(Pace(5000, 15000)),
    agents: Some(Pace(500, 4000)),
    clock: Some(Pace(500, 2500)),
    connections: Pace(40, 300),
    listeners: Pace(300, 1500),
    stalls: true,
};

/// In a few seconds some of each.
const QUICK: Paces =
    Paces { nodes: Some(Pace(1000, 3000)), databases: Some(Pace(1500, 4000)), agents: Some(Pace(200, 800)), ..PACES };

/// Runs rounds until there were faults for long enough, and says whether all was well.
pub(crate) async fn run(seed: u64, time: Duration, program: Option<PathBuf>, smoke: bool) -> Tested<bool> {
    let (plain, library, agents, services) = if smoke { (12, 6, 2, 4) } else { (40, 20, 3, 9) };
    let size =
        Size { nodes: vec![program.clone(); 2], started: 2, agents: vec![program; agents], services, plain, library };
    let paces = if smoke { QUICK } else { PACES };
    let (mut left, mut number, begun) = (time, 0, Instant::now());
    let (mut faults, mut sum) = (Faults::default(), Verdict::default());
    while !left.is_zero() {
        let most = left.min(ROUND);
        left -= most;
        // The seed of a round alone repeats it, as the first one of another run.
        let seed = seed.wrapping_add(number * 1_000_003);
        number += 1;
        let mut storm = Storm::gather(seed, &size).await?;
        let verdict = round(&mut storm, &paces, most).await;
        let verdict = verdict.map_err(|error| explain(&error, &format!("seed {seed}\n{}", storm.logs())))?;
        faults.add(&storm.counts.all());
        tell(&format!(
            "round {number}: seed {seed}, {} acknowledged, {} resumes, {}",
            verdict.acked,
            verdict.resumes,
            if verdict.is_good() { "good" } else { "WRONG" }
        ));
        if !verdict.is_good() {
            tell(&storm.logs());
        }
        sum.add(verdict);
    }
    tell(&format!("{number} rounds in {} s, seed {seed}", begun.elapsed().as_secs()));
    print(&faults, Parts { watchers: plain + library, agents }, &sum);
    let quiet = faults.missing().filter(|_| time >= ALL_KINDS);
    if let Some(kind) = quiet {
        tell(&format!("too quiet: no {kind}"));
    }
    let busy = sum.acked > 0 && sum.resumes > 0 && sum.sets > 0;
    if !busy {
        tell("too quiet: nothing was acknowledged, resumed or looked at");
    }
    let good = sum.is_good() && quiet.is_none() && busy;
    conclude(good, &sum);
    Ok(good)
}

async fn round(storm: &mut Storm, paces: &Paces, most: Duration) -> Tested<Verdict> {
    let script = async |watchers: &Watchers, _: &Counts, _: &mut [Node]| {
        // What a watcher met that must not be ends the round early, and is judged with the rest.
        wait(watchers, most, || false).await.or_else(|error| {
            tell(&error.to_string());
            Ok(())
        })
    };
    let notes = storm.rage(paces, script).await?;
    let running = storm.callers.clone();
    let (_, history) = storm.settle(&running, notes).await?;
    Ok(judge(&history))
}
