//! The recorder: one task of a node that writes what instances say, in batches, and says that the node lives.
//!
//! A caller is answered when its batch is durable. While the database is away everything is refused but the opening of
//! streams: they are remembered, and told all at once when the database is back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::domain::access::{Access, Action, Holder, Target};
use crate::domain::instances::{Declaration, Presence, Receipt, Stage};
use crate::domain::names::{EnvironmentName, InstanceId};
use crate::domain::revisions::Revision;
use crate::service::ServiceError;
use crate::store::instances::recording::{self, InstanceKey, Known, Open, Put, Told};
use crate::store::{self, Store, StoreError};
use crate::view::View;

/// How often a node says that it lives; one that is silent for three of these is taken for dead.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Longest time for a batch.
const STATEMENT: Duration = Duration::from_secs(5);
/// Most messages of a batch.
const BATCH: usize = 500;
/// Messages that may wait.
const WAITING: usize = 4096;

/// Something that an instance says, or that happens to it.
#[derive(Debug)]
pub enum Word {
    /// Who it is.
    Put {
        /// What it says about itself.
        declared: Declaration,
        /// The head of the node when it said so.
        head: Revision,
    },
    /// A stream was opened.
    Open {
        /// Which.
        stream: Uuid,
        /// The revision it starts from.
        head: Revision,
    },
    /// How far it got.
    Receipts(Vec<Receipt>),
    /// It stops.
    Goodbye,
}

/// A word on its way to the recorder.
#[derive(Debug)]
pub struct Message {
    /// The instance.
    pub key: (EnvironmentName, InstanceId),
    /// Who says so.
    pub holder: Holder,
    /// What.
    pub word: Word,
    /// Answered when it is durable.
    pub reply: oneshot::Sender<Result<(), ServiceError>>,
}

/// The service's end of the channels to the recorder.
#[derive(Debug, Clone)]
pub struct RecorderLink {
    /// What instances say.
    pub messages: mpsc::Sender<Message>,
    /// Streams that were closed; as many as were opened, so the channel needs no bound.
    pub closes: mpsc::UnboundedSender<Uuid>,
}

/// The other end.
#[derive(Debug)]
pub struct RecorderInbox {
    messages: mpsc::Receiver<Message>,
    closes: mpsc::UnboundedReceiver<Uuid>,
}

/// The channels to a recorder.
#[must_use]
pub fn channel() -> (RecorderLink, RecorderInbox) {
    let (messages, inbox) = mpsc::channel(WAITING);
    let (closes, closed) = mpsc::unbounded_channel();
    (RecorderLink { messages, closes }, RecorderInbox { messages: inbox, closes: closed })
}

/// The task.
#[derive(Debug)]
pub struct Recorder {
    node: Uuid,
    store: Store,
    view: Arc<View>,
    inbox: RecorderInbox,
    /// What waits, in order.
    waiting: Vec<Message>,
    /// Streams whose end was not written yet.
    closed: Vec<Uuid>,
    /// Open streams of this node, each with its instance and the revision it started from.
    open: HashMap<Uuid, (InstanceKey, Revision)>,
    /// Whether the database may not know what is open.
    unknown: bool,
}

impl Recorder {
    /// A recorder of a node, which is named by a fresh id each time it starts.
    #[must_use]
    pub fn new(node: Uuid, store: Store, view: Arc<View>, inbox: RecorderInbox) -> Self {
        let (waiting, closed, open) = (Vec::new(), Vec::new(), HashMap::new());
        Self { node, store, view, inbox, waiting, closed, open, unknown: true }
    }

