//! Who may do what: roles, grants and the one decision over them. Deny by default.

mod edits;
mod effective;
mod grants;
mod keys;
mod roles;
mod rules;
mod users;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::names::{EnvironmentName, GroupName, NamespaceName, UserName};
use crate::domain::revisions::Revision;
use crate::domain::sight::KeyScope;

pub use edits::{Edit, Unfit};
pub use effective::Effective;
pub use grants::{Allowance, Grant, Place, Subject, SubjectName, Target};
pub use keys::{DataKey, DataKeyPurpose, IdentityProvider, IssuerKeys, IssuerRule, SigningKey, TrustedIssuer};
pub use roles::{Action, Role};
pub use rules::BadRule;
pub use users::{CONSOLE, Caller, Credential, Holder, LOCAL, Membership, Peer, Token, TokenKind, User, UserKind};

/// Everything that rights are made of, as the store lists it.
#[derive(Debug, Default)]
pub struct Parts {
    /// Counts changes of access.
    pub number: u64,
    /// Names the store in the tokens that it signs.
    pub store: Uuid,
    /// People and services.
    pub users: Vec<User>,
    /// Who is in which group.
    pub members: Vec<Membership>,
    /// Of all kinds, also expired ones.
    pub tokens: Vec<Token>,
    /// Of users, groups and tokens.
    pub grants: Vec<Grant>,
    /// Keys of short-lived tokens.
    pub signing_keys: Vec<SigningKey>,
    /// Where people log in.
    pub providers: Vec<IdentityProvider>,
    /// Whose tokens are exchanged for ours.
    pub issuers: Vec<TrustedIssuer>,
    /// Keys that contents are sealed with.
    pub data_keys: Vec<DataKey>,
}

/// Everybody's rights at one access number. Cloning shares everything.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Counts changes of access.
    pub number: u64,
    /// Names the store in the tokens that it signs.
    pub store: Uuid,
    users: Arc<HashMap<Uuid, User>>,
    /// Those of each user by group, so that several sources of one group stand together.
    members: Arc<HashMap<Uuid, Vec<Membership>>>,
    tokens: Arc<HashMap<Uuid, Token>>,
    grants: Arc<HashMap<Subject, Vec<Grant>>>,
    signing_keys: Arc<[SigningKey]>,
    providers: Arc<[IdentityProvider]>,
    issuers: Arc<[TrustedIssuer]>,
    data_keys: Arc<[DataKey]>,
}

