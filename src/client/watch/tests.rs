//! A watcher against servers that say what the test tells them to, and its mirror against a model.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use time::macros::datetime;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::api::problem::Code;
use crate::api::watch::ResetReason;
use crate::client::{Server, Token};
use crate::domain::formats::Format;
use crate::domain::names::EntryKey;
use crate::domain::revisions::{Epoch, Revision};

/// A server whose every answer is written in the test.
struct Fake {
    listener: TcpListener,
}

/// A connection that asked for something.
struct Asked {
    stream: TcpStream,
    request: String,
}

impl Fake {
    async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    fn client(&self) -> Client {
        let server = Server::parse(&self.listener.local_addr().unwrap().to_string()).unwrap();
        Client::new(server, Some(&Token::parse("secret").unwrap())).unwrap()
    }

    /// The next request, with its body.
    async fn asked(&self) -> Asked {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let mut request = Vec::new();
        loop {
            assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "{}", String::from_utf8_lossy(&request));
            let text = String::from_utf8_lossy(&request).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return Asked { stream, request: text };
            }
        }
    }

    /// The next request, answered with a stream.
    async fn streams(&self, text: impl AsRef<str>) -> Asked {
        let mut asked = self.asked().await;
        asked.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n").await;
        asked.send(text.as_ref()).await;
        asked
    }

    /// The next request, answered once.
    async fn answers(&self, status: u16, headers: &str, body: &[u8]) -> Asked {
        let mut asked = self.asked().await;
        let head =
            format!("HTTP/1.1 {status} X\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n", body.len());
        asked.send(&head).await;
        asked.stream.write_all(body).await.unwrap();
        asked
    }
}

impl Asked {
    async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    fn first_line(&self) -> &str {
        self.request.lines().next().unwrap()
    }

    fn last_event_id(&self) -> Option<&str> {
        self.request.lines().find_map(|line| line.strip_prefix("last-event-id: "))
    }
}

fn subscription() -> Subscription {
    Subscription {
        environment: EnvironmentName::parse("dev").unwrap(),
        namespaces: vec![NamespaceName::parse("orders").unwrap()],
        instance: None,
        reveal: false,
    }
}

fn watcher(fakes: &[&Fake]) -> Watcher {
    let clients = fakes.iter().map(|fake| fake.client()).collect();
    let mut watcher = Watcher::new(clients, subscription(), None, BTreeMap::new()).unwrap();
    watcher.pauses.set_first(Duration::from_millis(1));
    watcher
}

fn place(key: &str) -> Place {
    (NamespaceName::parse("orders").unwrap(), EntryKey::parse(key).unwrap())
}

fn cursor(text: &str) -> Cursor {
    text.parse().unwrap()
}

fn hash(text: &str) -> String {
    ContentHash::of(text.as_bytes()).to_string()
}

fn frame(event: &str, id: Option<&str>, data: &Value) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("event: {event}\n{id}data: {data}\n\n")
}

fn entry(key: &str, text: &str, revision: u64) -> Value {
    json!({"namespace": "orders", "key": key, "format": "text", "hash": hash(text), "revision": revision,
        "actor": "ann", "at": "2026-01-31T12:00:00Z", "content": text})
}

fn put(key: &str, text: &str) -> Value {
    json!({"namespace": "orders", "key": key, "op": "put", "format": "text", "hash": hash(text), "content": text})
}

fn deleted(key: &str) -> Value {
    json!({"namespace": "orders", "key": key, "op": "delete"})
}

fn revision_of(id: &str) -> u64 {
    cursor(id).revision.0
}

fn snapshot(id: &str, entries: &[Value]) -> String {
    let data = json!({"revision": revision_of(id), "part": 0, "last": true, "entries": entries});
    frame("snapshot", Some(id), &data)
}

