//! Replacing a folder as a whole: `folder/NAME` is a link to `..data/NAME`, and `..data` one to `..REVISION-N/`.
//!
//! Links for new names are made before `..data` moves and those of names that go are removed after it: until then, and
//! from then on, they lead nowhere, which to a reader is the same as not being there. So one rename is the whole change.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use crate::agent::transaction::files::{self, FileError, Owner};
use crate::agent::transaction::layout::Target;
use crate::agent::transaction::steps::{Step, Steps};
use crate::domain::revisions::Cursor;

const DATA: &str = "..data";
const NEXT: &str = "..data_next";

/// The version that the folder shows.
pub(super) fn current(root: &Path) -> Result<Option<String>, FileError> {
    let link = root.join(DATA);
    let Some(found) = files::look(&link)? else { return Ok(None) };
    let name = if found.is_symlink() { fs::read_link(&link).ok() } else { None };
    let name = name.and_then(|name| name.to_str().map(str::to_owned)).filter(|name| is_version(OsStr::new(name)));
    name.map(Some).ok_or(FileError::InTheWay { path: link, problem: "is no link that Pintle made" })
}

/// Whether the folder shows exactly these files.
pub(super) fn is_as(root: &Path, targets: &[Target<'_>]) -> Result<bool, FileError> {
    let Some(current) = current(root)? else { return Ok(false) };
    let version = root.join(current);
    let mut wanted = BTreeSet::new();
    for target in targets.iter().filter(|target| target.file.content.is_some()) {
        let below = below(root, &target.path);
        if !files::is_as(&version.join(below), target.file)? {
            return Ok(false);
        }
        wanted.insert(below.to_owned());
    }
    let mut found = BTreeSet::new();
    collect(&version, Path::new(""), &mut found)?;
    Ok(found == wanted && names(root, targets).iter().all(|name| is_link(root, name)))
}

/// Checks the folder, makes it when it is not there, and gives the name of its next version.
pub(super) fn prepare(root: &Path, at: Cursor, targets: &[Target<'_>]) -> Result<String, FileError> {
    match files::look(root)? {
        Some(found) if !found.is_dir() && !root.is_dir() => {
            return Err(FileError::InTheWay { path: root.to_owned(), problem: "is no folder" });
        }
        Some(_) => (),
        None => {
            files::new_folder(root, 0o755)?;
            files::sync_folder_of(root)?;
        }
    }
    for name in names(root, targets) {
        let path = root.join(&name);
        if files::look(&path)?.is_some() && !is_link(root, &name) {
            let problem = "is in the way: in a folder that is swapped as a whole, its names are links through ..data";
            return Err(FileError::InTheWay { path, problem });
        }
    }
    let mut number = 1_u64;
    loop {
        let name = format!("..{}-{number}", at.revision);
        if files::look(&root.join(&name))?.is_none() {
            return Ok(name);
        }
        number += 1;
    }
}

/// Writes a version.
pub(super) fn stage(root: &Path, name: &str, targets: &[Target<'_>], steps: &dyn Steps) -> Result<(), FileError> {
    let version = root.join(name);
    let mut folders = BTreeSet::from([version.clone()]);
    files::new_folder(&version, 0o755)?;
    for target in targets {
        let Some(content) = &target.file.content else { continue };
        let path = version.join(below(root, &target.path));
        let mut missing: Vec<&Path> =
            path.ancestors().skip(1).take_while(|folder| !folders.contains(*folder)).collect();
        missing.reverse();
        for folder in missing {
            files::new_folder(folder, 0o755)?;
            folders.insert(folder.to_owned());
        }
        files::write_new(&path, content, target.file.mode, Owner::of(target.file)?)?;
        steps.reached(Step::FileStaged);
    }
    folders.iter().rev().try_for_each(|folder| files::sync_folder(folder))?;
    files::sync_folder(root)
}

/// Shows a version: the one rename.
pub(super) fn swap(root: &Path, name: &str, steps: &dyn Steps) -> Result<(), FileError> {
    for entry in fs::read_dir(root.join(name)).map_err(FileError::io("read", root))? {
        let visible = entry.map_err(FileError::io("read", root))?.file_name();
        if !is_link(root, &visible) {
            let link = root.join(&visible);
            symlink(Path::new(DATA).join(&visible), &link).map_err(FileError::io("create", &link))?;
            steps.reached(Step::FileSwapped);
        }
    }
    point(root, name)?;
    steps.reached(Step::FileSwapped);
    Ok(())
}

/// Shows the version before again, or nothing when there was none. May be done again.
pub(super) fn undo(root: &Path, old: Option<&str>, steps: &dyn Steps) -> Result<(), FileError> {
    match old {
        Some(old) if files::look(&root.join(old))?.is_none() => {
            return Err(FileError::InTheWay { path: root.join(old), problem: "is gone, and was the version before" });
        }
        Some(old) => point(root, old)?,
        None => {
            files::remove(&root.join(DATA))?;
            files::sync_folder(root)?;
        }
    }
    steps.reached(Step::FileUndone);
    Ok(())
}

/// Removes links that lead nowhere, and versions other than the current one and `also`, from which somebody may read yet.
pub(super) fn sweep(root: &Path, also: Option<&str>) -> Result<(), FileError> {
    let current = current(root)?;
    for entry in fs::read_dir(root).map_err(FileError::io("read", root))? {
        let name = entry.map_err(FileError::io("read", root))?.file_name();
        let path = root.join(&name);
        let kept = [current.as_deref(), also].into_iter().flatten().any(|kept| name == kept);
        if name == NEXT || (is_link(root, &name) && !path.exists()) {
            files::remove(&path)?;
        } else if is_version(&name) && !kept {
            files::remove_folder(&path)?;
        }
    }
    files::sync_folder(root)
}

fn point(root: &Path, name: &str) -> Result<(), FileError> {
    let next = root.join(NEXT);
    files::remove(&next)?;
    symlink(name, &next).map_err(FileError::io("create", &next))?;
    files::rename(&next, &root.join(DATA))?;
    files::sync_folder(root)
}

/// Whether a visible name is a link through `..data`.
fn is_link(root: &Path, name: &OsStr) -> bool {
    fs::read_link(root.join(name)).is_ok_and(|to| to == Path::new(DATA).join(name))
}

/// `..REVISION-N`, as [`prepare`] makes them.
fn is_version(name: &OsStr) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts = name.to_str().and_then(|name| name.strip_prefix("..")).and_then(|rest| rest.split_once('-'));
    parts.is_some_and(|(revision, count)| number(revision) && number(count))
}

fn below<'a>(root: &Path, path: &'a Path) -> &'a Path {
    path.strip_prefix(root).unwrap_or(path)
}

/// The names that are visible in the folder itself.
fn names(root: &Path, targets: &[Target<'_>]) -> BTreeSet<OsString> {
    let present = targets.iter().filter(|target| target.file.content.is_some());
    let first = |path: &Path| path.components().next().map(Component::as_os_str).map(OsStr::to_owned);
    present.filter_map(|target| first(below(root, &target.path))).collect()
}

fn collect(version: &Path, below: &Path, found: &mut BTreeSet<PathBuf>) -> Result<(), FileError> {
    let folder = version.join(below);
    for entry in fs::read_dir(&folder).map_err(FileError::io("read", &folder))? {
        let entry = entry.map_err(FileError::io("read", &folder))?;
        let path = below.join(entry.file_name());
        if entry.file_type().map_err(FileError::io("look at", &folder))?.is_dir() {
            collect(version, &path, found)?;
        } else {
            found.insert(path);
        }
    }
    Ok(())
}
