//! The steps of a transaction, told to whoever watches: the loop reports from them, fault tests kill at them.

/// What has just happened. Those of single files come once for each file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The journal names the places where files will be staged.
    Opened,
    /// One new file is complete beside its target.
    FileStaged,
    /// All are, and the stage for the check is built.
    Staged,
    /// The check accepted them.
    Checked,
    /// What is there now is kept beside its targets.
    Kept,
    /// The journal says that targets are being replaced, and how to undo it.
    Committed,
    /// One target was replaced or removed.
    FileSwapped,
    /// All were.
    Swapped,
    /// The service took them.
    Reloaded,
    /// The service is well.
    Probed,
    /// The set is one of those that can be restored.
    Stored,
    /// The journal undoes nothing any more: the new files stay.
    Settled,
    /// One target is as it was before.
    FileUndone,
    /// All are.
    Undone,
}

impl Step {
    /// All of them, in the order of a transaction that goes well, then those of one that is undone.
    pub const ALL: [Self; 14] = [
        Self::Opened,
        Self::FileStaged,
        Self::Staged,
        Self::Checked,
        Self::Kept,
        Self::Committed,
        Self::FileSwapped,
        Self::Swapped,
        Self::Reloaded,
        Self::Probed,
        Self::Stored,
        Self::Settled,
        Self::FileUndone,
        Self::Undone,
    ];

    /// Its name, as `file_swapped`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::FileStaged => "file_staged",
            Self::Staged => "staged",
            Self::Checked => "checked",
            Self::Kept => "kept",
            Self::Committed => "committed",
            Self::FileSwapped => "file_swapped",
            Self::Swapped => "swapped",
            Self::Reloaded => "reloaded",
            Self::Probed => "probed",
            Self::Stored => "stored",
            Self::Settled => "settled",
            Self::FileUndone => "file_undone",
            Self::Undone => "undone",
        }
    }

    /// The step of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == name)
    }
}

/// Watches the steps of a transaction. Called on the thread that does the work, which waits meanwhile.
pub trait Steps: Send + Sync + std::fmt::Debug {
    /// A step was done.
    fn reached(&self, step: Step);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Steps for Unwatched {
    fn reached(&self, _: Step) {}
}
