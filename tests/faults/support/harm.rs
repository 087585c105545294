//! What breaks while others work: nodes, the database, connections, LISTEN, the clock; each kind counted.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::sync::watch;
use tokio::time::Instant;

use super::http::Caller;
use super::node::Node;
use super::postgres::{Cluster, sql};
use super::proxy::{Harm, Proxy};
use super::{Dice, Tested, stalled, tell};

/// How many readers that never read are there at once.
const STALLED: usize = 8;

/// What was done, by kind.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) nodes: AtomicU64,
    pub(crate) databases: AtomicU64,
    pub(crate) cuts: AtomicU64,
    pub(crate) halves: AtomicU64,
    pub(crate) stalls: AtomicU64,
    pub(crate) listeners: AtomicU64,
    pub(crate) agents: AtomicU64,
    pub(crate) jumps: AtomicU64,
}

impl Counts {
    /// Each kind with its name.
    pub(crate) fn all(&self) -> [(&'static str, u64); 8] {
        [
            ("node killed", &self.nodes),
            ("database killed", &self.databases),
            ("connection cut", &self.cuts),
            ("connection half closed", &self.halves),
            ("connection stalled", &self.stalls),
            ("LISTEN ended", &self.listeners),
            ("agent killed", &self.agents),
            ("clock turned", &self.jumps),
        ]
        .map(|(name, count)| (name, count.load(Ordering::Relaxed)))
    }
}

pub(crate) fn count(which: &AtomicU64) {
    which.fetch_add(1, Ordering::Relaxed);
}

/// When the faults are over.
#[derive(Debug, Clone)]
pub(crate) struct Until(watch::Receiver<bool>);

impl Until {
    pub(crate) fn new(over: &watch::Sender<bool>) -> Self {
        Self(over.subscribe())
    }

    /// Waits; says whether to go on.
    pub(crate) async fn pause(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, self.0.wait_for(|over| *over)).await.is_err()
    }
}

/// The shortest and the longest pause between two faults of a kind, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace(pub(crate) u64, pub(crate) u64);

impl Pace {
    pub(crate) fn draw(self, dice: &mut Dice) -> Duration {
        dice.between(Duration::from_millis(self.0), Duration::from_millis(self.1))
    }
}

/// Kills a node, and starts it again at once.
pub(crate) async fn kill_nodes(
    node: &mut Node,
    mut dice: Dice,
    pace: Pace,
    mut until: Until,
    counts: &Counts,
) -> Tested {
    while until.pause(pace.draw(&mut dice)).await {
        node.kill()?;
        count(&counts.nodes);
        node.start().await?;
    }
    Ok(())
}

/// Kills the database, or its postmaster alone, or stops it; and starts it again.
pub(crate) async fn kill_database(
    cluster: &mut Cluster,
    mut dice: Dice,
    pace: Pace,
    mut until: Until,
    counts: &Counts,
) -> Tested {
    let mut longest = Duration::ZERO;
    while until.pause(pace.draw(&mut dice)).await {
        // A killed postmaster leaves others that take their time to notice.
        match dice.below(6) {
            0 => cluster.kill_postmaster()?,
            1 | 2 => cluster.stop(Signal::SIGINT).await?,
            _ => cluster.kill()?,
        }
        count(&counts.databases);
        let begun = Instant::now();
        cluster.start().await?;
        longest = longest.max(begun.elapsed());
    }
    tell(&format!("the longest start of the database took {longest:?}"));
    Ok(())
}

/// Cuts, half closes and stalls connections.
pub(crate) async fn harm_connections(
    proxies: &[Proxy],
    mut dice: Dice,
    pace: Pace,
    mut until: Until,
    counts: &Counts,
) -> Tested {
    while until.pause(pace.draw(&mut dice)).await {
        let (harm, which) = match dice.below(5) {
            0 => (Harm::Cut, &counts.cuts),
            1 => (Harm::CutWithin, &counts.cuts),
            2 => (Harm::EndToClient, &counts.halves),
            3 => (Harm::EndToServer, &counts.halves),
            _ => (Harm::Delay(dice.between(Duration::from_millis(100), Duration::from_secs(3))), &counts.stalls),
        };
        let at = usize::try_from(dice.below(proxies.len() as u64))?;
        if proxies.get(at).ok_or("no proxy")?.harm(harm, &mut dice) {
            count(which);
        }
    }
    Ok(())
}

/// Ends the connections that listen, and with them what would have been heard.
pub(crate) async fn silence(database: &str, mut dice: Dice, pace: Pace, mut until: Until, counts: &Counts) -> Tested {
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'";
    while until.pause(pace.draw(&mut dice)).await {
        // The database may be away.
        let ended = tokio::task::block_in_place(|| sql(database, end));
        let ended = ended.ok().and_then(|ended| ended.parse().ok()).unwrap_or(0);
        counts.listeners.fetch_add(ended, Ordering::Relaxed);
    }
    Ok(())
}

/// Sets a wall clock forward and back, by up to an hour.
pub(crate) async fn turn_clock(clock: &Path, mut dice: Dice, pace: Pace, mut until: Until, counts: &Counts) -> Tested {
    while until.pause(pace.draw(&mut dice)).await {
        let sign = if dice.below(2) == 0 { '+' } else { '-' };
        let new = clock.with_extension("new");
        std::fs::write(&new, format!("{sign}{}", dice.below(3600)))?;
        std::fs::rename(&new, clock)?;
        count(&counts.jumps);
    }
    std::fs::write(clock, "+0")?;
    Ok(())
}

/// Keeps some readers at each node that never read.
pub(crate) async fn stall(nodes: &[Caller], mut until: Until) -> Tested {
    let mut all = Vec::new();
    while until.pause(Duration::from_secs(2)).await {
        for node in nodes {
            // The node may be down.
            if let Ok(stalled) = stalled::open(node, "app").await {
                all.push(stalled);
            }
        }
        let old = all.len().saturating_sub(STALLED);
        all.drain(..old);
    }
    Ok(())
}
