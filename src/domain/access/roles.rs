//! Actions, and the roles that are named sets of them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something a caller wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// See entries, and watch them.
    Read,
    /// See history, diffs and instances.
    Inspect,
    /// Edit drafts.
    Draft,
    /// Publish, delete, import.
    Publish,
    /// Roll back and revert.
    Rollback,
    /// Refuse publishes of an environment, and allow them again.
    Freeze,
    /// Register instances, and say what they run.
    Report,
    /// See what is sealed.
    Reveal,
    /// Create, change and delete environments and namespaces; pin, redact.
    Manage,
    /// Give rights to others, and take them away.
    Grant,
    /// Read the audit.
    Audit,
    /// Operate the store: users, groups, providers, keys, trims, what a failover lost.
    Administer,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 12] = [
        Self::Read,
        Self::Inspect,
        Self::Draft,
        Self::Publish,
        Self::Rollback,
        Self::Freeze,
        Self::Report,
        Self::Reveal,
        Self::Manage,
        Self::Grant,
        Self::Audit,
        Self::Administer,
    ];

    /// The action's name on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Inspect => "inspect",
            Self::Draft => "draft",
            Self::Publish => "publish",
            Self::Rollback => "rollback",
            Self::Freeze => "freeze",
            Self::Report => "report",
            Self::Reveal => "reveal",
            Self::Manage => "manage",
            Self::Grant => "grant",
            Self::Audit => "audit",
            Self::Administer => "administer",
        }
    }

    /// The action of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A named set of actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Read, history, watch, instances.
    Viewer,
    /// Viewer, and edits drafts.
    Editor,
    /// Editor, and publishes, deletes, imports, rolls back and reverts; its services may report.
    Publisher,
    /// Viewer, and rolls back, reverts, freezes.
    Operator,
    /// Reads, watches and reports for its instances; nothing else.
    Agent,
    /// Reveals what is sealed; nothing else, not even reading.
    SecretReader,
    /// Viewer, and manages namespaces, protection, grants and tokens inside its pattern; neither publishes nor reveals.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] =
        [Self::Viewer, Self::Editor, Self::Publisher, Self::Operator, Self::Agent, Self::SecretReader, Self::Admin];

    /// The role's name on the wire and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Publisher => "publisher",
            Self::Operator => "operator",
            Self::Agent => "agent",
            Self::SecretReader => "secret-reader",
            Self::Admin => "admin",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// What it includes.
    #[must_use]
    pub fn actions(self) -> &'static [Action] {
        use Action::{
            Administer, Audit, Draft, Freeze, Grant, Inspect, Manage, Publish, Read, Report, Reveal, Rollback,
        };
        match self {
            Self::Viewer => &[Read, Inspect],
            Self::Editor => &[Read, Inspect, Draft],
            Self::Publisher => &[Read, Inspect, Draft, Publish, Rollback, Report],
            Self::Operator => &[Read, Inspect, Rollback, Freeze],
            Self::Agent => &[Read, Report],
            Self::SecretReader => &[Reveal],
            Self::Admin => &[Read, Inspect, Manage, Freeze, Grant, Audit, Administer],
        }
    }

    /// Whether the role includes the action.
    #[must_use]
    pub fn allows(self, action: Action) -> bool {
        self.actions().contains(&action)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
