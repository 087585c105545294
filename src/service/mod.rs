//! Use cases. Each takes a [`permit::Permit`], the proof of a passed access check.

mod access;
pub mod accounts;
pub mod ambient;
pub mod apply;
pub mod attempts;
pub mod audit;
pub mod committer;
pub mod diffs;
pub mod drafts;
pub mod entries;
pub mod environments;
mod error;
pub mod exchange;
pub mod explain;
pub mod grants;
pub mod groups;
pub mod holds;
pub mod housekeeping;
pub mod instances;
pub mod issuer_keys;
pub mod issuers;
pub mod jwt;
pub mod keyring;
mod login_codes;
pub mod logins;
pub mod namespaces;
pub mod nodes;
pub mod oidc;
mod outward;
pub mod passwords;
pub mod permit;
pub mod pins;
pub mod publish;
pub mod revisions;
pub mod rollback;
pub mod search;
pub mod secrets;
pub mod sessions;
pub mod signing;
pub mod tokens;
pub mod trims;
mod turns;
pub mod users;
pub mod wakeups;
pub mod watch;

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::domain::access::Caller;
use crate::domain::changes::{ChangeSet, Intent};
use crate::domain::contents::ContentHash;
use crate::domain::limits::Limits;
use crate::domain::names::Address;
use crate::domain::revisions::Revision;
use crate::domain::secrets::Marks;
use crate::domain::state::State;
use crate::metrics::{Metrics, Outcome};
use crate::service::ambient::Ambient;
use crate::service::audit::AuditLink;
use crate::service::committer::{Committed, Idempotency, Reviewed, Submission};
use crate::service::instances::recorder::RecorderLink;
use crate::service::issuer_keys::IssuerKeyCache;
use crate::service::keyring::Keyring;
use crate::service::oidc::Providers;
use crate::service::passwords::Passwords;
use crate::service::search::Searches;
use crate::service::sessions::Sessions;
use crate::service::trims::TrimLink;
use crate::service::wakeups::PumpLink;
use crate::store::{self, Part, Session, Store, StoreError};
use crate::view::View;

pub use error::{Field, ServiceError};

/// How long a read waits for `min_revision`.
const MIN_REVISION_WAIT: Duration = Duration::from_secs(5);

/// Everything a use case needs.
#[derive(Debug)]
pub struct Service {
    /// The database, for history and accounts.
    pub store: Store,
    /// The node's memory.
    pub view: Arc<View>,
    /// To the committer.
    pub submissions: mpsc::Sender<Submission>,
    /// To the committer, too, for what it does between commits.
    pub trims: TrimLink,
    /// To the pump.
    pub pump: PumpLink,
    /// To the recorder of instances.
    pub recorder: RecorderLink,
    /// To the audit of this node.
    pub audit: AuditLink,
    /// Limits and quotas.
    pub limits: Arc<Limits>,
    /// Instruments.
    pub metrics: Arc<Metrics>,
    /// Time and chance.
    pub ambient: Arc<dyn Ambient>,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Bounds searches.
    pub searches: Searches,
    /// Sessions and logins, as this node remembers them.
    pub sessions: Sessions,
    /// What providers of logins say of themselves.
    pub providers: Providers,
    /// The master key, if there is one, and the data keys it wraps.
    pub keyring: Arc<Keyring>,
    /// Keys of trusted issuers.
    pub issuer_keys: IssuerKeyCache,
    /// Rings when contents are to be sealed with other keys.
    pub resealing: Arc<Notify>,
}

/// What every write carries besides its intent.
#[derive(Debug, Clone, Default)]
pub struct WriteContext {
    /// Why, for people.
    pub message: String,
    /// The request, for logs and history.
    pub request_id: String,
    /// The trace it belongs to, when the caller sent one.
    pub trace: Option<Arc<str>>,
    /// Judge only.
    pub dry_run: bool,
    /// When it shall happen once.
    pub idempotency: Option<Idempotency>,
    /// The draft that it publishes.
    pub draft: Option<Reviewed>,
}

/// A moment of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Right after a revision.
    Revision(Revision),
    /// Right after the newest revision that was committed at or before an instant.
    Instant(OffsetDateTime),
}

