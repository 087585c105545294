//! The watch of a block, begun anew when the token changes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::agent::block::connection::Access;
use crate::client::watch::{Event, Mirror, Subscription, Watcher};
use crate::client::{Token, is_same_holder};

/// How long the watch waits for the instance to introduce itself.
const INTRODUCTION: Duration = Duration::from_secs(2);
/// The pause before another look at a token that cannot be read.
const AGAIN: Duration = Duration::from_secs(5);

/// A watch, when there is one.
#[derive(Debug, Default)]
pub(super) struct Live {
    watcher: Option<Watcher>,
    token: Option<Token>,
    /// The token became one of another holder since the last watch.
    anew: bool,
    /// When the introduction is not waited for any more.
    begins_by: Option<Instant>,
    /// The watch could not be begun: when to try again.
    again_at: Option<Instant>,
}

impl Live {
    /// The next event, or why there can be none at present. May be dropped at any moment.
    ///
    /// The instance introduces itself first; whether or not that works, the watch begins soon.
    pub(super) async fn next(
        &mut self,
        access: &Access,
        mirror: &Mirror,
        introduced: &mut watch::Receiver<bool>,
    ) -> Result<Event, String> {
        let begins_by = *self.begins_by.get_or_insert_with(|| Instant::now() + INTRODUCTION);
        // Its sender lives as long as the block.
        let _ = tokio::time::timeout_at(begins_by, introduced.wait_for(|introduced| *introduced)).await;
        if let Some(watcher) = &mut self.watcher {
            return watcher.next().await.map_err(|error| error.to_string());
        }
        if let Some(again_at) = self.again_at {
            tokio::time::sleep_until(again_at).await;
            self.again_at = None;
        }
        match begin(access, mirror, self.anew) {
            Ok((watcher, token)) => {
                (self.token, self.anew) = (token, false);
                self.watcher.insert(watcher).next().await.map_err(|error| error.to_string())
            }
            Err(problem) => {
                self.again_at = Some(Instant::now() + AGAIN);
                Err(problem)
            }
        }
    }

    /// Ends the watch when the token is another one now, so that it begins anew with that.
    pub(super) fn check_token(&mut self, access: &Access, block: &str) {
        if self.watcher.is_none() {
            return;
        }
        match access.token() {
            Ok(token) if token != self.token => {
                tracing::info!(block, "the token has changed");
                let same = |(old, new): (&Token, &Token)| access.credentials.exchanges(new) && is_same_holder(old, new);
                if self.token.as_ref().zip(token.as_ref()).is_some_and(same) {
                    // The stream lives on what the old one was exchanged for, and the next one is of the same holder.
                    self.token = token;
                    return;
                }
                // Another holder may see other entries, also unchanged ones.
                self.anew = true;
                self.watcher = None;
            }
            Ok(_) => {}
            // A file that is just being replaced: the token in use stays.
            Err(error) => tracing::debug!(block, %error, "the token cannot be read"),
        }
    }
}

/// Begins a watch: where the mirror is, or, anew, with a snapshot of what differs from it.
fn begin(access: &Access, mirror: &Mirror, anew: bool) -> Result<(Watcher, Option<Token>), String> {
    let token = access.token().map_err(|error| error.to_string())?;
    let clients = access.clients().map_err(|error| error.to_string())?;
    let start = if anew { None } else { mirror.cursor() };
    let watcher = Watcher::new(clients, mirror.subscription().clone(), start, mirror.have());
    Ok((watcher.map_err(|error| error.to_string())?, token))
}

/// What a server says now, told against what is there already.
///
/// # Errors
/// Why no server said anything in time.
pub(super) async fn snapshot(access: &Access, cached: &Mirror, patience: Duration) -> Result<Mirror, String> {
    let clients = access.clients().map_err(|error| error.to_string())?;
    let mut mirror = cached.clone();
    // Without a place to go on from there is a snapshot, and with it everything is known.
    let have = if cached.cursor().is_some() { cached.have() } else { BTreeMap::new() };
    // Whoever only looks is not the presence of the instance.
    let subscription = Subscription { instance: None, ..mirror.subscription().clone() };
    let mut watcher = Watcher::new(clients, subscription, None, have).map_err(|error| error.to_string())?;
    let mut problem = "no server answered in time".to_owned();
    let told = async {
        loop {
            match watcher.next().await {
                Ok(event) => {
                    if let Event::Lost { server, outage, .. } = &event {
                        problem = format!("{server}: {outage}");
                    }
                    mirror.apply(&event);
                    if matches!(event, Event::Snapshot(_)) {
                        return Ok(());
                    }
                }
                Err(error) => return Err(error.to_string()),
            }
        }
    };
    match tokio::time::timeout(patience, told).await {
        Ok(Ok(())) => Ok(mirror),
        Ok(Err(problem)) => Err(problem),
        Err(_) => Err(problem),
    }
}
