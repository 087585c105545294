//! What a node holds in memory: the state at one revision behind one atomic pointer.
//!
//! Only the pump changes it, and only after the commit. Readers take the pointer and never wait.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::domain::changes::Record;
use crate::domain::revisions::{Cursor, Epoch, Revision};
use crate::domain::state::State;

/// How the node stands with its database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Since when the database does not answer; none while it does.
    pub down_since: Option<OffsetDateTime>,
    /// When head and rights were last compared with the database.
    pub seen_at: OffsetDateTime,
    /// Whether a synchronous standby is connected.
    pub failover_safe: bool,
}

/// The node's memory.
#[derive(Debug)]
pub struct View {
    state: ArcSwap<State>,
    health: ArcSwap<Health>,
    lost: ArcSwap<Vec<Arc<Record>>>,
    cursor: watch::Sender<Cursor>,
    down: watch::Sender<bool>,
}

impl View {
    /// A view of a loaded store.
    #[must_use]
    pub fn new(state: State, health: Health) -> Self {
        let cursor = watch::Sender::new(state.cursor());
        let down = watch::Sender::new(health.down_since.is_some());
        Self {
            state: ArcSwap::from_pointee(state),
            health: ArcSwap::from_pointee(health),
            lost: ArcSwap::default(),
            cursor,
            down,
        }
    }

    /// The state now. It never changes under its reader.
    #[must_use]
    pub fn state(&self) -> Arc<State> {
        self.state.load_full()
    }

    /// Looks at the state now, without making it one's own: readers by the thousand do so at once.
    pub fn look<T>(&self, look: impl FnOnce(&Arc<State>) -> T) -> T {
        look(&self.state.load())
    }

    /// How the node stands with its database.
    #[must_use]
    pub fn health(&self) -> Health {
        **self.health.load()
    }

    /// Acknowledged revisions that the store lost and this node still holds.
    #[must_use]
    pub fn lost(&self) -> Arc<Vec<Arc<Record>>> {
        self.lost.load_full()
    }

    /// Shows a newer state to all readers. For the pump only.
    pub fn show(&self, state: State) {
        let cursor = state.cursor();
        self.state.store(Arc::new(state));
        self.cursor.send_replace(cursor);
    }

    /// Notes how the node stands with its database. For the pump only.
    pub fn note_health(&self, health: Health) {
        self.health.store(Arc::new(health));
        self.down.send_replace(health.down_since.is_some());
    }

    /// Waits until the database is known not to answer.
    pub async fn until_down(&self) {
        // The sender lives as long as this view.
        let _ = self.down.subscribe().wait_for(|down| *down).await;
    }

    /// Adds to the list of lost revisions. For the pump only.
    pub fn note_lost(&self, records: impl IntoIterator<Item = Arc<Record>>) {
        let mut all = self.lost.load().as_ref().clone();
        all.extend(records);
        self.lost.store(Arc::new(all));
    }

    /// Waits until the state holds a revision of an epoch, or a newer epoch. Says whether it did in time.
    pub async fn wait_for(&self, epoch: Option<Epoch>, revision: Revision, at_most: Duration) -> bool {
        let mut cursor = self.cursor.subscribe();
        let seen = cursor.wait_for(|now| now.revision >= revision || epoch.is_some_and(|epoch| now.epoch > epoch));
        tokio::time::timeout(at_most, seen).await.is_ok_and(|seen| seen.is_ok())
    }
}
