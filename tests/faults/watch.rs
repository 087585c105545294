//! Watchers and agents while everything between them and the store breaks: none misses a revision, none gets one twice, and all
//! end with what the store has.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pintle::api::entries::WriteView;
use pintle::domain::contents::ContentHash;
use reqwest::Method;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::support::agent::{Agent, applied};
use crate::support::http::Caller;
use crate::support::log::{Log, entries};
use crate::support::node::{Node, tail};
use crate::support::postgres::{Cluster, sql};
use crate::support::proxy::{Harm, Proxy};
use crate::support::publishers::explain;
use crate::support::watchers::{Record, Seen, Watchers};
use crate::support::{BOUND, Dice, Place, Tested, ensure, eventually, stalled, tell};

/// Below these the test has shown nothing.
const KILLS: u64 = 20;
const RESUMES: u64 = 500;
/// The longest time the faults go on.
const FAULTS: Duration = Duration::from_secs(90);
/// The longest until the last watcher is back: a client of the library waits up to 30 s, one that heard nothing 45 s.
const BACK: Duration = Duration::from_secs(90);
const PLAIN: usize = 150;
const LIBRARY: usize = 50;
/// Agents, each a process with several services.
const AGENTS: usize = 3;
const SERVICES: usize = 10;
/// How many entries each namespace begins with.
const KEYS: u64 = 12;
const NAMESPACES: [&str; 2] = ["app", "other"];
/// Who watches what.
const SIGHTS: [&[&str]; 3] = [&["app"], &["other"], &["app", "other"]];

/// What was done.
#[derive(Debug, Default)]
struct Counts {
    nodes: AtomicU64,
    databases: AtomicU64,
    connections: AtomicU64,
    listeners: AtomicU64,
    jumps: AtomicU64,
}

impl Counts {
    fn all(&self) -> [u64; 5] {
        [&self.nodes, &self.databases, &self.connections, &self.listeners, &self.jumps]
            .map(|count| count.load(Ordering::Relaxed))
    }

    fn are_enough(&self) -> bool {
        self.all().iter().all(|count| *count >= KILLS)
    }
}

fn count(which: &AtomicU64) {
    which.fetch_add(1, Ordering::Relaxed);
}

/// When the faults are over.
#[derive(Debug, Clone)]
struct Until(watch::Receiver<bool>);

