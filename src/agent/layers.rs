//! What a block sees: the entries of its layers, the later over the earlier ones.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::agent::merge::{self, MergeError};
use crate::client::watch::{Held, Mirror};
use crate::domain::formats::{self, Format};
use crate::domain::names::{EntryKey, NamespaceName};

/// The place of an entry inside an environment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// Its namespace.
    pub namespace: NamespaceName,
    /// Its key.
    pub key: EntryKey,
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.namespace, self.key)
    }
}

/// All entries of a block's namespaces. A namespace that does not exist has none.
pub type Contents = BTreeMap<Place, Held>;

/// The entries of a block by key: what files, templates, variables and the local API see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effective {
    layers: Vec<NamespaceName>,
    contents: Contents,
}

/// An entry in the layer that gives it.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// Where it is.
    pub place: &'a Place,
    /// What it is.
    pub held: &'a Held,
}

/// In place of a fault of a sealed content: logs and receipts go where the content must not.
pub(super) const UNTOLD: &str = "what is wrong is not told, since the entry is sealed";

/// Why a content cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is not what its format says.
    #[error("{place} is not {format}: {fault}")]
    Undecodable {
        /// The entry.
        place: Place,
        /// Its format.
        format: Format,
        /// What is wrong.
        fault: String,
    },
    /// It is sealed, and came without content.
    #[error("sealed: {place} came without content; the agent needs the right `reveal` on it (role secret-reader)")]
    Sealed {
        /// The entry.
        place: Place,
    },
    /// The layers cannot be merged.
    #[error("{key} cannot be merged: {fault}")]
    Unmergeable {
        /// The key.
        key: EntryKey,
        /// Why not.
        fault: MergeError,
    },
}

impl Found<'_> {
    /// The bytes.
    ///
    /// # Errors
    /// When they are not what the format says, or did not come.
    pub fn usable(&self) -> Result<&Bytes, Unusable> {
        if self.held.secrecy.is_shut() {
            return Err(Unusable::Sealed { place: self.place.clone() });
        }
        let content = &self.held.bytes;
        formats::check(self.held.format, content).map_err(|fault| Unusable::Undecodable {
            place: self.place.clone(),
            format: self.held.format,
            // What is wrong may quote what is there.
            fault: if self.is_sealed() { UNTOLD.to_owned() } else { fault.to_string() },
        })?;
        Ok(content)
    }

    /// Whether it is sealed, whether or not its content came.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.held.secrecy.is_sealed()
    }
}

/// What one layer has under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The layer.
    pub namespace: NamespaceName,
    /// What it has; none when it has no such entry.
    pub held: Option<Held>,
    /// Whether it gives the content.
    pub wins: bool,
}

impl Effective {
    /// The view of these layers, in their order, over these entries. Entries of other namespaces are not seen.
    #[must_use]
    pub fn new(layers: Vec<NamespaceName>, contents: Contents) -> Self {
        Self { layers, contents }
    }

    /// The view of these layers over what a watch has brought.
    #[must_use]
    pub fn of(layers: &[NamespaceName], mirror: &Mirror) -> Self {
        let one = |((namespace, key), held): (&(NamespaceName, EntryKey), &Held)| {
            (Place { namespace: namespace.clone(), key: key.clone() }, held.clone())
        };
        Self::new(layers.to_vec(), mirror.entries().iter().map(one).collect())
    }

