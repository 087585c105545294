//! What a keyring seals, only the same keyring opens, for the same purpose.

use std::sync::atomic::{AtomicU8, Ordering};

use time::OffsetDateTime;

use super::*;
use crate::domain::access::{DataKey, DataKeyPurpose};
use crate::domain::contents::{Content, ContentHash};
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};

/// Never the same bytes twice, in one test.
#[derive(Debug, Default)]
struct Counted(AtomicU8);

impl Ambient for Counted {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH
    }

    fn secret(&self) -> [u8; 32] {
        [self.0.fetch_add(1, Ordering::Relaxed); 32]
    }
}

fn keyring(masters: &[u8]) -> Keyring {
    let ambient: Arc<dyn Ambient> = Arc::new(Counted::default());
    let masters = masters.iter().map(|seed| MasterKey::of(Zeroizing::new(std::array::from_fn(|_| *seed)))).collect();
    Keyring::new(masters, ambient)
}

#[test]
fn what_was_sealed_opens_for_the_same_label_only() {
    let ring = keyring(&[1]);
    let sealed = ring.seal_bytes("jwt", b"plaintext").unwrap();
    assert_eq!(ring.open_bytes("jwt", &sealed).unwrap().as_slice(), b"plaintext");
    assert_eq!(ring.open_bytes("oidc", &sealed), Err(KeyError::Damaged("oidc".to_owned())));
    assert_ne!(ring.seal_bytes("jwt", b"plaintext").unwrap(), sealed, "a nonce is used once");
}