impl Until {
    /// Waits; says whether to go on.
    async fn pause(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, self.0.wait_for(|over| *over)).await.is_err()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_watcher_sees_every_revision_once_while_everything_breaks() -> Tested {
    let seed = Dice::seed()?;
    tell(&format!("watch: PINTLE_FAULTS_SEED={seed}"));
    let place = Place::new()?;
    let mut cluster = Cluster::start_new(&place, "pg").await?;
    let clock = place.join("clock");
    std::fs::write(&clock, "+0")?;
    let mut one = Node::new(&place, "one", &cluster.url())?.with_clock(&clock)?;
    let mut two = Node::new(&place, "two", &cluster.url())?;
    one.start().await?;
    two.start().await?;
    let first = one.set_up().await?;
    let nodes = [first.clone(), two.caller(&first.token)?];
    begin(&nodes).await?;
    let proxies = [Proxy::start(one.port()).await?, Proxy::start(two.port()).await?];
    let ports: Vec<_> = proxies.iter().map(|proxy| proxy.port).collect();

    let mut watchers = Watchers::default();
    for (number, sight) in (0..PLAIN).zip(SIGHTS.iter().cycle()) {
        watchers.add_plain(&ports, &first.token, sight, Dice::new(seed ^ (1000 + number as u64)));
    }
    for (_, sight) in (0..LIBRARY).zip(SIGHTS.iter().cycle()) {
        watchers.add_library(&ports, &first.token, sight)?;
    }
    let agents = agents(&place, &ports, &first.token)?;

    let database = cluster.url();
    let (stop, counts, begun) = (watch::Sender::new(false), Counts::default(), Instant::now());
    let until = Until(stop.subscribe());
    let dice = |number| Dice::new(seed ^ number);
    let faults = async {
        tokio::try_join!(
            end_when_enough(&watchers, &counts, &stop),
            kill_nodes(&mut one, dice(1), until.clone(), &counts),
            kill_nodes(&mut two, dice(2), until.clone(), &counts),
            kill_database(&mut cluster, dice(3), until.clone(), &counts),
            harm_connections(&proxies, dice(4), until.clone(), &counts),
            silence(&database, dice(5), until.clone(), &counts),
            turn_clock(&clock, dice(6), until.clone(), &counts),
            stall(&nodes, until.clone()),
            write(&nodes, 0, dice(7), until.clone()),
            write(&nodes, 1, dice(8), until.clone()),
            write(&nodes, 2, dice(9), until.clone()),
        )
    };
    let done = async {
        let (.., zero, first, second) = faults.await?;
        let acked = [zero, first, second].concat();
        let elapsed = begun.elapsed();
        let resumes = watchers.resumes();
        tell(&format!(
            "watch: kills of nodes, databases, connections, LISTEN, and jumps of the clock: {:?}; {resumes} resumes, {} \
             revisions, {:.1} s",
            counts.all(),
            acked.len(),
            elapsed.as_secs_f64()
        ));
        settle(&place, &nodes, &watchers, &acked, dice(10)).await?;
        ensure(counts.are_enough() && resumes >= RESUMES, || {
            let all = counts.all();
            format!("too quiet: {all:?} of {KILLS} each, {resumes} of {RESUMES} resumes")
        })
    };
    let done = done.await;
    done.map_err(|error| {
        let agents: Vec<_> = agents.iter().map(|agent| tail(&agent.log())).collect();
        let logs = [tail(&one.log()), tail(&two.log()), cluster.log_tail(), agents.join("\n--\n")].join("\n--\n");
        explain(&error, &format!("seed {seed}\n{logs}"))
    })
}

/// Makes the second namespace and the entries that always are there.
async fn begin(nodes: &[Caller; 2]) -> Tested {
    let [one, two] = nodes;
    one.put_json("/api/v1/environments/dev/namespaces/other", json!({})).await?.expect(200)?;
    let all = NAMESPACES.iter().flat_map(|namespace| (0..KEYS).map(move |key| put(namespace, &format!("k{key}"), "0")));
    let body = json!({"message": "begin", "changes": all.collect::<Vec<_>>()});
    let revision = one.post_json("/api/v1/publish", &body).await?.expect(200)?.revision;
    eventually("the second node has all", BOUND, async || Ok((two.ready().await?.revision >= revision).then_some(())))
        .await
}

fn put(namespace: &str, key: &str, content: &str) -> serde_json::Value {
    json!({"env": "dev", "namespace": namespace, "key": key, "op": "put", "format": "text", "content": content})
}

/// Three processes that run ten services, each with all entries of one namespace as files.
fn agents(place: &Place, ports: &[u16], token: &str) -> Tested<Vec<Agent>> {
    let servers: Vec<_> = ports.iter().map(|port| format!("'http://127.0.0.1:{port}'")).collect();
    let mut blocks = vec![String::new(); AGENTS];
    for (number, namespace) in (0..SERVICES).zip(NAMESPACES.iter().cycle()) {
        let folder = place.join(&format!("files{number}"));
        std::fs::create_dir_all(&folder)?;
        let file = |key: u64| format!("      - {{path: {}/k{key}, key: k{key}}}\n", folder.display());
        let block = format!(
            "  - name: s{number}\n    environment: dev\n    namespaces: [{namespace}]\n    \
             quiescence: {{min: 200ms, max: 2s}}\n    files:\n{}",
            (0..KEYS).map(file).collect::<String>()
        );
        blocks.get_mut(number % AGENTS).ok_or("no agent")?.push_str(&block);
    }
    let mut agents = Vec::new();
    for (number, services) in blocks.iter().enumerate() {
        let name = format!("host{number}");
        let mut agent = Agent::of_servers(place, &name, token, (&servers.join(", "), services))?;
        agent.start()?;
        agents.push(agent);
    }
    Ok(agents)
}

async fn end_when_enough(watchers: &Watchers, counts: &Counts, stop: &watch::Sender<bool>) -> Tested {
    let until = Instant::now() + FAULTS;
    let met = loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let met = watchers.each(|record| match &record.fault {
            Some(fault) => Err(format!("{}: {fault}", record.name).into()),
            None => Ok(()),
        });
        let enough = counts.are_enough() && watchers.resumes() > RESUMES;
        if met.is_err() || enough || Instant::now() > until {
            break met;
        }
    };
    stop.send_replace(true);
    met
}

