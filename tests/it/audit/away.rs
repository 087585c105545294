//! A database that goes away: nothing is written twice, and nothing is lost.

use pintle::domain::audit::{Event, Who};
use pintle::service::ServiceError;
use serde_json::json;
use tokio::time::Instant;

use super::{SOON, assert_whole, eventually, of_action};
use crate::harness::App;
use crate::harness::database::Server;

#[tokio::test]
async fn what_happens_while_the_database_is_away_is_written_once_when_it_is_back() {
    let server: &'static Server = Box::leak(Box::new(Server::start()));
    let app = App::on(server, &[]).await;
    let stranger = app.stranger().await;
    let audit = app.node().node.app.service.audit.clone();
    audit.record(&Who::system(), Event::new("reveal", "before")).await.unwrap();

    server.pause();
    // Whoever needs a row is told that there is none; nothing was revealed by that.
    let refused = audit.record(&Who::system(), Event::new("reveal", "first")).await;
    assert!(matches!(refused, Err(ServiceError::Unavailable(_))), "{refused:?}");
    for number in 0..20 {
        audit.note(&Who::system(), Event::new("reveal", format!("noted {number}")));
    }
    stranger.get("/api/v1/environments/dev").await.expect(404);
    let started = Instant::now();
    while app.admin().get("/readyz").await.ok()["writes"] == true {
        assert!(started.elapsed() < SOON);
        tokio::task::yield_now().await;
    }
    let started = Instant::now();
    let refused = audit.record(&Who::system(), Event::new("reveal", "second")).await;
    assert!(matches!(refused, Err(ServiceError::Unavailable(_))), "{refused:?}");
    assert!(started.elapsed().as_millis() < 500, "nobody waits for a database that is known to be away");

    server.resume();
    eventually(&app, "denied", 1).await;
    let reveals = eventually(&app, "reveal", 21).await;
    let targets: Vec<&str> = reveals.iter().map(|row| row["target"].as_str().unwrap()).collect();
    let mut once = targets.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), targets.len(), "{targets:?}");
    for number in 0..20 {
        assert!(targets.contains(&format!("noted {number}").as_str()), "{targets:?}");
    }
    assert!(!targets.contains(&"second"), "what was never sent is forgotten with the refusal");
    audit.record(&Who::system(), Event::new("reveal", "after")).await.unwrap();
    assert_whole(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn events_that_find_no_place_are_counted() {
    let app = App::start().await;
    let audit = &app.node().node.app.service.audit;
    // The task has no turn in between, so that its inbox runs over.
    for number in 0..5000 {
        audit.note(&Who::system(), Event::new("reveal", number.to_string()));
    }
    audit.record(&Who::system(), Event::new("reveal", "last")).await.unwrap();
    let reveals = of_action(&app, "reveal").await.len() as u64;
    let dropped = of_action(&app, "dropped").await;
    let counted: u64 = dropped.iter().map(|row| row["count"].as_u64().unwrap()).sum();
    assert!(counted > 0);
    assert_eq!(reveals + counted, 5001);
    let metrics = app.admin().get("/metrics").await.expect(200).text();
    assert!(metrics.contains(&format!("pintle_audit_dropped_total {counted}")), "{metrics}");
    assert_whole(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn a_node_whose_chain_was_damaged_goes_on_in_a_new_one_that_says_so() {
    let app = App::start().await;
    let audit = &app.node().node.app.service.audit;
    audit.record(&Who::system(), Event::new("reveal", "one")).await.unwrap();
    let chain = of_action(&app, "reveal").await[0]["chain"].as_str().unwrap().to_owned();
    let damage = "WITH d AS (DELETE FROM audit WHERE chain LIKE 'node.%' AND seq = 2 RETURNING 1), \
                  u AS (UPDATE audit_chains SET seq = 1, hash = (SELECT hash FROM audit WHERE chain LIKE 'node.%' AND seq = 1) \
                  WHERE chain LIKE 'node.%' RETURNING 1) SELECT count(*) FROM u, d";
    assert_eq!(app.database.number(damage).await, 1);
    audit.record(&Who::system(), Event::new("reveal", "two")).await.unwrap();
    let lost = of_action(&app, "chain_lost").await;
    assert_eq!(lost.len(), 1);
    assert_eq!((&lost[0]["before"]["chain"], &lost[0]["before"]["seq"]), (&json!(chain), &json!(2)));
    let reveals = of_action(&app, "reveal").await;
    assert_eq!((reveals.len(), &reveals[0]["target"]), (1, &json!("two")));
    assert_eq!(reveals[0]["chain"], format!("{chain}.2"));
    app.finish().await;
}
