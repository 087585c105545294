//! The database is away, hangs, forgets to wake anybody, or is cut off in the middle of a commit.

use std::time::Duration;

use nix::sys::signal::Signal;
use pintle::api::entries::WriteView;
use pintle::api::nodes::ReadyView;
use reqwest::Method;
use tokio::time::Instant;

use crate::support::http::{Caller, put};
use crate::support::node::{Node, tail};
use crate::support::postgres::Cluster;
use crate::support::proxy::{Moment, Proxy};
use crate::support::publishers::{Load, Publishers, explain};
use crate::support::{BOUND, Place, Tested, ensure, eventually, tell};

/// How the database goes away.
#[derive(Debug, Clone, Copy)]
enum How {
    Hangs,
    Killed,
    StoppedAtOnce,
}

/// The longest that the publish which meets the outage may wait.
const FIRST: Duration = Duration::from_secs(20);
/// The longest that one may wait once the outage is known.
const NEXT: Duration = Duration::from_millis(500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_database_away_reads_go_on_and_publishes_are_refused_at_once() -> Tested {
    let place = Place::new()?;
    let mut cluster = Cluster::start_new(&place, "pg").await?;
    let mut node = Node::new(&place, "one", &cluster.url())?;
    node.start().await?;
    let caller = node.set_up().await?;
    let process = node.process()?.pid()?;
    caller.publish("kept", "kept", "kept").await?.expect(200)?;
    for how in [How::Hangs, How::Killed, How::StoppedAtOnce] {
        let done = outage(how, &mut cluster, &caller).await;
        done.map_err(|error| explain(&error, &format!("{how:?}\n{}\n{}", tail(&node.log()), cluster.log_tail())))?;
    }
    ensure(node.process()?.pid()? == process, || "the node was started again".to_owned())?;
    caller.get("/healthz").await?.expect(200)?;
    Ok(())
}

async fn outage(how: How, cluster: &mut Cluster, caller: &Caller) -> Tested {
    let before = caller.writes().await?;
    match how {
        How::Hangs => cluster.signal_all(Signal::SIGSTOP)?,
        How::Killed => cluster.kill()?,
        How::StoppedAtOnce => cluster.stop(Signal::SIGQUIT).await?,
    }
    let first_began = Instant::now();
    let refused = caller.publish("kept", &format!("{how:?}"), &format!("first-{how:?}")).await?;
    let first = first_began.elapsed();
    ensure(refused.status.as_u16() == 503, || format!("{} {}", refused.status, refused.text()))?;
    let code = refused.code();
    ensure(["unavailable", "outcome_unknown"].contains(&code.as_str()), || refused.text())?;
    ensure(first < FIRST, || format!("the first publish waited {first:?}"))?;

    eventually("the outage is known", BOUND, async || Ok((!caller.ready().await?.writes).then_some(()))).await?;
    let mut slowest = Duration::ZERO;
    for number in 0..20 {
        let began = Instant::now();
        let answer = caller.publish("kept", "never", &format!("never-{how:?}-{number}")).await?;
        slowest = slowest.max(began.elapsed());
        ensure((answer.status.as_u16(), answer.code().as_str()) == (503, "unavailable"), || answer.text())?;
        let new = Caller { http: crate::support::http::client()?, ..caller.clone() };
        ensure(new.content("kept").await?.is_some(), || "no read".to_owned())?;
    }
    ensure(slowest < NEXT, || format!("a later publish waited {slowest:?}"))?;
    tell(&format!(
        "outage: {how:?}: first {} ms ({code}), later at most {} ms",
        first.as_millis(),
        slowest.as_millis()
    ));

    let ready: ReadyView = caller.get("/readyz").await?.expect(200)?.json()?;
    ensure(ready.reads && !ready.writes && ready.writes_down_since.is_some(), || format!("{ready:?}"))?;
    caller.get("/readyz?for=writes").await?.expect(503)?;
    let stranger = Caller { token: "pintle_unknown".to_owned(), ..caller.clone() };
    stranger.get("/api/v1/environments").await?.expect(401)?;
    caller.get("/api/v1/environments/dev/namespaces/app/entries").await?.expect(200)?;

    match how {
        How::Hangs => cluster.signal_all(Signal::SIGCONT)?,
        How::Killed | How::StoppedAtOnce => cluster.start().await?,
    }
    let began = Instant::now();
    caller.writes().await?;
    caller.get("/readyz?for=writes").await?.expect(200)?;
    let back = began.elapsed();
    let message = format!("first-{how:?}");
    let again: WriteView = caller.publish("kept", &format!("{how:?}"), &message).await?.expect(200)?.json()?;
    tell(&format!("outage: {how:?}: writes are back {} ms after the database", back.as_millis()));
    caller.shows("kept", &format!("{how:?}")).await?;
    let count = cluster.sql(&format!("SELECT count(*) FROM revisions WHERE message = '{message}'"))?;
    ensure(count == "1", || format!("{message} is there {count} times"))?;
    let never = cluster.sql("SELECT count(*) FROM revisions WHERE message LIKE 'never-%'")?;
    ensure(never == "0", || format!("{never} refused publishes were applied"))?;
    ensure(again.epoch == before.epoch && again.revision == before.revision + 1, || {
        format!("{again:?} after {before:?}")
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_nobody_wakes_follows_by_its_poll() -> Tested {
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let (mut one, mut two) = (Node::new(&place, "one", &cluster.url())?, Node::new(&place, "two", &cluster.url())?);
    one.start().await?;
    two.start().await?;
    let first = one.set_up().await?;
    let second = two.caller(&first.token)?;
    let average = async |what: &str| -> Tested<Duration> {
        let began = Instant::now();
        for number in 0..10 {
            let content = format!("{what}-{number}");
            first.publish("followed", &content, &content).await?.expect(200)?;
            second.shows("followed", &content).await?;
        }
        Ok(began.elapsed() / 10)
    };
    let listening = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'";
    eventually("both listen", BOUND, async || Ok((cluster.sql(listening)? == "2").then_some(()))).await?;
    let woken = average("woken").await?;

    // The listening connections are ended again and again: the wake-ups between are lost.
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'LISTEN %'";
    ensure(cluster.sql(end)? == "2", || "nobody listened".to_owned())?;
    for number in 0..5 {
        let content = format!("ended-{number}");
        first.publish("followed", &content, &content).await?.expect(200)?;
        cluster.sql(end)?;
        second.shows("followed", &content).await?;
    }
    eventually("both listen again", BOUND, async || Ok((cluster.sql(listening)? == "2").then_some(()))).await?;

    // The connections stay and say nothing.
    let swallow = "CREATE SCHEMA IF NOT EXISTS quiet; CREATE OR REPLACE FUNCTION quiet.pg_notify(text, text) RETURNS void LANGUAGE sql AS '';
        ALTER FUNCTION commit_change_sets SET search_path = quiet, public, pg_catalog";
    cluster.sql(swallow)?;
    let polled = average("polled").await?;
    tell(&format!(
        "wake-ups: the other node follows after {} ms, without them after {} ms",
        woken.as_millis(),
        polled.as_millis()
    ));
    ensure(woken < Duration::from_millis(100), || format!("woken, it follows after {woken:?}"))?;
    ensure(polled < Duration::from_secs(1), || format!("by its poll it follows after {polled:?}"))?;
    ensure(polled > woken, || "the wake-ups were not swallowed".to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_is_cut_at_any_moment_is_answered_truthfully() -> Tested {
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let proxy = Proxy::start(cluster.port).await?;
    let behind = format!("postgres://pintle@127.0.0.1:{}/pintle", proxy.port);
    let (mut one, mut two) = (Node::new(&place, "one", &behind)?, Node::new(&place, "two", &cluster.url())?);
    one.start().await?;
    two.start().await?;
    let first = one.set_up().await?;
    let second = two.caller(&first.token)?;
    second.writes().await?;
    let mut revision = first.publish("cut", "start", "start").await?.expect(200)?.json::<WriteView>()?.revision;
    let moments = [Moment::Before, Moment::Within, Moment::AfterRequest, Moment::AfterAnswer, Moment::Silence];
    for moment in moments {
        // A silence lasts as long as a statement may take.
        let rounds: &[(u32, bool)] =
            if moment == Moment::Silence { &[(0, true)] } else { &[(0, true), (1, true), (2, false)] };
        for &(round, keyed) in rounds {
            let marker = format!("cut-{moment:?}-{round}");
            let done = cut((&proxy, moment), &cluster, (&first, &second), &marker, keyed, revision).await;
            revision = done.map_err(|error| explain(&error, &format!("{marker}\n{}", tail(&one.log()))))?;
        }
    }
    let numbers = cluster.sql("SELECT max(revision) = count(*) FROM revisions")?;
    ensure(numbers == "t", || "there are holes".to_owned())
}

/// Publishes with a precondition that only the first application meets, and cuts its commit.
async fn cut(
    (proxy, moment): (&Proxy, Moment),
    cluster: &Cluster,
    (one, two): (&Caller, &Caller),
    marker: &str,
    keyed: bool,
    base: u64,
) -> Tested<u64> {
    let body = serde_json::to_vec(&put("cut", marker, marker, Some(base)))?;
    let key = keyed.then_some(marker);
    proxy.trap(marker, moment);
    let began = Instant::now();
    let answer = one.call(Method::POST, "/api/v1/publish", key, Some(body.clone())).await?;
    let took = began.elapsed();
    ensure(proxy.sprung(), || "the commit did not pass the proxy".to_owned())?;
    ensure(took < Duration::from_secs(25), || format!("it took {took:?}"))?;
    let count = format!("SELECT count(*) FROM revisions WHERE message = '{marker}'");
    tell(&format!("cut: {marker}: {} {} after {} ms", answer.status.as_u16(), answer.code(), took.as_millis()));
    let view = match (answer.status.as_u16(), answer.code().as_str()) {
        (200, _) => answer.json::<WriteView>()?,
        (503, "unavailable") => {
            ensure(cluster.sql(&count)? == "0", || "it was applied, and the answer says it was not".to_owned())?;
            two.call(Method::POST, "/api/v1/publish", key, Some(body.clone())).await?.expect(200)?.json()?
        }
        (503, "outcome_unknown") if keyed => {
            two.call(Method::POST, "/api/v1/publish", key, Some(body.clone())).await?.expect(200)?.json()?
        }
        other => return Err(format!("{other:?}: {}", answer.text()).into()),
    };
    ensure(cluster.sql(&count)? == "1", || "it is not there exactly once".to_owned())?;
    if keyed {
        // The same call again, at the other node: the precondition fails by now, and the key still answers.
        let again: WriteView = two.call(Method::POST, "/api/v1/publish", key, Some(body)).await?.expect(200)?.json()?;
        ensure((again.revision, again.replayed) == (view.revision, true), || format!("{again:?} after {view:?}"))?;
        ensure(cluster.sql(&count)? == "1", || "the repetition was applied".to_owned())?;
    }
    one.shows("cut", marker).await?;
    two.shows("cut", marker).await?;
    Ok(view.revision)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_who_sends_again_gets_the_first_answer_and_another_body_is_refused() -> Tested {
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let mut node = Node::new(&place, "one", &cluster.url())?;
    node.start().await?;
    let caller = node.set_up().await?;
    let send = async |content: &str, if_revision: Option<u64>| {
        let body = serde_json::to_vec(&put("once", content, "once", if_revision))?;
        caller.call(Method::POST, "/api/v1/publish", Some("once"), Some(body)).await
    };
    let first: WriteView = send("a", Some(0)).await?.expect(200)?.json()?;
    let again: WriteView = send("a", Some(0)).await?.expect(200)?.json()?;
    ensure((again.revision, again.changed, again.replayed) == (first.revision, 1, true), || format!("{again:?}"))?;
    let other = send("b", Some(0)).await?.expect(409)?;
    ensure(other.code() == "idempotency_key_reused", || other.text())?;
    // At once, and many times: one of them does it.
    let together = (0..16).map(|_| async {
        let body = serde_json::to_vec(&put("many", "x", "many", Some(0)))?;
        caller.call(Method::POST, "/api/v1/publish", Some("many"), Some(body)).await?.expect(200)?.json::<WriteView>()
    });
    let answers = futures_util::future::try_join_all(together).await?;
    let fresh = answers.iter().filter(|view| !view.replayed).count();
    let same = answers.iter().all(|view| Some(view.revision) == answers.first().map(|first| first.revision));
    ensure(fresh == 1 && same, || format!("{answers:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_of_one_node_are_batched() -> Tested {
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let mut node = Node::new(&place, "one", &cluster.url())?;
    node.start().await?;
    let caller = node.set_up().await?;
    let load = Load { nodes: vec![caller], publishers: 64, keys: 1000, checks_reads: false, seed: 3, word: "fast" };
    let began = Instant::now();
    let mut publishers = Publishers::start(&load);
    eventually("two thousand publishes", BOUND, async || Ok((publishers.acked()? >= 2000).then_some(()))).await?;
    let (acked, took) = (publishers.acked()?, began.elapsed());
    publishers.finish().await?;
    let batches = cluster.sql("SELECT count(DISTINCT at) FROM revisions")?;
    let rate = f64::from(u32::try_from(acked)?) / took.as_secs_f64();
    tell(&format!("throughput: {rate:.0} commits/s by 64 publishers on one node, {batches} batches (a debug build)"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_cannot_know_what_a_subscriber_saw_elsewhere_sends_it_away() -> Tested {
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let proxy = Proxy::start(cluster.port).await?;
    let through = cluster.url().replace(&cluster.port.to_string(), &proxy.port.to_string());
    let (mut one, mut two) = (Node::new(&place, "one", &cluster.url())?, Node::new(&place, "two", &through)?);
    one.start().await?;
    two.start().await?;
    let first = one.set_up().await?;
    let second = two.caller(&first.token)?;
    first.publish("before", "before", "before").await?.expect(200)?;
    second.shows("before", "before").await?;
    // From here on the second node learns nothing.
    drop(proxy);
    let seen: WriteView = first.publish("after", "after", "after").await?.expect(200)?.json()?;
    let path = format!("/api/v1/watch?env=dev&namespace=app&after={}.{}", seen.epoch, seen.revision);
    let answer = second.get(&path).await?.expect(503)?;
    ensure(answer.code() == "unavailable", || answer.text())
}
