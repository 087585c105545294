//! How many instances stand how, and how many run which revision: of all that pass a filter, not of a page.

use std::collections::{BTreeMap, HashMap};

use crate::domain::access::Caller;
use crate::domain::changes::RecordHead;
use crate::domain::instances::{Condition, Presence, Selector, Stands, condition};
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::Revision;
use crate::domain::state::State;
use crate::service::instances::standing::{self, Runner, Viewer};
use crate::service::instances::{InstanceQuery, sees_of};
use crate::service::permit::{Inspect, Permit};
use crate::service::{Field, Service, ServiceError};
use crate::store::Conn;
use crate::store::instances::InstanceFilter;
use crate::store::instances::runs::{InstanceGroup, groups};

/// What instances of an environment come to.
#[derive(Debug, Default)]
pub struct InstanceSummary {
    /// How many pass the whole filter.
    pub total: u64,
    /// Whether they are there.
    pub presences: BTreeMap<Presence, u64>,
    /// Of those that are there: how they stand.
    pub conditions: BTreeMap<Condition, u64>,
    /// Of those that are there: how many have drifted.
    pub drifted: u64,
    /// Of those that are there: how many could not bring back what ran before a rejection.
    pub broken: u64,
    /// Of those that are there: how many have a failing probe.
    pub unhealthy: u64,
    /// Of those that are there: how many keep files of entries that are gone.
    pub missing: u64,
    /// Of those that are there: how many run which change, the newest first. None stands for those that run nothing which
    /// the caller sees.
    pub runs: Vec<(Option<RecordHead>, u64)>,
}

impl Service {
    /// What the instances come to that pass a filter. How they stand and what they run is counted over all of the same
    /// namespace, service and labels, whatever else the filter asks for: a list that is narrowed to some of them still
    /// shows what there is.
    pub async fn summarize_instances(
        &self,
        permit: &Permit<Inspect>,
        environment: &EnvironmentName,
        query: &InstanceQuery,
    ) -> Result<InstanceSummary, ServiceError> {
        if query.at.is_some() {
            return Err(ServiceError::Invalid(vec![Field::new("summary", "tells of now: must not come with at")]));
        }
        let state = self.state()?;
        let mut session = self.store.acquire().await?;
        let viewer = Viewer { holder: permit.caller().holder(), namespace: query.filter.namespace.as_ref(), key: None };
        let counted = counted(&state, &mut session, environment, &query.filter, viewer).await?;
        let runs: Vec<_> = counted.iter().map(|counted| counted.runs).collect();
        let heads = standing::heads(&mut session, &runs).await?;
        let mut summary = InstanceSummary::default();
        let mut by_runs = BTreeMap::<Option<Revision>, u64>::new();
        for Counted { stands, runs, group } in counted {
            let count = group.count;
            if query.passes(stands, group.applied, runs) {
                summary.total += count;
            }
            *summary.presences.entry(stands.presence).or_default() += count;
            if stands.presence == Presence::Gone {
                continue;
            }
            *summary.conditions.entry(stands.condition).or_default() += count;
            *by_runs.entry(runs).or_default() += count;
            for (selector, sum) in [
                (Selector::Drifted, &mut summary.drifted),
                (Selector::Broken, &mut summary.broken),
                (Selector::Unhealthy, &mut summary.unhealthy),
                (Selector::Missing, &mut summary.missing),
            ] {
                *sum += if selector.selects(stands) { count } else { 0 };
            }
        }
        let head = |runs: Option<Revision>| runs.and_then(|revision| heads.get(&revision)).cloned();
        summary.runs = by_runs.into_iter().rev().map(|(runs, count)| (head(runs), count)).collect();
        Ok(summary)
    }

    /// How many instances that are there run which change of a namespace, or of one of its keys.
    pub(in crate::service) async fn count_running(
        &self,
        caller: &Caller,
        session: &mut Conn,
        (environment, namespace): (&EnvironmentName, &NamespaceName),
        key: Option<&EntryKey>,
    ) -> Result<HashMap<Revision, u64>, ServiceError> {
        let state = self.state()?;
        let filter = InstanceFilter { namespace: Some(namespace.clone()), ..InstanceFilter::default() };
        let viewer = Viewer { holder: caller.holder(), namespace: Some(namespace), key };
        let mut running = HashMap::new();
        for counted in counted(&state, session, environment, &filter, viewer).await? {
            if let Some(revision) = counted.runs.filter(|_| counted.stands.presence != Presence::Gone) {
                *running.entry(revision).or_default() += counted.group.count;
            }
        }
        Ok(running)
    }
}

/// A group of instances, how it stands, and what it runs.
struct Counted {
    stands: Stands,
    runs: Option<Revision>,
    group: InstanceGroup,
}

/// The instances that pass a filter and that who looks may see, in groups.
async fn counted(
    state: &State,
    conn: &mut Conn,
    environment: &EnvironmentName,
    filter: &InstanceFilter,
    viewer: Viewer<'_>,
) -> Result<Vec<Counted>, ServiceError> {
    let mut all = groups(conn, environment, filter).await?;
    for group in &mut all {
        group.namespaces.retain(|name| sees_of(&state.access, viewer.holder, environment, name));
    }
    let asked = |group: &InstanceGroup| match viewer.namespace {
        Some(namespace) => group.namespaces.contains(namespace),
        None => !group.namespaces.is_empty(),
    };
    all.retain(asked);
    let runners: Vec<Runner<'_>> = all
        .iter()
        .map(|InstanceGroup { owner, namespaces, applied, .. }| Runner {
            environment,
            owner: *owner,
            namespaces,
            applied: *applied,
        })
        .collect();
    let behind = standing::behind(state, conn, &runners, state.head).await?;
    let runs = standing::runs_of(state, conn, &runners, viewer).await?;
    let counted = all.into_iter().zip(behind).zip(runs).map(|((group, behind), runs)| Counted {
        stands: Stands {
            presence: group.presence,
            condition: condition(group.held, group.applied.is_some(), group.rejected, behind),
            broken: group.broken,
            unhealthy: group.unhealthy,
            missing: group.missing,
        },
        runs,
        group,
    });
    Ok(counted.collect())
}
