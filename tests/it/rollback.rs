//! Rollback: any scope to any revision, always as a new revision, and forward again.

use serde_json::{Value, json};

use crate::harness::{Actor, App, delete, put};

/// Every entry of an environment with a query such as `?at=3`: `namespace/key=content`.
async fn everything(actor: &Actor, env: &str, at: &str) -> Vec<String> {
    let mut all = Vec::new();
    let namespaces = actor.get(&format!("/api/v1/environments/{env}/namespaces{at}")).await.ok();
    for namespace in namespaces["namespaces"].as_array().unwrap() {
        let name = namespace["name"].as_str().unwrap();
        let list = actor.get(&format!("/api/v1/environments/{env}/namespaces/{name}/entries{at}")).await.ok();
        all.push(format!("{name}/"));
        let text =
            |entry: &Value| format!("{name}/{}={}", entry["key"].as_str().unwrap(), entry["content"].as_str().unwrap());
        all.extend(list["entries"].as_array().unwrap().iter().map(text));
    }
    all
}

/// 1 dev, 2 dev/orders, 3 a=1 b=1, 4 a=2 c=1, 5 deletes b, 6 dev/late, 7 late x=1.
async fn filled() -> App {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.publish(&[put("dev/orders/a", "1"), put("dev/orders/b", "1")]).await.expect(200);
    admin.publish(&[put("dev/orders/a", "2"), put("dev/orders/c", "1")]).await.expect(200);
    admin.publish(&[delete("dev/orders/b")]).await.expect(200);
    admin.create("dev/late").await;
    admin.write("dev/late/x", "1").await.expect(200);
    app
}

#[tokio::test]
async fn rollback_creates_a_new_revision_and_forward_again_is_the_same_call() {
    let app = filled().await;
    let admin = app.admin();
    let back =
        admin.roll_back(json!({"env": "dev", "namespace": "orders", "to": 3, "message": "oops"})).await.written();
    assert_eq!((back.revision, back.changed), (8, 3));
    assert_eq!(everything(admin, "dev", "").await, ["late/", "late/x=1", "orders/", "orders/a=1", "orders/b=1"]);
    let forward = admin.roll_back(json!({"env": "dev", "namespace": "orders", "to": 7})).await.written();
    assert_eq!((forward.revision, forward.changed), (9, 3));
    assert_eq!(everything(admin, "dev", "").await, ["late/", "late/x=1", "orders/", "orders/a=2", "orders/c=1"]);
    let revision = admin.revision(8).await;
    assert_eq!(
        (&revision["kind"], &revision["rollback_to"], &revision["message"]),
        (&json!("rollback"), &json!(3), &json!("oops"))
    );
    app.finish().await;
}

#[tokio::test]
async fn an_environment_goes_to_every_revision_of_its_history_and_back() {
    let app = filled().await;
    let admin = app.admin();
    let newest = everything(admin, "dev", "").await;
    for to in (1..=7).rev().chain([7]) {
        let then = everything(admin, "dev", &format!("?at={to}")).await;
        admin.roll_back(json!({"env": "dev", "to": to})).await.expect(200);
        assert_eq!(everything(admin, "dev", "").await, then, "to {to}");
    }
    assert_eq!(everything(admin, "dev", "").await, newest);
    app.finish().await;
}

#[tokio::test]
async fn rollback_to_zero_empties_the_scope_and_keeps_the_environment() {
    let app = filled().await;
    let admin = app.admin();
    admin.roll_back(json!({"env": "dev", "namespace": "orders", "keys": ["a"], "to": 0})).await.expect(200);
    assert_eq!(everything(admin, "dev", "").await, ["late/", "late/x=1", "orders/", "orders/c=1"]);
    admin.roll_back(json!({"env": "dev", "namespace": "orders", "to": 0})).await.expect(200);
    assert_eq!(everything(admin, "dev", "").await, ["late/", "late/x=1", "orders/"]);
    admin.roll_back(json!({"env": "dev", "to": 0})).await.expect(200);
    assert_eq!(everything(admin, "dev", "").await, [""; 0]);
    admin.get("/api/v1/environments/dev").await.expect(200);
    admin.roll_back(json!({"env": "dev", "to": 7})).await.expect(200);
    assert_eq!(everything(admin, "dev", "").await, ["late/", "late/x=1", "orders/", "orders/a=2", "orders/c=1"]);
    app.finish().await;
}

