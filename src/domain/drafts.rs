//! Drafts: change sets that are not published yet, and the hash that says what publishing one would do.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::contents::ContentHash;
use crate::domain::formats::Format;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::Revision;
use crate::domain::secrets::RequestedMarks;
use crate::domain::state::State;

/// What a draft would put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftContent {
    /// How it is to be understood.
    pub format: Format,
    /// What its writer said is secret in it.
    pub marks: Option<RequestedMarks>,
    /// Of what was written; a keyed one when it is sealed.
    pub hash: ContentHash,
    /// Whether the bytes are sealed.
    pub sealed: bool,
    /// The bytes as they are stored; empty in a list.
    pub body: Bytes,
}

/// One change of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftChange {
    /// The namespace of the entry.
    pub namespace: NamespaceName,
    /// Its key.
    pub key: EntryKey,
    /// What it shall be; none deletes it.
    pub put: Option<DraftContent>,
    /// The revision of the entry that was edited; 0 = it did not exist.
    pub if_revision: Revision,
}

impl DraftChange {
    /// The entry that it changes.
    #[must_use]
    pub fn address(&self, environment: &EnvironmentName) -> Address {
        let (environment, namespace, key) = (environment.clone(), self.namespace.clone(), self.key.clone());
        Address { environment, namespace, key }
    }

    /// Whether the entry is another one by now than the one that was edited.
    #[must_use]
    pub fn is_moved(&self, environment: &EnvironmentName, state: &State) -> bool {
        let current = state.find_entry(&self.address(environment));
        current.map_or(Revision::ZERO, |entry| entry.stamp.revision) != self.if_revision
    }

    fn place(&self) -> (&NamespaceName, &EntryKey) {
        (&self.namespace, &self.key)
    }
}

/// A change set that is not published yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Random.
    pub id: Uuid,
    /// The environment of all its changes.
    pub environment: EnvironmentName,
    /// Its home. Its changes may be of other namespaces, too.
    pub namespace: NamespaceName,
    /// For people; the one that a console opens by itself has none.
    pub title: String,
    /// Who opened it.
    pub owner: Uuid,
    /// Whether others than its owner may see it.
    pub shared: bool,
    /// Over everything that publishing it would do.
    pub hash: ContentHash,
    /// When it was opened.
    pub created_at: OffsetDateTime,
    /// When it was last edited.
    pub updated_at: OffsetDateTime,
    /// By namespace and key.
    pub changes: Vec<DraftChange>,
}

impl Draft {
    /// The change of an entry.
    #[must_use]
    pub fn find(&self, namespace: &NamespaceName, key: &EntryKey) -> Option<&DraftChange> {
        self.changes.iter().find(|change| change.place() == (namespace, key))
    }
}

/// Changes with others in the place of those of the same address, without those that are dropped; by namespace and key.
#[must_use]
pub fn edited(
    old: &[DraftChange],
    put: impl IntoIterator<Item = DraftChange>,
    drop: &[(NamespaceName, EntryKey)],
) -> Vec<DraftChange> {
    let place = |change: &DraftChange| (change.namespace.clone(), change.key.clone());
    let kept = old.iter().filter(|change| !drop.contains(&place(change))).cloned();
    let all = kept.chain(put).map(|change| (place(&change), change));
    all.collect::<std::collections::BTreeMap<_, _>>().into_values().collect()
}

