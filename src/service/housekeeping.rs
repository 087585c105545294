//! What must be done now and then.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::store::{self, Store};

const PERIOD: Duration = Duration::from_mins(5);

/// Forgets old idempotency keys until stopped. A failure waits for the next turn.
pub async fn run(store: Store, age: Duration, stop: CancellationToken) {
    let mut turns = tokio::time::interval(PERIOD);
    loop {
        tokio::select! {
            _ = turns.tick() => {}
            () = stop.cancelled() => return,
        }
        let Ok(mut session) = store.acquire().await else { continue };
        while let Ok(1000..) = store::forget_idempotency(&mut session, age).await {}
    }
}
