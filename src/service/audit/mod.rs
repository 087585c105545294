//! The audit of this node: what happens here besides changes of the store, which leave their rows in their own statements.
//!
//! Logins, denials and reveals go to a chain of the node's own, which one task appends to. It writes once a second, or at once
//! when somebody waits for a row, and never under the lock of the store.

pub mod anchors;
mod list;
pub mod retention;
mod verify;
mod writer;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
use tokio::sync::{mpsc, oneshot};

use crate::domain::audit::{Denial, Denials, Event, Who};
use crate::metrics::Metrics;
use crate::service::ServiceError;
use crate::service::ambient::Ambient;

pub use list::AuditPage;
pub use verify::{Report, VerifyError, verify};
pub use writer::{Auditor, ChainEnd};

pub use crate::store::{AuditFilter, ListedRow, Position};

/// Events that may be on their way to the task.
const INBOX: usize = 4096;

/// Something that happened, on its way to the audit.
#[derive(Debug)]
struct Message {
    at: OffsetDateTime,
    who: Who,
    event: Event,
    /// Answered when the row is durable, where somebody waits for that.
    reply: Option<oneshot::Sender<Result<(), ServiceError>>>,
}

/// Where events are given to the audit. Cloning shares everything.
#[derive(Debug, Clone)]
pub struct AuditLink {
    messages: mpsc::Sender<Message>,
    denials: Arc<Mutex<Denials>>,
    /// Events that no row tells of, and no row says so yet.
    dropped: Arc<AtomicU64>,
    metrics: Arc<Metrics>,
    ambient: Arc<dyn Ambient>,
}

/// The task's end of the link.
#[derive(Debug)]
pub struct AuditInbox {
    messages: mpsc::Receiver<Message>,
    link: AuditLink,
}

/// A link, and the task's end of it.
#[must_use]
pub fn channel(metrics: Arc<Metrics>, ambient: Arc<dyn Ambient>) -> (AuditLink, AuditInbox) {
    let (messages, inbox) = mpsc::channel(INBOX);
    let link = AuditLink { messages, denials: Arc::default(), dropped: Arc::default(), metrics, ambient };
    (link.clone(), AuditInbox { messages: inbox, link })
}

impl AuditLink {
    /// Notes an event, whose row follows within a second. When there is no place for it, the audit says how many are missing.
    pub fn note(&self, who: &Who, event: Event) {
        let message = Message { at: self.ambient.now(), who: who.clone(), event, reply: None };
        if self.messages.try_send(message).is_err() {
            self.drop_events(1);
        }
    }

    /// Notes an event, and returns when its row is durable. An error means that what was to be noted must not happen; a row may
    /// say nevertheless that it did.
    pub async fn record(&self, who: &Who, event: Event) -> Result<(), ServiceError> {
        let (reply, done) = oneshot::channel();
        let message = Message { at: self.ambient.now(), who: who.clone(), event, reply: Some(reply) };
        self.messages.send(message).await.map_err(|_| ServiceError::Draining)?;
        done.await.map_err(|_| ServiceError::Draining)?
    }

    /// Notes that a caller was turned away. Equal denials of one caller fold into one row a minute.
    pub fn deny(&self, who: Who, denial: &Denial) {
        let now = self.ambient.now();
        self.denials.lock().unwrap_or_else(PoisonError::into_inner).take(now, who, denial);
    }

    fn drop_events(&self, count: u64) {
        self.dropped.fetch_add(count, Ordering::Relaxed);
        self.metrics.audit_dropped.inc_by(count);
    }
}
