//! Revert: undoes just one change set, and reports what is in the way instead of guessing.

use serde_json::json;

use crate::harness::{App, delete, put};

#[tokio::test]
async fn a_revert_undoes_one_change_set_and_keeps_what_came_after() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.publish(&[put("dev/orders/a", "1"), put("dev/orders/b", "1")]).await.expect(200);
    admin.publish(&[put("dev/orders/a", "2"), delete("dev/orders/b"), put("dev/orders/c", "1")]).await.expect(200);
    admin.write("dev/orders/d", "later").await.expect(200);
    let undone = admin.roll_back(json!({"revert": 4, "message": "not that one"})).await.written();
    assert_eq!((undone.revision, undone.changed), (6, 3));
    for (key, expected) in [("a", Some("1")), ("b", Some("1")), ("c", None), ("d", Some("later"))] {
        assert_eq!(admin.text(&format!("dev/orders/{key}")).await.as_deref(), expected, "{key}");
    }
    let revision = admin.revision(6).await;
    assert_eq!((&revision["kind"], &revision["reverts"]), (&json!("revert"), &json!(4)));
    app.finish().await;
}

#[tokio::test]
async fn a_revert_can_be_reverted() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a", "1").await.expect(200);
    admin.write("dev/orders/a", "2").await.expect(200);
    admin.roll_back(json!({"revert": 4})).await.expect(200);
    assert_eq!(admin.text("dev/orders/a").await.as_deref(), Some("1"));
    admin.roll_back(json!({"revert": 5})).await.expect(200);
    assert_eq!(admin.text("dev/orders/a").await.as_deref(), Some("2"));
    app.finish().await;
}

#[tokio::test]
async fn later_changes_are_reported_per_key_and_nothing_is_applied() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.publish(&[put("dev/orders/a", "1"), put("dev/orders/b", "1"), put("dev/orders/c", "1")]).await.expect(200);
    admin.publish(&[put("dev/orders/a", "2"), put("dev/orders/b", "2"), put("dev/orders/c", "2")]).await.expect(200);
    admin.publish(&[put("dev/orders/a", "3"), delete("dev/orders/b")]).await.expect(200);
    let problem = admin.roll_back(json!({"revert": 4})).await.problem(409, "revert_conflict");
    let expected = json!([{"item": "dev/orders/a", "current": 5}, {"item": "dev/orders/b", "current": 0}]);
    assert_eq!(problem["revert_conflicts"], expected);
    assert_eq!(admin.text("dev/orders/c").await.as_deref(), Some("2"));
    assert_eq!(admin.head().await, 5);
    app.finish().await;
}

#[tokio::test]
async fn what_is_as_before_already_is_no_conflict() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a", "1").await.expect(200);
    admin.write("dev/orders/a", "2").await.expect(200);
    admin.write("dev/orders/a", "1").await.expect(200);
    let none = admin.roll_back(json!({"revert": 4})).await.written();
    assert_eq!((none.revision, none.changed), (5, 0));
    app.finish().await;
}

#[tokio::test]
async fn a_namespace_is_reverted_away_and_back_with_its_entries() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.publish(&[put("dev/orders/a", "1"), put("dev/orders/b", "1")]).await.expect(200);
    let problem = admin.roll_back(json!({"revert": 2})).await.problem(409, "revert_conflict");
    assert_eq!(problem["revert_conflicts"][0]["item"], "dev/orders");

    admin.delete("/api/v1/environments/dev/namespaces/orders?confirm=orders").await.expect(200);
    assert_eq!(admin.roll_back(json!({"revert": 4})).await.written().changed, 3);
    assert_eq!(admin.text("dev/orders/b").await.as_deref(), Some("1"));
    assert_eq!(admin.roll_back(json!({"revert": 5})).await.written().changed, 3);
    admin.get("/api/v1/environments/dev/namespaces/orders").await.problem(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn entries_of_a_namespace_that_is_gone_are_not_reverted_into_nowhere() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a", "1").await.expect(200);
    admin.delete("/api/v1/environments/dev/namespaces/orders/entries/a").await.expect(200);
    admin.delete("/api/v1/environments/dev/namespaces/orders").await.expect(200);
    let problem = admin.roll_back(json!({"revert": 4})).await.problem(409, "revert_conflict");
    assert_eq!(problem["revert_conflicts"], json!([{"item": "dev/orders/a", "current": 0}]));
    app.finish().await;
}

#[tokio::test]
async fn a_change_of_an_environment_itself_is_not_reverted() {
    let app = App::start().await;
    app.admin().create("dev").await;
    let problem = app.admin().roll_back(json!({"revert": 1})).await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "revert");
    app.finish().await;
}

#[tokio::test]
async fn who_may_not_see_a_change_set_may_not_revert_it_and_does_not_learn_of_it() {
    let app = App::start().await;
    let admin = app.admin();
    for place in ["dev/orders", "dev/payments"] {
        admin.create(place).await;
    }
    admin.publish(&[put("dev/orders/a", "1"), put("dev/payments/a", "1")]).await.expect(200);
    admin.write("dev/payments/a", "2").await.expect(200);
    admin.write("dev/orders/a", "2").await.expect(200);
    let paul = app.publisher("orders").await;
    let problem = paul.roll_back(json!({"revert": 5})).await.problem(404, "not_found");
    assert_eq!(problem["detail"], "revision 5 does not exist");
    let of_all = paul.roll_back(json!({"revert": 4})).await.problem(404, "not_found");
    assert_eq!(of_all["detail"], "revision 4 does not exist");
    paul.roll_back(json!({"revert": 6})).await.expect(200);
    app.viewer("orders").await.roll_back(json!({"revert": 6})).await.problem(403, "denied");
    app.finish().await;
}
