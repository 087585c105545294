//! The one judgement: what a change set does to the store at its head, or why it does nothing.
//!
//! Pure, so that the committer, a dry run and the model test use the same function.

use time::OffsetDateTime;

use crate::domain::access::{Action, Target};
use crate::domain::changes::{
    Audience, ChangeSet, EntryChange, EnvironmentAttributes, Freeze, Intent, Item, NamespaceAttributes, PutNamespace,
    Restore, Revert, Scope, Version,
};
use crate::domain::limits::Limits;
use crate::domain::names::{Address, EnvironmentName, NamespaceName};
use crate::domain::refusals::{self, Conflict, Refused, RevertConflict};
use crate::domain::revisions::Revision;
use crate::domain::secrets::Marks;
use crate::domain::state::{Entry, Namespace, Stamp, State};

/// What a change set leads to. No items: everything was there already, and nothing is appended.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The changes of the new revision.
    pub items: Vec<Item>,
    /// The state with them.
    pub next: State,
}

/// Judges a change set at a state.
pub fn commit(state: &State, change_set: &ChangeSet, limits: &Limits) -> Result<Accepted, Refused> {
    let judge = Judge { state, change_set };
    let items = match &change_set.intent {
        Intent::Publish { changes, force } => judge.publish(changes, *force)?,
        Intent::PutEnvironment(name, attributes, if_revision) => {
            judge.put_environment(name, attributes.clone(), *if_revision)?
        }
        Intent::DeleteEnvironment(name, if_revision) => judge.delete_environment(name, *if_revision)?,
        Intent::Freeze(name, reason) => judge.freeze(name, reason.as_deref())?,
        Intent::PutNamespace(put) => judge.put_namespace(put)?,
        Intent::DeleteNamespace(environment, name, if_revision, confirmed) => {
            judge.delete_namespace(environment, name, *if_revision, *confirmed)?
        }
        Intent::Rollback(restore) => judge.rollback(restore)?,
        Intent::Revert(revert) => judge.revert(revert)?,
    };
    judge.require_messages(&items)?;
    let mut next = state.clone();
    if !items.is_empty() {
        next.apply_items(&judge.stamp(), &items);
        within_limits(state, &next, &items, limits)?;
    }
    Ok(Accepted { items, next })
}

struct Judge<'a> {
    state: &'a State,
    change_set: &'a ChangeSet,
}

