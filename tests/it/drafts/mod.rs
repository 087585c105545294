//! Drafts: opened once for each place, saved while people type, seen by whom they concern, published as they were reviewed.

mod publish;
mod rights;
mod secrets;

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, App};

const DRAFTS: &str = "/api/v1/drafts";

/// A change of a draft that puts text to `namespace/key`.
fn put(place: &str, content: &str, if_revision: u64) -> Value {
    let mut change = delete(place, if_revision);
    change["op"] = "put".into();
    change["content"] = content.into();
    change
}

/// A change of a draft that deletes `namespace/key`.
fn delete(place: &str, if_revision: u64) -> Value {
    let (namespace, key) = place.split_once('/').unwrap();
    json!({"namespace": namespace, "key": key, "op": "delete", "if_revision": if_revision})
}

fn path(draft: &Value) -> String {
    format!("{DRAFTS}/{}", draft["id"].as_str().unwrap())
}

/// Opens a draft of `dev/orders` with a title.
async fn open(actor: &Actor, title: &str, changes: &[Value]) -> Value {
    let body = json!({"env": "dev", "namespace": "orders", "title": title, "changes": changes});
    actor.post(DRAFTS, body).await.expect(201).json()
}

/// Edits a draft as it was seen.
async fn edit(actor: &Actor, draft: &Value, body: Value) -> Answer {
    let tag = format!("\"{}\"", draft["hash"].as_str().unwrap());
    actor.call(Method::PATCH, &path(draft), |request| request.header("if-match", tag).json(&body)).await
}

/// Publishes a draft as it was seen.
async fn publish(actor: &Actor, draft: &Value) -> Answer {
    let body = json!({"base": draft["head"], "hash": draft["hash"], "message": "reviewed"});
    actor.post(&format!("{}/publish", path(draft)), body).await
}

async fn see(actor: &Actor, draft: &Value) -> Value {
    actor.get(&path(draft)).await.ok()
}

/// The ids of the drafts that somebody finds.
async fn listed(actor: &Actor, query: &str) -> Vec<String> {
    let list = actor.get(&format!("{DRAFTS}{query}")).await.ok();
    list["drafts"].as_array().unwrap().iter().map(|draft| draft["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_draft_is_opened_once_for_each_user_and_namespace_and_survives_another_session_and_node() {
    let mut app = App::start().await;
    app.admin().create("dev/orders").await;
    let editor = app.user("edith", &[("editor", "*", "*", "")]).await;
    let body = json!({"env": "dev", "namespace": "orders"});
    let (one, two) = tokio::join!(editor.post(DRAFTS, body.clone()), editor.post(DRAFTS, body.clone()));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 201], "{} {}", one.text(), two.text());
    let (one, two): (Value, Value) = (one.json(), two.json());
    assert_eq!(one["id"], two["id"]);
    assert_eq!((&one["owner"], &one["title"], &one["shared"]), (&json!("edith"), &json!(""), &json!(false)));
    let saved = edit(&editor, &one, json!({"put": [put("orders/a.yaml", "half: [wri", 0)]})).await.ok();

    // Another tab opens what is there, whatever it sends.
    let mut again = body.clone();
    again["changes"] = json!([put("orders/b.txt", "b", 0)]);
    assert_eq!(editor.post(DRAFTS, again).await.expect(200).json::<Value>(), saved);
    app.second_node().await;
    let elsewhere = editor.at(&app.others()[0].node.url());
    let found = elsewhere.get(&path(&one)).await.expect(200);
    assert_eq!(found.header("etag"), format!("\"{}\"", saved["hash"].as_str().unwrap()));
    let found: Value = found.json();
    assert_eq!(
        found["changes"],
        json!([{"namespace": "orders", "key": "a.yaml", "op": "put", "format": "yaml",
                                         "content": "half: [wri", "if_revision": 0}])
    );
    // Of those with a title there may be several, and another user has its own.
    assert_ne!(open(&editor, "t", &[]).await["id"], open(&editor, "t", &[]).await["id"]);
    let other = app.user("otto", &[("editor", "*", "*", "")]).await;
    assert_ne!(other.post(DRAFTS, body).await.expect(201).json::<Value>()["id"], one["id"]);
    edit(&editor, &open(&editor, "t", &[]).await, json!({"title": ""})).await.problem(409, "already_exists");
    app.finish().await;
}