    /// Records until stopped, then closes every stream of this node without a goodbye.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut beats = tokio::time::interval(HEARTBEAT);
        beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let beat = tokio::select! {
                () = stop.cancelled() => break,
                _ = beats.tick() => true,
                _ = self.inbox.messages.recv_many(&mut self.waiting, WAITING) => false,
                _ = self.inbox.closes.recv_many(&mut self.closed, WAITING) => false,
            };
            self.write(beat).await;
        }
        self.inbox.messages.close();
        while self.inbox.messages.recv_many(&mut self.waiting, WAITING).await > 0 {}
        self.write(false).await;
        let left = async {
            let mut session = self.store.acquire().await?;
            recording::leave(&mut session, self.node).await
        };
        if !matches!(tokio::time::timeout(STATEMENT, left).await, Ok(Ok(()))) {
            tracing::warn!("the streams of this node could not be closed; they count as closed in 15 s");
        }
    }

    /// Writes everything that waits.
    async fn write(&mut self, mut beat: bool) {
        while beat || !self.waiting.is_empty() || !self.closed.is_empty() {
            while let Ok(stream) = self.inbox.closes.try_recv() {
                self.closed.push(stream);
            }
            for stream in &self.closed {
                self.open.remove(stream);
            }
            let batch = self.take();
            let done = if self.view.health().down_since.is_some() {
                Err(StoreError::Unavailable("the database does not answer".to_owned()))
            } else {
                tokio::select! {
                    done = tokio::time::timeout(STATEMENT, self.transact(&batch, beat)) => done.unwrap_or_else(|_| Err(cut())),
                    () = self.view.until_down() => Err(cut()),
                }
            };
            beat = false;
            // What was closed meanwhile waits in the channel; what could not be written is part of telling all anew.
            self.closed.clear();
            self.answer(batch, done);
        }
    }

    /// The next messages, at most one of each instance. Streams that nobody waits for any more are not opened.
    fn take(&mut self) -> Vec<Message> {
        let mut keys = HashSet::new();
        let (mut batch, mut rest) = (Vec::new(), Vec::new());
        for message in std::mem::take(&mut self.waiting) {
            if matches!(message.word, Word::Open { .. }) && message.reply.is_closed() {
                continue;
            }
            // Once one of an instance has to wait, all that follow of it do.
            if keys.insert(message.key.clone()) && batch.len() < BATCH {
                batch.push(message);
            } else {
                rest.push(message);
            }
        }
        self.waiting = rest;
        batch
    }

    async fn transact(&self, batch: &[Message], beat: bool) -> Result<Vec<Result<(), ServiceError>>, StoreError> {
        let mut tx = self.store.begin().await?;
        let opens = batch.iter().any(|message| matches!(message.word, Word::Open { .. }));
        let unknown = (beat || opens || self.unknown) && recording::heartbeat(&mut tx, self.node).await?;
        if unknown || self.unknown {
            self.announce(&mut tx).await?;
        }
        let mut results = Vec::new();
        if !batch.is_empty() {
            let keys: Vec<InstanceKey> = batch.iter().map(|message| message.key.clone()).collect();
            let known = recording::lock(&mut tx, &keys).await?;
            let known: HashMap<_, _> = known.into_iter().map(|known| (known.key.clone(), known)).collect();
            let state = self.view.state();
            let judge = |message| judge(&state.access, message, known.get(&message.key));
            results = batch.iter().map(judge).collect();
            let taken = self.write_batch(&mut tx, batch, &known, &results).await?;
            for (message, result) in batch.iter().zip(&mut results) {
                if taken.contains(&message.key) {
                    *result = Err(ServiceError::InstanceTaken(format!("{}/{}", message.key.0, message.key.1)));
                }
            }
        }
        if !self.closed.is_empty() {
            recording::close(&mut tx, &self.closed).await?;
        }
        store::finish(tx).await?;
        Ok(results)
    }

    /// Makes the database's list of this node's streams equal to what is open.
    async fn announce(&self, tx: &mut store::Tx) -> Result<(), StoreError> {
        let streams: Vec<Uuid> = self.open.keys().copied().collect();
        recording::close_others(tx, self.node, &streams).await?;
        if streams.is_empty() {
            return Ok(());
        }
        let keys: HashSet<InstanceKey> = self.open.values().map(|(key, _)| key.clone()).collect();
        let known = recording::lock(tx, &keys.into_iter().collect::<Vec<_>>()).await?;
        let known: HashMap<_, _> = known.iter().map(|known| (&known.key, known)).collect();
        let opens = self.open.iter().map(|(stream, (key, head))| Open {
            stream: *stream,
            key,
            present_from: known.get(key).map_or(*head, |known| present_from(Some(known), *head)),
        });
        recording::open(tx, self.node, &opens.collect::<Vec<_>>()).await
    }

    /// Writes what was accepted. Answers instances that somebody else took at the same time.
    async fn write_batch(
        &self,
        tx: &mut store::Tx,
        batch: &[Message],
        known: &HashMap<InstanceKey, Known>,
        results: &[Result<(), ServiceError>],
    ) -> Result<HashSet<InstanceKey>, StoreError> {
        let (mut puts, mut opens, mut told, mut goodbyes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (message, _) in batch.iter().zip(results).filter(|(_, result)| result.is_ok()) {
            let (key, owner, known) = (&message.key, message.holder.user, known.get(&message.key));
            match &message.word {
                Word::Put { declared, head } => {
                    puts.push(Put { key, owner, declared, present_from: present_from(known, *head) });
                }
                Word::Open { stream, head } => {
                    opens.push(Open { stream: *stream, key, present_from: present_from(known, *head) });
                }
                Word::Receipts(receipts) => told.extend(known.map(|known| told_of(known, owner, receipts))),
                Word::Goodbye => goodbyes.push(key),
            }
        }
        let is_taken_over = |put: &&Put<'_>| known.get(put.key).is_some_and(|known| known.owner != put.owner);
        let taken_over: Vec<&Put<'_>> = puts.iter().filter(is_taken_over).collect();
        if !taken_over.is_empty() {
            recording::hand_over(tx, &taken_over).await?;
        }
        let mut taken: HashSet<InstanceKey> = puts.iter().map(|put| put.key.clone()).collect();
        if !puts.is_empty() {
            for key in recording::put(tx, &puts).await? {
                taken.remove(&key);
            }
        }
        if !opens.is_empty() {
            recording::open(tx, self.node, &opens).await?;
        }
        if !told.is_empty() {
            recording::tell(tx, &told).await?;
        }
        if !goodbyes.is_empty() {
            recording::stop(tx, &goodbyes).await?;
        }
        Ok(taken)
    }

    fn answer(&mut self, batch: Vec<Message>, done: Result<Vec<Result<(), ServiceError>>, StoreError>) {
        match done {
            Ok(results) => {
                self.unknown = false;
                for (message, result) in batch.into_iter().zip(results) {
                    if let (Word::Open { stream, head }, Ok(())) = (&message.word, &result) {
                        self.open.insert(*stream, (message.key, *head));
                    }
                    let _ = message.reply.send(result);
                }
            }
            Err(error) => {
                if !self.unknown && !matches!(error, StoreError::Unavailable(_) | StoreError::Cut(_)) {
                    tracing::error!(%error, "a batch of instances was refused by the database");
                }
                self.unknown = true;
                let error = ServiceError::of_write(error);
                for message in batch {
                    if let Word::Open { stream, head } = &message.word {
                        self.open.insert(*stream, (message.key, *head));
                        let _ = message.reply.send(Ok(()));
                    } else {
                        let _ = message.reply.send(Err(error.clone()));
                    }
                }
            }
        }
    }
}