impl Service {
    /// The state to answer from, with rights that are fresh enough to be trusted.
    pub fn state(&self) -> Result<Arc<State>, ServiceError> {
        let health = self.view.health();
        if health.down_since.is_some() && self.ambient.now() - health.seen_at > self.limits.access_max_stale {
            return Err(ServiceError::AccessStale);
        }
        Ok(self.view.state())
    }

    /// Waits until this node has seen a revision.
    pub async fn wait_for(&self, wanted: Revision) -> Result<(), ServiceError> {
        if self.view.wait_for(None, wanted, MIN_REVISION_WAIT).await {
            return Ok(());
        }
        Err(ServiceError::NotThereYet { wanted, head: self.view.state().head })
    }

    /// Judges a change set and, unless it is a dry run, makes it durable. The caller's rights are part of the judgement.
    async fn write(&self, caller: &Caller, intent: Intent, context: WriteContext) -> Result<Committed, ServiceError> {
        let limit = self.limits.message_bytes;
        if context.message.len() > limit {
            let problem = format!("must have at most {limit} bytes, this has {}", context.message.len());
            return Err(ServiceError::Invalid(vec![Field::new("message", problem)]));
        }
        if context.message.contains('\0') {
            return Err(ServiceError::Invalid(vec![Field::new("message", "must not contain NUL")]));
        }
        let WriteContext { message, request_id, trace, dry_run, idempotency, draft } = context;
        let idempotency = idempotency.map(|once| self.keyed(once));
        let change_set =
            ChangeSet { id: self.ambient.id(), caller: caller.clone(), message, request_id, trace, intent };
        if dry_run {
            let state = self.view.state();
            let accepted = crate::domain::commit::commit(&state, &change_set, &self.limits)?;
            let changed = accepted.items.len() as u64;
            return Ok(Committed { cursor: state.cursor(), changed, items: accepted.items, replayed: false });
        }
        if let Some(since) = self.view.health().down_since {
            self.metrics.count_publish(Outcome::unavailable);
            return Err(ServiceError::Unavailable(format!("the database does not answer since {since}")));
        }
        let (reply, result) = oneshot::channel();
        let submission =
            Submission { change_set: Arc::new(change_set), idempotency: idempotency.clone(), draft, reply };
        self.submissions.send(submission).await.map_err(|_| ServiceError::Draining)?;
        match (result.await.map_err(|_| ServiceError::OutcomeUnknown)?, idempotency) {
            (
                Err(refused @ (ServiceError::Refused(_) | ServiceError::NotFound(_) | ServiceError::Hidden { .. })),
                Some(once),
            ) => self.first_result(caller, &once).await?.unwrap_or(Err(refused)),
            (result, _) => result,
        }
    }

    /// The same, for contents that get their first marks: unless it would be refused, their earlier versions are sealed
    /// before.
    async fn write_sealed(
        &self,
        caller: &Caller,
        intent: Intent,
        first_marks: &[(Address, Arc<Marks>)],
        context: &WriteContext,
    ) -> Result<Committed, ServiceError> {
        if !first_marks.is_empty() && !context.dry_run {
            let WriteContext { message, request_id, trace, .. } = context.clone();
            let (id, caller, intent) = (self.ambient.id(), caller.clone(), intent.clone());
            let change_set = ChangeSet { id, caller, message, request_id, trace, intent };
            if crate::domain::commit::commit(&self.view.state(), &change_set, &self.limits).is_ok() {
                for (address, marks) in first_marks {
                    self.seal_earlier(address, marks).await?;
                }
            }
        }
        let written = self.write(caller, intent, context.clone()).await;
        if !first_marks.is_empty() && written.is_ok() {
            // Drafts of these entries are to be sealed, too.
            self.resealing.notify_one();
        }
        written
    }

    /// Where there is a master key, the hash of a body that is kept is a keyed one: the body may have been secret.
    fn keyed(&self, once: Idempotency) -> Idempotency {
        let body = self.keyring.keyed_hash("idempotency", &once.body.0);
        Idempotency { body: body.map_or(once.body, ContentHash), ..once }
    }

