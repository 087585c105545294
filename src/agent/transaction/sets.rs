//! The last sets that were applied, kept whole for `restore` on a machine that reaches nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::agent::set::{FileSet, TargetFile};
use crate::agent::transaction::files::{self, FileError};
use crate::agent::transaction::sealed;
use crate::domain::revisions::Cursor;

const FOLDER: &str = "sets";
const ENDING: &str = "set";
/// How many are kept.
const KEPT: usize = 3;

/// A set that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedSet {
    /// The place in the history that it was made of.
    pub at: Cursor,
    /// The set.
    pub set: FileSet,
}

#[derive(Serialize, Deserialize)]
struct StoredFile {
    path: PathBuf,
    content: Option<String>,
    mode: u32,
    owner: Option<String>,
    group: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct StoredSet {
    at: String,
    files: Vec<StoredFile>,
    variables: BTreeMap<String, String>,
    missing: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sealed: Vec<String>,
}

impl StoredSet {
    fn of(at: Cursor, set: &FileSet) -> Self {
        let file = |file: &TargetFile| StoredFile {
            path: file.path.clone(),
            content: file.content.as_ref().map(|content| STANDARD.encode(content)),
            mode: file.mode,
            owner: file.owner.clone(),
            group: file.group.clone(),
        };
        Self {
            at: at.to_string(),
            files: set.files.iter().map(file).collect(),
            variables: set.variables.clone(),
            missing: set.missing.clone(),
            sealed: set.sealed.clone(),
        }
    }

    fn back(self) -> Result<AppliedSet, String> {
        let file = |file: StoredFile| {
            let content = file.content.map(|content| STANDARD.decode(content)).transpose();
            let content = content.map_err(|error| error.to_string())?.map(Into::into);
            Ok(TargetFile { path: file.path, content, mode: file.mode, owner: file.owner, group: file.group })
        };
        let files = self.files.into_iter().map(file).collect::<Result<_, String>>()?;
        let at = self.at.parse().map_err(|_| format!("{} is no place in a history", self.at))?;
        let (variables, missing, sealed) = (self.variables, self.missing, self.sealed);
        Ok(AppliedSet { at, set: FileSet { files, variables, missing, sealed } })
    }
}

/// Writes a set so that [`keep`] is only a rename: a full disk shows before anything is touched.
pub(super) fn prepare(state: &Path, at: Cursor, set: &FileSet) -> Result<(), FileError> {
    let folder = state.join(FOLDER);
    if files::look(&folder)?.is_none() {
        files::new_folder(&folder, 0o700)?;
        files::sync_folder(state)?;
    }
    sealed::write(&prepared(state), &StoredSet::of(at, set))
}

/// The name that the next set gets.
pub(super) fn next(state: &Path) -> Result<PathBuf, FileError> {
    let newest = list(state)?.first().map_or(0, |(number, _)| *number);
    Ok(state.join(FOLDER).join(format!("{:08}.{ENDING}", newest + 1)))
}

/// Makes the prepared set the newest one.
pub(super) fn keep(state: &Path, name: &Path) -> Result<(), FileError> {
    files::rename(&prepared(state), name)?;
    files::sync_folder_of(name)
}

/// Removes all but the newest.
pub(super) fn prune(state: &Path) -> Result<(), FileError> {
    list(state)?.iter().skip(KEPT).try_for_each(|(_, path)| files::remove(path))
}

/// Removes a set that was prepared and not kept.
pub(super) fn discard(state: &Path) -> Result<(), FileError> {
    files::remove(&prepared(state))
}

/// The sets, the newest first; one that is damaged is told as such and hides no other.
pub(super) fn all(state: &Path) -> Result<Vec<Result<AppliedSet, FileError>>, FileError> {
    Ok(list(state)?.into_iter().map(|(_, path)| read(&path)).collect())
}

/// Notes that a place in the history made no difference: the newest set is of that place now. Without one, it is kept.
pub(super) fn note(state: &Path, at: Cursor, set: &FileSet) -> Result<(), FileError> {
    let newest = list(state)?.into_iter().next();
    if let Some((_, path)) = newest
        && let Ok(newest) = read(&path)
        && newest.set == *set
    {
        return if newest.at == at { Ok(()) } else { sealed::write(&path, &StoredSet::of(at, set)) };
    }
    prepare(state, at, set)?;
    keep(state, &next(state)?)?;
    prune(state)
}

fn read(path: &Path) -> Result<AppliedSet, FileError> {
    let damaged = |problem: &str| FileError::Damaged { path: path.to_owned(), problem: problem.to_owned() };
    let stored: StoredSet = sealed::read(path)?.ok_or_else(|| damaged("it is gone"))?;
    stored.back().map_err(|problem| damaged(&problem))
}

fn prepared(state: &Path) -> PathBuf {
    state.join(FOLDER).join("prepared")
}

fn list(state: &Path) -> Result<Vec<(u64, PathBuf)>, FileError> {
    let folder = state.join(FOLDER);
    if files::look(&folder)?.is_none() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&folder).map_err(FileError::io("read", &folder))? {
        let path = entry.map_err(FileError::io("read", &folder))?.path();
        let is_set = path.extension().is_some_and(|ending| ending == ENDING);
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        found.extend(number.filter(|_| is_set).map(|number| (number, path)));
    }
    found.sort_by_key(|(number, _): &(u64, PathBuf)| std::cmp::Reverse(*number));
    Ok(found)
}
