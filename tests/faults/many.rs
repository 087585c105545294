//! Ten thousand subscribers of one node.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::support::http::Caller;
use crate::support::node::{Node, tail};
use crate::support::postgres::Cluster;
use crate::support::publishers::explain;
use crate::support::stalled::{kernel_memory, memory_of};
use crate::support::watchers::{find, request};
use crate::support::{Place, Tested, ensure, tell};

const WANTED: u64 = 10_000;
/// Fewer show nothing.
const LEAST: u64 = 4_000;
/// Files that each of both processes needs besides.
const OTHERS: u64 = 500;
/// Connections of one source address, well below the number of its ports.
const OF_ADDRESS: u64 = 2_500;
/// How many are on their way to be opened at the same time.
const AT_ONCE: usize = 128;
/// How much of the server's own memory one may take, in bytes.
const MOST: u64 = 128 * 1024;
/// The longest for any step of all of them.
const ALL: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_subscribers_of_one_node_all_receive_a_change() -> Tested {
    // The node raises its own limit.
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    let count = WANTED.min(hard.saturating_sub(OTHERS));
    ensure(count >= LEAST, || format!("only {hard} files may be open: raise the hard limit (ulimit -Hn)"))?;
    if count < WANTED {
        tell(&format!("many: only {hard} files may be open, so only {count} subscribers"));
    }
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let mut node = Node::new(&place, "one", &cluster.url())?;
    node.start().await?;
    let caller = node.set_up().await?;
    caller.publish("first", "first", "first").await?.expect(200)?;
    let done = subscribe(&node, &caller, count).await;
    done.map_err(|error| explain(&error, &tail(&node.log())))
}

async fn subscribe(node: &Node, caller: &Caller, count: u64) -> Tested {
    let pid = node.process()?.pid()?;
    let before = (memory_of(pid)?, kernel_memory()?);
    let request: Arc<str> = request(&caller.token, &["app".to_owned()], None).into();
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, node.port()));
    let (begun, gate, mut opening) = (Instant::now(), Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
    for number in 0..count {
        let from = Ipv4Addr::new(127, 0, 0, u8::try_from(2 + number / OF_ADDRESS)?);
        let (gate, request) = (Arc::clone(&gate), Arc::clone(&request));
        opening.spawn(async move {
            let _place = gate.acquire().await?;
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddr::from((from, 0)))?;
            let mut stream = socket.connect(to).await?;
            stream.write_all(request.as_bytes()).await?;
            wait_for(&mut stream, b"event: snapshot").await?;
            Tested::Ok(stream)
        });
    }
    let mut streams = Vec::new();
    let opened = async {
        while let Some(stream) = opening.join_next().await {
            streams.push(stream??);
        }
        Tested::Ok(())
    };
    tokio::time::timeout(ALL, opened).await??;
    let opened = begun.elapsed();
    let now = (memory_of(pid)?, kernel_memory()?);
    let each = now.0.saturating_sub(before.0) / count;
    let kernel = now.1.saturating_sub(before.1) / count;

    let mut waiting = JoinSet::new();
    for mut stream in streams {
        waiting.spawn(async move {
            wait_for(&mut stream, b"\"message\":\"to-all\"").await?;
            Tested::Ok((Instant::now(), stream))
        });
    }
    let published = Instant::now();
    caller.publish("all", "to-all", "to-all").await?.expect(200)?;
    let acked = published.elapsed();
    let (mut first, mut last, mut open) = (Duration::MAX, Duration::ZERO, Vec::new());
    let received = async {
        while let Some(received) = waiting.join_next().await {
            let (at, stream) = received??;
            let after = at.duration_since(published);
            (first, last) = (first.min(after), last.max(after));
            open.push(stream);
        }
        Tested::Ok(())
    };
    tokio::time::timeout(ALL, received).await??;
    let after = memory_of(pid)?.saturating_sub(before.0) / count;
    tell(&format!(
        "many: {count} subscribers opened in {:.1} s; {:.1} KiB of the server for each, {:.1} after a change, and {:.1} KiB \
         of the kernel; the change was acknowledged after {} ms, with the first after {} ms and with the last after {} ms",
        opened.as_secs_f64(),
        kib(each),
        kib(after),
        kib(kernel),
        acked.as_millis(),
        first.as_millis(),
        last.as_millis(),
    ));
    ensure(open.len() as u64 == count, || format!("only {} of {count} received it", open.len()))?;
    ensure(each <= MOST && after <= MOST, || format!("{each} and {after} bytes for each are over {MOST}"))
}

#[expect(clippy::cast_precision_loss, reason = "for people, and far below 2^52")]
fn kib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
}

/// Reads until these bytes were there, and forgets them.
async fn wait_for(stream: &mut TcpStream, needle: &[u8]) -> Tested {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 2048]);
    loop {
        let read = stream.read(&mut chunk).await?;
        ensure(read > 0, || format!("ended: {}", String::from_utf8_lossy(&bytes)))?;
        bytes.extend_from_slice(chunk.get(..read).unwrap_or_default());
        if find(&bytes, needle).is_some() {
            return Ok(());
        }
        // What could be the beginning of it is kept.
        let old = bytes.len().saturating_sub(needle.len());
        bytes.drain(..old);
    }
}
