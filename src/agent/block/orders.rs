//! What a person on this machine asks of a block.

use std::sync::PoisonError;

use tokio::sync::oneshot;

use crate::agent::block::{Block, store};
use crate::agent::layers::{Effective, Layer};
use crate::agent::render::Rendering;
use crate::agent::transaction::AppliedSet;
use crate::domain::names::EntryKey;

/// What a local command asks of a block.
#[derive(Debug)]
pub enum Order {
    /// Take no changes any more.
    Hold(oneshot::Sender<Result<String, String>>),
    /// Take changes again, and what came meanwhile.
    Resume(oneshot::Sender<Result<String, String>>),
    /// Try again what was refused or failed.
    Retry(oneshot::Sender<Result<String, String>>),
    /// Hold, and put back one of the last sets; 1 is the newest.
    Restore(usize, oneshot::Sender<Result<String, String>>),
    /// What every layer has under a key.
    Explain(EntryKey, oneshot::Sender<Vec<Layer>>),
}

impl Block {
    pub(super) async fn obey(&mut self, order: Order) {
        // Whoever asked may have gone meanwhile.
        match order {
            Order::Hold(reply) => {
                let _ = reply.send(self.hold(true).map(|()| "held: it takes no changes until resumed".to_owned()));
            }
            Order::Resume(reply) => {
                let _ = reply.send(self.hold(false).map(|()| "resumed".to_owned()));
            }
            Order::Retry(reply) => {
                let outcome = if self.attempts.is_held() {
                    Err("it is held: resume it first".to_owned())
                } else if self.mirror.cursor().is_none() {
                    Err("it has not seen any entries yet".to_owned())
                } else {
                    self.at_once = true;
                    self.want();
                    Ok("trying again".to_owned())
                };
                let _ = reply.send(outcome);
            }
            Order::Restore(number, reply) => {
                let _ = reply.send(self.restore(number).await);
            }
            Order::Explain(key, reply) => {
                let _ = reply.send(Effective::of(&self.settings.namespaces, &self.mirror).explain(&key));
            }
        }
    }

    fn hold(&mut self, held: bool) -> Result<(), String> {
        self.store.try_remember(|memory| memory.held = held)?;
        self.attempts.hold(held);
        if !held && self.mirror.cursor().is_some() {
            self.at_once = true;
            self.want();
        }
        self.body.send_modify(|body| body.held = held);
        self.set_status(|status| status.held = held);
        tracing::info!(block = self.settings.name, held, "told by a local command");
        Ok(())
    }

    async fn restore(&mut self, number: usize) -> Result<String, String> {
        let sets = self.transaction.applied_sets().await.map_err(|error| error.to_string())?;
        let count = sets.len();
        let set = number.checked_sub(1).and_then(|index| sets.into_iter().nth(index));
        let AppliedSet { at, set } = match set {
            Some(set) => set.map_err(|error| error.to_string())?,
            None if count == 0 => return Err("no set was applied yet".to_owned()),
            None => return Err(format!("write a number from 1, the newest, to {count}")),
        };
        self.hold(true)?;
        *self.watched.at.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let outcome = self.transaction.apply(at, &set).await;
        let failed = (!outcome.is_applied()).then(|| outcome.report().map(|report| report.reason.clone())).flatten();
        let parts = self.store.remembered().parts.clone();
        self.finish(at, Rendering { set, parts }, outcome);
        self.list_sets().await;
        match failed {
            Some(reason) => Err(format!("it is held, but the set could not be put back: {reason}")),
            None => Ok(format!("put back the set of {at}; held until resumed")),
        }
    }

    pub(super) async fn list_sets(&mut self) {
        let sets = match self.transaction.applied_sets().await {
            Ok(sets) => sets,
            Err(error) => {
                tracing::warn!(block = self.settings.name, %error, "the kept sets cannot be listed");
                return;
            }
        };
        self.set_status(|status| status.sets = store::kept(&sets));
    }
}
