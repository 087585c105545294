//! Change sets: all or nothing, preconditions, numbers without gaps.

use reqwest::Method;
use serde_json::json;

use crate::harness::actors::entry;
use crate::harness::{App, delete, put};

#[tokio::test]
async fn a_change_set_over_entries_namespaces_and_environments_is_one_revision() {
    let app = App::start().await;
    let admin = app.admin();
    for place in ["dev/orders", "dev/shared.mysql", "staging/orders"] {
        admin.create(place).await;
    }
    let changes = [
        put("dev/orders/application.yaml", "port: 8080\n"),
        put("dev/shared.mysql/pool.properties", "size=10\n"),
        put("staging/orders/application.yaml", "port: 80\n"),
    ];
    let written = admin.publish(&changes).await.written();
    assert_eq!((written.revision, written.changed), (6, 3));
    for address in
        ["dev/orders/application.yaml", "dev/shared.mysql/pool.properties", "staging/orders/application.yaml"]
    {
        assert_eq!(admin.get(&entry(address)).await.ok()["revision"], 6);
    }
    assert_eq!(admin.revision(6).await["changes"].as_array().unwrap().len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn revisions_are_numbered_without_gaps_also_by_many_publishers_at_once() {
    let mut app = App::start().await;
    app.admin().create("dev/orders").await;
    let (here, there) = (app.admin().clone(), app.second_node().await);
    let each = 40;
    let all = (0..each * 2).map(|number| {
        let actor = if number % 2 == 0 { &here } else { &there };
        async move { actor.write(&format!("dev/orders/{number}.txt"), format!("{number}")).await.revision() }
    });
    let mut numbers = futures_util::future::join_all(all).await;
    numbers.sort_unstable();
    assert_eq!(numbers, (3..3 + each * 2).collect::<Vec<u64>>());
    assert_eq!(app.database.number("SELECT count(*) FROM revisions").await, 82);
    app.finish().await;
}

#[tokio::test]
async fn a_failed_precondition_answers_both_texts_and_nothing_is_applied() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a.txt", "first").await.expect(200);
    admin.write("dev/orders/a.txt", "second").await.expect(200);
    let mut stale = put("dev/orders/a.txt", "mine");
    stale["if_revision"] = 3.into();
    let problem = admin.publish(&[put("dev/orders/b.txt", "beside"), stale]).await.problem(409, "conflict");
    let expected = json!([{"env": "dev", "namespace": "orders", "key": "a.txt", "expected": 3, "current": 4,
        "theirs": {"revision": 4, "format": "text", "content": "second"}, "yours": {"format": "text", "content": "mine"}}]);
    assert_eq!(problem["conflicts"], expected);
    assert_eq!(admin.text("dev/orders/b.txt").await, None);
    assert_eq!(admin.head().await, 4);
    app.finish().await;
}

#[tokio::test]
async fn precondition_zero_means_must_not_exist() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let mut create = put("dev/orders/a.txt", "x");
    create["if_revision"] = 0.into();
    assert_eq!(admin.publish(&[create.clone()]).await.revision(), 3);
    create["content"] = "y".into();
    let problem = admin.publish(&[create]).await.problem(409, "conflict");
    assert_eq!((&problem["conflicts"][0]["expected"], &problem["conflicts"][0]["current"]), (&0.into(), &3.into()));
    let mut gone = delete("dev/orders/none.txt");
    gone["if_revision"] = 2.into();
    let problem = admin.publish(&[gone]).await.problem(409, "conflict");
    assert_eq!(problem["conflicts"][0]["current"], 0);
    assert_eq!(problem["conflicts"][0].get("theirs"), None);
    app.finish().await;
}

#[tokio::test]
async fn a_stale_if_match_is_412_with_both_texts() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a.txt", "first").await.expect(200);
    let path = entry("dev/orders/a.txt");
    let with = |tag: &'static str, text: &'static str| {
        admin.call(Method::PUT, &path, move |request| request.header("if-match", tag).body(text))
    };
    let problem = with("\"2\"", "mine").await.problem(412, "precondition_failed");
    assert_eq!(problem["conflicts"][0]["theirs"]["content"], "first");
    assert_eq!(problem["conflicts"][0]["yours"]["content"], "mine");
    assert_eq!(with("\"3\"", "mine").await.expect(200).header("etag"), "\"4\"");
    assert_eq!(with("*", "any").await.revision(), 5);
    let none = admin.call(Method::PUT, &entry("dev/orders/b.txt"), |r| r.header("if-match", "*").body("x")).await;
    none.problem(412, "precondition_failed");
    app.finish().await;
}

