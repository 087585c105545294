//! The primary is lost and a standby takes over, or a dump is restored: a new epoch, no number twice, and what was lost
//! is told.

use std::collections::HashMap;
use std::time::Duration;

use nix::sys::signal::Signal;
use pintle::api::entries::{EntryList, WriteView};
use pintle::api::nodes::{LostList, ReadyView};
use reqwest::Method;

use crate::support::http::Caller;
use crate::support::node::{Node, tail};
use crate::support::postgres::Cluster;
use crate::support::proxy::Proxy;
use crate::support::publishers::{Load, Publishers, Settled, explain};
use crate::support::{BOUND, Place, Tested, ensure, eventually, tell};

/// The least distance between the numbers of two epochs.
const JUMP: u64 = 1_000_000;

/// A primary, an asynchronous standby behind a proxy, and two nodes that know both hosts.
pub(crate) struct Scene {
    pub(crate) place: Place,
    pub(crate) primary: Cluster,
    pub(crate) standby: Cluster,
    pub(crate) replication: Proxy,
    pub(crate) nodes: Vec<Node>,
    pub(crate) callers: Vec<Caller>,
}

impl Scene {
    pub(crate) async fn set() -> Tested<Self> {
        let place = Place::new()?;
        let primary = Cluster::start_new(&place, "primary").await?;
        let replication = Proxy::start(primary.port).await?;
        let standby = primary.standby(&place, "standby", replication.port).await?;
        let url = format!("postgres://pintle@{},{}/pintle", primary.host(), standby.host());
        let mut nodes = vec![Node::new(&place, "one", &url)?, Node::new(&place, "two", &url)?];
        for node in &mut nodes {
            node.start().await?;
        }
        let first = nodes.first().ok_or("no node")?.set_up().await?;
        let callers = nodes.iter().map(|node| node.caller(&first.token)).collect::<Tested<Vec<_>>>()?;
        Ok(Self { place, primary, standby, replication, nodes, callers })
    }

    fn load(&self, word: &'static str) -> Load {
        Load { nodes: self.callers.clone(), publishers: 8, keys: 12, checks_reads: false, seed: 7, word }
    }

    /// Waits until the standby has all that the primary has.
    pub(crate) async fn standby_has_all(&self) -> Tested {
        let at = self.primary.sql("SELECT pg_current_wal_insert_lsn()")?;
        eventually("the standby has everything", BOUND, async || {
            let there = format!("SELECT pg_last_wal_replay_lsn() >= '{at}'");
            Ok((self.standby.sql_in("postgres", &there)? == "t").then_some(()))
        })
        .await
    }

    /// Publishes one change set through each node while nothing reaches the standby any more.
    pub(crate) async fn publish_what_will_be_lost(&self, count: u64) -> Tested<Vec<WriteView>> {
        let mut acked = Vec::new();
        for number in 0..count {
            let at = usize::try_from(number)? % self.callers.len();
            let caller = self.callers.get(at).ok_or("no caller")?;
            let marker = format!("lost-{number}");
            acked.push(caller.publish(&format!("lost{number}"), &marker, &marker).await?.expect(200)?.json()?);
        }
        Ok(acked)
    }

    pub(crate) fn logs(&self) -> String {
        let nodes: Vec<_> = self.nodes.iter().map(|node| tail(&node.log())).collect();
        format!("{}\n--\n{}\n--\n{}", nodes.join("\n--\n"), self.primary.log_tail(), self.standby.log_tail())
    }
}

pub(crate) async fn in_new_epoch(caller: &Caller, old: u64) -> Tested<ReadyView> {
    eventually("the node is in a new epoch", BOUND, async || {
        Ok(Some(caller.ready().await?).filter(|ready| ready.epoch > old && ready.writes))
    })
    .await
}

/// Both nodes are at the head of the database and show what it has.
async fn converged(database: &Cluster, callers: &[Caller]) -> Tested {
    let head = database.sql("SELECT epoch, revision FROM head")?;
    let stored = database.sql(
        "SELECT DISTINCT ON (c.key) c.key, c.revision, encode(c.hash, 'hex') FROM changes c
         WHERE c.item = 'entry' ORDER BY c.key, c.revision DESC",
    )?;
    for caller in callers {
        let ready: ReadyView = eventually("the node is at the head", BOUND, async || {
            Ok(Some(caller.ready().await?).filter(|ready| format!("{}|{}", ready.epoch, ready.revision) == head))
        })
        .await?;
        let list: EntryList = caller.get_json("/api/v1/environments/dev/namespaces/app/entries?limit=1000").await?;
        let mut shown: Vec<_> =
            list.entries.iter().map(|entry| format!("{}|{}|{}", entry.key, entry.revision, entry.hash)).collect();
        shown.sort();
        let mut wanted: Vec<_> = stored.lines().map(str::to_owned).collect();
        wanted.sort();
        ensure(shown == wanted, || format!("{ready:?} shows {shown:?} instead of {wanted:?}"))?;
    }
    Ok(())
}