fn cut() -> StoreError {
    StoreError::Cut("no answer".to_owned())
}

/// The head when the present time of being there began: now, for one that was not there.
fn present_from(known: Option<&Known>, head: Revision) -> Revision {
    known.filter(|known| known.presence != Presence::Gone).map_or(head, |known| known.present_from)
}

/// Whether a message may be written: the id is the caller's, and so are rights on every namespace it runs on. The rights of
/// one that says who it is were judged before, by what it says now.
fn judge(access: &Access, message: &Message, known: Option<&Known>) -> Result<(), ServiceError> {
    let (environment, id) = &message.key;
    let is_put = matches!(message.word, Word::Put { .. });
    let Some(known) = known else {
        return if is_put { Ok(()) } else { Err(ServiceError::NotFound(format!("instance {environment}/{id}"))) };
    };
    let reads = |name: &_| access.allows(message.holder, Action::Report, Target::AnyIn(environment, name));
    if let Some(name) = known.namespaces.iter().find(|name| !is_put && !reads(name)) {
        return Err(ServiceError::Hidden { action: Action::Report, target: format!("{environment}/{name}") });
    }
    if known.owner != message.holder.user && !(is_put && known.presence == Presence::Gone) {
        return Err(ServiceError::InstanceTaken(format!("{environment}/{id}")));
    }
    Ok(())
}

