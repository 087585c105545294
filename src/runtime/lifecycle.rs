//! One object for starting, watching and stopping tasks: soft stop, then the workers, then hard stop.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests in flight may take to finish after the soft stop.
const DRAIN: Duration = Duration::from_secs(20);

/// The tasks of a process.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// Cancelled first: streams end, nothing new is accepted.
    pub soft: CancellationToken,
    /// Cancelled when the last request has been answered: workers settle what waits and end.
    pub workers: CancellationToken,
    tracker: TaskTracker,
    failed: Arc<OnceLock<&'static str>>,
}

impl Lifecycle {
    /// Runs a task that must last until `until` is cancelled. If it ends or panics before, the process stops.
    #[expect(clippy::disallowed_methods, reason = "the one place that spawns")]
    pub fn spawn(
        &self,
        name: &'static str,
        until: &CancellationToken,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let (this, until) = (self.clone(), until.clone());
        let task = tokio::spawn(task);
        self.tracker.spawn(async move {
            let ended = task.await;
            if let Err(error) = &ended {
                tracing::error!(task = name, %error, "a task failed");
            }
            if ended.is_err() || !until.is_cancelled() {
                tracing::error!(task = name, "a task ended early: stopping");
                let _ = this.failed.set(name);
                this.soft.cancel();
            }
        });
    }

    /// Turns SIGINT, SIGTERM and SIGHUP into a soft stop; a second signal ends the process at once.
    pub fn listen_to_signals(&self) -> std::io::Result<()> {
        let mut all =
            [signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?];
        let soft = self.soft.clone();
        self.tracker.spawn(async move {
            let [interrupt, terminate, hangup] = &mut all;
            let mut next = async || {
                tokio::select! {
                    _ = interrupt.recv() => (),
                    _ = terminate.recv() => (),
                    _ = hangup.recv() => (),
                }
            };
            tokio::select! {
                () = next() => tracing::info!("stopping; a second signal stops at once"),
                () = soft.cancelled() => (),
            }
            soft.cancel();
            next().await;
            std::process::exit(130);
        });
        Ok(())
    }

    /// Waits for the drained server, then ends the workers. Says which task failed, if one did.
    pub async fn finish(&self, server: impl Future<Output = ()>) -> Option<&'static str> {
        if tokio::time::timeout(DRAIN, server).await.is_err() {
            tracing::warn!("some requests did not finish in time");
        }
        self.workers.cancel();
        self.failed.get().copied()
    }
}
