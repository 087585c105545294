//! Readers that never read: what each costs is bounded, nobody else is held up, and they are cut.

use std::time::Duration;

use tokio::time::Instant;

use crate::support::http::Caller;
use crate::support::log::Log;
use crate::support::node::{Node, tail};
use crate::support::postgres::Cluster;
use crate::support::publishers::explain;
use crate::support::stalled::{kernel_memory, memory_of, open, queued_at};
use crate::support::watchers::Watchers;
use crate::support::{BOUND, Dice, Place, Tested, ensure, eventually, tell};

const READERS: u64 = 100;
/// A content of this size travels in the event; so many of them fill the ring more than once.
const CONTENT: usize = 60 * 1024;
const REVISIONS: u64 = 700;
/// How much one that does not read may take of the server and of the kernel, each, in bytes.
const MOST: u64 = 256 * 1024;
/// The longest until they are cut: 30 s, looked at every 5 s.
const CUT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_never_reads_costs_little_holds_nobody_up_and_is_cut() -> Tested {
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let mut node = Node::new(&place, "one", &cluster.url())?;
    node.start().await?;
    let caller = node.set_up().await?;
    let done = measure(&node, &caller).await;
    done.map_err(|error| explain(&error, &tail(&node.log())))
}

async fn measure(node: &Node, caller: &Caller) -> Tested {
    let pid = node.process()?.pid()?;
    let mut watchers = Watchers::default();
    watchers.add_plain(&[node.port()], &caller.token, &["app"], Dice::new(1));
    // The ring is full before: it is everybody's.
    let last = publish(caller, 0).await?;
    eventually("the one that reads has all", BOUND, async || watchers.are_at(last)).await?;
    let before = (memory_of(pid)?, kernel_memory()?);

    let mut stalled = Vec::new();
    for _ in 0..READERS {
        stalled.push(open(caller, "app").await?);
    }
    let last = publish(caller, REVISIONS).await?;
    let begun = Instant::now();
    eventually("the one that reads has all", BOUND, async || watchers.are_at(last)).await?;
    let behind = begun.elapsed();
    let (memory, kernel, queued) = (memory_of(pid)?, kernel_memory()?, queued_at(node.port())?);
    let each = |now: u64, before: u64| now.saturating_sub(before) / READERS;
    let (server, kernel, queued) = (each(memory, before.0), each(kernel, before.1), queued / READERS);
    tell(&format!(
        "stalled: {} KiB of the server and {} KiB of the kernel for each of {READERS} readers that never read ({} KiB \
         queued); the one that reads had all {behind:?} after the last publish",
        server / 1024,
        kernel / 1024,
        queued / 1024,
    ));
    ensure(queued > 16 * 1024, || format!("they are not stalled: {queued} bytes wait for each"))?;
    ensure(server <= MOST && kernel <= MOST && queued <= MOST, || {
        format!("{server}, {kernel} and {queued} bytes for each are over {MOST}")
    })?;
    eventually("all are cut", CUT, async || {
        let open = queued_at(node.port())?;
        ensure(open < READERS * 1024, || format!("{open} bytes are still queued"))?;
        Ok(Some(()))
    })
    .await?;
    tell(&format!("stalled: all cut within {:?}", begun.elapsed()));
    let log = Log::read(caller, Dice::new(1)).await?;
    watchers.each(|record| log.judge(record))
}

/// Publishes large contents and gives the last revision.
async fn publish(caller: &Caller, from: u64) -> Tested<u64> {
    let mut last = 0;
    for number in from..from + REVISIONS {
        let content = format!("{number} ").repeat(CONTENT).chars().take(CONTENT).collect::<String>();
        last = caller.publish("large", &content, &format!("large-{number}")).await?.expect(200)?.revision;
    }
    Ok(last)
}
