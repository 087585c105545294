//! A store that was restored is held: its instances keep what they run until somebody resumes.

use crate::domain::audit::Who;
use crate::service::permit::{Administer, Permit};
use crate::service::{Service, ServiceError};
use crate::store;

pub use crate::store::Followers;

/// How a store stands before it is resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Whether it is held.
    pub held: bool,
    /// What its instances run, by namespace.
    pub followers: Vec<Followers>,
}

impl Service {
    /// Says how the store stands and, unless it is a dry run, lets its instances follow it again.
    pub async fn resume(&self, permit: &Permit<Administer>, dry_run: bool) -> Result<Hold, ServiceError> {
        self.pump.refresh().await?;
        let held = self.view.state().bounds.held;
        let mut session = self.store.acquire().await?;
        let followers = store::list_followers(&mut session).await?;
        if !dry_run {
            if store::resume(&mut session, &Who::of(permit.caller())).await.map_err(ServiceError::of_write)? {
                tracing::warn!(actor = %permit.caller().user.name, "the store is not held any more");
            }
            drop(session);
            self.pump.refresh().await?;
        }
        Ok(Hold { held, followers })
    }
}
