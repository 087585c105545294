//! Nodes and the database are killed under load: nothing acknowledged is lost, nothing happens twice, no number is
//! skipped.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use pintle::api::entries::{EntryList, EntryView};
use pintle::api::revisions::RevisionList;
use pintle::domain::contents::ContentHash;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::support::http::Caller;
use crate::support::node::{Node, tail};
use crate::support::postgres::Cluster;
use crate::support::publishers::{Load, Publishers, Settled, explain};
use crate::support::{Dice, Place, Tested, ensure, eventually, tell};

/// Below these the test has shown nothing.
const KILLS: u64 = 20;
const ACKED: usize = 5_000;
/// The longest time the faults go on.
const FAULTS: Duration = Duration::from_secs(200);
/// How many entries all publishers share.
const KEYS: u64 = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_done_twice_when_nodes_and_the_database_are_killed() -> Tested {
    let seed = Dice::seed()?;
    tell(&format!("crash: PINTLE_FAULTS_SEED={seed}"));
    let place = Place::new()?;
    let mut cluster = Cluster::start_new(&place, "pg").await?;
    let (mut one, mut two) = (Node::new(&place, "one", &cluster.url())?, Node::new(&place, "two", &cluster.url())?);
    one.start().await?;
    two.start().await?;
    let first = one.set_up().await?;
    let second = two.caller(&first.token)?;
    eventually("the second node knows the token", Duration::from_secs(5), async || {
        Ok(second.get("/api/v1/access/me").await?.status.is_success().then_some(()))
    })
    .await?;

    let nodes = vec![first.clone(), second.clone()];
    let load = Load { nodes, publishers: 64, keys: KEYS, checks_reads: true, seed, word: "crash" };
    let begun = Instant::now();
    let mut publishers = Publishers::start(&load);
    let (stop, counts) = (watch::Sender::new(false), watch::Sender::new([0_u64; 3]));
    let watcher = async {
        let until = begun + FAULTS;
        let result = loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let acked = match publishers.acked() {
                Ok(acked) => acked,
                Err(error) => break Err(error),
            };
            let enough = counts.borrow().iter().all(|kills| *kills > KILLS) && acked >= ACKED;
            if enough || Instant::now() > until {
                break Ok(());
            }
        };
        stop.send_replace(true);
        result
    };
    let faults = async {
        tokio::try_join!(
            watcher,
            kill_nodes(&mut one, 0, Dice::new(seed ^ 1), &stop, &counts),
            kill_nodes(&mut two, 1, Dice::new(seed ^ 2), &stop, &counts),
            kill_database(&mut cluster, Dice::new(seed ^ 3), &stop, &counts),
        )
    };
    let settled = match faults.await {
        Ok(_) => publishers.finish().await,
        Err(error) => Err(error),
    };
    let settled = settled.map_err(|error| {
        let logs = [tail(&one.log()), tail(&two.log()), cluster.log_tail()].join("\n--\n");
        explain(&error, &format!("seed {seed}\n{logs}"))
    })?;
    let elapsed = begun.elapsed();
    let kills = *counts.borrow();
    report(&settled, kills, elapsed);
    let checked = check(&cluster, &[first, second], &settled).await;
    checked.map_err(|error| explain(&error, &format!("seed {seed}")))?;
    let acked = settled.iter().filter(|settled| settled.acked.is_some()).count();
    ensure(kills.iter().all(|kills| *kills >= KILLS) && acked >= ACKED, || {
        format!(
            "too quiet: {kills:?} kills, {acked} acknowledged publishes; at least {KILLS} of each and {ACKED} are needed"
        )
    })
}

type Counts = watch::Sender<[u64; 3]>;

fn count(counts: &Counts, which: usize) {
    counts.send_modify(|all| all.iter_mut().skip(which).take(1).for_each(|kills| *kills += 1));
}

