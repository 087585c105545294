//! A store that was restored is held: its instances keep what they run until somebody resumes.

use crate::service::permit::{Administer, Permit};
use crate::service::{Service, ServiceError};
use crate::store;

impl Service {
    /// Says whether the store is held and, unless it is a dry run, lets its instances follow it again.
    pub async fn resume(&self, permit: &Permit<Administer>, dry_run: bool) -> Result<bool, ServiceError> {
        self.pump.refresh().await?;
        let held = self.view.state().bounds.held;
        if !dry_run {
            let mut session = self.store.acquire().await?;
            if store::resume(&mut session).await.map_err(ServiceError::of_write)? {
                tracing::warn!(actor = %permit.caller().user.name, "the store is not held any more");
            }
            self.pump.refresh().await?;
        }
        Ok(held)
    }
}
