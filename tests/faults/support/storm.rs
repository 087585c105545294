//! Nodes, their database, writers, watchers and agents, while everything between them breaks.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::sync::watch;
use tokio::time::Instant;

use super::fleet::Fleet;
use super::harm::{Counts, Pace, Until, harm_connections, kill_database, kill_nodes, silence, stall, turn_clock};
use super::history::History;
use super::http::Caller;
use super::log::entries;
use super::node::{Node, tail};
use super::postgres::Cluster;
use super::proxy::Proxy;
use super::seen::{Contents, FileSet, Published};
use super::watchers::Watchers;
use super::writers::{BACK, NAMESPACES, SIGHTS, begin, end, write};
use super::{Dice, Place, Tested, eventually, tell};

/// Who takes part.
#[derive(Debug, Clone)]
pub(crate) struct Size {
    /// The nodes: each another program than the one under test, or none.
    pub(crate) nodes: Vec<Option<PathBuf>>,
    /// How many of them are started; the others join later.
    pub(crate) started: usize,
    /// Agents, likewise.
    pub(crate) agents: Vec<Option<PathBuf>>,
    pub(crate) services: usize,
    /// Watchers that parse the bytes themselves, and those of the client library.
    pub(crate) plain: usize,
    pub(crate) library: usize,
}

/// What is done at which pace; none for what is left alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paces {
    pub(crate) writers: u64,
    pub(crate) writes: Pace,
    pub(crate) nodes: Option<Pace>,
    pub(crate) databases: Option<Pace>,
    pub(crate) agents: Option<Pace>,
    pub(crate) clock: Option<Pace>,
    pub(crate) connections: Pace,
    pub(crate) listeners: Pace,
    /// Whether there are readers that never read.
    pub(crate) stalls: bool,
}

/// All of them. Ends in this order: agents and nodes before their database, that before its folder.
#[derive(Debug)]
pub(crate) struct Storm {
    pub(crate) watchers: Watchers,
    pub(crate) fleet: Fleet,
    pub(crate) nodes: Vec<Node>,
    pub(crate) callers: Vec<Caller>,
    pub(crate) counts: Counts,
    proxies: Vec<Proxy>,
    clock: PathBuf,
    cluster: Cluster,
    seed: u64,
    begun: Published,
    _place: Place,
}

/// What writers and disks said.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) published: Vec<Published>,
    pub(crate) files: Vec<FileSet>,
}

impl Storm {
    /// Everybody is there and knows what everything begins with. The first node has a clock that can be turned.
    pub(crate) async fn gather(seed: u64, size: &Size) -> Tested<Self> {
        let place = Place::new()?;
        let cluster = Cluster::start_new(&place, "pg").await?;
        let clock = place.join("clock");
        std::fs::write(&clock, "+0")?;
        let (mut nodes, mut proxies) = (Vec::new(), Vec::new());
        for (number, program) in size.nodes.iter().enumerate() {
            let node = Node::new(&place, &format!("node{number}"), &cluster.url())?.run_by(program.clone());
            let mut node = if number == 0 { node.with_clock(&clock)? } else { node };
            if number < size.started {
                node.start().await?;
            }
            proxies.push(Proxy::start(node.port()).await?);
            nodes.push(node);
        }
        let first = nodes.first().ok_or("no node")?.set_up().await?;
        let callers = nodes.iter().map(|node| node.caller(&first.token)).collect::<Tested<Vec<_>>>()?;
        let begun = begin(callers.get(..size.started).ok_or("too few nodes")?).await?;

        let (ports, mut watchers): (Vec<_>, _) =
            (proxies.iter().map(|proxy| proxy.port).collect(), Watchers::default());
        for (number, sight) in (0..size.plain).zip(SIGHTS.iter().cycle()) {
            watchers.add_plain(&ports, &first.token, sight, Dice::new(seed ^ (1000 + number as u64)));
        }
        for (_, sight) in (0..size.library).zip(SIGHTS.iter().cycle()) {
            watchers.add_library(&ports, &first.token, sight)?;
        }
        let fleet = Fleet::start(&place, &size.agents, size.services, &ports, &first.token)?;
        let counts = Counts::default();
        Ok(Self { watchers, fleet, nodes, callers, counts, proxies, clock, cluster, seed, begun, _place: place })
    }