/// What receipts add up to.
fn told_of<'a>(known: &'a Known, owner: Uuid, receipts: &'a [Receipt]) -> Told<'a> {
    let mut progress = known.progress.clone();
    let kept: Vec<&Receipt> = receipts.iter().filter(|receipt| progress.take(receipt)).collect();
    let has = |stage| kept.iter().any(|receipt| receipt.stage == stage);
    Told {
        key: &known.key,
        owner,
        applied: has(Stage::Applied),
        rejected: has(Stage::Rejected),
        receipts: kept,
        progress,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::{Grant, Parts, Place, Role, User};
    use crate::domain::instances::Progress;
    use crate::domain::names::NamespaceName;
    use crate::domain::names::UserName;

    const OWNER: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn key() -> InstanceKey {
        (EnvironmentName::parse("dev").unwrap(), InstanceId::parse("web-1").unwrap())
    }

    fn access() -> Access {
        let place = || Place::parse("*", "orders", "").unwrap();
        let grant = |user| Grant::of_user(user, user, Role::Agent, place());
        let users = [(OWNER, "owner"), (OTHER, "other")];
        let users = users.map(|(id, name)| User::person(id, UserName::parse(name).unwrap())).to_vec();
        Access::new(Parts { users, grants: vec![grant(OWNER), grant(OTHER)], ..Parts::default() })
    }

    fn known(presence: Presence, namespace: &str) -> Known {
        Known {
            key: key(),
            owner: OWNER,
            namespaces: vec![NamespaceName::parse(namespace).unwrap()],
            presence,
            present_from: Revision(7),
            progress: Progress::default(),
        }
    }

    fn put() -> Word {
        let namespaces = vec![NamespaceName::parse("orders").unwrap()];
        let (service, labels) = ("orders".to_owned(), std::collections::BTreeMap::new());
        let declared =
            Declaration { service, labels, address: None, version: None, agent: None, namespaces, held: false };
        Word::Put { declared, head: Revision(9) }
    }

    fn judged(user: Uuid, word: Word, known: Option<&Known>) -> String {
        let message = Message { key: key(), holder: Holder::user(user), word, reply: oneshot::channel().0 };
        judge(&access(), &message, known).err().map_or_else(|| "fine".to_owned(), |error| error.to_string())
    }

    #[test]
    fn an_id_is_free_when_it_is_new_ones_own_or_gone() {
        let taken = "dev/web-1 belongs to another user";
        assert_eq!(judged(OTHER, put(), None), "fine");
        assert_eq!(judged(OWNER, put(), Some(&known(Presence::Live, "orders"))), "fine");
        assert_eq!(judged(OTHER, put(), Some(&known(Presence::Late, "orders"))), taken);
        assert_eq!(judged(OTHER, put(), Some(&known(Presence::Gone, "orders"))), "fine");
        assert_eq!(judged(OTHER, Word::Goodbye, Some(&known(Presence::Gone, "orders"))), taken);
    }

    #[test]
    fn one_that_did_not_say_who_it_is_or_may_not_read_is_not_there() {
        let receipts = || Word::Receipts(Vec::new());
        assert_eq!(judged(OWNER, receipts(), None), "instance dev/web-1 not found");
        assert_eq!(judged(OWNER, receipts(), Some(&known(Presence::Live, "web"))), "dev/web not found");
        assert_eq!(judged(OTHER, Word::Goodbye, Some(&known(Presence::Live, "web"))), "dev/web not found");
        assert_eq!(judged(OWNER, receipts(), Some(&known(Presence::Gone, "orders"))), "fine");
    }

    #[test]
    fn one_that_was_only_late_is_no_newcomer() {
        assert_eq!(present_from(None, Revision(9)), Revision(9));
        assert_eq!(present_from(Some(&known(Presence::Late, "orders")), Revision(9)), Revision(7));
        assert_eq!(present_from(Some(&known(Presence::Gone, "orders")), Revision(9)), Revision(9));
    }
}
