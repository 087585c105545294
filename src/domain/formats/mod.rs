//! The formats an entry's content may have: which one a key suggests, whether bytes are well formed, and the values they hold.
//!
//! The store keeps bytes verbatim; nothing here rewrites them. [`check`] judges, [`values()`] reads for a comparison, and both are
//! bounded: nesting, alias expansion and the number of warnings have limits, so no content can exhaust the stack or the memory.

mod cursor;
mod env;
mod json;
mod pairs;
mod places;
mod properties;
mod text;
mod toml;
mod values;
mod xml;
mod yaml;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use env::env_pairs;
pub use places::{Place, places};
pub use values::Values;

/// How many levels deep a document may nest, aliases expanded; deeper is a [`SyntaxError`].
///
/// No configuration written by people comes near it, and most readers on the other side stop at about as many (`serde_json` at
/// 128, `SnakeYAML` at 50). TOML arrays and inline tables stop at 80, the limit of the `toml` crate.
pub const MAX_DEPTH: usize = 128;

/// How many warnings one check returns at most; a file with more has one cause, not hundreds.
pub const MAX_WARNINGS: usize = 100;

/// The format of an entry's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// YAML 1.2, one document or several.
    Yaml,
    /// JSON as in RFC 8259, without comments.
    Json,
    /// TOML 1.x.
    Toml,
    /// Java's `.properties`, in UTF-8.
    Properties,
    /// XML 1.0, well formed; a DTD is not read.
    Xml,
    /// `NAME=value` lines.
    Env,
    /// UTF-8 text without NUL.
    Text,
    /// Any bytes.
    Binary,
}

impl Format {
    /// Every format, in the order the console offers them.
    pub const ALL: [Self; 8] =
        [Self::Yaml, Self::Json, Self::Toml, Self::Properties, Self::Xml, Self::Env, Self::Text, Self::Binary];

    /// The lower-case name used on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Toml => "toml",
            Self::Properties => "properties",
            Self::Xml => "xml",
            Self::Env => "env",
            Self::Text => "text",
            Self::Binary => "binary",
        }
    }

    /// The format that the last segment of `key` suggests by its extension, in any case of letters; `None` when it suggests none.
    ///
    /// A file named `.env` or `.env.something` is [`Format::Env`]; any other name needs something before its dot.
    #[must_use]
    pub fn from_extension(key: &str) -> Option<Self> {
        let name = key.rsplit('/').next().unwrap_or(key).to_ascii_lowercase();
        if name == ".env" || name.starts_with(".env.") {
            return Some(Self::Env);
        }
        let (stem, extension) = name.rsplit_once('.')?;
        if stem.is_empty() {
            return None;
        }
        match extension {
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            "properties" => Some(Self::Properties),
            "xml" => Some(Self::Xml),
            "env" => Some(Self::Env),
            "txt" | "text" | "conf" | "config" | "cfg" | "ini" | "md" | "pem" | "crt" | "sh" | "sql" | "csv"
            | "tmpl" | "list" => Some(Self::Text),
            _ => None,
        }
    }

    /// The format to assume for content uploaded without one: what the extension says, else text, else binary.
    ///
    /// Bytes that are not text make [`Format::Binary`] of a key that names no format with rules of its own: a `.crt` may be DER. A
    /// broken `.yaml` stays YAML, so that [`check`] says what is wrong with it.
    #[must_use]
    pub fn guess(key: &str, content: &[u8]) -> Self {
        match Self::from_extension(key) {
            None | Some(Self::Text) if text::decode(content).is_err() => Self::Binary,
            None => Self::Text,
            Some(format) => format,
        }
    }

    /// Whether [`values()`] can read it, and so whether two versions can be compared value by value.
    #[must_use]
    pub const fn is_structured(self) -> bool {
        match self {
            Self::Yaml | Self::Json | Self::Toml | Self::Properties | Self::Env => true,
            Self::Xml | Self::Text | Self::Binary => false,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that is no [`Format`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{0}`; the formats are yaml, json, toml, properties, xml, env, text and binary")]
pub struct UnknownFormat(pub String);

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.as_str() == name).ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// Why content is not of its format, and where.
///
/// `line` and `column` start at 1; a column counts characters, not bytes, and a byte order mark is not counted. A line ends with
/// LF, CR LF or a lone CR.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct SyntaxError {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is wrong, for people.
    pub message: String,
}

/// Something legal that is probably a mistake; it does not stop a publish.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Warning {
    /// What kind it is, for programs: `repeated_key`, `lone_surrogate` or `declared_encoding`.
    pub code: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What it is about, for people.
    pub message: String,
}

/// Judges whether `content` is well formed, and returns at most [`MAX_WARNINGS`] warnings if it is.
///
/// A byte order mark and CR LF are accepted everywhere. Empty content is accepted by every format but JSON and XML.
///
/// # Errors
/// The first fault found: bytes that are not UTF-8 or a NUL (in every format but binary), then what the format itself forbids.
pub fn check(format: Format, content: &[u8]) -> Result<Vec<Warning>, SyntaxError> {
    if format == Format::Binary {
        return Ok(Vec::new());
    }
    let text = text::decode(content)?;
    match format {
        Format::Yaml => yaml::check(text),
        Format::Json => json::parse(text).map(|_| Vec::new()),
        Format::Toml => toml::check(text),
        Format::Properties => properties::parse(text).map(pairs::Pairs::into_warnings),
        Format::Xml => xml::check(text),
        Format::Env => env::parse(text).map(pairs::Pairs::into_warnings),
        Format::Text | Format::Binary => Ok(Vec::new()),
    }
}

/// The values that `content` holds; `None` when the format is not structured, or the content has no values that could be told:
/// it does not parse, its YAML aliases expand beyond the limits, or two YAML keys read the same as text (`1` and `"1"`).
///
/// A YAML stream of several documents is a list of them, and one of no document is [`Values::Null`]; see [`yaml_documents`].
#[must_use]
pub fn values(format: Format, content: &[u8]) -> Option<Values> {
    let text = text::decode(content).ok()?;
    match format {
        Format::Yaml => {
            let mut documents = yaml::documents(text)?;
            Some(match documents.len() {
                0 => Values::Null,
                1 => documents.pop()?,
                _ => Values::List(documents),
            })
        }
        Format::Json => json::parse(text).ok(),
        Format::Toml => toml::values(text),
        Format::Properties => properties::parse(text).ok().map(pairs::Pairs::into_values),
        Format::Env => env::parse(text).ok().map(pairs::Pairs::into_values),
        Format::Xml | Format::Text | Format::Binary => None,
    }
}

/// The documents of a YAML stream, each with its aliases and merge keys resolved; `None` as for [`values()`].
#[must_use]
pub fn yaml_documents(content: &[u8]) -> Option<Vec<Values>> {
    yaml::documents(text::decode(content).ok()?)
}

#[cfg(test)]
mod tests;
