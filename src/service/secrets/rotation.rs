//! Rotation: other keys for what is sealed. Whatever was done stays done, and any node goes on with the rest.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::domain::access::{DataKey, DataKeyPurpose};
use crate::domain::audit::Who;
use crate::domain::contents::Content;
use crate::domain::names::{EnvironmentName, NamespaceName};
use crate::service::drafts::seal_open;
use crate::service::keyring::Keyring;
use crate::service::permit::{Administer, Permit};
use crate::service::trims::{TrimLink, Work};
use crate::service::{Service, ServiceError};
use crate::store::{self, Resealing, Store};
use crate::view::View;

/// Contents that one step seals anew.
const STEP: i64 = 16;
/// How often a node looks for contents under retired keys: the one that worked on them may have died.
const LOOK: Duration = Duration::from_mins(5);

/// What is to be rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// All data keys and signing keys get wrapped by the current master key.
    Master,
    /// All namespaces get new data keys, and their contents are sealed anew in the background.
    Data,
    /// Another key signs short-lived tokens.
    Signing,
}

/// A data key, and what is still sealed with it.
#[derive(Debug, Clone)]
pub struct KeyInUse {
    /// The key.
    pub key: DataKey,
    /// A retired key: contents that are still to be sealed anew.
    pub remaining: Option<u64>,
}

impl Service {
    /// The id of the master key, and all data keys.
    pub async fn list_keys(
        &self,
        _permit: &Permit<Administer>,
    ) -> Result<(Option<String>, Vec<KeyInUse>), ServiceError> {
        self.pump.refresh().await?;
        let state = self.state()?;
        let mut session = self.store.acquire().await?;
        let mut keys = Vec::new();
        for key in state.access.data_keys() {
            let remaining = match (&key.place, key.retired_at) {
                (Some((environment, namespace)), Some(_)) => {
                    Some(store::count_sealed_with(&mut session, key.id, (environment, namespace)).await?)
                }
                _ => None,
            };
            keys.push(KeyInUse { key: key.clone(), remaining });
        }
        Ok((self.keyring.master_id().ok().map(str::to_owned), keys))
    }

    /// Rotates keys. Says how many.
    pub async fn rotate_keys(&self, permit: &Permit<Administer>, what: Rotation) -> Result<u64, ServiceError> {
        self.keyring.master_id()?;
        self.pump.refresh().await?;
        let state = self.view.state();
        let (keys, who) = (state.access.data_keys(), Who::of(permit.caller()));
        let mut session = self.store.acquire().await?;
        let rotated = match what {
            Rotation::Master => {
                let rewrapped = keys.iter().filter_map(|key| self.keyring.rewrap(key).transpose());
                let rewrapped: Vec<DataKey> = rewrapped.collect::<Result<_, _>>()?;
                let rotated = store::rewrap_data_keys(&mut session, &who, &rewrapped).await;
                let others = self.reseal_signing_keys(&who).await? + self.reseal_provider_secrets(&who).await?;
                rotated.map_err(ServiceError::of_write)? + others
            }
            Rotation::Signing => {
                self.rotate_signing_key(&who).await?;
                1
            }
            Rotation::Data => {
                let mut rotated = 0;
                for old in keys.iter().filter(|key| key.purpose == DataKeyPurpose::Seal && key.retired_at.is_none()) {
                    let new = self.keyring.make_data_key(DataKeyPurpose::Seal, old.place.clone())?;
                    let added = store::add_data_key(&mut session, &who, &new, Some(old.id)).await;
                    rotated += u64::from(added.map_err(ServiceError::of_write)?);
                }
                rotated
            }
        };
        drop(session);
        self.pump.refresh().await?;
        self.resealing.notify_one();
        Ok(rotated)
    }
}

/// The task that seals anew what retired keys sealed, step by step through the committer, and seals what drafts have of entries
/// that became secret.
#[derive(Debug)]
pub struct Resealer {
    store: Store,
    view: Arc<View>,
    keyring: Arc<Keyring>,
    link: TrimLink,
    woken: Arc<Notify>,
}

impl Resealer {
    /// The task of a node.
    #[must_use]
    pub fn of(service: &Service) -> Self {
        Self {
            store: service.store.clone(),
            view: Arc::clone(&service.view),
            keyring: Arc::clone(&service.keyring),
            link: service.trims.clone(),
            woken: Arc::clone(&service.resealing),
        }
    }

    /// Works until stopped. Whatever fails is tried again at the next look.
    pub async fn run(self, stop: CancellationToken) {
        stop.run_until_cancelled(self.work()).await;
    }

    async fn work(&self) {
        let mut looks = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                () = self.woken.notified() => {}
            }
            if self.view.health().down_since.is_some() {
                continue;
            }
            match self.carry_on().await {
                Ok(()) | Err(ServiceError::Draining) => {}
                Err(error) => tracing::warn!(%error, "sealing with new keys failed, and is tried again"),
            }
        }
    }

    async fn carry_on(&self) -> Result<(), ServiceError> {
        seal_open(&self.store, &self.view, &self.keyring).await?;
        let state = self.view.state();
        for key in state.access.data_keys() {
            if let (Some(place), Some(_)) = (&key.place, key.retired_at) {
                self.reseal(key, place).await?;
                self.reseal_drafts(key, place).await?;
            }
        }
        Ok(())
    }

    /// Drafts are no part of the history, so that nothing waits for the lock of the store.
    async fn reseal_drafts(&self, old: &DataKey, place: &(EnvironmentName, NamespaceName)) -> Result<(), ServiceError> {
        let mut session = self.store.acquire().await?;
        loop {
            let found = store::find_drafts_sealed_with(&mut session, old.id, (&place.0, &place.1), STEP).await?;
            if found.is_empty() {
                return Ok(());
            }
            for (draft, address, body) in found {
                let plaintext = self.keyring.open_draft(draft, &address, &body)?;
                let new = self.keyring.seal_draft(draft, &address, &plaintext)?;
                store::reseal_draft(&mut session, draft, &address, (&body, &new)).await?;
            }
        }
    }

    async fn reseal(&self, old: &DataKey, place: &(EnvironmentName, NamespaceName)) -> Result<(), ServiceError> {
        loop {
            let mut session = self.store.acquire().await?;
            let found = store::find_sealed_with(&mut session, old.id, (&place.0, &place.1), STEP).await?;
            drop(session);
            if found.is_empty() {
                return Ok(());
            }
            let mut contents = Vec::with_capacity(found.len());
            for (address, hash, body) in found {
                let plaintext = self.keyring.open(&address, &Content::stored(hash, Bytes::from(body)))?;
                contents.push((hash, self.keyring.seal(&address, &plaintext)?.bytes().clone()));
            }
            self.link.step(Work::Reseal(Resealing { from: old.id, contents })).await?;
        }
    }
}
