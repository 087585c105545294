//! Grants: who holds what, on which part of the store.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

use crate::domain::access::{Action, Role};
use crate::domain::names::{EntryKey, EnvironmentName, GroupName, NamespaceName, UserName};
use crate::domain::patterns::{Pattern, PatternError};

/// Who holds a grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A person or a service.
    User(Uuid),
    /// Everybody in a group.
    Group(GroupName),
    /// A token: its grants are its scope, and narrow what its owner may.
    Token(Uuid),
}

/// How people write who holds a grant: `user:vera`, `group:sre`, `token:` and its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectName {
    /// A user by its name.
    User(UserName),
    /// A group.
    Group(GroupName),
    /// A token by its id.
    Token(Uuid),
}

impl FromStr for SubjectName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let shape = || "must be user:NAME, group:NAME or token:ID".to_owned();
        let (kind, name) = text.split_once(':').ok_or_else(shape)?;
        match kind {
            "user" => UserName::parse(name).map(Self::User).map_err(|error| error.to_string()),
            "group" => GroupName::parse(name).map(Self::Group).map_err(|error| error.to_string()),
            "token" => Uuid::try_parse(name).map(Self::Token).map_err(|_| shape()),
            _ => Err(shape()),
        }
    }
}

impl fmt::Display for SubjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(name) => write!(f, "user:{name}"),
            Self::Group(name) => write!(f, "group:{name}"),
            Self::Token(id) => write!(f, "token:{id}"),
        }
    }
}

/// What a grant allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowance {
    /// What a role includes.
    Role(Role),
    /// Single actions, for the scope of a token.
    Actions(Vec<Action>),
}

impl Allowance {
    /// Whether it includes the action.
    #[must_use]
    pub fn allows(&self, action: Action) -> bool {
        self.actions().contains(&action)
    }

    /// What it includes.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        match self {
            Self::Role(role) => role.actions(),
            Self::Actions(actions) => actions,
        }
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "{role}"),
            Self::Actions(actions) => {
                f.write_str(&actions.iter().map(|action| action.as_str()).collect::<Vec<_>>().join("+"))
            }
        }
    }
}

/// A part of the store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The environments it covers.
    pub environment: Pattern,
    /// The namespaces it covers.
    pub namespace: Pattern,
    /// The keys it covers, by prefix; empty covers all.
    pub key_prefix: String,
}

impl Place {
    /// Parses two patterns; the prefix may be any text.
    pub fn parse(environment: &str, namespace: &str, key_prefix: &str) -> Result<Self, PatternError> {
        let (environment, namespace) = (Pattern::parse(environment)?, Pattern::parse(namespace)?);
        Ok(Self { environment, namespace, key_prefix: key_prefix.to_owned() })
    }

    /// The whole store.
    #[must_use]
    pub fn everything() -> Self {
        Self { environment: Pattern::any(), namespace: Pattern::any(), key_prefix: String::new() }
    }

    /// Whether there could be an entry in both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let (ours, theirs) = (&self.key_prefix, &other.key_prefix);
        self.environment.overlaps(&other.environment)
            && self.namespace.overlaps(&other.namespace)
            && (ours.starts_with(theirs.as_str()) || theirs.starts_with(ours.as_str()))
    }

    /// Whether it covers a target, all of it.
    #[must_use]
    pub fn covers(&self, target: Target<'_>) -> bool {
        let all_keys = self.key_prefix.is_empty();
        match target {
            Target::Store => *self == Self::everything(),
            Target::Environment(environment) => {
                self.environment.matches(environment.as_str()) && self.namespace == Pattern::any() && all_keys
            }
            Target::AnyOf(environment) => self.environment.matches(environment.as_str()),
            Target::Namespace(environment, namespace) => {
                self.environment.matches(environment.as_str()) && self.namespace.matches(namespace.as_str()) && all_keys
            }
            Target::AnyIn(environment, namespace) => {
                self.environment.matches(environment.as_str()) && self.namespace.matches(namespace.as_str())
            }
            Target::Entry(environment, namespace, key) => {
                self.environment.matches(environment.as_str())
                    && self.namespace.matches(namespace.as_str())
                    && key.starts_with(&self.key_prefix)
            }
            Target::Place(place) => {
                self.environment.includes(&place.environment)
                    && self.namespace.includes(&place.namespace)
                    && place.key_prefix.starts_with(&self.key_prefix)
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.environment, self.namespace)?;
        if self.key_prefix.is_empty() { Ok(()) } else { write!(f, "/{}*", self.key_prefix) }
    }
}

/// An allowance held on a part of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its id.
    pub id: Uuid,
    /// Who holds it.
    pub subject: Subject,
    /// What it allows.
    pub allowance: Allowance,
    /// Where.
    pub place: Place,
}

impl Grant {
    /// A role that a user holds.
    #[must_use]
    pub fn of_user(id: Uuid, user: Uuid, role: Role, place: Place) -> Self {
        Self { id, subject: Subject::User(user), allowance: Allowance::Role(role), place }
    }

    /// Whether it allows the action on the target.
    #[must_use]
    pub fn allows(&self, action: Action, target: Target<'_>) -> bool {
        self.allowance.allows(action) && self.place.covers(target)
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.allowance, self.place)
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
    /// Everything that a grant on this place would cover.
    Place(&'a Place),
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
            Self::Place(place) => write!(f, "{place}"),
        }
    }
}
