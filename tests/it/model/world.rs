//! The naive model: a copy of everything per revision, and the plainest code for each kind of change.

use std::collections::{BTreeMap, BTreeSet};

use proptest::sample::Index;

use super::steps::{Address, Change, ENVIRONMENTS, Expected, Place, Scope, Step};

/// Everything at one revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct World {
    pub(crate) frozen: BTreeSet<&'static str>,
    /// With their descriptions.
    pub(crate) namespaces: BTreeMap<Place, &'static str>,
    /// With their contents and the revisions of their last changes.
    pub(crate) entries: BTreeMap<Address, (&'static str, u64)>,
}

impl World {
    pub(crate) fn content(&self, address: Address) -> Option<&'static str> {
        self.entries.get(&address).map(|(content, _)| *content)
    }

    pub(crate) fn revision(&self, address: Address) -> u64 {
        self.entries.get(&address).map_or(0, |(_, revision)| *revision)
    }

    fn set(&mut self, address: Address, content: Option<&'static str>, revision: u64) {
        if self.content(address) == content {
            return;
        }
        match content {
            Some(content) => drop(self.entries.insert(address, (content, revision))),
            None => drop(self.entries.remove(&address)),
        }
    }
}

/// What a step leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Revision(u64),
    Unchanged,
    /// The code of the problem.
    Refused(String),
}

/// The whole history.
#[derive(Debug)]
pub(crate) struct Model {
    /// By revision; the first one is before everything.
    pub(crate) history: Vec<World>,
    /// Revisions that changed an environment itself.
    environments: BTreeSet<u64>,
}

impl Model {
    /// A store with its environments and nothing in them.
    pub(crate) fn new() -> Self {
        let history = vec![World::default(); ENVIRONMENTS.len() + 1];
        let environments = (1..=ENVIRONMENTS.len() as u64).collect();
        Self { history, environments }
    }

    pub(crate) fn head(&self) -> u64 {
        self.history.len() as u64 - 1
    }

    pub(crate) fn now(&self) -> &World {
        self.history.last().unwrap()
    }

    pub(crate) fn at(&self, revision: u64) -> &World {
        &self.history[usize::try_from(revision).unwrap()]
    }

    /// The revision that a change of a publish asks for.
    pub(crate) fn if_revision(&self, change: &Change) -> Option<u64> {
        match change.expected {
            Expected::Anything => None,
            Expected::WhatIsThere => Some(self.now().revision(change.address)),
            Expected::Nothing => Some(0),
            Expected::Revision(revision) => Some(revision),
        }
    }

    /// The revision that a rollback goes to.
    pub(crate) fn target(&self, to: Index) -> u64 {
        to.index(self.history.len()) as u64
    }

    /// The revision that a revert undoes.
    pub(crate) fn reverted(&self, revision: Index) -> u64 {
        revision.index(self.history.len() - 1) as u64 + 1
    }

    /// Takes a step.
    pub(crate) fn take(&mut self, step: &Step) -> Outcome {
        let mut next = self.now().clone();
        let judged = match step {
            Step::Publish(changes) => self.publish(changes, &mut next),
            Step::PutNamespace(place, description) => {
                next.namespaces.insert(*place, description);
                Ok(())
            }
            Step::DeleteNamespace(place) => delete_namespace(*place, &mut next),
            Step::Freeze(env, on) => {
                if *on {
                    next.frozen.insert(env)
                } else {
                    next.frozen.remove(env)
                };
                Ok(())
            }
            Step::Rollback(scope, to) => self.roll_back(scope, self.target(*to), &mut next),
            Step::Revert(revision) => self.revert(self.reverted(*revision), &mut next),
        };
        if let Err(code) = judged {
            return Outcome::Refused(code.to_owned());
        }
        if next == *self.now() {
            return Outcome::Unchanged;
        }
        let lost = next.entries.keys().find(|(env, namespace, _)| !next.namespaces.contains_key(&(*env, *namespace)));
        assert_eq!(lost, None, "an entry outside of all namespaces");
        self.history.push(next);
        if let Step::Freeze(..) = step {
            self.environments.insert(self.head());
        }
        Outcome::Revision(self.head())
    }

