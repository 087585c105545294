//! Marks stick: an edit keeps, replaces or removes a secret, and never drops the seal.

use reqwest::Method;
use serde_json::{Value, json};

use super::{CANARY, document, seal, secret_reader, view};
use crate::harness::actors::entry;
use crate::harness::app::NO_MASTER_KEY;
use crate::harness::{Actor, App, delete, put};

/// The text that a person gets to edit.
async fn masked(actor: &Actor, address: &str) -> String {
    let view = view(actor, address, "").await;
    assert_eq!((&view["sealed"], &view["masked"]), (&json!(true), &json!(true)), "{view}");
    view["content"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn people_see_a_marker_where_a_secret_is_and_programs_see_nothing() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    let text = masked(&publisher, "dev/orders/app.yaml").await;
    let (before, rest) = text.split_once("__pintle_sealed_").unwrap();
    assert_eq!(before, "db:\n  user: app\n  password: ");
    assert!(rest.ends_with("__ # rotate me\nport: 8080\n"), "{text}");
    let whole = view(&publisher, "dev/orders/app.yaml", "").await;
    assert_eq!(whole["marks"], json!({"secret_paths": ["/db/password"]}));
    assert_eq!(whole["size"], document(CANARY).len());
    publisher.read("dev/orders/app.yaml", "").await.problem(403, "sealed");
    let list: Value = publisher.get("/api/v1/environments/dev/namespaces/orders/entries").await.ok();
    let listed = &list["entries"][0];
    assert_eq!((&listed["sealed"], &listed["content"]), (&json!(true), &Value::Null), "{list}");
    app.finish().await;
}

#[tokio::test]
async fn revealing_takes_the_right_and_the_wish() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    let revision = seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    let reader = secret_reader(&app, "orders").await;
    let address = entry("dev/orders/app.yaml");
    for denied in [&publisher, app.admin()] {
        for query in ["?reveal=true", "?reveal=true&raw"] {
            let problem = denied.get(&format!("{address}{query}")).await.problem(403, "denied");
            assert_eq!(problem["action"], "reveal", "{problem}");
        }
    }
    assert_eq!(reader.read("dev/orders/app.yaml", "?reveal=true").await.expect(200).text(), document(CANARY));
    let revealed = reader.get(&format!("{address}?reveal=true")).await.expect(200);
    let masked = reader.get(&address).await.expect(200);
    assert_eq!(revealed.header("etag"), format!("\"{revision}-revealed\""));
    assert_eq!(masked.header("etag"), format!("\"{revision}\""));
    let tag = revealed.header("etag");
    let again = reader.call(Method::GET, &address, |request| request.header("if-none-match", &tag)).await;
    assert!(again.expect(200).text().contains("__pintle_sealed_"));
    let (view, shown): (Value, Value) = (revealed.json(), masked.json());
    assert_eq!(view["content"], document(CANARY));
    assert_eq!((&view["masked"], &view["hash"]), (&Value::Null, &shown["hash"]));
    // Only reveal, without read, is nothing at all.
    let blind = app.user("blind", &[("secret-reader", "*", "*", "")]).await;
    blind.get(&format!("{address}?reveal=true")).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn each_reveal_leaves_a_row_before_it_is_answered() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    let reader = secret_reader(&app, "orders").await;
    reader.read("dev/orders/app.yaml", "?reveal=true").await.expect(200);
    let mut connection = app.database.connect().await;
    let rows = "SELECT body FROM audit WHERE action = 'reveal' AND actor = 'rita'";
    let bodies: Vec<String> = sqlx::query_scalar(rows).fetch_all(&mut connection).await.unwrap();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(bodies[0].contains("dev/orders/app.yaml") && !bodies[0].contains(CANARY), "{}", bodies[0]);
    app.finish().await;
}

