//! The local places, asked by the repository's own client and by plain sockets.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use time::macros::datetime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::*;
use crate::api::watch::ResetReason;
use crate::client::watch::{Change, Edit, Entry, Event, Outage, Secrecy, Snapshot, Subscription, Version, Watcher};
use crate::client::{Client, EntriesQuery, Server};
use crate::domain::contents::ContentHash;
use crate::domain::names::{Address, EnvironmentName};
use crate::domain::revisions::{Cursor, Epoch, Revision};

/// The latest layer gives the content.
struct Latest;

impl Layers for Latest {
    fn find(&self, mirror: &Mirror, key: &EntryKey) -> Result<Option<Layered>, String> {
        let layers = mirror.subscription().namespaces.iter().rev();
        let mut found = layers.filter_map(|layer| Some((layer, mirror.find(layer, key)?)));
        Ok(found.next().map(|(layer, held)| Layered {
            format: held.format,
            bytes: held.bytes.clone(),
            secrecy: held.secrecy,
            layers: vec![layer.clone()],
        }))
    }
}

/// A block: what it holds, and what it shows.
struct Block {
    mirror: Mirror,
    feed: Feed,
}

impl Block {
    fn new() -> Self {
        let mirror = Mirror::new(subscription());
        Self { feed: Feed::new(mirror.clone()), mirror }
    }

    fn takes(&mut self, events: &[Event]) {
        for event in events {
            self.mirror.apply(event);
        }
        self.feed.push(&self.mirror, events);
    }
}

fn namespace(name: &str) -> NamespaceName {
    NamespaceName::parse(name).unwrap()
}

fn subscription() -> Subscription {
    Subscription {
        environment: EnvironmentName::parse("dev").unwrap(),
        namespaces: vec![namespace("shared"), namespace("orders")],
        instance: None,
        reveal: false,
    }
}

fn cursor(epoch: u64, revision: u64) -> Cursor {
    Cursor { epoch: Epoch(epoch), revision: Revision(revision) }
}

fn place(text: &str) -> (NamespaceName, EntryKey) {
    let (name, key) = text.split_once('/').unwrap();
    (namespace(name), EntryKey::parse(key).unwrap())
}

fn version(text: &str) -> Version {
    let bytes = Bytes::copy_from_slice(text.as_bytes());
    Version { format: Format::Text, hash: ContentHash::of(&bytes), bytes, secrecy: Secrecy::Open }
}

fn snapshot(cursor: Cursor, entries: &[(&str, &str)]) -> Event {
    let entry = |(address, text): &(&str, &str)| Entry {
        place: place(address),
        version: version(text),
        revision: cursor.revision.0,
        actor: "ann".to_owned(),
        at: datetime!(2026-01-31 12:00 UTC),
    };
    let entries = entries.iter().map(entry).collect();
    Event::Snapshot(Snapshot { cursor, held: false, partial: false, entries, absent: vec![] })
}

fn change(revision: u64, edits: &[(&str, Option<&str>)]) -> Event {
    let edit = |(address, text): &(&str, Option<&str>)| Edit { place: place(address), version: text.map(version) };
    Event::Change(Change {
        cursor: cursor(1, revision),
        at: datetime!(2026-01-31 12:00 UTC),
        actor: "ann".to_owned(),
        message: "why".to_owned(),
        kind: "publish".to_owned(),
        trace: None,
        edits: edits.iter().map(edit).collect(),
    })
}

/// A block that is served on a port and a socket for as long as it is in scope.
struct Served {
    block: Block,
    folder: tempfile::TempDir,
    client: Client,
    stop: CancellationToken,
    task: JoinSet<()>,
}

