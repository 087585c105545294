//! The watch over real HTTP: its seven guarantees by name, and how a stream begins, goes on and ends.

use std::collections::BTreeMap;

use pintle::domain::contents::ContentHash;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant};

use crate::harness::App;
use crate::harness::actors::{Actor, delete, entry, put};
use crate::harness::streams::Event;

const WEB: &str = "env=dev&namespace=web";

/// A store with `dev/web` and `dev/orders`.
async fn store() -> App {
    let app = App::start().await;
    for place in ["dev/web", "dev/orders"] {
        app.admin().create(place).await;
    }
    app
}

async fn cursor(actor: &Actor, revision: u64) -> String {
    let epoch = actor.get("/readyz").await.ok()["epoch"].as_u64().unwrap();
    format!("{epoch}.{revision}")
}

/// What a client holds after these events.
fn held(events: &[Event]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for event in events {
        let place = |one: &Value| format!("{}/{}", one["namespace"].as_str().unwrap(), one["key"].as_str().unwrap());
        for one in event.data["entries"].as_array().into_iter().flatten() {
            all.insert(place(one), one["content"].as_str().unwrap_or_default().to_owned());
        }
        for one in event.data["changes"].as_array().into_iter().flatten() {
            match one["op"].as_str().unwrap() {
                "put" => all.insert(place(one), one["content"].as_str().unwrap_or_default().to_owned()),
                _ => all.remove(&place(one)),
            };
        }
    }
    all
}

#[tokio::test]
async fn a_watch_begins_with_a_snapshot_and_goes_on_with_changes() {
    let app = store().await;
    let admin = app.admin();
    let first = admin.write("dev/web/app.yaml", "a: 1").await.revision();
    let mut stream = admin.watch(WEB).await;
    let snapshot = stream.expect("snapshot").await;
    assert_eq!((snapshot.id.clone(), snapshot.revision()), (Some(cursor(admin, first).await), first));
    assert_eq!(snapshot.data["last"], true);
    let one = &snapshot.data["entries"][0];
    for (field, expected) in [
        ("namespace", json!("web")),
        ("key", json!("app.yaml")),
        ("format", json!("yaml")),
        ("content", json!("a: 1")),
        ("hash", json!(ContentHash::of(b"a: 1").to_string())),
        ("revision", json!(first)),
        ("actor", json!("admin")),
    ] {
        assert_eq!(one[field], expected, "{field}");
    }
    let second = admin.publish(&[put("dev/web/app.yaml", "a: 2"), put("dev/web/b.txt", "b")]).await.revision();
    let change = stream.change().await;
    assert_eq!((change.id.clone(), change.revision()), (Some(cursor(admin, second).await), second));
    assert_eq!((&change.data["kind"], &change.data["message"]), (&json!("publish"), &json!("a change")));
    assert_eq!(change.keys(), ["web/app.yaml", "web/b.txt"]);
    let third = admin.delete(&entry("dev/web/b.txt")).await.revision();
    let change = stream.change().await;
    assert_eq!((change.revision(), change.data["changes"][0]["op"].as_str()), (third, Some("delete")));
    app.finish().await;
}

#[tokio::test]
async fn ordered_and_unique_revisions_rise_and_none_comes_twice() {
    let app = store().await;
    let mut stream = app.admin().watch(WEB).await;
    stream.expect("snapshot").await;
    let writers = (0..8).map(|writer| {
        let admin = app.admin().clone();
        async move {
            for n in 0..20 {
                admin.write(&format!("dev/web/w{writer}"), format!("{n}")).await.revision();
            }
        }
    });
    futures_util::future::join_all(writers).await;
    let mut last = 0;
    for _ in 0..160 {
        let revision = stream.change().await.revision();
        assert!(revision > last, "{revision} after {last}");
        last = revision;
    }
    assert_eq!(last, app.admin().head().await);
    app.finish().await;
}

