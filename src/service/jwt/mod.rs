//! JSON Web Tokens (RFC 7519, checked after RFC 8725): those that a node issues, and those of trusted issuers.
//!
//! What a token says of itself is never believed: the algorithm belongs to the key, keys come from memory, and header fields
//! that bring or point to keys are refused.

mod foreign;
mod own;
mod strict;

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};
use time::OffsetDateTime;

pub use foreign::{BadKeys, ForeignToken, KeySet};
pub use own::{Issued, OwnClaims, Vouched, issue, verify};

/// Longest token.
pub const BYTES_MAX: usize = 8 * 1024;
/// Longest life of a token of ours, in seconds.
pub const LIFE: i64 = 600;
/// How far the clock of whoever issued a token may be ahead of ours, in seconds.
pub const LEEWAY: i64 = 30;
/// The end of year 9999, beyond which no date can be written.
const LAST_SECOND: i64 = 253_402_300_799;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It is too long.
    #[error("it has more than {BYTES_MAX} bytes")]
    TooLong,
    /// It is no JWT.
    #[error("it is not three parts of base64url")]
    Shape,
    /// Header or claims cannot be read in one way only.
    #[error("its header or its claims are no JSON object, or one with duplicate names")]
    Json,
    /// The header has something that is not trusted.
    #[error("its header may have alg, typ and kid only, and a typ of its kind")]
    Header,
    /// Nobody knows the key.
    #[error("its key is not known")]
    UnknownKey,
    /// The key is there for another algorithm.
    #[error("its key is not for its algorithm")]
    Algorithm,
    /// The key did not sign it.
    #[error("its signature is wrong")]
    Signature,
    /// A claim is missing, of another type, or has another value.
    #[error("its claim {0} is missing or not what it must be")]
    Claim(&'static str),
    /// It is over.
    #[error("it has expired")]
    Expired,
    /// It is not good yet.
    #[error("it is not valid yet")]
    NotYet,
    /// It was issued too long ago, or lives too long.
    #[error("it is too old or lives too long")]
    TooOld,
}

impl Rejected {
    /// Whether somebody who is trusted signed the token.
    #[must_use]
    pub fn is_after_signature(self) -> bool {
        matches!(self, Self::Claim(_) | Self::Expired | Self::NotYet | Self::TooOld)
    }
}

/// A token taken apart. Nothing in it is believed yet.
#[derive(Debug)]
struct Unverified<'a> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    /// What is signed.
    message: &'a str,
    signature: &'a str,
}

impl<'a> Unverified<'a> {
    fn parse(text: &'a str) -> Result<Self, Rejected> {
        if text.len() > BYTES_MAX {
            return Err(Rejected::TooLong);
        }
        let (message, signature) = text.rsplit_once('.').ok_or(Rejected::Shape)?;
        let (header, claims) = message.split_once('.').ok_or(Rejected::Shape)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Rejected::Shape);
        let (header, claims) = (decode(header)?, decode(claims)?);
        decode(signature)?;
        let object = |bytes: &[u8]| strict::parse_object(bytes).ok_or(Rejected::Json);
        Ok(Self { header: object(&header)?, claims: object(&claims)?, message, signature })
    }

    /// A header field that must be text where it is there.
    fn header(&self, name: &str) -> Result<Option<&str>, Rejected> {
        self.header.get(name).map(|value| value.as_str().ok_or(Rejected::Header)).transpose()
    }

    fn check_signature(&self, key: &DecodingKey, algorithm: Algorithm) -> Result<(), Rejected> {
        let verified = jsonwebtoken::crypto::verify(self.signature, self.message.as_bytes(), key, algorithm);
        if matches!(verified, Ok(true)) { Ok(()) } else { Err(Rejected::Signature) }
    }

    /// A claim that must be text.
    fn text(&self, name: &'static str) -> Result<&str, Rejected> {
        self.claims.get(name).and_then(Value::as_str).ok_or(Rejected::Claim(name))
    }

    /// A claim that must be a point of time, in seconds; none when it is not there.
    fn find_seconds(&self, name: &'static str) -> Result<Option<i64>, Rejected> {
        let Some(value) = self.claims.get(name) else { return Ok(None) };
        let seconds = value.as_i64().filter(|seconds| (0..=LAST_SECOND).contains(seconds));
        seconds.map(Some).ok_or(Rejected::Claim(name))
    }

    fn seconds(&self, name: &'static str) -> Result<i64, Rejected> {
        self.find_seconds(name)?.ok_or(Rejected::Claim(name))
    }
}

fn moment(seconds: i64) -> OffsetDateTime {
    // Cannot fail: seconds were checked, or come from a moment.
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
