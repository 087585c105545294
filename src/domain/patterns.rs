//! Globs over whole names: `*` stands for any run of characters, dots included.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::names::{KEY_BYTES, NAME_BYTES};

/// A glob such as `orders*`, `*` or `prod-eu`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(String);

/// Why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern must have 1 to {NAME_BYTES} of a-z, 0-9, '.', '_', '-' and '*'")]
pub struct PatternError;

impl Pattern {
    /// Parses a pattern.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-*".contains(&b);
        if text.is_empty() || text.len() > NAME_BYTES || !text.bytes().all(allowed) {
            return Err(PatternError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The pattern that covers every name.
    #[must_use]
    pub fn any() -> Self {
        Self("*".to_owned())
    }

    /// Whether every name that the other matches is matched by this one.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        // The other's stars stand for characters that no literal of this one matches, so only its own stars cover them.
        let inner = other.0.replace('*', "\u{0}");
        self.matches(&inner)
    }

    /// Whether some text is matched by both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), other.0.as_bytes());
        // A row tells for each start of theirs whether it and a start of ours, longer by one in each row, match a common
        // text.
        let stars = theirs.iter().take_while(|byte| **byte == b'*').count();
        let mut above: Vec<bool> = (0..=theirs.len()).map(|end| end <= stars).collect();
        for our in ours {
            let mut left = *our == b'*' && above.first().is_some_and(|first| *first);
            let mut row = vec![left];
            for (their, pair) in theirs.iter().zip(above.windows(2)) {
                let &[diagonal, up] = pair else { continue };
                let star = *our == b'*' || *their == b'*';
                left = (our == their && diagonal) || (star && (up || left));
                row.push(left);
            }
            above = row;
        }
        above.last().is_some_and(|last| *last)
    }

    /// The one name that it matches, when it has no star.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        (!self.0.contains('*')).then_some(self.0.as_str())
    }

    /// The pattern as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole name matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        matches(&self.0, name)
    }
}

/// Whether a whole text matches a glob: `*` stands for any run of characters, and nothing else is special.
#[must_use]
pub fn matches(glob: &str, text: &str) -> bool {
    let mut parts = glob.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

/// A glob over keys, such as `*.pem` or `secrets/*`; `*` crosses slashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyPattern(String);

/// Why a text is not a pattern of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pattern must have 1 to {KEY_BYTES} of A-Z, a-z, 0-9, '.', '_', '@', '-', '/' and '*'")]
pub struct KeyPatternError;

impl KeyPattern {
    /// Parses a pattern.
    pub fn parse(text: &str) -> Result<Self, KeyPatternError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._@-/*".contains(&b);
        if text.is_empty() || text.len() > KEY_BYTES || !text.bytes().all(allowed) {
            return Err(KeyPatternError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The pattern as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the whole key matches.
    #[must_use]
    pub fn matches(&self, key: &str) -> bool {
        matches(&self.0, key)
    }
}

impl TryFrom<String> for KeyPattern {
    type Error = KeyPatternError;
    fn try_from(text: String) -> Result<Self, KeyPatternError> {
        Self::parse(&text)
    }
}

impl From<KeyPattern> for String {
    fn from(pattern: KeyPattern) -> Self {
        pattern.0
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;
    fn try_from(text: String) -> Result<Self, PatternError> {
        Self::parse(&text)
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_crosses_dots_and_nothing_else_is_special() {
        let cases = [
            ("*", "anything.at-all", true),
            ("orders*", "orders", true),
            ("orders*", "orders.eu", true),
            ("orders*", "my.orders", false),
            ("orders", "orders.eu", false),
            ("*.mysql", "shared.mysql", true),
            ("a*b*c", "aXXbYYc", true),
            ("a*b*c", "aXXcYYb", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a.b", "axb", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(Pattern::parse(pattern).unwrap().matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_pattern_includes_what_it_covers_wholly() {
        let cases = [
            ("*", "*", true),
            ("*", "orders*", true),
            ("orders*", "orders.eu*", true),
            ("orders*", "orders", true),
            ("orders*", "order*", false),
            ("orders*", "*", false),
            ("orders", "orders*", false),
            ("a*b", "a*x*b", true),
            ("a*b", "a*", false),
            ("*a*", "*a", true),
            ("*ab*", "*a*b*", false),
        ];
        for (outer, inner, expected) in cases {
            let (outer, inner) = (Pattern::parse(outer).unwrap(), Pattern::parse(inner).unwrap());
            assert_eq!(outer.includes(&inner), expected, "{outer} {inner}");
        }
    }

    #[test]
    fn two_patterns_overlap_when_some_name_matches_both() {
        let cases = [
            ("*", "orders", true),
            ("orders", "orders", true),
            ("orders", "order", false),
            ("orders*", "*.eu", true),
            ("orders*", "my*", false),
            ("a*b", "b*a", false),
            ("a*b", "*a*", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("*a", "*b", false),
            ("a*", "*b", true),
        ];
        for (one, other, expected) in cases {
            let (one, other) = (Pattern::parse(one).unwrap(), Pattern::parse(other).unwrap());
            assert_eq!(one.overlaps(&other), expected, "{one} {other}");
            assert_eq!(other.overlaps(&one), expected, "{other} {one}");
        }
        let (many, others) = ("*a".repeat(32), "*b".repeat(32));
        assert!(!Pattern::parse(&many).unwrap().overlaps(&Pattern::parse(&others).unwrap()));
    }

    #[test]
    fn odd_patterns_are_refused() {
        for bad in ["", "A*", "a/b", "a b", "[a]", &"a".repeat(65)] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
