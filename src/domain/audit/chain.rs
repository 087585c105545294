//! Rows that are chained: the hash of each covers the hash of its predecessor and its own body, byte for byte.

use std::fmt;

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::domain::audit::{Event, Who};
use crate::domain::contents::ContentHash;

/// The chain that is appended to in the statements that change the store.
pub const STORE_CHAIN: &str = "store";

/// Longest target, in bytes: everything that has a name is shorter.
const TARGET_BYTES: usize = 1024;

/// The end of a chain: everything that its next row depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The number of the last row; 0 before the first.
    pub seq: u64,
    /// Its hash.
    pub hash: ContentHash,
}

impl Link {
    /// Before the first row of a chain.
    pub const START: Self = Self { seq: 0, hash: ContentHash([0; 32]) };

    /// The hash of a row with this body after this one.
    #[must_use]
    pub fn hash_after(&self, body: &str) -> ContentHash {
        ContentHash(Sha256::new().chain_update(self.hash.0).chain_update(body.as_bytes()).finalize().into())
    }
}

/// A row of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What it says, as JSON.
    pub body: String,
    /// Its hash.
    pub hash: ContentHash,
    /// When it happened, in whole microseconds.
    pub at: OffsetDateTime,
}

#[derive(Serialize)]
struct Body<'a> {
    chain: &'a str,
    seq: u64,
    at: &'a str,
    #[serde(flatten)]
    who: &'a Who,
    #[serde(flatten)]
    event: &'a Event,
}

/// A chain that one writer appends to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    name: String,
    end: Link,
}

impl Chain {
    /// A chain without rows.
    #[must_use]
    pub fn new(name: String) -> Self {
        Self { name, end: Link::START }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its end.
    #[must_use]
    pub fn end(&self) -> Link {
        self.end
    }

    /// Goes back to a former end: what was appended since was not written.
    pub fn go_back(&mut self, end: Link) {
        self.end = end;
    }

    /// Makes the next row.
    pub fn append(&mut self, at: OffsetDateTime, who: &Who, event: &Event) -> Row {
        let at = at.replace_nanosecond(at.microsecond() * 1000).unwrap_or(at);
        let seq = self.end.seq + 1;
        let body = Body { chain: &self.name, seq, at: &Moment(at).to_string(), who, event };
        // Texts and values of JSON: there is no way to fail.
        let body = serde_json::to_string(&body).unwrap_or_default();
        // PostgreSQL refuses this character, and a refused row would hold up all that follow.
        let body = if body.contains("\\u0000") { body.replace("\\u0000", "\\ufffd") } else { body };
        let hash = self.end.hash_after(&body);
        self.end = Link { seq, hash };
        Row { body, hash, at }
    }
}

/// An instant as rows write it.
struct Moment(OffsetDateTime);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
        let text = self.0.to_offset(time::UtcOffset::UTC).format(format).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

/// A text that somebody else chose, as a target: cut at a bound, without control characters.
pub(super) fn target(text: &str) -> String {
    let end = text.floor_char_boundary(TARGET_BYTES);
    let cut = text.get(..end).unwrap_or_default();
    cut.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use time::macros::datetime;

    #[test]
    fn a_row_says_its_place_and_covers_the_one_before() {
        let mut chain = Chain::new("node.7".to_owned());
        let at = datetime!(2026-01-31 12:00:00.123456789 +1);
        let event = Event::new("reveal", "dev/orders/db.yaml").after(json!({"why": "none"}));
        let first = chain.append(at, &Who::system(), &event);
        let body: Value = serde_json::from_str(&first.body).unwrap();
        let said = json!({"chain": "node.7", "seq": 1, "at": "2026-01-31T11:00:00.123456Z", "actor": "system",
            "action": "reveal", "target": "dev/orders/db.yaml", "after": {"why": "none"}});
        assert_eq!(body, said);
        assert_eq!(first.at, datetime!(2026-01-31 11:00:00.123456 UTC));
        let bytes: Vec<u8> = [[0; 32].as_slice(), first.body.as_bytes()].concat();
        assert_eq!(first.hash, ContentHash::of(&bytes));

        let second = chain.append(at, &Who::system(), &event);
        let bytes: Vec<u8> = [first.hash.0.as_slice(), second.body.as_bytes()].concat();
        assert_eq!(second.hash, ContentHash::of(&bytes));
        assert_eq!(chain.end(), Link { seq: 2, hash: second.hash });
        chain.go_back(Link { seq: 1, hash: first.hash });
        assert_eq!(chain.append(at, &Who::system(), &event), second);
    }

    #[test]
    fn what_the_database_refuses_is_replaced() {
        let mut chain = Chain::new("node.7".to_owned());
        let row = chain.append(OffsetDateTime::UNIX_EPOCH, &Who::system(), &Event::new("denied", "a\0b"));
        assert!(row.body.contains(r#""target":"a\ufffdb""#), "{}", row.body);
        assert_eq!(target("a\0b\u{7}ü"), "a\u{fffd}b\u{fffd}ü");
        assert_eq!(target(&"ü".repeat(2000)).len(), TARGET_BYTES);
    }
}
