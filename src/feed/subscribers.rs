//! What readers share: the ring, their seats, the bell that wakes them, and the watchdog that cuts those who do not read.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::api::watch::ResetReason;
use crate::domain::changes::Record;
use crate::domain::revisions::{Cursor, Revision};
use crate::domain::sight::Sight;
use crate::domain::state::State;
use crate::feed::frames::{Logged, Opener};
use crate::feed::hub::Hub;
use crate::feed::reader::{Page, Reader, Request, Step};
use crate::feed::seats::{Seat, Seats};
use crate::metrics::{Metrics, ReasonLabels};
use crate::store::{self, Store, StoreError};
use crate::view::View;

/// How long a reader may leave what it was given unread.
pub const STALL: Duration = Duration::from_secs(30);
/// How often the watchdog looks.
const LOOK: Duration = Duration::from_secs(5);
/// Looks between two tidyings.
const TIDY_EVERY: u32 = 3;
/// Readers for whom the log is read at the same time; the others wait.
const REPLAYS: usize = 4;
/// Content bytes of the log that are read for a reader at once.
const PAGE_BYTES: u64 = 1024 * 1024;
/// Revisions of the log that are read for a reader at once.
const PAGE_REVISIONS: i64 = 256;

/// The readers of a node.
#[derive(Debug)]
pub struct Feed {
    store: Store,
    view: Arc<View>,
    metrics: Arc<Metrics>,
    hub: RwLock<Hub>,
    seats: Seats,
    moved: Arc<Notify>,
    replays: Semaphore,
    begun: Instant,
    paces: Mutex<Vec<Weak<Pace>>>,
}

impl Feed {
    /// A feed without readers.
    #[must_use]
    pub fn new(store: Store, view: Arc<View>, metrics: Arc<Metrics>, opener: Opener, hub: Hub) -> Self {
        Self {
            store,
            view,
            metrics,
            hub: RwLock::new(hub),
            seats: Seats::new(opener),
            moved: Arc::default(),
            replays: Semaphore::new(REPLAYS),
            begun: Instant::now(),
            paces: Mutex::default(),
        }
    }

