//! Every read as of a revision or an instant, read-your-writes, and nodes that follow.

use std::time::Duration;

use pintle::domain::revisions::Revision;
use serde_json::{Value, json};

use crate::harness::actors::entry;
use crate::harness::{App, put};

const LIST: &str = "/api/v1/environments/dev/namespaces/orders/entries";

fn keys(list: &Value) -> Vec<&str> {
    list["entries"].as_array().unwrap().iter().map(|entry| entry["key"].as_str().unwrap()).collect()
}

/// 1 dev, 2 orders, 3 a=1, 4 a=2 b=1, 5 deletes orders, 6 orders again, 7 description.
async fn filled() -> App {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a", "1").await.expect(200);
    admin.publish(&[put("dev/orders/a", "2"), put("dev/orders/b", "1")]).await.expect(200);
    admin.delete("/api/v1/environments/dev/namespaces/orders?confirm=orders").await.expect(200);
    admin.create("dev/orders").await;
    admin.put("/api/v1/environments/dev", json!({"description": "new"})).await.expect(200);
    app
}

/// A revision and the instant of its commit, as `at=` takes them.
async fn moments(app: &App, revision: u64) -> [String; 2] {
    let at = app.admin().revision(revision).await["at"].as_str().unwrap().to_owned();
    [revision.to_string(), at]
}

#[tokio::test]
async fn an_entry_is_read_as_it_was_at_every_revision_and_instant() {
    let app = filled().await;
    for (revision, expected) in [(2, None), (3, Some("1")), (4, Some("2")), (5, None), (7, None)] {
        for at in moments(&app, revision).await {
            let text = app.admin().text_at("dev/orders/a", &format!("?at={at}")).await;
            assert_eq!(text.as_deref(), expected, "{at}");
        }
    }
    let then = app.admin().get(&format!("{}?at=3", entry("dev/orders/a"))).await;
    assert_eq!((then.header("etag"), then.header("pintle-revision")), ("\"3\"".to_owned(), "7".to_owned()));
    app.finish().await;
}

#[tokio::test]
async fn lists_are_read_as_they_were() {
    let app = filled().await;
    let admin = app.admin();
    for (revision, expected) in [(2, &[][..]), (3, &["a"]), (4, &["a", "b"]), (6, &[])] {
        for at in moments(&app, revision).await {
            assert_eq!(keys(&admin.get(&format!("{LIST}?at={at}")).await.ok()), expected, "{at}");
        }
    }
    admin.get(&format!("{LIST}?at=5")).await.problem(404, "not_found");
    admin.get(&format!("{LIST}?at=0")).await.problem(404, "not_found");
    assert_eq!(admin.get(&format!("{LIST}?at=4&limit=1")).await.ok()["next"], "a");
    assert_eq!(keys(&admin.get(&format!("{LIST}?at=4&limit=1&cursor=a")).await.ok()), ["b"]);
    app.finish().await;
}

#[tokio::test]
async fn namespaces_and_environments_are_read_as_they_were() {
    let app = filled().await;
    let admin = app.admin();
    let orders = "/api/v1/environments/dev/namespaces/orders";
    for at in moments(&app, 4).await {
        let then = admin.get(&format!("{orders}?at={at}")).await.ok();
        assert_eq!((&then["entries"], &then["bytes"], &then["revision"]), (&json!(2), &json!(2), &json!(4)));
        let all = admin.get(&format!("/api/v1/environments/dev/namespaces?at={at}")).await.ok();
        assert_eq!(all["namespaces"].as_array().unwrap().len(), 1);
        let dev = admin.get(&format!("/api/v1/environments/dev?at={at}")).await.ok();
        assert_eq!((&dev["description"], &dev["revision"]), (&json!(""), &json!(1)));
    }
    admin.get(&format!("{orders}?at=5")).await.problem(404, "not_found");
    admin.get("/api/v1/environments/dev?at=0").await.problem(404, "not_found");
    assert_eq!(admin.get("/api/v1/environments?at=0").await.ok(), json!({"environments": []}));
    assert_eq!(admin.get("/api/v1/environments?at=7").await.ok()["environments"][0]["description"], "new");
    app.finish().await;
}

#[tokio::test]
async fn an_instant_before_everything_is_empty_and_one_in_the_future_is_now() {
    let app = filled().await;
    let admin = app.admin();
    assert_eq!(admin.get("/api/v1/environments?at=2001-01-01T00:00:00Z").await.ok(), json!({"environments": []}));
    let later = admin.get("/api/v1/environments?at=2901-01-01T00:00:00%2B01:00").await.ok();
    assert_eq!(later["environments"][0]["revision"], 7);
    app.finish().await;
}

