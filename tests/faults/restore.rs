//! A dump is restored: the numbers jump, the store is held, and somebody resumes.

use pintle::api::nodes::ReadyView;
use serde_json::{Value, json};

use crate::support::http::Caller;
use crate::support::node::{Node, Process, pintle, tail};
use crate::support::postgres::Cluster;
use crate::support::{BOUND, Place, Tested, ensure, eventually};

/// The least distance between the numbers of two epochs.
const JUMP: u64 = 1_000_000;

/// Runs `pintle restore` on a database of the cluster. Its code, and all it said.
async fn restore(place: &Place, cluster: &Cluster, database: &str, arguments: &[&str]) -> Tested<(i32, String)> {
    let url = format!("postgres://pintle:unused@{}/{database}", cluster.host());
    let mut command = pintle();
    command.args(["restore", "--database", &url]).args(arguments);
    let name = format!("restore-{}", arguments.len());
    let mut process = Process::spawn(command, place.join(&name))?;
    let (code, errors) = process.ended(BOUND).await?;
    Ok((code.ok_or("ended by a signal")?, format!("{}{errors}", process.output())))
}

async fn is_held(caller: &Caller, held: bool) -> Tested<ReadyView> {
    eventually("the node shows whether the store is held", BOUND, async || {
        let ready = caller.ready().await?;
        Ok((ready.held == held).then_some(ready))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_store_is_held_until_somebody_resumes() -> Tested {
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let mut node = Node::new(&place, "one", &cluster.url())?;
    node.start().await?;
    let caller = node.set_up().await?;
    caller.publish("kept", "kept", "kept").await?.expect(200)?;
    let before = caller.ready().await?;
    ensure(!before.held, || format!("{before:?}"))?;
    let (plain, archive) = (place.join("dump.sql"), place.join("dump"));
    let (plain, archive) = (plain.to_string_lossy(), archive.to_string_lossy());
    cluster.client("pg_dump", &["-f", &plain, "pintle"])?;
    cluster.client("pg_dump", &["-Fc", "-f", &archive, "pintle"])?;
    caller.publish("lost", "lost", "lost").await?.expect(200)?;

    for name in ["empty", "held", "now"] {
        cluster.sql_in("postgres", &format!("CREATE DATABASE {name}"))?;
    }
    let (code, said) = restore(&place, &cluster, "empty", &[]).await?;
    ensure(code == 1 && said.contains("holds no Pintle store"), || said)?;
    let (code, said) = restore(&place, &cluster, "pintle", &[&plain]).await?;
    ensure(code == 1 && said.contains("is not empty"), || said)?;
    let (code, said) = restore(&place, &cluster, "held", &[&archive]).await?;
    ensure(code == 0 && said.contains("pintle resume"), || said)?;
    let (code, said) = restore(&place, &cluster, "now", &[&plain, "--now"]).await?;
    ensure(code == 0 && !said.contains("pintle resume"), || said)?;

    let database = |name: &str| format!("postgres://pintle@{}/{name}", cluster.host());
    let mut nodes = vec![Node::new(&place, "two", &database("held"))?, Node::new(&place, "three", &database("held"))?];
    for node in &mut nodes {
        node.start().await?;
    }
    let callers = nodes.iter().map(|node| node.caller(&caller.token)).collect::<Tested<Vec<_>>>()?;
    for caller in &callers {
        let ready = is_held(caller, true).await?;
        ensure(ready.epoch > before.epoch && ready.revision >= before.revision + JUMP, || format!("{ready:?}"))?;
        caller.shows("kept", "kept").await?;
    }
    let [one, two] = &callers[..] else { return Err("two callers".into()) };
    one.publish("held", "held", "held").await?.expect(200)?;
    let judged: Value = one.post_json("/api/v1/resume", &json!({"dry_run": true})).await?.expect(200)?.json()?;
    ensure(judged["held"] == true && is_held(two, true).await?.held, || judged.to_string())?;
    one.post_json("/api/v1/resume", &json!({})).await?.expect(200)?;
    is_held(one, false).await?;
    is_held(two, false).await?;

    let mut at_once = Node::new(&place, "four", &database("now"))?;
    at_once.start().await?;
    let ready = at_once.caller(&caller.token)?.ready().await?;
    ensure(!ready.held && ready.revision >= before.revision + JUMP, || tail(&at_once.log()))
}
