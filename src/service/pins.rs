//! Pins: revisions that stay readable however far the history is trimmed.

use crate::domain::audit::Who;
use crate::domain::revisions::{Pin, Revision};
use crate::service::permit::{Administer, Permit};
use crate::service::{Field, Service, ServiceError};
use crate::store::{self, PinOutcome};

impl Service {
    /// Keeps a revision readable, or changes the reason why.
    pub async fn pin(
        &self,
        permit: &Permit<Administer>,
        revision: Revision,
        reason: &str,
    ) -> Result<Pin, ServiceError> {
        let (limit, this) = (self.limits.message_bytes, reason.len());
        if reason.trim().is_empty() {
            return Err(ServiceError::Invalid(vec![Field::new("reason", "must not be empty")]));
        }
        if this > limit || reason.contains('\0') {
            let problem = format!("must have at most {limit} bytes and no NUL, this has {this}");
            return Err(ServiceError::Invalid(vec![Field::new("reason", problem)]));
        }
        let missing = || ServiceError::NotFound(format!("revision {revision}"));
        let mut session = self.store.acquire().await?;
        let outcome = store::pin(&mut session, revision, &Who::of(permit.caller()), reason).await;
        match outcome.map_err(ServiceError::of_write)? {
            PinOutcome::Pinned => Ok(store::find_pin(&mut session, revision).await?.ok_or_else(missing)?),
            PinOutcome::Unknown => Err(missing()),
            PinOutcome::Compacted => {
                let lowest = store::find_floor(&mut session).await?;
                Err(ServiceError::Compacted { wanted: revision, lowest })
            }
        }
    }

    /// Takes a pin away. Below the floor, the contents that only it kept go.
    pub async fn unpin(&self, permit: &Permit<Administer>, revision: Revision) -> Result<(), ServiceError> {
        let who = Who::of(permit.caller());
        let mut session = self.store.acquire().await?;
        if !store::unpin(&mut session, revision, &who).await.map_err(ServiceError::of_write)? {
            return Err(ServiceError::NotFound(format!("the pin of revision {revision}")));
        }
        self.trims.wake();
        Ok(())
    }

    /// All pins, the newest revision first.
    pub async fn list_pins(&self, _permit: &Permit<Administer>) -> Result<Vec<Pin>, ServiceError> {
        let mut session = self.store.acquire().await?;
        Ok(store::list_pins(&mut session).await?)
    }
}
