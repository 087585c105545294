//! Why a change set is refused.

use crate::domain::access::{Access, Action, Holder, Place, Target};
use crate::domain::changes::{Freeze, Version};
use crate::domain::names::{Address, EnvironmentName, NamespaceName, UserName};
use crate::domain::revisions::Revision;
use crate::domain::state::Entry;

/// A precondition that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Which entry.
    pub address: Address,
    /// The revision that the caller edited.
    pub expected: Revision,
    /// What is there.
    pub theirs: Option<Entry>,
    /// What the caller wanted to put.
    pub yours: Option<Version>,
}

/// Something that changed after the change set that was to be reverted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevertConflict {
    /// The entry or namespace, as text.
    pub item: String,
    /// Its present revision; 0 when it is gone.
    pub now: Revision,
}

/// Why a change set was refused. Nothing of it was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// It is not there.
    NotFound(String),
    /// The caller may not know whether it is there: told as if it were not.
    Hidden {
        /// What was missing.
        action: Action,
        /// On what.
        target: String,
    },
    /// The caller may see it, but not do this.
    Denied {
        /// What was missing.
        action: Action,
        /// On what.
        target: String,
        /// Some who could do it; none when the caller may not read it.
        who_can: Vec<UserName>,
        /// Some who could give the right; none when the caller may not read it.
        who_can_grant: Vec<UserName>,
    },
    /// Entries are not what the caller edited.
    Conflicts(Vec<Conflict>),
    /// An environment or namespace is not what the caller edited.
    Stale {
        /// Which.
        target: String,
        /// Its present revision; 0 when it does not exist.
        current: Revision,
    },
    /// Reverting would undo later changes.
    RevertConflicts(Vec<RevertConflict>),
    /// A protected environment wants a precondition for these.
    PreconditionRequired(Vec<Address>),
    /// A protected environment wants a message.
    MessageRequired(EnvironmentName),
    /// The entry must be sealed, and with the marks it has at the head: seal it anew and send it again.
    MustSeal(Address),
    /// Bytes that are to be brought back were removed for ever.
    Redacted(Vec<Address>),
    /// Publishes are refused for now.
    Frozen(EnvironmentName, Freeze),
    /// The environment still has namespaces.
    NotEmpty(EnvironmentName, u64),
    /// Deleting the namespace needs a confirmation.
    ConfirmationRequired {
        /// Which.
        namespace: NamespaceName,
        /// How many entries would be deleted.
        entries: u64,
        /// How many drafts touch it. They stay; the judgement does not know of them, and who asks the store adds them.
        drafts: u64,
    },
    /// A quota would be passed.
    OverLimit {
        /// The setting that holds the limit.
        limit: &'static str,
        /// Where.
        target: String,
        /// Its value.
        allowed: u64,
        /// What it would come to.
        wanted: u64,
    },
}

/// How many people are named to ask.
const NAMES: usize = 10;

/// The one answer to a missing right: denied, or, where the caller may not even read it, not found.
pub fn require(access: &Access, holder: Holder, action: Action, target: Target<'_>) -> Result<(), Refused> {
    if access.allows(holder, action, target) {
        return Ok(());
    }
    let readable = may_read(access, holder, target);
    if !readable && !matches!(target, Target::Store) {
        return Err(Refused::Hidden { action, target: target.to_string() });
    }
    Err(denied(access, action, target, readable))
}

/// A denial, with whom to ask when the caller may know.
#[must_use]
pub fn denied(access: &Access, action: Action, target: Target<'_>, tell: bool) -> Refused {
    let some = |action| {
        let mut names = if tell { access.who_can(action, target) } else { Vec::new() };
        names.truncate(NAMES);
        names
    };
    Refused::Denied { action, target: target.to_string(), who_can: some(action), who_can_grant: some(Action::Grant) }
}

/// Whether somebody may read something of a target, or, of the store, anything at all.
#[must_use]
pub fn may_read(access: &Access, holder: Holder, target: Target<'_>) -> bool {
    match target {
        Target::Store => access.allows_some(holder, Action::Read, &Place::everything()),
        Target::Place(place) => access.allows_some(holder, Action::Read, place),
        Target::Environment(environment) | Target::AnyOf(environment) => {
            access.allows(holder, Action::Read, Target::AnyOf(environment))
        }
        Target::Namespace(environment, namespace) | Target::AnyIn(environment, namespace) => {
            access.allows(holder, Action::Read, Target::AnyIn(environment, namespace))
        }
        Target::Entry(..) => access.allows(holder, Action::Read, target),
    }
}
