//! Secrets: which values of an entry are hidden, and the text in which they are.
//!
//! An entry with any mark is sealed as a whole; its marks only decide what people see of it. See [`masking`].

pub mod masking;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::formats::Format;

/// Paths that an entry may have.
pub const MAX_PATHS: usize = 100;
/// Bytes that a path may have.
pub const MAX_PATH_BYTES: usize = 512;

/// What is secret in an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marks {
    /// All of it.
    Whole,
    /// Some values: JSON Pointers, or names of properties. There is at least one.
    Paths(BTreeSet<String>),
}

/// What a caller says is secret in a content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RequestedMarks {
    /// All of it, or nothing.
    #[serde(rename = "secret")]
    Secret(bool),
    /// These values.
    #[serde(rename = "secret_paths")]
    Paths(Vec<String>),
}

impl RequestedMarks {
    /// The marks that are meant; none when nothing is to be secret.
    pub fn marks(&self) -> Result<Option<Marks>, BadMarks> {
        match self {
            Self::Secret(whole) => Ok(whole.then_some(Marks::Whole)),
            Self::Paths(paths) => Marks::paths(paths.iter().cloned()).map(Some),
        }
    }
}

/// Why marks are not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMarks {
    /// Marks without a mark.
    #[error("must have at least one path; secret: true marks the whole entry")]
    Empty,
    /// More than [`MAX_PATHS`].
    #[error("must have at most {MAX_PATHS} paths, these are {0}")]
    TooMany(usize),
    /// Longer than [`MAX_PATH_BYTES`].
    #[error("a path must have at most {MAX_PATH_BYTES} bytes, {0} has {1}")]
    TooLong(String, usize),
    /// Not a JSON Pointer to something in the document.
    #[error("{0:?} is no JSON Pointer such as /db/password (with ~1 for a slash and ~0 for a tilde in a name)")]
    NoPointer(String),
    /// An empty name.
    #[error("the name of a property must not be empty")]
    NoName,
    /// The format has no paths.
    #[error("{0} has no paths: mark the whole entry with secret: true")]
    NoPaths(Format),
}

impl Marks {
    /// Marks of values.
    pub fn paths(paths: impl IntoIterator<Item = String>) -> Result<Self, BadMarks> {
        let paths: BTreeSet<String> = paths.into_iter().collect();
        if paths.is_empty() {
            return Err(BadMarks::Empty);
        }
        if paths.len() > MAX_PATHS {
            return Err(BadMarks::TooMany(paths.len()));
        }
        if let Some(long) = paths.iter().find(|path| path.len() > MAX_PATH_BYTES) {
            let shown = long.chars().take(32).chain(['…']).collect();
            return Err(BadMarks::TooLong(shown, long.len()));
        }
        Ok(Self::Paths(paths))
    }

    /// Whether a content of this format can have these marks.
    pub fn fit(&self, format: Format) -> Result<(), BadMarks> {
        let Self::Paths(paths) = self else { return Ok(()) };
        paths.iter().try_for_each(|path| steps(format, path).map(drop))
    }

    /// Whether everything that `other` hides is hidden by these, too.
    #[must_use]
    pub fn cover(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole, _) => true,
            (Self::Paths(_), Self::Whole) => false,
            (Self::Paths(ours), Self::Paths(theirs)) => theirs.iter().all(|path| is_within(path, ours)),
        }
    }

    /// What hides as much as both together. None when these are too many paths for one entry: then the whole is meant.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Paths(ours), Self::Paths(theirs)) => {
                let all: BTreeSet<String> = ours.union(theirs).cloned().collect();
                if all.len() > MAX_PATHS { Self::Whole } else { Self::Paths(all) }
            }
            (Self::Whole, _) | (_, Self::Whole) => Self::Whole,
        }
    }
}

/// Whether a path is one of these, or lies below one.
fn is_within(path: &str, paths: &BTreeSet<String>) -> bool {
    paths.contains(path)
        || path.match_indices('/').any(|(at, _)| at > 0 && paths.contains(path.get(..at).unwrap_or("")))
}

impl fmt::Display for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("the whole entry"),
            Self::Paths(paths) => f.write_str(&paths.iter().map(String::as_str).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// The steps of a path in a format.
fn steps(format: Format, path: &str) -> Result<Vec<String>, BadMarks> {
    match format {
        Format::Json | Format::Yaml | Format::Toml => pointer(path).ok_or_else(|| BadMarks::NoPointer(path.to_owned())),
        Format::Properties | Format::Env if path.is_empty() => Err(BadMarks::NoName),
        Format::Properties | Format::Env => Ok(vec![path.to_owned()]),
        Format::Xml | Format::Text | Format::Binary => Err(BadMarks::NoPaths(format)),
    }
}

/// A JSON Pointer after RFC 6901 that points below the root.
fn pointer(path: &str) -> Option<Vec<String>> {
    let unescape = |step: &str| {
        let mut parts = step.split('~');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (escape, rest) = part.split_at_checked(1)?;
            text.push(match escape {
                "0" => '~',
                "1" => '/',
                _ => return None,
            });
            text.push_str(rest);
        }
        Some(text)
    };
    path.strip_prefix('/')?.split('/').map(unescape).collect()
}

