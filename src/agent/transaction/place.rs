//! The work on the disk, step by step. It blocks, and knows nothing of services.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;

use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;

use crate::agent::set::FileSet;
use crate::agent::transaction::files::{self, FileError};
use crate::agent::transaction::journal::{Journal, Swap};
use crate::agent::transaction::layout::{Layout, Target};
use crate::agent::transaction::steps::{Step, Steps};
use crate::agent::transaction::{folder, mirror, sets, swap};
use crate::domain::revisions::Cursor;

/// Where a block's files and its state lie.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) state: PathBuf,
    pub(super) layout: Layout,
    pub(super) steps: Arc<dyn Steps>,
}

/// A change that is staged.
#[derive(Debug, Clone)]
pub(super) struct Staged {
    /// What `{stage}` stands for; none when nothing checks it.
    pub(super) stage: Option<PathBuf>,
    journal: Journal,
}

/// What a crash had left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leftover {
    /// Nothing.
    Nothing,
    /// Files that were staged or kept, which were removed. No target was in between.
    Staged,
    /// Replaced targets; what was there before is back.
    Swapped,
    /// A journal that is damaged, or whose kept files are gone, put aside under this name. The next change replaces
    /// whatever differs.
    Damaged(PathBuf),
}

impl Place {
    /// Whether the state folder is still the one whose lock is held, by device and inode.
    pub(super) fn is_taken(&self, lock: Option<(u64, u64)>) -> Result<bool, FileError> {
        let found = files::look(&self.lock_path())?;
        Ok(found.map(|found| (found.dev(), found.ino())) == lock)
    }

    fn lock_path(&self) -> PathBuf {
        self.state.join("lock")
    }

