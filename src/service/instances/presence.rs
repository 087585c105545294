//! A stream that is the presence of an instance.

use tokio::sync::mpsc;
use uuid::Uuid;

use crate::domain::access::Caller;
use crate::domain::names::{EnvironmentName, InstanceId};
use crate::domain::revisions::Revision;
use crate::service::instances::recorder::Word;
use crate::service::{Service, ServiceError};

/// The presence of an instance as long as it is held; without any, the instance is late.
#[derive(Debug)]
#[must_use = "the instance is present as long as this is held"]
pub struct Presence {
    stream: Uuid,
    closes: mpsc::UnboundedSender<Uuid>,
}

impl Drop for Presence {
    fn drop(&mut self) {
        // The recorder ends with the process, and then closes all streams.
        let _ = self.closes.send(self.stream);
    }
}

impl Service {
    /// Opens a stream that is the presence of an instance; `head` is the revision that the stream starts from. While the
    /// database is away it is let through, and written when the database is back.
    ///
    /// # Errors
    /// `NotFound` when the instance did not say who it is, `InstanceTaken` when its id is somebody else's.
    pub async fn open_presence(
        &self,
        caller: &Caller,
        environment: &EnvironmentName,
        id: &InstanceId,
        head: Revision,
    ) -> Result<Presence, ServiceError> {
        let stream = self.ambient.id();
        // Made first and dropped last: when this call is given up, the stream is closed after the recorder could know that
        // nobody waits for it to be opened.
        let presence = Presence { stream, closes: self.recorder.closes.clone() };
        self.record(caller, (environment.clone(), id.clone()), Word::Open { stream, head }).await?;
        Ok(presence)
    }
}
