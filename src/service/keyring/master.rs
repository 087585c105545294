//! A master key: how it is written, and which ones nobody should use.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::service::keyring::cipher;
use crate::service::keyring::{ID, Key};

/// Base64 with or without padding.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

/// Of 32 random bytes, fewer than 20 different ones do not happen in the life of this planet.
const DIFFERENT: usize = 20;

/// Words whose SHA-256 people take for a key.
const WORDS: &[&str] = &[
    "",
    "admin",
    "change-me",
    "change_me",
    "changeme",
    "default",
    "example",
    "hello",
    "key",
    "master",
    "master-key",
    "masterkey",
    "password",
    "pintle",
    "placeholder",
    "secret",
    "test",
];

/// Why a text is no master key. It never quotes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadMasterKey {
    /// Neither hex nor base64.
    #[error("a master key is 32 bytes, written as 64 hex digits or as base64")]
    Unreadable,
    /// Not 32 bytes.
    #[error("a master key has 32 bytes, this has {0}")]
    Length(usize),
    /// Easy to guess.
    #[error("this is no random key: make one with `openssl rand -hex 32`")]
    Guessable,
}

/// A key that wraps other keys, and is never written anywhere by the server.
#[derive(Clone)]
pub struct MasterKey {
    key: Key,
    id: String,
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

impl MasterKey {
    /// Reads 64 hex digits or base64; white space around them does not matter.
    pub fn parse(text: &str) -> Result<Self, BadMasterKey> {
        let text = text.trim();
        let bytes = Zeroizing::new(decode(text).ok_or(BadMasterKey::Unreadable)?);
        let found: [u8; 32] = bytes.as_slice().try_into().map_err(|_| BadMasterKey::Length(bytes.len()))?;
        let key = Key::new(found);
        if is_guessable(&key) {
            return Err(BadMasterKey::Guessable);
        }
        Ok(Self::of(key))
    }

    /// A key of random bytes.
    #[must_use]
    pub fn of(key: Key) -> Self {
        let id = cipher::derive(&key, b"pintle master key id");
        let id = hex::encode(id.first_chunk::<ID>().unwrap_or(&[0; ID]));
        Self { key, id }
    }

    /// A hash prefix: names the key, and tells nothing about it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn id_bytes(&self) -> [u8; ID] {
        let mut bytes = [0; ID];
        let decoded = hex::decode_to_slice(&self.id, &mut bytes);
        debug_assert!(decoded.is_ok(), "an id is hex");
        bytes
    }

    pub(super) fn derive(&self, info: &[u8]) -> Key {
        cipher::derive(&self.key, info)
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() == 64
        && let Ok(bytes) = hex::decode(text)
    {
        return Some(bytes);
    }
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

/// Repeated bytes, counted bytes, text, or the hash of a word that everybody tries first.
fn is_guessable(key: &[u8; 32]) -> bool {
    let mut different = [false; 256];
    for byte in key {
        if let Some(seen) = different.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    let steps = key.windows(2).map(|pair| match pair {
        [a, b] => b.wrapping_sub(*a),
        _ => 0,
    });
    let mut steps: Vec<u8> = steps.collect();
    steps.dedup();
    different.into_iter().filter(|seen| *seen).count() < DIFFERENT
        || steps.len() == 1
        || key.iter().all(|byte| (b' '..=b'~').contains(byte))
        || WORDS.iter().any(|word| Sha256::digest(word) == *key)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "5e1f0b9a3c7d24868b1c0ffee2d4a69780b3c5d7e9f1a2c4d6e8f0a1b3c5d7e9";

    #[test]
    fn a_key_is_read_from_hex_and_from_base64_alike() {
        let bytes = hex::decode(GOOD).unwrap();
        let id = MasterKey::parse(GOOD).unwrap().id().to_owned();
        assert_eq!(id.len(), 16);
        let standard = base64::engine::general_purpose::STANDARD.encode(&bytes);
        let bare = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&bytes);
        for text in [GOOD.to_uppercase(), format!("{GOOD}\n"), standard, bare] {
            assert_eq!(MasterKey::parse(&text).unwrap().id(), id, "{text}");
        }
    }

    #[test]
    fn a_key_that_is_short_or_no_key_is_refused_without_being_quoted() {
        for (text, expected) in [
            ("", BadMasterKey::Length(0)),
            ("c2hvcnQ=", BadMasterKey::Length(5)),
            ("not a key!", BadMasterKey::Unreadable),
            (&GOOD[1..], BadMasterKey::Unreadable),
            (&GOOD[4..], BadMasterKey::Length(45)),
        ] {
            let found = MasterKey::parse(text).unwrap_err();
            assert_eq!(found, expected, "{text}");
            assert!(text.is_empty() || !found.to_string().contains(text), "{found}");
        }
    }

    #[test]
    fn a_key_that_can_be_guessed_is_refused() {
        let counted: Vec<u8> = (0..32).collect();
        let downwards: Vec<u8> = (0..32).rev().collect();
        let hash = Sha256::digest("changeme").to_vec();
        for bytes in
            [vec![0; 32], vec![0xff; 32], counted, downwards, b"correct horse battery staple, 32".to_vec(), hash]
        {
            assert_eq!(MasterKey::parse(&hex::encode(&bytes)).unwrap_err(), BadMasterKey::Guessable, "{bytes:?}");
        }
        assert_eq!(MasterKey::parse(&"deadbeef".repeat(8)).unwrap_err(), BadMasterKey::Guessable);
    }

    #[test]
    fn a_key_is_never_printed() {
        let key = MasterKey::parse(GOOD).unwrap();
        assert_eq!(format!("{key:?}"), format!("MasterKey({})", key.id()));
    }
}
