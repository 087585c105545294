//! Hears the database say that the head moved, and wakes the pump. A hint: the pump polls as well.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::service::wakeups::PumpLink;
use crate::store::{Listener, Store};

/// How long to wait before listening again after the connection broke.
const AGAIN: Duration = Duration::from_millis(500);

/// Listens until stopped.
pub async fn run(store: Store, pump: PumpLink, stop: CancellationToken) {
    stop.run_until_cancelled(listen(&store, &pump)).await;
}

async fn listen(store: &Store, pump: &PumpLink) {
    let mut located = store.located();
    loop {
        located.mark_unchanged();
        if let Ok(mut listener) = Listener::open(store).await {
            // What was committed before the listening took effect sent nothing.
            let mut heard = None;
            loop {
                if !pump.moved(heard).await {
                    return;
                }
                heard = tokio::select! {
                    moved = listener.moved() => match moved {
                        Ok(Some(moved)) => Some(moved),
                        Ok(None) | Err(_) => break,
                    },
                    // After an outage this connection may be to a host that is gone and will never say so.
                    _ = located.changed() => break,
                };
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}
