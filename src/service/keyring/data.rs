//! Data keys: what the master key wraps, and what contents are sealed with.
//!
//! A sealed content is a version byte, the id of its data key, a nonce, and the ciphertext with its tag. Its associated data
//! name the entry it belongs to, so that it opens nowhere else; and what was opened must have the hash it is kept under,
//! so that no other version of the same entry can stand in its place.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::domain::access::{DataKey, DataKeyPurpose};
use crate::domain::contents::{Content, ContentHash};
use crate::domain::names::{Address, EnvironmentName, NamespaceName};
use crate::service::keyring::cipher::{self, parts};
use crate::service::keyring::{Key, KeyError, Keyring};

/// First byte of every sealed content.
const VERSION: u8 = 1;
/// Bytes of a sealed content beyond those of its plaintext: version, key, nonce, tag.
pub const OVERHEAD: u64 = 1 + 16 + 24 + 16;

/// A namespace, as the place of a data key.
type Place = (EnvironmentName, NamespaceName);

/// The data keys that a node has.
#[derive(Default, Clone)]
pub(super) struct DataKeys {
    keys: HashMap<Uuid, Key>,
    hash: Option<Uuid>,
    current: HashMap<Place, Uuid>,
}

fn label(purpose: DataKeyPurpose, id: Uuid, place: Option<&Place>) -> String {
    let (environment, namespace) = place.map_or(("", ""), |(e, n)| (e.as_str(), n.as_str()));
    format!("data key {} {id} {environment}/{namespace}", purpose.as_str())
}

impl Keyring {
    /// Takes over what the store lists. A key that cannot be unwrapped is told, and what it sealed stays shut.
    pub fn install(&self, listed: &[DataKey]) -> Result<(), KeyError> {
        let known = self.data.load();
        let (mut data, mut failed) = (DataKeys::default(), None);
        for key in listed {
            let open = match known.keys.get(&key.id) {
                Some(open) => Ok(open.clone()),
                None => self.unwrap(key),
            };
            match open {
                Ok(open) => {
                    data.keys.insert(key.id, open);
                }
                Err(error) => {
                    failed = Some(error);
                    continue;
                }
            }
            match (&key.place, key.purpose, key.retired_at) {
                (None, DataKeyPurpose::Hash, _) => data.hash = Some(key.id),
                (Some(place), DataKeyPurpose::Seal, None) => drop(data.current.insert(place.clone(), key.id)),
                _ => {}
            }
        }
        self.data.store(Arc::new(data));
        failed.map_or(Ok(()), Err)
    }

    fn unwrap(&self, key: &DataKey) -> Result<Key, KeyError> {
        let label = label(key.purpose, key.id, key.place.as_ref());
        let bytes = self.open_bytes(&label, &key.wrapped)?;
        let bytes: &[u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyError::Damaged(label))?;
        Ok(Zeroizing::new(*bytes))
    }

    /// A new data key; of no use before the store lists it.
    pub fn make_data_key(&self, purpose: DataKeyPurpose, place: Option<Place>) -> Result<DataKey, KeyError> {
        let (id, secret) = (self.ambient.id(), Zeroizing::new(self.ambient.secret()));
        let wrapped = self.seal_bytes(&label(purpose, id, place.as_ref()), &*secret)?.into();
        let (master, created_at) = (self.master_id()?.to_owned(), self.ambient.now());
        Ok(DataKey { id, purpose, place, wrapped, master, created_at, retired_at: None })
    }

    /// The same key, wrapped by the current master key; none when it is.
    pub fn rewrap(&self, key: &DataKey) -> Result<Option<DataKey>, KeyError> {
        let wrapped = self.reseal_bytes(&label(key.purpose, key.id, key.place.as_ref()), &key.wrapped)?;
        let master = self.master_id()?.to_owned();
        Ok(wrapped.map(|wrapped| DataKey { wrapped: wrapped.into(), master, ..key.clone() }))
    }

    /// What is missing before contents of a namespace can be sealed.
    #[must_use]
    pub fn missing_keys(&self, environment: &EnvironmentName, namespace: &NamespaceName) -> Vec<DataKeyPurpose> {
        let data = self.data.load();
        let hash = data.hash.is_none().then_some(DataKeyPurpose::Hash);
        let seal = !data.current.contains_key(&(environment.clone(), namespace.clone()));
        hash.into_iter().chain(seal.then_some(DataKeyPurpose::Seal)).collect()
    }