#[tokio::test]
async fn an_autosave_sends_what_changed_and_a_stale_one_is_answered_with_the_draft() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    app.admin().create("dev/web").await;
    let editor = app.user("edith", &[("editor", "*", "*", "")]).await;
    let first = open(&editor, "t", &[put("orders/a.txt", "a", 0), put("web/w.txt", "w", 0)]).await;
    let second = edit(&editor, &first, json!({"put": [put("orders/a.txt", "aa", 0)]})).await.expect(200);
    assert_ne!(second.header("etag"), format!("\"{}\"", first["hash"].as_str().unwrap()));
    let second: Value = second.json();
    let keys = |draft: &Value| -> Vec<(String, String)> {
        let text = |change: &Value, field| change[field].as_str().unwrap_or("-").to_owned();
        draft["changes"].as_array().unwrap().iter().map(|c| (text(c, "key"), text(c, "content"))).collect()
    };
    let pair = |key: &str, content: &str| (key.to_owned(), content.to_owned());
    assert_eq!(keys(&second), [pair("a.txt", "aa"), pair("w.txt", "w")]);

    // The other tab has not seen that.
    let stale = edit(&editor, &first, json!({"put": [put("orders/a.txt", "mine", 0)]})).await;
    assert_eq!(stale.problem(412, "precondition_failed")["draft"], second);
    let without = editor.call(Method::PATCH, &path(&first), |request| request.json(&json!({}))).await;
    assert_eq!(without.problem(428, "precondition_required")["fields"][0]["field"], "If-Match");
    let odd = editor.call(Method::PATCH, &path(&first), |r| r.header("if-match", "\"7\"").json(&json!({}))).await;
    assert_eq!(odd.problem(422, "invalid")["fields"][0]["field"], "If-Match");

    // The same again changes nothing; dropping one brings the hash of before.
    let same = edit(&editor, &second, json!({"put": [put("orders/a.txt", "aa", 0)]})).await.ok();
    assert_eq!(same, second);
    let place = json!({"namespace": "web", "key": "x.txt"});
    let more = edit(&editor, &second, json!({"put": [delete("web/x.txt", 0)]})).await.ok();
    let less = edit(&editor, &more, json!({"drop": [place]})).await.ok();
    assert_eq!((&less["hash"], &less["changes"]), (&second["hash"], &second["changes"]));
    let both = json!({"put": [delete("web/x.txt", 0)], "drop": [place]});
    assert_eq!(edit(&editor, &less, both).await.problem(422, "invalid")["fields"][0]["field"], "put[0]");
    let titled = edit(&editor, &less, json!({"title": "other", "shared": true})).await.ok();
    assert_eq!((&titled["title"], &titled["shared"], &titled["hash"]), (&json!("other"), &json!(true), &less["hash"]));

    // A deletion looks only if it is told to.
    let tag = |draft: &Value| format!("\"{}\"", draft["hash"].as_str().unwrap());
    let gone = editor.call(Method::DELETE, &path(&first), |r| r.header("if-match", tag(&first))).await;
    assert_eq!(gone.problem(412, "precondition_failed")["draft"]["hash"], less["hash"]);
    editor.delete(&path(&first)).await.expect(204);
    editor.get(&path(&first)).await.problem(404, "not_found");
    let rows = crate::audit::eventually(&app, "delete_draft", 1).await;
    assert_eq!(rows[0]["target"], format!("draft:{}", first["id"].as_str().unwrap()));
    assert_eq!(crate::audit::eventually(&app, "create_draft", 1).await[0]["namespace"], "orders");
    app.finish().await;
}

