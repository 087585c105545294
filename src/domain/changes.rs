//! Change sets: what a caller asks for, and the record of what was committed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::access::Caller;
use crate::domain::contents::{Content, ContentHash};
use crate::domain::formats::Format;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName, UserName};
use crate::domain::patterns::KeyPattern;
use crate::domain::revisions::{Epoch, Revision};
use crate::domain::secrets::Marks;

/// How much an environment matters. Only `prod` is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// For developing.
    Dev,
    /// For automatic tests.
    Test,
    /// Like production, without its users.
    Staging,
    /// Production: writes need a precondition and a message.
    Prod,
}

/// Why nothing is published to an environment at present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Freeze {
    /// What the person who froze it said.
    pub reason: String,
    /// Who froze it.
    #[schema(value_type = String)]
    pub by: UserName,
}

/// What an environment is, besides its entries. Versioned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentAttributes {
    /// Decides protection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// `#rrggbb`, for consoles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Set while publishes are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frozen: Option<Freeze>,
}

impl EnvironmentAttributes {
    /// Whether a write needs a precondition and a message.
    #[must_use]
    pub fn protected(&self) -> bool {
        self.tier == Some(Tier::Prod)
    }
}

/// What a namespace is, besides its entries. Versioned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamespaceAttributes {
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Keys that are secret as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secret_keys: Vec<KeyPattern>,
}

impl NamespaceAttributes {
    /// Whether a key is secret by its name.
    #[must_use]
    pub fn marks(&self, key: &EntryKey) -> bool {
        self.secret_keys.iter().any(|pattern| pattern.matches(key.as_str()))
    }
}

/// Who a change is for. Everyone, until rollouts give it to some instances first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Audience {
    /// Every instance, and every read without one.
    #[default]
    Everyone,
}

/// The state of an entry that a change brings about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// How its content is to be understood.
    pub format: Format,
    /// Its bytes; those of a sealed entry are encrypted.
    pub content: Content,
    /// What is secret in it, when it is sealed.
    pub seal: Option<Seal>,
}

impl Version {
    /// A version that is not sealed.
    #[must_use]
    pub fn open(format: Format, content: Content) -> Self {
        Self { format, content, seal: None }
    }

    /// Whether it is sealed.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.seal.is_some()
    }

    /// Whether format and bytes are the same.
    #[must_use]
    pub fn same(&self, format: Format, hash: ContentHash) -> bool {
        self.format == format && self.content.hash() == hash
    }

    /// The same version, hiding at least this much. One that is not sealed cannot hide anything.
    #[must_use]
    pub fn hiding(&self, marks: &Marks) -> Self {
        let seal = self.seal.as_ref().map(|seal| {
            if seal.marks.cover(marks) { seal.clone() } else { Seal { marks: Arc::new(seal.marks.with(marks)) } }
        });
        Self { seal, ..self.clone() }
    }
}

/// What makes a version sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// What is secret in it.
    pub marks: Arc<Marks>,
}

/// One change that a client asks for.
#[derive(Debug, Clone)]
pub struct EntryChange {
    /// Which entry.
    pub address: Address,
    /// What it shall be; none deletes it.
    pub version: Option<Version>,
    /// The revision it was edited from; 0 = must not exist; none = whatever is there.
    pub if_revision: Option<Revision>,
    /// Whether its marks were chosen by the caller; else they are those that were there.
    pub chosen_marks: bool,
}

/// What a rollback covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All namespaces of an environment.
    Environment(EnvironmentName),
    /// One namespace.
    Namespace(EnvironmentName, NamespaceName),
    /// Some keys of a namespace.
    Keys(EnvironmentName, NamespaceName, Vec<EntryKey>),
}

impl Scope {
    /// The environment it lies in.
    #[must_use]
    pub fn environment(&self) -> &EnvironmentName {
        match self {
            Self::Environment(environment) | Self::Namespace(environment, _) | Self::Keys(environment, ..) => {
                environment
            }
        }
    }