#[tokio::test]
async fn some_keys_are_rolled_back_and_the_others_stay() {
    let app = filled().await;
    let admin = app.admin();
    let body = json!({"env": "dev", "namespace": "orders", "keys": ["a", "b", "never"], "to": 3});
    let back = admin.roll_back(body).await.written();
    assert_eq!(back.changed, 2);
    assert_eq!(
        everything(admin, "dev", "").await,
        ["late/", "late/x=1", "orders/", "orders/a=1", "orders/b=1", "orders/c=1"]
    );
    app.finish().await;
}

#[tokio::test]
async fn a_rollback_that_changes_nothing_appends_nothing() {
    let app = filled().await;
    let none = app.admin().roll_back(json!({"env": "dev", "to": 7})).await.written();
    assert_eq!((none.revision, none.changed), (7, 0));
    app.finish().await;
}

#[tokio::test]
async fn a_rollback_of_one_environment_leaves_the_others_alone() {
    let app = filled().await;
    let admin = app.admin();
    admin.create("prod/orders").await;
    admin.write("prod/orders/a", "prod").await.expect(200);
    admin.roll_back(json!({"env": "dev", "to": 1})).await.expect(200);
    assert_eq!(everything(admin, "prod", "").await, ["orders/", "orders/a=prod"]);
    app.finish().await;
}

#[tokio::test]
async fn a_rollback_to_what_does_not_exist_is_refused() {
    let app = filled().await;
    let admin = app.admin();
    let problem = admin.roll_back(json!({"env": "dev", "to": 8})).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "to");
    admin.roll_back(json!({"env": "none", "to": 1})).await.problem(404, "not_found");
    admin.roll_back(json!({"env": "dev", "namespace": "none", "to": 1})).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_publisher_rolls_back_in_the_own_scope_and_a_viewer_does_not() {
    let app = filled().await;
    let paul = app.publisher("orders").await;
    paul.roll_back(json!({"env": "dev", "namespace": "orders", "to": 3})).await.expect(200);
    paul.roll_back(json!({"env": "dev", "to": 3})).await.problem(403, "denied");
    paul.roll_back(json!({"env": "dev", "namespace": "late", "to": 3})).await.problem(404, "not_found");
    let vera = app.viewer("orders").await;
    vera.roll_back(json!({"env": "dev", "namespace": "orders", "to": 7})).await.problem(403, "denied");
    let keyed = app.user("kay", &[("publisher", "dev", "orders", "a")]).await;
    keyed.roll_back(json!({"env": "dev", "namespace": "orders", "keys": ["a"], "to": 4})).await.expect(200);
    let body = json!({"env": "dev", "namespace": "orders", "keys": ["a", "c"], "to": 3});
    keyed.roll_back(body).await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn quotas_do_not_hinder_a_rollback_that_shrinks() {
    let app = App::with(&["--max-namespace-entries", "2", "--max-computed-entries", "2"]).await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.publish(&[put("dev/orders/a", "1"), put("dev/orders/b", "1")]).await.expect(200);
    admin.roll_back(json!({"env": "dev", "namespace": "orders", "to": 2})).await.expect(200);
    admin.roll_back(json!({"env": "dev", "namespace": "orders", "to": 3})).await.expect(200);
    let problem = admin.roll_back(json!({"env": "dev", "to": 1})).await.problem(422, "over_limit");
    assert_eq!(problem["fields"][0]["field"], "max_computed_entries");
    app.finish().await;
}
