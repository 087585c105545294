//! The task that appends to the chain of its node.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::domain::audit::{Chain, Event, Link, Row, Who};
use crate::service::ServiceError;
use crate::service::audit::{AuditInbox, Message};
use crate::store::{self, ChainOutcome, Store, StoreError};
use crate::view::View;

/// How often what nobody waits for is written.
const TURN: Duration = Duration::from_secs(1);
/// Longest time for a statement.
const STATEMENT: Duration = Duration::from_secs(5);
/// Most rows of a statement.
const BATCH: usize = 500;
/// Events that are kept while the database is away.
const SPOOL: usize = 10_000;

/// The durable end of the node's chain, with its name.
pub type ChainEnd = Option<(Arc<str>, Link)>;

/// Rows that were made, and may or may not have been written.
#[derive(Debug)]
struct Batch {
    after: Link,
    rows: Vec<Row>,
    messages: Vec<Message>,
}

/// The task.
#[derive(Debug)]
pub struct Auditor {
    node: Uuid,
    store: Store,
    view: Arc<View>,
    inbox: AuditInbox,
    chain: Chain,
    /// Counts the chains of this node: there is a second one only when the first was damaged.
    nth: u32,
    /// The first row of the chain, until it is durable.
    first: Option<Row>,
    /// What waits, in order.
    waiting: VecDeque<Message>,
    batch: Option<Batch>,
    end: watch::Sender<ChainEnd>,
}

impl Auditor {
    /// An auditor of a node, which is named by a fresh id each time it starts. The second value follows the durable end of its
    /// chain, and closes when the last row was written.
    #[must_use]
    pub fn new(node: Uuid, store: Store, view: Arc<View>, inbox: AuditInbox) -> (Self, watch::Receiver<ChainEnd>) {
        let (end, follows) = watch::channel(None);
        let chain = Chain::new(format!("node.{node}"));
        let (waiting, batch, first) = (VecDeque::new(), None, None);
        let mut this = Self { node, store, view, inbox, chain, nth: 1, first, waiting, batch, end };
        this.begin(
            &Event::new("node_started", format!("node:{node}")).after(json!({"release": env!("CARGO_PKG_VERSION")})),
        );
        (this, follows)
    }

