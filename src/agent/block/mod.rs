//! One block: a transaction of its own, that no other block can hold back.
//!
//! The loop takes in what a watch brings, waits until changes have come to rest, plans, applies and reports. Whatever fails, what
//! runs goes on running; an outage of the server, a missing right and a missing namespace are never taken for contents.

mod ailing;
pub mod attempts;
pub mod connection;
mod ends;
mod intake;
mod live;
pub mod memory;
mod once;
mod orders;
pub mod outbox;
mod pace;
mod reporter;
mod shown;
pub mod status;
mod store;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use once::{OnceEnd, PreviewError, once, preview};
pub use orders::Order;

use crate::agent::actions::ActionSettings;
use crate::agent::block::ailing::Ailing;
use crate::agent::block::attempts::{Attempts, Ended};
use crate::agent::block::connection::{Access, chance};
use crate::agent::block::live::Live;
use crate::agent::block::orders::{Inbox, Late};
use crate::agent::block::pace::Pace;
use crate::agent::block::reporter::{Desk, Reporter, receipt};
use crate::agent::block::shown::Shown;
use crate::agent::block::status::BlockStatus;
use crate::agent::block::store::Store;
use crate::agent::exec::Supervised;
use crate::agent::layers::Effective;
use crate::agent::local::{Local, LocalError};
use crate::agent::plan::{self, Situation};
use crate::agent::render::Rendering;
use crate::agent::settings::BlockSettings;
use crate::agent::transaction::{AppliedSet, FileError, Layout, Leftover, Report, Service, Step, Steps, Transaction};
use crate::api::instances::{InstanceBody, ReceiptBody, Stage};
use crate::client::watch::{Event, Mirror, Subscription};
use crate::domain::revisions::Cursor;

/// How often the file of the token is looked at.
const TOKEN_CHECK: Duration = Duration::from_secs(5);

/// How a block stands, for whoever asks.
pub type SharedStatus = Arc<Mutex<BlockStatus>>;

/// A block at work.
#[derive(Debug)]
pub struct Block {
    settings: BlockSettings,
    access: Access,
    store: Store,
    /// What local programs see, when the settings say so, and where.
    shown: Option<Shown>,
    local: Option<Local>,
    transaction: Transaction,
    mirror: Mirror,
    /// What runs.
    last: Option<Rendering>,
    attempts: Attempts,
    desk: Desk,
    watched: Arc<Watched>,
    status: SharedStatus,
    body: watch::Sender<InstanceBody>,
    pace: Pace,
    /// Cancelled when the agent is told to stop.
    stop: CancellationToken,
    /// The newest entries were applied, and something changed by hand since: the next attempt is not spread.
    at_once: bool,
    /// The service was not well when it was told last.
    ailing: Option<Ailing>,
    late: Late,
}

/// Reports a check that passed while the transaction goes on.
#[derive(Debug, Default)]
struct Watched {
    desk: Desk,
    at: Mutex<Option<Cursor>>,
    /// Where a test of crashes wants this process to end.
    abort_after: Option<Step>,
}

impl Steps for Watched {
    fn reached(&self, step: Step) {
        let at = *self.at.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Step::Checked, Some(at)) = (step, at) {
            self.desk.leave(receipt(at, Stage::Validated));
        }
        if self.abort_after == Some(step) {
            // As a kill: nothing is unwound, closed or said.
            std::process::abort();
        }
    }
}

