//! Namespaces: listing, changing, deleting.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::access::{Action, Caller, Target};
use crate::domain::changes::{Intent, NamespaceAttributes, PutNamespace};
use crate::domain::names::{Address, EnvironmentName, NamespaceName};
use crate::domain::refusals::Refused;
use crate::domain::revisions::Revision;
use crate::domain::secrets::Marks;
use crate::domain::sight::KeyScope;
use crate::domain::state::{Namespace, Stamp, State};
use crate::service::committer::Committed;
use crate::service::environments::check_text;
use crate::service::permit::{self, Manage, Permit, Read};
use crate::service::secrets::{Sealer, TRIES};
use crate::service::{At, Service, ServiceError, WriteContext};
use crate::store::{self, Part};

/// What somebody sees of the entries of a namespace. What it may not read is not counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenOfNamespace {
    /// How many entries.
    pub entries: u64,
    /// How many bytes they have together.
    pub bytes: u64,
    /// The last change of the namespace or of one of them; of who sees all, deletions included.
    pub last: Stamp,
}

impl SeenOfNamespace {
    fn of(
        state: &State,
        scope: &KeyScope,
        (environment, name): (&EnvironmentName, &NamespaceName),
        found: &Namespace,
    ) -> Self {
        if *scope == KeyScope::All {
            return Self { entries: found.entries, bytes: found.bytes, last: found.last.clone() };
        }
        let mut seen = Self { entries: 0, bytes: 0, last: found.stamp.clone() };
        for (_, entry) in state.entries(environment, name).filter(|(key, _)| scope.covers(key)) {
            seen.entries += 1;
            seen.bytes += entry.version.content.size();
            if entry.stamp.revision > seen.last.revision {
                seen.last = entry.stamp.clone();
            }
        }
        seen
    }
}

impl Service {
    /// Checks that a caller may manage a namespace.
    pub fn may_manage_namespace(
        &self,
        caller: &Caller,
        environment: &EnvironmentName,
        namespace: &NamespaceName,
    ) -> Result<Permit<Manage>, ServiceError> {
        permit::require(&self.state()?.access, caller, Target::Namespace(environment, namespace))
    }

    /// The namespaces of an environment that the holder may see something of, and the last revision that touched
    /// the list.
    pub async fn list_namespaces(
        &self,
        permit: &Permit<Read>,
        environment: &EnvironmentName,
        at: Option<At>,
    ) -> Result<(Vec<(NamespaceName, Namespace, SeenOfNamespace)>, Revision), ServiceError> {
        let access = self.state()?.access.clone();
        let part = Part { environment: Some(environment), ..Part::default() };
        let state = self.state_at(at.map(|at| (at, "at")), part).await?;
        let holder = permit.caller().holder();
        let found =
            state.find_environment(environment).ok_or_else(|| ServiceError::NotFound(environment.to_string()))?;
        let seen = |(name, namespace): (&NamespaceName, &Namespace)| {
            let scope = access.key_scope(holder, Action::Read, environment, name)?;
            let seen = SeenOfNamespace::of(&state, &scope, (environment, name), namespace);
            Some((name.clone(), namespace.clone(), seen))
        };
        let all: Vec<_> = state.namespaces(environment).filter_map(seen).collect();
        let newest = all.iter().map(|(_, namespace, _)| namespace.touched()).max().unwrap_or_default();
        Ok((all, newest.max(found.touched)))
    }

    /// One namespace, and what the holder sees of its entries.
    pub async fn get_namespace(
        &self,
        permit: &Permit<Read>,
        environment: &EnvironmentName,
        namespace: &NamespaceName,
        at: Option<At>,
    ) -> Result<(Namespace, SeenOfNamespace), ServiceError> {
        let missing = || ServiceError::NotFound(format!("{environment}/{namespace}"));
        let holder = permit.caller().holder();
        let scope = self.state()?.access.key_scope(holder, Action::Read, environment, namespace).ok_or_else(missing)?;
        let part = Part { environment: Some(environment), namespace: Some(namespace), ..Part::default() };
        let state = self.state_at(at.map(|at| (at, "at")), part).await?;
        let found = state.find_namespace(environment, namespace).cloned().ok_or_else(missing)?;
        let seen = SeenOfNamespace::of(&state, &scope, (environment, namespace), &found);
        Ok((found, seen))
    }

    /// Creates a namespace or changes its attributes.
    pub async fn put_namespace(
        &self,
        permit: &Permit<Manage>,
        (environment, namespace): (EnvironmentName, NamespaceName),
        attributes: NamespaceAttributes,
        if_revision: Option<Revision>,
        context: WriteContext,
    ) -> Result<Committed, ServiceError> {
        check_text("description", &attributes.description)?;
        let mut tries = 0;
        loop {
            tries += 1;
            let mut put = PutNamespace {
                environment: environment.clone(),
                namespace: namespace.clone(),
                attributes: attributes.clone(),
                if_revision,
                sealed: Vec::new(),
            };
            let first_marks = self.seal_by_name(permit.caller(), &mut put, context.dry_run).await?;
            match self.write_sealed(permit.caller(), Intent::PutNamespace(put), &first_marks, &context).await {
                Err(error) if error.wants_sealing() && tries < TRIES => {}
                done => {
                    if !attributes.secret_keys.is_empty() {
                        // Drafts of keys that no entry has yet may be secret now.
                        self.resealing.notify_one();
                    }
                    return done;
                }
            }
        }
    }

    /// Seals the current entries whose keys the attributes make secret. Says which of them never were.
    async fn seal_by_name(
        &self,
        caller: &Caller,
        put: &mut PutNamespace,
        dry_run: bool,
    ) -> Result<Vec<(Address, Arc<Marks>)>, ServiceError> {
        if put.attributes.secret_keys.is_empty() {
            return Ok(Vec::new());
        }
        if dry_run {
            self.keyring.master_id()?;
        } else {
            self.ensure_keys(caller, &BTreeSet::from([(put.environment.clone(), put.namespace.clone())])).await?;
        }
        let (state, whole) = (self.view.state(), Arc::new(Marks::Whole));
        let sealer = Sealer { keyring: &self.keyring, state: &state, dry_run };
        let mut first = Vec::new();
        let (environment, namespace) = (&put.environment, &put.namespace);
        for (key, entry) in state.entries(environment, namespace).filter(|(key, _)| put.attributes.marks(key)) {
            if entry.version.is_sealed() {
                continue;
            }
            let address = Address { environment: environment.clone(), namespace: namespace.clone(), key: key.clone() };
            let version = sealer.seal_version(&address, &entry.version, &whole)?;
            put.sealed.push((key.clone(), entry.stamp.revision, version));
            first.push((address, Arc::clone(&whole)));
        }
        Ok(first)
    }

    /// Deletes a namespace with its entries, as one revision.
    pub async fn delete_namespace(
        &self,
        permit: &Permit<Manage>,
        (environment, namespace): (EnvironmentName, NamespaceName),
        if_revision: Option<Revision>,
        confirmed: bool,
        context: WriteContext,
    ) -> Result<Committed, ServiceError> {
        let place = (environment.clone(), namespace.clone());
        let intent = Intent::DeleteNamespace(environment, namespace, if_revision, confirmed);
        match self.write(permit.caller(), intent, context).await {
            Err(ServiceError::Refused(Refused::ConfirmationRequired { namespace, entries, .. })) => {
                let mut session = self.store.acquire().await?;
                let drafts = store::count_drafts(&mut session, &place.0, &place.1).await?;
                Err(ServiceError::Refused(Refused::ConfirmationRequired { namespace, entries, drafts }))
            }
            done => done,
        }
    }
}
