//! A store that somebody restored by hand is held until somebody resumes.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Actor, App};

/// Waits until a node shows a new epoch, and says which.
async fn in_new_epoch(actor: &Actor, old: u64) -> Value {
    let until = Instant::now() + Duration::from_secs(10);
    loop {
        let ready = actor.get("/readyz").await.ok();
        if ready["epoch"].as_u64().unwrap() > old {
            return ready;
        }
        assert!(Instant::now() < until, "{ready}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn another_table_or_system_is_a_restore_and_held_another_timeline_is_a_failover_and_not() {
    for (copy, held) in [("table_oid = 1", true), ("system_identifier = '1'", true), ("timeline = '000000FF'", false)] {
        let mut app = App::start().await;
        let other = app.second_node().await;
        let admin = app.admin();
        admin.create("dev/orders").await;
        let before = admin.get("/readyz").await.ok()["epoch"].as_u64().unwrap();
        let statement = format!("UPDATE head SET {copy}");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut app.database.connect().await).await.unwrap();
        for actor in [admin, &other] {
            let ready = in_new_epoch(actor, before).await;
            assert_eq!((&ready["held"], &ready["reads"], &ready["writes"]), (&json!(held), &json!(true), &json!(true)));
        }
        admin.write("dev/orders/a", "written while it is held").await.expect(200);
        app.finish().await;
    }
}

#[tokio::test]
async fn before_it_resumes_it_says_who_runs_what_the_store_lost() {
    let mut app = App::start().await;
    let other = app.second_node().await;
    let admin = app.admin().clone();
    admin.create("dev/orders").await;
    let written = admin.write("dev/orders/a", "kept").await.written();
    let resumed = admin.post("/api/v1/resume", json!({})).await.ok();
    assert_eq!(resumed, json!({"held": false, "dry_run": false, "namespaces": []}), "nothing was restored");

    let statement = "UPDATE head SET table_oid = 1";
    sqlx::query(statement).execute(&mut app.database.connect().await).await.unwrap();
    in_new_epoch(&admin, written.epoch).await;
    in_new_epoch(&other, written.epoch).await;
    // One runs what is there, one what came after it and is lost, one a history of which nothing is left.
    for (id, epoch, revision) in
        [("a", written.epoch, written.revision), ("b", written.epoch, written.revision + 1), ("c", 7, 3)]
    {
        let path = format!("/api/v1/environments/dev/instances/{id}");
        let namespaces = if id == "c" { json!(["orders", "shared"]) } else { json!(["orders"]) };
        admin.put(&path, json!({"service": "orders", "namespaces": namespaces})).await.expect(200);
        let receipt = json!({"epoch": epoch, "revision": revision, "stage": "applied"});
        let answer = admin.post(&format!("{path}/receipts"), json!({"receipts": [receipt]})).await;
        assert!(answer.status < 300, "{answer:?}");
    }
    let expected = json!([
        {"env": "dev", "namespace": "orders", "instances": 3, "ahead": 2},
        {"env": "dev", "namespace": "shared", "instances": 1, "ahead": 1},
    ]);
    let judged = admin.post("/api/v1/resume", json!({"dry_run": true})).await.ok();
    assert_eq!(judged, json!({"held": true, "dry_run": true, "namespaces": expected}));
    assert_eq!(admin.get("/readyz").await.ok()["held"], true);

    let resumed = other.post("/api/v1/resume", json!({})).await.ok();
    assert_eq!(resumed, json!({"held": true, "dry_run": false, "namespaces": expected}));
    assert_eq!(other.get("/readyz").await.ok()["held"], false);
    let until = Instant::now() + Duration::from_secs(5);
    while admin.get("/readyz").await.ok()["held"] == true {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    app.finish().await;
}
