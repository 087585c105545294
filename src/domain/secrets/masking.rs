//! Masked text: a document in which every secret value is replaced by a marker, and the way back.
//!
//! A marker names one value at one path of one entry. Written back at its path it keeps that value; anywhere else it is
//! refused. So whoever edits masked text can keep or replace a secret, and never move it to where it would be shown.
//!
//! Whatever cannot be masked value by value with certainty is masked as a whole: when the document has an alias, an anchor
//! or a merge key where a secret is, or when the text would still show the secret somewhere else.

use std::ops::Range;

use crate::domain::formats::{self, Format, Place, Values, places};
use crate::domain::secrets::{Marks, steps, written};

/// What every marker begins with.
const PREFIX: &str = "__pintle_sealed_";
/// What every marker ends with.
const SUFFIX: &str = "__";
/// A secret of at least so many bytes is looked for in the rest of the text. A shorter one tells little, and is everywhere.
const NOTABLE: usize = 8;

/// Names a value at a path: a hash that only who has the key can compute.
pub type Tag<'a> = &'a dyn Fn(&str, &[u8]) -> [u8; 8];

/// A content as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    /// The text; UTF-8 even when the content is not.
    pub text: String,
    hidden: Vec<Hidden>,
    is_whole: bool,
}

/// A value that the text does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hidden {
    path: Vec<String>,
    marker: String,
    span: Range<usize>,
}

/// A marker that keeps no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct BadMarker {
    /// Where it stands, from 1.
    pub line: u32,
    /// What is wrong with it.
    pub problem: String,
}

/// A content as it was, to which markers lead back.
#[derive(Debug, Clone, Copy)]
pub struct Original<'a> {
    /// Its format.
    pub format: Format,
    /// What is secret in it.
    pub marks: &'a Marks,
    /// Its bytes.
    pub content: &'a [u8],
}