impl Judge<'_> {
    /// The stamp of the would-be revision; the database gives the time when it commits.
    fn stamp(&self) -> Stamp {
        Stamp {
            revision: self.state.head.next(),
            at: OffsetDateTime::UNIX_EPOCH,
            actor: self.change_set.caller.user.name.clone(),
        }
    }

    /// Refuses what the caller may not do; what it may not even see, as not found.
    fn require(&self, action: Action, target: Target<'_>) -> Result<(), Refused> {
        refusals::require(&self.state.access, self.change_set.caller.holder(), action, target)
    }

    fn attributes(&self, environment: &EnvironmentName) -> Result<&EnvironmentAttributes, Refused> {
        let found = self.state.find_environment(environment);
        found.map(|found| &found.attributes).ok_or_else(|| Refused::NotFound(environment.to_string()))
    }

    fn publish(&self, changes: &[EntryChange], force: bool) -> Result<Vec<Item>, Refused> {
        let (mut items, mut conflicts, mut unconditional) = (Vec::new(), Vec::new(), Vec::new());
        for change in changes {
            let Address { environment, namespace, key } = &change.address;
            self.require(Action::Publish, Target::Entry(environment, namespace, key))?;
            let attributes = self.attributes(environment)?;
            if self.state.find_namespace(environment, namespace).is_none() {
                return Err(Refused::NotFound(format!("{environment}/{namespace}")));
            }
            let current = self.state.find_entry(&change.address);
            let revision = current.map_or(Revision::ZERO, |entry| entry.stamp.revision);
            if let Some(expected) = change.if_revision.filter(|expected| *expected != revision) {
                let (theirs, yours) = (current.cloned(), change.version.clone());
                conflicts.push(Conflict { address: change.address.clone(), expected, theirs, yours });
                continue;
            }
            self.require_seal(change)?;
            if same(current, change.version.as_ref()) {
                continue;
            }
            if let Some(freeze) = &attributes.frozen {
                return Err(Refused::Frozen(environment.clone(), freeze.clone()));
            }
            if attributes.protected() && change.if_revision.is_none() && current.is_some() && !force {
                unconditional.push(change.address.clone());
            }
            items.push(entry_item(change.address.clone(), change.version.clone(), current));
        }
        if !conflicts.is_empty() {
            return Err(Refused::Conflicts(conflicts));
        }
        if !unconditional.is_empty() {
            return Err(Refused::PreconditionRequired(unconditional));
        }
        Ok(items)
    }

    /// An entry that is secret stays so: its versions are sealed, and hide no less, unless somebody who may see what is
    /// hidden says otherwise.
    fn require_seal(&self, change: &EntryChange) -> Result<(), Refused> {
        let Some(version) = &change.version else { return Ok(()) };
        let Some(hidden) = self.state.must_hide(&change.address) else { return Ok(()) };
        let must_seal = || Refused::MustSeal(change.address.clone());
        let seal = version.seal.as_ref().ok_or_else(must_seal)?;
        if seal.marks.cover(&hidden) {
            return Ok(());
        }
        let Address { environment, namespace, key } = &change.address;
        let by_name =
            self.state.find_namespace(environment, namespace).is_some_and(|found| found.attributes.marks(key));
        if by_name || !change.chosen_marks {
            return Err(must_seal());
        }
        self.require(Action::Reveal, Target::Entry(environment, namespace, key))
    }

    /// A version that is brought back from the history, hiding no less than the entry does now.
    fn brought_back(&self, address: &Address, version: &Version) -> Result<Version, Refused> {
        let Some(hidden) = self.state.must_hide(address) else { return Ok(version.clone()) };
        if !version.is_sealed() {
            return Err(Refused::MustSeal(address.clone()));
        }
        Ok(version.hiding(&hidden))
    }

    fn put_environment(
        &self,
        name: &EnvironmentName,
        attributes: EnvironmentAttributes,
        if_revision: Option<Revision>,
    ) -> Result<Vec<Item>, Refused> {
        self.require(Action::Manage, Target::Environment(name))?;
        let current = self.state.find_environment(name);
        let previous = current.map_or(Revision::ZERO, |found| found.stamp.revision);
        unchanged_since(if_revision, previous, name.to_string())?;
        let frozen = current.and_then(|found| found.attributes.frozen.clone());
        let attributes = EnvironmentAttributes { frozen, ..attributes };
        if current.is_some_and(|found| found.attributes == attributes) {
            return Ok(Vec::new());
        }
        Ok(vec![Item::Environment { environment: name.clone(), attributes: Some(attributes), previous }])
    }

    fn delete_environment(&self, name: &EnvironmentName, if_revision: Option<Revision>) -> Result<Vec<Item>, Refused> {
        self.require(Action::Manage, Target::Environment(name))?;
        let current = self.state.find_environment(name).ok_or_else(|| Refused::NotFound(name.to_string()))?;
        let previous = current.stamp.revision;
        unchanged_since(if_revision, previous, name.to_string())?;
        let namespaces = self.state.namespaces(name).count() as u64;
        if namespaces > 0 {
            return Err(Refused::NotEmpty(name.clone(), namespaces));
        }
        Ok(vec![Item::Environment { environment: name.clone(), attributes: None, previous }])
    }

    fn freeze(&self, name: &EnvironmentName, reason: Option<&str>) -> Result<Vec<Item>, Refused> {
        self.require(Action::Freeze, Target::Environment(name))?;
        let current = self.state.find_environment(name).ok_or_else(|| Refused::NotFound(name.to_string()))?;
        let by = &self.change_set.caller.user.name;
        let frozen = reason.map(|reason| Freeze { reason: reason.to_owned(), by: by.clone() });
        if current.attributes.frozen == frozen {
            return Ok(Vec::new());
        }
        let attributes = EnvironmentAttributes { frozen, ..current.attributes.clone() };
        let previous = current.stamp.revision;
        Ok(vec![Item::Environment { environment: name.clone(), attributes: Some(attributes), previous }])
    }

    fn put_namespace(&self, put: &PutNamespace) -> Result<Vec<Item>, Refused> {
        let PutNamespace { environment, namespace: name, attributes, if_revision, sealed } = put;
        self.require(Action::Manage, Target::Namespace(environment, name))?;
        self.attributes(environment)?;
        let current = self.state.find_namespace(environment, name);
        // What a read of the namespace gives as its tag, as for a deletion.
        let touched = current.map_or(Revision::ZERO, Namespace::touched);
        unchanged_since(*if_revision, touched, format!("{environment}/{name}"))?;
        let previous = current.map_or(Revision::ZERO, |found| found.stamp.revision);
        if current.is_some_and(|found| found.attributes == *attributes) {
            return Ok(Vec::new());
        }
        let mut items = vec![namespace_item(environment, name, Some(attributes.clone()), previous)];
        for (key, entry) in self.state.entries(environment, name).filter(|(key, _)| attributes.marks(key)) {
            let address = Address { environment: environment.clone(), namespace: name.clone(), key: key.clone() };
            let version = if entry.version.is_sealed() {
                entry.version.hiding(&Marks::Whole)
            } else {
                let ready = sealed.iter().find(|(of, at, _)| of == key && *at == entry.stamp.revision);
                ready.map(|(.., version)| version.clone()).ok_or_else(|| Refused::MustSeal(address.clone()))?
            };
            if !same(Some(entry), Some(&version)) {
                items.push(entry_item(address, Some(version), Some(entry)));
            }
        }
        Ok(items)
    }

    fn delete_namespace(
        &self,
        environment: &EnvironmentName,
        name: &NamespaceName,
        if_revision: Option<Revision>,
        confirmed: bool,
    ) -> Result<Vec<Item>, Refused> {
        self.require(Action::Manage, Target::Namespace(environment, name))?;
        let attributes = self.attributes(environment)?;
        let current = self
            .state
            .find_namespace(environment, name)
            .ok_or_else(|| Refused::NotFound(format!("{environment}/{name}")))?;
        unchanged_since(if_revision, current.touched(), format!("{environment}/{name}"))?;
        if let Some(freeze) = &attributes.frozen {
            return Err(Refused::Frozen(environment.clone(), freeze.clone()));
        }
        if current.entries > 0 && !confirmed {
            return Err(Refused::ConfirmationRequired { namespace: name.clone(), entries: current.entries, drafts: 0 });
        }
        let mut items = self.deletions(environment, name);
        items.push(namespace_item(environment, name, None, current.stamp.revision));
        Ok(items)
    }

    fn deletions(&self, environment: &EnvironmentName, namespace: &NamespaceName) -> Vec<Item> {
        let entries = self.state.entries(environment, namespace);
        entries
            .map(|(key, entry)| {
                let (environment, namespace, key) = (environment.clone(), namespace.clone(), key.clone());
                entry_item(Address { environment, namespace, key }, None, Some(entry))
            })
            .collect()
    }

    fn rollback(&self, restore: &Restore) -> Result<Vec<Item>, Refused> {
        self.require_scope(&restore.scope)?;
        let environment = restore.scope.environment();
        self.attributes(environment)?;
        if let Some(namespace) = restore.scope.namespace()
            && restore.namespaces.is_empty()
            && self.state.find_namespace(environment, namespace).is_none()
        {
            return Err(Refused::NotFound(format!("{environment}/{namespace}")));
        }
        let mut items = Vec::new();
        for (name, attributes) in &restore.namespaces {
            if self.state.find_namespace(environment, name).is_none() {
                items.push(namespace_item(environment, name, Some(attributes.clone()), Revision::ZERO));
            }
        }
        let mut redacted = Vec::new();
        for (address, version) in &restore.entries {
            let current = self.state.find_entry(address);
            let version = self.brought_back(address, version)?;
            if same(current, Some(&version)) {
                continue;
            }
            if version.content.is_redacted() {
                redacted.push(address.clone());
            }
            items.push(entry_item(address.clone(), Some(version), current));
        }
        if !redacted.is_empty() {
            return Err(Refused::Redacted(redacted));
        }
        let kept: std::collections::HashSet<&Address> = restore.entries.iter().map(|(address, _)| address).collect();
        self.delete_others(restore, &kept, &mut items);
        Ok(items)
    }

    /// Deletes what the scope has now and did not have then.
    fn delete_others(&self, restore: &Restore, kept: &std::collections::HashSet<&Address>, items: &mut Vec<Item>) {
        let environment = restore.scope.environment();
        let namespaces = self.state.namespaces(environment).filter(|(name, _)| match restore.scope.namespace() {
            Some(namespace) => namespace == *name,
            None => true,
        });
        for (name, namespace) in namespaces {
            items.extend(self.deletions(environment, name).into_iter().filter(|item| match item {
                Item::Entry { address, .. } => {
                    let in_scope = match &restore.scope {
                        Scope::Keys(_, _, keys) => keys.contains(&address.key),
                        Scope::Environment(_) | Scope::Namespace(..) => true,
                    };
                    in_scope && !kept.contains(address)
                }
                Item::Namespace { .. } | Item::Environment { .. } => false,
            }));
            let existed = restore.namespaces.iter().any(|(then, _)| then == name);
            if matches!(restore.scope, Scope::Environment(_)) && !existed {
                items.push(namespace_item(environment, name, None, namespace.stamp.revision));
            }
        }
    }

    fn require_scope(&self, scope: &Scope) -> Result<(), Refused> {
        match scope {
            Scope::Environment(environment) => self.require(Action::Rollback, Target::Environment(environment)),
            Scope::Namespace(environment, namespace) => {
                self.require(Action::Rollback, Target::Namespace(environment, namespace))
            }
            Scope::Keys(environment, namespace, keys) => keys
                .iter()
                .try_for_each(|key| self.require(Action::Rollback, Target::Entry(environment, namespace, key))),
        }
    }

    fn revert(&self, revert: &Revert) -> Result<Vec<Item>, Refused> {
        let (mut items, mut conflicts) = (Vec::new(), Vec::new());
        for change in &revert.namespaces {
            let (environment, name) = (&change.environment, &change.namespace);
            self.require(Action::Rollback, Target::Namespace(environment, name))?;
            let current = self.state.find_namespace(environment, name);
            let now = current.map(|found| &found.attributes);
            if now == change.before.as_ref() {
                continue;
            }
            let others = change.before.is_none()
                && self.state.entries(environment, name).any(|(key, _)| {
                    !revert.entries.iter().any(|e| e.address.key == *key && e.address.namespace == *name)
                });
            let previous = current.map_or(Revision::ZERO, |found| found.stamp.revision);
            if now != change.after.as_ref() || others {
                conflicts.push(RevertConflict { item: format!("{environment}/{name}"), now: previous });
                continue;
            }
            items.push(namespace_item(environment, name, change.before.clone(), previous));
        }
        for change in &revert.entries {
            let Address { environment, namespace, key } = &change.address;
            self.require(Action::Rollback, Target::Entry(environment, namespace, key))?;
            let current = self.state.find_entry(&change.address);
            let before = change.before.as_ref().map(|before| self.brought_back(&change.address, before)).transpose()?;
            if same(current, before.as_ref()) {
                continue;
            }
            if before.as_ref().is_some_and(|before| before.content.is_redacted()) {
                return Err(Refused::Redacted(vec![change.address.clone()]));
            }
            let untouched = match (current, &change.after) {
                (Some(entry), Some((format, hash))) => entry.version.same(*format, *hash),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            if !untouched || !self.will_exist(environment, namespace, &items) {
                let now = current.map_or(Revision::ZERO, |entry| entry.stamp.revision);
                conflicts.push(RevertConflict { item: change.address.to_string(), now });
                continue;
            }
            items.push(entry_item(change.address.clone(), before, current));
        }
        if !conflicts.is_empty() {
            return Err(Refused::RevertConflicts(conflicts));
        }
        // A namespace that goes must go after its entries, one that comes must come before them.
        items.sort_by_key(|item| match item {
            Item::Namespace { attributes: Some(_), .. } | Item::Environment { .. } => 0,
            Item::Entry { .. } => 1,
            Item::Namespace { attributes: None, .. } => 2,
        });
        Ok(items)
    }

    fn will_exist(&self, environment: &EnvironmentName, namespace: &NamespaceName, items: &[Item]) -> bool {
        self.state.find_namespace(environment, namespace).is_some()
            || items.iter().any(|item| match item {
                Item::Namespace { environment: e, namespace: n, attributes: Some(_), .. } => {
                    e == environment && n == namespace
                }
                Item::Namespace { .. } | Item::Entry { .. } | Item::Environment { .. } => false,
            })
    }

    /// A change of a protected environment says why.
    fn require_messages(&self, items: &[Item]) -> Result<(), Refused> {
        if !self.change_set.message.trim().is_empty() {
            return Ok(());
        }
        for item in items {
            let (Item::Entry { address: Address { environment, .. }, .. }
            | Item::Namespace { environment, .. }
            | Item::Environment { environment, .. }) = item;
            if self.state.find_environment(environment).is_some_and(|found| found.attributes.protected()) {
                return Err(Refused::MessageRequired(environment.clone()));
            }
        }
        Ok(())
    }
}