#[tokio::test]
async fn what_moved_is_told_with_both_sides_and_rebased_by_putting_it_anew() {
    let app = App::start().await;
    let publisher = app.publisher("*").await;
    app.admin().create("dev/orders").await;
    let base = publisher.write("dev/orders/a.txt", "one\n").await.revision();
    let gone = publisher.write("dev/orders/gone.txt", "g").await.revision();
    let changes = [put("orders/a.txt", "mine\n", base), put("orders/b.txt", "b", 0), delete("orders/gone.txt", gone)];
    let draft = open(&publisher, "t", &changes).await;
    assert!(draft["changes"].as_array().unwrap().iter().all(|change| change.get("moved").is_none()), "{draft}");

    let now = publisher.write("dev/orders/a.txt", "two\n").await.revision();
    publisher.delete(&crate::harness::actors::entry("dev/orders/gone.txt")).await.expect(200);
    let seen = see(&publisher, &draft).await;
    assert_eq!((&seen["hash"], seen["head"].as_u64()), (&draft["hash"], Some(now + 1)));
    let (a, b, g) = (&seen["changes"][0], &seen["changes"][1], &seen["changes"][2]);
    assert_eq!((&a["moved"], b.get("moved"), &g["moved"]), (&json!(true), None, &json!(true)));
    assert_eq!(a["base"], json!({"revision": base, "format": "text", "content": "one\n"}));
    assert_eq!(a["theirs"], json!({"revision": now, "format": "text", "content": "two\n"}));
    assert_eq!((&g["base"]["content"], g.get("theirs")), (&json!("g"), None));
    let listed = publisher.get(DRAFTS).await.ok();
    assert_eq!(listed["drafts"][0]["changes"][0]["moved"], true);
    assert!(listed["drafts"][0]["changes"][0].get("content").is_none(), "{listed}");

    // Nothing is lost: what was typed is there until somebody puts it anew.
    assert_eq!(a["content"], "mine\n");
    publish(&publisher, &seen).await.problem(409, "conflict");
    let rebased = json!({"put": [put("orders/a.txt", "mine and two\n", now)],
                         "drop": [{"namespace": "orders", "key": "gone.txt"}]});
    let rebased = edit(&publisher, &seen, rebased).await.ok();
    assert!(rebased["changes"].as_array().unwrap().iter().all(|change| change.get("moved").is_none()), "{rebased}");
    publish(&publisher, &rebased).await.expect(200);
    assert_eq!(publisher.text("dev/orders/a.txt").await.as_deref(), Some("mine and two\n"));
    app.finish().await;
}

#[tokio::test]
async fn drafts_are_listed_page_by_page_newest_first() {
    let app = App::start().await;
    for place in ["dev/orders", "dev/web", "prod/orders"] {
        app.admin().create(place).await;
    }
    let editor = app.user("edith", &[("editor", "*", "*", "")]).await;
    let mut all = Vec::new();
    for number in 0..5 {
        all.insert(0, open(&editor, &number.to_string(), &[]).await["id"].as_str().unwrap().to_owned());
    }
    let touching = open(&editor, "t", &[put("web/a.txt", "a", 0)]).await["id"].as_str().unwrap().to_owned();
    let body = json!({"env": "prod", "namespace": "orders"});
    let prod: Value = editor.post(DRAFTS, body).await.expect(201).json();
    let prod = prod["id"].as_str().unwrap().to_owned();
    all.splice(0..0, [prod.clone(), touching.clone()]);
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = editor.get(&format!("{DRAFTS}?limit=2{after}")).await.ok();
        let ids = page["drafts"].as_array().unwrap().iter().map(|draft| draft["id"].as_str().unwrap().to_owned());
        seen.extend(ids);
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(seen, all);
    assert_eq!(listed(&editor, "?env=prod").await, std::slice::from_ref(&prod));
    assert_eq!(listed(&editor, "?namespace=web").await, [touching]);
    assert_eq!(listed(&editor, "?env=prod&namespace=orders&owner=edith").await, [prod]);
    assert_eq!(listed(&editor, "?owner=admin").await, Vec::<String>::new());
    editor.get(&format!("{DRAFTS}?after=nonsense")).await.problem(422, "invalid");
    app.finish().await;
}

