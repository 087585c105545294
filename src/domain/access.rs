//! Who may do what: roles, grants and the one decision over them. Deny by default.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::contents::ContentHash;
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName, UserName};
use crate::domain::patterns::Pattern;
use crate::domain::revisions::Revision;
use crate::domain::sight::KeyScope;

/// Something a caller wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// See entries, history and diffs.
    Read,
    /// Publish, delete, import.
    Publish,
    /// Roll back and revert.
    Rollback,
    /// Refuse publishes of an environment, and allow them again.
    Freeze,
    /// Create, change and delete environments and namespaces.
    Manage,
    /// Operate the store: users and what a failover lost.
    Administer,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Publish => "publish",
            Self::Rollback => "rollback",
            Self::Freeze => "freeze",
            Self::Manage => "manage",
            Self::Administer => "administer",
        })
    }
}

/// A named set of actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Read, history, watch.
    Viewer,
    /// Viewer, and publishes, deletes, rolls back in its scope.
    Publisher,
    /// Viewer, and rolls back, reverts, freezes.
    Operator,
    /// Viewer, and manages environments and namespaces inside its pattern; neither publishes nor rolls back.
    Admin,
}

impl Role {
    /// The role's name on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Publisher => "publisher",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        [Self::Viewer, Self::Publisher, Self::Operator, Self::Admin].into_iter().find(|role| role.as_str() == name)
    }

    /// Whether the role includes the action.
    #[must_use]
    pub fn allows(self, action: Action) -> bool {
        match self {
            Self::Viewer => action == Action::Read,
            Self::Publisher => matches!(action, Action::Read | Action::Publish | Action::Rollback),
            Self::Operator => matches!(action, Action::Read | Action::Rollback | Action::Freeze),
            Self::Admin => matches!(action, Action::Read | Action::Manage | Action::Administer | Action::Freeze),
        }
    }
}

/// A role given to a user on a part of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: Uuid,
    /// Who holds it.
    pub user: Uuid,
    /// What it allows.
    pub role: Role,
    /// The environments it covers.
    pub environment: Pattern,
    /// The namespaces it covers.
    pub namespace: Pattern,
    /// The keys it covers, by prefix; empty covers all.
    pub key_prefix: String,
}

impl Grant {
    fn covers(&self, target: Target<'_>) -> bool {
        match target {
            Target::Store => {
                self.environment == Pattern::any() && self.namespace == Pattern::any() && self.key_prefix.is_empty()
            }
            Target::Environment(environment) => {
                self.environment.matches(environment.as_str())
                    && self.namespace == Pattern::any()
                    && self.key_prefix.is_empty()
            }
            Target::AnyOf(environment) => self.environment.matches(environment.as_str()),
            Target::Namespace(environment, namespace) => {
                self.environment.matches(environment.as_str())
                    && self.namespace.matches(namespace.as_str())
                    && self.key_prefix.is_empty()
            }
            Target::AnyIn(environment, namespace) => {
                self.environment.matches(environment.as_str()) && self.namespace.matches(namespace.as_str())
            }
            Target::Entry(environment, namespace, key) => {
                self.environment.matches(environment.as_str())
                    && self.namespace.matches(namespace.as_str())
                    && key.starts_with(&self.key_prefix)
            }
        }
    }
}

/// What an action is about.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// The store as a whole.
    Store,
    /// One environment with all its namespaces.
    Environment(&'a EnvironmentName),
    /// Something, however small, of an environment.
    AnyOf(&'a EnvironmentName),
    /// One namespace with all its keys.
    Namespace(&'a EnvironmentName, &'a NamespaceName),
    /// Something, however small, of a namespace.
    AnyIn(&'a EnvironmentName, &'a NamespaceName),
    /// One entry.
    Entry(&'a EnvironmentName, &'a NamespaceName, &'a EntryKey),
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store => f.write_str("the store"),
            Self::Environment(environment) | Self::AnyOf(environment) => write!(f, "{environment}"),
            Self::Namespace(environment, namespace) | Self::AnyIn(environment, namespace) => {
                write!(f, "{environment}/{namespace}")
            }
            Self::Entry(environment, namespace, key) => write!(f, "{environment}/{namespace}/{key}"),
        }
    }
}

/// A person who may hold grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: Uuid,
    /// Its login name.
    pub name: UserName,
    /// The head when its grants last changed: a cursor that is not above may have been given out under other rights.
    pub granted_at: Revision,
}

/// What a token was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Made by a login; ends with it.
    Session,
    /// Made for a program.
    Api,
}

/// A secret that stands for its owner. Only its hash is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The public part of its text.
    pub id: Uuid,
    /// Whose rights it carries.
    pub user: Uuid,
    /// What its maker called it.
    pub name: String,
    /// Session or API token.
    pub kind: TokenKind,
    /// SHA-256 of the secret part.
    pub hash: ContentHash,
    /// From when on it is refused.
    pub expires_at: Option<OffsetDateTime>,
}

/// A caller whose token was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The person.
    pub user: User,
    /// The token that was shown.
    pub token: Uuid,
}

/// Everybody's rights at one access number. Cloning shares everything.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Counts changes of users, tokens and grants.
    pub number: u64,
    users: Arc<HashMap<Uuid, User>>,
    tokens: Arc<HashMap<Uuid, Token>>,
    grants: Arc<HashMap<Uuid, Vec<Grant>>>,
}

