//! Which change runs where: counted in the history, and over all instances.

use serde_json::{Value, json};

use crate::harness::{Actor, App, put};

/// Lets an instance of `dev` say that it runs a revision.
async fn runs(actor: &Actor, id: &str, namespaces: &[&str], revision: u64) {
    let path = format!("/api/v1/environments/dev/instances/{id}");
    let service = id.split('-').next();
    actor.put(&path, json!({"service": service, "namespaces": namespaces})).await.expect(200);
    tells(actor, id, &json!({"revision": revision, "stage": "applied"})).await;
}

async fn tells(actor: &Actor, id: &str, receipt: &Value) {
    let mut receipt = receipt.clone();
    receipt["epoch"] = actor.get("/readyz").await.ok()["epoch"].clone();
    let path = format!("/api/v1/environments/dev/instances/{id}/receipts");
    actor.post(&path, json!({"receipts": [receipt]})).await.expect(204);
}

/// Revisions of the history with how many instances run each.
async fn running(actor: &Actor, query: &str) -> Vec<(u64, u64)> {
    let list = actor.get(&format!("/api/v1/revisions?running=true&{query}")).await.ok();
    let number = |value: &Value| value.as_u64().unwrap();
    let all = list["revisions"].as_array().unwrap().iter();
    all.map(|revision| (number(&revision["revision"]), number(&revision["running"]))).collect()
}

async fn list(actor: &Actor, query: &str) -> Value {
    actor.get(&format!("/api/v1/environments/dev/instances?{query}")).await.ok()
}

fn ids(list: &Value) -> Vec<&str> {
    list["instances"].as_array().unwrap().iter().map(|instance| instance["id"].as_str().unwrap()).collect()
}

/// Two namespaces, and the revisions: `orders/app/a`, `other/x`, `orders/db/b`.
async fn shop() -> (App, [u64; 4]) {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let made = admin.create("dev/other").await;
    let first = admin.publish(&[put("dev/orders/app/a.txt", "1")]).await.revision();
    let other = admin.publish(&[put("dev/other/x.txt", "1")]).await.revision();
    let second = admin.publish(&[put("dev/orders/db/b.txt", "1")]).await.revision();
    (app, [made, first, other, second])
}

#[tokio::test]
async fn the_history_of_a_namespace_counts_who_runs_each_revision_now() {
    let (app, [_, first, other, second]) = shop().await;
    let admin = app.admin();
    runs(admin, "web-1", &["orders"], first).await;
    // What it applied last touched another namespace: of this one it still runs the change before.
    runs(admin, "web-2", &["orders", "other"], other).await;
    runs(admin, "web-3", &["orders"], second).await;
    runs(admin, "web-4", &["other"], second).await;
    admin
        .put("/api/v1/environments/dev/instances/web-5", json!({"service": "web", "namespaces": ["orders"]}))
        .await
        .expect(200);
    let counts = running(admin, "env=dev&namespace=orders").await;
    assert_eq!(counts[..2], [(second, 1), (first, 2)]);
    assert!(counts[2..].iter().all(|(_, count)| *count == 0), "what changed no entry is run by nobody: {counts:?}");
    assert_eq!(running(admin, "env=dev&namespace=other").await[0], (other, 2));
    assert_eq!(running(admin, "env=dev&namespace=orders&key=app/a.txt").await, [(first, 3)]);
    assert_eq!(running(admin, "env=dev&namespace=orders&key=db/b.txt").await, [(second, 1)]);
    admin.delete("/api/v1/environments/dev/instances/web-3").await.expect(204);
    assert_eq!(running(admin, "env=dev&namespace=orders").await[0], (second, 0), "who is gone does not count");

    let plain = admin.get("/api/v1/revisions?env=dev&namespace=orders").await.ok();
    assert_eq!(plain["revisions"][0]["running"], Value::Null);
    let problem = admin.get("/api/v1/revisions?env=dev&running=true").await.problem(422, "invalid");
    assert_eq!(problem["fields"][0]["field"], "running");
    app.finish().await;
}