impl Block {
    /// Prepares a block: takes its state folder, undoes what a crash left, and reads what is remembered. With `abort_after`, this
    /// process ends at that step of a change, as if it were killed.
    ///
    /// # Errors
    /// When its state folder cannot be used, or the previous files cannot be brought back.
    pub async fn open(
        settings: BlockSettings,
        access: Access,
        state: PathBuf,
        exec: Option<Supervised>,
        abort_after: Option<Step>,
    ) -> Result<Self, FileError> {
        let desk = Desk::default();
        let watched = Arc::new(Watched { desk: desk.clone(), at: Mutex::new(None), abort_after });
        let mut transaction = Self::transaction(&settings, state.clone(), exec, false, watched.clone()).await?;
        match transaction.recover().await? {
            Leftover::Nothing => {}
            Leftover::Staged => {
                tracing::info!(block = settings.name, "a change that was cut short left nothing behind");
            }
            Leftover::Swapped => {
                tracing::warn!(
                    block = settings.name,
                    "a change that was cut short was undone: the previous files are back"
                );
            }
            Leftover::Damaged(path) => {
                tracing::warn!(block = settings.name, path = %path.display(), "the journal of a change is damaged");
            }
        }
        let store = Store::new(settings.name.clone(), state);
        let memory = store.memory();
        let mirror = store.mirror(&subscription(&settings));
        let shown = settings.serve.as_ref().map(|_| store.shown(&settings, &subscription(&settings)));
        let newest = newest(&transaction).await;
        let status = BlockStatus {
            name: settings.name.clone(),
            id: settings.id.as_str().to_owned(),
            environment: settings.environment.as_str().to_owned(),
            namespaces: namespaces(&settings),
            held: memory.held,
            seen: mirror.cursor().map(|cursor| cursor.to_string()),
            applied: newest.as_ref().map(|newest| newest.at.to_string()),
            from_cache: true,
            ..BlockStatus::default()
        };
        if let Some(AppliedSet { at, set }) = &newest {
            desk.know(&ReceiptBody { missing: set.missing.clone(), ..receipt(*at, Stage::Applied) });
        }
        let last = newest.map(|newest| Rendering { set: newest.set, parts: memory.parts.clone() });
        let (body, _) = watch::channel(body(&settings, memory.held));
        let mut block = Self {
            attempts: Attempts::new(memory.held),
            pace: Pace::new(settings.quiescence, settings.splay),
            store: store.with(memory),
            shown,
            local: None,
            settings,
            access,
            transaction,
            mirror,
            last,
            desk,
            watched,
            status: Arc::new(Mutex::new(status)),
            body,
            stop: CancellationToken::new(),
            at_once: true,
            ailing: None,
            late: Late::default(),
        };
        if block.mirror.cursor().is_some() {
            block.want();
        }
        block.list_sets().await;
        Ok(block)
    }

    async fn transaction(
        settings: &BlockSettings,
        state: PathBuf,
        exec: Option<Supervised>,
        files_only: bool,
        steps: Arc<dyn Steps>,
    ) -> Result<Transaction, FileError> {
        let layout = settings.folder.clone().map_or(Layout::Files, Layout::Folder);
        let actions = ActionSettings {
            check: settings.check.clone(),
            reload: settings.reload.clone().filter(|_| !files_only),
            probe: settings.probe.clone().filter(|_| !files_only),
        };
        Transaction::open(&settings.name, state, layout, Service { actions, exec }, steps).await
    }

    /// Opens the places where local programs find the block, when the settings name any. Must be called inside a runtime of tokio.
    ///
    /// # Errors
    /// When one of them cannot be had.
    pub fn open_places(&mut self) -> Result<(), LocalError> {
        if let (Some(shown), Some(places)) = (&self.shown, &self.settings.serve) {
            self.local = Some(shown.places(&self.settings, places)?);
        }
        Ok(())
    }

    /// How it stands, for others.
    #[must_use]
    pub fn status(&self) -> SharedStatus {
        self.status.clone()
    }

