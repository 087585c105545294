//! What the world gives: time and chance. Passed in, so that tests decide.

use time::OffsetDateTime;
use uuid::Uuid;

/// Time and chance.
pub trait Ambient: std::fmt::Debug + Send + Sync {
    /// The wall clock. It orders nothing; tokens expire by it.
    fn now(&self) -> OffsetDateTime;

    /// 32 bytes that nobody can guess.
    fn secret(&self) -> [u8; 32];

    /// A random id.
    fn id(&self) -> Uuid {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = self.secret();
        uuid::Builder::from_random_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]).into_uuid()
    }
}
