//! What a watch gives: whole, verified, in order.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::api::problem::{Code, Problem};
use crate::api::watch::{ResetReason, SILENCE_SECONDS};
use crate::client::ClientError;
use crate::domain::contents::ContentHash;
use crate::domain::formats::Format;
use crate::domain::names::{EntryKey, NamespaceName};
use crate::domain::revisions::Cursor;

/// An entry of the environment that is watched.
pub type Place = (NamespaceName, EntryKey);

/// What a [`Watcher`](super::Watcher) gives.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A stream is open.
    Connected {
        /// The server that sends it.
        server: String,
    },
    /// No stream is open any more. What was given so far stays true until there is one again.
    Lost {
        /// The server that was spoken to.
        server: String,
        /// Why.
        outage: Outage,
        /// When the next try begins, perhaps with another server.
        retry_in: Duration,
    },
    /// Continuity is lost. What was given so far stays until the snapshot that follows.
    Reset(ResetReason),
    /// What everything is now.
    Snapshot(Snapshot),
    /// One revision.
    Change(Change),
    /// Everything up to here was given.
    Checkpoint(Cursor),
}

/// Everything that the subscriber sees at a revision. Replaces what was known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Where in the history.
    pub cursor: Cursor,
    /// Whether the store was restored and waits for somebody to resume it.
    pub held: bool,
    /// Whether it only tells differences: what is neither in `entries` nor in `absent` is as it was.
    pub partial: bool,
    /// Entries, by namespace and key.
    pub entries: Vec<Entry>,
    /// Partial: entries that were there and are not any more.
    pub absent: Vec<Place>,
}

/// An entry of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is.
    pub place: Place,
    /// What it is.
    pub version: Version,
    /// The revision of its last change.
    pub revision: u64,
    /// Who asked for that.
    pub actor: String,
    /// When that was committed.
    pub at: OffsetDateTime,
}

/// Bytes and how they are to be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The format; [`Format::Binary`] for one that this release does not know.
    pub format: Format,
    /// SHA-256 of the bytes, which was compared with what the server says; of a sealed entry, a keyed hash, which only
    /// the server can compute.
    pub hash: ContentHash,
    /// The content; empty when it is [shut](Secrecy::Shut).
    pub bytes: Bytes,
    /// Whether it is sealed.
    pub secrecy: Secrecy,
}

/// What a subscriber may know of a content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Secrecy {
    /// It is not sealed.
    #[default]
    Open,
    /// It is sealed, and the plaintext was asked for and given.
    Revealed,
    /// It is sealed, and came without content.
    Shut,
}

impl Secrecy {
    /// Whether it is sealed.
    #[must_use]
    pub fn is_sealed(self) -> bool {
        self != Self::Open
    }

    /// Whether it came without content.
    #[must_use]
    pub fn is_shut(self) -> bool {
        self == Self::Shut
    }
}

/// One revision, with all that the subscriber may see of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where in the history.
    pub cursor: Cursor,
    /// When it was committed.
    pub at: OffsetDateTime,
    /// Who asked for it.
    pub actor: String,
    /// Why.
    pub message: String,
    /// What kind of change: `publish`, `rollback`, …
    pub kind: String,
    /// The trace it belongs to.
    pub trace: Option<String>,
    /// What changed, in the order of the server.
    pub edits: Vec<Edit>,
}

/// One entry of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Which.
    pub place: Place,
    /// What it is now; none when it was deleted.
    pub version: Option<Version>,
}

/// Why there is no stream. None of these says anything about contents: what is known stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Outage {
    /// The network failed, or the server ended the stream without a word.
    #[error("{0}")]
    Network(String),
    /// Nothing came for [`SILENCE_SECONDS`].
    #[error("nothing was heard for {SILENCE_SECONDS} s")]
    Silence,
    /// The node stops and said so.
    #[error("the node is stopping")]
    Bye,
    /// The server refused, and says why: no right, no such environment, held, overloaded, …
    #[error("{0}")]
    Refused(Box<Problem>),
    /// Something that is not this API answered, such as a proxy.
    #[error("an unexpected answer with status {status}: {body}")]
    Unexpected {
        /// The HTTP status.
        status: u16,
        /// The beginning of the body, or what is wrong with it.
        body: String,
    },
    /// The stream or a content of it is not what the contract says, such as a hash that does not fit.
    #[error("the stream is broken: {0}")]
    Broken(String),
}

impl Outage {
    /// The HTTP status, when there was an answer that is no stream.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(problem) => Some(problem.status),
            Self::Unexpected { status, .. } => Some(*status),
            Self::Network(_) | Self::Silence | Self::Bye | Self::Broken(_) => None,
        }
    }

    /// The same as the failure of a single call, for whoever does not want to wait any longer.
    #[must_use]
    pub fn into_error(self, server: String) -> ClientError {
        match self {
            Self::Refused(problem) => ClientError::Problem(problem),
            Self::Unexpected { status, body } => ClientError::Unexpected { status, body },
            Self::Network(cause) => ClientError::Unreachable { server, cause },
            Self::Silence | Self::Bye | Self::Broken(_) => ClientError::Unreachable { server, cause: self.to_string() },
        }
    }

    /// The code, when the server refused.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        if let Self::Refused(problem) = self { Some(problem.code) } else { None }
    }
}
