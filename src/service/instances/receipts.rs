//! Who runs a revision.

use std::collections::{BTreeSet, HashMap};

use crate::domain::access::{Action, Caller, Holder, Target};
use crate::domain::instances::{Instance, KeptReceipt, Outcome, Stage, outcome};
use crate::domain::names::Address;
use crate::domain::revisions::Revision;
use crate::domain::sight::Sight;
use crate::service::instances::shown;
use crate::service::{Service, ServiceError};
use crate::store;
use crate::store::instances::{counted, receipts as kept};

/// An instance that counts for a revision, and what became of it there.
#[derive(Debug, Clone)]
pub struct CountedInstance {
    /// The instance.
    pub instance: Instance,
    /// What became of the revision.
    pub outcome: Outcome,
    /// The furthest it got with the revision, or its refusal of a newer one when it never applied this.
    pub receipt: Option<KeptReceipt>,
}

/// Who runs a revision.
#[derive(Debug)]
pub struct RevisionReceipts {
    /// Every instance that counts: those that rejected first, then the pending ones, then by id.
    pub instances: Vec<CountedInstance>,
    /// The newest rollback or revert since then that touched one of its entries.
    pub superseded_by: Option<Revision>,
}

impl RevisionReceipts {
    /// How many instances came to one of these.
    #[must_use]
    pub fn count(&self, outcomes: &[Outcome]) -> u64 {
        self.instances.iter().filter(|counted| outcomes.contains(&counted.outcome)).count() as u64
    }
}

impl Service {
    /// Who runs a revision: the instances that were there when it was committed, still are, and see a change of it that the
    /// caller may read as well.
    pub async fn revision_receipts(
        &self,
        caller: &Caller,
        revision: Revision,
    ) -> Result<RevisionReceipts, ServiceError> {
        let state = self.state()?;
        let mut session = self.store.acquire().await?;
        let missing = || ServiceError::NotFound(format!("revision {revision}"));
        let record = store::find_head(&mut session, revision).await?.ok_or_else(missing)?;
        let changed = kept::changed_entries(&mut session, revision).await?;
        let sees = |it: &Address| {
            let target = Target::Entry(&it.environment, &it.namespace, &it.key);
            state.access.allows(caller.holder(), Action::Inspect, target)
        };
        let is_bare = changed.is_empty();
        let seen: Vec<Address> = changed.into_iter().filter(sees).collect();
        if seen.is_empty() && !(is_bare && self.get_revision(caller, record.revision).await.is_ok()) {
            return Err(ServiceError::Hidden { action: Action::Inspect, target: format!("revision {revision}") });
        }
        let unique =
            |part: fn(&Address) -> String| seen.iter().map(part).collect::<BTreeSet<_>>().into_iter().collect();
        let environments: Vec<String> = unique(|address| address.environment.to_string());
        let namespaces: Vec<String> = unique(|address| address.namespace.to_string());
        let instances = counted(&mut session, &environments, &namespaces, revision).await?;
        let mut said = HashMap::<_, Vec<KeptReceipt>>::new();
        for (environment, id, receipt) in kept::of_revision(&mut session, revision, &environments).await? {
            said.entry((environment, id)).or_default().push(receipt);
        }
        let mut counted: Vec<CountedInstance> = instances
            .into_iter()
            .filter(|instance| {
                let names = &instance.declared.namespaces;
                let sight = Sight::of(&state.access, Holder::user(instance.owner), &instance.environment, names);
                seen.iter().any(|address| sight.sees(address))
            })
            .filter_map(|instance| shown(&state.access, caller, instance))
            .map(|instance| {
                let key = (instance.environment.to_string(), instance.id.to_string());
                count(revision, instance, said.remove(&key).unwrap_or_default())
            })
            .collect();
        counted.sort_by_key(|counted| match counted.outcome {
            Outcome::Rejected => 0,
            Outcome::Pending => 1,
            Outcome::Applied | Outcome::Superseded => 2,
        });
        let superseded_by = kept::superseded_by(&mut session, revision).await?;
        Ok(RevisionReceipts { instances: counted, superseded_by })
    }
}

/// What became of a revision at an instance that counts for it.
fn count(revision: Revision, instance: Instance, said: Vec<KeptReceipt>) -> CountedInstance {
    let furthest = said.iter().max_by_key(|kept| kept.receipt.stage).cloned();
    let applied_it = said.iter().any(|kept| kept.receipt.stage == Stage::Applied);
    let stage = furthest.as_ref().map(|kept| kept.receipt.stage);
    let outcome = outcome(revision, stage, applied_it, &instance.progress);
    let receipt = match outcome {
        // The last word about it is newer than the first one that was kept.
        Outcome::Rejected => instance.rejection().filter(|kept| kept.receipt.at.revision >= revision).or(furthest),
        Outcome::Applied => said.into_iter().rfind(|kept| kept.receipt.stage == Stage::Applied).or(furthest),
        Outcome::Superseded | Outcome::Pending => furthest,
    };
    CountedInstance { instance, outcome, receipt }
}
