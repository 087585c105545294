//! Search on the wire.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::formats::Format;

/// Where inside of an entry a text was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FoundIn {
    /// In its key, or, with a slash, in its address up to the key.
    Key,
    /// In its content.
    Content,
}

/// A part of a text, in characters (Unicode scalar values) from 0: neither bytes nor UTF-16 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CharRange {
    /// The first character.
    pub start_char: u64,
    /// The character after the last one.
    pub end_char: u64,
}

/// A line of a content that has the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundLine {
    /// Its number, from 1.
    pub line: u64,
    /// The line, or at most 160 characters of it around the first place, more when the text itself is longer.
    pub snippet: String,
    /// The character of the line that the snippet begins with, from 1.
    pub column: u64,
    /// Whether the line goes on after the snippet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// Where in the snippet the text stands.
    pub ranges: Vec<CharRange>,
}

/// An entry that has the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchHitView {
    /// Its environment.
    pub environment: String,
    /// Its namespace.
    pub namespace: String,
    /// Its key.
    pub key: String,
    /// How its content is to be understood.
    pub format: Format,
    /// Its last change.
    pub revision: u64,
    /// Whether it is sealed; then only its key was looked at.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// Where the text was found.
    pub r#in: Vec<FoundIn>,
    /// Where in the key the text stands; empty also when all of it stands before the key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_ranges: Vec<CharRange>,
    /// In how many places of the content the text stands; counted up to 1000.
    pub matches: u64,
    /// The first 3 lines of the content that have it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<FoundLine>,
}

/// Entries that have a text, by environment, namespace and key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchList {
    /// One page.
    pub hits: Vec<SearchHitView>,
    /// Pass it as `cursor` for the next page; absent when everything was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// False when time ran out before the page was full or everything was looked at; `next` goes on there.
    pub complete: bool,
}
