//! Anchors: signed ends of chains, kept outside the database. A chain that was computed anew disagrees with them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The end of a chain at some time, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The chain.
    pub chain: String,
    /// The number of its last row then.
    pub seq: u64,
    /// The hash of that row, as hex.
    pub hash: String,
    /// When it was signed.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Which key signed it: the beginning of the public key, as hex.
    pub key: String,
    /// Ed25519, as hex, of [`Anchor::signed_text`].
    pub signature: String,
}

impl Anchor {
    /// What is signed.
    #[must_use]
    pub fn signed_text(&self) -> String {
        let Self { chain, seq, hash, at, key, signature: _ } = self;
        format!("pintle audit anchor\n{chain}\n{seq}\n{hash}\n{}\n{key}\n", at.unix_timestamp_nanos())
    }

    /// The anchor in a line of an anchor file, or of a log that it was written to.
    #[must_use]
    pub fn find(line: &str) -> Option<Self> {
        let start = line.find("{\"chain\":").or_else(|| line.find("{\\\"chain\\\":"))?;
        let rest = line.get(start..)?;
        if rest.starts_with("{\\") {
            // As a text inside of a line of JSON.
            let end = rest.find('}')?;
            return serde_json::from_str(&rest.get(..=end)?.replace("\\\"", "\"")).ok();
        }
        serde_json::Deserializer::from_str(rest).into_iter().next()?.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_found_in_its_file_and_in_logs() {
        let at = OffsetDateTime::UNIX_EPOCH;
        let text = |text: &str| text.to_owned();
        let anchor =
            Anchor { chain: text("store"), seq: 7, hash: text("00ff"), at, key: text("ab"), signature: text("cd") };
        let line = serde_json::to_string(&anchor).unwrap();
        assert_eq!(Anchor::find(&line), Some(anchor.clone()));
        assert_eq!(
            Anchor::find(&format!("2026-01-31T12:00:00Z  INFO audit_anchor: anchored anchor={line} x=1")),
            Some(anchor.clone())
        );
        let logged =
            serde_json::json!({"level": "INFO", "fields": {"anchor": line}, "target": "audit_anchor"}).to_string();
        assert_eq!(Anchor::find(&logged), Some(anchor));
        for other in ["", "a line", "{\"chain\":7}", "{\"chain\":\"store\"", "{\\\"chain\\\":"] {
            assert_eq!(Anchor::find(other), None, "{other}");
        }
    }
}