    /// The namespace it lies in, unless it is a whole environment.
    #[must_use]
    pub fn namespace(&self) -> Option<&NamespaceName> {
        match self {
            Self::Environment(_) => None,
            Self::Namespace(_, namespace) | Self::Keys(_, namespace, _) => Some(namespace),
        }
    }
}

/// A rollback: the scope shall be as it was right after a revision.
#[derive(Debug, Clone)]
pub struct Restore {
    /// What it covers.
    pub scope: Scope,
    /// The revision.
    pub to: Revision,
    /// The namespaces that existed then, inside the scope.
    pub namespaces: Vec<(NamespaceName, NamespaceAttributes)>,
    /// The entries that existed then, inside the scope.
    pub entries: Vec<(Address, Version)>,
}

/// One entry that a reverted change set touched.
#[derive(Debug, Clone)]
pub struct RevertedEntry {
    /// Which entry.
    pub address: Address,
    /// Before the change set.
    pub before: Option<Version>,
    /// Right after it, as format and hash.
    pub after: Option<(Format, ContentHash)>,
}

/// One namespace that a reverted change set created, changed or deleted.
#[derive(Debug, Clone)]
pub struct RevertedNamespace {
    /// Its environment.
    pub environment: EnvironmentName,
    /// Its name.
    pub namespace: NamespaceName,
    /// Before the change set.
    pub before: Option<NamespaceAttributes>,
    /// Right after it.
    pub after: Option<NamespaceAttributes>,
}

/// Undoing just one change set.
#[derive(Debug, Clone)]
pub struct Revert {
    /// The change set.
    pub revision: Revision,
    /// The namespaces it touched.
    pub namespaces: Vec<RevertedNamespace>,
    /// The entries it touched.
    pub entries: Vec<RevertedEntry>,
}

/// Creating a namespace, or changing its attributes.
#[derive(Debug, Clone)]
pub struct PutNamespace {
    /// Its environment.
    pub environment: EnvironmentName,
    /// Its name.
    pub namespace: NamespaceName,
    /// What it shall be.
    pub attributes: NamespaceAttributes,
    /// The revision that last touched it, when it was edited from there.
    pub if_revision: Option<Revision>,
    /// Current entries that the attributes make secret, sealed: each with the revision it had.
    pub sealed: Vec<(EntryKey, Revision, Version)>,
}

/// What a change set shall do.
#[derive(Debug, Clone)]
pub enum Intent {
    /// Put and delete entries. `force` writes over protected entries without a precondition.
    Publish {
        /// In the order they were sent; no address twice.
        changes: Vec<EntryChange>,
        /// Said by the caller, and shown in the history.
        force: bool,
    },
    /// Create an environment or change its attributes; a freeze stays as it is.
    PutEnvironment(EnvironmentName, EnvironmentAttributes, Option<Revision>),
    /// Delete an empty environment.
    DeleteEnvironment(EnvironmentName, Option<Revision>),
    /// Refuse publishes for a reason, or allow them again.
    Freeze(EnvironmentName, Option<String>),
    /// Create a namespace or change its attributes. Current entries that these make secret come sealed, each with the
    /// revision it was sealed at.
    PutNamespace(PutNamespace),
    /// Delete a namespace with its entries; the flag says that the impact was confirmed.
    DeleteNamespace(EnvironmentName, NamespaceName, Option<Revision>, bool),
    /// Go back, or forward, to a revision.
    Rollback(Restore),
    /// Undo one change set.
    Revert(Revert),
}

