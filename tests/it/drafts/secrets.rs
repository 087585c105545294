//! Drafts of secrets: sealed at rest, masked for people, and what was typed is not lost to a marker.

use std::time::Duration;

use serde_json::{Value, json};

use super::{edit, open, path, publish, put, see};
use crate::harness::{Actor, App};

const CANARY: &str = "draft-canary-91c4e7";

fn document(password: &str) -> String {
    format!("db:\n  user: app\n  password: {password}\nport: 8080\n")
}

/// A change whose password is marked.
fn marked(password: &str, if_revision: u64) -> Value {
    let mut change = put("orders/app.yaml", &document(password), if_revision);
    change["secret_paths"] = json!(["/db/password"]);
    change
}

/// How many bodies of drafts have these bytes.
async fn found(app: &App, text: &str) -> i64 {
    let query = format!("SELECT count(*) FROM draft_changes WHERE position('{text}'::bytea IN body) > 0");
    app.database.number(&query).await
}

fn content(draft: &Value) -> String {
    draft["changes"][0]["content"].as_str().unwrap().to_owned()
}

async fn plaintext(reader: &Actor) -> String {
    reader.read("dev/orders/app.yaml", "?reveal=true").await.expect(200).text()
}

/// Somebody who publishes, and somebody who reveals.
async fn people(app: &App) -> (Actor, Actor) {
    app.admin().create("dev/orders").await;
    let reader = app.user("rita", &[("viewer", "*", "*", ""), ("secret-reader", "*", "*", "")]).await;
    (app.publisher("*").await, reader)
}

#[tokio::test]
async fn what_is_marked_in_a_draft_is_sealed_masked_and_published_as_it_was_typed() {
    let app = App::start().await;
    let (publisher, reader) = people(&app).await;
    let draft = open(&publisher, "t", &[marked(CANARY, 0), put("orders/open.txt", "in the clear", 0)]).await;
    assert!(!draft.to_string().contains(CANARY), "{draft}");
    assert_eq!((found(&app, CANARY).await, found(&app, "in the clear").await), (0, 1));
    let change = &draft["changes"][0];
    assert_eq!((&change["sealed"], &change["masked"]), (&json!(true), &json!(true)));
    assert!(content(&draft).starts_with("db:\n  user: app\n  password: __pintle_sealed_"), "{draft}");

    // The next tab writes the masked text back, with another line of it changed.
    let text = content(&draft).replace("8080", "9090");
    let edited = edit(&publisher, &draft, json!({"put": [put("orders/app.yaml", &text, 0)]})).await.ok();
    assert_eq!(content(&edited), text);
    // Half of a line is missing while somebody types, and then it is there again.
    let broken = text.replace("port: 9090", "port: [90");
    let half = edit(&publisher, &edited, json!({"put": [put("orders/app.yaml", &broken, 0)]})).await.ok();
    assert!(!half.to_string().contains(CANARY), "{half}");
    let broken = text.replace("port: 9090", "port: [909");
    let half = edit(&publisher, &half, json!({"put": [put("orders/app.yaml", &broken, 0)]})).await.ok();
    let mended = edit(&publisher, &half, json!({"put": [put("orders/app.yaml", &text, 0)]})).await.ok();
    assert_eq!((content(&mended), &mended["hash"]), (text, &edited["hash"]));
    publish(&publisher, &mended).await.expect(200);
    assert_eq!(plaintext(&reader).await, document(CANARY).replace("8080", "9090"));
    app.finish().await;
}

#[tokio::test]
async fn a_marker_keeps_the_value_of_the_entry_unless_that_moved() {
    let app = App::start().await;
    let (publisher, reader) = people(&app).await;
    let mut first = crate::harness::put("dev/orders/app.yaml", &document(CANARY));
    first["secret_paths"] = json!(["/db/password"]);
    let base = publisher.publish(&[first]).await.revision();
    let masked = publisher.get(&crate::harness::actors::entry("dev/orders/app.yaml")).await.ok();
    let text = masked["content"].as_str().unwrap().replace("8080", "9090");
    let draft = open(&publisher, "t", &[put("orders/app.yaml", &text, base)]).await;
    assert_eq!(content(&draft), text, "the marker of an entry is the same in a draft");
    // Undoing a change by the text of the entry works, too.
    let typed = text.replace(text.split("password: ").nth(1).unwrap().lines().next().unwrap(), "typed-by-hand");
    let typed = edit(&publisher, &draft, json!({"put": [put("orders/app.yaml", &typed, base)]})).await.ok();
    let back = edit(&publisher, &typed, json!({"put": [put("orders/app.yaml", &text, base)]})).await.ok();
    assert_eq!(back["hash"], draft["hash"]);

    let now = publisher.write("dev/orders/app.yaml", document("rotated-meanwhile")).await.revision();
    let moved = see(&publisher, &back).await;
    let change = &moved["changes"][0];
    assert_eq!(change["base"], json!({"revision": base, "format": "yaml", "sealed": true}));
    assert_eq!(change["theirs"], json!({"revision": now, "format": "yaml", "sealed": true}));
    let conflict = publish(&publisher, &moved).await.problem(409, "conflict");
    assert!(!conflict.to_string().contains(CANARY) && !conflict.to_string().contains("rotated"), "{conflict}");
    let fresh = publisher.get(&crate::harness::actors::entry("dev/orders/app.yaml")).await.ok();
    let text = fresh["content"].as_str().unwrap().replace("8080", "9090");
    let rebased = edit(&publisher, &moved, json!({"put": [put("orders/app.yaml", &text, now)]})).await.ok();
    publish(&publisher, &rebased).await.expect(200);
    assert_eq!(plaintext(&reader).await, document("rotated-meanwhile").replace("8080", "9090"));
    app.finish().await;
}