    /// Works until stopped. A change on its way is finished first; then the goodbye is said.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Order>, stop: CancellationToken) {
        self.stop = stop.clone();
        let (introduced, mut is_introduced) = watch::channel(false);
        let reporter = Reporter {
            environment: self.settings.environment.clone(),
            id: self.settings.id.clone(),
            access: self.access.clone(),
            desk: self.desk.clone(),
            body: self.body.subscribe(),
            status: self.status.clone(),
            introduced,
        };
        let farewell = CancellationToken::new();
        let reporting = reporter.run(farewell.clone());
        let serving = serve(self.local.take(), farewell.clone());
        let name = self.settings.name.clone();
        let (environment, namespaces) = (self.settings.environment.as_str(), namespaces(&self.settings).join(", "));
        tracing::info!(block = name, id = self.settings.id.as_str(), environment, namespaces, "watching");
        if let Some(Cursor { revision, .. }) = self.mirror.cursor() {
            tracing::info!(block = name, %revision, "starting from the entries on disk, until a server answers");
        } else {
            tracing::info!(block = name, "no entries on disk: waiting for a server");
        }
        let working = async {
            self.start_process(&mut orders).await;
            let mut live = Live::default();
            let mut token_check = tokio::time::interval(TOKEN_CHECK);
            loop {
                self.catch_up(&mut orders).await;
                let due = self.pace.due(self.attempts, Instant::now(), chance());
                let ask_again = self.ailing.as_ref().map(Ailing::again_at);
                tokio::select! {
                    // In this order: nothing begins after a stop, and a flood of events holds up neither people nor changes.
                    biased;
                    () = stop.cancelled() => break,
                    Some(order) = orders.recv() => self.obey(order, &mut orders).await,
                    () = until(due) => self.attempt(&mut orders).await,
                    () = until(ask_again) => self.ask_again().await,
                    _ = token_check.tick() => live.check_token(&self.access, &name),
                    event = live.next(&self.access, &self.mirror, &mut is_introduced) => {
                        if matches!(event, Ok(Event::Lost { .. })) {
                            // Perhaps the token was the reason, and there is a new one.
                            live.check_token(&self.access, &name);
                        }
                        self.take(event);
                    }
                }
            }
            self.store.keep(&self.mirror);
            farewell.cancel();
        };
        tokio::join!(working, reporting, serving);
    }

    /// Starts a supervised process on what ran last: it shall run also while the block is held, or the newest entries are refused.
    async fn start_process(&mut self, orders: &mut Inbox) {
        if self.settings.exec.is_none() {
            return;
        }
        let Some(AppliedSet { at, set }) = newest(&self.transaction).await else { return };
        let wanted = self.attempts;
        let outcome = self.apply(at, &set, orders).await;
        let held = self.attempts.is_held();
        let parts = self.store.remembered().parts.clone();
        self.finish(at, Rendering { set, parts }, outcome);
        // What was wanted before is still to be tried.
        self.attempts = wanted;
        self.attempts.hold(held);
    }

    fn set_status(&self, change: impl FnOnce(&mut BlockStatus)) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut status);
        status.receipts_waiting = self.desk.has_waiting();
    }

    /// Newer entries, or a person's wish: waits until changes have come to rest, and by chance within the splay.
    fn want(&mut self) {
        self.attempts.want();
        self.pace.want(Instant::now(), self.last.is_none() || self.at_once, chance());
    }

    /// Plans and applies the newest entries, and reports.
    async fn attempt(&mut self, orders: &mut Inbox) {
        self.pace.begin();
        self.at_once = false;
        let Some(at) = self.mirror.cursor() else { return };
        self.store.keep(&self.mirror);
        let view = Arc::new(Effective::of(&self.settings.namespaces, &self.mirror));
        let deleted = &self.store.remembered().deleted;
        let situation = Situation { view: &view, last: self.last.as_ref(), deleted };
        match plan::plan(&self.settings, situation) {
            Err(refusal) => self.refused(at, Report { reason: refusal.to_string(), output: None }, Ended::Refused),
            Ok(rendering) => {
                *self.watched.at.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
                let outcome = self.apply(at, &rendering.set, orders).await;
                if outcome.is_applied()
                    && let Some(shown) = &mut self.shown
                {
                    shown.applied(&self.mirror, self.store.remembered());
                }
                self.finish(at, rendering, outcome);
                self.list_sets().await;
            }
        }
    }
}

async fn serve(local: Option<Local>, stop: CancellationToken) {
    if let Some(local) = local {
        local.serve(stop).await;
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

async fn newest(transaction: &Transaction) -> Option<AppliedSet> {
    // A damaged set is told when the sets are listed.
    transaction.applied_sets().await.ok()?.into_iter().find_map(Result::ok)
}

fn subscription(settings: &BlockSettings) -> Subscription {
    Subscription {
        environment: settings.environment.clone(),
        namespaces: settings.namespaces.clone(),
        instance: Some(settings.id.as_str().to_owned()),
        // What is sealed comes as far as the agent may see it, and nothing of it is written for others.
        reveal: true,
    }
}

fn body(settings: &BlockSettings, held: bool) -> InstanceBody {
    InstanceBody {
        service: settings.service.clone(),
        labels: settings.labels.clone(),
        address: settings.address.clone(),
        version: settings.version.clone(),
        agent: Some(concat!("pintle/", env!("CARGO_PKG_VERSION")).to_owned()),
        namespaces: namespaces(settings),
        held,
    }
}

fn namespaces(settings: &BlockSettings) -> Vec<String> {
    settings.namespaces.iter().map(|name| name.as_str().to_owned()).collect()
}

#[cfg(test)]
mod tests;