#[tokio::test]
async fn who_sees_some_keys_is_told_of_the_changes_of_these() {
    let (app, [_, first, _, second]) = shop().await;
    let admin = app.admin();
    runs(admin, "web-1", &["orders", "other"], second).await;
    let vera = app.user("vera", &[("viewer", "dev", "orders", "app/")]).await;
    assert_eq!(running(&vera, "env=dev&namespace=orders").await[0], (first, 1));
    assert_eq!(running(&vera, "env=dev&namespace=other").await, []);
    let seen = list(&vera, "summary=true").await;
    let runs = json!({"revision": first, "at": seen["instances"][0]["runs"]["at"], "actor": "admin", "message": "a change", "kind": "publish"});
    assert_eq!((&seen["instances"][0]["revision"], &seen["instances"][0]["runs"]), (&json!(second), &runs));
    assert_eq!(seen["summary"]["runs"], json!([{"runs": runs, "instances": 1}]));
    let other = app.user("olga", &[("viewer", "dev", "third", "")]).await;
    let none = list(&other, "summary=true").await;
    assert_eq!((&none["summary"]["total"], &none["summary"]["runs"]), (&json!(0), &json!([])));
    app.finish().await;
}

#[tokio::test]
async fn a_summary_counts_all_pages_and_what_narrows_the_list_leaves_the_bar_whole() {
    let (app, [_, first, _, second]) = shop().await;
    let admin = app.admin();
    for number in 0..5 {
        runs(admin, &format!("web-{number}"), &["orders"], if number < 3 { first } else { second }).await;
    }
    runs(admin, "api-1", &["orders"], second).await;
    tells(admin, "web-0", &json!({"revision": second, "stage": "rejected", "reason": "no", "broken": true})).await;
    tells(
        admin,
        "web-4",
        &json!({"revision": second, "stage": "applied", "missing": ["orders/c.txt"], "unhealthy": true}),
    )
    .await;
    admin
        .put("/api/v1/environments/dev/instances/web-9", json!({"service": "web", "namespaces": ["orders"]}))
        .await
        .expect(200);
    admin.delete("/api/v1/environments/dev/instances/web-9").await.expect(204);

    let page = list(admin, "service=web&limit=2&summary=true").await;
    assert_eq!(ids(&page), ["web-0", "web-1"]);
    let summary = &page["summary"];
    assert_eq!(summary["total"], 6);
    assert_eq!(summary["presences"], json!({"live": 0, "late": 5, "gone": 1}));
    assert_eq!(summary["states"], json!({"in_sync": 2, "behind": 2, "rejected": 1, "held": 0, "unknown": 0}));
    let flags = ["drifted", "broken", "unhealthy", "missing", "older"].map(|name| summary[name].as_u64().unwrap());
    assert_eq!(flags, [4, 1, 1, 1, 0]);
    let bars: Vec<_> =
        summary["runs"].as_array().unwrap().iter().map(|bar| (&bar["runs"]["revision"], &bar["instances"])).collect();
    assert_eq!(bars, [(&json!(second), &json!(2)), (&json!(first), &json!(3))]);

    let narrow = list(admin, "service=web&state=behind&summary=true").await;
    assert_eq!((ids(&narrow), &narrow["summary"]["total"]), (vec!["web-1", "web-2"], &json!(2)));
    assert_eq!((&narrow["summary"]["states"], &narrow["summary"]["runs"]), (&summary["states"], &summary["runs"]));
    for (query, expected) in [
        ("state=drifted", vec!["web-0", "web-1", "web-2", "web-4"]),
        ("state=broken", vec!["web-0"]),
        ("state=unhealthy", vec!["web-4"]),
        ("state=missing", vec!["web-4"]),
        ("state=gone", vec!["web-9"]),
        (&*format!("runs={first}"), vec!["web-0", "web-1", "web-2"]),
        (&*format!("runs={second}&service=web"), vec!["web-3", "web-4"]),
    ] {
        assert_eq!(ids(&list(admin, query).await), expected, "{query}");
    }
    let none = list(admin, "").await;
    assert_eq!(none["summary"], Value::Null);
    let refused = admin.get(&format!("/api/v1/environments/dev/instances?summary=true&at={second}")).await;
    assert_eq!(refused.problem(422, "invalid")["fields"][0]["field"], "summary");
    app.finish().await;
}
