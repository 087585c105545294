//! What a person on this machine asks of a block. Also heard while a change is on its way, which may take as long as its check.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::PoisonError;

use tokio::sync::{mpsc, oneshot, watch};

use crate::agent::block::attempts::Attempts;
use crate::agent::block::store::{self, Store};
use crate::agent::block::{Block, SharedStatus};
use crate::agent::layers::{Effective, Layer};
use crate::agent::render::Rendering;
use crate::agent::set::FileSet;
use crate::agent::transaction::{AppliedSet, Outcome};
use crate::api::instances::InstanceBody;
use crate::domain::names::EntryKey;
use crate::domain::revisions::Cursor;

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

/// Where orders arrive.
pub(super) type Inbox = mpsc::Receiver<Order>;

/// What was asked while a change was on its way, and is done after it.
#[derive(Debug, Default)]
pub(super) struct Late {
    orders: VecDeque<Order>,
    /// Whether it was told to take changes again.
    resumed: bool,
}

/// What a hold touches: it is noted at any time.
struct Brake<'a> {
    name: &'a str,
    store: &'a mut Store,
    attempts: &'a mut Attempts,
    body: &'a watch::Sender<InstanceBody>,
    status: &'a SharedStatus,
}

impl Brake<'_> {
    fn hold(&mut self, held: bool) -> Result<(), String> {
        self.store.try_remember(|memory| memory.held = held)?;
        self.attempts.hold(held);
        self.body.send_modify(|body| body.held = held);
        self.status.lock().unwrap_or_else(PoisonError::into_inner).held = held;
        tracing::info!(block = self.name, held, "told by a local command");
        Ok(())
    }
}

impl Block {
    /// Puts a set in place. A hold is noted meanwhile and stops what comes next; what needs the files is done afterwards.
    pub(super) async fn apply(&mut self, at: Cursor, set: &FileSet, orders: &mut Inbox) -> Outcome {
        let name = self.settings.name.as_str();
        let (store, attempts) = (&mut self.store, &mut self.attempts);
        let mut brake = Brake { name, store, attempts, body: &self.body, status: &self.status };
        let mut applying = pin!(self.transaction.apply(at, set));
        loop {
            let order = tokio::select! {
                outcome = &mut applying => return outcome,
                Some(order) = orders.recv() => order,
            };
            // Whoever asked may have gone meanwhile.
            match order {
                Order::Hold(reply) => {
                    let held = brake.hold(true);
                    self.late.resumed &= held.is_err();
                    let told = "held: the change on its way is finished, and no further one is taken until resumed";
                    let _ = reply.send(held.map(|()| told.to_owned()));
                }
                Order::Resume(reply) => {
                    let resumed = brake.hold(false);
                    self.late.resumed |= resumed.is_ok();
                    let _ = reply.send(resumed.map(|()| "resumed".to_owned()));
                }
                Order::Explain(key, reply) => {
                    let _ = reply.send(Effective::of(&self.settings.namespaces, &self.mirror).explain(&key));
                }
                Order::Retry(_) | Order::Restore(..) => self.late.orders.push_back(order),
            }
        }
    }

    /// Does what was asked while a change was on its way.
    pub(super) async fn catch_up(&mut self, orders: &mut Inbox) {
        while let Some(order) = self.late.orders.pop_front() {
            self.obey(order, orders).await;
        }
        if std::mem::take(&mut self.late.resumed) {
            self.go_on();
        }
    }

    pub(super) async fn obey(&mut self, order: Order, orders: &mut Inbox) {
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
                let _ = reply.send(self.restore(number, orders).await);
            }
            Order::Explain(key, reply) => {
                let _ = reply.send(Effective::of(&self.settings.namespaces, &self.mirror).explain(&key));
            }
        }
    }

    fn hold(&mut self, held: bool) -> Result<(), String> {
        let (name, store) = (self.settings.name.as_str(), &mut self.store);
        Brake { name, store, attempts: &mut self.attempts, body: &self.body, status: &self.status }.hold(held)?;
        if !held {
            self.go_on();
        }
        Ok(())
    }

    /// Takes what came while it was held.
    fn go_on(&mut self) {
        if self.mirror.cursor().is_some() && !self.attempts.is_held() {
            self.at_once = true;
            self.want();
        }
    }

    async fn restore(&mut self, number: usize, orders: &mut Inbox) -> Result<String, String> {
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
        let outcome = self.apply(at, &set, orders).await;
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
