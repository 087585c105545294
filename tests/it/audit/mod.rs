//! The audit: who did what, in chains that show when somebody changes them.

mod away;
mod list;
mod rows;
mod tampering;

use std::path::Path;
use std::time::Duration;

use pintle::service::audit::{Report, anchors, verify};
use serde_json::Value;
use sqlx::Row as _;
use tokio::time::Instant;

use crate::harness::App;

/// Nothing here takes longer.
const SOON: Duration = Duration::from_secs(20);

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

/// The rows of an action, as soon as there are so many.
pub(crate) async fn eventually(app: &App, action: &str, count: usize) -> Vec<Value> {
    let started = Instant::now();
    loop {
        let found = of_action(app, action).await;
        if found.len() >= count {
            return found;
        }
        assert!(started.elapsed() < SOON, "{action}: {found:?}");
        tokio::task::yield_now().await;
    }
}

/// Verifies the whole audit, with anchors from a file and the keys of the first node.
async fn verified(app: &App, anchored: Option<&Path>) -> Report {
    let text = anchored.map(|path| std::fs::read_to_string(path).unwrap()).unwrap_or_default();
    let lines = text.lines().map(|line| Ok(line.to_owned()));
    let keys = anchors::verifying_keys(&app.node().node.app.service.keyring);
    verify(&mut app.database.connect().await, lines, &keys).await.unwrap()
}

/// Asserts that nothing is wrong with the audit.
async fn assert_whole(app: &App) -> Report {
    let report = verified(app, None).await;
    assert_eq!(report.broken, []);
    report
}
