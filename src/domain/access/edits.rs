//! What a change of access would lead to, and why it is refused.

use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;

use crate::domain::access::{Access, Action, Grant, LOCAL, Membership, Subject, Target, UserKind};
use crate::domain::names::GroupName;

/// One change of what people hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A user may do nothing any more, or again what it holds.
    SetDisabled(Uuid, bool),
    /// A user comes into a group, kept here.
    Join(GroupName, Uuid),
    /// A user leaves a group that it is in because it is kept so here.
    Leave(GroupName, Uuid),
    /// A new grant.
    Give(Grant),
    /// A grant ends.
    Take(Grant),
}

/// Why a change of access is refused, whoever wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// Nobody would be left who may administer the store.
    LastAdmin,
    /// Who wants it would come to see secrets by this grant.
    OwnSecrets(Grant),
}

impl Access {
    /// These rights after some changes.
    #[must_use]
    pub fn edited<'a>(&self, edits: impl IntoIterator<Item = &'a Edit>) -> Self {
        let mut new = self.clone();
        for edit in edits {
            match edit {
                Edit::SetDisabled(user, disabled) => {
                    if let Some(user) = Arc::make_mut(&mut new.users).get_mut(user) {
                        user.disabled = *disabled;
                    }
                }
                Edit::Join(group, user) => {
                    let membership = Membership { group: group.clone(), user: *user, source: LOCAL.to_owned() };
                    let members = Arc::make_mut(&mut new.members).entry(*user).or_default();
                    if !members.contains(&membership) {
                        members.push(membership);
                    }
                }
                Edit::Leave(group, user) => {
                    if let Some(members) = Arc::make_mut(&mut new.members).get_mut(user) {
                        members.retain(|membership| membership.group != *group || membership.source != LOCAL);
                    }
                }
                Edit::Give(grant) => {
                    Arc::make_mut(&mut new.grants).entry(grant.subject.clone()).or_default().push(grant.clone());
                }
                Edit::Take(grant) => {
                    if let Some(grants) = Arc::make_mut(&mut new.grants).get_mut(&grant.subject) {
                        grants.retain(|held| held.id != grant.id);
                    }
                }
            }
        }
        new
    }

    /// Why nobody, or at least not this user, may change these rights into those.
    #[must_use]
    pub fn unfit(&self, after: &Self, user: Uuid) -> Option<Unfit> {
        if self.has_admin() && !after.has_admin() {
            return Some(Unfit::LastAdmin);
        }
        let known: HashSet<Uuid> = self.secret_grants(user).map(|grant| grant.id).collect();
        let gained = after.secret_grants(user).find(|grant| !known.contains(&grant.id));
        gained.cloned().map(Unfit::OwnSecrets)
    }

    /// Whether a person is left who may administer the store. Services do not count: nobody can log in as one.
    fn has_admin(&self) -> bool {
        let rules = |grant: &Grant| grant.allowance.allows(Action::Administer) && grant.place.covers(Target::Store);
        let mut people = self.users.values().filter(|user| user.kind == UserKind::Person && !user.disabled);
        people.any(|user| self.grants_held(user.id).any(rules))
    }

    /// The grants through which a user, or a token of it, reveals what is sealed.
    fn secret_grants(&self, user: Uuid) -> impl Iterator<Item = &Grant> {
        let tokens = self.tokens_of(user).flat_map(|token| self.grants_of(&Subject::Token(token.id)));
        self.grants_held(user).chain(tokens).filter(|grant| grant.allowance.allows(Action::Reveal))
    }
}
