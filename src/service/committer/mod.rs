//! The one writer of a node: batches what waits, judges it at the head, and appends it as one statement.

mod batches;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::domain::changes::{ChangeSet, Item};
use crate::domain::contents::ContentHash;
use crate::domain::limits::Limits;
use crate::domain::names::Address;
use crate::domain::revisions::{Cursor, Revision};
use crate::domain::state::State;
use crate::metrics::{Metrics, Outcome};
use crate::service::ServiceError;
use crate::service::committer::batches::{Verdicts, batch, judge, records};
use crate::service::trims::TrimStep;
use crate::service::wakeups::PumpLink;
use crate::store::{self, CommitOutcome, Duplicate, Session, Store, StoreError};
use crate::view::View;

/// Most change sets in one statement.
const BATCH_SETS: usize = 64;
/// Misses after which the judgement happens under the lock.
const MISSES: u32 = 3;
/// How long a cut commit is looked up.
const LOOK_UP: Duration = Duration::from_secs(5);
/// The pace of looking it up.
const LOOK_UP_AGAIN: Duration = Duration::from_millis(100);
/// How long one statement may take before its connection counts as cut.
const STATEMENT: Duration = Duration::from_secs(15);

/// Makes a call happen once.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// Chosen by the client.
    pub key: String,
    /// Of the body, to tell a repeated call from another one.
    pub body: ContentHash,
}

/// A draft as it was reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reviewed {
    /// The draft.
    pub id: Uuid,
    /// Over what publishing it was to do.
    pub hash: ContentHash,
}

/// A change set that waits, and where its result goes.
#[derive(Debug)]
pub struct Submission {
    /// What to do.
    pub change_set: Arc<ChangeSet>,
    /// When it shall happen once.
    pub idempotency: Option<Idempotency>,
    /// The draft that it publishes: only as it was reviewed, and gone then.
    pub draft: Option<Reviewed>,
    /// Gets the result, after this node's view shows it.
    pub reply: oneshot::Sender<Result<Committed, ServiceError>>,
}

/// A change set that is durable, or that changed nothing.
#[derive(Debug, Clone)]
pub struct Committed {
    /// Its revision, or the head when nothing was appended.
    pub cursor: Cursor,
    /// How many items changed.
    pub changed: u64,
    /// The changes; empty on a replay.
    pub items: Vec<Item>,
    /// Whether an earlier call with the same key did it.
    pub replayed: bool,
}

/// The committer's task.
#[derive(Debug)]
pub struct Committer {
    /// The database.
    pub store: Store,
    /// Judged at, and waited for.
    pub view: Arc<View>,
    /// Gets what was committed.
    pub pump: PumpLink,
    /// Quotas.
    pub limits: Arc<Limits>,
    /// Instruments.
    pub metrics: Arc<Metrics>,
    /// What waits.
    pub inbox: mpsc::Receiver<Submission>,
    /// Steps of a trim, one between two batches.
    pub steps: mpsc::Receiver<TrimStep>,
}

impl Committer {
    /// Works until `stop`, then settles what still waits.
    pub async fn run(mut self, stop: CancellationToken) {
        let (mut session, mut located) = (None, self.store.located());
        loop {
            let first = tokio::select! {
                biased;
                first = self.inbox.recv() => first,
                Some(step) = self.steps.recv() => {
                    self.trim(step).await;
                    continue;
                }
                () = stop.cancelled(), if !self.inbox.is_closed() => {
                    self.inbox.close();
                    continue;
                }
            };
            let Some(first) = first else { return };
            let mut waiting = vec![first];
            while waiting.len() < BATCH_SETS
                && let Ok(next) = self.inbox.try_recv()
            {
                waiting.push(next);
            }
            let mut round = Round {
                desk: &self,
                session: &mut session,
                located: &mut located,
                waiting,
                alone: Vec::new(),
                misses: 0,
                doubt: None,
            };
            round.settle().await;
            while let Some(one) = round.alone.pop() {
                round.waiting.push(one);
                round.misses = 0;
                round.settle().await;
            }
            // However much waits, trimming goes on as well.
            if let Ok(step) = self.steps.try_recv() {
                self.trim(step).await;
            }
        }
    }

    async fn trim(&self, step: TrimStep) {
        let done = match self.store.acquire().await {
            Ok(mut session) => {
                let done = tokio::select! {
                    done = timeout(STATEMENT, step.run(&mut session)) => done.unwrap_or_else(|_| Err(cut())),
                    () = self.view.until_down() => Err(cut()),
                };
                if done.is_err() {
                    session.close_on_drop();
                }
                done
            }
            Err(error) => Err(error),
        };
        let _ = step.reply.send(done.map_err(ServiceError::of_write));
    }
}