/// Why something is allowed, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision<'a> {
    /// This grant allows it.
    Allowed(&'a Grant),
    /// This grant would, but the scope of the token does not.
    OutOfScope(&'a Grant),
    /// No grant allows it.
    NoGrant,
    /// There is no such user, or it is disabled.
    NoUser,
}

impl Access {
    /// Rights from their parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let mut grants = HashMap::<Subject, Vec<Grant>>::new();
        for grant in parts.grants {
            grants.entry(grant.subject.clone()).or_default().push(grant);
        }
        let by_rules: Vec<_> = memberships_by_rules(&parts.users, &parts.issuers).collect();
        let mut members = HashMap::<Uuid, Vec<Membership>>::new();
        for membership in parts.members.into_iter().chain(by_rules) {
            members.entry(membership.user).or_default().push(membership);
        }
        for of_user in members.values_mut() {
            of_user.sort_by(|a, b| a.group.cmp(&b.group));
        }
        Self {
            number: parts.number,
            store: parts.store,
            users: Arc::new(parts.users.into_iter().map(|user| (user.id, user)).collect()),
            members: Arc::new(members),
            tokens: Arc::new(parts.tokens.into_iter().map(|token| (token.id, token)).collect()),
            grants: Arc::new(grants),
            signing_keys: parts.signing_keys.into(),
            providers: parts.providers.into(),
            issuers: parts.issuers.into(),
            data_keys: parts.data_keys.into(),
        }
    }

    /// The head when the rights of a user last changed: a cursor that is not above may have been given out under other
    /// rights.
    #[must_use]
    pub fn granted_at(&self, user: Uuid) -> Revision {
        self.users.get(&user).map_or(Revision::ZERO, |user| user.granted_at)
    }

    /// The token of this id, also an expired one.
    #[must_use]
    pub fn find_token(&self, id: Uuid) -> Option<&Token> {
        self.tokens.get(&id)
    }

    /// The user of this id.
    #[must_use]
    pub fn find_user(&self, id: Uuid) -> Option<&User> {
        self.users.get(&id)
    }

    /// The user of this name.
    #[must_use]
    pub fn find_user_by_name(&self, name: &UserName) -> Option<&User> {
        self.users.values().find(|user| user.name == *name)
    }

    /// Who is meant by a name; a group needs nobody in it to be meant.
    #[must_use]
    pub fn find_subject(&self, name: &SubjectName) -> Option<Subject> {
        match name {
            SubjectName::User(name) => self.find_user_by_name(name).map(|user| Subject::User(user.id)),
            SubjectName::Group(name) => Some(Subject::Group(name.clone())),
            SubjectName::Token(id) => self.find_token(*id).map(|token| Subject::Token(token.id)),
        }
    }

    /// How people write who holds a grant.
    #[must_use]
    pub fn name_of(&self, subject: &Subject) -> String {
        match subject {
            Subject::User(id) => match self.find_user(*id) {
                Some(user) => format!("user:{}", user.name),
                None => format!("user:{id}"),
            },
            Subject::Group(name) => format!("group:{name}"),
            Subject::Token(id) => format!("token:{id}"),
        }
    }

    /// The grant of this id.
    #[must_use]
    pub fn find_grant(&self, id: Uuid) -> Option<&Grant> {
        self.grants().find(|grant| grant.id == id)
    }

    /// Whether what a caller showed still stands for it.
    #[must_use]
    pub fn is_live(&self, caller: &Caller, now: OffsetDateTime) -> bool {
        let Credential { token, issuer, expires_at } = &caller.credential;
        let ahead = |end: Option<OffsetDateTime>| end.is_none_or(|end| end > now);
        let token_lives = token.is_none_or(|id| self.tokens.get(&id).is_some_and(|token| ahead(token.expires_at)));
        let issuer_lives = issuer.as_ref().is_none_or(|name| self.find_issuer(name).is_some());
        let user_lives = self.users.get(&caller.user.id).is_some_and(|user| !user.disabled);
        user_lives && token_lives && issuer_lives && ahead(*expires_at)
    }

    /// Whether a caller showed all the authority that it has: a session or a token without a scope, and no short-lived one.
    #[must_use]
    pub fn is_full(&self, caller: &Caller) -> bool {
        let Credential { token, issuer, expires_at } = &caller.credential;
        issuer.is_none()
            && expires_at.is_none()
            && token.is_none_or(|id| self.tokens.get(&id).is_some_and(|t| !t.scoped))
    }

    /// The trusted issuer of this name.
    #[must_use]
    pub fn find_issuer(&self, name: &str) -> Option<&TrustedIssuer> {
        self.issuers.iter().find(|issuer| issuer.name == name)
    }

    /// When what a caller showed ends by itself.
    #[must_use]
    pub fn end_of(&self, caller: &Caller) -> Option<OffsetDateTime> {
        let Credential { token, expires_at, .. } = &caller.credential;
        let of_token = token.and_then(|id| self.tokens.get(&id)?.expires_at);
        expires_at.iter().copied().chain(of_token).min()
    }

    /// All users, in no order.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    /// The tokens of a user.
    pub fn tokens_of(&self, user: Uuid) -> impl Iterator<Item = &Token> {
        self.tokens.values().filter(move |token| token.user == user)
    }

    /// All grants, in no order.
    pub fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.grants.values().flatten()
    }

    /// The grants that a subject itself holds.
    #[must_use]
    pub fn grants_of(&self, subject: &Subject) -> &[Grant] {
        self.grants.get(subject).map_or(&[], Vec::as_slice)
    }

    /// The groups that a user is in, and why.
    #[must_use]
    pub fn memberships(&self, user: Uuid) -> &[Membership] {
        self.members.get(&user).map_or(&[], Vec::as_slice)
    }

    /// All memberships, in no order.
    pub fn all_memberships(&self) -> impl Iterator<Item = &Membership> {
        self.members.values().flatten()
    }

    /// Whether a user is in a group.
    #[must_use]
    pub fn is_member(&self, user: Uuid, group: &GroupName) -> bool {
        self.memberships(user).iter().any(|membership| membership.group == *group)
    }

    /// Keys of short-lived tokens.
    #[must_use]
    pub fn signing_keys(&self) -> &[SigningKey] {
        &self.signing_keys
    }

    /// Where people log in.
    #[must_use]
    pub fn providers(&self) -> &[IdentityProvider] {
        &self.providers
    }

    /// Whose tokens are exchanged for ours.
    #[must_use]
    pub fn issuers(&self) -> &[TrustedIssuer] {
        &self.issuers
    }

    /// Keys that contents are sealed with, wrapped; the retired ones, too.
    #[must_use]
    pub fn data_keys(&self) -> &[DataKey] {
        &self.data_keys
    }

    /// Grants that a user holds by itself and by its groups; those of a token are its scope and not among them.
    pub fn grants_held(&self, user: Uuid) -> impl Iterator<Item = &Grant> {
        let groups = self.memberships(user).chunk_by(|a, b| a.group == b.group).filter_map(|same| same.first());
        let of_groups = groups.flat_map(|membership| self.grants_of(&Subject::Group(membership.group.clone())));
        self.grants_of(&Subject::User(user)).iter().chain(of_groups)
    }

    /// The scope of the token that somebody acts with; none when it may whatever its owner may.
    #[must_use]
    pub fn scope_of(&self, holder: Holder) -> Option<&[Grant]> {
        let token = holder.token?;
        match self.tokens.get(&token) {
            Some(found) if !found.scoped => None,
            // Of a token that is gone nothing is allowed.
            _ => Some(self.grants_of(&Subject::Token(token))),
        }
    }

    /// Whether somebody may do it, and by which grant.
    #[must_use]
    pub fn decide(&self, holder: Holder, action: Action, target: Target<'_>) -> Decision<'_> {
        if self.users.get(&holder.user).is_none_or(|user| user.disabled) {
            return Decision::NoUser;
        }
        let Some(grant) = self.grants_held(holder.user).find(|grant| grant.allows(action, target)) else {
            return Decision::NoGrant;
        };
        match self.scope_of(holder) {
            Some(scope) if !scope.iter().any(|grant| grant.allows(action, target)) => Decision::OutOfScope(grant),
            _ => Decision::Allowed(grant),
        }
    }

    /// Whether somebody may do it.
    #[must_use]
    pub fn allows(&self, holder: Holder, action: Action, target: Target<'_>) -> bool {
        matches!(self.decide(holder, action, target), Decision::Allowed(_))
    }

    /// Whether somebody may do it on something, however small, of a part of the store.
    #[must_use]
    pub fn allows_some(&self, holder: Holder, action: Action, place: &Place) -> bool {
        if self.users.get(&holder.user).is_none_or(|user| user.disabled) {
            return false;
        }
        let touches = |grant: &&Grant| grant.allowance.allows(action) && grant.place.overlaps(place);
        let mut held = self.grants_held(holder.user).filter(touches);
        match self.scope_of(holder) {
            None => held.next().is_some(),
            Some(scope) => held.any(|held| scope.iter().filter(touches).any(|grant| grant.place.overlaps(&held.place))),
        }
    }

    /// The keys of a namespace on which somebody may do it; none when there are none.
    #[must_use]
    pub fn key_scope(
        &self,
        holder: Holder,
        action: Action,
        environment: &EnvironmentName,
        namespace: &NamespaceName,
    ) -> Option<KeyScope> {
        if self.users.get(&holder.user).is_none_or(|user| user.disabled) {
            return None;
        }
        let target = Target::AnyIn(environment, namespace);
        let prefix_of = |grant: &Grant| grant.allows(action, target).then(|| grant.place.key_prefix.clone());
        let held = KeyScope::of(self.grants_held(holder.user).filter_map(prefix_of))?;
        match self.scope_of(holder) {
            Some(scope) => held.within(&KeyScope::of(scope.iter().filter_map(prefix_of))?),
            None => Some(held),
        }
    }

    /// Names of the users who could do it, in order: whom to ask.
    #[must_use]
    pub fn who_can(&self, action: Action, target: Target<'_>) -> Vec<UserName> {
        let may = |user: &&User| self.allows(Holder::user(user.id), action, target);
        let mut names: Vec<_> = self.users.values().filter(may).map(|user| user.name.clone()).collect();
        names.sort();
        names
    }
}

/// Rules of trusted issuers put the users that they name into groups.
fn memberships_by_rules<'a>(users: &'a [User], issuers: &'a [TrustedIssuer]) -> impl Iterator<Item = Membership> + 'a {
    let rules = issuers.iter().flat_map(|issuer| issuer.rules.iter().map(move |rule| (issuer, rule)));
    rules.flat_map(move |(issuer, rule)| {
        let user = users.iter().find(|user| user.name.as_str() == rule.user);
        user.into_iter().flat_map(move |user| {
            let source = issuer.name.clone();
            let member =
                move |group: &GroupName| Membership { group: group.clone(), user: user.id, source: source.clone() };
            rule.groups.iter().map(member)
        })
    })
}
