//! What the service tells the pump.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{mpsc, oneshot};

use crate::domain::changes::Record;
use crate::domain::revisions::Cursor;
use crate::service::ServiceError;

/// A message to the pump.
#[derive(Debug)]
pub enum Wakeup {
    /// This node committed the next revisions.
    Committed(Vec<Record>),
    /// The database said where the head and the access number moved to, or that it may have moved unheard.
    Moved(Option<(Cursor, u64)>),
    /// Compare with the database now and catch up; answer when done.
    Refresh(oneshot::Sender<Result<(), String>>),
}

/// The service's end of the channel to the pump.
#[derive(Debug, Clone)]
pub struct PumpLink {
    wakeups: mpsc::Sender<Wakeup>,
    is_committing: Arc<AtomicBool>,
}

/// The pump's end.
#[derive(Debug)]
pub struct Inbox {
    /// What it is told.
    pub wakeups: mpsc::Receiver<Wakeup>,
    is_committing: Arc<AtomicBool>,
}

/// A channel to the pump.
#[must_use]
pub fn channel(waiting: usize) -> (PumpLink, Inbox) {
    let ((to_pump, wakeups), is_committing) = (mpsc::channel(waiting), Arc::<AtomicBool>::default());
    (PumpLink { wakeups: to_pump, is_committing: Arc::clone(&is_committing) }, Inbox { wakeups, is_committing })
}

impl Inbox {
    /// Whether this node sent a commit, and has not yet handed over what became of it.
    #[must_use]
    pub fn is_committing(&self) -> bool {
        self.is_committing.load(Ordering::Acquire)
    }
}

/// A commit on its way; there is one at a time.
#[derive(Debug)]
pub struct Committing(Arc<AtomicBool>);

impl Drop for Committing {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl PumpLink {
    /// Says that a commit is on its way, until it is dropped: the database tells of it before it is handed over.
    #[must_use]
    pub fn committing(&self) -> Committing {
        self.is_committing.store(true, Ordering::Release);
        Committing(Arc::clone(&self.is_committing))
    }

    /// Says where the head moved to. False when the pump has ended.
    pub async fn moved(&self, heard: Option<(Cursor, u64)>) -> bool {
        self.wakeups.send(Wakeup::Moved(heard)).await.is_ok()
    }

    /// Makes the view catch up with the database. An error means that the database cannot be reached.
    pub async fn refresh(&self) -> Result<(), ServiceError> {
        let (reply, done) = oneshot::channel();
        self.wakeups.send(Wakeup::Refresh(reply)).await.map_err(|_| ServiceError::Draining)?;
        done.await.map_err(|_| ServiceError::Draining)?.map_err(ServiceError::Unavailable)
    }

    /// Hands committed revisions over.
    pub async fn committed(&self, records: Vec<Record>) {
        // The pump ends only with the process.
        let _ = self.wakeups.send(Wakeup::Committed(records)).await;
    }
}