    fn hash_key(&self) -> Result<Key, KeyError> {
        let data = self.data.load();
        let key = data.hash.and_then(|id| data.keys.get(&id)).cloned();
        key.ok_or_else(|| if self.has_master() { KeyError::UnknownDataKey(Uuid::nil()) } else { KeyError::NoMasterKey })
    }

    /// The hash of a sealed content: equal bytes of one entry have the same, those of two entries have not.
    pub fn hash(&self, address: &Address, plaintext: &[u8]) -> Result<ContentHash, KeyError> {
        let Address { environment, namespace, key } = address;
        let of: [&[u8]; 5] = [
            b"content",
            environment.as_str().as_bytes(),
            namespace.as_str().as_bytes(),
            key.as_str().as_bytes(),
            plaintext,
        ];
        Ok(ContentHash(cipher::keyed_hash(&self.hash_key()?, &of)))
    }

    /// The hash of an earlier content whose bytes are gone, from its hash.
    pub fn hash_of_trimmed(&self, address: &Address, hash: ContentHash) -> Result<ContentHash, KeyError> {
        let name = address.to_string();
        Ok(ContentHash(cipher::keyed_hash(&self.hash_key()?, &[b"trimmed", name.as_bytes(), &hash.0])))
    }

    /// Names a value of an entry, for a marker.
    pub fn tag(&self, address: &Address, path: &str, value: &[u8]) -> Result<[u8; 8], KeyError> {
        let name = address.to_string();
        let of: [&[u8]; 4] = [b"marker", name.as_bytes(), path.as_bytes(), value];
        let hash = cipher::keyed_hash(&self.hash_key()?, &of);
        Ok(hash.first_chunk().copied().unwrap_or_default())
    }

    /// Seals a content of an entry with the current key of its namespace.
    pub fn seal(&self, address: &Address, plaintext: &[u8]) -> Result<Content, KeyError> {
        let hash = self.hash(address, plaintext)?;
        Ok(Content::stored(hash, self.seal_as(b"pintle content", address, plaintext)?))
    }

    /// Seals bytes of a draft with the same keys. They open nowhere but in this draft, at this entry.
    pub fn seal_draft(&self, draft: Uuid, address: &Address, plaintext: &[u8]) -> Result<Bytes, KeyError> {
        self.seal_as(&draft_label(draft), address, plaintext)
    }

    /// Opens sealed bytes of a draft.
    pub fn open_draft(&self, draft: Uuid, address: &Address, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        self.open_as(&draft_label(draft), address, sealed)
    }

    fn seal_as(&self, label: &[u8], address: &Address, plaintext: &[u8]) -> Result<Bytes, KeyError> {
        let data = self.data.load();
        let place = (address.environment.clone(), address.namespace.clone());
        let id = data.current.get(&place).copied().ok_or(KeyError::UnknownDataKey(Uuid::nil()))?;
        let key = data.keys.get(&id).ok_or(KeyError::UnknownDataKey(id))?;
        let body = cipher::seal(key, &self.nonce(), &associated(label, address, id), plaintext)?;
        Ok(Bytes::from([&[VERSION][..], id.as_bytes(), &body].concat()))
    }

    fn open_as(&self, label: &[u8], address: &Address, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let damaged = || KeyError::Damaged(address.to_string());
        let rest = sealed.strip_prefix(&[VERSION]).ok_or_else(damaged)?;
        let (id, body) = rest.split_first_chunk::<16>().ok_or_else(damaged)?;
        let id = Uuid::from_bytes(*id);
        let data = self.data.load();
        let missing = || if self.has_master() { KeyError::UnknownDataKey(id) } else { KeyError::NoMasterKey };
        let key = data.keys.get(&id).ok_or_else(missing)?;
        cipher::open(key, &associated(label, address, id), body).ok_or_else(damaged)
    }

    /// Opens a sealed content of an entry.
    pub fn open(&self, address: &Address, content: &Content) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let plaintext = self.open_as(b"pintle content", address, content.bytes())?;
        if self.hash(address, &plaintext)? != content.hash() {
            return Err(KeyError::Damaged(address.to_string()));
        }
        Ok(plaintext)
    }
}

fn draft_label(draft: Uuid) -> Vec<u8> {
    parts(&[b"pintle draft", draft.as_bytes()])
}

fn associated(label: &[u8], address: &Address, key: Uuid) -> Vec<u8> {
    let Address { environment, namespace, key: name } = address;
    parts(&[
        label,
        &[VERSION],
        environment.as_str().as_bytes(),
        namespace.as_str().as_bytes(),
        name.as_str().as_bytes(),
        key.as_bytes(),
    ])
}