    /// What to answer to a call that is refused before it is judged: its first result, if it was made before.
    async fn unless_done(
        &self,
        caller: &Caller,
        context: &WriteContext,
        error: ServiceError,
    ) -> Result<Committed, ServiceError> {
        let Some(once) = context.idempotency.as_ref().filter(|_| !context.dry_run) else { return Err(error) };
        self.first_result(caller, &self.keyed(once.clone())).await?.unwrap_or(Err(error))
    }

    /// What a call led to when it was made before. A refusal asks for it: what the first call did, such as creating
    /// what must not exist, is mostly the very reason that the second one is refused.
    async fn first_result(
        &self,
        caller: &Caller,
        once: &Idempotency,
    ) -> Result<Option<Result<Committed, ServiceError>>, ServiceError> {
        let mut session = self.store.acquire().await?;
        let caller = caller.user.id.to_string();
        let found = store::find_idempotent(&mut session, &caller, &once.key, once.body).await?;
        Ok(found.as_ref().map(committer::replay))
    }

    /// A part of the store at a moment: from memory when none is given, else from the history.
    async fn state_at(&self, at: Option<(At, &str)>, part: Part<'_>) -> Result<Arc<State>, ServiceError> {
        let state = self.view.state();
        let Some((at, field)) = at else { return Ok(state) };
        // Rarer, and large: a read of what is there now does not carry it along.
        Box::pin(self.past_state(&state, at, field, part)).await
    }

    async fn past_state(&self, now: &State, at: At, field: &str, part: Part<'_>) -> Result<Arc<State>, ServiceError> {
        let revision = self.resolve(now, at, field).await?;
        let mut session = self.store.acquire().await?;
        Ok(Arc::new(load(&mut session, revision, part).await?))
    }

    /// The revision that a moment means; an instant means none above the head of `state`. Its contents are there.
    async fn resolve(&self, state: &State, at: At, field: &str) -> Result<Revision, ServiceError> {
        let revision = self.find_revision(state, at, field).await?;
        self.refuse_compacted(state, revision).await?;
        Ok(revision)
    }

    /// Refuses a revision below the floor, unless it is pinned.
    async fn refuse_compacted(&self, state: &State, revision: Revision) -> Result<(), ServiceError> {
        let lowest = state.bounds.floor;
        if revision >= lowest {
            return Ok(());
        }
        let mut session = self.store.acquire().await?;
        match store::find_pin(&mut session, revision).await? {
            Some(_) => Ok(()),
            None => Err(ServiceError::Compacted { wanted: revision, lowest }),
        }
    }

    async fn find_revision(&self, state: &State, at: At, field: &str) -> Result<Revision, ServiceError> {
        match at {
            At::Revision(revision) if revision > state.head => {
                // Another node may have acknowledged it a moment ago.
                self.pump.refresh().await?;
                let head = self.view.state().head;
                if revision <= head {
                    return Ok(revision);
                }
                let problem = format!("revision {revision} does not exist yet, the head is {head}");
                Err(ServiceError::Invalid(vec![Field::new(field, problem)]))
            }
            At::Revision(revision) => Ok(revision),
            At::Instant(instant) => {
                let mut session = self.store.acquire().await?;
                Ok(store::revision_at(&mut session, instant).await?.min(state.head))
            }
        }
    }
}

/// Reads a part of the store as it was at a revision, which may be trimmed at this very moment.
async fn load(session: &mut Session, revision: Revision, part: Part<'_>) -> Result<State, ServiceError> {
    let loaded = store::load(session, revision, part).await;
    unless_trimmed(session, revision, loaded).await
}

/// Tells a revision that was trimmed meanwhile from a store that is corrupt.
async fn unless_trimmed<T>(
    session: &mut Session,
    revision: Revision,
    found: Result<T, StoreError>,
) -> Result<T, ServiceError> {
    match found {
        Err(error @ StoreError::Trimmed(_)) => {
            let lowest = store::find_floor(session).await?;
            if revision >= lowest {
                return Err(error.into());
            }
            Err(ServiceError::Compacted { wanted: revision, lowest })
        }
        found => Ok(found?),
    }
}