/// A path as it is written in marks.
fn written(format: Format, steps: &[String]) -> String {
    match format {
        Format::Properties | Format::Env => steps.concat(),
        Format::Json | Format::Yaml | Format::Toml | Format::Xml | Format::Text | Format::Binary => {
            steps.iter().flat_map(|step| ["/".to_owned(), step.replace('~', "~0").replace('/', "~1")]).collect()
        }
    }
}

/// As they stand in the database and in bodies: `{"secret": true}` or `{"secret_paths": […]}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    secret: bool,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    secret_paths: BTreeSet<String>,
}

impl Serialize for Marks {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = match self {
            Self::Whole => Written { secret: true, secret_paths: BTreeSet::new() },
            Self::Paths(paths) => Written { secret: false, secret_paths: paths.clone() },
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { secret, secret_paths } = Written::deserialize(deserializer)?;
        if secret {
            return Ok(Self::Whole);
        }
        Self::paths(secret_paths).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(all: &[&str]) -> Marks {
        Marks::paths(all.iter().map(|path| (*path).to_owned())).unwrap()
    }

    #[test]
    fn marks_are_written_as_people_send_them() {
        let json = |marks: &Marks| serde_json::to_string(marks).unwrap();
        assert_eq!(json(&Marks::Whole), r#"{"secret":true}"#);
        assert_eq!(json(&paths(&["/b", "/a"])), r#"{"secret_paths":["/a","/b"]}"#);
        for marks in [Marks::Whole, paths(&["/a", "/b"])] {
            assert_eq!(serde_json::from_str::<Marks>(&json(&marks)).unwrap(), marks);
        }
        for bad in ["{}", r#"{"secret":false}"#, r#"{"secret_paths":[]}"#, r#"{"secret":true,"other":1}"#] {
            assert!(serde_json::from_str::<Marks>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_covers_what_is_below_it() {
        assert!(paths(&["/db"]).cover(&paths(&["/db/password", "/db"])));
        assert!(!paths(&["/db"]).cover(&paths(&["/dbx"])));
        assert!(!paths(&["/db/password"]).cover(&paths(&["/db"])));
        assert!(Marks::Whole.cover(&paths(&["/db"])) && !paths(&["/db"]).cover(&Marks::Whole));
        assert!(paths(&["db.password"]).cover(&paths(&["db.password"])));
        assert_eq!(paths(&["/a"]).with(&paths(&["/b"])), paths(&["/a", "/b"]));
        assert_eq!(paths(&["/a"]).with(&Marks::Whole), Marks::Whole);
    }

    #[test]
    fn paths_have_limits_that_are_told() {
        let many = |count: usize| Marks::paths((0..count).map(|n| format!("/{n}")));
        assert!(many(MAX_PATHS).is_ok());
        assert_eq!(many(MAX_PATHS + 1), Err(BadMarks::TooMany(MAX_PATHS + 1)));
        assert_eq!(Marks::paths([]), Err(BadMarks::Empty));
        let long = |length: usize| Marks::paths(["/".to_owned() + &"x".repeat(length - 1)]);
        assert!(long(MAX_PATH_BYTES).is_ok());
        assert!(long(MAX_PATH_BYTES + 1).unwrap_err().to_string().contains("at most 512 bytes"));
    }

    #[test]
    fn a_path_is_judged_by_the_format() {
        let fit = |format, path: &str| paths(&[path]).fit(format).is_ok();
        assert!(fit(Format::Yaml, "/a/0/b~1c~0") && fit(Format::Json, "/") && fit(Format::Toml, "/a"));
        assert!(fit(Format::Properties, "a.b") && fit(Format::Env, "A"));
        for bad in ["", "a", "a/b", "/a~", "/a~2"] {
            assert!(!fit(Format::Yaml, bad), "{bad}");
        }
        assert!(!fit(Format::Env, ""));
        for format in [Format::Xml, Format::Text, Format::Binary] {
            assert!(!fit(format, "/a") && Marks::Whole.fit(format).is_ok());
        }
        assert_eq!(pointer("/a~1b/~01").unwrap(), ["a/b", "~1"]);
        assert_eq!(written(Format::Json, &pointer("/a~1b/~01").unwrap()), "/a~1b/~01");
    }
}