async fn kill_nodes(node: &mut Node, mut dice: Dice, mut until: Until, counts: &Counts) -> Tested {
    while until.pause(dice.between(Duration::from_millis(500), Duration::from_millis(6500))).await {
        node.kill()?;
        count(&counts.nodes);
        node.start().await?;
    }
    Ok(())
}

async fn kill_database(cluster: &mut Cluster, mut dice: Dice, mut until: Until, counts: &Counts) -> Tested {
    let mut longest = Duration::ZERO;
    while until.pause(dice.between(Duration::from_millis(200), Duration::from_millis(2500))).await {
        match dice.below(3) {
            0 => cluster.kill_postmaster()?,
            1 => cluster.stop(nix::sys::signal::Signal::SIGINT).await?,
            _ => cluster.kill()?,
        }
        count(&counts.databases);
        let begun = Instant::now();
        cluster.start().await?;
        longest = longest.max(begun.elapsed());
    }
    tell(&format!("watch: the longest start of the database took {longest:?}"));
    Ok(())
}

async fn harm_connections(proxies: &[Proxy], mut dice: Dice, mut until: Until, counts: &Counts) -> Tested {
    while until.pause(dice.between(Duration::from_millis(50), Duration::from_millis(400))).await {
        let harm = match dice.below(5) {
            0 => Harm::Cut,
            1 => Harm::CutWithin,
            2 => Harm::EndToClient,
            3 => Harm::EndToServer,
            _ => Harm::Delay(dice.between(Duration::from_millis(100), Duration::from_secs(3))),
        };
        let at = usize::try_from(dice.below(proxies.len() as u64))?;
        let harmed = proxies.get(at).ok_or("no proxy")?.harm(harm, &mut dice);
        if harmed && !matches!(harm, Harm::Delay(_)) {
            count(&counts.connections);
        }
    }
    Ok(())
}

/// Ends the connections that listen, and with them what would have been heard.
async fn silence(database: &str, mut dice: Dice, mut until: Until, counts: &Counts) -> Tested {
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'";
    while until.pause(dice.between(Duration::from_millis(300), Duration::from_millis(1500))).await {
        // The database may be away.
        let ended = tokio::task::block_in_place(|| sql(database, end));
        let ended = ended.ok().and_then(|ended| ended.parse().ok()).unwrap_or(0);
        counts.listeners.fetch_add(ended, Ordering::Relaxed);
    }
    Ok(())
}

