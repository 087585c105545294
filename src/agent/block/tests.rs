//! A whole block against a server whose streams are written in the test, with real files and commands.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::*;
use crate::agent::run::access_of;
use crate::agent::settings::{AgentSettings, Surroundings};
use crate::api::instances::ReceiptsBody;
use crate::api::problem::{Code, Problem};
use crate::domain::contents::ContentHash;

/// Nothing takes longer on any machine that is not stuck.
const BOUND: Duration = Duration::from_secs(30);

/// What a block tells the server.
#[derive(Debug, PartialEq)]
enum Told {
    Introduction(bool),
    Receipt(ReceiptBody),
    Goodbye,
}

/// A call.
struct Asked {
    stream: TcpStream,
    head: String,
    body: String,
}

impl Asked {
    /// Reads one; none when the caller left.
    async fn read(mut stream: TcpStream) -> Option<Self> {
        let mut request = Vec::new();
        loop {
            if stream.read_buf(&mut request).await.ok()? == 0 {
                return None;
            }
            let text = String::from_utf8_lossy(&request).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Some(Self { head: head.to_owned(), body: body.to_owned(), stream });
            }
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    async fn answers(mut self, status: u16, body: &str) {
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        // Whoever asked may be gone.
        let _ = self.stream.write_all(format!("{head}{body}").as_bytes()).await;
    }

    async fn refuses(self, code: Code) {
        let problem = Problem::new(code, None);
        self.answers(problem.status, &serde_json::to_string(&problem).unwrap()).await;
    }

    async fn streams(mut self, events: &[String]) -> Self {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\nretry: 1\n\n";
        self.stream.write_all(head.as_bytes()).await.unwrap();
        self.sends(events).await;
        self
    }

    async fn sends(&mut self, events: &[String]) {
        self.stream.write_all(events.concat().as_bytes()).await.unwrap();
    }
}

/// A machine with one block, and the server that it knows.
struct Machine {
    folder: TempDir,
    settings: AgentSettings,
    watches: mpsc::UnboundedReceiver<Asked>,
    told: mpsc::UnboundedReceiver<Told>,
    orders: mpsc::Sender<Order>,
    stop: CancellationToken,
    block: JoinSet<()>,
    _server: JoinSet<()>,
}

impl Machine {
    async fn new(fields: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dir = folder.path().display().to_string();
        fs::write(folder.path().join("token"), "one").unwrap();
        let text = format!(
            "server: http://{}\ntoken_file: {{dir}}/token\nservices:\n- name: web\n  environment: dev\n  namespaces: [orders]\n{fields}",
            listener.local_addr().unwrap()
        );
        let surroundings = Surroundings { host: "h".to_owned(), server: None };
        let settings = AgentSettings::parse(&text.replace("{dir}", &dir), Path::new("agent.yaml"), &surroundings)
            .unwrap_or_else(|error| panic!("{error}"));
        let (watched, watches) = mpsc::unbounded_channel();
        let (telling, told) = mpsc::unbounded_channel();
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut calls = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (watched, telling) = (watched.clone(), telling.clone());
                calls.spawn(async move {
                    if let Some(asked) = Asked::read(stream).await {
                        answer(asked, &watched, &telling).await;
                    }
                });
            }
        });
        let (orders, inbox) = mpsc::channel(8);
        let (stop, mut block) = (CancellationToken::new(), JoinSet::new());
        block.spawn(open(&settings, folder.path()).await.run(inbox, stop.clone()));
        Self { folder, settings, watches, told, orders, stop, block, _server: server }
    }

    /// Stops the block and starts it as another run of the agent.
    async fn restarts(&mut self) {
        self.stop.cancel();
        self.block.join_next().await.unwrap().unwrap();
        self.waits(|told| *told == Told::Goodbye).await;
        let (orders, inbox) = mpsc::channel(8);
        (self.orders, self.stop) = (orders, CancellationToken::new());
        let block = open(&self.settings, self.folder.path()).await;
        self.block.spawn(block.run(inbox, self.stop.clone()));
    }

    /// The next watch that is asked for.
    async fn watch(&mut self) -> Asked {
        tokio::time::timeout(BOUND, self.watches.recv()).await.unwrap().unwrap()
    }

    /// What the block tells until it tells this.
    async fn waits(&mut self, is: impl Fn(&Told) -> bool) -> Vec<Told> {
        let mut all = Vec::new();
        loop {
            let told = tokio::time::timeout(BOUND, self.told.recv()).await;
            let told = told.unwrap_or_else(|_| panic!("only {all:?} was told")).unwrap();
            let done = is(&told);
            all.push(told);
            if done {
                return all;
            }
        }
    }

    async fn waits_for(&mut self, revision: u64, stage: Stage) -> ReceiptBody {
        let is = |told: &Told| matches!(told, Told::Receipt(it) if (it.revision, it.stage) == (revision, stage));
        match self.waits(is).await.pop() {
            Some(Told::Receipt(receipt)) => receipt,
            other => panic!("{other:?}"),
        }
    }

    async fn order(&self, make: impl FnOnce(oneshot::Sender<Result<String, String>>) -> Order) -> String {
        let (reply, answer) = oneshot::channel();
        self.orders.send(make(reply)).await.unwrap();
        tokio::time::timeout(BOUND, answer).await.unwrap().unwrap().unwrap()
    }

    /// Waits until a command has made a file.
    async fn appears(&self, name: &str) {
        let mut looks = tokio::time::interval(Duration::from_millis(5));
        let appears = async {
            while self.file(name).is_none() {
                looks.tick().await;
            }
        };
        tokio::time::timeout(BOUND, appears).await.unwrap();
    }

    fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.path().join(name)).ok()
    }
}