    fn publish(&self, changes: &[Change], next: &mut World) -> Result<(), &'static str> {
        let mut conflict = false;
        for change in changes {
            let (env, namespace, _) = change.address;
            if !next.namespaces.contains_key(&(env, namespace)) {
                return Err("not_found");
            }
            let revision = self.now().revision(change.address);
            if self.if_revision(change).is_some_and(|expected| expected != revision) {
                conflict = true;
            } else if self.now().content(change.address) != change.content {
                if next.frozen.contains(env) {
                    return Err("frozen");
                }
                next.set(change.address, change.content, self.head() + 1);
            }
        }
        if conflict { Err("conflict") } else { Ok(()) }
    }

    fn roll_back(&self, scope: &Scope, to: u64, next: &mut World) -> Result<(), &'static str> {
        let then = self.at(to);
        let covers = |place: Place, key: Option<&str>| match scope {
            Scope::Environment(env) => place.0 == *env,
            Scope::Namespace(scope) => place == *scope,
            Scope::Keys(scope, keys) => place == *scope && key.is_none_or(|key| keys.contains(&key)),
        };
        if let Scope::Namespace(place) | Scope::Keys(place, _) = scope
            && !then.namespaces.contains_key(place)
            && !next.namespaces.contains_key(place)
        {
            return Err("not_found");
        }
        // Namespaces come back as they were; those that are there keep their description.
        for (place, description) in then.namespaces.iter().filter(|(place, _)| covers(**place, None)) {
            next.namespaces.entry(*place).or_insert(description);
        }
        let all: BTreeSet<Address> = then.entries.keys().chain(self.now().entries.keys()).copied().collect();
        for address in all {
            if covers((address.0, address.1), Some(address.2)) {
                next.set(address, then.content(address), self.head() + 1);
            }
        }
        if let Scope::Environment(env) = scope {
            next.namespaces.retain(|place, _| place.0 != *env || then.namespaces.contains_key(place));
        }
        Ok(())
    }

    fn revert(&self, revision: u64, next: &mut World) -> Result<(), &'static str> {
        if self.environments.contains(&revision) {
            return Err("invalid");
        }
        let (before, after, now) = (self.at(revision - 1), self.at(revision), self.now());
        let touched: BTreeSet<Address> = before.entries.keys().chain(after.entries.keys()).copied().collect();
        let touched: BTreeSet<_> =
            touched.into_iter().filter(|address| before.content(*address) != after.content(*address)).collect();
        let mut conflict = false;
        let places: BTreeSet<Place> = before.namespaces.keys().chain(after.namespaces.keys()).copied().collect();
        for place in places {
            let [was, became, is] = [before, after, now].map(|world| world.namespaces.get(&place).copied());
            if was == became || is == was {
                continue;
            }
            let others = now.entries.keys().any(|at| (at.0, at.1) == place && !touched.contains(at));
            if is != became || (was.is_none() && others) {
                conflict = true;
            } else if let Some(description) = was {
                next.namespaces.insert(place, description);
            } else {
                next.namespaces.remove(&place);
            }
        }
        for address in touched {
            let [was, became, is] = [before, after, now].map(|world| world.content(address));
            if is == was {
                continue;
            }
            let place = (address.0, address.1);
            let somewhere = now.namespaces.contains_key(&place) || next.namespaces.contains_key(&place);
            if is != became || !somewhere {
                conflict = true;
            } else {
                next.set(address, was, self.head() + 1);
            }
        }
        if conflict { Err("revert_conflict") } else { Ok(()) }
    }
}

fn delete_namespace(place: Place, next: &mut World) -> Result<(), &'static str> {
    if !next.namespaces.contains_key(&place) {
        return Err("not_found");
    }
    if next.frozen.contains(place.0) {
        return Err("frozen");
    }
    next.namespaces.remove(&place);
    next.entries.retain(|address, _| (address.0, address.1) != place);
    Ok(())
}