#[tokio::test]
async fn if_none_match_star_creates_only() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let path = entry("dev/orders/a.txt");
    let create = |text: &'static str| {
        admin.call(Method::PUT, &path, move |request| request.header("if-none-match", "*").body(text))
    };
    create("one").await.expect(200);
    create("two").await.problem(412, "precondition_failed");
    assert_eq!(admin.text("dev/orders/a.txt").await.as_deref(), Some("one"));
    app.finish().await;
}

#[tokio::test]
async fn what_is_there_already_drops_out_and_nothing_left_appends_nothing() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let both = [put("dev/orders/a.txt", "a"), put("dev/orders/b.txt", "b")];
    admin.publish(&both).await.expect(200);
    let some = [put("dev/orders/a.txt", "a"), put("dev/orders/b.txt", "other"), delete("dev/orders/none.txt")];
    let written = admin.publish(&some).await.written();
    assert_eq!((written.revision, written.changed), (4, 1));
    assert_eq!(written.changes[0].key.as_deref(), Some("b.txt"));
    assert_eq!(admin.get(&entry("dev/orders/a.txt")).await.ok()["revision"], 3);
    let none = admin.publish(&some).await.written();
    assert_eq!((none.revision, none.changed), (4, 0));
    app.finish().await;
}

#[tokio::test]
async fn another_format_of_the_same_bytes_is_a_change() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a", "1").await.expect(200);
    let path = format!("{}?format=json", entry("dev/orders/a"));
    let written = admin.call(Method::PUT, &path, |request| request.body("1")).await.written();
    assert_eq!((written.revision, written.changed), (4, 1));
    assert_eq!(admin.revision(4).await["changes"][0]["diff"]["format_only"], true);
    app.finish().await;
}

#[tokio::test]
async fn a_dry_run_judges_and_changes_nothing() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let body = json!({"dry_run": true, "changes": [put("dev/orders/a.env", "A=1\nA=2\n")]});
    let written = admin.post("/api/v1/publish", body).await.written();
    assert_eq!((written.revision, written.changed, written.dry_run), (2, 1, true));
    assert_eq!(written.warnings.len(), 1);
    assert_eq!(written.changes[0].key.as_deref(), Some("a.env"));
    assert_eq!(admin.head().await, 2);
    let mut stale = put("dev/orders/a.env", "A=1");
    stale["if_revision"] = 2.into();
    let body = json!({"dry_run": true, "changes": [stale]});
    admin.post("/api/v1/publish", body).await.problem(409, "conflict");
    let put = admin.call(Method::PUT, &format!("{}?dry_run=true", entry("dev/orders/a.env")), |r| r.body("A=1")).await;
    assert_eq!(put.header("etag"), "");
    assert_eq!(put.written().changed, 1);
    let back = admin.roll_back(json!({"env": "dev", "to": 1, "dry_run": true})).await.written();
    assert_eq!((back.changed, back.dry_run), (1, true));
    assert_eq!(admin.head().await, 2);
    app.finish().await;
}

#[tokio::test]
async fn equal_contents_are_stored_once() {
    let app = App::start().await;
    let admin = app.admin();
    for place in ["dev/orders", "staging/orders"] {
        admin.create(place).await;
    }
    admin.publish(&[put("dev/orders/a.txt", "same"), put("dev/orders/b.txt", "same")]).await.expect(200);
    admin.publish(&[put("staging/orders/a.txt", "same"), put("dev/orders/a.txt", "other")]).await.expect(200);
    admin.write("dev/orders/a.txt", "same").await.expect(200);
    assert_eq!(app.database.number("SELECT count(*) FROM contents").await, 2);
    app.finish().await;
}

#[tokio::test]
async fn a_publish_to_what_does_not_exist_says_what_is_missing() {
    let app = App::start().await;
    let admin = app.admin();
    let problem = admin.write("dev/orders/a.txt", "x").await.problem(404, "not_found");
    assert_eq!(problem["detail"], "dev does not exist");
    admin.create("dev").await;
    let problem = admin.write("dev/orders/a.txt", "x").await.problem(404, "not_found");
    assert_eq!(problem["detail"], "dev/orders does not exist");
    app.finish().await;
}