#[tokio::test]
async fn a_revision_that_does_not_exist_yet_is_no_moment() {
    let app = filled().await;
    for path in ["/api/v1/environments", "/api/v1/environments/dev", LIST, &entry("dev/orders/a")] {
        let problem = app.admin().get(&format!("{path}?at=8")).await.problem(422, "invalid");
        assert_eq!(problem["fields"][0]["field"], "at", "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_node_serves_its_own_write_at_once() {
    let app = filled().await;
    for number in 0..20 {
        let revision = app.admin().write("dev/orders/a", format!("{number}")).await.revision();
        let read = app.admin().get(&entry("dev/orders/a")).await.ok();
        assert_eq!((&read["revision"], &read["content"]), (&json!(revision), &json!(number.to_string())));
    }
    app.finish().await;
}

#[tokio::test]
async fn a_second_node_is_woken_by_a_commit_long_before_its_poll_could_add_up() {
    let mut app = filled().await;
    let there = app.second_node().await;
    // Waiting for twenty polls takes 5 s on average; wake-ups that arrive take no part of it.
    let started = tokio::time::Instant::now();
    for number in 0..20 {
        let revision = app.admin().write("dev/orders/a", format!("{number}")).await.revision();
        assert!(app.others()[0].node.app.service.view.wait_for(None, Revision(revision), Duration::from_secs(5)).await);
        assert_eq!(there.text("dev/orders/a").await, Some(number.to_string()));
    }
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    app.finish().await;
}

#[tokio::test]
async fn min_revision_waits_on_any_node_and_every_kind_of_read() {
    let mut app = filled().await;
    let there = app.second_node().await;
    for (number, path) in [
        "/api/v1/environments?".to_owned(),
        "/api/v1/environments/dev?".to_owned(),
        "/api/v1/environments/dev/namespaces?".to_owned(),
        "/api/v1/environments/dev/namespaces/orders?".to_owned(),
        format!("{LIST}?"),
        format!("{}?", entry("dev/orders/a")),
        "/api/v1/revisions?".to_owned(),
        "/api/v1/revisions/1?".to_owned(),
        "/api/v1/diff?env=dev&from=1&".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let revision = app.admin().write("dev/orders/a", format!("{number}")).await.revision();
        let answer = there.get(&format!("{path}min_revision={revision}")).await.expect(200);
        assert!(answer.header("pintle-revision").parse::<u64>().unwrap() >= revision, "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_min_revision_that_does_not_come_is_a_clear_503() {
    let app = filled().await;
    let answer = app.admin().get("/api/v1/environments?min_revision=8").await;
    assert_eq!(answer.header("retry-after"), "1");
    let problem = answer.problem(503, "not_there_yet");
    assert_eq!(problem["detail"], "revision 8 is not there yet, this node is at 7");
    app.finish().await;
}

#[tokio::test]
async fn a_node_that_starts_later_has_everything() {
    let mut app = filled().await;
    let there = app.second_node().await;
    for path in ["/api/v1/environments", "/api/v1/environments/dev/namespaces", LIST, "/api/v1/revisions"] {
        let (here, there) = (app.admin().get(path).await.expect(200), there.get(path).await.expect(200));
        assert_eq!(here.json::<Value>(), there.json::<Value>(), "{path}");
        assert_eq!(here.header("etag"), there.header("etag"), "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_write_at_one_node_is_judged_at_the_head_and_not_at_what_that_node_has_seen() {
    let mut app = filled().await;
    let there = app.second_node().await;
    for _ in 0..5 {
        let revision = app.admin().write("dev/orders/a", "here").await.revision();
        let mut change = put("dev/orders/a", "there");
        change["if_revision"] = (revision - 1).into();
        // Sent at once, most likely before the wake-up arrives.
        let problem = there.publish(&[change.clone()]).await.problem(409, "conflict");
        assert_eq!(problem["conflicts"][0]["theirs"]["content"], "here");
        change["if_revision"] = revision.into();
        there.publish(&[change]).await.expect(200);
    }
    app.finish().await;
}

#[tokio::test]
async fn what_one_node_acknowledged_can_be_named_at_another_at_once() {
    let mut app = App::start().await;
    let there = app.second_node().await;
    let admin = app.admin();
    for number in 0..5 {
        let place = format!("e{number}");
        admin.create(&format!("{place}/orders")).await;
        let back = there.roll_back(json!({"env": place, "namespace": "orders", "to": admin.head().await})).await;
        assert_eq!(back.written().changed, 0);
        let address = format!("{place}/orders/a");
        let revision = admin.write(&address, "x").await.revision();
        assert_eq!(there.text_at(&address, &format!("?at={revision}")).await.as_deref(), Some("x"));
        let revision = admin.write(&address, "y").await.revision();
        there.roll_back(json!({"revert": revision})).await.expect(200);
        admin.write(&format!("{place}/orders/b"), "x").await.expect(200);
        there.delete(&entry(&format!("{place}/orders/b"))).await.expect(200);
    }
    app.finish().await;
}