impl Served {
    fn start(block: Block) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = LocalSettings {
            socket: Some(socket(folder.path())),
            listen: Some("127.0.0.1:0".parse().unwrap()),
            secrets: false,
        };
        let local = Local::open(&settings, block.feed.clone(), Arc::new(Latest)).unwrap();
        let server = Server::parse(&local.address().unwrap().to_string()).unwrap();
        let (stop, mut task) = (CancellationToken::new(), JoinSet::new());
        task.spawn(local.serve(stop.clone()));
        Self { block, folder, client: Client::new(server, None).unwrap(), stop, task }
    }

    /// With two layers.
    fn filled() -> Self {
        let mut block = Block::new();
        let entries = [("orders/a", "orders' a"), ("shared/a", "everybody's a"), ("shared/b/c", "everybody's c")];
        block.takes(&[snapshot(cursor(1, 5), &entries)]);
        Self::start(block)
    }

    fn watcher(&self, after: Option<Cursor>) -> Watcher {
        Watcher::new(vec![self.client.clone()], subscription(), after, BTreeMap::new()).unwrap()
    }

    /// What a plain socket answers.
    async fn asks(&self, request: &str) -> String {
        let mut stream = UnixStream::connect(self.folder.path().join("s")).await.unwrap();
        speak(&mut stream, request).await
    }

    async fn asks_port(&self, request: &str) -> String {
        let address = self.client.server().to_string();
        let mut stream = tokio::net::TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
        speak(&mut stream, request).await
    }

    async fn finish(mut self) {
        self.stop.cancel();
        assert!(self.task.join_next().await.unwrap().is_ok());
        assert!(!self.folder.path().join("s").exists());
    }
}