impl Original<'_> {
    /// The content without its secrets.
    #[must_use]
    pub fn mask(&self, tag: Tag<'_>) -> Masked {
        match self.marks {
            Marks::Paths(paths) => {
                // Marks of another format than this one, which an earlier version may have, tell nothing here.
                let paths: Result<Vec<_>, _> = paths.iter().map(|path| steps(self.format, path)).collect();
                let masked = paths.ok().and_then(|paths| self.mask_places(&paths, tag));
                masked.unwrap_or_else(|| self.mask_whole(tag))
            }
            Marks::Whole => self.mask_whole(tag),
        }
    }

    fn mask_whole(&self, tag: Tag<'_>) -> Masked {
        let marker = marker(tag("", self.content));
        let text = format!("{marker}\n");
        Masked { text, hidden: vec![Hidden { path: Vec::new(), marker, span: 0..self.content.len() }], is_whole: true }
    }

    fn mask_places(&self, paths: &[Vec<String>], tag: Tag<'_>) -> Option<Masked> {
        let content = std::str::from_utf8(self.content).ok()?;
        let mut found = places(self.format, self.content, paths)?;
        found.sort_by_key(|place| place.span.start);
        let (mut text, mut hidden, mut end) = (String::new(), Vec::new(), 0);
        for Place { path, span } in found {
            let (before, value) = (content.get(end..span.start)?, content.get(span.clone())?);
            let marker = marker(tag(&written(self.format, &path), value.as_bytes()));
            text.push_str(before);
            text.push_str(&quoted(self.format, &marker));
            end = span.end;
            hidden.push(Hidden { path, marker, span });
        }
        text.push_str(content.get(end..)?);
        let masked = Masked { text, hidden, is_whole: false };
        self.is_well_masked(&masked, paths).then_some(masked)
    }

    /// Whether nothing but the secrets is another value in the masked text, and no secret shows in it.
    fn is_well_masked(&self, masked: &Masked, paths: &[Vec<String>]) -> bool {
        let (Some(mut expected), Some(mut found)) =
            (formats::values(self.format, self.content), formats::values(self.format, masked.text.as_bytes()))
        else {
            return false;
        };
        let mut secrets = Vec::new();
        for hidden in &masked.hidden {
            let Some(value) = find(&mut expected, &hidden.path) else { return false };
            texts(value, &mut secrets);
            let value = untagged(value);
            *value = Values::String(hidden.marker.clone());
        }
        // What is marked and was not replaced has no bytes to hide.
        expected == found
            && paths.iter().all(|path| find(&mut found, path).is_none_or(|value| is_hidden(value)))
            && !secrets.iter().any(|secret| {
                secret.len() >= NOTABLE && masked.text.contains(secret.as_str()) && tag_of(secret.as_bytes()).is_none()
            })
    }

    /// The content that an edited masked text means. Nothing when there is no marker in it.
    pub fn restore(&self, masked: &Masked, format: Format, text: &[u8]) -> Result<Option<Vec<u8>>, BadMarker> {
        if find_marker(text).is_none() {
            return Ok(None);
        }
        let text = std::str::from_utf8(text).map_err(|_| stray(text, 0, "is in a content that is no text"))?;
        if format != self.format {
            return Err(stray(text.as_bytes(), 0, &format!("keeps a value of {} only", self.format)));
        }
        let whole = masked.hidden.first().filter(|hidden| masked.is_whole && text.trim() == hidden.marker);
        if whole.is_some() {
            return Ok(Some(self.content.to_vec()));
        }
        let kept = find_kept(masked, format, text);
        self.refuse_strays(masked, text, &kept)?;
        let restored = self.put_back(text, &kept);
        self.refuse_unfit(text, &restored, &kept)?;
        Ok(Some(restored))
    }

    /// The same for a text that is still being written: markers that keep a value of this content get it, and whatever else
    /// stands there stays as it is. Nothing when none does, or when the text cannot be understood.
    #[must_use]
    pub fn restore_known(&self, masked: &Masked, format: Format, text: &[u8]) -> Option<Vec<u8>> {
        let text = std::str::from_utf8(text).ok().filter(|_| format == self.format)?;
        if masked.is_whole {
            return masked.hidden.iter().any(|hidden| text.trim() == hidden.marker).then(|| self.content.to_vec());
        }
        let kept = find_kept(masked, format, text);
        let restored = self.put_back(text, &kept);
        (!kept.is_empty() && self.refuse_unfit(text, &restored, &kept).is_ok()).then_some(restored)
    }

    fn put_back(&self, text: &str, kept: &[(Range<usize>, &Hidden)]) -> Vec<u8> {
        let (mut restored, mut end) = (Vec::new(), 0);
        for (span, hidden) in kept {
            restored.extend_from_slice(text.get(end..span.start).unwrap_or_default().as_bytes());
            restored.extend_from_slice(self.content.get(hidden.span.clone()).unwrap_or_default());
            end = span.end;
        }
        restored.extend_from_slice(text.get(end..).unwrap_or_default().as_bytes());
        restored
    }

    /// Every marker of the text must be one that keeps its value.
    fn refuse_strays(&self, masked: &Masked, text: &str, kept: &[(Range<usize>, &Hidden)]) -> Result<(), BadMarker> {
        for (at, _) in text.match_indices(PREFIX) {
            if kept.iter().any(|(span, _)| span.contains(&at)) {
                continue;
            }
            let this = text.get(at..).unwrap_or_default();
            let known = masked.hidden.iter().find(|hidden| this.starts_with(&hidden.marker));
            let problem = match known {
                Some(hidden) if hidden.path.is_empty() => {
                    "stands for the whole content, and must be all of it".to_owned()
                }
                Some(hidden) => format!("keeps the value of {} only", written(self.format, &hidden.path)),
                None => "keeps no value that the entry has now".to_owned(),
            };
            return Err(stray(text.as_bytes(), at, &problem));
        }
        Ok(())
    }

    /// What was put back must mean at its place what it meant before, and change nothing else.
    fn refuse_unfit(&self, text: &str, restored: &[u8], kept: &[(Range<usize>, &Hidden)]) -> Result<(), BadMarker> {
        let fits = || {
            let mut original = formats::values(self.format, self.content)?;
            let mut expected = formats::values(self.format, text.as_bytes())?;
            for (_, hidden) in kept {
                let value = untagged(find(&mut original, &hidden.path)?).clone();
                *untagged(find(&mut expected, &hidden.path)?) = value;
            }
            (formats::values(self.format, restored)? == expected).then_some(())
        };
        if kept.is_empty() || fits().is_some() {
            return Ok(());
        }
        let (at, path) =
            kept.first().map_or((0, String::new()), |(span, hidden)| (span.start, written(self.format, &hidden.path)));
        Err(stray(text.as_bytes(), at, &format!("cannot keep the value of {path} where it stands: write it anew")))
    }

    /// The marked paths at which there is nothing.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let Marks::Paths(paths) = self.marks else { return Vec::new() };
        let Some(mut values) = formats::values(self.format, self.content) else { return Vec::new() };
        let mut is_missing =
            |path: &String| steps(self.format, path).is_ok_and(|steps| find(&mut values, &steps).is_none());
        paths.iter().filter(|path| is_missing(path)).cloned().collect()
    }
}