/// Format, hash and marks.
fn same(current: Option<&Entry>, wanted: Option<&Version>) -> bool {
    match (current, wanted) {
        (Some(entry), Some(version)) => entry.version == *version,
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn entry_item(address: Address, version: Option<Version>, current: Option<&Entry>) -> Item {
    let previous = current.map_or(Revision::ZERO, |entry| entry.stamp.revision);
    Item::Entry { address, version, audience: Audience::Everyone, previous }
}

fn namespace_item(
    environment: &EnvironmentName,
    namespace: &NamespaceName,
    attributes: Option<NamespaceAttributes>,
    previous: Revision,
) -> Item {
    Item::Namespace { environment: environment.clone(), namespace: namespace.clone(), attributes, previous }
}

fn unchanged_since(if_revision: Option<Revision>, current: Revision, target: String) -> Result<(), Refused> {
    match if_revision {
        Some(expected) if expected != current => Err(Refused::Stale { target, current }),
        Some(_) | None => Ok(()),
    }
}

/// Quotas stop growth only: what shrinks something that is over its limit passes.
fn within_limits(before: &State, after: &State, items: &[Item], limits: &Limits) -> Result<(), Refused> {
    let check = |limit, target: String, allowed, had, wanted| {
        if wanted > allowed && wanted > had {
            return Err(Refused::OverLimit { limit, target, allowed, wanted });
        }
        Ok(())
    };
    check("max_store_bytes", "the store".to_owned(), limits.store_bytes, before.bytes(), after.bytes())?;
    let mut seen = std::collections::HashSet::new();
    for item in items {
        let Item::Entry { address: Address { environment, namespace, .. }, .. } = item else { continue };
        if !seen.insert((environment, namespace)) {
            continue;
        }
        let Some(new) = after.find_namespace(environment, namespace) else { continue };
        let (entries, bytes) =
            before.find_namespace(environment, namespace).map_or((0, 0), |old| (old.entries, old.bytes));
        let target = format!("{environment}/{namespace}");
        check("max_namespace_entries", target.clone(), limits.namespace_entries, entries, new.entries)?;
        check("max_namespace_bytes", target, limits.namespace_bytes, bytes, new.bytes)?;
    }
    let computed = items.len();
    if computed > limits.computed_entries {
        return Err(Refused::OverLimit {
            limit: "max_computed_entries",
            target: "the change set".to_owned(),
            allowed: limits.computed_entries as u64,
            wanted: computed as u64,
        });
    }
    Ok(())
}
