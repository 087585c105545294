//! What the service tells the pump.

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
pub struct PumpLink(pub mpsc::Sender<Wakeup>);

impl PumpLink {
    /// Makes the view catch up with the database. An error means that the database cannot be reached.
    pub async fn refresh(&self) -> Result<(), ServiceError> {
        let (reply, done) = oneshot::channel();
        self.0.send(Wakeup::Refresh(reply)).await.map_err(|_| ServiceError::Draining)?;
        done.await.map_err(|_| ServiceError::Draining)?.map_err(ServiceError::Unavailable)
    }

    /// Hands committed revisions over.
    pub async fn committed(&self, records: Vec<Record>) {
        // The pump ends only with the process.
        let _ = self.0.send(Wakeup::Committed(records)).await;
    }
}