fn change(id: &str, changes: &[Value]) -> String {
    let data = json!({"revision": revision_of(id), "at": "2026-01-31T12:00:00Z", "actor": "ann", "message": "why",
        "kind": "publish", "changes": changes});
    frame("change", Some(id), &data)
}

fn checkpoint(id: &str) -> String {
    frame("checkpoint", Some(id), &json!({"revision": revision_of(id)}))
}

fn reset(reason: &str) -> String {
    frame("reset", None, &json!({"reason": reason}))
}

/// The next event that is not about connections.
async fn told(watcher: &mut Watcher) -> Event {
    loop {
        let event = watcher.next().await.unwrap();
        if !matches!(event, Event::Connected { .. } | Event::Lost { .. }) {
            return event;
        }
    }
}

async fn lost(watcher: &mut Watcher) -> Outage {
    loop {
        if let Event::Lost { outage, .. } = watcher.next().await.unwrap() {
            return outage;
        }
    }
}

fn texts(mirror: &Mirror) -> Vec<(String, String)> {
    let text = |held: &Held| String::from_utf8(held.bytes.to_vec()).unwrap();
    mirror.entries().iter().map(|((_, key), held)| (key.to_string(), text(held))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect()
}

#[tokio::test]
async fn a_snapshot_then_changes_then_a_checkpoint_are_given_in_order() {
    let fake = Fake::new().await;
    let (mut watcher, mut mirror) = (watcher(&[&fake]), Mirror::new(subscription()));
    let text = [
        ": hello\n\n".to_owned(),
        snapshot("1.3", &[entry("a", "1", 2)]),
        frame("weather", None, &json!({"sun": true})),
        change("1.5", &[put("b", "2"), deleted("a")]),
        checkpoint("1.9"),
    ];
    let server = async {
        let asked = fake.streams(&text.concat()).await;
        assert!(asked.first_line().starts_with("GET /api/v1/watch?env=dev&namespace=orders "), "{}", asked.request);
        assert!(asked.request.contains("accept: text/event-stream"), "{}", asked.request);
        assert!(asked.request.contains("authorization: Bearer secret"), "{}", asked.request);
        assert_eq!(asked.last_event_id(), None);
        asked
    };
    let reader = async {
        assert!(matches!(watcher.next().await.unwrap(), Event::Connected { .. }));
        let applied = mirror.apply(&told(&mut watcher).await);
        assert!(applied.snapshot && applied.changed == [place("a")], "{applied:?}");
        let event = told(&mut watcher).await;
        let Event::Change(change) = &event else { panic!("{event:?}") };
        assert_eq!((change.actor.as_str(), change.message.as_str(), change.kind.as_str()), ("ann", "why", "publish"));
        let applied = mirror.apply(&event);
        assert_eq!((applied.changed, applied.deleted), (vec![place("b")], vec![place("a")]));
        let event = told(&mut watcher).await;
        assert_eq!(event, Event::Checkpoint(cursor("1.9")));
        mirror.apply(&event);
    };
    let _open = tokio::join!(server, reader).0;
    assert_eq!(texts(&mirror), pairs(&[("b", "2")]));
    assert_eq!(mirror.cursor(), Some(cursor("1.9")));
    assert_eq!(watcher.cursor(), mirror.cursor());
}

#[tokio::test]
async fn it_comes_back_where_it_was_and_drops_what_it_saw() {
    let fake = Fake::new().await;
    let mut watcher = watcher(&[&fake]);
    let server = async {
        drop(fake.streams(&[snapshot("1.3", &[]), change("1.4", &[put("a", "1")])].concat()).await);
        let again = [change("1.3", &[]), change("1.4", &[put("a", "1")]), change("1.6", &[put("a", "2")])];
        let asked = fake.streams(&again.concat()).await;
        assert_eq!(asked.last_event_id(), Some("1.4"));
        assert!(!asked.request.contains("have="), "{}", asked.request);
        asked
    };
    let reader = async {
        assert!(matches!(told(&mut watcher).await, Event::Snapshot(_)));
        assert!(matches!(told(&mut watcher).await, Event::Change(change) if change.cursor == cursor("1.4")));
        assert!(
            matches!(watcher.next().await.unwrap(), Event::Lost { retry_in, .. } if retry_in <= Duration::from_secs(1))
        );
        assert!(matches!(told(&mut watcher).await, Event::Change(change) if change.cursor == cursor("1.6")));
    };
    let _open = tokio::join!(server, reader).0;
}

#[tokio::test]
async fn it_turns_to_the_other_server() {
    let (one, two) = (Fake::new().await, Fake::new().await);
    let mut watcher = watcher(&[&one, &two]);
    // Whichever is asked first says goodbye; then it must be the other's turn.
    let bye = [snapshot("1.3", &[]), frame("bye", None, &json!({"retry_ms": 10}))].concat();
    let server = async {
        let (first, second) = tokio::select! {
            asked = one.streams(&bye) => (asked, &two),
            asked = two.streams(&bye) => (asked, &one),
        };
        let asked = second.streams(change("1.4", &[])).await;
        assert_eq!(asked.last_event_id(), Some("1.3"));
        (first, asked)
    };
    let reader = async {
        assert_eq!(lost(&mut watcher).await, Outage::Bye);
        assert!(matches!(told(&mut watcher).await, Event::Change(_)));
    };
    let _open = tokio::join!(server, reader).0;
}

#[tokio::test]
async fn parts_are_joined_and_nothing_of_them_is_given_before_the_last() {
    let fake = Fake::new().await;
    let mut watcher = watcher(&[&fake]);
    let part = |part: u32, last: bool, entries: &[Value]| {
        let data = json!({"revision": 3, "part": part, "last": last, "entries": entries});
        frame("snapshot", last.then_some("1.3"), &data)
    };
    let changed = |part: u32, last: bool, changes: &[Value]| {
        let data = json!({"revision": 4, "at": "2026-01-31T12:00:00Z", "actor": "ann", "message": "", "kind": "publish",
            "part": part, "last": last, "changes": changes});
        frame("change", last.then_some("1.4"), &data)
    };
    let server = async {
        // Cut after the first part: it is as if it had never come.
        drop(fake.streams(&part(0, false, &[entry("old", "0", 1)])).await);
        let text = [part(0, false, &[entry("a", "1", 1)]), part(1, true, &[entry("b", "2", 2)])].concat();
        let mut asked = fake.streams(&text).await;
        assert_eq!(asked.last_event_id(), None);
        asked.send(&changed(0, false, &[put("a", "3")])).await;
        asked.send(&changed(1, true, &[put("c", "4")])).await;
        asked
    };
    let reader = async {
        let mut mirror = Mirror::new(subscription());
        mirror.apply(&told(&mut watcher).await);
        assert_eq!(texts(&mirror), pairs(&[("a", "1"), ("b", "2")]));
        let event = told(&mut watcher).await;
        let Event::Change(change) = &event else { panic!("{event:?}") };
        assert_eq!(change.edits.len(), 2);
        mirror.apply(&event);
        assert_eq!(texts(&mirror), pairs(&[("a", "3"), ("b", "2"), ("c", "4")]));
    };
    let _open = tokio::join!(server, reader).0;
}

#[tokio::test]
async fn a_part_out_of_turn_is_a_broken_stream_and_asks_for_a_snapshot() {
    let part = |part: u32| frame("snapshot", None, &json!({"revision": 3, "part": part, "last": false, "entries": []}));
    for text in [
        [snapshot("1.3", &[entry("a", "1", 1)]), part(1)].concat(),
        [snapshot("1.3", &[entry("a", "1", 1)]), part(0), part(0)].concat(),
        [snapshot("1.3", &[entry("a", "1", 1)]), part(0), checkpoint("1.4")].concat(),
        [snapshot("1.3", &[entry("a", "1", 1)]), part(0), change("1.4", &[])].concat(),
        [snapshot("1.3", &[entry("a", "1", 1)]), change("1.4", &[]).replace("id: 1.4\n", "")].concat(),
        [snapshot("1.3", &[entry("a", "1", 1)]), change("1.4", &[]).replace("id: 1.4\n", "id: 1.5\n")].concat(),
        [snapshot("1.3", &[entry("a", "1", 1)]), change("2.4", &[])].concat(),
    ] {
        let fake = Fake::new().await;
        let mut watcher = watcher(&[&fake]);
        let server = async {
            let first = fake.streams(&text).await;
            let asked = fake.streams(snapshot("1.4", &[])).await;
            assert_eq!(asked.last_event_id(), None, "{text}");
            assert!(asked.request.contains(&format!("have=orders%2Fa%3A{}", hash("1"))), "{}", asked.request);
            (first, asked)
        };
        let reader = async {
            assert!(matches!(told(&mut watcher).await, Event::Snapshot(_)));
            assert!(matches!(lost(&mut watcher).await, Outage::Broken(_)), "{text}");
            assert!(matches!(told(&mut watcher).await, Event::Snapshot(_)));
        };
        let _open = tokio::join!(server, reader).0;
    }
}

#[tokio::test]
async fn a_content_that_is_not_what_was_announced_is_never_given() {
    let fake = Fake::new().await;
    let mut watcher = watcher(&[&fake]);
    let mut wrong = entry("a", "1", 1);
    wrong["content"] = json!("2");
    let server = async {
        let first = fake.streams(snapshot("1.3", &[wrong])).await;
        (first, fake.streams(snapshot("1.3", &[entry("a", "1", 1)])).await)
    };
    let reader = async {
        let outage = lost(&mut watcher).await;
        assert!(outage.to_string().contains("orders/a"), "{outage}");
        assert!(matches!(told(&mut watcher).await, Event::Snapshot(_)));
    };
    let _open = tokio::join!(server, reader).0;
}

#[tokio::test]
async fn a_large_content_is_fetched_from_the_same_server_with_the_same_token() {
    let fake = Fake::new().await;
    let mut watcher = watcher(&[&fake]);
    let big = "x".repeat(200 * 1024);
    let mut large = entry("big", &big, 1);
    large.as_object_mut().unwrap().remove("content");
    large["href"] = json!("/api/v1/environments/dev/namespaces/orders/entries/big?at=3");
    let server = async {
        let stream = fake.streams(snapshot("1.3", &[large])).await;
        let asked = fake.answers(200, "", big.as_bytes()).await;
        assert!(
            asked.first_line().starts_with("GET /api/v1/environments/dev/namespaces/orders/entries/big?at=3 "),
            "{}",
            asked.request
        );
        assert!(asked.request.contains("accept: application/octet-stream"), "{}", asked.request);
        assert!(asked.request.contains("authorization: Bearer secret"), "{}", asked.request);
        stream
    };
    let reader = async {
        let event = told(&mut watcher).await;
        let Event::Snapshot(snapshot) = event else { panic!("{event:?}") };
        assert_eq!(snapshot.entries[0].version.bytes, big.as_bytes());
    };
    let _open = tokio::join!(server, reader).0;
}

#[tokio::test]
async fn a_content_elsewhere_is_not_fetched() {
    let (fake, elsewhere) = (Fake::new().await, Fake::new().await);
    let mut watcher = watcher(&[&fake]);
    let mut large = entry("big", "x", 1);
    large.as_object_mut().unwrap().remove("content");
    large["href"] = json!(format!("{}/x", elsewhere.client().server()));
    let text = snapshot("1.3", &[large]);
    let server = fake.streams(&text);
    let reader = async {
        let outage = lost(&mut watcher).await;
        assert!(outage.to_string().contains("outside the server"), "{outage}");
    };
    let _open = tokio::join!(server, reader).0;
    assert!(tokio::time::timeout(Duration::ZERO, elsewhere.listener.accept()).await.is_err());
}

#[tokio::test]
async fn refusals_are_outages_and_mistakes_are_errors() {
    let fake = Fake::new().await;
    let mut watcher = watcher(&[&fake]);
    let problem = |code: &str, status: u16| {
        json!({"type": "urn:pintle:problem:x", "title": "x", "status": status, "code": code}).to_string()
    };
    let refusals =
        [("unauthenticated", 401), ("denied", 403), ("not_found", 404), ("unavailable", 503), ("something_new", 503)];
    let server = async {
        for (code, status) in refusals {
            fake.answers(status, "", problem(code, status).as_bytes()).await;
        }
        fake.answers(200, "content-type: text/html\r\n", b"<html>Welcome to the hotel").await;
        fake.answers(422, "", problem("invalid", 422).as_bytes()).await;
        fake.streams(snapshot("1.3", &[])).await
    };
    let reader = async {
        for (code, status) in refusals {
            let outage = lost(&mut watcher).await;
            assert_eq!(outage.status(), Some(status), "{code}");
            assert!(matches!(outage, Outage::Refused(_)), "{code}");
        }
        assert!(matches!(lost(&mut watcher).await, Outage::Unexpected { status: 200, body } if body.contains("hotel")));
        assert_eq!(watcher.next().await.unwrap_err().code(), Some(Code::Invalid));
        assert!(matches!(told(&mut watcher).await, Event::Snapshot(_)));
    };
    let _open = tokio::join!(server, reader).0;
}

#[tokio::test]
async fn what_the_server_asks_to_wait_is_kept() {
    async fn wait(watcher: &mut Watcher) -> Duration {
        loop {
            if let Event::Lost { retry_in, .. } = watcher.next().await.unwrap() {
                return retry_in;
            }
        }
    }
    let fake = Fake::new().await;
    let mut one = watcher(&[&fake]);
    let waited = tokio::join!(fake.answers(503, "retry-after: 7\r\n", b""), wait(&mut one)).1;
    assert!((Duration::from_secs(7)..=Duration::from_secs(14)).contains(&waited), "{waited:?}");

    let mut two = watcher(&[&fake]);
    let text = [frame("bye", None, &json!({"retry_ms": 2000}))].concat();
    let waited = tokio::join!(fake.streams(&text), wait(&mut two)).1;
    assert!((Duration::from_secs(2)..=Duration::from_secs(4)).contains(&waited), "{waited:?}");

    let mut three = watcher(&[&fake]);
    let text = ["retry: 29000\n\n".to_owned(), snapshot("1.1", &[])].concat();
    let server = async { drop(fake.streams(&text).await) };
    let _ = tokio::join!(server, wait(&mut three));
    three.pauses.relax();
    assert_eq!(three.pauses.next(None, uuid::Uuid::max()), Duration::from_secs(29));
}

#[tokio::test]
async fn silence_ends_a_stream_and_comments_keep_it() {
    let fake = Fake::new().await;
    let mut watcher = watcher(&[&fake]);
    watcher.silence = Duration::from_millis(500);
    let server = async {
        let mut asked = fake.streams(snapshot("1.3", &[])).await;
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        for _ in 0..30 {
            ticks.tick().await;
            asked.send(":\n\n").await;
        }
        asked
    };
    let reader = async {
        assert!(matches!(told(&mut watcher).await, Event::Snapshot(_)));
        let begun = Instant::now();
        assert_eq!(lost(&mut watcher).await, Outage::Silence);
        begun.elapsed()
    };
    let (_open, lasted) = tokio::join!(server, reader);
    assert!(lasted > Duration::from_millis(1400), "{lasted:?}");
}

#[tokio::test]
async fn after_a_reset_only_a_snapshot_counts_even_over_a_new_connection() {
    let fake = Fake::new().await;
    let mut watcher = watcher(&[&fake]);
    let server = async {
        drop(fake.streams(&[snapshot("5.3", &[entry("a", "1", 1)]), reset("access")].concat()).await);
        let asked = fake.streams("").await;
        assert_eq!(asked.last_event_id(), None);
        assert!(asked.request.contains("have="), "{}", asked.request);
        asked
    };
    let reader = async {
        assert!(matches!(told(&mut watcher).await, Event::Snapshot(_)));
        assert_eq!(told(&mut watcher).await, Event::Reset(ResetReason::Access));
        lost(&mut watcher).await;
        assert!(matches!(watcher.next().await.unwrap(), Event::Connected { .. }));
    };
    let mut asked = tokio::join!(server, reader).0;
    // A new history counts although its number is smaller.
    asked.send(&[reset("epoch"), snapshot("9.2", &[entry("b", "2", 2)]), change("9.3", &[])].concat()).await;
    assert_eq!(told(&mut watcher).await, Event::Reset(ResetReason::Epoch));
    assert!(matches!(told(&mut watcher).await, Event::Snapshot(snapshot) if snapshot.cursor == cursor("9.2")));
    assert!(matches!(told(&mut watcher).await, Event::Change(change) if change.cursor == cursor("9.3")));
}

#[tokio::test]
async fn a_snapshot_that_is_older_than_what_was_seen_is_refused() {
    let fake = Fake::new().await;
    let mut watcher = watcher(&[&fake]);
    let text = [snapshot("5.9", &[]), reset("epoch"), snapshot("5.8", &[])].concat();
    let server = fake.streams(&text);
    let reader = async {
        assert!(matches!(told(&mut watcher).await, Event::Snapshot(_)));
        assert!(matches!(told(&mut watcher).await, Event::Reset(_)));
        let outage = lost(&mut watcher).await;
        assert!(outage.to_string().contains("older"), "{outage}");
    };
    let _open = tokio::join!(server, reader).0;
}

#[tokio::test]
async fn a_snapshot_of_differences_leaves_the_rest_as_it_was() {
    let fake = Fake::new().await;
    let mut mirror = Mirror::new(subscription());
    for (key, text) in [("a", "1"), ("b", "2"), ("c", "3")] {
        let bytes = Bytes::from(text);
        let hash = ContentHash::of(&bytes);
        let at = datetime!(2026-01-31 12:00 UTC);
        let held = Held {
            format: Format::Text,
            hash,
            bytes,
            secrecy: Secrecy::Open,
            revision: 1,
            actor: "ann".to_owned(),
            at,
        };
        mirror.entries.insert(place(key), held);
    }
    let mut watcher = Watcher::new(vec![fake.client()], subscription(), None, mirror.have()).unwrap();
    let data = json!({"revision": 7, "part": 0, "last": true, "have": true, "entries": [entry("b", "4", 6)],
        "absent": [{"namespace": "orders", "key": "c"}]});
    let text = frame("snapshot", Some("1.7"), &data);
    let (asked, event) = tokio::join!(fake.streams(&text), told(&mut watcher));
    assert!(asked.request.contains("have=orders%2Fa%3A"), "{}", asked.request);
    let applied = mirror.apply(&event);
    assert_eq!((applied.changed, applied.gone, applied.deleted), (vec![place("b")], vec![place("c")], vec![]));
    assert_eq!(texts(&mirror), pairs(&[("a", "1"), ("b", "4")]));
}

#[tokio::test]
async fn a_long_list_goes_as_a_body() {
    let fake = Fake::new().await;
    let have: BTreeMap<Place, ContentHash> =
        (0..100).map(|number| (place(&format!("key-{number}")), ContentHash::of(b"x"))).collect();
    let mut watcher = Watcher::new(vec![fake.client()], subscription(), None, have).unwrap();
    let (asked, _) = tokio::join!(fake.streams(snapshot("1.3", &[])), told(&mut watcher));
    assert!(asked.first_line().starts_with("POST /api/v1/watch "), "{}", asked.request);
    let body = asked.request.split_once("\r\n\r\n").unwrap().1;
    let body: crate::api::watch::WatchBody = serde_json::from_str(body).unwrap();
    assert_eq!((body.env.as_str(), body.namespaces.len(), body.have.len()), ("dev", 1, 100));
    assert_eq!(body.have[0], format!("orders/key-0:{}", hash("x")));
}

#[tokio::test]
async fn an_event_is_not_lost_when_nobody_waits_to_the_end() {
    let fake = Fake::new().await;
    let mut watcher = watcher(&[&fake]);
    let all: String = (4..40).map(|number| change(&format!("1.{number}"), &[put("a", &number.to_string())])).collect();
    let server = async {
        let mut asked = fake.streams(snapshot("1.3", &[])).await;
        for piece in all.as_bytes().chunks(61) {
            asked.stream.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        asked
    };
    let reader = async {
        let mut seen = Vec::new();
        while seen.last() != Some(&39) {
            tokio::select! {
                biased;
                event = watcher.next() => if let Event::Change(change) = event.unwrap() {
                    seen.push(change.cursor.revision.0);
                },
                () = tokio::task::yield_now() => {}
            }
        }
        assert_eq!(seen, (4..40).collect::<Vec<_>>());
    };
    let _open = tokio::join!(server, reader).0;
}

/// What one event says, for the model: text none deletes.
type Said = Vec<(u8, Option<u8>)>;

fn version(text: u8) -> Version {
    let bytes = Bytes::from(vec![text; usize::from(text) % 7]);
    Version { format: Format::Binary, hash: ContentHash::of(&bytes), bytes, secrecy: Secrecy::Open }
}

fn event(revision: u64, whole: bool, said: &Said) -> Event {
    let cursor = Cursor { epoch: Epoch(1), revision: Revision(revision) };
    let at = datetime!(2026-01-31 12:00 UTC);
    let actor = "ann".to_owned();
    if whole {
        let said: BTreeMap<u8, Option<u8>> = said.iter().copied().collect();
        let entry = |(key, text): (u8, Option<u8>)| {
            let (place, version) = (place(&format!("k{key}")), version(text?));
            Some(Entry { place, version, revision, actor: actor.clone(), at })
        };
        let entries = said.into_iter().filter_map(entry).collect();
        return Event::Snapshot(Snapshot { cursor, held: false, partial: false, entries, absent: vec![] });
    }
    let edits = said.iter().map(|(key, text)| Edit { place: place(&format!("k{key}")), version: text.map(version) });
    let (message, kind) = (String::new(), "publish".to_owned());
    Event::Change(Change { cursor, at, actor, message, kind, trace: None, edits: edits.collect() })
}

fn events() -> impl Strategy<Value = Vec<(bool, Said)>> {
    let said = prop::collection::vec((0..6_u8, prop::option::weighted(0.7, any::<u8>())), 0..5);
    prop::collection::vec((prop::bool::weighted(0.2), said), 1..20)
}

fn mirror_of(all: &[(bool, Said)]) -> Mirror {
    let mut mirror = Mirror::new(subscription());
    for (revision, (whole, said)) in (1..).zip(all) {
        mirror.apply(&event(revision, *whole, said));
    }
    mirror
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_mirror_is_what_the_events_say(all in events()) {
        let (mut mirror, mut model) = (Mirror::new(subscription()), BTreeMap::new());
        for (revision, (whole, said)) in (1..).zip(&all) {
            let before = model.clone();
            if *whole {
                model.clear();
            }
            for (key, text) in said {
                match text {
                    Some(text) => drop(model.insert(place(&format!("k{key}")), version(*text).bytes)),
                    None => drop(model.remove(&place(&format!("k{key}")))),
                }
            }
            let event = event(revision, *whole, said);
            let applied = mirror.apply(&event);
            let held: BTreeMap<Place, Bytes> = mirror.entries().iter().map(|(place, held)| (place.clone(), held.bytes.clone())).collect();
            prop_assert_eq!(&held, &model);
            let differs = |place: &&Place| before.get(*place) != model.get(*place);
            let changed: Vec<Place> = model.keys().filter(differs).cloned().collect();
            // One that was deleted and put back within a change may be told as changed.
            prop_assert!(changed.iter().all(|place| applied.changed.contains(place)));
            prop_assert!(applied.changed.iter().all(|place| model.contains_key(place)));
            let left: Vec<&Place> = before.keys().filter(|place| !model.contains_key(*place)).collect();
            let told = if *whole { &applied.gone } else { &applied.deleted };
            prop_assert!(left.iter().all(|place| told.contains(place)));
            prop_assert!(told.iter().all(|place| !model.contains_key(place)));
            // At least once is enough.
            if !whole {
                prop_assert_eq!(mirror.apply(&event), Applied::default());
            }
        }
    }

    #[test]
    fn a_kept_mirror_comes_back_and_any_flipped_bit_or_cut_is_refused(
        all in events(), at in any::<prop::sample::Index>(), bit in 0..8_u8, cut in any::<prop::sample::Index>()
    ) {
        let mirror = mirror_of(&all);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mirror");
        mirror.save(&path).unwrap();
        prop_assert_eq!(Mirror::load(&path, &subscription()).unwrap(), Some(mirror));
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[at.index(good.len())] ^= 1 << bit;
        fs::write(&path, &bad).unwrap();
        prop_assert!(Mirror::load(&path, &subscription()).is_err());
        fs::write(&path, &good[..cut.index(good.len())]).unwrap();
        let refused = Mirror::load(&path, &subscription());
        prop_assert!(matches!(refused, Err(MirrorError::Damaged { .. })), "{refused:?}");
        fs::write(&path, [&good[..], b"x"].concat()).unwrap();
        let refused = Mirror::load(&path, &subscription());
        prop_assert!(matches!(refused, Err(MirrorError::Damaged { .. })), "{refused:?}");
    }
}

#[test]
fn a_kept_mirror_is_private_and_of_one_subscription_and_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mirror");
    assert_eq!(Mirror::load(&path, &subscription()).unwrap(), None);
    // What a killed process left is no hindrance.
    fs::write(folder.path().join("mirror.new"), "half").unwrap();
    let mirror = mirror_of(&[(true, vec![(1, Some(3))])]);
    mirror.save(&path).unwrap();
    mirror.save(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    let other = Subscription { instance: Some("host/orders".to_owned()), ..subscription() };
    let refused = Mirror::load(&path, &other).unwrap_err();
    assert!(matches!(refused, MirrorError::OtherSubscription { .. }), "{refused}");
    assert!(refused.to_string().ends_with("is of dev/orders, not of dev/orders as host/orders"), "{refused}");

    let newer = fs::read_to_string(&path).unwrap().replacen("pintle-mirror 1 ", "pintle-mirror 2 ", 1);
    fs::write(&path, newer).unwrap();
    let refused = Mirror::load(&path, &subscription()).unwrap_err();
    assert!(matches!(refused, MirrorError::OtherVersion { .. }), "{refused}");
    fs::write(&path, "").unwrap();
    let refused = Mirror::load(&path, &subscription()).unwrap_err();
    assert!(matches!(refused, MirrorError::Damaged { .. }), "{refused}");
}

#[test]
fn a_mirror_that_cannot_be_written_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mirror");
    let old = mirror_of(&[(true, vec![(1, Some(3))])]);
    old.save(&path).unwrap();
    fs::create_dir(folder.path().join("mirror.new")).unwrap();
    let refused = mirror_of(&[]).save(&path).unwrap_err();
    assert!(matches!(refused, MirrorError::Io { .. }), "{refused}");
    assert_eq!(Mirror::load(&path, &subscription()).unwrap(), Some(old));
}
