//! Changing access: judged at an access number, written if nobody else changed it since.

use crate::domain::access::Access;
use crate::domain::audit::Who;
use crate::service::{Service, ServiceError};
use crate::store::{self, AccessOutcome, Step};

/// Tries, each at the newest rights.
const TRIES: u32 = 10;

impl Service {
    /// Plans a change of access at the rights of this moment, and makes it durable; plans again when others were faster. No
    /// steps change nothing. When it returns, this node judges by the new rights.
    pub(super) async fn change_access<T>(
        &self,
        who: &Who,
        plan: impl Fn(&Access) -> Result<(Vec<Step>, T), ServiceError>,
    ) -> Result<T, ServiceError> {
        for _ in 0..TRIES {
            let access = self.state()?.access.clone();
            let (steps, made) = plan(&access)?;
            if steps.is_empty() {
                return Ok(made);
            }
            let mut session = self.store.acquire().await?;
            let outcome = store::change_access(&mut session, Some(access.number), who, &steps).await;
            let outcome = outcome.map_err(ServiceError::of_write)?;
            drop(session);
            // What changed is there by now, whatever became of the database since.
            let seen = self.pump.refresh().await;
            match outcome {
                AccessOutcome::Changed(_) => return seen.map(|()| made).map_err(|_| ServiceError::OutcomeUnknown),
                AccessOutcome::Moved | AccessOutcome::Foreign => seen?,
            }
        }
        Err(ServiceError::Unavailable("access changes faster than this call can be judged; try again".to_owned()))
    }
}