    /// Writes until stopped, and then what is left.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut turns = tokio::time::interval(TURN);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut incoming = Vec::new();
        loop {
            let turn = tokio::select! {
                () = stop.cancelled() => break,
                _ = turns.tick() => true,
                _ = self.inbox.messages.recv_many(&mut incoming, BATCH) => false,
            };
            let urgent = incoming.iter().any(|message| message.reply.is_some());
            self.take_in(incoming.drain(..));
            if turn {
                self.take_denials(false);
            }
            if turn || urgent {
                self.write().await;
            }
        }
        self.inbox.messages.close();
        while self.inbox.messages.recv_many(&mut incoming, BATCH).await > 0 {
            self.take_in(incoming.drain(..));
        }
        self.take_denials(true);
        let at = self.inbox.link.ambient.now();
        let event = Event::new("node_stopped", format!("node:{}", self.node));
        self.waiting.push_back(Message { at, who: Who::system(), event, reply: None });
        self.write().await;
        let left = self.waiting.len() + self.batch.as_ref().map_or(0, |batch| batch.rows.len());
        if left > 0 {
            tracing::warn!(left, "the last events of this node could not be written to the audit");
        }
    }

    fn take_in(&mut self, messages: impl Iterator<Item = Message>) {
        let mut dropped = 0;
        for message in messages {
            if self.waiting.len() < SPOOL || message.reply.is_some() {
                self.waiting.push_back(message);
            } else {
                dropped += 1;
            }
        }
        if dropped > 0 {
            self.inbox.link.drop_events(dropped);
        }
    }

    fn take_denials(&mut self, all: bool) {
        let now = self.inbox.link.ambient.now();
        let mut denials = self.inbox.link.denials.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = if all { denials.rest(now) } else { denials.due(now) };
        drop(denials);
        self.take_in(rows.into_iter().map(|(at, who, event)| Message { at, who, event, reply: None }));
    }

    /// Begins a chain, with an event that says why.
    fn begin(&mut self, event: &Event) {
        self.first = Some(self.chain.append(self.inbox.link.ambient.now(), &Who::system(), event));
    }

    /// Writes everything that waits, unless the database is away. Nobody is kept waiting for one that is.
    async fn write(&mut self) {
        while self.first.is_some() || self.batch.is_some() || !self.waiting.is_empty() {
            if self.view.health().down_since.is_some() {
                self.disappoint("the database does not answer");
                break;
            }
            let (view, cut) = (Arc::clone(&self.view), || Err(StoreError::Cut("no answer".to_owned())));
            let done = tokio::select! {
                done = tokio::time::timeout(STATEMENT, self.send()) => done.unwrap_or_else(|_| cut()),
                () = view.until_down() => cut(),
            };
            match done {
                Ok(true) => {}
                Ok(false) => {
                    self.disappoint("the database holds another history");
                    break;
                }
                Err(StoreError::Unavailable(why) | StoreError::Cut(why)) => {
                    self.disappoint(&why);
                    break;
                }
                Err(error @ StoreError::Refused(_)) if self.batch.is_some() => self.give_up(&error),
                Err(error) => {
                    tracing::error!(%error, "the audit cannot be written");
                    self.disappoint(&error.to_string());
                    break;
                }
            }
        }
        let waiting = self.waiting.len() + self.batch.as_ref().map_or(0, |batch| batch.rows.len());
        self.inbox.link.metrics.audit_waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    /// Sends one statement. Not done when the database holds another history than its head says.
    async fn send(&mut self) -> Result<bool, StoreError> {
        let mut session = self.store.acquire().await?;
        if let Some(first) = &self.first {
            match store::begin_chain(&mut session, self.chain.name(), first).await? {
                ChainOutcome::Written => {
                    self.first = None;
                    self.tell_end();
                }
                ChainOutcome::Lost => self.begin_anew(),
                ChainOutcome::Foreign => return Ok(false),
            }
            return Ok(true);
        }
        self.make_batch();
        let Some(batch) = &self.batch else { return Ok(true) };
        match store::append_rows(&mut session, self.chain.name(), batch.after, &batch.rows).await? {
            ChainOutcome::Written => self.settle(),
            ChainOutcome::Lost | ChainOutcome::Foreign => self.begin_anew(),
        }
        Ok(true)
    }

    /// Makes rows of what waits. From now on they do not change: they may be sent several times.
    fn make_batch(&mut self) {
        if self.batch.is_some() {
            return;
        }
        let dropped = self.inbox.link.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let event = Event { count: Some(dropped), ..Event::new("dropped", "audit") };
            let at = self.inbox.link.ambient.now();
            self.waiting.push_front(Message { at, who: Who::system(), event, reply: None });
        }
        let messages: Vec<Message> = self.waiting.drain(..self.waiting.len().min(BATCH)).collect();
        let after = self.chain.end();
        let rows = messages.iter().map(|message| self.chain.append(message.at, &message.who, &message.event)).collect();
        self.batch = Some(Batch { after, rows, messages });
    }

    /// The rows of the batch are durable.
    fn settle(&mut self) {
        let Some(batch) = self.batch.take() else { return };
        self.inbox.link.metrics.audit_rows.inc_by(batch.rows.len() as u64);
        for reply in batch.messages.into_iter().filter_map(|message| message.reply) {
            // Whoever went away meanwhile has its row nevertheless.
            let _ = reply.send(Ok(()));
        }
        self.tell_end();
    }

    fn tell_end(&self) {
        self.end.send_replace(Some((self.chain.name().into(), self.chain.end())));
    }

    /// The chain is not as this node left it: a failover lost rows, or somebody wrote what is not ours. What is not durable
    /// goes to a new chain, whose first row says where the old one ended.
    fn begin_anew(&mut self) {
        let (name, end) =
            (self.chain.name().to_owned(), self.batch.as_ref().map_or(self.chain.end(), |batch| batch.after));
        tracing::warn!(
            chain = name,
            seq = end.seq,
            "the audit of this node is not as it was left: it goes on in a new chain"
        );
        if let Some(batch) = self.batch.take() {
            for message in batch.messages.into_iter().rev() {
                self.waiting.push_front(message);
            }
        }
        self.nth += 1;
        self.chain = Chain::new(format!("node.{}.{}", self.node, self.nth));
        let before = json!({"chain": name, "seq": end.seq, "hash": end.hash.to_string()});
        self.begin(&Event::new("chain_lost", format!("node:{}", self.node)).before(before));
    }

    /// Tells who waits that there will be no row soon. What was never sent is forgotten with that; what was sent may have been
    /// written, and stays until that is known.
    fn disappoint(&mut self, why: &str) {
        let error = || Err(ServiceError::Unavailable(format!("the audit cannot be written: {why}")));
        for message in self.batch.iter_mut().flat_map(|batch| &mut batch.messages) {
            if let Some(reply) = message.reply.take() {
                let _ = reply.send(error());
            }
        }
        for message in std::mem::take(&mut self.waiting) {
            match message.reply {
                Some(reply) => {
                    let _ = reply.send(error());
                }
                None => self.waiting.push_back(message),
            }
        }
    }

    /// The database refuses what was sent, and would for ever: this must not happen, and must not hold up what follows.
    fn give_up(&mut self, error: &StoreError) {
        tracing::error!(%error, "rows of the audit were refused by the database");
        let Some(batch) = self.batch.take() else { return };
        self.chain.go_back(batch.after);
        self.inbox.link.drop_events(batch.rows.len() as u64);
        for reply in batch.messages.into_iter().filter_map(|message| message.reply) {
            let _ = reply.send(Err(ServiceError::Internal(error.to_string())));
        }
    }
}
