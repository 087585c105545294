//! Search: a text in keys and contents of what the caller may read, from memory.
//!
//! It looks at every entry, which takes as long as there is content. So it runs off the async threads, only so many at once,
//! and what did not fit into its time is left to the next page.

mod scan;
mod text;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::domain::access::Caller;
use crate::service::turns::Turns;
use crate::service::{Service, ServiceError};

pub use scan::{SearchFilter, SearchHit, SearchPage, Within};
pub use text::{InContent, Line, MATCHES_MAX, Needle, Span};

/// Searches at once: each takes a core.
const AT_ONCE: usize = 2;
/// Searches that may wait for their turn.
const QUEUE: usize = 32;
/// When to come back where they wait already.
const LATER: Duration = Duration::from_secs(1);
/// How long one page may take.
const BUDGET: Duration = Duration::from_millis(250);

/// Bounds the searches of a node.
#[derive(Debug, Clone)]
pub struct Searches {
    turns: Turns,
    budget: Duration,
}

impl Default for Searches {
    fn default() -> Self {
        Self { turns: Turns::new(AT_ONCE, QUEUE, LATER), budget: BUDGET }
    }
}

/// Stops a search whose caller went away.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Searches {
    /// Runs a search in its turn, and hands it the question whether it may go on.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Fn() -> bool) -> T + Send + 'static,
    ) -> Result<T, ServiceError> {
        let stopped = Arc::new(AtomicBool::new(false));
        let _guard = StopOnDrop(Arc::clone(&stopped));
        let budget = self.budget;
        let in_turn = move || {
            let started = Instant::now();
            work(&|| !stopped.load(Ordering::Relaxed) && started.elapsed() < budget)
        };
        self.turns.run(in_turn).await
    }
}

impl Service {
    /// One page of the entries that have a text and that the caller may read. Of sealed ones only the key is looked at.
    pub async fn search(
        &self,
        caller: &Caller,
        needle: Needle,
        filter: SearchFilter,
    ) -> Result<SearchPage, ServiceError> {
        let (state, holder) = (self.state()?, caller.holder());
        self.searches.run(move |may_go_on| scan::scan(&state, holder, &needle, &filter, may_go_on)).await
    }
}