#[tokio::test]
async fn an_edit_of_masked_text_keeps_what_it_does_not_touch() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    let reader = secret_reader(&app, "orders").await;
    let text = masked(&publisher, "dev/orders/app.yaml").await;
    let unchanged = publisher.write("dev/orders/app.yaml", text.clone()).await.written();
    assert_eq!(unchanged.changed, 0, "the markers alone are no change");
    publisher.write("dev/orders/app.yaml", text.replace("8080", "9090")).await.expect(200);
    let plain = reader.read("dev/orders/app.yaml", "?reveal=true").await.expect(200).text();
    assert_eq!(plain, document(CANARY).replace("8080", "9090"));
    // A new value is sealed like the old one, without a word about marks.
    publisher.write("dev/orders/app.yaml", document("another-secret-value")).await.expect(200);
    assert!(!masked(&publisher, "dev/orders/app.yaml").await.contains("another-secret-value"));
    // The old marker keeps nothing any more.
    let problem = publisher.write("dev/orders/app.yaml", text).await.problem(422, "invalid_marker");
    assert_eq!(problem["fields"][0]["line"], 3, "{problem}");
    app.finish().await;
}

#[tokio::test]
async fn a_marker_keeps_nothing_at_another_path_entry_or_namespace() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    app.admin().create("prod/other").await;
    seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    seal(&publisher, "dev/orders/twin.yaml", &document(CANARY)).await;
    let text = masked(&publisher, "dev/orders/app.yaml").await;
    for (address, content) in [
        ("dev/orders/app.yaml", text.replace("user: app", "user: 1").replace("password", "pass")),
        ("dev/orders/twin.yaml", text.clone()),
        ("dev/orders/new.yaml", text.clone()),
        ("dev/orders/new.txt", text.clone()),
        ("prod/other/app.yaml", text.clone()),
    ] {
        let problem = publisher.write(address, content).await.problem(422, "invalid_marker");
        assert!(!problem.to_string().contains(CANARY), "{problem}");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_was_marked_stays_sealed_for_ever() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    let address = "dev/orders/app.yaml";
    seal(&publisher, address, &document(CANARY)).await;
    let mut open = put(address, "a: 1\n");
    open["secret"] = json!(false);
    let problem = publisher.publish(&[open]).await.problem(422, "sealed_stays");
    assert_eq!(problem["fields"][0]["field"], "changes[0].secret");
    publisher.publish(&[delete(address)]).await.expect(200);
    publisher.write(address, document("second-secret-value")).await.expect(200);
    let text = masked(&publisher, address).await;
    assert!(!text.contains("second-secret-value"), "{text}");
    app.finish().await;
}

#[tokio::test]
async fn anybody_who_publishes_may_hide_more_and_only_who_reveals_may_hide_less() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    let address = "dev/orders/app.yaml";
    let content = document(CANARY);
    let marked = |marks: Value| {
        let mut change = put(address, &content);
        change.as_object_mut().unwrap().extend(marks.as_object().unwrap().clone());
        change
    };
    seal(&publisher, address, &content).await;
    publisher.publish(&[marked(json!({"secret_paths": ["/db"]}))]).await.expect(200);
    publisher.publish(&[marked(json!({"secret": true}))]).await.expect(200);
    assert_eq!(view(&publisher, address, "").await["marks"], json!({"secret": true}));
    let problem = publisher.publish(&[marked(json!({"secret_paths": ["/db"]}))]).await.problem(403, "denied");
    assert_eq!(problem["action"], "reveal");
    let both = app.user("bob", &[("publisher", "*", "*", ""), ("secret-reader", "*", "*", "")]).await;
    both.publish(&[marked(json!({"secret_paths": ["/db/password"]}))]).await.expect(200);
    assert!(view(&publisher, address, "").await["content"].as_str().unwrap().contains("user: app"));
    app.finish().await;
}