#[tokio::test]
async fn limits_are_named() {
    let flags = ["--max-entry-bytes", "100", "--max-change-set-bytes", "150", "--max-change-set-entries", "3"];
    let app = App::with(&flags).await;
    app.admin().create("dev/orders").await;
    let editor = app.user("edith", &[("editor", "*", "*", "")]).await;
    let named = |problem: &Value, field: &str, limit: &str| {
        assert_eq!(problem["fields"][0]["field"], field, "{problem}");
        assert!(problem["fields"][0]["problem"].as_str().unwrap().contains(limit), "{problem}");
    };
    let draft = open(&editor, "t", &[put("orders/a.txt", &"a".repeat(90), 0)]).await;
    let large = edit(&editor, &draft, json!({"put": [put("orders/b.txt", &"b".repeat(101), 0)]})).await;
    named(&large.problem(413, "too_large"), "put[0].content", "max_entry_bytes");
    let together = edit(&editor, &draft, json!({"put": [put("orders/b.txt", &"b".repeat(61), 0)]})).await;
    named(&together.problem(413, "too_large"), "put", "max_change_set_bytes");
    let many: Vec<Value> = (0..3).map(|number| delete(&format!("orders/{number}.txt"), 1)).collect();
    let many = edit(&editor, &draft, json!({"put": many})).await;
    named(&many.problem(413, "too_large"), "put", "max_change_set_entries");
    // In its own place there is room.
    edit(&editor, &draft, json!({"put": [put("orders/a.txt", &"b".repeat(100), 0)]})).await.expect(200);
    let bad = edit(&editor, &draft, json!({"put": [put("orders/a//b", "x", 0)]})).await;
    named(&bad.problem(422, "invalid"), "put[0].key", "segment");
    let mut base64 = put("orders/a.bin", "", 0);
    base64.as_object_mut().unwrap().remove("content");
    base64["content_base64"] = "%".into();
    named(
        &edit(&editor, &draft, json!({"put": [base64]})).await.problem(422, "invalid"),
        "put[0].content_base64",
        "base64",
    );
    let title = json!({"env": "dev", "namespace": "orders", "title": "t".repeat(1025)});
    named(&editor.post(DRAFTS, title).await.problem(422, "invalid"), "title", "1024");
    editor.post(DRAFTS, json!({"env": "dev", "namespace": "none"})).await.problem(404, "not_found");
    for number in 1..200 {
        open(&editor, &number.to_string(), &[]).await;
    }
    let full = json!({"env": "dev", "namespace": "orders", "title": "one more"});
    named(&editor.post(DRAFTS, full).await.problem(422, "over_limit"), "drafts", "200");
    app.finish().await;
}

#[tokio::test]
async fn a_namespace_that_is_deleted_says_how_many_drafts_touch_it_and_leaves_them() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.create("dev/web").await;
    let revision = admin.write("dev/orders/a.txt", "a").await.revision();
    let draft = open(admin, "here", &[put("orders/a.txt", "b", revision), put("web/w.txt", "w", 0)]).await;
    let body = json!({"env": "dev", "namespace": "web", "title": "there", "changes": [put("orders/n.txt", "n", 0)]});
    admin.post(DRAFTS, body).await.expect(201);
    let body = json!({"env": "dev", "namespace": "web", "title": "elsewhere"});
    admin.post(DRAFTS, body).await.expect(201);
    let orders = "/api/v1/environments/dev/namespaces/orders";
    let impact = admin.delete(orders).await.problem(409, "confirmation_required");
    assert_eq!(impact["impact"], json!({"entries": 1, "drafts": 2}));
    admin.delete(&format!("{orders}?confirm=orders")).await.expect(200);
    let left = see(admin, &draft).await;
    assert_eq!((&left["changes"][0]["moved"], &left["changes"][0]["content"]), (&json!(true), &json!("b")));
    assert_eq!(left["changes"][0]["base"]["content"], "a");
    // It can be saved still, and is not published into nothing.
    let saved = edit(admin, &left, json!({"put": [put("orders/a.txt", "c", 0)]})).await.ok();
    publish(admin, &saved).await.problem(404, "not_found");
    admin.create("dev/orders").await;
    publish(admin, &see(admin, &saved).await).await.expect(200);
    assert_eq!(admin.text("dev/orders/a.txt").await.as_deref(), Some("c"));
    app.finish().await;
}