/// The kind of a revision, as the history shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Entries were put or deleted.
    Publish,
    /// A scope was set back to a revision.
    Rollback,
    /// One change set was undone.
    Revert,
    /// An environment was created, changed or deleted.
    Environment,
    /// A namespace was created, changed or deleted.
    Namespace,
    /// Publishes of an environment were forbidden or allowed again.
    Freeze,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::Publish, Self::Rollback, Self::Revert, Self::Environment, Self::Namespace, Self::Freeze];

    /// The kind's name on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Rollback => "rollback",
            Self::Revert => "revert",
            Self::Environment => "environment",
            Self::Namespace => "namespace",
            Self::Freeze => "freeze",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Intent {
    /// The kind its revision will have.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Publish { .. } => Kind::Publish,
            Self::PutEnvironment(..) | Self::DeleteEnvironment(..) => Kind::Environment,
            Self::Freeze(..) => Kind::Freeze,
            Self::PutNamespace(_) | Self::DeleteNamespace(..) => Kind::Namespace,
            Self::Rollback(_) => Kind::Rollback,
            Self::Revert(_) => Kind::Revert,
        }
    }
}

/// A change set on its way to the committer.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    /// Becomes the random id of its revision row.
    pub id: Uuid,
    /// Who asks.
    pub caller: Caller,
    /// Why, for people.
    pub message: String,
    /// The request that brought it, for logs and history.
    pub request_id: String,
    /// The trace it belongs to, when the caller sent one.
    pub trace: Option<Arc<str>>,
    /// What it shall do.
    pub intent: Intent,
}

/// One change of a committed change set. `previous` is the revision of the item's last change, 0 if there was nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An entry was put, or deleted when there is no version.
    Entry {
        /// Which entry.
        address: Address,
        /// What it is now.
        version: Option<Version>,
        /// Who sees it.
        audience: Audience,
        /// Its revision before.
        previous: Revision,
    },
    /// A namespace was created, changed, or deleted when there are no attributes.
    Namespace {
        /// Its environment.
        environment: EnvironmentName,
        /// Its name.
        namespace: NamespaceName,
        /// What it is now.
        attributes: Option<NamespaceAttributes>,
        /// Its revision before.
        previous: Revision,
    },
    /// An environment was created, changed, or deleted when there are no attributes.
    Environment {
        /// Its name.
        environment: EnvironmentName,
        /// What it is now.
        attributes: Option<EnvironmentAttributes>,
        /// Its revision before.
        previous: Revision,
    },
}

/// What a revision was made from, beyond its changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The revision that a rollback went to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_to: Option<Revision>,
    /// The revision that a revert undid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<Revision>,
    /// Whether protected entries were written over without a precondition.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
    /// The trace that leads from the call to what instances made of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Arc<str>>,
}

impl Origin {
    /// The origin that a change set gives its revision.
    #[must_use]
    pub fn of(set: &ChangeSet) -> Self {
        let traced = Self { trace: set.trace.clone(), ..Self::default() };
        match &set.intent {
            Intent::Rollback(restore) => Self { rollback_to: Some(restore.to), ..traced },
            Intent::Revert(revert) => Self { reverts: Some(revert.revision), ..traced },
            Intent::Publish { force, .. } => Self { forced: *force, ..traced },
            Intent::PutEnvironment(..)
            | Intent::DeleteEnvironment(..)
            | Intent::Freeze(..)
            | Intent::PutNamespace(_)
            | Intent::DeleteNamespace(..) => traced,
        }
    }
}

/// A committed revision without its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordHead {
    /// Its number.
    pub revision: Revision,
    /// The history it belongs to.
    pub epoch: Epoch,
    /// Random, so that two histories with the same numbers can be told apart.
    pub id: Uuid,
    /// When it was committed, by the database's clock; never before its predecessor.
    pub at: OffsetDateTime,
    /// Who asked for it.
    pub actor: UserName,
    /// Why.
    pub message: String,
    /// The request that brought it.
    pub request_id: String,
    /// What kind of change.
    pub kind: Kind,
    /// What it was made from.
    pub origin: Origin,
}

/// A committed revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// All but the changes.
    pub head: RecordHead,
    /// The changes, which became visible together.
    pub items: Vec<Item>,
}

impl Record {
    /// Bytes of content it holds.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.items
            .iter()
            .map(|item| match item {
                Item::Entry { version: Some(version), .. } => version.content.size(),
                Item::Entry { version: None, .. } | Item::Namespace { .. } | Item::Environment { .. } => 0,
            })
            .sum()
    }
}
