//! The pump: woken by a commit, a notification or a timer, it reads the log after the last revision it has and shows
//! the result. The only writer of the view.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::domain::changes::{Record, RecordHead};
use crate::domain::limits::Limits;
use crate::domain::revisions::{Cursor, Revision};
use crate::domain::state::State;
use crate::feed::Feed;
use crate::feed::frames::Opener;
use crate::feed::hub::Hub;
use crate::metrics::Metrics;
use crate::service::ambient::Ambient;
use crate::service::keyring::Keyring;
use crate::service::wakeups::{Inbox, Wakeup};
use crate::store::{self, Conn, Head, Part, Session, Store, StoreError};
use crate::view::{Health, View};

/// How often the log is read without being woken. A lost wake-up costs this much latency, and rights are never older.
pub const POLL: Duration = Duration::from_millis(500);
/// How often the database is tried while it is away.
const RETRY: Duration = Duration::from_millis(200);
/// How long a head that was told of may be that of a commit on its way from this node, and is waited for.
const OWN: Duration = Duration::from_millis(20);
/// How long a question for the head may take.
const LOOK: Duration = Duration::from_secs(3);
/// How long reading a page of the log may take.
const READ: Duration = Duration::from_secs(30);
/// How long loading the whole store may take.
const LOAD: Duration = Duration::from_mins(5);
/// Revisions read at once.
const PAGE: i64 = 500;
/// Looks between two questions for a synchronous standby.
const STANDBY_EVERY: u32 = 10;
/// Bytes of contents that the ring begins with: what happens while a node restarts. Who was away for longer reads the log.
const START_BYTES: u64 = 4 * 1024 * 1024;

/// The pump's task.
#[derive(Debug)]
pub struct Pump {
    store: Store,
    view: Arc<View>,
    metrics: Arc<Metrics>,
    ambient: Arc<dyn Ambient>,
    keyring: Arc<Keyring>,
    inbox: Inbox,
    feed: Arc<Feed>,
    session: Option<Session>,
    /// The revision that was the head when the store was loaded, and its random id.
    loaded: Option<(Revision, Uuid)>,
    /// What this node committed and has not yet seen in the log.
    unplaced: Vec<Arc<Record>>,
    next_look: Instant,
    looks: u32,
    /// The head that was told of while a commit of this node was on its way, which is likely that commit.
    told: Option<Told>,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    head: Revision,
    /// When it is looked for, if this node's commit did not bring it.
    look: Instant,
}

/// Loads the store. The view and the feed it returns are kept up by the pump it returns.
pub async fn start(
    store: Store,
    metrics: Arc<Metrics>,
    ambient: Arc<dyn Ambient>,
    keyring: Arc<Keyring>,
    limits: &Limits,
    inbox: Inbox,
) -> Result<(Arc<View>, Arc<Feed>, Pump), StoreError> {
    let mut session = store.acquire().await?;
    let head = store::poll(&mut session, Revision::ZERO).await?;
    if let Some(why) = head.foreign() {
        tracing::warn!(why, "the database holds another history than it recorded: starting a new epoch");
        store::start_epoch(&mut session, head.epoch, head.revision, why, head.restored()).await?;
    }
    let (head, state) = load(&mut session).await?;
    keyring.install(state.access.data_keys()).map_err(|error| {
        StoreError::Unfit(format!("the store has secrets, and this node cannot open them: {error}"))
    })?;
    let loaded = store::poll(&mut session, head.revision).await?.id_at.map(|id| (head.revision, id));
    let failover_safe = store::failover_safe(&mut session).await?;
    let hub = fill(&mut session, state.cursor(), state.bounds.floor).await?;
    drop(session);
    if state.bytes() > limits.store_bytes / 5 * 4 {
        tracing::warn!(bytes = state.bytes(), limit = limits.store_bytes, "the store is over 80 % of max_store_bytes");
    }
    metrics.store_bytes_limit.set(limits.store_bytes.cast_signed());
    metrics.database_up.set(1);
    let health = Health { down_since: None, seen_at: ambient.now(), failover_safe };
    let view = Arc::new(View::new(state, health));
    let opener = Opener::new(Arc::clone(&keyring));
    let feed = Arc::new(Feed::new(store.clone(), Arc::clone(&view), Arc::clone(&metrics), opener, hub));
    let pump = Pump {
        store,
        view: Arc::clone(&view),
        metrics,
        ambient,
        keyring,
        inbox,
        feed: Arc::clone(&feed),
        session: None,
        loaded,
        unplaced: Vec::new(),
        next_look: Instant::now(),
        looks: 0,
        told: None,
    };
    pump.measure(&pump.view.state());
    Ok((view, feed, pump))
}

