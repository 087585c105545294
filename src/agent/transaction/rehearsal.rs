//! A check of a set without a change: in a scratch folder, for `pintle agent check`.

use std::path::{Path, PathBuf};

use crate::agent::set::FileSet;
use crate::agent::transaction::files::FileError;
use crate::agent::transaction::layout::Layout;
use crate::agent::transaction::mirror;

/// Writes a set below a scratch folder, as a check sees it, and gives the folder that `{stage}` stands for. No target is touched.
///
/// # Errors
/// When a path or owner is not possible, or the scratch folder cannot be written.
pub fn rehearse(scratch: &Path, layout: &Layout, set: &FileSet) -> Result<PathBuf, FileError> {
    mirror::build(scratch, layout, &layout.targets(set)?)
}