    /// Makes the state folder if needed, and takes it for this process alone.
    pub(super) fn take(&self) -> Result<Flock<File>, FileError> {
        let state = &self.state;
        if files::look(state)?.is_none() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(state);
            made.map_err(FileError::io("make the folder", state))?;
        }
        let found = fs::symlink_metadata(state).map_err(FileError::io("look at", state))?;
        let ours =
            found.is_dir() && (found.uid() == geteuid().as_raw() || found.uid() == 0) && found.mode() & 0o022 == 0;
        if !ours {
            let problem = "must be a folder that nobody but the agent's user may write to";
            return Err(FileError::InTheWay { path: state.clone(), problem });
        }
        let path = self.lock_path();
        let lock = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let lock = lock.map_err(FileError::io("open", &path))?;
        Flock::lock(lock, FlockArg::LockExclusiveNonblock)
            .map_err(|_| FileError::InTheWay { path: state.clone(), problem: "is in use by another agent" })
    }

    /// Undoes what a crash left. May be done again after another crash.
    pub(super) fn recover(&self) -> Result<Leftover, FileError> {
        let journal = match Journal::read(&self.state) {
            Ok(Some(journal)) => journal,
            Ok(None) => {
                mirror::remove(&self.state)?;
                return Ok(Leftover::Nothing);
            }
            Err(FileError::Damaged { .. }) => return Journal::set_aside(&self.state).map(Leftover::Damaged),
            Err(error) => return Err(error),
        };
        let leftover = if journal.swap.is_some() { Leftover::Swapped } else { Leftover::Staged };
        match self.put_back(&journal) {
            Ok(()) => self.close(&journal)?,
            // Somebody removed what was kept: it never comes back, and must not stand in the way for ever.
            Err(FileError::InTheWay { path, problem }) => {
                tracing::error!(path = %path.display(), problem, "an interrupted change cannot be undone");
                return Journal::set_aside(&self.state).map(Leftover::Damaged);
            }
            Err(error) => return Err(error),
        }
        Ok(leftover)
    }

    /// The paths that would change.
    pub(super) fn differing(&self, set: &FileSet) -> Result<Vec<PathBuf>, FileError> {
        let targets = self.layout.targets(set)?;
        Ok(self.layout.differing(&targets)?.into_iter().map(|target| target.path).collect())
    }

    /// Stages a set, and shows it to a check when there is one. When it fails, nothing is left of it.
    pub(super) fn stage(&self, at: Cursor, set: &FileSet, is_checked: bool) -> Result<Staged, FileError> {
        let mut journal = Journal { folders: Vec::new(), swap: None, stored: None };
        let staged = self.fill(&mut journal, at, set, is_checked);
        staged.map(|stage| Staged { stage, journal: journal.clone() }).inspect_err(|_| self.drop_staged(&journal))
    }

    fn fill(
        &self,
        journal: &mut Journal,
        at: Cursor,
        set: &FileSet,
        is_checked: bool,
    ) -> Result<Option<PathBuf>, FileError> {
        let targets = self.layout.targets(set)?;
        let differing = self.layout.differing(&targets)?;
        sets::prepare(&self.state, at, set)?;
        let swap = self.stage_targets(journal, at, &differing)?;
        // A link for each neighbour is much work where hundreds of services share a folder.
        let stage = is_checked.then(|| mirror::build(&self.state, &self.layout, &targets)).transpose()?;
        // Written into the journal only when targets are about to be touched.
        journal.swap = swap;
        self.steps.reached(Step::Staged);
        Ok(stage)
    }

    fn stage_targets(
        &self,
        journal: &mut Journal,
        at: Cursor,
        differing: &[Target<'_>],
    ) -> Result<Option<Swap>, FileError> {
        let steps = &*self.steps;
        match &self.layout {
            Layout::Files => {
                journal.folders = swap::hidden_folders(&self.state, differing)?;
                journal.write(&self.state)?;
                steps.reached(Step::Opened);
                swap::stage(&self.state, differing, &journal.folders, steps).map(Swap::Files).map(Some)
            }
            Layout::Folder(root) if !differing.is_empty() => {
                let new = folder::prepare(root, at, differing)?;
                let old = folder::current(root)?;
                journal.folders = vec![root.join(&new)];
                journal.write(&self.state)?;
                steps.reached(Step::Opened);
                folder::stage(root, &new, differing, steps)?;
                Ok(Some(Swap::Folder { root: root.clone(), new, old }))
            }
            Layout::Folder(_) => {
                journal.write(&self.state)?;
                steps.reached(Step::Opened);
                Ok(None)
            }
        }
    }

    /// Removes what was staged. A rest is removed by the next start.
    pub(super) fn discard(&self, staged: &Staged) {
        self.drop_staged(&staged.journal);
    }

    fn drop_staged(&self, journal: &Journal) {
        if let Err(error) = self.close(journal) {
            tracing::warn!(%error, "staged files could not be removed");
        }
    }

    /// Notes how to undo, without touching a target yet.
    pub(super) fn commit(&self, staged: &mut Staged) -> Result<(), FileError> {
        let Staged { journal, .. } = staged;
        if let Some(Swap::Files(replacements)) = &mut journal.swap {
            swap::keep(&self.state, replacements, &journal.folders)?;
        }
        self.steps.reached(Step::Kept);
        journal.stored = Some(sets::next(&self.state)?);
        journal.write(&self.state)?;
        self.steps.reached(Step::Committed);
        Ok(())
    }

    /// Replaces the targets.
    pub(super) fn swap(&self, staged: &Staged) -> Result<(), FileError> {
        match &staged.journal.swap {
            Some(Swap::Files(replacements)) => swap::swap(replacements, &*self.steps)?,
            Some(Swap::Folder { root, new, .. }) => folder::swap(root, new, &*self.steps)?,
            None => (),
        }
        self.steps.reached(Step::Swapped);
        Ok(())
    }

    /// Puts back what was there. The journal stays until [`Place::discard`], so that a crash does it again.
    pub(super) fn undo(&self, staged: &Staged) -> Result<(), FileError> {
        self.put_back(&staged.journal)?;
        self.steps.reached(Step::Undone);
        Ok(())
    }

    fn put_back(&self, journal: &Journal) -> Result<(), FileError> {
        if let Some(stored) = &journal.stored {
            files::remove(stored)?;
        }
        match &journal.swap {
            Some(Swap::Files(replacements)) => swap::undo(replacements, &*self.steps),
            Some(Swap::Folder { root, old, .. }) => folder::undo(root, old.as_deref(), &*self.steps),
            None => Ok(()),
        }
    }

    /// Ends a transaction that was undone, or never touched a target.
    fn close(&self, journal: &Journal) -> Result<(), FileError> {
        journal.folders.iter().try_for_each(|folder| files::remove_folder(folder))?;
        if let Some(Swap::Folder { root, old, .. }) = &journal.swap {
            folder::sweep(root, old.as_deref())?;
        }
        mirror::remove(&self.state)?;
        sets::discard(&self.state)?;
        Journal::remove(&self.state)
    }

    /// Makes the new files the ones that stay.
    pub(super) fn settle(&self, staged: &Staged) -> Result<(), FileError> {
        let journal = &staged.journal;
        if let Some(stored) = &journal.stored {
            sets::keep(&self.state, stored)?;
        }
        self.steps.reached(Step::Stored);
        // From here on the journal undoes nothing, and only says what is to be removed.
        let folders = match &journal.swap {
            Some(Swap::Files(_)) => journal.folders.clone(),
            Some(Swap::Folder { .. }) | None => Vec::new(),
        };
        let settled = Journal { folders, swap: None, stored: None };
        settled.write(&self.state).or_else(|_| Journal::remove(&self.state))?;
        self.steps.reached(Step::Settled);
        if let Err(error) = self.tidy(journal) {
            tracing::warn!(%error, "what the last change left could not be removed");
        }
        Ok(())
    }

    fn tidy(&self, journal: &Journal) -> Result<(), FileError> {
        match &journal.swap {
            Some(Swap::Folder { root, old, .. }) => folder::sweep(root, old.as_deref())?,
            Some(Swap::Files(_)) => journal.folders.iter().try_for_each(|folder| files::remove_folder(folder))?,
            None => (),
        }
        mirror::remove(&self.state)?;
        sets::prune(&self.state)?;
        Journal::remove(&self.state)
    }
}

/// Does work that blocks on a thread for it.
pub(super) async fn blocking<T: Send + 'static>(
    place: &Place,
    work: impl FnOnce(&Place) -> Result<T, FileError> + Send + 'static,
) -> Result<T, FileError> {
    let (own, state) = (place.clone(), place.state.clone());
    match tokio::task::spawn_blocking(move || work(&own)).await {
        Ok(done) => done,
        Err(error) => Err(FileError::io("finish the work of", &state)(io::Error::other(error))),
    }
}