    /// Looks into the ring.
    pub fn hub<T>(&self, look: impl FnOnce(&Hub) -> T) -> T {
        look(&self.hub.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the ring. For the pump only, which then changes the view and [wakes](Self::wake) the readers.
    pub(super) fn hub_mut<T>(&self, change: impl FnOnce(&mut Hub) -> T) -> T {
        change(&mut self.hub.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Wakes every reader: the ring or the view moved, or streams are to end.
    pub fn wake(&self) {
        self.moved.notify_waiters();
    }

    /// The next waking. It counts from the call on, so look for work after it.
    pub fn moved(&self) -> OwnedNotified {
        Arc::clone(&self.moved).notified_owned()
    }

    /// A new subscriber, as of now.
    #[must_use]
    pub fn subscribe(&self, request: Request) -> Reader {
        Reader::new(request, &self.view.state(), &self.seats)
    }

    /// What a reader does next.
    pub fn step(&self, reader: &mut Reader) -> Step {
        self.tell(self.view.look(|state| self.hub(|hub| reader.step(hub, state, &self.seats))))
    }

    /// The number of the rights of this moment.
    #[must_use]
    pub fn access_number(&self) -> u64 {
        self.view.look(|state| state.access.number)
    }

    /// The state of this moment.
    #[must_use]
    pub fn state(&self) -> Arc<State> {
        self.view.state()
    }

    /// The log can not be read for a reader now: it begins anew from memory.
    pub fn give_up_replay(&self, reader: &mut Reader) -> Step {
        self.tell(reader.give_up_replay(&self.view.state()))
    }

    /// Counts what is given out.
    fn tell(&self, step: Step) -> Step {
        if let Step::Reset(reason) = &step {
            self.metrics.watch_resets.get_or_create(&ReasonLabels { reason: name_of(*reason) }).inc();
        }
        if let Step::Write(_) | Step::Reset(_) = &step {
            self.metrics.watch_frames.inc();
        }
        step
    }

    /// Reads the log for a reader that comes back, as much as it gets at once. None when the database does not answer.
    pub async fn read_log(&self, seat: &Seat, after: Revision, upto: Revision) -> Option<Page> {
        let _turn = self.replays.acquire().await.ok()?;
        if self.view.health().down_since.is_some() {
            // Known to be away: thousands that come back must not wait for a time-out each.
            return None;
        }
        match self.read_page(&seat.sight, after, upto).await {
            Ok(page) => Some(page),
            Err(error) => {
                tracing::warn!(%error, "the log could not be read for a subscriber: it gets a snapshot");
                None
            }
        }
    }

    async fn read_page(&self, sight: &Sight, after: Revision, upto: Revision) -> Result<Page, StoreError> {
        let mut session = self.store.acquire().await?;
        let names: Vec<_> = sight.namespaces().iter().map(|(name, _)| name.clone()).collect();
        let bounds = store::Stretch { after, upto, revisions: PAGE_REVISIONS, bytes: PAGE_BYTES };
        let (records, upto) = store::tail_of(&mut session, sight.environment(), &names, &bounds).await?;
        let revisions = records.into_iter().map(|record| Arc::new(Logged::new(Arc::new(record)))).collect();
        Ok(Page { revisions, upto })
    }

    /// Puts a stream under the eyes of the watchdog, which calls `cut` when what was given out is not read for [`STALL`].
    #[must_use]
    pub fn watch_pace(&self, cut: impl Fn() + Send + Sync + 'static) -> Arc<Pace> {
        self.metrics.watch_streams.inc();
        let pace = Arc::new(Pace { given: AtomicU64::new(IDLE), begun: self.begun, cut: Box::new(cut) });
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&pace));
        pace
    }

    /// The watchdog, until stopped. It stands outside the streams: one that is blocked never looks at a clock of its own.
    pub async fn watch_over(&self, stop: CancellationToken) {
        let mut turns = tokio::time::interval(LOOK);
        let mut turn = 0_u32;
        while stop.run_until_cancelled(turns.tick()).await.is_some() {
            self.cut_stalled();
            turn = turn.wrapping_add(1);
            if turn.is_multiple_of(TIDY_EVERY) {
                self.seats.tidy();
            }
        }
    }

    fn cut_stalled(&self) {
        let mut open = 0;
        let mut stalled = Vec::new();
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).retain(|pace| {
            let Some(pace) = pace.upgrade() else { return false };
            open += 1;
            if pace.is_stalled() {
                stalled.push(pace);
            }
            true
        });
        self.metrics.watch_streams.set(open);
        for pace in stalled {
            tracing::info!("a subscriber did not read for {} s: cutting it", STALL.as_secs());
            self.metrics.watch_stalled.inc();
            pace.idle();
            (pace.cut)();
        }
    }

    /// Takes what a change of epoch lost out of the ring. For the pump only.
    pub(super) fn restart(&self, end: Cursor, survivors: &std::collections::HashSet<uuid::Uuid>) -> Vec<Arc<Record>> {
        self.hub_mut(|hub| hub.restart(end, survivors))
    }
}

fn name_of(reason: ResetReason) -> &'static str {
    match reason {
        ResetReason::Compacted => "compacted",
        ResetReason::Epoch => "epoch",
        ResetReason::Access => "access",
        ResetReason::Slow => "slow",
        ResetReason::Unknown => "unknown",
    }
}

/// Nothing is waiting to be read.
const IDLE: u64 = u64::MAX;

/// When a stream was last given something that it has not read.
pub struct Pace {
    /// Milliseconds since the feed began.
    given: AtomicU64,
    begun: Instant,
    cut: Box<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace").field("given", &self.given).finish_non_exhaustive()
    }
}

impl Pace {
    /// Something was given out: from now on it has to be read.
    pub fn gave(&self) {
        self.given.store(self.elapsed(), Ordering::Relaxed);
    }

    /// What was given out was taken.
    pub fn idle(&self) {
        self.given.store(IDLE, Ordering::Relaxed);
    }

    fn is_stalled(&self) -> bool {
        let given = self.given.load(Ordering::Relaxed);
        given != IDLE && u128::from(self.elapsed().saturating_sub(given)) > STALL.as_millis()
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(IDLE - 1)
    }
}
