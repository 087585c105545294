//! What a node says about itself.

use std::sync::Arc;

use crate::domain::access::{Caller, Target};
use crate::domain::changes::Record;
use crate::service::permit::{self, Administer, Permit};
use crate::service::{Service, ServiceError};

impl Service {
    /// Checks that a caller may operate the store.
    pub fn may_administer(&self, caller: &Caller) -> Result<Permit<Administer>, ServiceError> {
        permit::require(&self.state()?.access, caller, Target::Store)
    }

    /// Acknowledged revisions that a failover or restore lost, and that this node still holds.
    #[must_use]
    pub fn list_lost(&self, _permit: &Permit<Administer>) -> Arc<Vec<Arc<Record>>> {
        self.view.lost()
    }

    /// Every instrument as text, with the resident memory of the process in bytes.
    #[must_use]
    pub fn render_metrics(&self, memory: u64) -> String {
        self.metrics.render(self.store.connections(), memory)
    }
}
