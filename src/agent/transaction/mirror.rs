//! The stage: a folder that looks as the folder of the targets will after the swap, for the check to look at.
//!
//! It mirrors absolute paths below `stage/`; `{stage}` is the mirror of the deepest folder that all targets are in. What
//! lies beside the targets and belongs to others is there as links, so that a file may include its neighbours.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::agent::transaction::files::{self, FileError, Owner};
use crate::agent::transaction::layout::{HIDDEN, Layout, Target, common_folder};

const NAME: &str = "stage";

/// Builds the stage anew and gives the folder that `{stage}` stands for.
pub(super) fn build(state: &Path, layout: &Layout, targets: &[Target<'_>]) -> Result<PathBuf, FileError> {
    remove(state)?;
    let root = state.join(NAME);
    let common = common_folder(layout, targets);
    let folders = folders(&common, targets);
    let stage = mirrored(&root, &common);
    make_all(state, &stage)?;
    for folder in &folders {
        if *folder != common {
            files::new_folder(&mirrored(&root, folder), 0o755)?;
        }
        link_neighbours(layout, folder, &root, |path| {
            folders.contains(path) || targets.iter().any(|target| target.path == path)
        })?;
    }
    for target in targets {
        if let Some(content) = &target.file.content {
            let (path, owner) = (mirrored(&root, &target.path), Owner::of(target.file)?);
            files::write_fleeting(&path, content, target.file.mode, owner)?;
        }
    }
    Ok(stage)
}

/// Removes the stage, if there is one.
pub(super) fn remove(state: &Path) -> Result<(), FileError> {
    files::remove_folder(&state.join(NAME))
}

fn mirrored(root: &Path, path: &Path) -> PathBuf {
    root.join(path.strip_prefix("/").unwrap_or(path))
}

/// The folders from the common one down to each target, parents first.
fn folders(common: &Path, targets: &[Target<'_>]) -> BTreeSet<PathBuf> {
    let above = targets.iter().flat_map(|target| target.path.ancestors().skip(1));
    let mut folders: BTreeSet<PathBuf> =
        above.filter(|folder| folder.starts_with(common)).map(Path::to_owned).collect();
    folders.insert(common.to_owned());
    folders
}

fn make_all(state: &Path, folder: &Path) -> Result<(), FileError> {
    let mut way: Vec<&Path> = folder.ancestors().take_while(|path| *path != state).collect();
    way.reverse();
    way.into_iter().try_for_each(|path| files::new_folder(path, 0o755))
}

fn link_neighbours(
    layout: &Layout,
    folder: &Path,
    root: &Path,
    is_ours: impl Fn(&Path) -> bool,
) -> Result<(), FileError> {
    let is_root = matches!(layout, Layout::Folder(root) if root == folder);
    if files::look(folder)?.is_none() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(FileError::io("read", folder))? {
        let path = entry.map_err(FileError::io("read", folder))?.path();
        let name = path.file_name().unwrap_or(OsStr::new("")).as_encoded_bytes();
        // In a folder that is swapped as a whole, links through `..data` are of the version that goes.
        let goes = matches!(layout, Layout::Folder(_))
            && (!is_root || name.starts_with(b"..") || fs::read_link(&path).is_ok_and(|to| to.starts_with("..data")));
        if !goes && !name.starts_with(HIDDEN.as_bytes()) && !is_ours(&path) {
            let link = mirrored(root, &path);
            symlink(&path, &link).map_err(FileError::io("create", &link))?;
        }
    }
    Ok(())
}