    /// The entry of a key: that of the latest layer which has it.
    #[must_use]
    pub fn find(&self, key: &EntryKey) -> Option<Found<'_>> {
        self.all(key).last()
    }

    /// The entries of a key in all layers which have it, in the order of the layers.
    pub fn all(&self, key: &EntryKey) -> impl Iterator<Item = Found<'_>> {
        self.layers.iter().filter_map(move |layer| self.at(&Place { namespace: layer.clone(), key: key.clone() }))
    }

    /// The entry at a place, when it is there and the place is in one of the layers.
    #[must_use]
    pub fn at(&self, place: &Place) -> Option<Found<'_>> {
        let (place, held) = self.contents.get_key_value(place)?;
        self.layers.contains(&place.namespace).then_some(Found { place, held })
    }

    /// Whether a namespace is one of the layers.
    #[must_use]
    pub fn has_layer(&self, namespace: &str) -> bool {
        self.layers.iter().any(|layer| layer.as_str() == namespace)
    }

    /// Whether the entry at a place is sealed.
    #[must_use]
    pub fn is_sealed(&self, place: &Place) -> bool {
        self.at(place).is_some_and(|found| found.is_sealed())
    }

    /// The keys that begin with a text, in order.
    #[must_use]
    pub fn keys(&self, prefix: &str) -> BTreeSet<&EntryKey> {
        let seen = |place: &&Place| place.key.as_str().starts_with(prefix) && self.layers.contains(&place.namespace);
        self.contents.keys().filter(seen).map(|place| &place.key).collect()
    }

    /// The content of a key with its maps merged over all layers, and the entries it is made of. Of one layer alone it is the bytes as
    /// they are. None when no layer has the key.
    ///
    /// # Errors
    /// When an entry is unusable, or the layers do not fit together.
    pub fn merged(&self, key: &EntryKey) -> Result<Option<(Bytes, Vec<Place>)>, Unusable> {
        let found: Vec<_> = self.all(key).collect();
        let places = found.iter().map(|found| found.place.clone()).collect();
        let contents: Vec<_> = found
            .iter()
            .map(|found| found.usable().map(|bytes| (found.held.format, bytes)))
            .collect::<Result<_, _>>()?;
        let Some((last, _)) = contents.split_last() else { return Ok(None) };
        if contents.len() == 1 {
            return Ok(Some((last.1.clone(), places)));
        }
        let sealed = found.iter().any(Found::is_sealed);
        let merged = merge::merge(&contents).map_err(|fault| Unusable::Unmergeable {
            key: key.clone(),
            fault: if let (true, MergeError::Unwritable(format, _)) = (sealed, &fault) {
                MergeError::Unwritable(*format, UNTOLD.to_owned())
            } else {
                fault
            },
        })?;
        Ok(Some((merged, places)))
    }

    /// What every layer has under a key, in the order of the layers, and which one wins.
    #[must_use]
    pub fn explain(&self, key: &EntryKey) -> Vec<Layer> {
        let winner = self.find(key).map(|found| found.place.namespace.clone());
        let layer = |namespace: &NamespaceName| Layer {
            namespace: namespace.clone(),
            held: self.contents.get(&Place { namespace: namespace.clone(), key: key.clone() }).cloned(),
            wins: winner.as_ref() == Some(namespace),
        };
        self.layers.iter().map(layer).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::client::watch::Secrecy;
    use crate::domain::contents::ContentHash;

    /// Entries from `namespace/key = content`; the format is guessed by the key.
    pub(crate) fn contents(entries: &[(&str, &str)]) -> Contents {
        let one = |(number, (place, content)): (usize, &(&str, &str))| {
            let place = place_of(place);
            let format = Format::guess(place.key.as_str(), content.as_bytes());
            let bytes = Bytes::copy_from_slice(content.as_bytes());
            let (revision, actor, hash) = (number as u64 + 1, "ann".to_owned(), ContentHash::of(&bytes));
            (
                place,
                Held { format, hash, bytes, secrecy: Secrecy::Open, revision, actor, at: OffsetDateTime::UNIX_EPOCH },
            )
        };
        entries.iter().enumerate().map(one).collect()
    }

    pub(crate) fn place_of(text: &str) -> Place {
        let (namespace, key) = text.split_once('/').unwrap();
        Place { namespace: NamespaceName::parse(namespace).unwrap(), key: key_of(key) }
    }

    pub(crate) fn key_of(text: &str) -> EntryKey {
        EntryKey::parse(text).unwrap()
    }

    pub(crate) fn view(layers: &[&str], entries: &[(&str, &str)]) -> Effective {
        Effective::new(layers.iter().map(|name| NamespaceName::parse(name).unwrap()).collect(), contents(entries))
    }

    fn text(view: &Effective, key: &str) -> Option<String> {
        let found = view.find(&key_of(key))?;
        Some(String::from_utf8(found.held.bytes.to_vec()).unwrap())
    }

    #[test]
    fn a_later_layer_replaces_the_whole_entry() {
        let entries = [("shared/a.yaml", "x: 1\ny: 2"), ("orders/a.yaml", "x: 3"), ("shared/b", "b"), ("other/c", "c")];
        let view = view(&["shared", "absent", "orders"], &entries);
        assert_eq!(text(&view, "a.yaml").as_deref(), Some("x: 3"));
        assert_eq!(text(&view, "b").as_deref(), Some("b"));
        assert_eq!(text(&view, "c"), None, "its namespace is no layer");
        assert_eq!(view.keys("").iter().map(|key| key.as_str()).collect::<Vec<_>>(), ["a.yaml", "b"]);
        assert_eq!(view.keys("b").len(), 1);
    }

    #[test]
    fn a_key_of_one_layer_is_merged_verbatim() {
        let view = view(&["shared", "orders"], &[("orders/a.yaml", "# kept\nx:   1\n")]);
        let (bytes, places) = view.merged(&key_of("a.yaml")).unwrap().unwrap();
        assert_eq!((&bytes[..], places), (&b"# kept\nx:   1\n"[..], vec![place_of("orders/a.yaml")]));
        assert_eq!(view.merged(&key_of("b.yaml")), Ok(None));
    }

    #[test]
    fn a_broken_entry_says_where() {
        let view = view(&["orders"], &[("orders/a.json", "{")]);
        let broken = view.find(&key_of("a.json")).unwrap().usable().unwrap_err().to_string();
        assert!(broken.starts_with("orders/a.json is not json: line 1"), "{broken}");
    }

    #[test]
    fn every_layer_explains_itself() {
        let view = view(&["shared", "absent", "orders"], &[("shared/a", "1"), ("orders/a", "2")]);
        let layers = view.explain(&key_of("a"));
        let told: Vec<_> =
            layers.iter().map(|layer| (layer.namespace.as_str(), layer.held.is_some(), layer.wins)).collect();
        assert_eq!(told, [("shared", true, false), ("absent", false, false), ("orders", true, true)]);
        assert_eq!(layers[2].held.as_ref().map(|held| (held.revision, held.actor.as_str())), Some((2, "ann")));
    }
}