/// Kills a node at random moments, and starts it again at once.
async fn kill_nodes(
    node: &mut Node,
    which: usize,
    mut dice: Dice,
    stop: &watch::Sender<bool>,
    counts: &Counts,
) -> Tested {
    let mut stopped = stop.subscribe();
    loop {
        let pause = dice.between(Duration::from_millis(200), Duration::from_millis(3500));
        if tokio::time::timeout(pause, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return Ok(());
        }
        node.kill()?;
        count(counts, which);
        node.start().await?;
    }
}

/// Kills the database with all its processes, or the postmaster alone, or stops it at once; and starts it again.
async fn kill_database(cluster: &mut Cluster, mut dice: Dice, stop: &watch::Sender<bool>, counts: &Counts) -> Tested {
    let mut stopped = stop.subscribe();
    loop {
        let pause = dice.between(Duration::from_millis(500), Duration::from_secs(4));
        if tokio::time::timeout(pause, stopped.wait_for(|stop| *stop)).await.is_ok() {
            return Ok(());
        }
        if dice.below(3) == 0 {
            cluster.kill_postmaster()?;
        } else {
            cluster.kill()?;
        }
        count(counts, 2);
        cluster.start().await?;
    }
}

fn report(settled: &[Settled], kills: [u64; 3], elapsed: Duration) {
    let acked: Vec<_> = settled.iter().filter_map(|settled| settled.acked.as_ref()).collect();
    let replayed = acked.iter().filter(|view| view.replayed).count();
    let doubted = settled.iter().filter(|settled| settled.doubted).count();
    let conditional = settled.iter().filter(|settled| settled.if_revision.is_some()).count();
    let rate = u128::try_from(acked.len()).unwrap_or(0) * 1000 / elapsed.as_millis().max(1);
    tell(&format!(
        "crash: {kills:?} kills, {} acknowledged ({replayed} of them replays), {doubted} doubted, {conditional} conditional, \
         {} refused, {:.1} s, {rate}/s",
        acked.len(),
        settled.len() - acked.len(),
        elapsed.as_secs_f64(),
    ));
}

/// One publish as the store has it.
struct Row {
    epoch: u64,
    key: String,
    hash: String,
    previous: u64,
    body_is_right: bool,
}

async fn check(cluster: &Cluster, nodes: &[Caller], settled: &[Settled]) -> Tested {
    let numbers = cluster.sql(
        "SELECT count(*), coalesce(min(revision), 0), coalesce(max(revision), 0), count(DISTINCT epoch),
                (SELECT revision FROM head), (SELECT count(*) FROM epochs), count(DISTINCT id),
                (SELECT count(*) FROM revisions a JOIN revisions b ON b.revision = a.revision + 1 WHERE b.at < a.at)
         FROM revisions",
    )?;
    let numbers: Vec<u64> = numbers.split('|').map(str::parse).collect::<Result<_, _>>()?;
    let total = numbers.first().copied().unwrap_or(0);
    ensure(numbers == [total, 1, total, 1, total, 1, total, 0], || {
        format!("revisions, first, last, epochs used, head, epochs, ids, times that go back: {numbers:?}")
    })?;
    let bad = cluster.sql("SELECT count(*) FROM contents WHERE sha256(body) <> hash")?;
    ensure(bad == "0", || format!("{bad} contents do not have their hash"))?;

    let rows = cluster.sql(
        "SELECT r.revision, r.epoch, r.message, c.key, encode(c.hash, 'hex'), c.previous, k.body = convert_to(r.message, 'UTF8')
         FROM revisions r JOIN changes c USING (revision) JOIN contents k ON k.hash = c.hash
         WHERE c.item = 'entry' ORDER BY r.revision",
    )?;
    let mut stored = BTreeMap::new();
    let mut markers = HashMap::<String, u64>::new();
    let mut last = HashMap::<String, (u64, String)>::new();
    for row in rows.lines() {
        let values: Vec<&str> = row.split('|').collect();
        let [revision, epoch, marker, key, hash, previous, right] = values.as_slice() else {
            return Err(format!("odd row {row}").into());
        };
        let revision: u64 = revision.parse()?;
        let row = Row {
            epoch: epoch.parse()?,
            key: (*key).to_owned(),
            hash: (*hash).to_owned(),
            previous: previous.parse()?,
            body_is_right: *right == "t",
        };
        let before = last.get(*key).map_or(0, |(revision, _)| *revision);
        ensure(row.previous == before, || format!("{revision} of {key} follows {}, not {before}", row.previous))?;
        last.insert((*key).to_owned(), (revision, row.hash.clone()));
        let twice = markers.insert((*marker).to_owned(), revision);
        ensure(twice.is_none(), || format!("{marker} is there twice: {twice:?} and {revision}"))?;
        stored.insert(revision, row);
    }
    check_settled(settled, &stored, &markers)?;
    for node in nodes {
        check_node(node, total, &stored, &last).await.map_err(|error| explain(&error, &node.url))?;
    }
    Ok(())
}

