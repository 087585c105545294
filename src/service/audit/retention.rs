//! Retention: old rows are cut off their chains, and a row of the store says where. Nothing else ever deletes a row.

use std::sync::Arc;
use std::time::Duration;

use time::{OffsetDateTime, Time};
use tokio_util::sync::CancellationToken;

use crate::domain::audit::Who;
use crate::service::ambient::Ambient;
use crate::store::{self, Conn, Store, StoreError};

/// How often rows are looked at.
const TURN: Duration = Duration::from_hours(1);
/// Rows that one statement deletes.
const SWEEP: i64 = 5000;
/// The youngest rows that may be cut off: every one of them was anchored long before.
pub const YOUNGEST: Duration = Duration::from_hours(24);

/// Cuts off rows from before an instant, and deletes them. Says how many were cut off.
pub async fn cut(conn: &mut Conn, before: OffsetDateTime, who: &Who) -> Result<u64, StoreError> {
    let mut all = 0;
    loop {
        let cut = store::cut_audit(conn, before, who).await?;
        if cut == 0 {
            break;
        }
        all += cut;
    }
    // Also what an earlier cut left, when its node died over it.
    while store::sweep_audit(conn, SWEEP).await? > 0 {}
    Ok(all)
}

/// Cuts off what is older than some days, until stopped. A failure waits for the next turn.
pub async fn run(store: Store, ambient: Arc<dyn Ambient>, age: Duration, stop: CancellationToken) {
    let mut turns = tokio::time::interval(TURN);
    loop {
        tokio::select! {
            _ = turns.tick() => {}
            () = stop.cancelled() => return,
        }
        // By whole days, so that one row a day tells of it, whichever node is first.
        let before = (ambient.now() - age).replace_time(Time::MIDNIGHT);
        let work = async {
            let mut session = store.acquire().await?;
            cut(&mut session, before, &Who::system()).await
        };
        match stop.run_until_cancelled(work).await {
            Some(Ok(0)) | None => {}
            Some(Ok(rows)) => tracing::info!(rows, %before, "old rows of the audit were cut off"),
            Some(Err(error)) => tracing::warn!(%error, "old rows of the audit could not be cut off"),
        }
    }
}
