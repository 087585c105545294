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
    /// What is made of sealed entries: `file PATH`, `variable NAME`, `variables KEY`.
    pub sealed: Vec<String>,
}

impl FileSet {
    /// What is not as it was in the set before, for a log: paths of files, and names of variables without their values.
    #[must_use]
    pub fn differing(&self, before: Option<&Self>) -> Vec<String> {
        let files = self.files.iter().filter(|file| !before.is_some_and(|before| before.files.contains(file)));
        let is_new = |name: &str, value: &str| {
            before.is_none_or(|before| before.variables.get(name).is_none_or(|was| was != value))
        };
        let gone = before.iter().flat_map(|before| before.variables.keys());
        let gone = gone.filter(|name| !self.variables.contains_key(*name));
        let variables = self.variables.iter().filter(|(name, value)| is_new(name, value)).map(|(name, _)| name);
        files
            .map(|file| file.path.display().to_string())
            .chain(variables.chain(gone).map(|name| format!("${name}")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_names_what_differs_and_no_values() {
        let set = |content: &'static str, variables: &[(&str, &str)]| FileSet {
            files: [("/a", content), ("/b", "same")]
                .map(|(path, content)| TargetFile {
                    path: path.into(),
                    content: Some(content.into()),
                    mode: 0o644,
                    owner: None,
                    group: None,
                })
                .to_vec(),
            variables: variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            missing: Vec::new(),
            sealed: Vec::new(),
        };
        let (old, new) =
            (set("one", &[("GONE", "x"), ("KEPT", "x"), ("NEW", "x")]), set("two", &[("KEPT", "x"), ("NEW", "y")]));
        assert_eq!(new.differing(Some(&old)), ["/a", "$NEW", "$GONE"]);
        assert_eq!(new.differing(Some(&new)), [""; 0]);
        assert_eq!(new.differing(None), ["/a", "/b", "$KEPT", "$NEW"]);
    }
}
