//! What a block remembers over a restart of the agent, besides its entries and its last sets.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::agent::layers::Place;
use crate::agent::render::Parts;

/// What a block remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Whether somebody on this machine stopped it from taking changes.
    #[serde(default)]
    pub held: bool,
    /// Deletions that the server named, of entries that have not come back since.
    #[serde(default)]
    pub deleted: BTreeSet<Place>,
    /// What the files and variables that run are made of.
    #[serde(default)]
    pub parts: Parts,
}

impl Memory {
    /// Reads it; an empty one when there is no file.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was written. Without it nothing is lost but the knowledge of deletions and of a hold.
    pub fn load(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes it, readable by the owner alone. A crash leaves the old file or the new one.
    ///
    /// # Errors
    /// When the disk says no; the old file is still there then.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let temporary = path.with_extension("new");
        let bytes = serde_json::to_vec(self).map_err(io::Error::other)?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::layers::tests::place_of;

    #[test]
    fn it_reads_what_it_wrote_and_tells_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.json");
        assert_eq!(Memory::load(&path).unwrap(), Memory::default());
        let memory = Memory { held: true, deleted: BTreeSet::from([place_of("orders/a")]), parts: Parts::new() };
        memory.save(&path).unwrap();
        assert_eq!(Memory::load(&path).unwrap(), memory);
        fs::write(&path, "{").unwrap();
        assert!(Memory::load(&path).is_err());
    }
}
