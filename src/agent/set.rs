//! What a block shall look like on disk: the outcome of rendering, and the input of the swap.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;

/// One file that a block keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFile {
    /// Where it lies: absolute, or below the folder of the block when that is swapped as a whole.
    pub path: PathBuf,
    /// Its bytes; none removes it.
    pub content: Option<Bytes>,
    /// Permission bits.
    pub mode: u32,
    /// Name or number of its owner; none keeps the agent's.
    pub owner: Option<String>,
    /// Name or number of its group; none keeps the agent's.
    pub group: Option<String>,
}

/// Everything that one revision makes of a block. Becomes visible together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileSet {
    /// The files, by path.
    pub files: Vec<TargetFile>,
    /// The variables of the supervised process, when there is one.
    pub variables: BTreeMap<String, String>,
    /// Entries that are not there any more and whose files are kept, as `namespace/key`.
    pub missing: Vec<String>,
}
