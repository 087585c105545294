//! Revisions, epochs and cursors: the one number everywhere.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::domain::names::UserName;

/// The number of a committed change set. 0 is the state before the first one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// Before the first change set; as a precondition: must not exist.
    pub const ZERO: Self = Self(0);

    /// The revision that follows.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Revision {
    type Err = CursorError;
    fn from_str(text: &str) -> Result<Self, CursorError> {
        parse_number(text).map(Self)
    }
}

/// Identity of the store's history. A restore or a failover that lost commits starts a new, larger one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A revision that stays readable however far the history is trimmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The revision.
    pub revision: Revision,
    /// Who asked for it.
    pub actor: UserName,
    /// Why.
    pub reason: String,
    /// When that was.
    pub at: OffsetDateTime,
}

/// A place in the history, written `epoch.revision`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// The history it belongs to.
    pub epoch: Epoch,
    /// The last revision seen.
    pub revision: Revision,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.revision)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;
    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (epoch, revision) = text.split_once('.').ok_or(CursorError)?;
        Ok(Self { epoch: Epoch(parse_number(epoch)?), revision: Revision(parse_number(revision)?) })
    }
}

/// The text is neither a revision nor a cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 0 to {max}, for a cursor two of them joined by '.'", max = i64::MAX)]
pub struct CursorError;

/// Numbers fit PostgreSQL's `bigint`; signs, spaces and leading zeros are refused.
fn parse_number(text: &str) -> Result<u64, CursorError> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    let number = text.parse::<u64>().map_err(|_| CursorError)?;
    if plain && i64::try_from(number).is_ok() { Ok(number) } else { Err(CursorError) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_print_what_they_parse() {
        let cursor: Cursor = "17.42".parse().unwrap();
        assert_eq!(cursor, Cursor { epoch: Epoch(17), revision: Revision(42) });
        assert_eq!(cursor.to_string(), "17.42");
    }

    #[test]
    fn odd_numbers_are_refused() {
        for bad in ["", "1", "1.", ".1", "-1.2", "1.-2", "+1.2", "1.2.3", "01.2", "1.18446744073709551616", " 1.2"] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad}");
        }
        assert!("9223372036854775808".parse::<Revision>().is_err());
        assert!("9223372036854775807".parse::<Revision>().is_ok());
    }
}
