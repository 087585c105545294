//! Where the files of a set go, and which of them differ from what is there.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::agent::set::{FileSet, TargetFile};
use crate::agent::transaction::files::{self, FileError};
use crate::agent::transaction::folder;

/// How the files of a block are put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// Each by a rename onto its own path. Between the renames of a change to several files there is a mixture, for
    /// some microseconds; after a crash in between, until the next start.
    Files,
    /// All by one rename, as Kubernetes does for volumes: the names in this folder are links through `..data`, itself a
    /// link to the folder of one version. There is no mixture at any time.
    Folder(PathBuf),
}

/// A file and its absolute path.
#[derive(Debug, Clone)]
pub(super) struct Target<'a> {
    pub(super) path: PathBuf,
    pub(super) file: &'a TargetFile,
}

impl Layout {
    /// The absolute path that a file of a set becomes visible at.
    ///
    /// # Errors
    /// When it is not absolute, not below the folder of the block, or not written plainly.
    pub fn target(&self, path: &Path) -> Result<PathBuf, FileError> {
        let refuse = |problem| FileError::InTheWay { path: path.to_owned(), problem };
        let plain =
            |path: &Path| path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        if !plain(path) || path.file_name().is_none() {
            return Err(refuse("is no plain path to a file"));
        }
        match self {
            Self::Files if path.is_absolute() => Ok(path.to_owned()),
            Self::Files => Err(refuse("must be absolute")),
            Self::Folder(root) => {
                let below = if path.is_absolute() { path.strip_prefix(root).ok() } else { Some(path) };
                let below = below.ok_or_else(|| refuse("is not in the folder of its block"))?;
                if below.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"..")) {
                    return Err(refuse("may have no name that begins with two dots"));
                }
                Ok(root.join(below))
            }
        }
    }

    /// The targets of a set.
    pub(super) fn targets<'a>(&self, set: &'a FileSet) -> Result<Vec<Target<'a>>, FileError> {
        let mut seen = BTreeSet::new();
        let mut targets = Vec::with_capacity(set.files.len());
        for file in &set.files {
            let path = self.target(&file.path)?;
            if !seen.insert(path.clone()) {
                return Err(FileError::InTheWay { path, problem: "is written twice" });
            }
            targets.push(Target { path, file });
        }
        Ok(targets)
    }

    /// The targets that are not yet as they shall be; for a folder all or none.
    pub(super) fn differing<'a>(&self, targets: &[Target<'a>]) -> Result<Vec<Target<'a>>, FileError> {
        match self {
            Self::Files => {
                let mut differing = Vec::new();
                for target in targets {
                    if !files::is_as(&target.path, target.file)? {
                        differing.push(target.clone());
                    }
                }
                Ok(differing)
            }
            Self::Folder(root) => Ok(if folder::is_as(root, targets)? { Vec::new() } else { targets.to_vec() }),
        }
    }
}

/// The deepest folder that all targets are in.
pub(super) fn common_folder(layout: &Layout, targets: &[Target<'_>]) -> PathBuf {
    if let Layout::Folder(root) = layout {
        return root.clone();
    }
    let mut parents = targets.iter().filter_map(|target| target.path.parent());
    let first = parents.next().unwrap_or(Path::new("/"));
    let common = parents.fold(first, |common, parent| {
        common.ancestors().find(|folder| parent.starts_with(folder)).unwrap_or(Path::new("/"))
    });
    common.to_owned()
}

/// The name of the hidden folders of a block: its own, however many blocks and agents write to one folder.
pub(super) fn hidden_name(state: &Path) -> String {
    let digest = hex::encode(Sha256::digest(state.as_os_str().as_encoded_bytes()));
    format!("{}{}", HIDDEN, digest.get(..12).unwrap_or_default())
}

/// How the names of hidden folders begin.
pub(super) const HIDDEN: &str = ".pintle-";