#[tokio::test]
async fn limits_of_a_publish_name_the_setting() {
    let flags = ["--max-entry-bytes", "100", "--max-change-set-bytes", "150", "--max-change-set-entries", "3"];
    let app =
        App::with(&[&flags[..], &["--max-namespace-entries", "2"], &["--max-namespace-bytes", "120"]].concat()).await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let problem = admin.publish(&[put("dev/orders/a.txt", &"x".repeat(101))]).await.problem(413, "too_large");
    assert_eq!(problem["fields"][0]["field"], "changes[0].content");
    assert!(problem["fields"][0]["problem"].as_str().unwrap().contains("max_entry_bytes"), "{problem}");
    let problem = admin.write("dev/orders/a.txt", "x".repeat(101)).await.problem(413, "too_large");
    assert_eq!(problem["fields"][0]["field"], "body");
    let two = [put("dev/orders/a.txt", &"x".repeat(80)), put("dev/orders/b.txt", &"x".repeat(80))];
    let problem = admin.publish(&two).await.problem(413, "too_large");
    assert!(problem["fields"][0]["problem"].as_str().unwrap().contains("max_change_set_bytes"), "{problem}");
    let four: Vec<_> = (0..4).map(|n| put(&format!("dev/orders/{n}"), "x")).collect();
    let problem = admin.publish(&four).await.problem(413, "too_large");
    assert!(problem["fields"][0]["problem"].as_str().unwrap().contains("max_change_set_entries"), "{problem}");
    let problem = admin.publish(&four[..3]).await.problem(422, "over_limit");
    assert_eq!(problem["fields"][0]["field"], "max_namespace_entries");
    admin.write("dev/orders/0", "x".repeat(100)).await.expect(200);
    let problem = admin.write("dev/orders/1", "x".repeat(100)).await.problem(422, "over_limit");
    assert_eq!(problem["fields"][0]["field"], "max_namespace_bytes");
    app.finish().await;
}

#[tokio::test]
async fn a_full_store_refuses_growth_and_lets_it_shrink() {
    let app = App::with(&["--max-store-bytes", "100"]).await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a.txt", "x".repeat(100)).await.expect(200);
    let problem = admin.write("dev/orders/b.txt", "y").await.problem(422, "over_limit");
    assert_eq!(problem["fields"][0]["field"], "max_store_bytes");
    admin.write("dev/orders/a.txt", "x".repeat(60)).await.expect(200);
    admin.write("dev/orders/b.txt", "y").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn what_is_wrong_with_several_changes_is_told_together() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let changes = [put("dev/orders/a.json", "{"), put("dev/orders/b.txt", "fine"), put("dev/orders/c.toml", "x = ")];
    let problem = admin.publish(&changes).await.problem(422, "invalid_content");
    let fields: Vec<_> = problem["fields"].as_array().unwrap().iter().map(|field| &field["field"]).collect();
    assert_eq!(fields, ["changes[0].content", "changes[2].content"]);
    let changes = [put("DEV/orders/a", "x"), put("dev/-/b", "x")];
    let problem = admin.publish(&changes).await.problem(422, "invalid");
    let fields: Vec<_> = problem["fields"].as_array().unwrap().iter().map(|field| &field["field"]).collect();
    assert_eq!(fields, ["changes[0].env", "changes[1].namespace"]);
    app.finish().await;
}

#[tokio::test]
async fn a_publisher_acts_in_the_own_namespace_only_and_all_or_nothing() {
    let app = App::start().await;
    let admin = app.admin();
    for place in ["dev/orders", "dev/payments"] {
        admin.create(place).await;
    }
    let publisher = app.user("paul", &[("publisher", "dev", "orders", ""), ("viewer", "dev", "payments", "")]).await;
    publisher.publish(&[put("dev/orders/a.txt", "x")]).await.expect(200);
    let both = [put("dev/orders/a.txt", "y"), put("dev/payments/a.txt", "y")];
    let problem = publisher.publish(&both).await.problem(403, "denied");
    assert_eq!(problem["action"], "publish");
    assert_eq!(problem["target"], "dev/payments/a.txt");
    assert_eq!(problem["who_can"], json!(["admin"]));
    assert_eq!(admin.text("dev/orders/a.txt").await.as_deref(), Some("x"));
    app.finish().await;
}

#[tokio::test]
async fn a_key_prefix_bounds_what_is_seen_and_written() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.publish(&[put("dev/orders/mesh/routes.yaml", "a: 1"), put("dev/orders/secret.txt", "s")]).await.expect(200);
    let meshed = app.user("mesha", &[("publisher", "*", "orders", "mesh/")]).await;
    let list = meshed.get("/api/v1/environments/dev/namespaces/orders/entries").await.ok();
    assert_eq!(list["entries"].as_array().unwrap().len(), 1);
    meshed.get(&entry("dev/orders/secret.txt")).await.problem(404, "not_found");
    meshed.get(&entry("dev/orders/mesh%2Froutes.yaml")).await.expect(200);
    meshed.write("dev/orders/secret.txt", "mine").await.problem(404, "not_found");
    meshed.write("dev/orders/mesh/routes.yaml", "a: 2").await.expect(200);
    let seen = meshed.revision(3).await;
    assert_eq!(seen["changes"].as_array().unwrap().len(), 1);
    assert_eq!(seen["changed"], 1);
    app.finish().await;
}
