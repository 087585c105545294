//! The keys of a node: the master key, what is derived from it, and the data keys that it wraps.
//!
//! Nothing that is secret is ever printed: `Debug` names keys by their ids, which are hashes.

mod cipher;
mod data;
mod master;

use std::sync::Arc;

use arc_swap::ArcSwap;
use zeroize::Zeroizing;

use crate::service::ambient::Ambient;
use crate::service::keyring::cipher::parts;
use crate::service::keyring::data::DataKeys;

pub use data::OVERHEAD;
pub use master::{BadMasterKey, MasterKey};

/// A key of 32 bytes, wiped when it is dropped.
pub type Key = Zeroizing<[u8; 32]>;

/// First byte of everything that is sealed by a master key.
const BYTES_VERSION: u8 = 1;
/// Bytes of the id of a master key.
const ID: usize = 8;

/// Why a key could not do what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The node was started without a master key.
    #[error("there is no master key: set --master-key-file, PINTLE_MASTER_KEY or --master-key-command")]
    NoMasterKey,
    /// It was sealed by a master key that this node does not have.
    #[error("it is sealed by the master key {0}, which this node does not have")]
    UnknownMaster(String),
    /// It was sealed by a data key that this node does not have.
    #[error("it is sealed by the data key {0}, which this node does not have")]
    UnknownDataKey(uuid::Uuid),
    /// It is not what was sealed there: changed, or moved from elsewhere.
    #[error("{0} does not open: it was changed, or sealed for another place")]
    Damaged(String),
}

/// The keys of a node. Without a master key it is empty, and whatever needs one says so.
pub struct Keyring {
    /// The current one first; the others only open what they sealed.
    masters: Vec<MasterKey>,
    ambient: Arc<dyn Ambient>,
    data: ArcSwap<DataKeys>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let masters: Vec<&str> = self.masters.iter().map(MasterKey::id).collect();
        f.debug_struct("Keyring").field("masters", &masters).finish_non_exhaustive()
    }
}

impl Keyring {
    /// A keyring with these master keys, the current one first; none is allowed.
    #[must_use]
    pub fn new(masters: Vec<MasterKey>, ambient: Arc<dyn Ambient>) -> Self {
        Self { masters, ambient, data: ArcSwap::default() }
    }

    /// Whether there is a master key.
    #[must_use]
    pub fn has_master(&self) -> bool {
        !self.masters.is_empty()
    }

    /// The current master key.
    fn master(&self) -> Result<&MasterKey, KeyError> {
        self.masters.first().ok_or(KeyError::NoMasterKey)
    }

    /// The id of the current master key.
    pub fn master_id(&self) -> Result<&str, KeyError> {
        self.master().map(MasterKey::id)
    }

    fn master_named(&self, id: &str) -> Result<&MasterKey, KeyError> {
        self.master()?;
        self.masters.iter().find(|master| master.id() == id).ok_or_else(|| KeyError::UnknownMaster(id.to_owned()))
    }

    /// A key for one purpose, which the label names, derived from the current master key. It changes with it.
    pub fn derive(&self, label: &str) -> Result<Key, KeyError> {
        Ok(self.master()?.derive(&parts(&[b"pintle derive", label.as_bytes()])))
    }

    /// The same from every master key, the current one first: for checking what was made before a rotation.
    pub fn derive_each(&self, label: &str) -> Vec<Key> {
        let info = parts(&[b"pintle derive", label.as_bytes()]);
        self.masters.iter().map(|master| master.derive(&info)).collect()
    }

    /// A hash of bytes under a derived key; none without a master key.
    #[must_use]
    pub fn keyed_hash(&self, label: &str, bytes: &[u8]) -> Option<[u8; 32]> {
        self.derive(label).ok().map(|key| cipher::keyed_hash(&key, &[bytes]))
    }

    /// Seals bytes under the current master key. Only the same label opens them.
    pub fn seal_bytes(&self, label: &str, plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
        let master = self.master()?;
        let mut sealed = vec![BYTES_VERSION];
        sealed.extend(master.id_bytes());
        let sealing = sealing_of(master, label);
        sealed.extend(cipher::seal(&sealing.0, &self.nonce(), &sealing.1, plaintext)?);
        Ok(sealed)
    }

    /// Opens what `seal_bytes` made, with whichever master key sealed it.
    pub fn open_bytes(&self, label: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let (id, body) = split_bytes(label, sealed)?;
        let (key, associated) = sealing_of(self.master_named(&hex::encode(id))?, label);
        cipher::open(&key, &associated, body).ok_or_else(|| KeyError::Damaged(label.to_owned()))
    }

    /// Seals anew what another than the current master key sealed; none when it is the current one.
    pub fn reseal_bytes(&self, label: &str, sealed: &[u8]) -> Result<Option<Vec<u8>>, KeyError> {
        let (id, _) = split_bytes(label, sealed)?;
        if *id == self.master()?.id_bytes() {
            return Ok(None);
        }
        self.seal_bytes(label, &self.open_bytes(label, sealed)?).map(Some)
    }

    fn nonce(&self) -> cipher::Nonce {
        let secret = Zeroizing::new(self.ambient.secret());
        let mut nonce = cipher::Nonce::default();
        nonce.iter_mut().zip(secret.iter()).for_each(|(to, from)| *to = *from);
        nonce
    }
}

/// The key that a master key seals bytes with, and what they are bound to.
fn sealing_of(master: &MasterKey, label: &str) -> (Key, Vec<u8>) {
    let associated = parts(&[b"pintle bytes", &[BYTES_VERSION], &master.id_bytes(), label.as_bytes()]);
    (master.derive(b"pintle seal bytes"), associated)
}

fn split_bytes<'a>(label: &str, sealed: &'a [u8]) -> Result<(&'a [u8; ID], &'a [u8]), KeyError> {
    let damaged = || KeyError::Damaged(label.to_owned());
    let rest = sealed.strip_prefix(&[BYTES_VERSION]).ok_or_else(damaged)?;
    rest.split_first_chunk().ok_or_else(damaged)
}

#[cfg(test)]
mod tests;