#[test]
fn every_changed_or_cut_byte_is_noticed() {
    let ring = keyring(&[1]);
    let sealed = ring.seal_bytes("jwt", b"plaintext").unwrap();
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(ring.open_bytes("jwt", &changed).is_err(), "byte {at}");
        assert!(ring.open_bytes("jwt", &sealed[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn an_older_master_key_opens_and_the_current_one_seals() {
    let (old, both, new) = (keyring(&[1]), keyring(&[2, 1]), keyring(&[2]));
    let sealed = old.seal_bytes("jwt", b"plaintext").unwrap();
    assert_eq!(both.open_bytes("jwt", &sealed).unwrap().as_slice(), b"plaintext");
    let id = old.master_id().unwrap().to_owned();
    assert_eq!(new.open_bytes("jwt", &sealed), Err(KeyError::UnknownMaster(id)));
    let resealed = both.reseal_bytes("jwt", &sealed).unwrap().unwrap();
    assert_eq!(new.open_bytes("jwt", &resealed).unwrap().as_slice(), b"plaintext");
    assert_eq!(both.reseal_bytes("jwt", &resealed).unwrap(), None);
}

#[test]
fn derived_keys_differ_by_label_and_by_master_key() {
    let both = keyring(&[2, 1]);
    assert_eq!(both.derive("a").unwrap(), both.derive("a").unwrap());
    assert_ne!(both.derive("a").unwrap(), both.derive("b").unwrap());
    assert_eq!(both.derive_each("a"), [keyring(&[2]).derive("a").unwrap(), keyring(&[1]).derive("a").unwrap()]);
    assert_ne!(both.derive_each("a")[0], both.derive_each("a")[1]);
}

#[test]
fn without_a_master_key_everything_says_so() {
    let none = keyring(&[]);
    assert!(!none.has_master());
    assert_eq!(none.derive("a"), Err(KeyError::NoMasterKey));
    assert_eq!(none.seal_bytes("a", b""), Err(KeyError::NoMasterKey));
    let sealed = keyring(&[1]).seal_bytes("a", b"").unwrap();
    assert_eq!(none.open_bytes("a", &sealed), Err(KeyError::NoMasterKey));
}

#[test]
fn no_key_is_ever_printed() {
    let ring = keyring(&[0xab]);
    let shown = format!("{ring:?}");
    assert!(shown.contains(ring.master_id().unwrap()), "{shown}");
    assert!(!shown.contains("abab") && !shown.contains("171, 171"), "{shown}");
}

fn address(text: &str) -> Address {
    let mut parts = text.splitn(3, '/');
    Address {
        environment: EnvironmentName::parse(parts.next().unwrap()).unwrap(),
        namespace: NamespaceName::parse(parts.next().unwrap()).unwrap(),
        key: EntryKey::parse(parts.next().unwrap()).unwrap(),
    }
}

/// A keyring with a key of hashes and one for each of these namespaces.
fn with_data_keys(masters: &[u8], namespaces: &[&str]) -> (Keyring, Vec<DataKey>) {
    let ring = keyring(masters);
    let place = |name: &&str| {
        let address = address(&format!("{name}/k"));
        Some((address.environment, address.namespace))
    };
    let mut keys = vec![ring.make_data_key(DataKeyPurpose::Hash, None).unwrap()];
    keys.extend(namespaces.iter().map(|name| ring.make_data_key(DataKeyPurpose::Seal, place(name)).unwrap()));
    ring.install(&keys).unwrap();
    (ring, keys)
}

#[test]
fn a_sealed_content_opens_at_its_own_address_and_under_its_own_hash_only() {
    let (ring, _) = with_data_keys(&[1], &["dev/orders", "dev/other"]);
    let here = address("dev/orders/a.yaml");
    let sealed = ring.seal(&here, b"password: hunter2").unwrap();
    assert_eq!(ring.open(&here, &sealed).unwrap().as_slice(), b"password: hunter2");
    for elsewhere in ["dev/orders/b.yaml", "dev/other/a.yaml", "prod/orders/a.yaml"] {
        assert!(ring.open(&address(elsewhere), &sealed).is_err(), "{elsewhere}");
    }
    let earlier = ring.seal(&here, b"password: hunter1").unwrap();
    let swapped = Content::stored(sealed.hash(), earlier.bytes().clone());
    assert!(ring.open(&here, &swapped).is_err(), "another version of the same entry");
    for at in 0..sealed.bytes().len() {
        let mut changed = sealed.bytes().to_vec();
        changed[at] ^= 1;
        assert!(ring.open(&here, &Content::stored(sealed.hash(), changed.into())).is_err(), "byte {at}");
    }
    assert_eq!(sealed.size(), 17 + OVERHEAD);
}

#[test]
fn keyed_hashes_tell_nothing_across_addresses() {
    let (ring, _) = with_data_keys(&[1], &["dev/orders"]);
    let (a, b) = (address("dev/orders/a"), address("dev/orders/b"));
    assert_eq!(ring.seal(&a, b"same").unwrap().hash(), ring.hash(&a, b"same").unwrap());
    assert_ne!(ring.hash(&a, b"same").unwrap(), ring.hash(&b, b"same").unwrap());
    assert_ne!(ring.hash(&a, b"same").unwrap(), ContentHash::of(b"same"));
    assert_ne!(ring.tag(&a, "/x", b"v").unwrap(), ring.tag(&a, "/y", b"v").unwrap());
}

#[test]
fn data_keys_survive_a_new_master_key_and_not_a_lost_one() {
    let (old, keys) = with_data_keys(&[1], &["dev/orders"]);
    let here = address("dev/orders/a");
    let sealed = old.seal(&here, b"value").unwrap();
    let both = keyring(&[2, 1]);
    both.install(&keys).unwrap();
    let rewrapped: Vec<DataKey> = keys.iter().map(|key| both.rewrap(key).unwrap().unwrap()).collect();
    assert!(both.rewrap(&rewrapped[0]).unwrap().is_none());
    let new = keyring(&[2]);
    assert!(matches!(new.install(&keys), Err(KeyError::UnknownMaster(_))));
    assert!(new.open(&here, &sealed).is_err());
    new.install(&rewrapped).unwrap();
    assert_eq!(new.open(&here, &sealed).unwrap().as_slice(), b"value");
    assert_eq!(keyring(&[]).install(&keys), Err(KeyError::NoMasterKey));
}

#[test]
fn a_retired_key_opens_and_does_not_seal() {
    let (ring, mut keys) = with_data_keys(&[1], &["dev/orders"]);
    let here = address("dev/orders/a");
    let before = ring.seal(&here, b"value").unwrap();
    keys[1].retired_at = Some(OffsetDateTime::UNIX_EPOCH);
    keys.push(ring.make_data_key(DataKeyPurpose::Seal, keys[1].place.clone()).unwrap());
    ring.install(&keys).unwrap();
    assert_eq!(ring.open(&here, &before).unwrap().as_slice(), b"value");
    let after = ring.seal(&here, b"value").unwrap();
    assert_eq!(after.bytes()[1..17], *keys[2].id.as_bytes());
    assert_eq!(after.hash(), before.hash());
    assert!(ring.missing_keys(&here.environment, &here.namespace).is_empty());
    assert_eq!(ring.missing_keys(&here.environment, &address("dev/x/y").namespace), [DataKeyPurpose::Seal]);
}