async fn open(settings: &AgentSettings, folder: &Path) -> Block {
    let access = access_of(settings, None);
    Block::open(settings.services[0].clone(), access, folder.join("state"), None, None).await.unwrap()
}

/// Answers everything but a watch, which the test answers.
async fn answer(asked: Asked, watched: &mpsc::UnboundedSender<Asked>, telling: &mpsc::UnboundedSender<Told>) {
    // The test may be over.
    let tell = |told| drop(telling.send(told));
    if asked.head.contains("/api/v1/watch") {
        let _ = watched.send(asked);
    } else if asked.head.starts_with("PUT ") {
        let body: InstanceBody = serde_json::from_str(&asked.body).unwrap();
        let view = json!({"environment": "dev", "id": "h/web", "service": "web", "labels": {}, "namespaces": ["orders"],
            "owner": "ann", "presence": "live", "presence_since": "2026-01-31T12:00:00Z", "condition": "unknown", "behind": 0});
        tell(Told::Introduction(body.held));
        asked.answers(200, &view.to_string()).await;
    } else if asked.head.starts_with("POST ") {
        let body: ReceiptsBody = serde_json::from_str(&asked.body).unwrap();
        body.receipts.into_iter().map(Told::Receipt).for_each(tell);
        asked.answers(204, "").await;
    } else {
        tell(Told::Goodbye);
        asked.answers(204, "").await;
    }
}

fn frame(event: &str, id: Option<&str>, data: &Value) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("event: {event}\n{id}data: {data}\n\n")
}

fn hash(text: &str) -> String {
    ContentHash::of(text.as_bytes()).to_string()
}

fn snapshot(revision: u64, entries: &[(&str, &str)]) -> String {
    let entry = |(key, text): &(&str, &str)| {
        json!({"namespace": "orders", "key": key, "format": "text", "hash": hash(text), "revision": revision,
            "actor": "ann", "at": "2026-01-31T12:00:00Z", "content": text})
    };
    let entries: Vec<_> = entries.iter().map(entry).collect();
    let data = json!({"revision": revision, "part": 0, "last": true, "entries": entries});
    frame("snapshot", Some(&format!("1.{revision}")), &data)
}

fn change(revision: u64, key: &str, text: Option<&str>) -> String {
    let change = match text {
        Some(text) => {
            json!({"namespace": "orders", "key": key, "op": "put", "format": "text", "hash": hash(text), "content": text})
        }
        None => json!({"namespace": "orders", "key": key, "op": "delete"}),
    };
    let data = json!({"revision": revision, "at": "2026-01-31T12:00:00Z", "actor": "ann", "message": "why",
        "kind": "publish", "changes": [change]});
    frame("change", Some(&format!("1.{revision}")), &data)
}

const FILE: &str = "  files: [{path: \"{dir}/a\", key: a, on_missing: remove}]\n";

#[tokio::test]
async fn changes_that_come_together_are_one_transaction() {
    let reload = "  reload: {command: \"echo reload >> {dir}/reloads\"}\n  quiescence: {min: 300ms, max: 10s}\n";
    let mut machine = Machine::new(&format!("{FILE}{reload}")).await;
    let mut stream = machine.watch().await.streams(&[snapshot(5, &[("a", "first")])]).await;
    machine.waits_for(5, Stage::Applied).await;
    let changes: Vec<_> = (6..=15).map(|revision| change(revision, "a", Some(&revision.to_string()))).collect();
    stream.sends(&changes).await;
    machine.waits_for(15, Stage::Applied).await;
    assert_eq!(
        (machine.file("a").as_deref(), machine.file("reloads").as_deref()),
        (Some("15"), Some("reload\nreload\n"))
    );
}

#[tokio::test]
async fn a_new_token_in_the_file_is_used_after_a_refusal_and_at_the_next_connection() {
    let mut machine = Machine::new(FILE).await;
    let asked = machine.watch().await;
    assert_eq!(asked.header("authorization"), Some("Bearer one"));
    fs::write(machine.folder.path().join("token"), "two\n").unwrap();
    asked.refuses(Code::Unauthenticated).await;
    let asked = machine.watch().await;
    assert_eq!(asked.header("authorization"), Some("Bearer two"));
    let stream = asked.streams(&[snapshot(5, &[("a", "first")])]).await;
    machine.waits_for(5, Stage::Applied).await;
    fs::write(machine.folder.path().join("token"), "three").unwrap();
    drop(stream);
    let asked = machine.watch().await;
    let told = (asked.header("authorization"), asked.header("last-event-id"));
    assert_eq!(told, (Some("Bearer three"), None), "another holder may see other entries, also unchanged ones");
    assert!(asked.head.contains("have=orders%2Fa%3A"), "{}", asked.head);
}