/// The ring with what came last: so the subscribers that come back after a restart are served from memory.
async fn fill(conn: &mut Conn, end: Cursor, floor: Revision) -> Result<Hub, StoreError> {
    let Some(oldest) = store::newest_within(conn, end, START_BYTES).await? else { return Ok(Hub::new(end)) };
    let mut after = Revision(oldest.0.saturating_sub(1)).max(floor);
    let mut hub = Hub::new(Cursor { revision: after, ..end });
    while after < end.revision {
        let page = match store::tail(conn, after, PAGE).await {
            // Trimmed while this node starts.
            Err(StoreError::Trimmed(_)) => return Ok(Hub::new(end)),
            page => page?,
        };
        for record in page.into_iter().filter(|record| record.head.revision <= end.revision) {
            hub.push(Arc::new(record));
        }
        if hub.end().revision == after {
            return Err(StoreError::Corrupt { table: "revisions", what: format!("{} is missing", after.next()) });
        }
        after = hub.end().revision;
    }
    Ok(hub)
}

/// Reads the store as it is at its head.
async fn load(conn: &mut Conn) -> Result<(Head, State), StoreError> {
    loop {
        let head = store::poll(conn, Revision::ZERO).await?;
        let mut state = match store::load(conn, head.revision, Part::default()).await {
            // It took so long that the history was trimmed beyond this head meanwhile.
            Err(StoreError::Trimmed(_)) if store::find_floor(conn).await? > head.revision => continue,
            loaded => loaded?,
        };
        store::load_marks(conn, head.revision, &mut state).await?;
        state.epoch = head.epoch;
        state.access = store::load_access(conn).await?;
        state.bounds = head.bounds;
        return Ok((head, state));
    }
}

