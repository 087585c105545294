//! The state folder of a block: its entries and what it remembers. A disk that says no is told, and stops nothing.

use std::path::PathBuf;

use crate::agent::block::memory::Memory;
use crate::agent::block::shown::Shown;
use crate::agent::block::status::KeptSet;
use crate::agent::layers::Place;
use crate::agent::settings::BlockSettings;
use crate::agent::transaction::{AppliedSet, FileError};
use crate::client::watch::{Applied, Mirror, Subscription};

/// What a block keeps on disk.
#[derive(Debug)]
pub(super) struct Store {
    name: String,
    state: PathBuf,
    memory: Memory,
}

impl Store {
    pub(super) fn new(name: String, state: PathBuf) -> Self {
        Self { name, state, memory: Memory::default() }
    }

    pub(super) fn with(self, memory: Memory) -> Self {
        Self { memory, ..self }
    }

    fn entries_path(&self) -> PathBuf {
        self.state.join("entries.mirror")
    }

    fn memory_path(&self) -> PathBuf {
        self.state.join("memory.json")
    }

    /// What is remembered on disk; a damaged file is put out of use and told.
    pub(super) fn memory(&self) -> Memory {
        Memory::load(&self.memory_path()).unwrap_or_else(|error| {
            let path = self.memory_path();
            tracing::warn!(block = self.name, path = %path.display(), %error, "what was remembered is not used");
            Memory::default()
        })
    }

    /// The entries on disk; an empty mirror when there are none, or they are damaged or of other namespaces.
    pub(super) fn mirror(&self, subscription: &Subscription) -> Mirror {
        match Mirror::load(&self.entries_path(), subscription) {
            Ok(Some(mirror)) => mirror,
            Ok(None) => Mirror::new(subscription.clone()),
            Err(error) => {
                tracing::warn!(block = self.name, %error, "the entries on disk are refused");
                Mirror::new(subscription.clone())
            }
        }
    }

    /// What local programs see.
    pub(super) fn shown(&self, settings: &BlockSettings, subscription: &Subscription) -> Shown {
        Shown::open(settings, self.state.join("shown.mirror"), subscription)
    }

    /// Writes the entries.
    pub(super) fn keep(&mut self, mirror: &Mirror) {
        if mirror.cursor().is_some()
            && let Err(error) = mirror.save(&self.entries_path())
        {
            tracing::warn!(block = self.name, %error, "the entries cannot be kept for a start without a server");
        }
    }

    /// What is remembered.
    pub(super) fn remembered(&self) -> &Memory {
        &self.memory
    }

    /// Remembers something; a disk that says no is told.
    pub(super) fn remember(&mut self, change: impl FnOnce(&mut Memory)) {
        let before = self.memory.clone();
        change(&mut self.memory);
        // Somebody may have removed the file.
        if (before != self.memory || !self.memory_path().exists())
            && let Err(error) = self.memory.save(&self.memory_path())
        {
            tracing::warn!(block = self.name, %error, "it cannot be remembered over a restart");
        }
    }

    /// Remembers something, or leaves everything as it is.
    pub(super) fn try_remember(&mut self, change: impl FnOnce(&mut Memory)) -> Result<(), String> {
        let mut memory = self.memory.clone();
        change(&mut memory);
        memory.save(&self.memory_path()).map_err(|error| format!("it cannot be remembered: {error}"))?;
        self.memory = memory;
        Ok(())
    }

    /// Notes which deletions the server named, and which entries have come back.
    pub(super) fn note(&mut self, applied: &Applied, mirror: &Mirror) {
        let place = |(namespace, key): &(_, _)| Place { namespace: Clone::clone(namespace), key: Clone::clone(key) };
        let deleted: Vec<Place> = applied.deleted.iter().map(place).collect();
        self.remember(|memory| {
            memory.deleted.retain(|place| mirror.find(&place.namespace, &place.key).is_none());
            memory.deleted.extend(deleted);
        });
    }
}

/// The sets as a status lists them.
pub(super) fn kept(sets: &[Result<AppliedSet, FileError>]) -> Vec<KeptSet> {
    let one = |(index, set): (usize, &Result<AppliedSet, FileError>)| match set {
        Ok(set) => {
            KeptSet { number: index + 1, at: Some(set.at.to_string()), files: set.set.files.len(), damaged: None }
        }
        Err(error) => KeptSet { number: index + 1, at: None, files: 0, damaged: Some(error.to_string()) },
    };
    sets.iter().enumerate().map(one).collect()
}
