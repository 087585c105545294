//! What a keyring seals, only the same keyring opens, for the same purpose.

use std::sync::atomic::{AtomicU8, Ordering};

use time::OffsetDateTime;

use super::*;

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