/// Every acknowledged publish is there once with its number and bytes; no refused one is; nothing else is.
fn check_settled(settled: &[Settled], stored: &BTreeMap<u64, Row>, markers: &HashMap<String, u64>) -> Tested {
    let mut known = HashSet::new();
    for one in settled {
        let Settled { marker, key, if_revision, acked, .. } = one;
        let found = markers.get(marker).copied();
        let Some(acked) = acked else {
            ensure(found.is_none(), || format!("{marker} was refused and is revision {found:?}: {one:?}"))?;
            continue;
        };
        known.insert(marker.as_str());
        ensure(found == Some(acked.revision), || {
            format!("{marker} was acknowledged as {} and is {found:?}", acked.revision)
        })?;
        let Some(row) = stored.get(&acked.revision) else {
            return Err(format!("{} is not there", acked.revision).into());
        };
        let hash = ContentHash::of(marker.as_bytes()).to_string();
        ensure(row.key == *key && row.hash == hash && row.body_is_right && row.epoch == acked.epoch, || {
            format!("{marker} has another place, content or epoch")
        })?;
        ensure(acked.changed == 1, || format!("{marker} changed {}", acked.changed))?;
        ensure(if_revision.is_none_or(|condition| row.previous == condition), || {
            format!("{marker} demanded {if_revision:?} and replaced {}", row.previous)
        })?;
    }
    let strangers: Vec<_> = markers.keys().filter(|marker| !known.contains(marker.as_str())).take(5).collect();
    ensure(strangers.is_empty(), || format!("in the store and acknowledged to nobody: {strangers:?}"))
}

/// A node's entries are the last ones of the store, and its history is the store's.
async fn check_node(
    node: &Caller,
    head: u64,
    stored: &BTreeMap<u64, Row>,
    last: &HashMap<String, (u64, String)>,
) -> Tested {
    let path = format!("/api/v1/environments/dev/namespaces/app/entries?min_revision={head}&limit=1000");
    let list: EntryList = node.get_json(&path).await?;
    let shown: HashMap<String, (u64, String)> =
        list.entries.iter().map(|entry| (entry.key.clone(), (entry.revision, entry.hash.clone()))).collect();
    ensure(shown == *last, || format!("the entries differ: {shown:?} instead of {last:?}"))?;
    let intact = |entry: &EntryView| {
        entry.content.bytes().is_some_and(|bytes| ContentHash::of(&bytes).to_string() == entry.hash)
    };
    ensure(list.entries.iter().all(intact), || "a content does not have its hash".to_owned())?;
    let ready = node.ready().await?;
    ensure((ready.revision, ready.writes) == (head, true), || format!("{ready:?} and the head is {head}"))?;

    let (mut before, mut next) = (String::new(), head);
    loop {
        let page: RevisionList = node.get_json(&format!("/api/v1/revisions?limit=500{before}")).await?;
        for revision in &page.revisions {
            ensure(revision.revision == next, || format!("the history has {} after {}", revision.revision, next + 1))?;
            next -= 1;
            let Some(row) = stored.get(&revision.revision) else { continue };
            let hash = revision.changes.first().and_then(|change| change.hash.as_ref());
            ensure(hash == Some(&row.hash), || format!("the history has another content at {}", revision.revision))?;
        }
        match page.next {
            Some(at) => before = format!("&before={at}"),
            None => return ensure(next == 0, || format!("the history ends at {next}")),
        }
    }
}