#[tokio::test]
async fn bad_marks_are_named() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    let many: Vec<String> = (0..101).map(|n| format!("/{n}")).collect();
    for (key, marks, problem) in [
        ("a.yaml", json!({"secret_paths": []}), "at least one path"),
        ("a.yaml", json!({"secret_paths": ["db"]}), "no JSON Pointer"),
        ("a.yaml", json!({"secret_paths": many}), "at most 100 paths"),
        ("a.txt", json!({"secret_paths": ["/a"]}), "text has no paths"),
        ("a.xml", json!({"secret_paths": ["/a"]}), "xml has no paths"),
        ("a.yaml", json!({"secret": true, "secret_paths": ["/a"]}), "together"),
    ] {
        let mut change = put(&format!("dev/orders/{key}"), "<a/>");
        change.as_object_mut().unwrap().extend(marks.as_object().unwrap().clone());
        let answer = publisher.publish(&[change]).await.problem(422, "invalid");
        assert!(answer["fields"][0]["problem"].as_str().unwrap().contains(problem), "{answer}");
    }
    let mut change = put("dev/orders/a.yaml", "a: 1\n");
    change["secret_paths"] = json!(["/a", "/db/password"]);
    let written = publisher.publish(&[change]).await.written();
    assert!(written.warnings[0].warning.message.contains("/db/password"), "{:?}", written.warnings);
    app.finish().await;
}

#[tokio::test]
async fn a_syntax_error_in_a_secret_is_told_without_its_words() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    let mut change = put("dev/orders/a.json", &format!("{{\"{CANARY}\": 1, \"{CANARY}\": 2}}"));
    change["secret"] = json!(true);
    let problem = publisher.publish(&[change]).await.problem(422, "invalid_content");
    assert!(!problem.to_string().contains(CANARY), "{problem}");
    assert_eq!(problem["fields"][0]["line"], 1);
    app.finish().await;
}

#[tokio::test]
async fn a_conflict_about_a_sealed_entry_carries_no_text() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    let first = seal(&publisher, "dev/orders/app.yaml", &document(CANARY)).await;
    let text = masked(&publisher, "dev/orders/app.yaml").await;
    publisher.write("dev/orders/app.yaml", document("second-secret-value")).await.expect(200);
    for content in [document("third-secret-value"), text] {
        let mut change = put("dev/orders/app.yaml", &content);
        change["if_revision"] = json!(first);
        let problem = publisher.publish(&[change]).await.problem(409, "conflict");
        let conflict = &problem["conflicts"][0];
        assert_eq!((&conflict["theirs"]["sealed"], &conflict["theirs"]["content"]), (&json!(true), &Value::Null));
        assert!(!problem.to_string().contains("secret-value"), "{problem}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_namespace_marks_keys_by_their_names() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    publisher.write("dev/orders/tls/key.pem", CANARY).await.expect(200);
    publisher.write("dev/orders/app.yaml", "a: 1\n").await.expect(200);
    let namespace = "/api/v1/environments/dev/namespaces/orders";
    app.admin().put(namespace, json!({"secret_keys": ["*.pem", "["]})).await.problem(422, "invalid");
    let written = app.admin().put(namespace, json!({"secret_keys": ["*.pem"]})).await.written();
    assert_eq!(written.changed, 2, "the namespace and the entry, in one revision");
    publisher.read("dev/orders/tls/key.pem", "").await.problem(403, "sealed");
    publisher.read("dev/orders/tls/key.pem", "?at=3").await.problem(403, "sealed");
    publisher.read("dev/orders/app.yaml", "").await.expect(200);
    publisher.write("dev/orders/new.pem", CANARY).await.expect(200);
    assert_eq!(view(&publisher, "dev/orders/new.pem", "").await["marks"], json!({"secret": true}));
    // A change of something else leaves the patterns.
    app.admin().put(namespace, json!({"description": "ours"})).await.expect(200);
    assert_eq!(app.admin().get(namespace).await.ok()["secret_keys"], json!(["*.pem"]));
    app.finish().await;
}

#[tokio::test]
async fn a_rollback_to_before_the_mark_comes_back_sealed() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    let open = publisher.write("dev/orders/app.yaml", document(CANARY)).await.revision();
    seal(&publisher, "dev/orders/app.yaml", &document("second-secret-value")).await;
    publisher
        .roll_back(json!({"env": "dev", "namespace": "orders", "keys": ["app.yaml"], "to": open, "message": "back"}))
        .await
        .expect(200);
    let text = masked(&publisher, "dev/orders/app.yaml").await;
    assert!(!text.contains(CANARY), "{text}");
    let reader = secret_reader(&app, "orders").await;
    assert_eq!(reader.read("dev/orders/app.yaml", "?reveal=true").await.expect(200).text(), document(CANARY));
    let undone = publisher.roll_back(json!({"revert": publisher.head().await, "message": "again"})).await;
    undone.expect(200);
    let text = reader.read("dev/orders/app.yaml", "?reveal=true").await.expect(200).text();
    assert_eq!(text, document("second-secret-value"));
    app.finish().await;
}