/// Nothing was issued twice: not in the answers, and not in the database, whose epochs are gap-free.
fn no_number_twice(database: &Cluster, settled: &[Settled], more: &[WriteView]) -> Tested {
    let acked = settled.iter().filter_map(|one| Some((one.acked.as_ref()?.revision, one.marker.clone())));
    let mut seen = HashMap::<u64, String>::new();
    let more = more.iter().map(|view| (view.revision, format!("revision {}", view.revision)));
    for (revision, marker) in acked.chain(more) {
        let twice = seen.insert(revision, marker.clone());
        ensure(twice.is_none(), || format!("{revision} was acknowledged to {twice:?} and to {marker}"))?;
    }
    let holes = database.sql(
        "SELECT count(*) FROM (SELECT epoch, max(revision) - min(revision) + 1 - count(*) AS missing
                               FROM revisions GROUP BY epoch) e WHERE missing <> 0",
    )?;
    ensure(holes == "0", || format!("{holes} epochs have holes"))?;
    let first = database
        .sql("SELECT count(*) FROM revisions r JOIN epochs e USING (epoch) WHERE r.revision < e.first_revision")?;
    ensure(first == "0", || "an epoch has numbers below its first".to_owned())
}

/// What is acknowledged in the surviving history is there exactly once.
fn acknowledged_survive(database: &Cluster, settled: &[Settled], lost: &LostList) -> Tested<usize> {
    let rows = database
        .sql("SELECT message, count(*), max(revision) FROM revisions WHERE kind = 'publish' GROUP BY message")?;
    let mut stored = HashMap::new();
    for row in rows.lines() {
        let values: Vec<&str> = row.split('|').collect();
        let [message, count, revision] = values.as_slice() else { return Err(format!("odd row {row}").into()) };
        ensure(*count == "1", || format!("{message} is there {count} times"))?;
        stored.insert((*message).to_owned(), revision.parse::<u64>()?);
    }
    let mut missing = 0;
    for one in settled {
        let Some(acked) = &one.acked else { continue };
        if let Some(revision) = stored.get(&one.marker) {
            ensure(*revision == acked.revision, || format!("{} is {revision}, not {}", one.marker, acked.revision))?;
        } else {
            missing += 1;
            let told = lost.lost.iter().any(|lost| lost.revision.message == one.marker);
            ensure(told, || format!("{} ({}) is lost and nobody says so", one.marker, acked.revision))?;
        }
    }
    Ok(missing)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lagging_standby_that_takes_over_begins_an_epoch_and_what_is_lost_is_listed() -> Tested {
    let mut scene = Scene::set().await?;
    let done = lose_the_primary(&mut scene).await;
    done.map_err(|error| explain(&error, &scene.logs()))
}

async fn lose_the_primary(scene: &mut Scene) -> Tested {
    let [one, two] = scene.callers.as_slice() else { return Err("two callers".into()) };
    let before = one.writes().await?;
    let mut publishers = Publishers::start(&scene.load("busy"));
    eventually("a hundred publishes", BOUND, async || Ok((publishers.acked()? >= 100).then_some(()))).await?;
    scene.standby_has_all().await?;

    scene.replication.freeze(true);
    let already = publishers.acked()?;
    eventually("publishes that the standby lacks", BOUND, async || {
        Ok((publishers.acked()? >= already + 50).then_some(()))
    })
    .await?;
    let certain = scene.publish_what_will_be_lost(20).await?;
    let two_has = certain.last().map_or(0, |view| view.revision);
    eventually("both have seen them", BOUND, async || {
        let seen = (one.ready().await?.revision, two.ready().await?.revision);
        Ok((seen.0 >= two_has && seen.1 >= two_has).then_some(()))
    })
    .await?;
    scene.primary.kill()?;
    let killed = tokio::time::Instant::now();
    let seen = one.ready().await?.revision.max(two.ready().await?.revision);
    scene.standby.promote().await?;
    let after = in_new_epoch(one, before.epoch).await?;
    ensure(!after.held, || format!("nobody restored anything: {after:?}"))?;
    let after_two = in_new_epoch(two, before.epoch).await?;
    let back = killed.elapsed();
    ensure(after.epoch == after_two.epoch, || "two epochs for one failover".to_owned())?;

    let resumed = publishers.acked()?;
    eventually("publishes in the new epoch", BOUND, async || Ok((publishers.acked()? >= resumed + 50).then_some(())))
        .await?;
    tell(&format!("failover: writes were back after {} ms", back.as_millis()));
    let settled = publishers.finish().await?;
    converged(&scene.standby, &scene.callers).await?;
    no_number_twice(&scene.standby, &settled, &certain)?;
    let first: u64 =
        scene.standby.sql(&format!("SELECT first_revision FROM epochs WHERE epoch = {}", after.epoch))?.parse()?;
    let newest_old = settled.iter().filter_map(|one| one.acked.as_ref()).filter(|view| view.epoch == before.epoch);
    let newest_old = newest_old.map(|view| view.revision).chain([seen, two_has]).max().unwrap_or(0);
    ensure(first > newest_old + JUMP, || format!("{first} is too close to {newest_old}"))?;

    let mut all = LostList { lost: Vec::new() };
    for caller in [one, two] {
        let lost: LostList = caller.get_json("/api/v1/lost").await?;
        for view in &certain {
            let found = lost.lost.iter().find(|lost| lost.revision.revision == view.revision);
            ensure(found.is_some_and(|lost| lost.revision.epoch == view.epoch), || {
                format!("revision {} is not listed", view.revision)
            })?;
        }
        let numbers: Vec<_> = lost.lost.iter().map(|lost| lost.revision.revision).collect();
        ensure(numbers.is_sorted_by(|a, b| a < b), || format!("not in order, or twice: {numbers:?}"))?;
        all.lost.extend(lost.lost);
    }
    // What was acknowledged in the last moment may be known to one node only.
    let missing = acknowledged_survive(&scene.standby, &settled, &all)?;
    ensure(missing > 0, || "nothing was lost: the standby did not lag".to_owned())?;
    tell(&format!("failover: {missing} of the publishers' change sets were lost, and listed"));
    publish_again(one, two).await
}

/// A lost change set is published again as it is listed, and read.
async fn publish_again(one: &Caller, two: &Caller) -> Tested {
    let lost: LostList = one.get_json("/api/v1/lost").await?;
    ensure(one.content("lost3").await?.is_none(), || "a lost entry is still shown".to_owned())?;
    let again = lost.lost.into_iter().find(|lost| lost.revision.message == "lost-3").ok_or("lost-3 is not listed")?;
    let body = serde_json::to_vec(&again.publish.ok_or("no body to publish")?)?;
    let answer: WriteView = one.call(Method::POST, "/api/v1/publish", None, Some(body)).await?.expect(200)?.json()?;
    ensure(answer.changed == 1, || format!("{answer:?}"))?;
    one.shows("lost3", "lost-3").await?;
    two.shows("lost3", "lost-3").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_primary_dies_together_with_the_node_that_acknowledged_last_and_the_other_goes_on() -> Tested {
    let mut scene = Scene::set().await?;
    let done = lose_primary_and_node(&mut scene).await;
    done.map_err(|error| explain(&error, &scene.logs()))
}

async fn lose_primary_and_node(scene: &mut Scene) -> Tested {
    let [one, two] = scene.callers.clone().try_into().map_err(|_| "two callers")?;
    let before = one.writes().await?;
    one.publish("kept", "kept", "kept").await?.expect(200)?;
    two.shows("kept", "kept").await?;
    scene.standby_has_all().await?;
    scene.replication.freeze(true);
    // The last one is known to the node that dies, and perhaps to the other.
    let mut last = 0;
    for number in 0..10 {
        let marker = format!("last-{number}");
        if number == 9 {
            two.shows("last", "last-8").await?;
        }
        last = one.publish("last", &marker, &marker).await?.expect(200)?.json::<WriteView>()?.revision;
    }
    scene.nodes.first_mut().ok_or("no node")?.kill()?;
    scene.primary.kill()?;
    scene.standby.promote().await?;
    let after = in_new_epoch(&two, before.epoch).await?;
    ensure(!after.held, || format!("nobody restored anything: {after:?}"))?;
    ensure(after.revision > last + JUMP, || format!("{} is too close to {last}", after.revision))?;
    ensure(two.content("last").await?.is_none(), || "what the database lost is still shown".to_owned())?;
    two.shows("kept", "kept").await?;
    let lost: LostList = two.get_json("/api/v1/lost").await?;
    let told = lost.lost.iter().filter(|lost| lost.revision.message.starts_with("last-")).count();
    ensure(told >= 9, || format!("only {told} of 10 are listed"))?;
    two.publish("new", "new", "new").await?.expect(200)?;

    // The one that died comes back into the new history.
    scene.nodes.first_mut().ok_or("no node")?.start().await?;
    let back = one.writes().await?;
    ensure(back.epoch == after.epoch, || format!("{back:?} and {after:?}"))?;
    one.publish("back", "back", "back").await?.expect(200)?;
    converged(&scene.standby, &scene.callers).await?;
    no_number_twice(&scene.standby, &[], &[])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clean_promotion_begins_an_epoch_and_loses_nothing() -> Tested {
    let mut scene = Scene::set().await?;
    let done = promote_cleanly(&mut scene).await;
    done.map_err(|error| explain(&error, &scene.logs()))
}

async fn promote_cleanly(scene: &mut Scene) -> Tested {
    let [one, two] = scene.callers.as_slice() else { return Err("two callers".into()) };
    let before = one.writes().await?;
    for number in 0..20 {
        one.publish("kept", &format!("kept-{number}"), &format!("kept-{number}")).await?.expect(200)?;
    }
    // A clean stop sends everything to the standby first.
    scene.primary.stop(Signal::SIGINT).await?;
    scene.standby.promote().await?;
    for caller in [one, two] {
        let after = in_new_epoch(caller, before.epoch).await?;
        ensure(after.revision > before.revision + 20 + JUMP, || format!("{after:?} after {before:?}"))?;
        caller.shows("kept", "kept-19").await?;
        let lost: LostList = caller.get_json("/api/v1/lost").await?;
        ensure(lost.lost.is_empty(), || format!("{} lost", lost.lost.len()))?;
    }
    let repeated = two.publish("kept", "kept-19", "kept-19").await?.expect(200)?.json::<WriteView>()?;
    ensure(repeated.replayed && repeated.epoch == before.epoch, || {
        format!("the first answer was another: {repeated:?}")
    })?;
    two.publish("new", "new", "new").await?.expect(200)?;
    converged(&scene.standby, &scene.callers).await?;

    // And back again, to a standby of the new primary: the third epoch.
    let middle = one.ready().await?;
    let third = scene.standby.standby(&scene.place, "third", scene.standby.port).await?;
    let at = scene.standby.sql("SELECT pg_current_wal_insert_lsn()")?;
    eventually("the third has everything", BOUND, async || {
        Ok((third.sql_in("postgres", &format!("SELECT pg_last_wal_replay_lsn() >= '{at}'"))? == "t").then_some(()))
    })
    .await?;
    scene.standby.kill()?;
    third.promote().await?;
    // No node knows its address.
    tokio::time::timeout(Duration::from_secs(5), async { one.ready().await }).await??;
    let url = third.url();
    let mut newcomer = Node::new(&scene.place, "newcomer", &url)?;
    newcomer.start().await?;
    let caller = newcomer.caller(&one.token)?;
    let ready = caller.ready().await?;
    ensure(ready.epoch > middle.epoch && ready.revision > middle.revision + JUMP, || {
        format!("{ready:?} after {middle:?}")
    })?;
    caller.shows("new", "new").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_falls_silent_and_is_replaced_holds_nobody_up() -> Tested {
    let mut scene = Scene::set().await?;
    let done = replace_a_silent_primary(&mut scene).await;
    // What is stopped cannot be killed cleanly by name only; it is killed by its numbers when the scene is dropped.
    let woken = scene.primary.signal_all(Signal::SIGCONT);
    done.map_err(|error| explain(&error, &scene.logs()))?;
    woken
}

async fn replace_a_silent_primary(scene: &mut Scene) -> Tested {
    let [one, two] = scene.callers.as_slice() else { return Err("two callers".into()) };
    let before = one.writes().await?;
    let mut publishers = Publishers::start(&scene.load("busy"));
    eventually("a hundred publishes", BOUND, async || Ok((publishers.acked()? >= 100).then_some(()))).await?;
    scene.standby_has_all().await?;
    // Its machine hangs: connections stay open and nothing is ever answered.
    scene.primary.signal_all(Signal::SIGSTOP)?;
    let silent = tokio::time::Instant::now();
    scene.standby.promote().await?;
    let after = in_new_epoch(one, before.epoch).await?;
    in_new_epoch(two, before.epoch).await?;
    let resumed = publishers.acked()?;
    eventually("publishes in the new epoch", BOUND, async || Ok((publishers.acked()? >= resumed + 50).then_some(())))
        .await?;
    tell(&format!(
        "failover: after a silent primary publishes were acknowledged again within {} ms",
        silent.elapsed().as_millis()
    ));
    let settled = publishers.finish().await?;
    converged(&scene.standby, &scene.callers).await?;
    no_number_twice(&scene.standby, &settled, &[])?;
    // What was acknowledged in the last moment may be known to one node only.
    let mut lost: LostList = one.get_json("/api/v1/lost").await?;
    lost.lost.extend(two.get_json::<LostList>("/api/v1/lost").await?.lost);
    acknowledged_survive(&scene.standby, &settled, &lost)?;
    // Wake-ups come from the new primary, too: faster than the poll.
    let started = tokio::time::Instant::now();
    for number in 0..10 {
        let content = format!("woken-{number}");
        one.publish("woken", &content, &content).await?.expect(200)?;
        two.shows("woken", &content).await?;
    }
    let each = started.elapsed() / 10;
    ensure(each < Duration::from_millis(400), || format!("the other node follows after {each:?}: by its poll"))?;
    ensure(after.epoch > before.epoch, String::new)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_dump_is_another_history_with_higher_numbers() -> Tested {
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let mut node = Node::new(&place, "one", &cluster.url())?;
    node.start().await?;
    let caller = node.set_up().await?;
    for number in 0..5 {
        caller.publish("kept", &format!("kept-{number}"), &format!("kept-{number}")).await?.expect(200)?;
    }
    let before = caller.ready().await?;
    let dump = place.join("dump.sql");
    let dump = dump.to_string_lossy();
    cluster.client("pg_dump", &["-f", &dump, "pintle"])?;
    for number in 0..5 {
        caller.publish("after", &format!("after-{number}"), &format!("after-{number}")).await?.expect(200)?;
    }
    let seen = caller.ready().await?;

    // Beside a running node: the database of the same name is replaced under it.
    cluster.sql_in("postgres", "DROP DATABASE pintle WITH (FORCE)")?;
    cluster.sql_in("postgres", "CREATE DATABASE pintle")?;
    cluster.client("psql", &["-q", "-v", "ON_ERROR_STOP=1", "-1", "-o", "/dev/null", "-f", &dump, "pintle"])?;
    let after = in_new_epoch(&caller, before.epoch).await.map_err(|error| explain(&error, &tail(&node.log())))?;
    ensure(after.revision > seen.revision + JUMP, || format!("{after:?} after {seen:?}"))?;
    ensure(after.held, || format!("somebody restored by hand: {after:?}"))?;
    caller.shows("kept", "kept-4").await?;
    let lost: LostList = caller.get_json("/api/v1/lost").await?;
    let told: Vec<_> = lost.lost.iter().map(|lost| lost.revision.message.as_str()).collect();
    ensure(told == ["after-0", "after-1", "after-2", "after-3", "after-4"], || format!("{told:?}"))?;

    // Into a database of another name and another cluster, for a node that starts there.
    let other = Cluster::start_new(&place, "other").await?;
    other.client("psql", &["-q", "-v", "ON_ERROR_STOP=1", "-1", "-o", "/dev/null", "-f", &dump, "pintle"])?;
    let mut second = Node::new(&place, "second", &other.url())?;
    second.start().await?;
    let elsewhere = second.caller(&caller.token)?;
    let ready = elsewhere.ready().await?;
    ensure(ready.epoch > before.epoch && ready.revision > before.revision + JUMP, || format!("{ready:?}"))?;
    ensure(ready.held, || format!("somebody restored by hand: {ready:?}"))?;
    elsewhere.shows("kept", "kept-4").await?;
    let reason = other.sql("SELECT reason FROM epochs ORDER BY epoch DESC LIMIT 1")?;
    ensure(reason.contains("system") || reason.contains("table"), || reason)
}
