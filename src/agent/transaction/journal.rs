//! What a transaction is about to do, so that the next start can undo what a crash left half done.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::agent::transaction::files::{self, FileError};
use crate::agent::transaction::sealed;

const NAME: &str = "journal";

/// One target that is replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Replacement {
    pub(super) target: PathBuf,
    /// The new file, on the same file system; none removes the target.
    pub(super) staged: Option<PathBuf>,
    /// Where what was there is kept; none: nothing was there.
    pub(super) kept: Option<PathBuf>,
}

/// How the targets are replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Swap {
    /// One after the other.
    Files(Vec<Replacement>),
    /// All at once, by one link.
    Folder {
        root: PathBuf,
        /// The version that the link shall name.
        new: String,
        /// The one that it named; none: there was no link.
        old: Option<String>,
    },
}

/// A transaction that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    /// Folders that hold nothing but what this transaction staged and kept.
    pub(super) folders: Vec<PathBuf>,
    /// Set before the first target is touched: what to undo.
    pub(super) swap: Option<Swap>,
    /// The stored set that goes with the new files, once it has its name.
    pub(super) stored: Option<PathBuf>,
}

fn path(state: &Path) -> PathBuf {
    state.join(NAME)
}

impl Journal {
    pub(super) fn read(state: &Path) -> Result<Option<Self>, FileError> {
        sealed::read(&path(state))
    }

    pub(super) fn write(&self, state: &Path) -> Result<(), FileError> {
        sealed::write(&path(state), self)
    }

    /// Ends the transaction.
    pub(super) fn remove(state: &Path) -> Result<(), FileError> {
        files::remove(&path(state))?;
        files::sync_folder(state)
    }

    /// Puts a journal that cannot be read out of the way, for people to look at.
    pub(super) fn set_aside(state: &Path) -> Result<PathBuf, FileError> {
        let aside = state.join("journal.damaged");
        files::rename(&path(state), &aside)?;
        files::sync_folder(state)?;
        Ok(aside)
    }
}