/// One batch from judgement to answers.
struct Round<'a> {
    desk: &'a Committer,
    session: &'a mut Option<Session>,
    /// Changes after each outage.
    located: &'a mut watch::Receiver<()>,
    waiting: Vec<Submission>,
    /// Taken out of a batch that the database refused, to go one by one.
    alone: Vec<Submission>,
    misses: u32,
    /// Set once a statement was cut: where the head was, and until when to look it up. It stays for those that then go
    /// one by one, as they were in that statement, too.
    doubt: Option<(Revision, Instant)>,
}

impl Round<'_> {
    async fn settle(&mut self) {
        while !self.waiting.is_empty() {
            if let Some((base, until)) = self.doubt {
                let known = timeout(LOOK_UP, self.look_up(base)).await.unwrap_or(false);
                if self.waiting.is_empty() {
                    return;
                }
                if !known {
                    if Instant::now() >= until {
                        return self.fail(&ServiceError::OutcomeUnknown);
                    }
                    tokio::time::sleep(LOOK_UP_AGAIN).await;
                    continue;
                }
            }
            if let Some(since) = self.desk.view.health().down_since
                && self.doubt.is_none()
            {
                return self.fail(&ServiceError::Unavailable(format!("the database does not answer since {since}")));
            }
            let state = self.desk.view.state();
            let verdicts = judge(&state, &self.waiting, &self.desk.limits);
            let step = if !self.writes(&verdicts) {
                self.confirm().await
            } else if self.misses < MISSES {
                self.append(&state, verdicts).await
            } else {
                self.append_locked(&state).await
            };
            if let Err(error) = step {
                self.take_error(error, state.head);
            }
        }
    }

    /// Whether there is anything to send: changes, an idempotency key to remember, or a draft to let go.
    fn writes(&self, verdicts: &Verdicts) -> bool {
        let mut all = verdicts.iter().zip(&self.waiting);
        all.any(|(verdict, waiting)| {
            let beside = waiting.idempotency.is_some() || waiting.draft.is_some();
            verdict.as_ref().is_ok_and(|items| !items.is_empty() || beside)
        })
    }

    /// Nothing to write: the answers hold at a view that is not older than the calls, so that one look is enough.
    async fn confirm(&mut self) -> Result<(), StoreError> {
        self.desk.pump.refresh().await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let state = self.desk.view.state();
        let verdicts = judge(&state, &self.waiting, &self.desk.limits);
        if !self.writes(&verdicts) {
            self.answer(state.cursor(), verdicts);
        }
        Ok(())
    }

    async fn append(&mut self, state: &State, verdicts: Verdicts) -> Result<(), StoreError> {
        if self.located.has_changed().unwrap_or(false) {
            // It may lead to a host that fell silent.
            self.located.mark_unchanged();
            self.close_session();
        }
        if self.session.is_none() {
            *self.session = Some(self.desk.store.acquire().await?);
        }
        #[cfg(feature = "broken-acks-early")]
        self.answer_early(state, &verdicts);
        let Some(session) = self.session.as_mut() else { return Ok(()) };
        let batch = batch(state, &self.waiting, &verdicts);
        self.desk.metrics.batch_size.observe(f64::from(u32::try_from(batch.sets.len()).unwrap_or(u32::MAX)));
        let started = Instant::now();
        let _committing = self.desk.pump.committing();
        let outcome = tokio::select! {
            outcome = timeout(STATEMENT, store::commit(session, &batch)) => outcome.unwrap_or_else(|_| Err(cut())),
            () = self.desk.view.until_down() => Err(cut()),
        };
        self.desk.metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
        drop(batch);
        if outcome.is_err() {
            self.close_session();
        }
        self.take_outcome(outcome?, state, verdicts).await;
        Ok(())
    }

    /// The last resort under contention: judges and appends while holding the lock.
    async fn append_locked(&mut self, state: &State) -> Result<(), StoreError> {
        let bounded = tokio::select! {
            outcome = timeout(STATEMENT, self.append_under_lock(state)) => outcome.unwrap_or_else(|_| Err(cut())),
            () = self.desk.view.until_down() => Err(cut()),
        };
        match bounded? {
            Some((outcome, state, verdicts)) => self.take_outcome(outcome, &state, verdicts).await,
            // Another history, or other rights: the pump shows them.
            None => drop(self.desk.pump.refresh().await),
        }
        Ok(())
    }

    async fn append_under_lock(&self, state: &State) -> Result<Option<(CommitOutcome, State, Verdicts)>, StoreError> {
        let mut tx = self.desk.store.locked().await?;
        let head = store::poll(&mut tx, state.head).await?;
        let mut state = state.clone();
        if head.foreign().is_some() || head.epoch != state.epoch || head.access != state.access.number {
            return Ok(None);
        }
        let tail = match store::tail(&mut tx, state.head, i64::MAX).await {
            // This node is so far behind that the pump has to load anew.
            Err(StoreError::Trimmed(_)) => return Ok(None),
            tail => tail?,
        };
        for record in tail {
            state.apply(&record);
        }
        let verdicts = judge(&state, &self.waiting, &self.desk.limits);
        let outcome = store::commit(&mut tx, &batch(&state, &self.waiting, &verdicts)).await?;
        store::finish(tx).await?;
        Ok(Some((outcome, state, verdicts)))
    }

    async fn take_outcome(&mut self, outcome: CommitOutcome, state: &State, verdicts: Verdicts) {
        let at = state.cursor();
        match outcome {
            CommitOutcome::Committed(time) => {
                let records = records(at, time, &self.waiting, &verdicts);
                if let Some(last) = records.last() {
                    let (epoch, revision) = (last.head.epoch, last.head.revision);
                    self.desk.pump.committed(records).await;
                    self.desk.view.wait_for(Some(epoch), revision, LOOK_UP).await;
                }
                self.answer(at, verdicts);
            }
            CommitOutcome::Moved | CommitOutcome::Foreign => {
                self.misses += 1;
                match self.desk.pump.refresh().await {
                    Err(error) if self.doubt.is_none() => self.fail(&error),
                    Err(_) => {}
                    Ok(()) => {
                        let now = self.desk.view.state();
                        if (now.cursor(), now.access.number) == (at, state.access.number) {
                            // The view is at the head: then this session leads to another database, such as a primary
                            // that was replaced and not stopped.
                            self.close_session();
                        }
                    }
                }
            }
            CommitOutcome::Duplicates(found) => self.answer_duplicates(&found),
            CommitOutcome::Unsealed(addresses) => self.answer_unsealed(&addresses, &verdicts),
            CommitOutcome::DraftsMoved(ids) => self.answer_moved(&ids),
        }
    }

    /// Answers everything: accepted change sets with their revisions, in order, the others with their refusal.
    fn answer(&mut self, at: Cursor, verdicts: Verdicts) {
        let mut cursor = at;
        for (waiting, verdict) in std::mem::take(&mut self.waiting).into_iter().zip(verdicts) {
            let (outcome, result) = match verdict {
                Ok(items) => {
                    let appended = !items.is_empty();
                    if appended {
                        cursor.revision = cursor.revision.next();
                    }
                    let outcome = if appended { Outcome::committed } else { Outcome::unchanged };
                    (outcome, Ok(Committed { cursor, changed: items.len() as u64, items, replayed: false }))
                }
                Err(refused) => (Outcome::refused, Err(refused.into())),
            };
            self.desk.metrics.count_publish(outcome);
            let _ = waiting.reply.send(result);
        }
    }

    /// Broken on purpose, for the drill to catch: says that publishes are durable before they are.
    #[cfg(feature = "broken-acks-early")]
    fn answer_early(&mut self, state: &State, verdicts: &Verdicts) {
        let mut cursor = state.cursor();
        for (waiting, verdict) in self.waiting.iter_mut().zip(verdicts) {
            let Some(items) = verdict.as_ref().ok().filter(|items| !items.is_empty()) else { continue };
            cursor.revision = cursor.revision.next();
            if waiting.idempotency.is_some() {
                let reply = std::mem::replace(&mut waiting.reply, oneshot::channel().0);
                let changed = items.len() as u64;
                let _ = reply.send(Ok(Committed { cursor, changed, items: items.clone(), replayed: false }));
            }
        }
    }

    fn close_session(&mut self) {
        if let Some(mut session) = self.session.take() {
            session.close_on_drop();
        }
    }

    /// Answers the calls that happened before; the others go again.
    fn answer_duplicates(&mut self, found: &[Duplicate]) {
        for duplicate in found {
            let Some(at) = self.waiting.iter().position(|waiting| waiting.change_set.id == duplicate.id) else {
                continue;
            };
            let _ = self.waiting.remove(at).reply.send(replay(duplicate));
        }
    }

    /// Answers those whose drafts are not what was reviewed; the others go again.
    fn answer_moved(&mut self, ids: &[Uuid]) {
        for waiting in self.waiting.extract_if(.., |waiting| ids.contains(&waiting.change_set.id)) {
            self.desk.metrics.count_publish(Outcome::refused);
            let _ = waiting.reply.send(Err(ServiceError::DraftMoved));
        }
    }

    /// Answers those that begin to seal these entries; the others go again.
    fn answer_unsealed(&mut self, addresses: &[Address], verdicts: &Verdicts) {
        let seals = |item: &Item| match item {
            Item::Entry { address, version: Some(version), .. } => version.is_sealed() && addresses.contains(address),
            Item::Entry { version: None, .. } | Item::Namespace { .. } | Item::Environment { .. } => false,
        };
        for (waiting, verdict) in std::mem::take(&mut self.waiting).into_iter().zip(verdicts) {
            if verdict.as_ref().is_ok_and(|items| items.iter().any(seals)) {
                let _ = waiting.reply.send(Err(ServiceError::Unsealed));
            } else {
                self.waiting.push(waiting);
            }
        }
    }

    /// Asks the history which of the change sets a cut statement appended. Says whether the answer is certain.
    async fn look_up(&mut self, base: Revision) -> bool {
        if self.desk.pump.refresh().await.is_err() {
            return false;
        }
        let ids: Vec<Uuid> = self.waiting.iter().map(|waiting| waiting.change_set.id).collect();
        let Ok(mut session) = self.desk.store.acquire().await else { return false };
        let Ok(found) = store::find_committed(&mut session, &ids, base).await else { return false };
        let Some(newest) = found.iter().map(|(_, revision)| *revision).max() else { return true };
        if !self.desk.view.wait_for(None, newest, Duration::from_secs(1)).await {
            return false;
        }
        for (id, revision) in found {
            let Ok(Some(record)) = store::find_record(&mut session, revision).await else { return false };
            let Some(at) = self.waiting.iter().position(|waiting| waiting.change_set.id == id) else { continue };
            let cursor = Cursor { epoch: record.head.epoch, revision };
            let changed = record.items.len() as u64;
            self.desk.metrics.count_publish(Outcome::committed);
            let committed = Committed { cursor, changed, items: record.items, replayed: false };
            let _ = self.waiting.remove(at).reply.send(Ok(committed));
        }
        true
    }

    fn take_error(&mut self, error: StoreError, base: Revision) {
        let too_late = self.doubt.is_some_and(|(_, until)| Instant::now() >= until);
        match error {
            StoreError::Cut(_) | StoreError::Unavailable(_) if too_late => self.fail(&ServiceError::OutcomeUnknown),
            StoreError::Cut(cause) => {
                tracing::warn!(%cause, "a commit was cut; looking it up");
                self.doubt.get_or_insert((base, Instant::now() + LOOK_UP));
            }
            StoreError::Unavailable(_) if self.doubt.is_some() => {}
            StoreError::Unavailable(cause) => self.fail(&ServiceError::Unavailable(cause)),
            error @ (StoreError::Refused(_)
            | StoreError::Corrupt { .. }
            | StoreError::Trimmed(_)
            | StoreError::NameTaken
            | StoreError::Unfit(_)) => {
                if self.waiting.len() > 1 {
                    // One of them is the cause: each goes alone, so that it fails alone.
                    tracing::warn!(%error, "a batch was refused; sending its change sets one by one");
                    self.alone = self.waiting.split_off(1);
                    self.alone.reverse();
                    return;
                }
                tracing::error!(%error, "a change set was refused by the database");
                let doubtful = self.doubt.is_some();
                self.fail(&if doubtful {
                    ServiceError::OutcomeUnknown
                } else {
                    ServiceError::Internal(error.to_string())
                });
            }
        }
    }

    fn fail(&mut self, error: &ServiceError) {
        let unknown = matches!(error, ServiceError::OutcomeUnknown);
        let outcome = if unknown { Outcome::unknown } else { Outcome::unavailable };
        for waiting in self.waiting.drain(..) {
            self.desk.metrics.count_publish(outcome);
            let _ = waiting.reply.send(Err(error.clone()));
        }
    }
}

fn cut() -> StoreError {
    StoreError::Cut("no answer".to_owned())
}

/// The first result of a call, for its repetition.
pub(super) fn replay(duplicate: &Duplicate) -> Result<Committed, ServiceError> {
    if !duplicate.same_body {
        return Err(ServiceError::IdempotencyKeyReused);
    }
    let cursor = Cursor { epoch: duplicate.epoch, revision: duplicate.revision };
    Ok(Committed { cursor, changed: duplicate.changed, items: Vec::new(), replayed: true })
}
