//! The text of tokens: `pintle_`, the id, the secret and a checksum, all hex, so that scanners find them.

use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::domain::access::Token;
use crate::domain::contents::ContentHash;

const PREFIX: &str = "pintle_";

/// A token as its holder has it.
pub struct TokenText {
    id: Uuid,
    secret: [u8; 32],
}

impl std::fmt::Debug for TokenText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenText({})", self.id)
    }
}

impl TokenText {
    /// Joins an id with a secret.
    #[must_use]
    pub fn new(id: Uuid, secret: [u8; 32]) -> Self {
        Self { id, secret }
    }

    /// Parses what a caller sent; none when it is no token of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let body = text.strip_prefix(PREFIX)?;
        let (body, checksum) = body.split_at_checked(96)?;
        if format!("{:08x}", crc32fast::hash(body.as_bytes())) != checksum {
            return None;
        }
        let (id, secret) = body.split_at_checked(32)?;
        let mut token = Self { id: Uuid::try_parse(id).ok()?, secret: [0; 32] };
        hex::decode_to_slice(secret, &mut token.secret).ok()?;
        Some(token)
    }

    /// The public part.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What is stored of the secret.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        ContentHash::of(&self.secret)
    }

    /// Whether this is the text of a stored token, in constant time.
    #[must_use]
    pub fn belongs_to(&self, token: &Token) -> bool {
        self.hash().0.ct_eq(&token.hash.0).into()
    }

    /// The text to hand out, once.
    #[must_use]
    pub fn reveal(&self) -> String {
        let body = format!("{}{}", self.id.simple(), hex::encode(self.secret));
        format!("{PREFIX}{body}{:08x}", crc32fast::hash(body.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_parses_back_and_a_broken_one_does_not() {
        let token = TokenText::new(Uuid::from_u128(7), [9; 32]);
        let text = token.reveal();
        assert_eq!(TokenText::parse(&text).unwrap().hash(), token.hash());
        for bad in [&text[1..], &text[..text.len() - 1], &text.replace("0909", "0908"), "", "pintle_", &"ü".repeat(60)]
        {
            assert!(TokenText::parse(bad).is_none(), "{bad}");
        }
    }
}
