//! The audit: who did what, in chains that show when somebody changes them.

use pintle::domain::audit::{Event, Who};
use serde_json::Value;
use sqlx::Row as _;

use crate::harness::App;

/// All rows, in the order of their chains, as JSON.
async fn rows(app: &App) -> Vec<Value> {
    let mut connection = app.database.connect().await;
    let rows = sqlx::query("SELECT body::jsonb AS body FROM audit ORDER BY chain = 'store', chain, seq");
    rows.fetch_all(&mut connection).await.unwrap().iter().map(|row| row.get("body")).collect()
}

/// The rows of an action.
async fn of_action(app: &App, action: &str) -> Vec<Value> {
    rows(app).await.into_iter().filter(|row| row["action"] == action).collect()
}

#[tokio::test]
async fn a_recorded_event_is_durable_when_the_call_returns_and_a_noted_one_follows() {
    let app = App::start().await;
    let audit = &app.node().node.app.service.audit;
    audit.note(&Who::system(), Event::new("reveal", "dev/orders/a.yaml"));
    audit.record(&Who::system(), Event::new("reveal", "dev/orders/b.yaml")).await.unwrap();
    let reveals = of_action(&app, "reveal").await;
    let targets: Vec<&str> = reveals.iter().map(|row| row["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["dev/orders/a.yaml", "dev/orders/b.yaml"]);
    let wrong = "SELECT count(*) FROM audit WHERE hash <> sha256(previous || convert_to(body, 'UTF8'))";
    assert_eq!(app.database.number(wrong).await, 0);
    app.finish().await;
}
