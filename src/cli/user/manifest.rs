//! `.pintle.yaml`: what an export remembers of a namespace, so that an import knows formats and what the files were made from.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::cli::user::target::Room;
use crate::domain::formats::Format;
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName};

/// The name of the file, in the directory of the namespace.
pub(super) const MANIFEST: &str = ".pintle.yaml";

const HEADING: &str =
    "# Written by pintle export and import. Keep it beside the files: an import compares it with the server.\n";

/// What is remembered of a namespace. Written by hand it may hold formats only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// Where the files are from. Imported to another place, only their formats are used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) environment: Option<EnvironmentName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) namespace: Option<NamespaceName>,
    /// The revision that the files show. With it, a key that is not listed is known to have been absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) revision: Option<u64>,
    /// The history of that revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) epoch: Option<u64>,
    #[serde(default)]
    pub(super) entries: BTreeMap<EntryKey, Recorded>,
}

/// What is remembered of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recorded {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<Format>,
    /// The entry's last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) revision: Option<u64>,
}

impl Manifest {
    /// Reads the manifest of a directory; none where there is no file.
    pub(super) fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(MANIFEST);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        serde_saphyr::from_str(&text).map(Some).with_context(|| format!("cannot understand {}", path.display()))
    }

    /// Writes the manifest of a directory.
    pub(super) fn write(&self, directory: &Path) -> Result<()> {
        let path = directory.join(MANIFEST);
        let text = serde_saphyr::to_string(self)?;
        fs::write(&path, format!("{HEADING}{text}")).with_context(|| format!("cannot write {}", path.display()))
    }

    /// The format that an entry had.
    pub(super) fn format(&self, key: &EntryKey) -> Option<Format> {
        self.entries.get(key)?.format
    }

    /// The revision that an entry of a namespace had, 0 when it was absent; none when that is not known.
    pub(super) fn revision_of(&self, room: &Room, key: &EntryKey) -> Option<u64> {
        if !self.is_of(room) {
            return None;
        }
        match self.entries.get(key) {
            Some(recorded) => recorded.revision,
            None => self.revision.map(|_| 0),
        }
    }

    /// Whether the files are from this namespace.
    pub(super) fn is_of(&self, room: &Room) -> bool {
        self.environment.as_ref().is_none_or(|environment| *environment == room.environment)
            && self.namespace.as_ref().is_none_or(|namespace| *namespace == room.namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::user::target;

    #[test]
    fn a_manifest_reads_what_it_wrote() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(directory.path()).unwrap(), None);
        let room = target::room("dev/1.5").unwrap();
        // Keys and names that YAML would take for numbers, booleans, null or a date.
        let keys = ["a/b.yaml", "1", "0x10", "1e3", "true", "no", "null", "2026-01-31", ".env", "-", "-a", "@a"];
        let recorded = Recorded { format: Some(Format::Yaml), revision: Some(7) };
        let manifest = Manifest {
            environment: Some(room.environment.clone()),
            namespace: Some(room.namespace.clone()),
            revision: Some(9),
            epoch: Some(1),
            entries: keys.iter().map(|key| (EntryKey::parse(key).unwrap(), recorded)).collect(),
        };
        manifest.write(directory.path()).unwrap();
        assert_eq!(Manifest::read(directory.path()).unwrap(), Some(manifest));
    }

    #[test]
    fn revisions_are_known_only_where_the_files_are_from() {
        let manifest: Manifest = serde_saphyr::from_str(
            "{environment: dev, namespace: orders, revision: 9, entries: {a: {format: text, revision: 7}}}",
        )
        .unwrap();
        let (a, b) = (EntryKey::parse("a").unwrap(), EntryKey::parse("b").unwrap());
        let home = target::room("dev/orders").unwrap();
        assert_eq!(manifest.revision_of(&home, &a), Some(7));
        assert_eq!(manifest.revision_of(&home, &b), Some(0));
        assert_eq!(manifest.revision_of(&target::room("staging/orders").unwrap(), &a), None);
        assert_eq!(manifest.format(&a), Some(Format::Text));
    }

    #[test]
    fn a_manifest_by_hand_may_hold_formats_only() {
        let manifest: Manifest = serde_saphyr::from_str("entries:\n  a: {format: toml}\n").unwrap();
        let (a, b) = (EntryKey::parse("a").unwrap(), EntryKey::parse("b").unwrap());
        let room = target::room("dev/orders").unwrap();
        assert_eq!((manifest.revision_of(&room, &a), manifest.revision_of(&room, &b)), (None, None));
        assert!(serde_saphyr::from_str::<Manifest>("entires: {}").is_err());
    }
}