#[tokio::test]
async fn a_history_that_was_cut_or_begun_anew_leaves_drafts_whole() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let old = admin.write("dev/orders/a.txt", "cut").await.revision();
    let now = admin.write("dev/orders/a.txt", "now").await.revision();
    // The first was edited before a trim, the second in a history that a restore lost.
    let draft = open(admin, "t", &[put("orders/a.txt", "mine", old), put("orders/b.txt", "b", 900_000_000)]).await;
    let mut connection = app.database.connect().await;
    let cut = format!(
        "DELETE FROM contents WHERE hash = sha256('cut'); UPDATE head SET next_floor = {now}; UPDATE head SET floor = {now}"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(cut)).execute(&mut connection).await.unwrap();
    let epoch = app.node().node.app.service.view.state().cursor().epoch;
    let seen = pintle::domain::revisions::Revision(now);
    assert!(pintle::store::start_epoch(&mut connection, epoch, seen, "a test", false).await.unwrap());
    sqlx::Connection::close(connection).await.unwrap();
    app.node().refresh().await;
    let left = see(admin, &draft).await;
    let (a, b) = (&left["changes"][0], &left["changes"][1]);
    assert_eq!((&a["moved"], a.get("base"), &a["theirs"]["content"]), (&json!(true), None, &json!("now")));
    assert_eq!((&b["moved"], b.get("base"), b.get("theirs")), (&json!(true), None, None));
    assert!(left["head"].as_u64().unwrap() > 1_000_000, "{left}");
    publish(admin, &left).await.problem(409, "conflict");
    let rebased = json!({"put": [put("orders/a.txt", "mine", now), put("orders/b.txt", "b", 0)]});
    publish(admin, &edit(admin, &left, rebased).await.ok()).await.expect(200);
    assert_eq!(admin.text("dev/orders/a.txt").await.as_deref(), Some("mine"));
    app.finish().await;
}

#[tokio::test]
async fn the_client_speaks_of_drafts() {
    use pintle::api::drafts::{DraftBody, DraftChangeBody, DraftPatch, DraftPublishBody};
    use pintle::client::{ClientError, DraftsQuery};
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    let client = app.admin().client();
    let body = DraftBody { env: "dev".to_owned(), namespace: "orders".to_owned(), ..DraftBody::default() };
    let draft = client.open_draft(&body).await.unwrap();
    let change: DraftChangeBody = serde_json::from_value(put("orders/a.txt", "a", 0)).unwrap();
    let patch = DraftPatch { put: vec![change], ..DraftPatch::default() };
    let edited = client.edit_draft(draft.id, &draft.hash, &patch).await.unwrap();
    let Err(ClientError::Problem(stale)) = client.edit_draft(draft.id, &draft.hash, &patch).await else {
        panic!("a stale edit was taken");
    };
    assert_eq!(*stale.draft.unwrap(), edited);
    assert_eq!(client.get_draft(draft.id).await.unwrap(), edited);
    let listed = client.list_drafts(&DraftsQuery::default()).await.unwrap();
    assert_eq!(listed.drafts.iter().map(|draft| draft.id).collect::<Vec<_>>(), [draft.id]);
    let review = DraftPublishBody { base: edited.head, hash: edited.hash, ..DraftPublishBody::default() };
    assert_eq!(client.publish_draft(draft.id, &review).await.unwrap().changed, 1);
    let other = client.open_draft(&body).await.unwrap();
    assert!(client.delete_draft(other.id, Some(&review.hash)).await.is_err());
    client.delete_draft(other.id, Some(&other.hash)).await.unwrap();
    app.finish().await;
}
