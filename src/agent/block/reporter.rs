//! Tells the server who the instance is and what became of revisions, beside the loop of the block, which never waits for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::agent::block::SharedStatus;
use crate::agent::block::connection::{Access, chance};
use crate::agent::block::outbox::Outbox;
use crate::api::instances::{InstanceBody, ReceiptBody, ReceiptsBody, Stage};
use crate::client::{Client, ClientError};
use crate::domain::names::{EnvironmentName, InstanceId};
use crate::domain::revisions::Cursor;

/// The pause after the first failure.
const FIRST: Duration = Duration::from_millis(500);
/// The longest pause.
const LONGEST: Duration = Duration::from_mins(1);
/// How long the goodbye of a clean stop may take, with the last receipts.
const GOODBYE: Duration = Duration::from_secs(3);

/// Where a block leaves its receipts.
#[derive(Debug, Clone, Default)]
pub(super) struct Desk {
    outbox: Arc<Mutex<Outbox>>,
    news: Arc<Notify>,
    /// The server is to be told anew who the instance is and what it runs.
    anew: Arc<AtomicBool>,
}

impl Desk {
    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        // What a panicking writer left is still a list of receipts.
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a receipt. It is sent soon, or when a server is back.
    pub(super) fn leave(&self, receipt: ReceiptBody) {
        self.outbox().push(receipt);
        self.news.notify_one();
    }

    /// Notes what runs since the last run of the agent.
    pub(super) fn know(&self, receipt: &ReceiptBody) {
        self.outbox().know(receipt);
    }

    /// Says anew who the instance is and what it runs: another store may answer now, or one that forgot.
    pub(super) fn introduce_again(&self) {
        self.anew.store(true, Ordering::Release);
        self.news.notify_one();
    }

    /// Whether receipts wait.
    pub(super) fn has_waiting(&self) -> bool {
        !self.outbox().is_empty()
    }
}

/// A receipt that says no more than its stage.
pub(super) fn receipt(at: Cursor, stage: Stage) -> ReceiptBody {
    ReceiptBody {
        epoch: at.epoch.0,
        revision: at.revision.0,
        stage,
        reason: None,
        output: None,
        missing: Vec::new(),
        unhealthy: false,
        broken: false,
    }
}

/// Speaks for one instance.
#[derive(Debug)]
pub(super) struct Reporter {
    pub(super) environment: EnvironmentName,
    pub(super) id: InstanceId,
    pub(super) access: Access,
    pub(super) desk: Desk,
    /// What the instance says about itself.
    pub(super) body: watch::Receiver<InstanceBody>,
    /// How the block stands, for local commands.
    pub(super) status: SharedStatus,
    /// Set once the first try to say so has ended.
    pub(super) introduced: watch::Sender<bool>,
}

impl Reporter {
    /// Reports until stopped, then says goodbye.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        let mut said: Option<InstanceBody> = None;
        let (mut failures, mut server) = (0_u32, 0_usize);
        while !stop.is_cancelled() {
            let told = tokio::select! {
                told = self.tell(&mut said, server) => told,
                () = stop.cancelled() => break,
            };
            self.introduced.send_replace(true);
            self.status.lock().unwrap_or_else(PoisonError::into_inner).receipts_waiting = self.desk.has_waiting();
            let pause = match told {
                Ok(()) => {
                    failures = 0;
                    None
                }
                Err(problem) => {
                    let level_first = failures == 0;
                    failures = failures.saturating_add(1);
                    server = server.wrapping_add(1);
                    if level_first {
                        tracing::warn!(instance = %self.id, problem, "the server cannot be told; receipts wait");
                    } else {
                        tracing::debug!(instance = %self.id, problem, "the server cannot be told; receipts wait");
                    }
                    Some(pause(failures, chance()))
                }
            };
            self.wait(pause, &stop).await;
        }
        if tokio::time::timeout(GOODBYE, self.say_goodbye(&mut said, server)).await.is_err() {
            tracing::debug!(instance = %self.id, "no server took the goodbye in time");
        }
    }

    /// Waits for news, or after a failure for the end of the pause.
    async fn wait(&mut self, pause: Option<Duration>, stop: &CancellationToken) {
        let desk = self.desk.clone();
        let body = &mut self.body;
        let news = async {
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
                return;
            }
            tokio::select! {
                () = desk.news.notified() => (),
                changed = body.changed() => if changed.is_err() {
                    // The block is gone: only the stop is left to wait for.
                    std::future::pending::<()>().await;
                },
            }
        };
        tokio::select! {
            () = news => (),
            () = stop.cancelled() => (),
        }
    }

    fn client(&self, server: usize) -> Result<Client, String> {
        let clients = self.access.clients().map_err(|error| error.to_string())?;
        let count = clients.len().max(1);
        clients.into_iter().nth(server % count).ok_or_else(|| "there is no server".to_owned())
    }

    /// Says what has not been said, and sends what waits.
    async fn tell(&self, said: &mut Option<InstanceBody>, server: usize) -> Result<(), String> {
        let body = self.body.borrow().clone();
        if self.desk.anew.swap(false, Ordering::AcqRel) {
            *said = None;
        }
        let mut batch = self.desk.outbox().batch();
        if said.as_ref() == Some(&body) && batch.is_empty() {
            return Ok(());
        }
        let client = self.client(server)?;
        if said.as_ref() != Some(&body) {
            *said = None;
            client.put_instance(&self.environment, &self.id, &body).await.map_err(|error| error.to_string())?;
            *said = Some(body);
            self.desk.outbox().repeat();
            batch = self.desk.outbox().batch();
        }
        self.send(&client, said, batch).await
    }

    async fn send(
        &self,
        client: &Client,
        said: &mut Option<InstanceBody>,
        mut batch: Vec<ReceiptBody>,
    ) -> Result<(), String> {
        while !batch.is_empty() {
            let body = ReceiptsBody { receipts: batch.clone() };
            match client.send_receipts(&self.environment, &self.id, &body).await {
                Ok(()) => self.desk.outbox().forget(&batch),
                Err(error) if is_invalid(&error) => {
                    tracing::warn!(instance = %self.id, %error, "the server will never take these receipts: dropped");
                    self.desk.outbox().forget(&batch);
                }
                Err(error) => {
                    // The server may have forgotten the instance: it is told anew who it is.
                    *said = None;
                    return Err(error.to_string());
                }
            }
            batch = self.desk.outbox().batch();
        }
        Ok(())
    }

    async fn say_goodbye(&self, said: &mut Option<InstanceBody>, server: usize) {
        if let Err(problem) = self.tell(said, server).await {
            tracing::debug!(instance = %self.id, problem, "the last receipts could not be sent");
        }
        let gone = match self.client(server) {
            Ok(client) => client.delete_instance(&self.environment, &self.id).await.map_err(|error| error.to_string()),
            Err(problem) => Err(problem),
        };
        if let Err(problem) = gone {
            tracing::debug!(instance = %self.id, problem, "the goodbye could not be said");
        }
    }
}

/// Whether the same body will be refused again. A missing right or an unknown instance is an outage instead.
fn is_invalid(error: &ClientError) -> bool {
    error.problem().is_some_and(|problem| matches!(problem.status, 400 | 413 | 422))
}

fn pause(failures: u32, chance: u8) -> Duration {
    let pause = FIRST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST);
    pause / 2 + pause / 2 * u32::from(chance) / u32::from(u8::MAX)
}
