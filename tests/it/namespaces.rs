//! Namespaces: made, changed, deleted with their entries, and brought back.

use reqwest::Method;
use serde_json::json;

use crate::harness::actors::entry;
use crate::harness::{Actor, App, put};

const ORDERS: &str = "/api/v1/environments/dev/namespaces/orders";

#[tokio::test]
async fn a_namespace_counts_its_entries_and_bytes_and_knows_its_last_change() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev").await;
    admin.put(ORDERS, json!({"description": "takes orders"})).await.expect(200);
    admin.publish(&[put("dev/orders/a.txt", "12345"), put("dev/orders/b.txt", "123")]).await.expect(200);
    admin.delete(&entry("dev/orders/b.txt")).await.expect(200);
    let expected = json!({"environment": "dev", "name": "orders", "description": "takes orders", "revision": 4,
                          "entries": 1, "bytes": 5});
    let mut one = admin.get(ORDERS).await.ok();
    let list = admin.get("/api/v1/environments/dev/namespaces").await.ok();
    assert_eq!(list, json!({"namespaces": [one]}));
    let last = one.as_object_mut().unwrap().remove("last_change").unwrap();
    assert_eq!((&last["revision"], &last["actor"]), (&json!(4), &json!("admin")));
    assert_eq!(one, expected);
    app.finish().await;
}

#[tokio::test]
async fn a_namespace_of_an_unknown_environment_is_not_made() {
    let app = App::start().await;
    let problem = app.admin().put(ORDERS, json!({})).await.problem(404, "not_found");
    assert_eq!(problem["detail"], "dev does not exist");
    app.finish().await;
}

#[tokio::test]
async fn the_same_name_in_two_environments_is_two_namespaces() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.create("prod/orders").await;
    admin.write("dev/orders/a.txt", "in dev").await.expect(200);
    assert_eq!(admin.text("prod/orders/a.txt").await, None);
    app.finish().await;
}

#[tokio::test]
async fn deleting_a_namespace_with_entries_wants_its_name_and_tells_the_impact() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.publish(&[put("dev/orders/a.txt", "a"), put("dev/orders/b/c.txt", "c")]).await.expect(200);
    let problem = admin.delete(ORDERS).await.problem(409, "confirmation_required");
    assert_eq!(problem["impact"], json!({"entries": 2, "drafts": 0}));
    let problem = admin.delete(&format!("{ORDERS}?confirm=order")).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "confirm");

    let deleted = admin.delete(&format!("{ORDERS}?confirm=orders")).await.written();
    assert_eq!((deleted.revision, deleted.changed), (4, 3));
    admin.get(ORDERS).await.problem(404, "not_found");
    assert_eq!(admin.text("dev/orders/a.txt").await, None);
    assert_eq!(admin.text_at("dev/orders/a.txt", "?at=3").await.as_deref(), Some("a"));
    app.finish().await;
}

#[tokio::test]
async fn a_rollback_brings_a_deleted_namespace_back_with_its_description_and_entries() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev").await;
    admin.put(ORDERS, json!({"description": "takes orders"})).await.expect(200);
    admin.write("dev/orders/a.txt", "a").await.expect(200);
    admin.delete(&format!("{ORDERS}?confirm=orders")).await.expect(200);
    let back = admin.roll_back(json!({"env": "dev", "namespace": "orders", "to": 3})).await.written();
    assert_eq!((back.revision, back.changed), (5, 2));
    assert_eq!(admin.text("dev/orders/a.txt").await.as_deref(), Some("a"));
    assert_eq!(admin.get(ORDERS).await.ok()["description"], "takes orders");
    app.finish().await;
}

#[tokio::test]
async fn the_name_may_be_used_again_and_its_history_goes_on() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a.txt", "old").await.expect(200);
    admin.delete(&format!("{ORDERS}?confirm=orders")).await.expect(200);
    assert_eq!(admin.create("dev/orders").await, 5);
    assert_eq!(admin.get(ORDERS).await.ok()["entries"], 0);
    admin.write("dev/orders/a.txt", "new").await.expect(200);
    let history = admin.get("/api/v1/revisions?env=dev&namespace=orders&key=a.txt").await.ok();
    let numbers: Vec<_> = history["revisions"].as_array().unwrap().iter().map(|r| &r["revision"]).collect();
    assert_eq!(numbers, [6, 4, 3]);
    app.finish().await;
}

#[tokio::test]
async fn a_tag_of_a_namespace_guards_its_deletion_against_a_publish_in_between() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let tag = admin.get(ORDERS).await.header("etag");
    admin.write("dev/orders/a.txt", "a").await.expect(200);
    let path = format!("{ORDERS}?confirm=orders");
    let stale = admin.call(Method::DELETE, &path, |request| request.header("if-match", tag)).await;
    assert_eq!(stale.problem(412, "precondition_failed")["current_revision"], 3);
    let tag = admin.get(ORDERS).await.header("etag");
    admin.call(Method::DELETE, &path, |request| request.header("if-match", tag)).await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn the_tag_that_a_read_of_a_namespace_gave_guards_a_change_of_its_attributes() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a.txt", "a").await.expect(200);
    let tag = admin.get(ORDERS).await.header("etag");
    let body = json!({"description": "x"});
    let put = admin.call(Method::PUT, ORDERS, |request| request.header("if-match", tag).json(&body)).await;
    put.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn only_who_manages_a_namespace_makes_and_deletes_it() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    let publisher = app.publisher("orders").await;
    let problem = publisher.put(ORDERS, json!({"description": "mine"})).await.problem(403, "denied");
    assert_eq!((&problem["action"], &problem["target"]), (&"manage".into(), &"dev/orders".into()));
    publisher.delete(ORDERS).await.problem(403, "denied");
    let own = app.user("tina", &[("admin", "*", "orders*", "")]).await;
    own.put("/api/v1/environments/dev/namespaces/orders.eu", json!({})).await.expect(200);
    own.put("/api/v1/environments/dev/namespaces/payments", json!({})).await.problem(404, "not_found");
    own.put("/api/v1/environments/dev", json!({})).await.problem(403, "denied");
    own.write("dev/orders/a.txt", "x").await.problem(403, "denied");
    app.finish().await;
}

#[tokio::test]
async fn a_list_tells_the_last_change_and_counts_only_what_the_caller_may_read() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let paul = app.publisher("*").await;
    let seen = paul.write("dev/orders/app/a.txt", "12").await.revision();
    let hidden = admin.write("dev/orders/db/b.txt", "345").await.revision();
    let gone = paul.delete(&entry("dev/orders/db/b.txt")).await.revision();
    let facts = async |actor: &Actor| {
        let list = actor.get("/api/v1/environments/dev/namespaces").await.ok();
        let one = actor.get("/api/v1/environments/dev/namespaces/orders").await.ok();
        assert_eq!(list["namespaces"], json!([one]));
        let last = &one["last_change"];
        assert!(last["at"].is_string(), "{last}");
        json!([one["entries"], one["bytes"], last["revision"], last["actor"]])
    };
    assert_eq!(facts(admin).await, json!([1, 2, gone, "paul"]));
    let back = admin.write("dev/orders/db/b.txt", "345").await.revision();
    assert!(hidden < gone && gone < back);
    assert_eq!(facts(admin).await, json!([2, 5, back, "admin"]));
    let vera = app.user("vera", &[("viewer", "dev", "orders", "app/")]).await;
    assert_eq!(facts(&vera).await, json!([1, 2, seen, "paul"]));
    app.finish().await;
}
