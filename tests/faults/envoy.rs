//! Mesh policy as a file: a real Envoy follows the weights of an entry, under load, and a typo never reaches it.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::agent::{Agent, applied, rejected};
use crate::support::http::Caller;
use crate::support::node::{Node, Process, tail};
use crate::support::postgres::{Cluster, free_port};
use crate::support::{BOUND, Place, Tested, ensure, eventually, tell};

/// How often the traffic is turned.
const TURNS: usize = 21;
/// How soon it follows the rename, in nine of ten turns: a machine that is busy with other tests may stand still in one.
const SOON: Duration = Duration::from_millis(100);

/// The middle of some times, what nine of ten keep to, and the worst.
fn spread(mut times: Vec<Duration>) -> [Duration; 3] {
    times.sort();
    [times.len() / 2, times.len() * 9 / 10, times.len() - 1].map(|index| times[index])
}

/// A service that answers every call with its name, on connections that stay open.
async fn answer(listener: TcpListener, name: &'static str) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(answer_one(stream, name));
    }
}

async fn answer_one(mut stream: TcpStream, name: &'static str) {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut piece).await {
        request.extend_from_slice(&piece[..read]);
        if request.ends_with(b"\r\n\r\n") {
            request.clear();
            let text = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{name}", name.len());
            if stream.write_all(text.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// What callers got, and when.
#[derive(Debug, Default)]
struct Seen {
    answers: Mutex<Vec<(Instant, String)>>,
    failures: Mutex<Vec<String>>,
}

impl Seen {
    /// The last moment at which somebody else than `name` answered.
    fn last_other(&self, name: &str) -> Option<Instant> {
        let answers = self.answers.lock().unwrap();
        answers.iter().rev().find(|(_, word)| word != name).map(|(at, _)| *at)
    }

    fn count(&self) -> usize {
        self.answers.lock().unwrap().len()
    }
}

/// Calls Envoy without a pause until told to stop.
async fn load(http: reqwest::Client, url: String, seen: Arc<Seen>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let answer = match http.get(&url).send().await {
            Ok(answer) if answer.status().is_success() => answer.text().await.map_err(|error| error.to_string()),
            Ok(answer) => Err(answer.status().to_string()),
            Err(error) => Err(format!("{error:?}")),
        };
        match answer {
            Ok(word) => seen.answers.lock().unwrap().push((Instant::now(), word)),
            Err(error) => seen.failures.lock().unwrap().push(error),
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The files of `examples/envoy`, with ports and a folder of this test's own.
struct Tour {
    folder: PathBuf,
    ports: [(String, u16); 4],
}

impl Tour {
    fn new(place: &Place, services: [u16; 2]) -> Tested<Self> {
        let folder = place.join("envoy");
        std::fs::create_dir_all(folder.join("live"))?;
        let ports = [("9100", free_port()?), ("9901", free_port()?), ("9101", services[0]), ("9102", services[1])];
        let this = Self { folder, ports: ports.map(|(written, own)| (written.to_owned(), own)) };
        for name in ["bootstrap.yaml", "routes.json.j2", "check.json.j2"] {
            std::fs::write(this.folder.join(name), this.text(name)?)?;
        }
        Ok(this)
    }

    fn text(&self, name: &str) -> Tested<String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/envoy").join(name);
        let text = std::fs::read_to_string(path)?.replace("/etc/envoy", &self.folder.display().to_string());
        let ports = self.ports.iter();
        Ok(ports.fold(text, |text, (written, own)| text.replace(written.as_str(), &own.to_string())))
    }

    /// The services of its `agent.yaml`, in `dev/app`.
    fn services(&self, envoy: &str) -> Tested<String> {
        let text = self.text("agent.yaml")?;
        let (_, services) = text.split_once("services:\n").ok_or("no services")?;
        let quick = "namespaces: [app]\n    quiescence: {min: 10ms}";
        Ok(services.replace("namespaces: [shop]", quick).replace("[envoy,", &format!("[{envoy},")))
    }

    fn live(&self) -> PathBuf {
        self.folder.join("live/routes.json")
    }

    /// How many routes that lay in its file Envoy refused.
    async fn rejected_by_envoy(&self, http: &reqwest::Client) -> Tested<u64> {
        let url = format!("http://127.0.0.1:{}/stats?filter=rds.shop.update_rejected", self.ports[1].1);
        let text = http.get(url).send().await?.error_for_status()?.text().await?;
        let count = text.trim().rsplit_once(": ").ok_or_else(|| format!("{text:?}"))?.1.parse()?;
        Ok(count)
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.ports[0].1)
    }
}

/// Where the real Envoy is.
fn envoy() -> Tested<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/envoy.sh");
    let output = Command::new(script).output()?;
    ensure(output.status.success(), || String::from_utf8_lossy(&output.stderr).into_owned())?;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(String::from_utf8(output.stdout)?.trim());
    Ok(path.display().to_string())
}

async fn publish(caller: &Caller, text: &str) -> Tested<u64> {
    let change = json!({"env": "dev", "namespace": "app", "key": "mesh/routes.yaml", "op": "put", "format": "yaml", "content": text});
    let body = json!({"message": "routes", "changes": [change]});
    Ok(caller.post_json("/api/v1/publish", &body).await?.expect(200)?.revision)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traffic_follows_the_weights_and_a_typo_never_reaches_envoy() -> Tested {
    let place = Place::new()?;
    let cluster = Cluster::start_new(&place, "pg").await?;
    let mut node = Node::new(&place, "one", &cluster.url())?;
    node.start().await?;
    let caller = node.set_up().await?;
    let listeners = [TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?];
    let tour = Tour::new(&place, [listeners[0].local_addr()?.port(), listeners[1].local_addr()?.port()])?;
    let mut tasks = tokio::task::JoinSet::new();
    let [first, second] = listeners;
    tasks.spawn(answer(first, "v1"));
    tasks.spawn(answer(second, "v2"));

    let envoy = envoy()?;
    publish(&caller, &tour.text("routes.yaml")?).await?;
    let mut agent = Agent::new(&place, "host", &caller, &tour.services(&envoy)?)?;
    agent.start()?;
    let wait = eventually("the first routes", BOUND, async || Ok(tour.live().exists().then_some(()))).await;
    wait.map_err(|error| format!("{error}\n{}", tail(&agent.log())))?;
    let mut command = Command::new(&envoy);
    command.arg("-c").arg(tour.folder.join("bootstrap.yaml")).arg("--reject-unknown-dynamic-fields");
    command.args(["--concurrency", "1", "--use-dynamic-base-id"]);
    let proxy = Process::spawn(command, place.join("envoy.out"))?;
    let done = turn(&tour, &caller, &mut tasks).await;
    done.map_err(|error| format!("{error}\n{}\n{}", tail(&agent.log()), tail(&proxy.errors())).into())
}

async fn turn(tour: &Tour, caller: &Caller, tasks: &mut tokio::task::JoinSet<()>) -> Tested {
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(Duration::from_secs(5)).build()?;
    eventually("envoy answers", BOUND, async || {
        Ok((http.get(tour.url()).send().await?.error_for_status()?.text().await? == "v1").then_some(()))
    })
    .await?;
    let (seen, stop) = (Arc::new(Seen::default()), Arc::new(AtomicBool::new(false)));
    for _ in 0..4 {
        tasks.spawn(load(http.clone(), tour.url(), Arc::clone(&seen), Arc::clone(&stop)));
    }
    let (mut swaps, mut follows, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    let first = tour.text("routes.yaml")?;
    let second = first.replace("weight: 100", "weight: none").replace("weight: 0", "weight: 100");
    let second = second.replace("weight: none", "weight: 0");
    let to = |name: &str| if name == "v1" { &first } else { &second };
    for round in 0..TURNS {
        let name = if round % 2 == 0 { "v2" } else { "v1" };
        let inode = std::fs::metadata(tour.live())?.ino();
        let path = tour.live();
        let begun = Instant::now();
        // A thread of its own looks at the file: the moment of the rename must not wait for other tasks.
        let swapped = tokio::task::spawn_blocking(move || -> Tested<Instant> {
            while begun.elapsed() < BOUND {
                if std::fs::metadata(&path)?.ino() != inode {
                    return Ok(Instant::now());
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            Err("the routes were never swapped".into())
        });
        let revision = publish(caller, to(name)).await?;
        let swapped = swapped.await??;
        applied(caller, "host/envoy", revision).await?;
        let enough = seen.count() + 40;
        eventually("more traffic", BOUND, async || Ok((seen.count() >= enough).then_some(()))).await?;
        let last = seen.last_other(name).ok_or("nobody answered before")?;
        swaps.push(swapped.duration_since(begun));
        follows.push(last.saturating_duration_since(swapped));
        whole.push(last.max(swapped).duration_since(begun));
    }
    let [swaps, follows, whole] = [swaps, follows, whole].map(spread);
    for (what, [middle, most, worst]) in [
        ("publish to rename, Envoy's check in it", swaps),
        ("rename to traffic", follows),
        ("publish to traffic", whole),
    ] {
        tell(&format!("envoy: {what}: p50 {middle:?}, p90 {most:?}, max {worst:?} of {TURNS} turns"));
    }
    ensure(follows[1] <= SOON, || format!("the traffic followed late: {follows:?}"))?;
    ensure(tour.rejected_by_envoy(&http).await? == 0, || "Envoy refused routes".to_owned())?;

    // A field that Envoy does not know, and a cluster that is not there.
    let good = std::fs::read_to_string(tour.live())?;
    for (typo, word) in [(first.replace("prefix:", "prefxi:"), "prefxi"), (first.replace("name: v1", "name: v9"), "v9")]
    {
        let revision = publish(caller, &typo).await?;
        let view = rejected(caller, "host/envoy", revision).await?;
        let output = view.rejected.and_then(|receipt| receipt.output).unwrap_or_default();
        ensure(output.contains(word), || format!("{output:?}"))?;
        ensure(std::fs::read_to_string(tour.live())? == good, || "a typo reached Envoy".to_owned())?;
    }
    stop.store(true, Ordering::Relaxed);
    let failures = seen.failures.lock().unwrap().clone();
    ensure(failures.is_empty(), || format!("{} calls failed: {:?}", failures.len(), failures.first()))?;
    ensure(tour.rejected_by_envoy(&http).await? == 0, || "a typo reached Envoy".to_owned())?;
    tell(&format!("envoy: {} calls, none failed", seen.count()));
    Ok(())
}
