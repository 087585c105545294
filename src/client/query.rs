//! Parameters that several calls share.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment of the history: right after a revision, or as it stood at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// Right after this revision; 0 is before the first one.
    Revision(u64),
    /// As it stood then.
    Instant(OffsetDateTime),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Revision(revision) => revision.fmt(f),
            Self::Instant(instant) => f.write_str(&instant.format(&Rfc3339).map_err(|_| fmt::Error)?),
        }
    }
}

/// The text is neither a revision nor an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a revision such as 42, or an instant such as 2026-01-31T12:00:00Z")]
pub struct NotAMoment;

impl FromStr for At {
    type Err = NotAMoment;
    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        if let Ok(revision) = text.parse() {
            return Ok(Self::Revision(revision));
        }
        OffsetDateTime::parse(text, &Rfc3339).map(Self::Instant).map_err(|_| NotAMoment)
    }
}

/// An instant as a parameter.
pub(super) fn instant(instant: Option<OffsetDateTime>) -> Option<String> {
    instant.and_then(|instant| instant.format(&Rfc3339).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_prints_what_it_parses() {
        for text in ["0", "42", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.25+02:00"] {
            assert_eq!(text.parse::<At>().unwrap().to_string(), text);
        }
        for bad in ["", "-1", "yesterday", "2026-01-31", "1.5"] {
            assert_eq!(bad.parse::<At>(), Err(NotAMoment), "{bad}");
        }
    }
}
