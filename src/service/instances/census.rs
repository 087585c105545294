//! Counts the instances for the metrics, notes who came to be late or gone by time alone, and forgets what is old.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::instances::Presence;
use crate::metrics::Metrics;
use crate::service::ServiceError;
use crate::service::instances::standing;
use crate::store::Store;
use crate::store::instances::{present, recording};
use crate::view::View;

const PERIOD: Duration = Duration::from_secs(10);
/// Turns between two cleanings.
const CLEANING: u32 = 30;
/// How long receipts are kept, and instances that are gone beside them: `at=` asks for both.
const KEPT: Duration = Duration::from_hours(24 * 30);

/// How many instances stand how, by environment, namespace and state.
type Counts = BTreeMap<(String, String, &'static str), i64>;

/// Counts until stopped. A failure waits for the next turn.
pub async fn run(store: Store, view: Arc<View>, metrics: Arc<Metrics>, stop: CancellationToken) {
    let mut turns = tokio::time::interval(PERIOD);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // What was counted once stays, with 0 when nothing is counted any more: a series that ends hides that it is over.
    let mut counts = Counts::new();
    for turn in 0_u32.. {
        tokio::select! {
            _ = turns.tick() => {}
            () = stop.cancelled() => return,
        }
        if view.health().down_since.is_some() {
            continue;
        }
        let counted = tokio::select! {
            counted = count(&store, &view, &mut counts) => counted,
            () = stop.cancelled() => return,
        };
        match counted {
            Ok(()) => metrics.set_instances(counts.clone()),
            Err(error) => tracing::debug!(%error, "the instances were not counted"),
        }
        if turn % CLEANING == 0 {
            tokio::select! {
                _ = clean(&store) => {}
                () = stop.cancelled() => return,
            }
        }
    }
}

async fn count(store: &Store, view: &View, counts: &mut Counts) -> Result<(), ServiceError> {
    let mut session = store.acquire().await?;
    recording::note_presence(&mut session).await?;
    let found = present(&mut session).await?;
    let state = view.state();
    let standings = standing::of(&state, &mut session, found, state.head, None).await?;
    for count in counts.values_mut() {
        *count = 0;
    }
    for standing in standings {
        let late = standing.instance.presence == Presence::Late;
        let word = if late { "late" } else { standing.condition.as_str() };
        for namespace in &standing.instance.declared.namespaces {
            let place = (standing.instance.environment.to_string(), namespace.to_string(), word);
            *counts.entry(place).or_default() += 1;
        }
    }
    Ok(())
}

async fn clean(store: &Store) -> Result<(), ServiceError> {
    let mut session = store.acquire().await?;
    recording::bury_nodes(&mut session).await?;
    while let 1000.. = recording::forget_receipts(&mut session, KEPT).await? {}
    while let 1000.. = recording::forget_instances(&mut session, KEPT).await? {}
    Ok(())
}
