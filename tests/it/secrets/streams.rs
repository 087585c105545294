//! Streams carry what is sealed shut, unless somebody who may see it asks.

use pintle::domain::audit::{Event, Who};
use serde_json::{Value, json};

use super::{CANARY, document, seal, secret_reader};
use crate::harness::{App, put};

const WATCH: &str = "env=dev&namespace=orders";

#[tokio::test]
async fn a_stream_carries_sealed_entries_without_content() {
    let mut app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    let second = app.second_node().await;
    for url in [&publisher.url, &second.url] {
        let viewer = publisher.at(url);
        // Asking is of no use without the right.
        for query in [WATCH.to_owned(), format!("{WATCH}&reveal=true")] {
            let mut stream = viewer.watch(&query).await;
            let snapshot = stream.expect("snapshot").await;
            let entry = &snapshot.data["entries"][0];
            assert_eq!((&entry["sealed"], &entry["content"]), (&json!(true), &Value::Null), "{snapshot:?}");
            assert_eq!(entry["hash"].as_str().unwrap().len(), 64);
            publisher.write("dev/orders/app.yaml", document(&format!("{CANARY}-{}", url.len()))).await.expect(200);
            publisher.write("dev/orders/app.yaml", document(CANARY)).await.expect(200);
            let change = stream.change().await;
            let entry = &change.data["changes"][0];
            assert_eq!((&entry["sealed"], &entry["content"]), (&json!(true), &Value::Null), "{change:?}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn who_may_see_it_and_asks_gets_plaintext_and_leaves_rows() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    let reader = secret_reader(&app, "orders").await;
    // A cursor from before the rights changed begins anew.
    publisher.write("dev/orders/app.yaml", document("first-secret-value")).await.expect(200);
    publisher.write("dev/orders/app.yaml", document(CANARY)).await.expect(200);
    let mut shut = reader.watch(WATCH).await;
    assert_eq!(shut.expect("snapshot").await.data["entries"][0]["content"], Value::Null);
    let mut open = reader.watch(&format!("{WATCH}&reveal=true")).await;
    let snapshot = open.expect("snapshot").await;
    assert_eq!(snapshot.data["entries"][0]["content"], document(CANARY));
    assert_eq!(snapshot.data["entries"][0]["sealed"], true);
    publisher.write("dev/orders/app.yaml", document("second-secret-value")).await.expect(200);
    let change = open.change().await;
    assert_eq!(change.data["changes"][0]["content"], document("second-secret-value"));
    assert_eq!(shut.change().await.data["changes"][0]["content"], Value::Null, "the frames are not shared");
    // Coming back, from the log.
    let last = snapshot.id.unwrap();
    let mut back = reader.resume(&format!("{WATCH}&reveal=true"), &last).await;
    assert_eq!(back.change().await.data["changes"][0]["content"], document("second-secret-value"));
    // A larger one is fetched, with the same wish.
    let large = format!("db:\n  password: {}\n", "x".repeat(70_000));
    publisher.write("dev/orders/app.yaml", large.clone()).await.expect(200);
    let change = open.change().await;
    let href = change.data["changes"][0]["href"].as_str().unwrap();
    assert!(href.ends_with("&reveal=true"), "{href}");
    let accept = "application/octet-stream";
    let fetched = reader.call(reqwest::Method::GET, href, |request| request.header("accept", accept)).await;
    assert_eq!(fetched.expect(200).text(), large);
    publisher.get(href).await.problem(403, "denied");
    // One row for each stream, one for each change on it, and one for what was fetched.
    let mut connection = app.database.connect().await;
    let count = "SELECT count(*) FROM audit WHERE actor = 'rita' AND action = $1";
    let streams: i64 = sqlx::query_scalar(count).bind("reveal_stream").fetch_one(&mut connection).await.unwrap();
    assert_eq!(streams, 2);
    // What is recorded now comes after what was noted.
    let audit = &app.node().node.app.service.audit;
    audit.record(&Who::system(), Event::new("end", "test")).await.unwrap();
    let changes: i64 = sqlx::query_scalar(count).bind("reveal").fetch_one(&mut connection).await.unwrap();
    assert!(changes >= 4, "{changes}");
    app.finish().await;
}

#[tokio::test]
async fn losing_the_right_shuts_a_stream() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    let reader = app.user("rita", &[("viewer", "dev", "*", ""), ("secret-reader", "dev", "orders", "")]).await;
    let mut stream = reader.watch(&format!("{WATCH}&reveal=true")).await;
    assert_eq!(stream.expect("snapshot").await.data["entries"][0]["content"], document(CANARY));
    app.revoke("rita", "orders").await;
    let reset = stream.expect("reset").await;
    assert_eq!(reset.data["reason"], "access");
    assert_eq!(stream.expect("snapshot").await.data["entries"][0]["content"], Value::Null);
    app.finish().await;
}

#[tokio::test]
async fn after_a_mark_no_replay_shows_what_was_open_before() {
    let mut app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    let second = app.second_node().await;
    let mut stream = publisher.watch(WATCH).await;
    let start = stream.expect("snapshot").await.id.unwrap();
    publisher.write("dev/orders/app.yaml", document(CANARY)).await.expect(200);
    assert_eq!(stream.change().await.data["changes"][0]["content"], document(CANARY));
    let sealed = seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    for url in [&publisher.url, &second.url] {
        let viewer = publisher.at(url);
        viewer.get(&format!("/api/v1/environments/dev?min_revision={sealed}")).await.expect(200);
        let mut back = viewer.resume(WATCH, &start).await;
        for _ in 0..2 {
            let change = back.change().await;
            assert_eq!(change.data["changes"][0]["sealed"], true, "{change:?}");
            assert!(!change.data.to_string().contains(CANARY), "{change:?}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn the_client_tells_shut_revealed_and_open_entries_apart() {
    use pintle::client::watch::{Mirror, Secrecy, Subscription, Watcher};

    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    publisher.publish(&[put("dev/orders/open.txt", "open")]).await.expect(200);
    let reader = secret_reader(&app, "orders").await;
    let folder = tempfile::tempdir().unwrap();
    for (reveal, expected) in [(false, Secrecy::Shut), (true, Secrecy::Revealed)] {
        let subscription = Subscription {
            environment: "dev".parse().unwrap(),
            namespaces: vec!["orders".parse().unwrap()],
            instance: None,
            reveal,
        };
        let mut mirror = Mirror::new(subscription.clone());
        let mut watcher = Watcher::new(vec![reader.client()], subscription.clone(), None, mirror.have()).unwrap();
        while mirror.cursor().is_none() {
            let event = watcher.next().await.unwrap();
            mirror.apply(&event);
        }
        let held = mirror.find(&"orders".parse().unwrap(), &"app.yaml".parse().unwrap()).unwrap();
        assert_eq!(held.secrecy, expected);
        let plain = if reveal { document(CANARY) } else { String::new() };
        assert_eq!(held.bytes, plain.as_bytes());
        assert_eq!(mirror.have().len(), 2);
        let open = mirror.find(&"orders".parse().unwrap(), &"open.txt".parse().unwrap()).unwrap();
        assert_eq!((open.secrecy, open.bytes.as_ref()), (Secrecy::Open, b"open".as_slice()));
        let path = folder.path().join(format!("{reveal}"));
        mirror.save(&path).unwrap();
        assert_eq!(Mirror::load(&path, &subscription).unwrap().unwrap(), mirror);
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
    app.finish().await;
}
