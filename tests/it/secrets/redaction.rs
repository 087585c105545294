//! A redacted version is gone for ever, and its place in the history stays.

use serde_json::{Value, json};

use super::{CANARY, document, view};
use crate::harness::actors::entry;
use crate::harness::{Actor, Answer, App};

async fn redact(actor: &Actor, address: &str, body: Value) -> Answer {
    actor.post(&entry(address).replace("/entries/", "/redact/"), body).await
}

#[tokio::test]
async fn the_bytes_of_one_version_go_and_all_else_stays() {
    let mut app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    let second = app.second_node().await;
    let bad = publisher.write("dev/orders/app.yaml", document(CANARY)).await.revision();
    let good = publisher.write("dev/orders/app.yaml", "a: 1\n").await.revision();
    let watched = publisher.watch("env=dev&namespace=orders").await.expect("snapshot").await.id.unwrap();
    let why = |revision: u64| json!({"revision": revision, "reason": "leaked"});
    redact(&publisher, "dev/orders/app.yaml", why(bad)).await.problem(403, "denied");
    redact(app.admin(), "dev/orders/app.yaml", why(good)).await.problem(422, "invalid");
    redact(app.admin(), "dev/orders/app.yaml", json!({"revision": bad, "reason": " "})).await.problem(422, "invalid");
    let done = redact(app.admin(), "dev/orders/app.yaml", why(bad)).await.ok();
    assert_eq!(done["revision"], bad);
    redact(app.admin(), "dev/orders/app.yaml", why(bad)).await.expect(200);
    for url in [&publisher.url, &second.url] {
        let viewer = publisher.at(url);
        viewer.read("dev/orders/app.yaml", &format!("?at={bad}")).await.problem(410, "redacted");
        let shown = view(&viewer, "dev/orders/app.yaml", &format!("?at={bad}")).await;
        assert_eq!((&shown["redacted"], &shown["content"]), (&json!(true), &Value::Null), "{shown}");
        assert_eq!(shown["hash"], done["hash"]);
        let to = json!({"env": "dev", "namespace": "orders", "keys": ["app.yaml"], "to": bad, "message": "m"});
        let problem = viewer.roll_back(to).await.problem(409, "revert_conflict");
        assert_eq!(problem["revert_conflicts"][0]["item"], "dev/orders/app.yaml");
        assert!(!viewer.revision(bad).await.to_string().contains(CANARY));
        assert!(!viewer.revision(good).await.to_string().contains(CANARY));
        // Neither the ring nor the log brings it back.
        let epoch = watched.split_once('.').unwrap().0;
        let mut stream = viewer.resume("env=dev&namespace=orders", &format!("{epoch}.{}", bad - 1)).await;
        let change = stream.change().await;
        assert_eq!((change.revision(), change.data.to_string().contains(CANARY)), (bad, false), "{change:?}");
    }
    assert_eq!(publisher.text("dev/orders/app.yaml").await.unwrap(), "a: 1\n");
    app.finish().await;
}

#[tokio::test]
async fn bytes_that_others_have_too_go_only_when_that_is_said() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    app.admin().create("dev/other").await;
    let bad = publisher.write("dev/orders/app.yaml", document(CANARY)).await.revision();
    publisher.write("dev/other/copy.yaml", document(CANARY)).await.expect(200);
    publisher.write("dev/orders/app.yaml", "a: 1\n").await.expect(200);
    let body = |everywhere: bool| json!({"revision": bad, "reason": "leaked", "everywhere": everywhere});
    let current = redact(app.admin(), "dev/orders/app.yaml", body(true)).await.problem(422, "invalid");
    assert_eq!(current["fields"][0]["field"], "revision", "the copy is current");
    publisher.write("dev/other/copy.yaml", "a: 1\n").await.expect(200);
    let shared = redact(app.admin(), "dev/orders/app.yaml", body(false)).await.problem(422, "invalid");
    assert!(shared["fields"][0]["problem"].as_str().unwrap().contains("dev/other/copy.yaml"), "{shared}");
    let local = app.user("lea", &[("admin", "*", "orders", "")]).await;
    let shared = redact(&local, "dev/orders/app.yaml", body(false)).await.problem(422, "invalid");
    assert!(!shared.to_string().contains("other"), "{shared}");
    assert_eq!(redact(&local, "dev/orders/app.yaml", body(true)).await.status, 404);
    redact(app.admin(), "dev/orders/app.yaml", body(true)).await.expect(200);
    publisher.read("dev/other/copy.yaml", &format!("?at={}", bad + 1)).await.problem(410, "redacted");
    app.finish().await;
}
