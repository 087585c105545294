//! Marking an entry seals its earlier versions, too: step by step through the committer, before its first marks are committed.

use std::sync::Arc;

use bytes::Bytes;

use crate::domain::names::Address;
use crate::domain::secrets::Marks;
use crate::service::trims::Work;
use crate::service::{Service, ServiceError};
use crate::store::{self, Sealing};

/// Contents that one step seals: of at most 1 MiB each, so that the lock is held for a moment only.
const STEP: i64 = 16;

impl Service {
    /// Seals all earlier versions of an entry. Whatever was done stays done; the rest may be done again.
    pub(in crate::service) async fn seal_earlier(
        &self,
        address: &Address,
        marks: &Arc<Marks>,
    ) -> Result<(), ServiceError> {
        let written = serde_json::to_value(&**marks).map_err(|error| ServiceError::Internal(error.to_string()))?;
        loop {
            let mut session = self.store.acquire().await?;
            let unsealed = store::find_unsealed(&mut session, address, STEP).await?;
            drop(session);
            if unsealed.is_empty() {
                return Ok(());
            }
            let mut versions = Vec::with_capacity(unsealed.len());
            for (old, body) in unsealed {
                versions.push(match body {
                    Some(body) => {
                        let sealed = self.keyring.seal(address, &body)?;
                        (old, sealed.hash(), Some::<Bytes>(sealed.bytes().clone()))
                    }
                    None => (old, self.keyring.hash_of_trimmed(address, old)?, None),
                });
            }
            let sealing = Sealing { address: address.clone(), marks: written.clone(), versions };
            self.trims.step(Work::Seal(sealing)).await?;
        }
    }
}
