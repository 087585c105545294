//! Replacing single files: staged beside their targets, kept, renamed, and put back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::agent::transaction::files::{self, FileError, Owner};
use crate::agent::transaction::journal::Replacement;
use crate::agent::transaction::layout::{Target, hidden_name};
use crate::agent::transaction::steps::{Step, Steps};

/// The hidden folders beside the targets: on the file system of each, so that a rename is atomic.
pub(super) fn hidden_folders(state: &Path, targets: &[Target<'_>]) -> Result<Vec<PathBuf>, FileError> {
    let mut folders = BTreeSet::new();
    for target in targets {
        let parent = target.path.parent().unwrap_or(Path::new("/"));
        if files::look(parent)?.is_none() {
            let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(FileError::io("write into the folder", parent)(missing));
        }
        folders.insert(parent.join(hidden_name(state)));
    }
    Ok(folders.into_iter().collect())
}

/// Writes the new files beside their targets.
pub(super) fn stage(
    state: &Path,
    targets: &[Target<'_>],
    folders: &[PathBuf],
    steps: &dyn Steps,
) -> Result<Vec<Replacement>, FileError> {
    for folder in folders {
        files::remove_folder(folder)?;
        files::new_folder(folder, 0o700)?;
    }
    let mut replacements = Vec::with_capacity(targets.len());
    for (number, target) in targets.iter().enumerate() {
        let folder = target.path.parent().unwrap_or(Path::new("/")).join(hidden_name(state));
        let mut staged = None;
        if let Some(content) = &target.file.content {
            let path = folder.join(format!("new-{number}"));
            files::write_new(&path, content, target.file.mode, Owner::of(target.file)?)?;
            steps.reached(Step::FileStaged);
            staged = Some(path);
        }
        replacements.push(Replacement { target: target.path.clone(), staged, kept: None });
    }
    sync(folders)?;
    Ok(replacements)
}

/// Keeps what is there now beside the new files.
pub(super) fn keep(state: &Path, replacements: &mut [Replacement], folders: &[PathBuf]) -> Result<(), FileError> {
    for (number, replacement) in replacements.iter_mut().enumerate() {
        if files::look(&replacement.target)?.is_some() {
            let folder = replacement.target.parent().unwrap_or(Path::new("/")).join(hidden_name(state));
            let kept = folder.join(format!("old-{number}"));
            files::keep(&replacement.target, &kept)?;
            replacement.kept = Some(kept);
        }
    }
    sync(folders)
}

/// Replaces the targets, one after the other.
pub(super) fn swap(replacements: &[Replacement], steps: &dyn Steps) -> Result<(), FileError> {
    for replacement in replacements {
        match &replacement.staged {
            Some(staged) => files::rename(staged, &replacement.target)?,
            None => files::remove(&replacement.target)?,
        }
        steps.reached(Step::FileSwapped);
    }
    sync_targets(replacements)
}

/// Puts back what was there. May be done again after a crash in the middle of it.
pub(super) fn undo(replacements: &[Replacement], steps: &dyn Steps) -> Result<(), FileError> {
    // The first error must not keep the other files from coming back.
    let mut failed = None;
    for replacement in replacements.iter().rev() {
        if let Err(error) = put_back(replacement) {
            tracing::error!(%error, "a file could not be put back");
            failed = failed.or(Some(error));
        }
        steps.reached(Step::FileUndone);
    }
    failed.map_or_else(|| sync_targets(replacements), Err)
}

fn put_back(replacement: &Replacement) -> Result<(), FileError> {
    let target = &replacement.target;
    match &replacement.kept {
        None => files::remove(target),
        // A kept file that has gone was put back before a crash; the same rename of one file onto itself does nothing.
        Some(kept) if files::look(kept)?.is_none() => match files::look(target)? {
            Some(_) => Ok(()),
            None => Err(FileError::InTheWay { path: kept.clone(), problem: "is gone, and was kept to be put back" }),
        },
        Some(kept) => files::rename(kept, target),
    }
}

fn sync(folders: &[PathBuf]) -> Result<(), FileError> {
    folders.iter().try_for_each(|folder| {
        files::sync_folder(folder)?;
        files::sync_folder_of(folder)
    })
}

fn sync_targets(replacements: &[Replacement]) -> Result<(), FileError> {
    let parents: BTreeSet<&Path> = replacements.iter().filter_map(|one| one.target.parent()).collect();
    parents.into_iter().try_for_each(files::sync_folder)
}
