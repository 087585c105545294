//! What the entries make of one file or variable, with the entries it is made of.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::agent::exec::names;
use crate::agent::exec::settings::ValueRef;
use crate::agent::layers::{Effective, Place, UNTOLD};
use crate::agent::set::FileSet;
use crate::agent::settings::{BlockSettings, FileSettings, FileSource, Merge};
use crate::agent::templates::Identity;
use crate::agent::values;
use crate::domain::contents::ContentHash;
use crate::domain::formats::{self, Format};
use crate::domain::names::{EntryKey, NamespaceName};

/// Everything that a block was made into.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendering {
    /// The files and variables.
    pub set: FileSet,
    /// What each of them is made of.
    pub parts: Parts,
}

/// By `file PATH`, `variable NAME` or `variables KEY`.
pub type Parts = BTreeMap<String, Part>;

/// What one file, or some variables, are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Tells whether `agent.yaml` still makes it in the same way.
    pub recipe: String,
    /// The entries.
    pub origins: Vec<Origin>,
    /// Whether one of them is sealed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// The variables, when it is not a file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

/// An entry that something is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The entry.
    pub place: Place,
    /// Whether a template came upon it by `keys`, so that it is one of many.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listed: bool,
}

/// What an attempt to make something comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Made<T> {
    /// It is made.
    New(T, Vec<Origin>),
    /// Its entry is not there.
    Absent(EntryKey),
    /// It cannot be made of what is there.
    Bad(String),
}

fn named(places: impl IntoIterator<Item = Place>) -> Vec<Origin> {
    places.into_iter().map(|place| Origin { place, listed: false }).collect()
}

/// Makes a file.
pub(super) fn file(file: &FileSettings, view: &Arc<Effective>, identity: &Identity) -> Made<Bytes> {
    match &file.source {
        FileSource::Entry { key, merge: Merge::Deep, .. } => match view.merged(key) {
            Ok(Some((content, places))) => Made::New(content, named(places)),
            Ok(None) => Made::Absent(key.clone()),
            Err(error) => Made::Bad(error.to_string()),
        },
        FileSource::Entry { key, merge: Merge::Replace, .. } => match view.find(key) {
            Some(found) => match found.usable() {
                Ok(content) => Made::New(content.clone(), named([found.place.clone()])),
                Err(error) => Made::Bad(error.to_string()),
            },
            None => Made::Absent(key.clone()),
        },
        FileSource::Template(template) => match template.render(view, identity) {
            Ok(rendered) => {
                let reads = rendered.reads;
                let listed = reads.listed.iter().map(|place| Origin { place: place.clone(), listed: true });
                let others = reads.named.difference(&reads.listed).cloned();
                Made::New(rendered.content.into(), listed.chain(named(others)).collect())
            }
            Err(error) => Made::Bad(error.to_string()),
        },
    }
}

/// Makes a variable.
pub(super) fn variable(reference: &ValueRef, view: &Effective) -> Made<String> {
    let exact = reference.entry.split_once('/').filter(|(namespace, _)| view.has_layer(namespace));
    let place = exact.and_then(|(namespace, key)| {
        Some(Place { namespace: NamespaceName::parse(namespace).ok()?, key: EntryKey::parse(key).ok()? })
    });
    let key = match (&place, EntryKey::parse(&reference.entry)) {
        (Some(place), _) => place.key.clone(),
        (None, Ok(key)) => key,
        (None, Err(error)) => return Made::Bad(format!("`{}`: {error}", reference.entry)),
    };
    let found = match &place {
        Some(place) => view.at(place),
        None => view.find(&key),
    };
    let Some(found) = found else { return Made::Absent(key) };
    let value = found.usable().map_err(|error| error.to_string()).and_then(|content| {
        let bad = |problem: String| format!("{}: {problem}", found.place);
        if reference.pointer.is_empty() {
            let text = std::str::from_utf8(content).map_err(|_| bad("it is not text".to_owned()))?;
            return Ok(text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text)).to_owned());
        }
        let values = values::read(found.held.format, content).map_err(bad)?;
        let value = values::at(&values, &reference.pointer)
            .ok_or_else(|| bad(format!("it has no value at {}", reference.pointer)))?;
        values::scalar(value).ok_or_else(|| bad(format!("the value at {} is a map, a list or null", reference.pointer)))
    });
    match value {
        Ok(text) if text.contains('\0') => Made::Bad(format!("{}: a variable cannot hold NUL", found.place)),
        Ok(text) => Made::New(text, named([found.place.clone()])),
        Err(problem) => Made::Bad(problem),
    }
}

/// Makes the variables of an entry of format `env`. `allowed` are those that `agent.yaml` names itself.
pub(super) fn variables(
    key: &str,
    allowed: &BTreeMap<String, ValueRef>,
    view: &Effective,
) -> Made<BTreeMap<String, String>> {
    let key = match EntryKey::parse(key) {
        Ok(key) => key,
        Err(error) => return Made::Bad(format!("`{key}`: {error}")),
    };
    let Some(found) = view.find(&key) else { return Made::Absent(key) };
    if found.held.format != Format::Env {
        return Made::Bad(format!("{} is {}, and env_from needs format env", found.place, found.held.format));
    }
    let content = match found.usable() {
        Ok(content) => content,
        Err(error) => return Made::Bad(error.to_string()),
    };
    match formats::env_pairs(content) {
        Ok(pairs) => {
            let mut others = pairs.iter().filter(|(name, _)| !allowed.contains_key(name));
            let refused = others.find_map(|(name, _)| names::check_of_entry(name).err());
            match refused {
                Some(_) if found.is_sealed() => Made::Bad(format!("{}: {UNTOLD}", found.place)),
                Some(problem) => Made::Bad(format!("{}: {problem}", found.place)),
                None => Made::New(pairs.into_iter().collect(), named([found.place.clone()])),
            }
        }
        Err(_) if found.is_sealed() => Made::Bad(format!("{} is not env: {UNTOLD}", found.place)),
        Err(fault) => Made::Bad(format!("{} is not env: {fault}", found.place)),
    }
}

/// What tells that a part is made in the same way as before: the layers and how it is written in `agent.yaml`.
pub(super) fn recipe(block: &BlockSettings, how: &impl std::fmt::Debug) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "{:?} {how:?}", block.namespaces);
    ContentHash::of(text.as_bytes()).to_string()
}