#[tokio::test]
async fn the_history_shows_masked_texts_at_every_revision() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    let open = publisher.write("dev/orders/app.yaml", document(CANARY)).await.revision();
    let sealed = seal(&publisher, "dev/orders/app.yaml", &document("second-secret-value")).await;
    let last = publisher.write("dev/orders/app.yaml", document("third-secret-value")).await.revision();
    for revision in [open, sealed, last] {
        let shown = publisher.revision(revision).await;
        let item = &shown["changes"][0];
        assert_eq!(item["sealed"], true, "{shown}");
        assert!(item["diff"]["unified"].as_str().unwrap().contains("__pintle_sealed_"), "{shown}");
        assert!(!shown.to_string().contains(CANARY) && !shown.to_string().contains("secret-value"), "{shown}");
        let at = view(&publisher, "dev/orders/app.yaml", &format!("?at={revision}")).await;
        assert!(at["masked"] == true && !at.to_string().contains(CANARY), "{at}");
    }
    let diff: Value = publisher.get(&format!("/api/v1/diff?env=dev&namespace=orders&from={open}&to={last}")).await.ok();
    let text = diff["entries"][0]["diff"]["unified"].as_str().unwrap().to_owned();
    let changed: Vec<&str> = text.lines().filter(|line| line.starts_with("-  ") || line.starts_with("+  ")).collect();
    assert_eq!(changed.len(), 2, "a changed value shows as a changed marker: {text}");
    assert!(!diff.to_string().contains(CANARY), "{diff}");
    let list: Value = publisher.get("/api/v1/revisions?env=dev&namespace=orders&key=app.yaml").await.ok();
    assert!(list["revisions"].as_array().unwrap().iter().all(|one| one["changes"][0]["sealed"] == true), "{list}");
    app.finish().await;
}

#[tokio::test]
async fn without_a_master_key_nothing_can_be_marked_and_all_else_works() {
    let app = App::with(&[NO_MASTER_KEY]).await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    publisher.write("dev/orders/app.yaml", document(CANARY)).await.expect(200);
    let mut change = put("dev/orders/app.yaml", &document(CANARY));
    change["secret"] = json!(true);
    publisher.publish(&[change.clone()]).await.problem(422, "no_master_key");
    let body = json!({"message": "m", "changes": [change], "dry_run": true});
    publisher.post("/api/v1/publish", body).await.problem(422, "no_master_key");
    let namespace = "/api/v1/environments/dev/namespaces/orders";
    app.admin().put(namespace, json!({"secret_keys": ["*"]})).await.problem(422, "no_master_key");
    assert_eq!(publisher.text("dev/orders/app.yaml").await.unwrap(), document(CANARY));
    app.finish().await;
}

#[tokio::test]
async fn a_dry_run_seals_nothing_and_shows_nothing() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    publisher.write("dev/orders/app.yaml", document(CANARY)).await.expect(200);
    let mut change = put("dev/orders/app.yaml", &document(CANARY));
    change["secret"] = json!(true);
    let body = json!({"message": "m", "changes": [change], "dry_run": true});
    let judged = publisher.post("/api/v1/publish", body).await.expect(200);
    assert!(!judged.text().contains(CANARY));
    assert_eq!(judged.written().changed, 1);
    assert_eq!(publisher.text("dev/orders/app.yaml").await.unwrap(), document(CANARY));
    let keys: Value = app.admin().get("/api/v1/keys").await.ok();
    assert_eq!(keys["data_keys"], json!([]));
    app.finish().await;
}
