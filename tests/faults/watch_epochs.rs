//! The history itself is replaced under its watchers: each notices, and ends with what the store has.

use std::time::Duration;

use serde_json::json;

use crate::failover::{Scene, in_new_epoch};
use crate::support::http::Caller;
use crate::support::log::Log;
use crate::support::node::{Node, Process, pintle, tail};
use crate::support::postgres::Cluster;
use crate::support::publishers::explain;
use crate::support::seen::Seen;
use crate::support::watchers::Watchers;
use crate::support::{BOUND, Dice, Place, Tested, ensure, eventually, tell};

/// A client of the library waits up to 30 s after a long outage.
const BACK: Duration = Duration::from_secs(75);

/// Ten plain watchers and ten of the library.
fn watchers(ports: &[u16], token: &str) -> Tested<Watchers> {
    let mut watchers = Watchers::default();
    for number in 0..10 {
        watchers.add_plain(ports, token, &["app"], Dice::new(number));
        watchers.add_library(ports, token, &["app"])?;
    }
    Ok(watchers)
}

/// All end with the store, and each was told that the history is another one.
async fn end_equal(caller: &Caller, watchers: &Watchers) -> Tested {
    let last = caller.publish("end", "end", "end").await?.expect(200)?.revision;
    eventually("every watcher is at the end", BACK, async || watchers.are_at(last)).await?;
    let log = Log::read(caller, Dice::new(1)).await?;
    watchers.each(|record| {
        log.judge(record)?;
        let told = record.seen.iter().any(|seen| matches!(seen, Seen::Reset(reason) if reason == "epoch"));
        ensure(told, || format!("{} was not told of the new epoch", record.name))
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_lossy_failover_every_watcher_has_what_the_store_has() -> Tested {
    let mut scene = Scene::set().await?;
    let done = fail_over(&mut scene).await;
    done.map_err(|error| explain(&error, &scene.logs()))
}

async fn fail_over(scene: &mut Scene) -> Tested {
    let [one, two] = scene.callers.clone().try_into().map_err(|_| "two callers")?;
    let ports: Vec<_> = scene.nodes.iter().map(Node::port).collect();
    one.publish("kept", "kept", "kept").await?.expect(200)?;
    two.shows("kept", "kept").await?;
    let watchers = watchers(&ports, &one.token)?;
    scene.standby_has_all().await?;
    scene.replication.freeze(true);
    let lost = scene.publish_what_will_be_lost(20).await?;
    let last = lost.last().map_or(0, |view| view.revision);
    eventually("every watcher has what will be lost", BACK, async || watchers.are_at(last)).await?;
    let before = one.ready().await?;
    scene.primary.kill()?;
    scene.standby.promote().await?;
    in_new_epoch(&one, before.epoch).await?;
    in_new_epoch(&two, before.epoch).await?;
    end_equal(&one, &watchers).await?;
    watchers.each(|record| ensure(!record.holds.contains_key("app/lost3"), || format!("{} holds it", record.name)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_every_watcher_waits_and_then_has_what_the_store_has() -> Tested {
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let mut node = Node::new(&place, "one", &cluster.url())?;
    node.start().await?;
    let caller = node.set_up().await?;
    let done = restore(&place, &cluster, &mut node, &caller).await;
    done.map_err(|error| explain(&error, &tail(&node.log())))
}

async fn restore(place: &Place, cluster: &Cluster, node: &mut Node, caller: &Caller) -> Tested {
    caller.publish("kept", "kept", "kept").await?.expect(200)?;
    let watchers = watchers(&[node.port()], &caller.token)?;
    let dump = place.join("dump.sql");
    let dump = dump.to_string_lossy();
    cluster.client("pg_dump", &["-f", &dump, "pintle"])?;
    let last = caller.publish("lost", "lost", "lost").await?.expect(200)?.revision;
    eventually("every watcher has what will be lost", BACK, async || watchers.are_at(last)).await?;
    let before = caller.ready().await?;

    // As its pages say: the node is stopped, the dump restored, the node started.
    node.kill()?;
    cluster.sql_in("postgres", "DROP DATABASE pintle WITH (FORCE)")?;
    cluster.sql_in("postgres", "CREATE DATABASE pintle")?;
    let mut command = pintle();
    command.args(["restore", "--database", &cluster.url(), &dump]);
    let mut restored = Process::spawn(command, place.join("restore"))?;
    let (code, errors) = restored.ended(BOUND).await?;
    ensure(code == Some(0), || format!("{}{errors}", restored.output()))?;
    node.start().await?;
    let after = in_new_epoch(caller, before.epoch).await?;
    ensure(after.held, || format!("{after:?}"))?;
    let new = caller.publish("new", "new", "new").await?.expect(200)?.revision;
    // Held: those who have something keep it, whatever is published.
    tokio::time::sleep(Duration::from_secs(2)).await;
    watchers.each(|record| {
        let kept = record.holds.contains_key("app/lost") && !record.holds.contains_key("app/new");
        ensure(kept, || format!("{} did not wait: {:?}", record.name, record.holds))
    })?;
    caller.post_json("/api/v1/resume", &json!({})).await?.expect(200)?;
    eventually("every watcher is in the new history", BACK, async || watchers.are_at(new)).await?;
    end_equal(caller, &watchers).await?;
    tell(&format!("watch: {} resumes around a restore", watchers.resumes()));
    watchers.each(|record| ensure(!record.holds.contains_key("app/lost"), || format!("{} holds it", record.name)))
}
