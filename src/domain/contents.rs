//! Contents: the bytes of an entry, kept verbatim and named by their hash.

use std::fmt;

use bytes::Bytes;
use sha2::{Digest, Sha256};

/// SHA-256 of raw bytes, written as lowercase hex.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Bytes with their hash, which alone decides whether two are equal: sealed bytes differ each time. Cloning shares the
/// bytes.
#[derive(Clone)]
pub struct Content {
    hash: ContentHash,
    bytes: Bytes,
    redacted: bool,
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Eq for Content {}

impl Content {
    /// Hashes the bytes.
    #[must_use]
    pub fn new(bytes: Bytes) -> Self {
        Self { hash: ContentHash::of(&bytes), bytes, redacted: false }
    }

    /// Joins bytes with a hash that was computed from them when they were written.
    #[must_use]
    pub fn stored(hash: ContentHash, bytes: Bytes) -> Self {
        Self { hash, bytes, redacted: false }
    }

    /// What is left of bytes that were removed for ever.
    #[must_use]
    pub fn redacted(hash: ContentHash) -> Self {
        Self { hash, bytes: Bytes::new(), redacted: true }
    }

    /// Whether the bytes were removed for ever.
    #[must_use]
    pub fn is_redacted(&self) -> bool {
        self.redacted
    }

    /// SHA-256 of the bytes; of sealed ones, a keyed hash of what was sealed.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        self.hash
    }

    /// The bytes as they were written.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// How many bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes, {})", self.bytes.len(), self.hash)
    }
}
