//! Diffs between two moments or two environments.

use std::collections::BTreeMap;

use crate::domain::access::{Action, Caller, Target};
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::Revision;
use crate::domain::state::Entry;
use crate::service::{At, Service, ServiceError, permit};
use crate::store::Part;

/// One side of a diff.
#[derive(Debug, Clone)]
pub struct Side {
    /// The environment.
    pub environment: EnvironmentName,
    /// As of a moment; none is now.
    pub at: Option<At>,
    /// The parameter that holds the moment.
    pub field: &'static str,
}

/// An entry that differs.
#[derive(Debug)]
pub struct DifferentEntry {
    /// Its namespace.
    pub namespace: NamespaceName,
    /// Its key.
    pub key: EntryKey,
    /// Left; of what is sealed, with masked text.
    pub from: Option<Entry>,
    /// Right.
    pub to: Option<Entry>,
}

/// What differs, and the revisions that were compared.
#[derive(Debug)]
pub struct Comparison {
    /// The revision on the left.
    pub from: Revision,
    /// The revision on the right.
    pub to: Revision,
    /// By namespace and key.
    pub entries: Vec<DifferentEntry>,
}

impl Service {
    /// Compares two sides, in one namespace or all of them, as far as the caller may read both.
    pub async fn compare(
        &self,
        caller: &Caller,
        namespace: Option<&NamespaceName>,
        key: Option<&EntryKey>,
        (left, right): (&Side, &Side),
    ) -> Result<Comparison, ServiceError> {
        let (from, mut old) = self.side(caller, namespace, key, left).await?;
        let (to, new) = self.side(caller, namespace, key, right).await?;
        let mut entries = Vec::new();
        for (at, new) in new {
            let old = old.remove(&at);
            let equal = old.as_ref().is_some_and(|old| old.version == new.version);
            if !equal {
                entries.push(DifferentEntry { namespace: at.0, key: at.1, from: old, to: Some(new) });
            }
        }
        let gone = old.into_iter().map(|((namespace, key), from)| DifferentEntry {
            namespace,
            key,
            from: Some(from),
            to: None,
        });
        entries.extend(gone);
        entries.sort_by(|a, b| (&a.namespace, &a.key).cmp(&(&b.namespace, &b.key)));
        for different in &mut entries {
            let DifferentEntry { namespace, key, from, to } = different;
            for (side, entry) in [(left, from), (right, to)] {
                let Some(entry) = entry else { continue };
                let environment = side.environment.clone();
                let address = Address { environment, namespace: namespace.clone(), key: key.clone() };
                entry.version = self.masked_version(&address, &entry.version)?;
            }
        }
        Ok(Comparison { from, to, entries })
    }

    async fn side(
        &self,
        caller: &Caller,
        namespace: Option<&NamespaceName>,
        key: Option<&EntryKey>,
        side: &Side,
    ) -> Result<(Revision, BTreeMap<(NamespaceName, EntryKey), Entry>), ServiceError> {
        let state = self.state()?;
        let environment = &side.environment;
        let target = match namespace {
            Some(namespace) => Target::AnyIn(environment, namespace),
            None => Target::AnyOf(environment),
        };
        permit::require::<permit::Inspect>(&state.access, caller, target)?;
        if state.find_environment(environment).is_none() {
            return Err(ServiceError::NotFound(environment.to_string()));
        }
        let access = &state.access;
        let readable = |namespace: &NamespaceName, found: &EntryKey| {
            key.is_none_or(|key| key == found)
                && access.allows(caller.holder(), Action::Inspect, Target::Entry(environment, namespace, found))
        };
        let keys = key.map(|key| vec![key.as_str().to_owned()]);
        let part = Part { environment: Some(environment), namespace, keys: keys.as_deref(), bare: false };
        let then = self.state_at(side.at.map(|at| (at, side.field)), part).await?;
        let mut all = BTreeMap::new();
        for (name, _) in then.namespaces(environment) {
            if namespace.is_none_or(|namespace| namespace == name) {
                let entries = then.entries(environment, name).filter(|(found, _)| readable(name, found));
                all.extend(entries.map(|(found, entry)| ((name.clone(), found.clone()), entry.clone())));
            }
        }
        Ok((then.head, all))
    }
}
