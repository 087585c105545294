//! Environments: made, changed, deleted, frozen and protected.

use reqwest::Method;
use serde_json::json;

use crate::harness::{App, put};

const DEV: &str = "/api/v1/environments/dev";

#[tokio::test]
async fn an_environment_is_made_by_its_first_put_and_changed_by_the_next() {
    let app = App::start().await;
    let admin = app.admin();
    let body = json!({"tier": "staging", "colour": "#d03b3b", "description": "for trying"});
    assert_eq!(admin.put(DEV, body).await.revision(), 1);
    let expected = json!({"name": "dev", "tier": "staging", "colour": "#d03b3b", "description": "for trying",
                          "protected": false, "revision": 1});
    assert_eq!(admin.get(DEV).await.ok(), expected);

    let changed = admin.put(DEV, json!({})).await.written();
    assert_eq!((changed.revision, changed.changed), (2, 1));
    let expected = json!({"name": "dev", "description": "", "protected": false, "revision": 2});
    assert_eq!(admin.get(DEV).await.ok(), expected);
    assert_eq!(admin.get("/api/v1/environments").await.ok(), json!({"environments": [expected]}));
    app.finish().await;
}

#[tokio::test]
async fn the_same_attributes_again_append_nothing() {
    let app = App::start().await;
    app.admin().put(DEV, json!({"description": "x"})).await.expect(200);
    let again = app.admin().put(DEV, json!({"description": "x"})).await.written();
    assert_eq!((again.revision, again.changed), (1, 0));
    app.finish().await;
}

#[tokio::test]
async fn the_tier_protects_and_the_name_does_not() {
    let app = App::start().await;
    app.admin().put("/api/v1/environments/prod", json!({})).await.expect(200);
    assert_eq!(app.admin().get("/api/v1/environments/prod").await.ok()["protected"], false);
    app.admin().put(DEV, json!({"tier": "prod"})).await.expect(200);
    assert_eq!(app.admin().get(DEV).await.ok()["protected"], true);
    app.finish().await;
}

#[tokio::test]
async fn an_environment_is_deleted_only_when_it_is_empty() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let problem = admin.delete(DEV).await.problem(409, "not_empty");
    assert_eq!(problem["detail"], "dev still has 1 namespaces");
    admin.delete(&format!("{DEV}/namespaces/orders")).await.expect(200);
    assert_eq!(admin.delete(DEV).await.revision(), 4);
    admin.get(DEV).await.problem(404, "not_found");
    admin.delete(DEV).await.problem(404, "not_found");
    // Its history goes on under the same name.
    assert_eq!(admin.create("dev").await, 5);
    app.finish().await;
}

#[tokio::test]
async fn a_stale_tag_of_an_environment_is_refused_with_its_present_revision() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev").await;
    let with = |tag: &'static str| {
        admin.call(Method::PUT, DEV, move |request| request.header("if-match", tag).json(&json!({"description": "x"})))
    };
    let problem = with("\"9\"").await.problem(412, "precondition_failed");
    assert_eq!(problem["current_revision"], 1);
    assert_eq!(with("\"1\"").await.revision(), 2);
    let absent = admin.call(Method::PUT, DEV, |request| request.header("if-none-match", "*").json(&json!({})));
    assert_eq!(absent.await.problem(412, "precondition_failed")["current_revision"], 2);
    app.finish().await;
}

#[tokio::test]
async fn a_frozen_environment_refuses_publishes_and_says_who_froze_it_and_why() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a.txt", "one").await.expect(200);
    admin.write("dev/orders/a.txt", "two").await.expect(200);
    let operator = app.operator().await;
    operator.put(&format!("{DEV}/freeze"), json!({"reason": "month end"})).await.expect(200);
    assert_eq!(admin.get(DEV).await.ok()["frozen"], json!({"reason": "month end", "by": "olga"}));

    let problem = admin.write("dev/orders/a.txt", "three").await.problem(423, "frozen");
    assert_eq!(problem["detail"], "dev was frozen by olga: month end");
    admin.publish(&[put("dev/orders/b.txt", "new")]).await.problem(423, "frozen");
    admin.delete(&format!("{DEV}/namespaces/orders?confirm=orders")).await.problem(423, "frozen");
    // What is there already is no publish.
    assert_eq!(admin.write("dev/orders/a.txt", "two").await.written().changed, 0);

    operator.roll_back(json!({"env": "dev", "to": 3, "message": "back"})).await.expect(200);
    assert_eq!(admin.text("dev/orders/a.txt").await.as_deref(), Some("one"));
    operator.roll_back(json!({"revert": 6})).await.expect(200);
    assert_eq!(admin.text("dev/orders/a.txt").await.as_deref(), Some("two"));

    operator.delete(&format!("{DEV}/freeze")).await.expect(200);
    admin.write("dev/orders/a.txt", "three").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn a_put_of_attributes_leaves_a_freeze_as_it_is() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev").await;
    admin.put(&format!("{DEV}/freeze"), json!({"reason": "r"})).await.expect(200);
    admin.put(DEV, json!({"description": "new"})).await.expect(200);
    assert_eq!(admin.get(DEV).await.ok()["frozen"]["reason"], "r");
    let again = admin.put(&format!("{DEV}/freeze"), json!({"reason": "r"})).await.written();
    assert_eq!(again.changed, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_protected_environment_wants_a_precondition_and_a_message() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create_protected("prod").await;
    let namespace = "/api/v1/environments/prod/namespaces/orders";
    admin.put(namespace, json!({})).await.problem(422, "message_required");
    admin.put(namespace, json!({"message": "orders moves in"})).await.expect(200);

    let problem = admin.write("prod/orders/a.txt", "one").await.problem(422, "message_required");
    assert_eq!(problem["fields"][0]["field"], "message");
    // A new entry overwrites nothing, so it needs no precondition.
    admin.publish(&[put("prod/orders/a.txt", "one")]).await.expect(200);
    let problem = admin.publish(&[put("prod/orders/a.txt", "two")]).await.problem(428, "precondition_required");
    assert_eq!(problem["fields"][0]["field"], "if_revision");

    let mut change = put("prod/orders/a.txt", "two");
    change["if_revision"] = 3.into();
    assert_eq!(admin.publish(&[change]).await.revision(), 4);
    assert_eq!(admin.revision(4).await.get("forced"), None);
    let forced = json!({"message": "now!", "force": true, "changes": [put("prod/orders/a.txt", "three")]});
    assert_eq!(admin.post("/api/v1/publish", forced).await.revision(), 5);
    assert_eq!(admin.revision(5).await["forced"], true);
    admin.roll_back(json!({"env": "prod", "to": 4})).await.problem(422, "message_required");
    admin.roll_back(json!({"env": "prod", "to": 4, "message": "no"})).await.expect(200);
    app.finish().await;
}