/// Sets the wall clock of the first node forward and back, by up to an hour.
async fn turn_clock(clock: &std::path::Path, mut dice: Dice, mut until: Until, counts: &Counts) -> Tested {
    while until.pause(dice.between(Duration::from_millis(500), Duration::from_millis(2500))).await {
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
async fn stall(nodes: &[Caller; 2], mut until: Until) -> Tested {
    let mut all = Vec::new();
    while until.pause(Duration::from_secs(2)).await {
        for node in nodes {
            // The node may be down.
            if let Ok(stalled) = stalled::open(node, "app").await {
                all.push(stalled);
            }
        }
        let old = all.len().saturating_sub(8);
        all.drain(..old);
    }
    Ok(())
}

/// Publishes change sets over both namespaces, one after the other, each until it is acknowledged. Gives their revisions.
async fn write(nodes: &[Caller; 2], number: u64, mut dice: Dice, mut until: Until) -> Tested<Vec<u64>> {
    let mut acked = Vec::new();
    let own = format!("own{number}");
    while until.pause(dice.between(Duration::from_millis(50), Duration::from_millis(450))).await {
        let marker = format!("w{number}-{}", acked.len());
        let mut changes = vec![if acked.len() % 2 == 0 {
            put("app", &own, &marker)
        } else {
            json!({"env": "dev", "namespace": "app", "key": own, "op": "delete"})
        }];
        // Of some revisions a watcher of one namespace sees nothing.
        for namespace in NAMESPACES {
            if dice.below(3) > 0 {
                changes.push(put(namespace, &format!("k{}", dice.below(KEYS)), &marker));
            }
        }
        if dice.below(4) == 0 {
            changes.remove(0);
            changes.push(put("other", &own, &marker));
            changes.push(put("app", &own, &marker));
        }
        let body = json!({"message": marker, "changes": changes});
        acked.push(publish(nodes, &mut dice, &marker, &serde_json::to_vec(&body)?).await?);
    }
    Ok(acked)
}

async fn publish(nodes: &[Caller], dice: &mut Dice, marker: &str, body: &[u8]) -> Tested<u64> {
    eventually(marker, BOUND, async || {
        let at = usize::try_from(dice.below(nodes.len() as u64))?;
        let node = nodes.get(at).ok_or("no node")?;
        let answer = node.call(Method::POST, "/api/v1/publish", Some(marker), Some(body.to_vec())).await?;
        match answer.status.as_u16() {
            200 => Ok(Some(Ok(answer.json::<WriteView>()?.revision))),
            503 => Err(answer.text().into()),
            _ => Ok(Some(Err(format!("{marker}: {} {}", answer.status, answer.text())))),
        }
    })
    .await?
    .map_err(Into::into)
}

/// Everything is well again: waits until all have all, and judges.
async fn settle(place: &Place, nodes: &[Caller; 2], watchers: &Watchers, acked: &[u64], mut dice: Dice) -> Tested {
    let [one, two] = nodes;
    let begun = Instant::now();
    let body = json!({"message": "end", "changes": NAMESPACES.map(|namespace| put(namespace, "k0", "end"))});
    let end = publish(nodes, &mut dice, "end", &serde_json::to_vec(&body)?).await?;
    eventually("every watcher is at the end", BACK, async || watchers.are_at(end)).await?;
    let back = begun.elapsed();
    for number in 0..SERVICES {
        applied(one, &format!("host{}/s{number}", number % AGENTS), end).await?;
    }
    tell(&format!("watch: all watchers at the end after {back:?}, all agents after {:?}", begun.elapsed()));

    let log = Log::read(two, dice).await?;
    for revision in acked {
        ensure(log.contains(*revision), || format!("{revision} was acknowledged and is not in the history"))?;
    }
    for (node, namespace) in nodes.iter().flat_map(|node| NAMESPACES.map(|namespace| (node, namespace))) {
        let list = entries(node, namespace, end).await?;
        let shown = list.entries.into_iter().map(|entry| (format!("{namespace}/{}", entry.key), entry.hash)).collect();
        ensure(log.state(log.head, &[namespace.to_owned()]) == shown, || format!("{} shows {shown:?}", node.url))?;
    }
    for (number, namespace) in (0..SERVICES).zip(NAMESPACES.iter().cycle()) {
        check_files(place, number, namespace, &log)?;
    }
    let mut told = Told::default();
    watchers.each(|record| {
        told.add(record);
        log.judge(record)
    })?;
    tell(&format!("watch: {told:?}"));
    // Nothing was restored, trimmed or taken away.
    let unfounded = told.resets.keys().find(|reason| *reason != "slow");
    ensure(unfounded.is_none(), || format!("a reset without a cause: {unfounded:?}"))
}

/// The files of a service are the entries of its namespace.
fn check_files(place: &Place, number: usize, namespace: &str, log: &Log) -> Tested {
    let state = log.state(log.head, &[namespace.to_owned()]);
    for key in 0..KEYS {
        let file = place.join(&format!("files{number}/k{key}"));
        let hash = ContentHash::of(&std::fs::read(&file)?).to_string();
        ensure(state.get(&format!("{namespace}/k{key}")) == Some(&hash), || format!("{} differs", file.display()))?;
    }
    Ok(())
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
