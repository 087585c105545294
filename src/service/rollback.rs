//! Rolling back and reverting: the target comes from the history, what really changes is judged at the head.

use std::collections::BTreeMap;

use crate::domain::access::{Caller, Target};
use crate::domain::changes::{Intent, Item, Restore, Revert, RevertedEntry, RevertedNamespace, Scope};
use crate::domain::contents::ContentHash;
use crate::domain::formats::Format;
use crate::domain::names::{Address, EnvironmentName, NamespaceName};
use crate::domain::revisions::Revision;
use crate::service::committer::Committed;
use crate::service::permit::{self, Permit, Rollback};
use crate::service::{At, Service, ServiceError, WriteContext, load, unless_trimmed};
use crate::store::{self, Part};

impl Service {
    /// Checks that a caller may roll back a whole scope.
    pub fn may_roll_back(&self, caller: &Caller, scope: &Scope) -> Result<Permit<Rollback>, ServiceError> {
        let state = self.state()?;
        match scope {
            Scope::Environment(environment) => permit::require(&state.access, caller, Target::Environment(environment)),
            Scope::Namespace(environment, namespace) => {
                permit::require(&state.access, caller, Target::Namespace(environment, namespace))
            }
            Scope::Keys(environment, namespace, keys) => {
                for key in keys {
                    permit::require::<Rollback>(&state.access, caller, Target::Entry(environment, namespace, key))?;
                }
                match keys.first() {
                    Some(key) => permit::require(&state.access, caller, Target::Entry(environment, namespace, key)),
                    None => permit::require(&state.access, caller, Target::Namespace(environment, namespace)),
                }
            }
        }
    }

    /// Sets a scope back, or forward, to what it was right after a revision.
    pub async fn roll_back(
        &self,
        permit: &Permit<Rollback>,
        scope: Scope,
        to: Revision,
        context: WriteContext,
    ) -> Result<Committed, ServiceError> {
        let state = self.view.state();
        let to = self.resolve(&state, At::Revision(to), "to").await?;
        let environment = scope.environment().clone();
        let mut session = self.store.acquire().await?;
        let keys: Option<Vec<String>> = match &scope {
            Scope::Keys(_, _, keys) => Some(keys.iter().map(|key| key.as_str().to_owned()).collect()),
            Scope::Environment(_) | Scope::Namespace(..) => None,
        };
        let part = Part {
            environment: Some(&environment),
            namespace: scope.namespace(),
            keys: keys.as_deref(),
            ..Part::default()
        };
        let then = load(&mut session, to, part).await?;
        drop(session);
        let namespaces: Vec<_> =
            then.namespaces(&environment).map(|(name, found)| (name.clone(), found.attributes.clone())).collect();
        let entries = then.all_entries().map(|(address, entry)| (address.clone(), entry.version.clone())).collect();
        let restore = Restore { scope, to, namespaces, entries };
        self.write(permit.caller(), Intent::Rollback(restore), context).await
    }

    /// Undoes just one change set. What changed since is reported, not guessed at.
    pub async fn revert(
        &self,
        caller: &Caller,
        revision: Revision,
        context: WriteContext,
    ) -> Result<Committed, ServiceError> {
        let unknown = || ServiceError::NotFound(format!("revision {revision}"));
        let state = self.state()?;
        if state.bounds.floor > Revision::ZERO && revision <= state.bounds.floor {
            // What it changed it from is gone.
            return Err(ServiceError::Compacted { wanted: revision, lowest: state.bounds.floor.next() });
        }
        let mut session = self.store.acquire().await?;
        let found = store::find_record(&mut session, revision).await;
        let record = unless_trimmed(&mut session, revision, found).await?.ok_or_else(unknown)?;
        let before = Revision(revision.0.saturating_sub(1));
        let mut namespaces = Vec::new();
        let mut touched =
            BTreeMap::<(EnvironmentName, NamespaceName), Vec<(Address, Option<(Format, ContentHash)>)>>::new();
        for item in record.items {
            match item {
                Item::Entry { address, version, .. } => {
                    let after = version.map(|version| (version.format, version.content.hash()));
                    let at = (address.environment.clone(), address.namespace.clone());
                    touched.entry(at).or_default().push((address, after));
                }
                Item::Namespace { environment, namespace, attributes: after, .. } => {
                    let bare = Part { environment: Some(&environment), bare: true, ..Part::default() };
                    let then = load(&mut session, before, bare).await?;
                    let before = then.find_namespace(&environment, &namespace).map(|found| found.attributes.clone());
                    namespaces.push(RevertedNamespace { environment, namespace, before, after });
                }
                Item::Environment { environment, .. } => {
                    let problem = format!(
                        "revision {revision} changed the environment {environment} itself: change it back by PUT"
                    );
                    return Err(ServiceError::Invalid(vec![crate::service::Field::new("revert", problem)]));
                }
            }
        }
        // Everything a revert touches must be the caller's to roll back; the judgement at the head checks it again.
        let mut entries = Vec::new();
        let mut permits = Vec::new();
        for change in &namespaces {
            let target = Target::Namespace(&change.environment, &change.namespace);
            permits.push(
                permit::require::<Rollback>(&state.access, caller, target).map_err(|error| hide(error, revision))?,
            );
        }
        for ((environment, namespace), changes) in touched {
            let keys: Vec<String> = changes.iter().map(|(address, _)| address.key.as_str().to_owned()).collect();
            let part =
                Part { environment: Some(&environment), namespace: Some(&namespace), keys: Some(&keys), bare: false };
            let then = load(&mut session, before, part).await?;
            for (address, after) in changes {
                let target = Target::Entry(&environment, &namespace, &address.key);
                permits.push(
                    permit::require::<Rollback>(&state.access, caller, target)
                        .map_err(|error| hide(error, revision))?,
                );
                let before = then.find_entry(&address).map(|entry| entry.version.clone());
                entries.push(RevertedEntry { address, before, after });
            }
        }
        drop(session);
        let permit = permits.pop().ok_or_else(unknown)?;
        let revert = Revert { revision, namespaces, entries };
        self.write(permit.caller(), Intent::Revert(revert), context).await
    }
}

/// A revision whose changes the caller may not see does not exist for the caller.
fn hide(error: ServiceError, revision: Revision) -> ServiceError {
    if let ServiceError::Hidden { action, .. } = error {
        return ServiceError::Hidden { action, target: format!("revision {revision}") };
    }
    error
}