#[tokio::test]
async fn atomic_a_change_set_comes_as_one_event_also_in_parts() {
    let app = store().await;
    let admin = app.admin();
    let mut stream = admin.watch(WEB).await;
    stream.expect("snapshot").await;
    let content = "x".repeat(60_000);
    let changes: Vec<Value> = (0..40).map(|n| put(&format!("dev/web/k{n:02}"), &content)).collect();
    let revision = admin.publish(&changes).await.revision();
    let (mut keys, mut parts) = (Vec::new(), 0);
    loop {
        let part = stream.change().await;
        assert_eq!((part.revision(), part.data["part"].as_u64()), (revision, Some(parts)));
        keys.extend(part.keys());
        parts += 1;
        assert_eq!(part.id.is_some(), part.data["last"] == true, "only the last part has an id");
        if part.id.is_some() {
            break;
        }
    }
    assert!(parts > 2, "{parts} parts");
    assert_eq!(keys, (0..40).map(|n| format!("web/k{n:02}")).collect::<Vec<_>>());
    // A snapshot of the same size comes in parts as well.
    let mut again = admin.watch(WEB).await;
    let mut entries = 0;
    while {
        entries += again.expect("snapshot").await.keys().len();
        again.last.is_none()
    } {}
    assert_eq!(entries, 40);
    app.finish().await;
}

#[tokio::test]
async fn reliable_every_subscriber_ends_equal_to_the_store() {
    let app = store().await;
    let admin = app.admin();
    let mut events = Vec::new();
    let mut stream = admin.watch("env=dev&namespace=web&namespace=orders").await;
    events.push(stream.expect("snapshot").await);
    for n in 0..30 {
        let (namespace, key) = (["web", "orders"][n % 2], n % 5);
        let address = format!("dev/{namespace}/k{key}");
        if n % 7 == 6 {
            admin.publish(&[delete(&address)]).await;
        } else {
            admin.write(&address, format!("{n}")).await.revision();
        }
    }
    let head = admin.head().await;
    while events.last().unwrap().revision() < head {
        events.push(stream.change().await);
    }
    let fresh = admin.watch("env=dev&namespace=web&namespace=orders").await.expect("snapshot").await;
    assert_eq!(held(&events), held(&[fresh]));
    app.finish().await;
}

#[tokio::test]
async fn resumable_on_any_node_right_after_the_last_id() {
    let mut app = store().await;
    let other = app.second_node().await;
    let admin = app.admin().clone();
    let mut stream = admin.watch(WEB).await;
    stream.expect("snapshot").await;
    let first = admin.write("dev/web/a", "1").await.revision();
    assert_eq!(stream.change().await.revision(), first);
    let last = stream.last.clone().unwrap();
    drop(stream);
    let second = admin.write("dev/web/a", "2").await.revision();
    admin.write("dev/orders/a", "unseen").await.revision();
    let fourth = admin.write("dev/web/b", "4").await.revision();
    // The other node may not have seen it yet: it must not take the cursor for one of the future.
    for actor in [&other, &admin] {
        let mut back = actor.resume(WEB, &last).await;
        assert_eq!(back.change().await.revision(), second);
        assert_eq!(back.change().await.revision(), fourth);
        let mut asked = actor.watch(&format!("{WEB}&after={last}")).await;
        assert_eq!(asked.change().await.revision(), second);
    }
    // A cursor that the other node gave out is good here, at once.
    let newest = other.write("dev/web/a", "5").await.revision();
    let mut ahead = admin.resume(WEB, &cursor(&admin, newest).await).await;
    let next = other.write("dev/web/a", "6").await.revision();
    assert_eq!(ahead.change().await.revision(), next);
    app.finish().await;
}

