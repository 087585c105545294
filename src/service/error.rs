//! Why a use case did not work out, without a word of any transport.

use std::time::Duration;

use crate::domain::access::Action;
use crate::domain::names::UserName;
use crate::domain::refusals::Refused;
use crate::domain::revisions::Revision;
use crate::service::keyring::KeyError;
use crate::store::StoreError;

/// One bad place in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// A parameter, header or path into the body.
    pub name: String,
    /// What is wrong, with the limit.
    pub problem: String,
    /// Line and column in the content, from 1.
    pub place: Option<(u32, u32)>,
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.name, self.problem)
    }
}

impl Field {
    /// A bad place outside a content.
    pub fn new(name: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { name: name.into(), problem: problem.into(), place: None }
    }
}

/// A failed use case.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ServiceError {
    /// Values are out of their bounds.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<Field>),
    /// Contents do not parse.
    #[error("invalid content")]
    InvalidContent(Vec<Field>),
    /// More than a client may send.
    #[error("too large")]
    TooLarge(Vec<Field>),
    /// The judgement at the head said no.
    #[error("refused")]
    Refused(Refused),
    /// Not there.
    #[error("{0} not found")]
    NotFound(String),
    /// Not to be known: told as if it were not there.
    #[error("{target} not found")]
    Hidden {
        /// What was missing.
        action: Action,
        /// On what.
        target: String,
    },
    /// Visible, but not allowed.
    #[error("{action} on {target} is not allowed")]
    Denied {
        /// What was missing.
        action: Action,
        /// On what.
        target: String,
        /// Some who could do it.
        who_can: Vec<UserName>,
        /// Some who could give the right.
        who_can_grant: Vec<UserName>,
    },
    /// Nobody would be left to administer the store.
    #[error("nobody would be left to administer the store")]
    LastAdmin,
    /// The caller would come to see secrets by a right that it gives itself.
    #[error("nobody may give secret-reader to itself")]
    SelfGrant,
    /// The name belongs to something else.
    #[error("{0} exists")]
    AlreadyExists(String),
    /// The token is missing, unknown, expired or revoked.
    #[error("unauthenticated")]
    Unauthenticated,
    /// Name and password do not belong together.
    #[error("wrong name or password")]
    WrongPassword,
    /// A one-time password came without a new one.
    #[error("a new password is needed")]
    PasswordChangeRequired,
    /// A token is not taken; the text says why to whom it belongs.
    #[error("{0}")]
    TokenRefused(String),
    /// A trusted issuer vouches for somebody who is no service here.
    #[error("{0} is no service")]
    NoService(UserName),
    /// The keys of a trusted issuer cannot be fetched.
    #[error("the keys of the trusted issuer {0} cannot be fetched")]
    IssuerUnreachable(String),
    /// A login at a provider is not let in; the reason may be told.
    #[error("the login was refused: {0}")]
    LoginRefused(String),
    /// A provider does not do its part; the text is for the log.
    #[error("identity provider {0}")]
    ProviderFailed(String),
    /// A scoped or short-lived token would make or end a credential.
    #[error("a scoped or short-lived token does not do that")]
    NeedsFullToken,
    /// Too many logins at once.
    #[error("too many requests")]
    TooManyRequests(Duration),
    /// The idempotency key belongs to another body.
    #[error("idempotency key reused")]
    IdempotencyKeyReused,
    /// A draft is not what the caller has seen, or gone.
    #[error("the draft changed")]
    DraftMoved,
    /// The id of an instance belongs to another user.
    #[error("{0} belongs to another user")]
    InstanceTaken(String),
    /// Earlier versions of an entry that gets its first marks are not sealed yet.
    #[error("earlier versions are not sealed")]
    Unsealed,
    /// A mark was to be taken away.
    #[error("what was sealed stays sealed")]
    SealedStays(Vec<Field>),
    /// A marker of masked text keeps no value.
    #[error("invalid marker")]
    InvalidMarker(Vec<Field>),
    /// The content is sealed, and was not asked to be revealed.
    #[error("{0} is sealed")]
    Sealed(String),
    /// The bytes were removed for ever.
    #[error("{0} was redacted")]
    Redacted(String),
    /// Something is to be sealed or opened, and the node has no master key.
    #[error("there is no master key")]
    NoMasterKey,
    /// The database cannot be reached; nothing was applied.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The node is behind `min_revision`.
    #[error("revision {wanted} is not there yet, this node is at {head}")]
    NotThereYet {
        /// What was asked for.
        wanted: Revision,
        /// What the node has.
        head: Revision,
    },
    /// The contents of the revision were trimmed.
    #[error("revision {wanted} was trimmed, the lowest that can be read is {lowest}")]
    Compacted {
        /// What was asked for.
        wanted: Revision,
        /// The lowest revision that can be read.
        lowest: Revision,
    },
    /// The store was restored, and its instances keep what they run.
    #[error("held")]
    Held,
    /// The commit was cut and could not be looked up.
    #[error("outcome unknown")]
    OutcomeUnknown,
    /// The rights are too old.
    #[error("rights are too old")]
    AccessStale,
    /// The node is stopping.
    #[error("draining")]
    Draining,
    /// Something is broken; the text is for the log.
    #[error("{0}")]
    Internal(String),
}

impl ServiceError {
    /// Judges a failed write that has no key to be looked up by: one that was cut may have happened.
    pub(super) fn of_write(error: StoreError) -> Self {
        if matches!(error, StoreError::Cut(_)) { Self::OutcomeUnknown } else { error.into() }
    }
}

impl ServiceError {
    /// Whether the same call succeeds once contents were sealed anew.
    pub(super) fn wants_sealing(&self) -> bool {
        matches!(self, Self::Unsealed | Self::Refused(Refused::MustSeal(_)))
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Cut(_) => Self::Unavailable(error.to_string()),
            StoreError::Refused(_)
            | StoreError::Corrupt { .. }
            | StoreError::Trimmed(_)
            | StoreError::NameTaken
            | StoreError::Unfit(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<KeyError> for ServiceError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NoMasterKey => Self::NoMasterKey,
            KeyError::UnknownMaster(_) | KeyError::UnknownDataKey(_) | KeyError::Damaged(_) => {
                Self::Internal(error.to_string())
            }
        }
    }
}

impl From<Refused> for ServiceError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotFound(what) => Self::NotFound(what),
            Refused::Hidden { action, target } => Self::Hidden { action, target },
            Refused::Denied { action, target, who_can, who_can_grant } => {
                Self::Denied { action, target, who_can, who_can_grant }
            }
            other @ (Refused::Conflicts(_)
            | Refused::Stale { .. }
            | Refused::RevertConflicts(_)
            | Refused::PreconditionRequired(_)
            | Refused::MessageRequired(_)
            | Refused::MustSeal(_)
            | Refused::Redacted(_)
            | Refused::Frozen(..)
            | Refused::NotEmpty(..)
            | Refused::ConfirmationRequired { .. }
            | Refused::OverLimit { .. }) => Self::Refused(other),
        }
    }
}
