//! Idempotency keys: the same call twice happens once, and answers the same.

use pintle::api::entries::WriteView;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::actors::entry;
use crate::harness::{Actor, Answer, App, put};

async fn keyed(actor: &Actor, method: Method, path: &str, key: &str, body: &Value) -> Answer {
    actor.call(method, path, |request| request.header("idempotency-key", key).json(body)).await
}

async fn publish(actor: &Actor, key: &str, content: &str) -> Answer {
    let body = json!({"changes": [put("dev/orders/a", content)]});
    keyed(actor, Method::POST, "/api/v1/publish", key, &body).await
}

fn replayed(view: &WriteView) -> (u64, u64, bool) {
    (view.revision, view.changed, view.replayed)
}

#[tokio::test]
async fn the_same_key_and_body_answer_the_first_result_also_after_later_changes() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    assert_eq!(replayed(&publish(admin, "k", "1").await.written()), (3, 1, false));
    assert_eq!(replayed(&publish(admin, "k", "1").await.written()), (3, 1, true));
    admin.write("dev/orders/a", "2").await.expect(200);
    assert_eq!(replayed(&publish(admin, "k", "1").await.written()), (3, 1, true));
    assert_eq!(admin.text("dev/orders/a").await.as_deref(), Some("2"));
    assert_eq!(admin.head().await, 4);
    app.finish().await;
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    publish(admin, "k", "1").await.expect(200);
    publish(admin, "k", "2").await.problem(409, "idempotency_key_reused");
    let put = admin.call(Method::PUT, &entry("dev/orders/a"), |r| r.header("idempotency-key", "k").body("1")).await;
    put.problem(409, "idempotency_key_reused");
    assert_eq!(admin.text("dev/orders/a").await.as_deref(), Some("1"));
    app.finish().await;
}

#[tokio::test]
async fn a_call_that_changed_nothing_is_remembered_as_that() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    admin.write("dev/orders/a", "1").await.expect(200);
    assert_eq!(replayed(&publish(admin, "k", "1").await.written()), (3, 0, false));
    admin.write("dev/orders/a", "2").await.expect(200);
    assert_eq!(replayed(&publish(admin, "k", "1").await.written()), (3, 0, true));
    assert_eq!(admin.text("dev/orders/a").await.as_deref(), Some("2"));
    app.finish().await;
}

#[tokio::test]
async fn a_repeated_call_is_answered_also_where_its_precondition_no_longer_holds() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let create = || {
        let with = |r: reqwest::RequestBuilder| r.header("idempotency-key", "k").header("if-none-match", "*").body("1");
        admin.call(Method::PUT, "/api/v1/environments/dev/namespaces/orders/entries/a", with)
    };
    assert_eq!(replayed(&create().await.written()), (3, 1, false));
    assert_eq!(replayed(&create().await.written()), (3, 1, true));
    let delete = || {
        let with = |r: reqwest::RequestBuilder| r.header("idempotency-key", "d").header("if-match", "\"3\"");
        admin.call(Method::DELETE, "/api/v1/environments/dev/namespaces/orders/entries/a", with)
    };
    assert_eq!(replayed(&delete().await.written()), (4, 1, false));
    assert_eq!(replayed(&delete().await.written()), (4, 1, true));
    app.finish().await;
}

#[tokio::test]
async fn every_write_can_be_repeated() {
    let app = App::start().await;
    let admin = app.admin();
    let dev = "/api/v1/environments/dev";
    let orders = "/api/v1/environments/dev/namespaces/orders";
    let none = json!(null);
    let steps = [
        (Method::PUT, dev.to_owned(), json!({})),
        (Method::PUT, orders.to_owned(), json!({})),
        (Method::POST, "/api/v1/publish".to_owned(), json!({"changes": [put("dev/orders/a", "1")]})),
        (Method::POST, "/api/v1/rollback".to_owned(), json!({"env": "dev", "to": 2})),
        (Method::POST, "/api/v1/rollback".to_owned(), json!({"revert": 4})),
        (Method::PUT, format!("{dev}/freeze"), json!({"reason": "r"})),
        (Method::DELETE, format!("{dev}/freeze"), none.clone()),
        (Method::DELETE, format!("{orders}/entries/a"), none.clone()),
        (Method::DELETE, format!("{orders}?confirm=orders"), none.clone()),
        (Method::DELETE, dev.to_owned(), none),
    ];
    for (index, (method, path, body)) in steps.into_iter().enumerate() {
        let (key, revision) = (format!("key-{index}"), index as u64 + 1);
        let first = keyed(admin, method.clone(), &path, &key, &body).await.written();
        assert_eq!((first.revision, first.replayed), (revision, false), "{method} {path}");
        let again = keyed(admin, method.clone(), &path, &key, &body).await.written();
        assert_eq!(replayed(&again), (revision, first.changed, true), "{method} {path}");
    }
    assert_eq!(admin.head().await, 10);
    app.finish().await;
}

#[tokio::test]
async fn a_key_belongs_to_its_caller() {
    let app = App::start().await;
    app.admin().create("dev/orders").await;
    let paul = app.publisher("orders").await;
    assert_eq!(replayed(&publish(app.admin(), "k", "1").await.written()), (3, 1, false));
    assert_eq!(replayed(&publish(&paul, "k", "2").await.written()), (4, 1, false));
    app.finish().await;
}

#[tokio::test]
async fn the_same_call_at_once_on_two_nodes_happens_once() {
    let mut app = App::start().await;
    app.admin().create("dev/orders").await;
    let there = app.second_node().await;
    let here = app.admin().clone();
    let all = (0..10).map(|number| publish(if number % 2 == 0 { &here } else { &there }, "k", "1"));
    let all: Vec<_> = futures_util::future::join_all(all).await.into_iter().map(Answer::written).collect();
    assert!(all.iter().all(|view| (view.revision, view.changed) == (3, 1)), "{all:?}");
    assert_eq!(all.iter().filter(|view| !view.replayed).count(), 1, "{all:?}");
    assert_eq!(app.database.number("SELECT count(*) FROM revisions").await, 3);
    app.finish().await;
}

#[tokio::test]
async fn a_refused_call_leaves_its_key_free() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev").await;
    publish(admin, "k", "1").await.problem(404, "not_found");
    admin.create("dev/orders").await;
    assert_eq!(replayed(&publish(admin, "k", "1").await.written()), (3, 1, false));
    app.finish().await;
}

#[tokio::test]
async fn a_dry_run_uses_no_key_up() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let dry = json!({"dry_run": true, "changes": [put("dev/orders/a", "1")]});
    keyed(admin, Method::POST, "/api/v1/publish", "k", &dry).await.expect(200);
    assert_eq!(replayed(&publish(admin, "k", "1").await.written()), (3, 1, false));
    app.finish().await;
}

#[tokio::test]
async fn keys_are_forgotten_after_a_day_and_not_before() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    publish(admin, "old", "1").await.expect(200);
    publish(admin, "young", "2").await.expect(200);
    let mut connection = app.database.connect().await;
    let age = "UPDATE idempotency SET at = at - interval '25 hours' WHERE key = 'old'";
    sqlx::query(age).execute(&mut connection).await.unwrap();
    let day = std::time::Duration::from_hours(24);
    assert_eq!(pintle::store::forget_idempotency(&mut connection, day).await.unwrap(), 1);
    assert_eq!(replayed(&publish(admin, "old", "1").await.written()), (5, 1, false));
    assert_eq!(replayed(&publish(admin, "young", "2").await.written()), (4, 1, true));
    app.finish().await;
}