#[tokio::test]
async fn resumable_from_the_log_when_the_ring_does_not_reach_back() {
    let mut app = store().await;
    let admin = app.admin().clone();
    let first = admin.write("dev/web/k", "0").await.revision();
    let from = cursor(&admin, first).await;
    let content = "x".repeat(500_000);
    // More than the ring holds, so that the beginning must come from the log.
    for n in 1..=80 {
        let changes = [put("dev/web/k", &n.to_string()), put("dev/orders/large", &format!("{n}{content}"))];
        admin.publish(&changes).await.revision();
    }
    let fresh = app.second_node().await;
    for actor in [&admin, &fresh] {
        let mut stream = actor.resume(WEB, &from).await;
        for n in 1..=80 {
            let change = stream.change().await;
            assert_eq!((change.revision(), change.keys().len()), (first + n, 1));
            assert_eq!(change.data["changes"][0]["content"].as_str(), Some(n.to_string().as_str()));
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn bookmarkable_a_quiet_stream_gets_checkpoints_of_the_head() {
    let app = store().await;
    let admin = app.admin();
    let mut stream = admin.watch(WEB).await;
    stream.expect("snapshot").await;
    let unseen = admin.write("dev/orders/a", "1").await.revision();
    let checkpoint = stream.expect("checkpoint").await;
    assert_eq!((checkpoint.revision(), checkpoint.id), (unseen, Some(cursor(admin, unseen).await)));
    let seen = admin.write("dev/web/a", "1").await.revision();
    let mut back = admin.resume(WEB, &stream.last.clone().unwrap()).await;
    assert_eq!(back.change().await.revision(), seen);
    app.finish().await;
}

#[tokio::test]
async fn filtered_only_what_may_be_read_arrives_and_revisions_of_nothing_do_not() {
    let app = store().await;
    let admin = app.admin();
    let narrow = app.user("nina", &[("viewer", "dev", "web", "app/")]).await;
    admin.publish(&[put("dev/web/app/a", "1"), put("dev/web/secret", "2")]).await.revision();
    let mut stream = narrow.watch(WEB).await;
    assert_eq!(stream.expect("snapshot").await.keys(), ["web/app/a"]);
    admin.publish(&[put("dev/web/secret", "3")]).await.revision();
    let both = admin.publish(&[put("dev/web/app/a", "4"), put("dev/web/secret", "5")]).await.revision();
    let change = stream.change().await;
    assert_eq!((change.revision(), change.keys()), (both, vec!["web/app/a".to_owned()]));
    narrow.cannot_watch("env=dev&namespace=orders").await.problem(404, "not_found");
    let problem = narrow.cannot_watch("env=dev&namespace=web&namespace=orders").await.problem(404, "not_found");
    assert!(problem["detail"].as_str().unwrap().contains("orders"), "{problem}");
    app.finish().await;
}

#[tokio::test]
async fn a_namespace_may_be_watched_before_it_exists_and_survives_its_deletion() {
    let app = store().await;
    let admin = app.admin();
    let mut stream = admin.watch("env=dev&namespace=later").await;
    assert_eq!(stream.expect("snapshot").await.keys().len(), 0);
    admin.create("dev/later").await;
    let made = admin.write("dev/later/a", "1").await.revision();
    assert_eq!(stream.change().await.revision(), made);
    let gone = admin.delete("/api/v1/environments/dev/namespaces/later?confirm=later").await.revision();
    let change = stream.change().await;
    assert_eq!((change.revision(), change.data["changes"][0]["op"].as_str()), (gone, Some("delete")));
    admin.cannot_watch("env=nowhere&namespace=web").await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let app = store().await;
    let admin = app.admin();
    admin.publish(&[put("dev/web/same", "1"), put("dev/web/other", "2")]).await.revision();
    let hash = |text: &str| ContentHash::of(text.as_bytes()).to_string();
    let have = format!("have=web/same:{}&have=web/other:{}&have=web/gone:{}", hash("1"), hash("old"), hash("x"));
    let snapshot = admin.watch(&format!("{WEB}&{have}")).await.expect("snapshot").await;
    assert_eq!((snapshot.keys(), &snapshot.data["have"]), (vec!["web/other".to_owned()], &json!(true)));
    assert_eq!(snapshot.data["absent"], json!([{"namespace": "web", "key": "gone"}]));
    let body = json!({"env": "dev", "namespaces": ["web"], "have": [format!("web/same:{}", hash("1"))]});
    let mut posted = admin
        .http()
        .post(format!("{}/api/v1/watch", admin.url))
        .bearer_auth(&admin.token)
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(posted.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    while !text.contains("event: snapshot") || !text.ends_with("\n\n") {
        text.push_str(&String::from_utf8(posted.chunk().await.unwrap().unwrap().to_vec()).unwrap());
    }
    assert!(text.contains("web/other") || text.contains("\"other\""), "{text}");
    assert!(!text.contains("\"same\""), "{text}");
    app.finish().await;
}

#[tokio::test]
async fn a_cursor_of_another_history_or_of_the_future_begins_anew() {
    let app = store().await;
    let admin = app.admin();
    let head = admin.write("dev/web/a", "1").await.revision();
    let future = cursor(admin, head + 1).await;
    for last in ["1.1", &future, "99999999999.5"] {
        let mut stream = admin.resume(WEB, last).await;
        assert_eq!(stream.expect("reset").await.data["reason"], "epoch", "{last}");
        assert_eq!(stream.expect("snapshot").await.revision(), head);
    }
    for bad in ["x", "1", "1.2.3", "-1.2"] {
        admin.cannot_watch(&format!("{WEB}&after={bad}")).await.problem(400, "bad_request");
    }
    app.finish().await;
}

#[tokio::test]
async fn rights_that_change_are_judged_before_the_next_event() {
    let app = store().await;
    let admin = app.admin();
    let user = app.user("rita", &[("viewer", "dev", "web", ""), ("viewer", "dev", "orders", "")]).await;
    admin.publish(&[put("dev/web/a", "1"), put("dev/orders/a", "1")]).await.revision();
    let both = "env=dev&namespace=web&namespace=orders";
    let mut stream = user.watch(both).await;
    assert_eq!(stream.expect("snapshot").await.keys(), ["orders/a", "web/a"]);
    app.revoke("rita", "orders").await;
    admin.publish(&[put("dev/web/a", "2"), put("dev/orders/a", "2")]).await.revision();
    assert_eq!(stream.expect("reset").await.data["reason"], "access");
    assert_eq!(stream.expect("snapshot").await.keys(), ["web/a"]);
    // Who was away when the rights changed is told as well.
    let last = stream.last.clone().unwrap();
    app.revoke("rita", "web").await;
    while let Some(event) = stream.find().await {
        assert_eq!(event.name, "checkpoint", "{event:?}");
    }
    user.cannot_watch(WEB).await.problem(404, "not_found");
    app.grant("rita", ("viewer", "dev", "*", "")).await;
    let mut back = user.resume(both, &last).await;
    assert_eq!(back.expect("reset").await.data["reason"], "access");
    assert_eq!(back.expect("snapshot").await.keys(), ["orders/a", "web/a"]);
    app.finish().await;
}

#[tokio::test]
async fn a_revoked_token_ends_its_streams() {
    let app = store().await;
    let user = app.viewer("web").await;
    let mut stream = user.watch(WEB).await;
    stream.expect("snapshot").await;
    let tokens = user.get("/api/v1/tokens").await.ok();
    let id = tokens["tokens"][0]["id"].as_str().unwrap().to_owned();
    let asked = Instant::now();
    user.delete(&format!("/api/v1/tokens/{id}")).await.expect(204);
    assert_eq!(stream.find().await, None);
    assert!(asked.elapsed() < Duration::from_secs(5));
    app.finish().await;
}

#[tokio::test]
async fn a_large_content_is_fetched_where_the_event_says() {
    let app = store().await;
    let admin = app.admin();
    let large = "x".repeat(100_000);
    let revision = admin.write("dev/web/large", large.clone()).await.revision();
    let snapshot = admin.watch(WEB).await.expect("snapshot").await;
    let href = snapshot.data["entries"][0]["href"].as_str().unwrap().to_owned();
    assert!(href.ends_with(&format!("?at={revision}")), "{href}");
    assert_eq!(snapshot.data["entries"][0]["content"], Value::Null);
    admin.write("dev/web/large", "small now").await.revision();
    assert_eq!(admin.get(&href).await.ok()["content"], large);
    app.finish().await;
}

#[tokio::test]
async fn streams_end_with_a_goodbye_when_the_node_stops() {
    let mut app = store().await;
    let other = app.second_node().await;
    let mut stream = other.watch(WEB).await;
    stream.expect("snapshot").await;
    app.stop_second_node().await;
    let bye = stream.expect("bye").await;
    assert!(bye.data["retry_ms"].as_u64().unwrap() > 0 && bye.id.is_none(), "{bye:?}");
    assert_eq!(stream.find().await, None);
    app.finish().await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_delays_nobody() {
    let app = store().await;
    let admin = app.admin();
    // It asks, and never reads what comes.
    let address = admin.url.strip_prefix("http://").unwrap();
    let mut stalled = TcpStream::connect(address).await.unwrap();
    let request =
        format!("GET /api/v1/watch?{WEB} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n\r\n", admin.token);
    stalled.write_all(request.as_bytes()).await.unwrap();
    let mut stream = admin.watch(WEB).await;
    stream.expect("snapshot").await;
    for n in 0..100 {
        let content = format!("{n}{}", "x".repeat(60_000));
        let revision = admin.write("dev/web/a", content).await.revision();
        assert_eq!(stream.change().await.revision(), revision);
    }
    app.finish().await;
}
