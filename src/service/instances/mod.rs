//! Instances: who they are, what they said, and how they stand.

pub mod census;
mod feed;
mod presence;
mod receipts;
pub mod recorder;
mod standing;
mod summary;
mod writes;

use std::collections::HashMap;

use time::OffsetDateTime;

use crate::domain::access::{Access, Action, Caller, Holder, Target};
use crate::domain::instances::{Applied, Instance, Presence, Rejection, Selector, Stage, Stands};
use crate::domain::names::{EnvironmentName, InstanceId, NamespaceName};
use crate::domain::revisions::Revision;
use crate::domain::state::State;
use crate::service::instances::standing::Viewer;
use crate::service::permit::{Inspect, Permit};
use crate::service::{At, Service, ServiceError};
use crate::store::Session;
use crate::store::instances::receipts::{self as kept, ReceiptsThen};
use crate::store::instances::{self as store};

pub use crate::store::instances::InstanceFilter;
pub use feed::FeedMarker;
pub use presence::Presence as PresenceGuard;
pub use receipts::{CountedInstance, RevisionReceipts};
pub use standing::Standing;
pub use summary::InstanceSummary;

/// Pages that a list reads before it answers with fewer than asked, when most is hidden or does not pass.
const PAGES: usize = 10;

/// Rows that a list looks at together when it is narrowed by what only the rows tell.
const ROWS: usize = 1000;

/// Which instances to list. Absent means any.
#[derive(Debug, Clone, Default)]
pub struct InstanceQuery {
    /// By what they say about themselves.
    pub filter: InstanceFilter,
    /// By how they stand.
    pub selector: Option<Selector>,
    /// By the revision that they applied last.
    pub revision: Option<Revision>,
    /// By the change that they run: of what they and the caller see, the newest one up to the applied revision.
    pub runs: Option<Revision>,
    /// As of then: what they ran, by their receipts. Whether they are there is told of now.
    pub at: Option<At>,
}

impl InstanceQuery {
    fn passes(&self, stands: Stands, applied: Option<Revision>, runs: Option<Revision>) -> bool {
        self.selector.is_none_or(|selector| selector.selects(stands))
            && self.revision.is_none_or(|revision| Some(revision) == applied)
            && self.runs.is_none_or(|revision| Some(revision) == runs)
    }

    fn passes_standing(&self, standing: &Standing) -> bool {
        let applied = standing.instance.progress.applied.as_ref().map(|applied| applied.at.revision);
        self.passes(standing.stands(), applied, standing.runs.as_ref().map(|head| head.revision))
    }

    /// Rows to look at for a page: more than fit, where only some of them may pass.
    fn want(&self, limit: usize) -> usize {
        let is_narrow = self.selector.is_some() || self.revision.is_some() || self.runs.is_some();
        if is_narrow { limit.max(ROWS) + 1 } else { limit + 1 }
    }
}

/// A page of instances.
#[derive(Debug)]
pub struct InstancePage {
    /// By id.
    pub instances: Vec<Standing>,
    /// Where the next page starts.
    pub next: Option<InstanceId>,
}

impl Service {
    /// The instances of an environment that run on something the caller may read.
    pub async fn list_instances(
        &self,
        permit: &Permit<Inspect>,
        environment: &EnvironmentName,
        mut query: InstanceQuery,
        limit: usize,
    ) -> Result<InstancePage, ServiceError> {
        let state = self.state()?;
        let mut session = self.store.acquire().await?;
        let then = self.then(&state, &mut session, query.at).await?;
        query.filter.at = then.map(|(at, _)| at);
        let want = query.want(limit);
        let viewer = permit.caller().holder();
        let mut found = Vec::new();
        for _ in 0..PAGES {
            let rows = i64::try_from(want).unwrap_or(i64::MAX);
            let page = store::list(&mut session, environment, &query.filter, rows).await?;
            query.filter.after = page.last().map(|instance| instance.id.clone());
            let full = page.len() == want;
            let seen = page.into_iter().filter_map(|instance| shown(&state.access, permit.caller(), instance));
            let viewer = Viewer { holder: viewer, namespace: query.filter.namespace.as_ref(), key: None };
            let standings = standings_then(&state, &mut session, seen.collect(), then, viewer).await?;
            found.extend(standings.into_iter().filter(|standing| query.passes_standing(standing)));
            if !full || found.len() > limit {
                let more = found.len() > limit || full;
                found.truncate(limit);
                let next = more.then(|| found.last().map(|standing| standing.instance.id.clone())).flatten();
                return Ok(InstancePage { instances: found, next });
            }
        }
        Ok(InstancePage { instances: found, next: query.filter.after })
    }

