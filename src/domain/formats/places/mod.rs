//! Where values stand in a text: byte ranges by path, so that they can be covered without touching anything else.

mod json;
mod pairs;
mod toml;
mod yaml;

use std::ops::Range;

use super::{Format, text};

/// A value at a path that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The path: steps of a JSON Pointer, or the one name of a property.
    pub path: Vec<String>,
    /// Its bytes in the content, with quotes and brackets, without blanks around.
    pub span: Range<usize>,
}

/// Looks for values by path. A collection that is asked for is one place with all that is in it, except where a format
/// writes it in pieces (a TOML table with a header): then each value in it is a place. A value without any bytes, such
/// as an empty property, has no place.
///
/// `None` when the text does not tell where they are: a YAML alias, anchor or merge key is involved, the format has no
/// paths, or the content is not of its format.
#[must_use]
pub fn places(format: Format, content: &[u8], paths: &[Vec<String>]) -> Option<Vec<Place>> {
    let text = text::decode(content).ok()?;
    let mark = content.len() - text.len();
    let wanted = Wanted(paths);
    let mut found = match format {
        Format::Json => json::find(text, &wanted)?,
        Format::Yaml => yaml::find(text, &wanted)?,
        Format::Toml => toml::find(text, &wanted)?,
        Format::Properties => pairs::of_properties(text, &wanted)?,
        Format::Env => pairs::of_env(text, &wanted)?,
        Format::Xml | Format::Text | Format::Binary => return None,
    };
    found.retain(|place| !place.span.is_empty());
    for place in &mut found {
        place.span = place.span.start + mark..place.span.end + mark;
    }
    Some(found)
}

/// The paths that are looked for.
struct Wanted<'a>(&'a [Vec<String>]);

impl Wanted<'_> {
    fn is(&self, path: &[String]) -> bool {
        self.0.iter().any(|wanted| wanted == path)
    }

    /// Whether something is wanted here or further in.
    fn leads(&self, path: &[String]) -> bool {
        self.0.iter().any(|wanted| wanted.starts_with(path))
    }
}

#[cfg(test)]
mod tests;