/// The markers of a text that stand where they keep a value, in order.
fn find_kept<'a>(masked: &'a Masked, format: Format, text: &str) -> Vec<(Range<usize>, &'a Hidden)> {
    let paths: Vec<_> = masked.hidden.iter().map(|hidden| hidden.path.clone()).collect();
    let found = places(format, text.as_bytes(), &paths).unwrap_or_default();
    let mut kept: Vec<(Range<usize>, &Hidden)> = Vec::new();
    for place in found {
        let value = text.get(place.span.clone()).unwrap_or_default();
        let mut hidden = masked.hidden.iter().filter(|hidden| hidden.path == place.path);
        if let Some(hidden) = hidden.find(|hidden| is_marker(value, &hidden.marker)) {
            kept.push((place.span, hidden));
        }
    }
    kept.sort_by_key(|(span, _)| span.start);
    kept
}

/// What a value that is a marker itself was named by, so that masking it again gives the same one.
#[must_use]
pub fn tag_of(value: &[u8]) -> Option<[u8; 8]> {
    let bare = bare(std::str::from_utf8(value).ok()?);
    let tag = bare.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    hex::decode(tag).ok()?.try_into().ok()
}

/// Where the first marker of a content stands, as a line from 1; of any entry.
#[must_use]
pub fn find_marker(content: &[u8]) -> Option<u32> {
    let at = content.windows(PREFIX.len()).position(|window| window == PREFIX.as_bytes())?;
    Some(line_of(content, at))
}

fn line_of(content: &[u8], at: usize) -> u32 {
    let before = content.get(..at).unwrap_or_default();
    u32::try_from(before.split(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX)
}

fn stray(content: &[u8], at: usize, problem: &str) -> BadMarker {
    BadMarker { line: line_of(content, at), problem: format!("the marker {problem}") }
}

fn marker(tag: [u8; 8]) -> String {
    format!("{PREFIX}{}{SUFFIX}", hex::encode(tag))
}

/// A marker as a value of the format.
fn quoted(format: Format, marker: &str) -> String {
    match format {
        Format::Json | Format::Toml => format!("\"{marker}\""),
        Format::Yaml | Format::Properties | Format::Env | Format::Xml | Format::Text | Format::Binary => {
            marker.to_owned()
        }
    }
}

/// Whether a value is this marker and nothing else, in whatever quotes an editor put around it.
fn is_marker(value: &str, marker: &str) -> bool {
    bare(value) == marker
}

fn bare(value: &str) -> &str {
    let value = value.trim();
    let bare = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    bare.unwrap_or(value)
}

fn is_hidden(value: &Values) -> bool {
    match value {
        Values::Null => true,
        Values::String(text) => text.is_empty() || text.starts_with(PREFIX),
        Values::List(items) => items.iter().all(is_hidden),
        Values::Map(entries) => entries.iter().all(|(_, value)| is_hidden(value)),
        Values::Tagged(_, value) => is_hidden(value),
        Values::Bool(_) | Values::Number(_) | Values::Date(_) => false,
    }
}

fn untagged(value: &mut Values) -> &mut Values {
    match value {
        Values::Tagged(_, inner) => untagged(inner),
        Values::Null
        | Values::Bool(_)
        | Values::Number(_)
        | Values::Date(_)
        | Values::String(_)
        | Values::List(_)
        | Values::Map(_) => value,
    }
}

fn find<'a>(values: &'a mut Values, path: &[String]) -> Option<&'a mut Values> {
    let Some((step, rest)) = path.split_first() else { return Some(values) };
    let next = match untagged(values) {
        Values::Map(entries) => entries.iter_mut().find(|(name, _)| name == step).map(|(_, value)| value)?,
        Values::List(items) => items.get_mut(step.parse::<usize>().ok().filter(|at| at.to_string() == *step)?)?,
        Values::Null
        | Values::Bool(_)
        | Values::Number(_)
        | Values::Date(_)
        | Values::String(_)
        | Values::Tagged(..) => return None,
    };
    find(next, rest)
}

/// All texts and numbers in a value.
fn texts(value: &Values, into: &mut Vec<String>) {
    match value {
        Values::Number(text) | Values::Date(text) | Values::String(text) => into.push(text.clone()),
        Values::List(items) => items.iter().for_each(|item| texts(item, into)),
        Values::Map(entries) => entries.iter().for_each(|(_, value)| texts(value, into)),
        Values::Tagged(_, value) => texts(value, into),
        Values::Null | Values::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests;