#[tokio::test]
async fn who_shares_a_draft_shares_no_secret_of_it() {
    let app = App::start().await;
    let (publisher, _) = people(&app).await;
    let other = app.user("otto", &[("editor", "*", "*", "")]).await;
    let draft = open(&publisher, "t", &[marked(CANARY, 0)]).await;
    let draft = edit(&publisher, &draft, json!({"shared": true})).await.ok();
    let masked = content(&draft);
    assert_eq!(content(&see(&other, &draft).await), masked);
    // Marks that hide less, or none, bring back no value.
    let mut less = put("orders/app.yaml", &masked, 0);
    less["secret_paths"] = json!(["/port"]);
    let less = edit(&other, &draft, json!({"put": [less]})).await.ok();
    assert!(!less.to_string().contains(CANARY), "{less}");
    let mut again = put("orders/app.yaml", &masked, 0);
    again["secret_paths"] = json!(["/db/password"]);
    let again = edit(&other, &less, json!({"put": [again]})).await.ok();
    let mut none = put("orders/app.yaml", &masked, 0);
    none["secret"] = json!(false);
    let none = edit(&other, &again, json!({"put": [none]})).await.ok();
    assert!(!none.to_string().contains(CANARY), "{none}");
    // A marker at another place, neither.
    let draft = open(&publisher, "u", &[marked(CANARY, 0)]).await;
    let draft = edit(&publisher, &draft, json!({"shared": true})).await.ok();
    let marker = masked.split("password: ").nth(1).unwrap().lines().next().unwrap();
    let moved = format!("db:\n  user: {marker}\n  password: x\nport: 1\n");
    let moved = edit(&other, &draft, json!({"put": [put("orders/app.yaml", &moved, 0)]})).await.ok();
    assert!(!moved.to_string().contains(CANARY), "{moved}");
    publish(&publisher, &moved).await.problem(422, "invalid_marker");
    // Without a word the marks stay.
    assert_eq!(moved["changes"][0]["secret_paths"], json!(["/db/password"]));
    app.finish().await;
}

#[tokio::test]
async fn what_becomes_secret_later_is_sealed_in_drafts_too() {
    let app = App::start().await;
    let (publisher, reader) = people(&app).await;
    let changes = [put("orders/app.yaml", &document(CANARY), 0), put("orders/key.pem", CANARY, 0)];
    let draft = open(&publisher, "t", &changes).await;
    assert_eq!(found(&app, CANARY).await, 2);
    let sealed = async |left: i64| {
        let gone = async {
            while found(&app, CANARY).await > left {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap();
    };
    let mut change = crate::harness::put("dev/orders/app.yaml", &document("live"));
    change["secret_paths"] = json!(["/db/password"]);
    publisher.publish(&[change]).await.expect(200);
    sealed(1).await;
    // No entry has this key yet; its name says that it is secret.
    app.admin().put("/api/v1/environments/dev/namespaces/orders", json!({"secret_keys": ["*.pem"]})).await.expect(200);
    assert!(!see(&publisher, &draft).await.to_string().contains(CANARY), "masked before it is sealed");
    sealed(0).await;
    let after = see(&publisher, &draft).await;
    assert_ne!(after["hash"], draft["hash"], "what publishing would do is another thing now");
    let drop = json!({"drop": [{"namespace": "orders", "key": "app.yaml"}]});
    publish(&publisher, &edit(&publisher, &after, drop).await.ok()).await.expect(200);
    assert_eq!(reader.read("dev/orders/key.pem", "?reveal=true").await.expect(200).text(), CANARY);
    app.finish().await;
}

#[tokio::test]
async fn rotation_reaches_drafts() {
    let app = App::start().await;
    let (publisher, reader) = people(&app).await;
    let draft = open(&publisher, "t", &[marked(CANARY, 0)]).await;
    let old =
        "SELECT count(*) FROM draft_changes c JOIN data_keys k ON substring(c.body FROM 2 FOR 16) = uuid_send(k.id)
               WHERE k.retired_at IS NOT NULL";
    assert_eq!(app.admin().post("/api/v1/keys/rotate", json!({"what": "data"})).await.ok()["rotated"], 1);
    let done = async {
        while app.admin().get("/api/v1/keys").await.ok()["to_seal"] != 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), done).await.unwrap();
    assert_eq!(app.database.number(old).await, 0);
    assert_eq!(see(&publisher, &draft).await, draft);
    publish(&publisher, &draft).await.expect(200);
    assert_eq!(plaintext(&reader).await, document(CANARY));
    app.finish().await;
}

#[tokio::test]
async fn sealed_bytes_open_nowhere_but_in_their_draft() {
    let app = App::start().await;
    let (publisher, _) = people(&app).await;
    let theirs = open(&publisher, "theirs", &[marked(CANARY, 0)]).await;
    let mine = open(&publisher, "mine", &[marked("mine-and-not-theirs", 0)]).await;
    let mut connection = app.database.connect().await;
    let swap = "UPDATE draft_changes c SET (body, hash) = (SELECT t.body, t.hash FROM draft_changes t JOIN drafts d ON d.id = t.draft
                WHERE d.title = 'theirs') FROM drafts d WHERE d.id = c.draft AND d.title = 'mine'";
    sqlx::query(swap).execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let answer = publisher.get(&path(&mine)).await;
    assert_eq!(answer.status, 500, "{}", answer.text());
    assert!(!answer.text().contains(CANARY));
    publisher.get(&path(&theirs)).await.expect(200);
    app.finish_with_errors().await;
}