#[tokio::test]
async fn refusals_of_the_server_are_outages_and_the_files_stay() {
    let mut machine = Machine::new(FILE).await;
    let stream = machine.watch().await.streams(&[snapshot(5, &[("a", "first")])]).await;
    machine.waits_for(5, Stage::Applied).await;
    drop(stream);
    for code in [Code::Unauthenticated, Code::Denied, Code::NotFound, Code::Held, Code::Unavailable] {
        let asked = machine.watch().await;
        assert_eq!(asked.header("last-event-id"), Some("1.5"), "before {code:?}");
        assert_eq!(machine.file("a").as_deref(), Some("first"), "before {code:?}");
        asked.refuses(code).await;
    }
    let mut stream = machine.watch().await.streams(&[change(6, "a", Some("second"))]).await;
    machine.waits_for(6, Stage::Applied).await;
    assert_eq!(machine.file("a").as_deref(), Some("second"));
    // Only the deletion that the server names removes.
    stream.sends(&[change(7, "a", None)]).await;
    machine.waits_for(7, Stage::Applied).await;
    assert_eq!(machine.file("a"), None);
}

#[tokio::test]
async fn a_lost_right_never_removes_a_file() {
    let mut machine = Machine::new(FILE).await;
    let mut stream = machine.watch().await.streams(&[snapshot(5, &[("a", "first")])]).await;
    machine.waits_for(5, Stage::Applied).await;
    stream.sends(&[frame("reset", None, &json!({"reason": "access"})), snapshot(8, &[])]).await;
    let applied = machine.waits_for(8, Stage::Applied).await;
    assert_eq!(
        (applied.missing.as_slice(), machine.file("a").as_deref()),
        (&["orders/a".to_owned()][..], Some("first"))
    );
    machine.restarts().await;
    let applied = machine.waits_for(8, Stage::Applied).await;
    assert_eq!(
        (applied.missing.as_slice(), machine.file("a").as_deref()),
        (&["orders/a".to_owned()][..], Some("first"))
    );
}

#[tokio::test]
async fn what_runs_is_said_again_to_a_store_that_may_have_forgotten() {
    let mut machine = Machine::new(FILE).await;
    let stream = machine.watch().await.streams(&[snapshot(5, &[("a", "first")])]).await;
    let told = machine.waits(|told| matches!(told, Told::Receipt(receipt) if receipt.stage == Stage::Applied)).await;
    let introductions = told.iter().filter(|told| matches!(told, Told::Introduction(_))).count();
    assert_eq!(introductions, 1, "{told:?}");
    drop(stream);
    // Restored and held: nothing is watched, and yet it is known what runs.
    for held in [true, false] {
        let asked = machine.watch().await;
        if held {
            asked.refuses(Code::Held).await;
        } else {
            drop(asked.streams(&[]).await);
        }
        machine.waits(|told| matches!(told, Told::Introduction(_))).await;
        assert_eq!(machine.waits_for(5, Stage::Applied).await.epoch, 1);
    }
    machine.watch().await.refuses(Code::Held).await;
    machine.restarts().await;
    machine.waits(|told| matches!(told, Told::Introduction(_))).await;
    machine.waits_for(5, Stage::Applied).await;
    assert_eq!(machine.file("a").as_deref(), Some("first"));
}

#[tokio::test]
async fn a_hold_is_heard_while_a_check_runs_and_stops_what_comes_next() {
    let check = "  check: {command: \"echo >> {dir}/checking; while [ ! -e {dir}/go ]; do sleep 0.02; done\"}\n";
    let mut machine = Machine::new(&format!("{FILE}{check}  quiescence: {{min: 0s, max: 0s}}\n")).await;
    let mut stream = machine.watch().await.streams(&[snapshot(5, &[("a", "first")])]).await;
    machine.appears("checking").await;
    let told = machine.order(Order::Hold).await;
    assert!(told.contains("on its way is finished"), "{told}");
    machine.waits(|told| *told == Told::Introduction(true)).await;
    assert_eq!(machine.file("a"), None, "the check still runs");
    fs::write(machine.folder.path().join("go"), "").unwrap();
    machine.waits_for(5, Stage::Applied).await;
    stream.sends(&[change(6, "a", Some("second"))]).await;
    machine.waits_for(6, Stage::Delivered).await;
    assert_eq!(machine.order(Order::Hold).await, "held: it takes no changes until resumed");
    assert_eq!(machine.file("a").as_deref(), Some("first"));
    assert_eq!(machine.order(Order::Resume).await, "resumed");
    machine.waits_for(6, Stage::Applied).await;
    assert_eq!(machine.file("a").as_deref(), Some("second"));
}
