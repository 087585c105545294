//! A stranger with the database and the logs finds no secret, also none that was open before it was marked.

use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{CANARY, document, seal, secret_reader};
use crate::harness::{App, put};

/// All ways in which bytes may hide in others: themselves, base64 at each offset, hex, URL-encoded, UTF-16, `bytea`.
fn disguises(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![secret.to_vec(), hex::encode(secret).into_bytes(), hex::encode_upper(secret).into_bytes()];
    for offset in 0..3 {
        let shifted = [&vec![0; offset][..], secret].concat();
        let encoded = STANDARD.encode(shifted);
        // The first and the last characters depend on what stands around.
        all.push(encoded.as_bytes()[offset + 2..encoded.len() - 4].to_vec());
    }
    let digits = hex::encode_upper(secret);
    all.push(digits.as_bytes().chunks(2).flat_map(|pair| [b"%", pair].concat()).collect());
    let text = String::from_utf8_lossy(secret).into_owned();
    let units: Vec<u16> = text.encode_utf16().collect();
    all.push(units.iter().flat_map(|unit| unit.to_le_bytes()).collect());
    all.push(units.iter().flat_map(|unit| unit.to_be_bytes()).collect());
    all
}

/// The plain hash of bytes in all the ways it may be written.
fn hashes(content: &[u8]) -> Vec<Vec<u8>> {
    let hash = Sha256::digest(content).to_vec();
    vec![
        hex::encode(&hash).into_bytes(),
        hex::encode_upper(&hash).into_bytes(),
        STANDARD.encode(&hash).into_bytes(),
        hash,
    ]
}

fn contains(all: &[u8], part: &[u8]) -> bool {
    all.windows(part.len()).any(|window| window == part)
}

/// Everything that a dump of the database has, as text, so that no column is compressed.
fn dump(url: &str) -> Vec<u8> {
    let found =
        Command::new("sh").arg("-c").arg("ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1").output().unwrap();
    let folder = String::from_utf8(found.stdout).unwrap();
    let program = format!("{}/pg_dump", folder.trim());
    let program = if std::path::Path::new(&program).exists() { program } else { "pg_dump".to_owned() };
    let dumped = Command::new(program).arg("--format=plain").arg(url).stderr(Stdio::piped()).output().unwrap();
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    dumped.stdout
}

#[tokio::test]
async fn a_dump_has_neither_a_secret_nor_its_plain_hash() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    // Open at first, in several versions, then marked: by path, as a whole, and by the namespace.
    let versions: Vec<String> = (0..40).map(|n| document(&format!("{CANARY}-{n}"))).collect();
    for version in &versions {
        publisher.write("dev/orders/app.yaml", version.clone()).await.expect(200);
    }
    let (token, pem) = (format!("{CANARY}-token"), format!("{CANARY}-pem"));
    publisher.write("dev/orders/token.txt", token.clone()).await.expect(200);
    publisher.write("dev/orders/key.pem", pem.clone()).await.expect(200);
    assert!(contains(&dump(app.database.url()), hex::encode(CANARY).as_bytes()), "the search finds what is there");
    seal(&publisher, "dev/orders/app.yaml", &versions[39]).await;
    let mut change = put("dev/orders/token.txt", &token);
    change["secret"] = json!(true);
    // With a key, whose kept hash of the body must tell nothing either.
    let body = json!({"message": "m", "changes": [change]});
    let text = body.to_string();
    let sent = publisher.call(reqwest::Method::POST, "/api/v1/publish", |request| {
        request.header("idempotency-key", "once").header("content-type", "application/json").body(text.clone())
    });
    sent.await.expect(200);
    let namespace = "/api/v1/environments/dev/namespaces/orders";
    app.admin().put(namespace, json!({"secret_keys": ["*.pem"]})).await.expect(200);
    // And in drafts: of an entry that is marked, of one that is by its draft, and of one that is by its name.
    let (draft, new) = (document(&format!("{CANARY}-draft")), format!("{CANARY}-new"));
    let change = |key: &str, content: &str| json!({"namespace": "orders", "key": key, "op": "put", "content": content, "if_revision": 0});
    let mut marked = change("new.txt", &new);
    marked["secret"] = json!(true);
    let changes = [change("app.yaml", &draft), marked, change("other.pem", &pem)];
    let body = json!({"env": "dev", "namespace": "orders", "title": "a draft", "changes": changes});
    publisher.post("/api/v1/drafts", body).await.expect(201);
    // All that may write a row or a line about it.
    let reader = secret_reader(&app, "orders").await;
    for key in ["app.yaml", "token.txt", "key.pem"] {
        reader.read(&format!("dev/orders/{key}"), "?reveal=true").await.expect(200);
        publisher
            .get(&format!("/api/v1/environments/dev/namespaces/orders/entries/{key}?reveal=true"))
            .await
            .expect(403);
    }
    let all = dump(app.database.url());
    for disguise in disguises(CANARY.as_bytes()) {
        assert!(!contains(&all, &disguise), "{:?}", String::from_utf8_lossy(&disguise));
    }
    let contents =
        versions.iter().map(String::as_bytes).chain([&token, &pem, &text, &draft, &new].map(String::as_bytes));
    for hash in contents.flat_map(hashes) {
        assert!(!contains(&all, &hash), "{:?}", String::from_utf8_lossy(&hash));
    }
    // Earlier versions are all there, for who may see them.
    let first = reader.read("dev/orders/app.yaml", "?reveal=true&at=4").await.expect(200).text();
    assert!(first.contains(CANARY), "{first}");
    app.finish().await;
}

#[tokio::test]
async fn the_logs_of_a_node_at_their_loudest_have_no_secret() {
    let logs = crate::harness::logs::Everything::default();
    let app = App::start().await;
    let everything = logs.listen();
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    let reader = secret_reader(&app, "orders").await;
    reader.read("dev/orders/app.yaml", "?reveal=true").await.expect(200);
    let mut bad = put("dev/orders/app.yaml", &format!("db: [{CANARY}"));
    bad["secret"] = json!(true);
    publisher.publish(&[bad]).await.problem(422, "invalid_content");
    let mut stream = reader.watch("env=dev&namespace=orders&reveal=true").await;
    stream.expect("snapshot").await;
    drop(everything);
    let text = logs.take();
    assert!(text.len() > 1000, "the node was loud: {} bytes", text.len());
    for disguise in disguises(CANARY.as_bytes()) {
        assert!(!contains(text.as_bytes(), &disguise), "{:?}", String::from_utf8_lossy(&disguise));
    }
    app.finish().await;
}