    /// Lets writers write and everything break until a script is through. The script has the nodes unless they are killed.
    pub(crate) async fn rage(
        &mut self,
        paces: &Paces,
        script: impl AsyncFnOnce(&Watchers, &Counts, &mut [Node]) -> Tested,
    ) -> Tested<Notes> {
        let (over, seed) = (watch::Sender::new(false), self.seed);
        let (until, database) = (Until::new(&over), self.cluster.url());
        let dice = |number| Dice::new(seed ^ number);
        let (counts, callers, watchers) = (&self.counts, &self.callers, &self.watchers);
        // Writers are cut off as well, and then do not know what became of their call.
        let through = callers.iter().zip(&self.proxies).map(|(caller, proxy)| caller.through(proxy.port));
        let through: Vec<_> = through.collect();
        let split = if paces.nodes.is_some() { self.nodes.len() } else { 0 };
        let (killed, scripted) = self.nodes.split_at_mut(split);
        let never = Pace(u64::MAX / 2, u64::MAX);

        let script = async {
            let done = script(watchers, counts, scripted).await;
            over.send_replace(true);
            done
        };
        let nodes =
            try_join_all(killed.iter_mut().zip(20..).map(|(node, number)| {
                kill_nodes(node, dice(number), paces.nodes.unwrap_or(never), until.clone(), counts)
            }));
        let database_killed = async {
            match paces.databases {
                Some(pace) => kill_database(&mut self.cluster, dice(3), pace, until.clone(), counts).await,
                None => Ok(()),
            }
        };
        let clock = async {
            match paces.clock {
                Some(pace) => turn_clock(&self.clock, dice(6), pace, until.clone(), counts).await,
                None => Ok(()),
            }
        };
        let stalled = async { if paces.stalls { stall(callers, until.clone()).await } else { Ok(()) } };
        let agents = async {
            match paces.agents {
                Some(pace) => self.fleet.kill(callers, dice(7), pace, until.clone(), counts).await,
                None => Ok(Vec::new()),
            }
        };
        let writers = try_join_all(
            (0..paces.writers).map(|number| write(&through, number, dice(100 + number), paces.writes, until.clone())),
        );
        let (.., files, published) = tokio::try_join!(
            script,
            nodes,
            database_killed,
            clock,
            harm_connections(&self.proxies, dice(4), paces.connections, until.clone(), counts),
            silence(&database, dice(5), paces.listeners, until.clone(), counts),
            stalled,
            agents,
            writers,
        )?;
        Ok(Notes { published: published.concat(), files })
    }

    /// Everything is well again: publishes the end, waits until all have all, and gives the last revision and everything that
    /// clients saw. `running` are the nodes that are there.
    pub(crate) async fn settle(&mut self, running: &[Caller], notes: Notes) -> Tested<(u64, History)> {
        let begun = Instant::now();
        let (last, ended) = end(running, &mut Dice::new(self.seed.wrapping_add(10))).await?;
        // Who does not come to the end is judged by what it saw.
        if let Err(error) = eventually("every watcher is at the end", BACK, async || self.watchers.are_at(last)).await {
            tell(&error.to_string());
        }
        let back = begun.elapsed();
        let Notes { mut published, mut files } = notes;
        published.extend([self.begun.clone(), ended]);
        files.extend(self.fleet.settle(running.first().ok_or("no node")?, last).await?);
        let mut shown = Vec::new();
        for node in running {
            let mut contents = Contents::new();
            for namespace in NAMESPACES {
                let list = entries(node, namespace, last).await?;
                contents.extend(list.entries.into_iter().map(|it| (format!("{namespace}/{}", it.key), it.hash)));
            }
            shown.push((node.url.clone(), contents));
        }
        tell(&format!("all watchers at the end after {back:?}, all agents after {:?}", begun.elapsed()));
        let watched = std::mem::take(&mut self.watchers).finish();
        Ok((last, History { published, watched, files, shown }))
    }

    /// The ends of all logs.
    pub(crate) fn logs(&self) -> String {
        let mut logs: Vec<_> = self.nodes.iter().map(|node| tail(&node.log())).collect();
        logs.push(self.cluster.log_tail());
        logs.push(self.fleet.logs());
        logs.join("\n--\n")
    }
}

/// Waits, and ends early when a watcher met what must not be.
pub(crate) async fn wait(watchers: &Watchers, time: Duration, mut enough: impl FnMut() -> bool) -> Tested {
    let until = Instant::now() + time;
    while Instant::now() < until && !enough() {
        tokio::time::sleep(Duration::from_millis(200)).await;
        watchers.each(|record| match &record.fault {
            Some(fault) => Err(format!("{}: {fault}", record.name).into()),
            None => Ok(()),
        })?;
    }
    Ok(())
}