impl Access {
    /// Rights as the store lists them.
    #[must_use]
    pub fn new(number: u64, users: Vec<User>, tokens: Vec<Token>, grants: Vec<Grant>) -> Self {
        let mut by_user = HashMap::<Uuid, Vec<Grant>>::new();
        for grant in grants {
            by_user.entry(grant.user).or_default().push(grant);
        }
        Self {
            number,
            users: Arc::new(users.into_iter().map(|user| (user.id, user)).collect()),
            tokens: Arc::new(tokens.into_iter().map(|token| (token.id, token)).collect()),
            grants: Arc::new(by_user),
        }
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

    /// The tokens of a user.
    pub fn tokens_of(&self, user: Uuid) -> impl Iterator<Item = &Token> {
        self.tokens.values().filter(move |token| token.user == user)
    }

    /// Whether some grant of the user allows the action on the target.
    #[must_use]
    pub fn allows(&self, user: Uuid, action: Action, target: Target<'_>) -> bool {
        self.grants_of(user).iter().any(|grant| grant.role.allows(action) && grant.covers(target))
    }

    /// The keys of a namespace on which some grant of the user allows the action; none when there are none.
    #[must_use]
    pub fn key_scope(
        &self,
        user: Uuid,
        action: Action,
        environment: &EnvironmentName,
        namespace: &NamespaceName,
    ) -> Option<KeyScope> {
        let target = Target::AnyIn(environment, namespace);
        let grants = self.grants_of(user).iter().filter(|grant| grant.role.allows(action) && grant.covers(target));
        let mut prefixes: Vec<&str> = grants.map(|grant| grant.key_prefix.as_str()).collect();
        if prefixes.iter().any(|prefix| prefix.is_empty()) {
            return Some(KeyScope::All);
        }
        prefixes.sort_unstable();
        // Sorted, a prefix stands right before what it includes.
        prefixes.dedup_by(|longer, shorter| longer.starts_with(*shorter));
        (!prefixes.is_empty()).then(|| KeyScope::Prefixes(prefixes.into_iter().map(str::to_owned).collect()))
    }

    /// Names of the users who could do it, in order: whom to ask.
    #[must_use]
    pub fn who_can(&self, action: Action, target: Target<'_>) -> Vec<UserName> {
        let mut names: Vec<_> = self
            .users
            .values()
            .filter(|user| self.allows(user.id, action, target))
            .map(|user| user.name.clone())
            .collect();
        names.sort();
        names
    }

    /// The grants of a user.
    #[must_use]
    pub fn grants_of(&self, user: Uuid) -> &[Grant] {
        self.grants.get(&user).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(role: Role, environment: &str, namespace: &str, key_prefix: &str) -> Grant {
        Grant {
            id: Uuid::nil(),
            user: Uuid::nil(),
            role,
            environment: Pattern::parse(environment).unwrap(),
            namespace: Pattern::parse(namespace).unwrap(),
            key_prefix: key_prefix.to_owned(),
        }
    }

    fn may(grant: Grant, action: Action, address: (&str, &str, &str)) -> bool {
        let (environment, namespace, key) = address;
        Access::new(1, vec![], vec![], vec![grant]).allows(
            Uuid::nil(),
            action,
            Target::Entry(
                &EnvironmentName::parse(environment).unwrap(),
                &NamespaceName::parse(namespace).unwrap(),
                &EntryKey::parse(key).unwrap(),
            ),
        )
    }

    #[test]
    fn a_grant_covers_its_pattern_and_prefix_only() {
        let scoped = grant(Role::Publisher, "dev*", "orders*", "app/");
        assert!(may(scoped.clone(), Action::Publish, ("dev-eu", "orders.eu", "app/x.yaml")));
        assert!(!may(scoped.clone(), Action::Publish, ("prod", "orders.eu", "app/x.yaml")));
        assert!(!may(scoped.clone(), Action::Publish, ("dev", "payments", "app/x.yaml")));
        assert!(!may(scoped, Action::Publish, ("dev", "orders", "other.yaml")));
    }

    #[test]
    fn an_admin_neither_publishes_nor_rolls_back() {
        let admin = grant(Role::Admin, "*", "*", "");
        assert!(may(admin.clone(), Action::Read, ("dev", "orders", "a")));
        assert!(may(admin.clone(), Action::Manage, ("dev", "orders", "a")));
        assert!(!may(admin.clone(), Action::Publish, ("dev", "orders", "a")));
        assert!(!may(admin, Action::Rollback, ("dev", "orders", "a")));
    }

    #[test]
    fn nobody_may_anything_without_a_grant() {
        let access = Access::new(1, vec![], vec![], vec![]);
        assert!(!access.allows(Uuid::nil(), Action::Read, Target::Store));
    }

    #[test]
    fn a_grant_on_some_keys_is_none_on_the_namespace() {
        let access = Access::new(1, vec![], vec![], vec![grant(Role::Admin, "dev", "*", "app/")]);
        let dev = EnvironmentName::parse("dev").unwrap();
        let orders = NamespaceName::parse("orders").unwrap();
        assert!(!access.allows(Uuid::nil(), Action::Manage, Target::Namespace(&dev, &orders)));
        assert!(!access.allows(Uuid::nil(), Action::Manage, Target::Environment(&dev)));
        assert!(access.allows(Uuid::nil(), Action::Read, Target::AnyIn(&dev, &orders)));
    }
}