async fn speak(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), request: &str) -> String {
    stream.write_all(format!("{request}\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn socket(folder: &Path) -> SocketSettings {
    SocketSettings { path: folder.join("s"), mode: 0o600, uid: None, gid: None }
}

async fn told(watcher: &mut Watcher) -> Event {
    loop {
        let event = tokio::time::timeout(Duration::from_secs(20), watcher.next()).await.unwrap().unwrap();
        if !matches!(event, Event::Connected { .. } | Event::Lost { .. }) {
            return event;
        }
    }
}

fn revision_of(event: &Event) -> u64 {
    let Event::Change(change) = event else { panic!("{event:?}") };
    change.cursor.revision.0
}

#[tokio::test]
async fn entries_are_read_as_from_the_server() {
    let served = Served::filled();
    let environment = EnvironmentName::parse("dev").unwrap();
    let query = EntriesQuery { content: true, limit: Some(1), ..EntriesQuery::default() };
    let listing = served.client.list_all_entries(&environment, &namespace("shared"), &query).await.unwrap();
    let keys: Vec<_> = listing.entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!((keys, listing.head), (vec!["a", "b/c"], Some(cursor(1, 5))));
    let address = Address { environment, namespace: namespace("shared"), key: EntryKey::parse("b/c").unwrap() };
    let entry = served.client.get_entry(&address, None).await.unwrap();
    assert_eq!((entry.content.content.as_deref(), entry.actor.as_str()), (Some("everybody's c"), "ann"));
    assert_eq!(served.client.get_content(&address, None).await.unwrap(), "everybody's c");

    let answer = served.asks("GET /api/v1/environments/dev/namespaces/other/entries HTTP/1.1\r\nhost: x").await;
    assert!(answer.starts_with("HTTP/1.1 404 ") && answer.contains("no namespace of this block"), "{answer}");
    let answer = served.asks("GET /api/v1/environments/prod/namespaces/orders/entries HTTP/1.1\r\nhost: x").await;
    assert!(answer.contains("the environment of this block is dev"), "{answer}");
    let answer = served.asks("PUT /api/v1/environments/dev/namespaces/orders/entries/a HTTP/1.1\r\nhost: x").await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    served.finish().await;
}

#[tokio::test]
async fn the_layers_come_together() {
    let served = Served::filled();
    let answer = served.asks("GET /api/v1/effective/a?raw HTTP/1.1\r\nhost: x").await;
    assert!(answer.ends_with("\r\n\r\norders' a"), "{answer}");
    let answer = served.asks("GET /api/v1/effective/b/c HTTP/1.1\r\nhost: x").await;
    let view: EffectiveView = serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!((view.content.content.as_deref(), view.layers), (Some("everybody's c"), vec!["shared".to_owned()]));
    let answer = served.asks("GET /api/v1/effective/d HTTP/1.1\r\nhost: x").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    served.finish().await;
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let served = Served::filled();
    let path = "GET /api/v1/environments/dev/namespaces/orders/entries/a HTTP/1.1\r\nhost: x";
    let answer = served.asks(path).await;
    assert!(answer.contains("etag: \"5\"") && answer.contains("pintle-revision: 5"), "{answer}");
    let answer = served.asks(&format!("{path}\r\nif-none-match: \"5\"")).await;
    assert!(answer.starts_with("HTTP/1.1 304 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    served.finish().await;
}

#[tokio::test]
async fn over_the_port_only_names_of_this_machine_are_answered() {
    let served = Served::filled();
    let path = "GET /api/v1/environments/dev/namespaces/orders/entries HTTP/1.1";
    for host in ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "[::1]:80", "127.9.9.9"] {
        let answer = served.asks_port(&format!("{path}\r\nhost: {host}")).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{host}: {answer}");
    }
    for host in ["evil.example", "localhost.evil.example", "10.0.0.1", "", "[::2]"] {
        let answer = served.asks_port(&format!("{path}\r\nhost: {host}")).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{host}: {answer}");
    }
    served.finish().await;
}

#[tokio::test]
async fn a_watch_is_the_same_as_the_servers() {
    let mut served = Served::filled();
    let (mut watcher, mut mirror) = (served.watcher(None), Mirror::new(subscription()));
    mirror.apply(&told(&mut watcher).await);
    assert_eq!(mirror, served.block.mirror);
    let big = "x".repeat(200 * 1024);
    served.block.takes(&[change(7, &[("orders/a", None), ("orders/big", Some(&big))])]);
    let event = told(&mut watcher).await;
    let Event::Change(seen) = &event else { panic!("{event:?}") };
    assert_eq!((seen.message.as_str(), seen.kind.as_str(), seen.cursor), ("why", "publish", cursor(1, 7)));
    mirror.apply(&event);
    assert_eq!(mirror, served.block.mirror);

    // Who was away misses nothing, and sees each change alone.
    drop(watcher);
    served.block.takes(&[change(8, &[("shared/a", Some("8"))]), change(9, &[("shared/a", Some("9"))])]);
    let mut again = served.watcher(mirror.cursor());
    for expected in [8, 9] {
        let event = told(&mut again).await;
        assert_eq!(revision_of(&event), expected);
        mirror.apply(&event);
    }
    assert_eq!(mirror, served.block.mirror);

    // With contents alone only what differs is told.
    let mut told_of = Watcher::new(vec![served.client.clone()], subscription(), None, mirror.have()).unwrap();
    let event = told(&mut told_of).await;
    assert!(
        matches!(&event, Event::Snapshot(snapshot) if snapshot.partial && snapshot.entries.is_empty()),
        "{event:?}"
    );
    served.finish().await;
}

#[tokio::test]
async fn what_was_told_anew_is_told_anew() {
    let mut served = Served::filled();
    let mut watcher = served.watcher(None);
    assert!(matches!(told(&mut watcher).await, Event::Snapshot(_)));
    // The same revision, and less to see.
    served.block.takes(&[Event::Reset(ResetReason::Access), snapshot(cursor(1, 5), &[("orders/a", "1")])]);
    assert_eq!(told(&mut watcher).await, Event::Reset(ResetReason::Access));
    assert!(matches!(told(&mut watcher).await, Event::Snapshot(snapshot) if snapshot.entries.len() == 1));
    // A new history.
    served.block.takes(&[Event::Reset(ResetReason::Epoch), snapshot(cursor(2, 3), &[("orders/a", "1")])]);
    assert!(matches!(told(&mut watcher).await, Event::Reset(_)));
    assert!(matches!(told(&mut watcher).await, Event::Snapshot(snapshot) if snapshot.cursor == cursor(2, 3)));
    // The same once more, after nothing but a hiccup of the connection.
    served.block.takes(&[snapshot(cursor(2, 4), &[("orders/a", "1")])]);
    let mut late = served.watcher(Some(cursor(1, 5)));
    assert_eq!(told(&mut late).await, Event::Reset(ResetReason::Epoch));
    assert!(matches!(told(&mut late).await, Event::Snapshot(_)));
    served.finish().await;
}

#[tokio::test]
async fn whoever_was_away_too_long_begins_anew() {
    let mut served = Served::filled();
    let changes: Vec<Event> = (6..1200).map(|revision| change(revision, &[("orders/a", Some("x"))])).collect();
    served.block.takes(&changes);
    let mut watcher = served.watcher(Some(cursor(1, 5)));
    assert_eq!(told(&mut watcher).await, Event::Reset(ResetReason::Compacted));
    assert!(matches!(told(&mut watcher).await, Event::Snapshot(snapshot) if snapshot.cursor == cursor(1, 1199)));
    served.finish().await;
}

#[tokio::test]
async fn a_stop_says_goodbye_and_before_the_first_snapshot_nothing_is_there() {
    let mut served = Served::start(Block::new());
    let answer = served.asks("GET /api/v1/watch?env=dev&namespace=orders HTTP/1.1\r\nhost: x").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("not_there_yet"), "{answer}");
    served.block.takes(&[snapshot(cursor(1, 1), &[])]);
    let mut watcher = served.watcher(None);
    assert!(matches!(told(&mut watcher).await, Event::Snapshot(_)));
    let (stop, ended) = (served.stop.clone(), async {
        loop {
            if let Event::Lost { outage, .. } = watcher.next().await.unwrap() {
                return outage;
            }
        }
    });
    stop.cancel();
    assert_eq!(ended.await, Outage::Bye);
    served.finish().await;
}

#[tokio::test]
async fn a_wrong_watch_says_what_is_wrong() {
    let served = Served::filled();
    for (query, problem) in [
        ("env=dev", "must be given at least once"),
        ("env=dev&namespace=web", "no namespace of this block"),
        ("env=dev&namespace=orders&after=x", "whole number"),
        ("env=dev&namespace=orders&have=x", "namespace/key:hash"),
        ("env=dev&namespace=orders&foo=x", "unknown"),
    ] {
        let answer = served.asks(&format!("GET /api/v1/watch?{query} HTTP/1.1\r\nhost: x")).await;
        assert!(answer.starts_with("HTTP/1.1 4") && answer.contains(problem), "{query}: {answer}");
    }
    served.finish().await;
}

#[tokio::test]
async fn the_socket_is_private_and_never_taken_from_another() {
    let folder = tempfile::tempdir().unwrap();
    let open = |settings: &SocketSettings| {
        let settings = LocalSettings { socket: Some(settings.clone()), listen: None, secrets: false };
        Local::open(&settings, Block::new().feed, Arc::new(Latest))
    };
    let settings = socket(folder.path());
    let first = open(&settings).unwrap();
    assert_eq!(fs::metadata(&settings.path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let refused = open(&settings).unwrap_err().to_string();
    assert!(refused.contains("another program listens there"), "{refused}");
    drop(first);
    assert!(!settings.path.exists());

    // One that a killed agent left is replaced; anything else is not.
    drop(std::os::unix::net::UnixListener::bind(&settings.path).unwrap());
    drop(open(&SocketSettings { mode: 0o660, ..settings.clone() }).unwrap());
    fs::write(&settings.path, "precious").unwrap();
    let refused = open(&settings).unwrap_err().to_string();
    assert!(refused.contains("no socket"), "{refused}");
    assert_eq!(fs::read_to_string(&settings.path).unwrap(), "precious");

    let wide = LocalSettings { socket: None, listen: Some("0.0.0.0:0".parse().unwrap()), secrets: false };
    let refused = Local::open(&wide, Block::new().feed, Arc::new(Latest)).unwrap_err().to_string();
    assert!(refused.contains("not a loopback address"), "{refused}");
}
