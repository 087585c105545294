//! Keys: the right one at the start, another one without downtime, and a store that opens nothing without them.

use std::time::Duration;

use pintle::cli::node;
use pintle::runtime::lifecycle::Lifecycle;
use pintle::store::StoreSettings;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::{CANARY, document, seal, secret_reader};
use crate::harness::app::{NO_MASTER_KEY, Running, settings};
use crate::harness::{Actor, App};

const OLD: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9fedcba98765432100123456789abcdef";
const NEW: &str = "9f8e7d6c5b4a39281706f5e4d3c2b1a0112233445566778899aabbccddeeff01";

fn key(text: &str) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

/// Why a node does not start.
async fn refusal(app: &App, flags: &[&str]) -> String {
    let at = StoreSettings { url: app.database.url().to_owned(), listen_url: None, connections: 4 };
    let lifecycle = Lifecycle::default();
    let error = node::start(&settings(flags), &at, true, &lifecycle).await.unwrap_err();
    format!("{error:#}")
}

async fn plaintext(reader: &Actor) -> String {
    reader.read("dev/orders/app.yaml", "?reveal=true").await.expect(200).text()
}

#[tokio::test]
async fn a_wrong_or_missing_master_key_is_found_at_the_start() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    let other = key(NEW);
    // Nothing is sealed yet: any key will do, and none.
    let fresh = Running::start(&app.database, &[NO_MASTER_KEY]).await;
    fresh.finish().await;
    seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    let wrong = refusal(&app, &["--master-key-file", other.path().to_str().unwrap()]).await;
    assert!(wrong.contains("the store has secrets") && wrong.contains("which this node does not have"), "{wrong}");
    let missing = refusal(&app, &[NO_MASTER_KEY]).await;
    assert!(missing.contains("the store has secrets") && missing.contains("--master-key-file"), "{missing}");
    app.finish().await;
}

#[tokio::test]
async fn the_master_key_is_rotated_while_the_store_is_served() {
    let (old, new) = (key(OLD), key(NEW));
    let (old, new) = (old.path().to_str().unwrap(), new.path().to_str().unwrap());
    let app = App::with(&["--master-key-file", old]).await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    let reader = secret_reader(&app, "orders").await;
    let both = Running::start(&app.database, &["--master-key-file", new, "--old-master-key-file", old]).await;
    let admin = app.admin().at(&both.node.url());
    let before: Value = admin.get("/api/v1/keys").await.ok();
    assert_eq!(before["to_wrap"], 2, "{before}");
    publisher.post("/api/v1/keys/rotate", json!({"what": "master"})).await.problem(403, "denied");
    assert_eq!(admin.post("/api/v1/keys/rotate", json!({"what": "master"})).await.ok()["rotated"], 2);
    assert_eq!(admin.post("/api/v1/keys/rotate", json!({"what": "master"})).await.ok()["rotated"], 0);
    assert_eq!(admin.get("/api/v1/keys").await.ok()["to_wrap"], 0);
    // The node with the old key goes on with what it has opened; one that starts needs the new one only.
    assert_eq!(plaintext(&reader).await, document(CANARY));
    both.finish().await;
    let only_new = Running::start(&app.database, &["--master-key-file", new]).await;
    assert_eq!(plaintext(&reader.at(&only_new.node.url())).await, document(CANARY));
    only_new.finish().await;
    let refused = refusal(&app, &["--master-key-file", old]).await;
    assert!(refused.contains("which this node does not have"), "{refused}");
    app.finish().await;
}

#[tokio::test]
async fn data_keys_are_rotated_and_old_contents_sealed_anew() {
    let mut app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    for number in 0..40 {
        seal(&publisher, "dev/orders/app.yaml", &document(&format!("{CANARY}-{number}"))).await;
    }
    let reader = secret_reader(&app, "orders").await;
    let hash = super::view(&reader, "dev/orders/app.yaml", "").await["hash"].clone();
    let second = app.second_node().await;
    assert_eq!(app.admin().post("/api/v1/keys/rotate", json!({"what": "data"})).await.ok()["rotated"], 1);
    let progress = async {
        loop {
            let keys: Value = second.get("/api/v1/keys").await.ok();
            assert_eq!(keys["data_keys"].as_array().unwrap().len(), 3, "{keys}");
            if keys["to_seal"] == 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), progress).await.unwrap();
    for url in [&reader.url, &second.url] {
        let reader = reader.at(url);
        assert_eq!(plaintext(&reader).await, document(&format!("{CANARY}-39")));
        let first = reader.read("dev/orders/app.yaml", "?reveal=true&at=4").await.expect(200).text();
        assert!(first.contains(CANARY), "{first}");
        assert_eq!(super::view(&reader, "dev/orders/app.yaml", "").await["hash"], hash);
    }
    publisher.write("dev/orders/app.yaml", document("after-the-rotation")).await.expect(200);
    assert_eq!(plaintext(&reader).await, document("after-the-rotation"));
    app.finish().await;
}

#[tokio::test]
async fn ciphertext_that_was_moved_in_the_database_is_never_served() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    seal(&publisher, "dev/orders/mine.yaml", &document("mine-and-not-theirs")).await;
    let mut connection = app.database.connect().await;
    let swap = "WITH theirs AS (SELECT hash FROM changes WHERE key = 'app.yaml'),
                     mine AS (SELECT hash FROM changes WHERE key = 'mine.yaml')
                UPDATE contents SET body = (SELECT body FROM contents WHERE hash = (SELECT hash FROM theirs))
                WHERE hash = (SELECT hash FROM mine)";
    sqlx::query(swap).execute(&mut connection).await.unwrap();
    // Another node reads what is there now.
    let tampered = Running::start(&app.database, &[]).await;
    let reader = secret_reader(&app, "orders").await;
    tampered.refresh().await;
    let reader = reader.at(&tampered.node.url());
    for query in ["?reveal=true", ""] {
        let path = format!("{}{query}", crate::harness::actors::entry("dev/orders/mine.yaml"));
        let answer = reader.get(&path).await;
        assert_eq!(answer.status, 500, "{}", answer.text());
        assert!(!answer.text().contains(CANARY));
    }
    tampered.finish().await;
    // The errors were told, as they should be.
    app.finish_with_errors().await;
}