    /// One instance, now or as it was then.
    pub async fn get_instance<A: Sync>(
        &self,
        permit: &Permit<A>,
        environment: &EnvironmentName,
        id: &InstanceId,
        at: Option<At>,
    ) -> Result<Standing, ServiceError> {
        let missing = || ServiceError::NotFound(format!("instance {environment}/{id}"));
        let state = self.state()?;
        let mut session = self.store.acquire().await?;
        let then = self.then(&state, &mut session, at).await?;
        let found = store::find(&mut session, environment, id).await?.ok_or_else(missing)?;
        let forgotten = found.presence == Presence::Gone
            && then.is_none()
            && !store::is_shown(&mut session, found.presence_since).await?;
        if forgotten {
            return Err(missing());
        }
        let hidden =
            || ServiceError::Hidden { action: Action::Inspect, target: format!("instance {environment}/{id}") };
        let found = shown(&state.access, permit.caller(), found).ok_or_else(hidden)?;
        let viewer = Viewer { holder: permit.caller().holder(), namespace: None, key: None };
        standings_then(&state, &mut session, vec![found], then, viewer).await?.pop().ok_or_else(missing)
    }

    /// The instant that a moment means, and the newest revision of then.
    async fn then(
        &self,
        state: &State,
        session: &mut Session,
        at: Option<At>,
    ) -> Result<Option<(OffsetDateTime, Revision)>, ServiceError> {
        let Some(at) = at else { return Ok(None) };
        let revision = self.resolve(state, at, "at").await?;
        let instant = match at {
            At::Instant(instant) => Some(instant),
            At::Revision(_) => crate::store::committed_at(session, revision).await?,
        };
        // Before the first revision nothing was there.
        Ok(Some((instant.unwrap_or(OffsetDateTime::UNIX_EPOCH), revision)))
    }
}

/// How instances stand now, or stood then.
async fn standings_then(
    state: &State,
    session: &mut Session,
    mut instances: Vec<Instance>,
    then: Option<(OffsetDateTime, Revision)>,
    viewer: Viewer<'_>,
) -> Result<Vec<Standing>, ServiceError> {
    let mut until = state.head;
    if let (Some((at, revision)), Some(first)) = (then, instances.first()) {
        let environment = first.environment.clone();
        let said = kept::until(session, &environment, &instances, at).await?;
        let mut said: HashMap<_, _> = said.into_iter().collect();
        for instance in &mut instances {
            go_back(instance, said.remove(&instance.id).unwrap_or_default());
        }
        until = revision;
    }
    standing::of(state, session, instances, until, Some(viewer)).await
}

/// Sets what an instance ran and refused to what its receipts of then say.
fn go_back(instance: &mut Instance, then: ReceiptsThen) {
    let ran = then.applied.as_ref().map(|kept| kept.receipt.at);
    let rejected = then.rejected.filter(|kept| kept.receipt.stage == Stage::Rejected && Some(kept.receipt.at) > ran);
    instance.applied_at = then.applied.as_ref().map(|kept| kept.at);
    instance.progress.applied = then.applied.map(|kept| Applied {
        at: kept.receipt.at,
        missing: kept.receipt.missing,
        unhealthy: kept.receipt.unhealthy,
    });
    instance.rejected_at = rejected.as_ref().map(|kept| kept.at);
    instance.progress.rejected = rejected.map(|kept| Rejection {
        at: kept.receipt.at,
        reason: kept.receipt.reason,
        output: kept.receipt.output,
        broken: kept.receipt.broken,
    });
}

/// What a caller may see of an instance: none of one that runs only on what the caller may not read. What a check printed
/// may quote any of the namespaces, so it is told only to those who may read something of each.
fn shown(access: &Access, caller: &Caller, mut instance: Instance) -> Option<Instance> {
    let environment = &instance.environment;
    let all = instance.declared.namespaces.len();
    instance.declared.namespaces.retain(|name| sees_of(access, caller.holder(), environment, name));
    if instance.declared.namespaces.is_empty() {
        return None;
    }
    if instance.declared.namespaces.len() < all {
        let namespaces = &instance.declared.namespaces;
        let named = |entry: &String| {
            namespaces.iter().any(|name| entry.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('/')))
        };
        if let Some(applied) = &mut instance.progress.applied {
            applied.missing.retain(named);
        }
        if let Some(rejected) = &mut instance.progress.rejected {
            rejected.output = None;
        }
    }
    Some(instance)
}

/// Whether somebody is told how the instances stand that run on a namespace. Who reports for them is.
fn sees_of(access: &Access, holder: Holder, environment: &EnvironmentName, name: &NamespaceName) -> bool {
    let target = Target::AnyIn(environment, name);
    [Action::Inspect, Action::Report].iter().any(|action| access.allows(holder, *action, target))
}
