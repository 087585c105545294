//! What somebody may do after all: the grants held, within the scope of the token shown.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::access::{Access, Action, Grant, Holder, Place};
use crate::domain::patterns::Pattern;

/// Actions on a part of the store. A pattern `a&b` stands for the names that match both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// What may be done.
    pub actions: Vec<Action>,
    /// In which environments.
    pub environment: String,
    /// In which namespaces.
    pub namespace: String,
    /// On which keys, by prefix; empty covers all.
    pub key_prefix: String,
}

impl Access {
    /// What somebody may do, by part of the store.
    #[must_use]
    pub fn effective(&self, holder: Holder) -> Vec<Effective> {
        if self.users.get(&holder.user).is_none_or(|user| user.disabled) {
            return Vec::new();
        }
        let scope = self.scope_of(holder);
        let mut parts = BTreeMap::<(String, String, String), BTreeSet<Action>>::new();
        for held in self.grants_held(holder.user) {
            let everything = [held];
            let within: Vec<&Grant> = scope.map_or(everything.to_vec(), |scope| scope.iter().collect());
            for narrowed in within {
                let Some(part) = both(&held.place, &narrowed.place) else { continue };
                let actions = held.allowance.actions().iter().filter(|action| narrowed.allowance.allows(**action));
                parts.entry(part).or_default().extend(actions.copied());
            }
        }
        parts.retain(|_, actions| !actions.is_empty());
        let effective = |((environment, namespace, key_prefix), actions): (_, BTreeSet<Action>)| Effective {
            actions: actions.into_iter().collect(),
            environment,
            namespace,
            key_prefix,
        };
        parts.into_iter().map(effective).collect()
    }
}

/// What two parts of the store have in common.
fn both(one: &Place, other: &Place) -> Option<(String, String, String)> {
    if !one.overlaps(other) {
        return None;
    }
    let longer = if one.key_prefix.len() > other.key_prefix.len() { one } else { other };
    let environment = common(&one.environment, &other.environment);
    Some((environment, common(&one.namespace, &other.namespace), longer.key_prefix.clone()))
}

fn common(one: &Pattern, other: &Pattern) -> String {
    if one.includes(other) {
        other.to_string()
    } else if other.includes(one) {
        one.to_string()
    } else {
        format!("{one}&{other}")
    }
}