impl Pump {
    /// Keeps the view up until stopped.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                // Before the inbox: own commits need no look, and however many there are, rights must not grow old.
                () = tokio::time::sleep_until(self.due()) => self.catch_up_or_note().await,
                wakeup = self.inbox.wakeups.recv() => match wakeup {
                    Some(wakeup) => self.wake(wakeup).await,
                    None => return,
                },
            }
        }
    }

    /// When the database is looked at without being told to.
    fn due(&self) -> Instant {
        self.told.map_or(self.next_look, |told| told.look.min(self.next_look))
    }

    async fn wake(&mut self, wakeup: Wakeup) {
        match wakeup {
            Wakeup::Committed(records) => {
                self.take(records).await;
                // Another node may have committed right after this one.
                if let Some(told) = self.told.take()
                    && told.head > self.view.state().head
                {
                    self.catch_up_or_note().await;
                }
            }
            Wakeup::Refresh(reply) => self.refresh(reply).await,
            Wakeup::Moved(Some((cursor, access))) => {
                let known = self.view.state();
                let is_further = cursor > known.cursor();
                if is_further
                    && (cursor.epoch, access) == (known.epoch, known.access.number)
                    && self.inbox.is_committing()
                {
                    let look = self.told.map_or_else(|| Instant::now() + OWN, |told| told.look);
                    self.told = Some(Told { head: cursor.revision, look });
                } else if is_further || access > known.access.number {
                    self.catch_up_or_note().await;
                }
            }
            Wakeup::Moved(None) => self.catch_up_or_note().await,
        }
    }

    /// Catches up; a failure is noted in the health, and the next turn tries again.
    async fn catch_up_or_note(&mut self) {
        let _ = self.catch_up().await;
    }

    /// Answers a refresh, and with it every other that waits already: one look serves them all.
    async fn refresh(&mut self, first: oneshot::Sender<Result<(), String>>) {
        let mut replies = vec![first];
        while let Ok(wakeup) = self.inbox.wakeups.try_recv() {
            match wakeup {
                Wakeup::Refresh(reply) => replies.push(reply),
                Wakeup::Committed(records) => self.take(records).await,
                // The look that follows sees it.
                Wakeup::Moved(_) => {}
            }
        }
        let result = self.catch_up().await.map_err(|error| error.to_string());
        for reply in replies {
            let _ = reply.send(result.clone());
        }
    }

    /// Shows what this node committed, when it follows what it has; else reads the log.
    async fn take(&mut self, records: Vec<Record>) {
        let state = self.view.state();
        let Some(cursor) =
            records.first().map(|first| Cursor { epoch: first.head.epoch, revision: first.head.revision })
        else {
            return;
        };
        if cursor.epoch == state.epoch && cursor.revision == state.head.next() {
            let state = State::clone(&state);
            self.show(state, records);
            return;
        }
        let unread = records.into_iter().filter(|record| !self.has_read(record)).map(Arc::new);
        let unread: Vec<_> = unread.collect();
        self.unplaced.extend(unread);
        if !self.unplaced.is_empty() {
            self.catch_up_or_note().await;
        }
    }

    /// Looks for what this node committed and the log did not bring: another history may have begun at that moment.
    async fn place(&mut self, session: &mut Session) -> Result<(), StoreError> {
        let unread = self.unplaced.iter().filter(|record| !self.has_read(record)).cloned().collect();
        self.unplaced = unread;
        if self.unplaced.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = self.unplaced.iter().map(|record| record.head.id).collect();
        let found = patiently(&self.store, READ, store::find_committed(session, &ids, Revision::ZERO)).await?;
        let survivors: HashSet<_> = found.into_iter().map(|(id, _)| id).collect();
        let lost = std::mem::take(&mut self.unplaced);
        self.report_lost(lost.into_iter().filter(|record| !survivors.contains(&record.head.id)).collect());
        Ok(())
    }

    fn has_read(&self, record: &Record) -> bool {
        self.feed.hub(|hub| hub.id_of(record.head.revision)) == Some(record.head.id)
    }

    fn report_lost(&self, lost: Vec<Arc<Record>>) {
        for record in &lost {
            let RecordHead { revision, epoch, actor, message, .. } = &record.head;
            tracing::error!(%epoch, %revision, %actor, message, "an acknowledged change set was lost; see GET /api/v1/lost");
        }
        self.metrics.lost.inc_by(lost.len() as u64);
        self.view.note_lost(lost);
    }

    fn show(&mut self, mut state: State, records: Vec<Record>) {
        for record in &records {
            state.apply(record);
        }
        self.measure(&state);
        // The ring first: whoever sees the state finds in the ring what led to it.
        self.feed.hub_mut(|hub| {
            for record in records {
                hub.push(Arc::new(record));
            }
        });
        self.reveal(state);
    }

    /// A node has a key before it sees what is sealed with it.
    fn install_keys(&self, state: &State) {
        if let Err(error) = self.keyring.install(state.access.data_keys()) {
            tracing::error!(%error, "a data key cannot be opened: what it sealed stays shut on this node");
        }
    }

    fn reveal(&self, state: State) {
        self.view.show(state);
        self.feed.wake();
    }

    fn measure(&self, state: &State) {
        let metrics = &self.metrics;
        let head = state.head.0.cast_signed();
        metrics.node_revision.set(head);
        metrics.head_revision.set(metrics.head_revision.get().max(head));
        metrics.lag.set(metrics.head_revision.get() - head);
        metrics.epoch.set(state.epoch.0.cast_signed());
        metrics.store_bytes.set(state.bytes().cast_signed());
        metrics.store_entries.set(state.entry_count().cast_signed());
    }

    /// Compares with the database and reads what is new. An error means that the database cannot be reached.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let result = self.look().await;
        let now = self.ambient.now();
        let mut health = self.view.health();
        match &result {
            Ok(()) => {
                if let Some(since) = health.down_since.take() {
                    tracing::info!(%since, "the database answers again");
                }
                health.seen_at = now;
            }
            Err(error) => {
                self.session = None;
                if health.down_since.is_none() {
                    tracing::warn!(%error, "the database does not answer: reads go on, writes are refused");
                    health.down_since = Some(now);
                    // Nobody shall wait for the search that follows.
                    self.view.note_health(health);
                }
                if within(LOOK, self.store.locate()).await.is_ok() {
                    tracing::info!("found a writable host");
                }
            }
        }
        self.metrics.database_up.set(i64::from(result.is_ok()));
        self.told = None;
        self.next_look = Instant::now() + if health.down_since.is_some() { RETRY } else { POLL };
        self.view.note_health(health);
        result
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let mut session = if let Some(session) = self.session.take() {
            session
        } else {
            let mut session = self.store.acquire().await?;
            // One that does not answer must not go back to the pool, where it would wait for that answer.
            session.close_on_drop();
            session
        };
        let mut state = State::clone(&self.view.state());
        let mut head = within(LOOK, store::poll(&mut session, state.head)).await?;
        if let Some(why) = self.other_history(&state, &head) {
            tracing::warn!(why, "the database holds another history: starting a new epoch");
            let seen = state.head.max(head.revision);
            let epoch = state.epoch.max(head.epoch);
            within(LOOK, store::start_epoch(&mut session, epoch, seen, why, head.restored())).await?;
            head = within(LOOK, store::poll(&mut session, state.head)).await?;
        }
        self.metrics.head_revision.set(head.revision.0.cast_signed());
        if head.epoch != state.epoch {
            self.change_epoch(&mut session).await?;
            self.place(&mut session).await?;
            self.session = Some(session);
            return Ok(());
        }
        let bounds = std::mem::replace(&mut state.bounds, head.bounds);
        let moved = head.access != state.access.number;
        if moved {
            state.access = patiently(&self.store, READ, store::load_access(&mut session)).await?;
            self.install_keys(&state);
            // A redaction moves the access number, too.
            let redacted = within(LOOK, store::redacted_hashes(&mut session)).await?.into_iter().collect();
            self.feed.hub_mut(|hub| hub.forget(&redacted));
        }
        if (moved || bounds != head.bounds) && head.revision == state.head {
            self.reveal(state.clone());
        }
        while state.head < head.revision {
            let page = match patiently(&self.store, READ, store::tail(&mut session, state.head, PAGE)).await {
                // This node was away for so long that what it missed was trimmed.
                Err(StoreError::Trimmed(_)) => {
                    self.skip(&mut session).await?;
                    break;
                }
                page => page?,
            };
            if page.first().map(|record| record.head.revision) != Some(state.head.next()) {
                return Err(StoreError::Corrupt {
                    table: "revisions",
                    what: format!("{} is missing", state.head.next()),
                });
            }
            self.show(state, page);
            state = State::clone(&self.view.state());
        }
        self.place(&mut session).await?;
        self.looks = self.looks.wrapping_add(1);
        if self.looks.is_multiple_of(STANDBY_EVERY) {
            let failover_safe = within(LOOK, store::failover_safe(&mut session)).await?;
            self.view.note_health(Health { failover_safe, ..self.view.health() });
        }
        self.session = Some(session);
        Ok(())
    }

    /// Why what the database holds is not a continuation of what this node has, if so.
    fn other_history(&self, state: &State, head: &Head) -> Option<&'static str> {
        if let Some(why) = head.foreign() {
            return Some(why);
        }
        if head.epoch > state.epoch {
            return None;
        }
        if head.epoch < state.epoch || head.revision < state.head {
            return Some("the head went back");
        }
        let loaded = self.loaded.filter(|(revision, _)| *revision == state.head).map(|(_, id)| id);
        let known = self.feed.hub(|hub| hub.id_of(state.head)).or(loaded);
        (known.is_some() && known != head.id_at).then_some("the newest revision is another one")
    }

    /// Loads the store anew, without the revisions in between: their contents are gone.
    async fn skip(&mut self, session: &mut Session) -> Result<(), StoreError> {
        let (head, state) = patiently(&self.store, LOAD, load(session)).await?;
        if head.epoch != self.view.state().epoch {
            // Another history began meanwhile: the next look finds out.
            return Ok(());
        }
        tracing::warn!(revision = %head.revision, "the history was trimmed beyond what this node had: loaded anew");
        self.install_keys(&state);
        self.feed.hub_mut(|hub| *hub = Hub::new(state.cursor()));
        self.loaded = store::poll(session, head.revision).await?.id_at.map(|id| (head.revision, id));
        self.measure(&state);
        self.reveal(state);
        Ok(())
    }

    /// Drops what the new history lost, reports it, and loads the rest anew.
    async fn change_epoch(&mut self, session: &mut Session) -> Result<(), StoreError> {
        let (head, state) = patiently(&self.store, LOAD, load(session)).await?;
        self.install_keys(&state);
        let mut survivors = HashSet::new();
        if let Some(oldest) = self.feed.hub(Hub::oldest) {
            let (after, ids) = (Revision(oldest.0.saturating_sub(1)), self.feed.hub(Hub::ids));
            let found = patiently(&self.store, READ, store::find_committed(session, &ids, after)).await?;
            survivors.extend(found.into_iter().map(|(id, _)| id));
        }
        let lost = self.feed.restart(state.cursor(), &survivors);
        self.report_lost(lost);
        tracing::warn!(epoch = %head.epoch, revision = %head.revision, "a new epoch began");
        self.metrics.head_revision.set(head.revision.0.cast_signed());
        self.measure(&state);
        self.reveal(state);
        Ok(())
    }
}

/// Bounds a call that may take long, and gives it up early when the database does not answer another question meanwhile.
async fn patiently<T>(
    store: &Store,
    most: Duration,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let until = Instant::now() + most;
    let mut call = std::pin::pin!(call);
    loop {
        match timeout(LOOK, &mut call).await {
            Ok(done) => return done,
            Err(_) if Instant::now() < until => drop(store.acquire().await?),
            Err(_) => return Err(StoreError::Unavailable("the database does not answer".to_owned())),
        }
    }
}

/// Bounds a call, so that a silent network becomes an error.
async fn within<T>(most: Duration, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(most, call)
        .await
        .unwrap_or_else(|_| Err(StoreError::Unavailable("the database does not answer".to_owned())))
}
