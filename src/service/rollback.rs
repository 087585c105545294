//! Rolling back and reverting: the target comes from the history, what really changes is judged at the head.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::access::{Caller, Target};
use crate::domain::changes::{Intent, Item, Restore, Revert, RevertedEntry, RevertedNamespace, Scope, Version};
use crate::domain::contents::ContentHash;
use crate::domain::formats::Format;
use crate::domain::names::{Address, EnvironmentName, NamespaceName};
use crate::domain::revisions::Revision;
use crate::domain::secrets::Marks;
use crate::service::committer::Committed;
use crate::service::permit::{self, Permit, Rollback};
use crate::service::secrets::{Sealer, TRIES};
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
        let entries: Vec<_> =
            then.all_entries().map(|(address, entry)| (address.clone(), entry.version.clone())).collect();
        let mut tries = 0;
        loop {
            tries += 1;
            let (mut entries, mut first) = (entries.clone(), Vec::new());
            for (address, version) in &mut entries {
                *version = self.seal_returning(permit.caller(), address, version, &mut first, context.dry_run).await?;
            }
            let restore = Restore { scope: scope.clone(), to, namespaces: namespaces.clone(), entries };
            match self.write_sealed(permit.caller(), Intent::Rollback(restore), &first, &context).await {
                Err(error) if error.wants_sealing() && tries < TRIES => {}
                done => return done,
            }
        }
    }

    /// A version that comes back to an entry that is secret by its name, and was not when it went.
    async fn seal_returning(
        &self,
        caller: &Caller,
        address: &Address,
        version: &Version,
        first: &mut Vec<(Address, Arc<Marks>)>,
        dry_run: bool,
    ) -> Result<Version, ServiceError> {
        let state = self.view.state();
        let Some(hidden) = state.must_hide(address).filter(|_| !version.is_sealed()) else {
            return Ok(version.clone());
        };
        if !dry_run {
            let place = (address.environment.clone(), address.namespace.clone());
            self.ensure_keys(caller, &BTreeSet::from([place])).await?;
        }
        if state.find_marks(address).is_none() {
            first.push((address.clone(), Arc::clone(&hidden)));
        }
        Sealer { keyring: &self.keyring, state: &state, dry_run }.seal_version(address, version, &hidden)
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
        let mut first = Vec::new();
        for entry in &mut entries {
            if let Some(before) = &entry.before {
                let before = self.seal_returning(caller, &entry.address, before, &mut first, context.dry_run).await?;
                entry.before = Some(before);
            }
        }
        let revert = Revert { revision, namespaces, entries };
        self.write_sealed(permit.caller(), Intent::Revert(revert), &first, &context).await
    }
}

/// A revision whose changes the caller may not see does not exist for the caller.
fn hide(error: ServiceError, revision: Revision) -> ServiceError {
    match error {
        ServiceError::Hidden { action, .. } => ServiceError::Hidden { action, target: format!("revision {revision}") },
        error => error,
    }
}
