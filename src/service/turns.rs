//! Work that takes a core: off the async threads, only so much at once, and only so much that waits.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::service::ServiceError;

/// Bounds one kind of such work on a node.
#[derive(Debug, Clone)]
pub(super) struct Turns {
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    later: Duration,
}

impl Turns {
    /// So many at once, and so many that wait; whoever comes beyond is told when to come back.
    pub(super) fn new(at_once: usize, queue: usize, later: Duration) -> Self {
        let admitted = Arc::new(Semaphore::new(at_once + queue));
        Self { running: Arc::new(Semaphore::new(at_once)), admitted, later }
    }

    /// Does some work in its turn.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let broken = |error: String| ServiceError::Internal(error);
        let full = |_| ServiceError::TooManyRequests(self.later);
        let place = Arc::clone(&self.admitted).try_acquire_owned().map_err(full)?;
        let turn = Arc::clone(&self.running).acquire_owned().await.map_err(|error| broken(error.to_string()))?;
        let done = tokio::task::spawn_blocking(move || {
            // Held until the work ends, also when nobody waits for it any more.
            let _held = (place, turn);
            work()
        });
        done.await.map_err(|error| broken(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_keeps_its_turn_until_it_ends_also_when_nobody_waits_for_it() {
        let turns = Turns::new(1, 0, Duration::from_secs(3));
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let work = turns.run(move || {
            begun.send(()).unwrap();
            may_go_on.recv().unwrap();
        });
        let mut work = Box::pin(work);
        tokio::select! {
            _ = &mut work => panic!("it waits"),
            begun = has_begun => begun.unwrap(),
        }
        drop(work);
        let refused = turns.run(|| ()).await;
        assert!(matches!(refused, Err(ServiceError::TooManyRequests(later)) if later == Duration::from_secs(3)));
        go_on.send(()).unwrap();
        let _all = turns.admitted.acquire().await.unwrap();
    }
}