/// The hash of what publishing would do: the same for the same changes, in whatever order they were made.
#[must_use]
pub fn hash(environment: &EnvironmentName, changes: &[DraftChange]) -> ContentHash {
    let mut sorted: Vec<&DraftChange> = changes.iter().collect();
    sorted.sort_by(|a, b| a.place().cmp(&b.place()));
    let mut hasher = Sha256::new();
    let mut add = |part: &[u8]| {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    };
    add(b"pintle draft 1");
    add(environment.as_str().as_bytes());
    for change in sorted {
        add(change.namespace.as_str().as_bytes());
        add(change.key.as_str().as_bytes());
        add(&change.if_revision.0.to_be_bytes());
        let Some(put) = &change.put else {
            add(b"delete");
            continue;
        };
        add(b"put");
        add(put.format.as_str().as_bytes());
        match &put.marks {
            None => add(b"as it is"),
            Some(RequestedMarks::Secret(false)) => add(b"open"),
            Some(RequestedMarks::Secret(true)) => add(b"secret"),
            Some(RequestedMarks::Paths(paths)) => {
                add(b"paths");
                add(&(paths.len() as u64).to_be_bytes());
                for path in paths {
                    add(path.as_bytes());
                }
            }
        }
        add(&put.hash.0);
    }
    ContentHash(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn change(namespace: &str, key: &str, put: Option<DraftContent>, if_revision: u64) -> DraftChange {
        let (namespace, key) = (NamespaceName::parse(namespace).unwrap(), EntryKey::parse(key).unwrap());
        DraftChange { namespace, key, put, if_revision: Revision(if_revision) }
    }

    fn content(format: Format, marks: Option<RequestedMarks>, text: &str) -> DraftContent {
        let hash = ContentHash::of(text.as_bytes());
        DraftContent { format, marks, hash, sealed: false, body: Bytes::copy_from_slice(text.as_bytes()) }
    }

    fn dev() -> EnvironmentName {
        EnvironmentName::parse("dev").unwrap()
    }

    #[test]
    fn everything_that_publishing_would_do_is_in_the_hash() {
        let paths = |paths: &[&str]| Some(RequestedMarks::Paths(paths.iter().map(|path| (*path).to_owned()).collect()));
        let text = || Some(content(Format::Text, None, "x"));
        let all = [
            vec![],
            vec![change("a", "k", None, 1)],
            vec![change("a", "k", None, 2)],
            vec![change("a", "k", text(), 1)],
            vec![change("b", "k", text(), 1)],
            vec![change("a", "l", text(), 1)],
            vec![change("a", "k", Some(content(Format::Text, None, "y")), 1)],
            vec![change("a", "k", Some(content(Format::Yaml, None, "x")), 1)],
            vec![change("a", "k", Some(content(Format::Text, Some(RequestedMarks::Secret(true)), "x")), 1)],
            vec![change("a", "k", Some(content(Format::Text, Some(RequestedMarks::Secret(false)), "x")), 1)],
            vec![change("a", "k", Some(content(Format::Text, paths(&["/a", "/b"]), "x")), 1)],
            vec![change("a", "k", Some(content(Format::Text, paths(&["/a/b"]), "x")), 1)],
            vec![change("a", "k", text(), 1), change("a", "l", None, 1)],
        ];
        let hashes: std::collections::HashSet<_> = all.iter().map(|changes| hash(&dev(), changes).0).collect();
        assert_eq!(hashes.len(), all.len());
        assert_ne!(hash(&dev(), &all[1]), hash(&EnvironmentName::parse("prod").unwrap(), &all[1]));
    }

    #[test]
    fn an_edit_replaces_by_address_and_drops() {
        let old = [change("a", "k", None, 1), change("a", "l", None, 1), change("b", "k", None, 1)];
        let gone = (NamespaceName::parse("a").unwrap(), EntryKey::parse("l").unwrap());
        let new = edited(&old, [change("b", "k", None, 7), change("a", "a", None, 2)], &[gone]);
        assert_eq!(new, [change("a", "a", None, 2), change("a", "k", None, 1), change("b", "k", None, 7)]);
    }

    proptest! {
        #[test]
        fn the_order_of_edits_is_not_in_the_hash(
            keys in proptest::collection::btree_set("[a-c]{1,3}", 1..8), turn in 0_usize..8, revision in 0_u64..3
        ) {
            let changes: Vec<_> = keys.iter().map(|key| change("a", key, None, revision)).collect();
            let mut turned = changes.clone();
            turned.rotate_left(turn % changes.len());
            prop_assert_eq!(hash(&dev(), &changes), hash(&dev(), &turned));
            let one_by_one = turned.iter().fold(Vec::new(), |all, one| edited(&all, [one.clone()], &[]));
            prop_assert_eq!(one_by_one, changes);
        }
    }
}
