//! The store at its head: environments, namespaces and entries as one persistent value.
//!
//! A clone is a few pointers; a change copies only the path to what it touches.

use std::ops::Bound;
use std::sync::Arc;

use imbl::OrdMap;
use time::OffsetDateTime;

use crate::domain::access::Access;
use crate::domain::changes::{Audience, EnvironmentAttributes, Item, NamespaceAttributes, Record, RecordHead, Version};
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName, UserName};
use crate::domain::revisions::{Cursor, Epoch, Revision};
use crate::domain::secrets::Marks;

/// The last change of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The revision that brought it.
    pub revision: Revision,
    /// When that was committed.
    pub at: OffsetDateTime,
    /// Who asked for it.
    pub actor: UserName,
}

impl Stamp {
    /// The stamp that a committed revision leaves.
    #[must_use]
    pub fn of(head: &RecordHead) -> Self {
        Self { revision: head.revision, at: head.at, actor: head.actor.clone() }
    }
}

/// A current entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its last change.
    pub stamp: Stamp,
    /// Format and bytes.
    pub version: Version,
}

/// A current namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Last change of its attributes.
    pub stamp: Stamp,
    /// What it is.
    pub attributes: NamespaceAttributes,
    /// The last change of it or any of its entries, deletions included.
    pub last: Stamp,
    /// How many entries it has.
    pub entries: u64,
    /// How many bytes they have together.
    pub bytes: u64,
}

impl Namespace {
    /// The last revision that touched it or any of its entries, deletions included.
    #[must_use]
    pub fn touched(&self) -> Revision {
        self.last.revision
    }
}

/// A current environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Last change of its attributes.
    pub stamp: Stamp,
    /// What it is.
    pub attributes: EnvironmentAttributes,
    /// The last revision that touched it or the list of its namespaces.
    pub touched: Revision,
}

/// What limits the history and the watch, besides the head.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The oldest revision that can still be read and watched from.
    pub floor: Revision,
    /// The floor that is to come: every subscriber gets a checkpoint above it before.
    pub next_floor: Revision,
    /// Whether the store was restored and its instances shall keep what they run until somebody resumes.
    pub held: bool,
}

/// Everything at one revision and one access number.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// The history.
    pub epoch: Epoch,
    /// The newest revision in it.
    pub head: Revision,
    /// Everybody's rights.
    pub access: Access,
    /// Where the store was cut or restored.
    pub bounds: Bounds,
    environments: OrdMap<EnvironmentName, Environment>,
    namespaces: OrdMap<(EnvironmentName, NamespaceName), Namespace>,
    entries: OrdMap<Address, Entry>,
    /// The last marks of every entry that was ever sealed, also of those that are gone.
    sealed: OrdMap<Address, Arc<Marks>>,
    bytes: u64,
    touched: Revision,
}

impl State {
    /// Epoch and head.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { epoch: self.epoch, revision: self.head }
    }

    /// Bytes of all current contents.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Number of all current entries.
    #[must_use]
    pub fn entry_count(&self) -> u64 {
        self.entries.len() as u64
    }

    /// The last revision that created, changed or deleted an environment.
    #[must_use]
    pub fn environments_touched(&self) -> Revision {
        self.touched
    }

    /// The environment of this name.
    #[must_use]
    pub fn find_environment(&self, environment: &EnvironmentName) -> Option<&Environment> {
        self.environments.get(environment)
    }

    /// All environments, by name.
    pub fn environments(&self) -> impl Iterator<Item = (&EnvironmentName, &Environment)> {
        self.environments.iter()
    }

    /// The namespace of this name.
    #[must_use]
    pub fn find_namespace(&self, environment: &EnvironmentName, namespace: &NamespaceName) -> Option<&Namespace> {
        self.namespaces.get(&(environment.clone(), namespace.clone()))
    }

    /// The namespaces of an environment, by name.
    pub fn namespaces<'a>(
        &'a self,
        environment: &'a EnvironmentName,
    ) -> impl Iterator<Item = (&'a NamespaceName, &'a Namespace)> {
        let mut all = self.namespaces.range((environment.clone(), NamespaceName::before_all())..);
        std::iter::from_fn(move || all.next())
            .take_while(move |((env, _), _)| env == environment)
            .map(|((_, name), namespace)| (name, namespace))
    }

    /// The content that a read without an instance gets: the stable one, outside any rollout.
    #[must_use]
    pub fn find_entry(&self, address: &Address) -> Option<&Entry> {
        self.entries.get(address)
    }

    /// The last marks of an entry, if it was ever sealed.
    #[must_use]
    pub fn find_marks(&self, address: &Address) -> Option<&Arc<Marks>> {
        self.sealed.get(address)
    }

    /// What must be hidden of an entry: what was hidden before, or all of it when its namespace says so.
    #[must_use]
    pub fn must_hide(&self, address: &Address) -> Option<Arc<Marks>> {
        let namespace = self.find_namespace(&address.environment, &address.namespace);
        if namespace.is_some_and(|found| found.attributes.marks(&address.key)) {
            return Some(Arc::new(Marks::Whole));
        }
        self.find_marks(address).cloned()
    }

    /// Notes the last marks of an entry that was sealed, while a node loads the store.
    pub fn note_marks(&mut self, address: Address, marks: Arc<Marks>) {
        self.sealed.insert(address, marks);
    }

    /// The entries of a namespace, by key.
    pub fn entries<'a>(
        &'a self,
        environment: &'a EnvironmentName,
        namespace: &'a NamespaceName,
    ) -> impl Iterator<Item = (&'a EntryKey, &'a Entry)> {
        self.entries_after(environment, namespace, None)
    }

    /// The entries of a namespace after a key, by key.
    pub fn entries_after<'a>(
        &'a self,
        environment: &'a EnvironmentName,
        namespace: &'a NamespaceName,
        after: Option<&EntryKey>,
    ) -> impl Iterator<Item = (&'a EntryKey, &'a Entry)> + use<'a> {
        let key = after.cloned().unwrap_or_else(EntryKey::before_all);
        let start = Bound::Excluded(Address { environment: environment.clone(), namespace: namespace.clone(), key });
        let mut all = self.entries.range((start, Bound::Unbounded));
        std::iter::from_fn(move || all.next())
            .take_while(move |(address, _)| address.environment == *environment && address.namespace == *namespace)
            .map(|(address, entry)| (&address.key, entry))
    }

    /// All entries, by address.
    pub fn all_entries(&self) -> impl Iterator<Item = (&Address, &Entry)> {
        self.entries.iter()
    }

    /// Takes in the next committed revision.
    pub fn apply(&mut self, record: &Record) {
        self.apply_items(&Stamp::of(&record.head), &record.items);
    }

    /// Takes in changes under a stamp: what a change set would lead to, or, environments first, then namespaces,
    /// then entries, the newest change of each item while a node loads the store.
    pub fn apply_items(&mut self, stamp: &Stamp, items: &[Item]) {
        self.head = stamp.revision;
        for item in items {
            match item {
                Item::Entry { address, version, audience: Audience::Everyone, .. } => {
                    self.apply_entry(stamp, address, version.as_ref());
                }
                Item::Namespace { environment, namespace, attributes, .. } => {
                    self.apply_namespace(stamp, environment, namespace, attributes.as_ref());
                }
                Item::Environment { environment, attributes, .. } => {
                    self.touched = self.touched.max(stamp.revision);
                    match attributes {
                        Some(attributes) => {
                            let (stamp, attributes) = (stamp.clone(), attributes.clone());
                            let new = Environment { touched: stamp.revision, stamp, attributes };
                            self.environments.insert(environment.clone(), new);
                        }
                        None => drop(self.environments.remove(environment)),
                    }
                }
            }
        }
    }

    fn apply_entry(&mut self, stamp: &Stamp, address: &Address, version: Option<&Version>) {
        if let Some(seal) = version.and_then(|version| version.seal.as_ref()) {
            self.sealed.insert(address.clone(), Arc::clone(&seal.marks));
        }
        let old = match version {
            Some(version) => {
                let new = Entry { stamp: stamp.clone(), version: version.clone() };
                self.entries.insert(address.clone(), new)
            }
            None => self.entries.remove(address),
        };
        let (added, removed) =
            (version.map_or(0, |v| v.content.size()), old.as_ref().map_or(0, |e| e.version.content.size()));
        self.bytes = self.bytes + added - removed;
        if let Some(namespace) = self.namespaces.get_mut(&(address.environment.clone(), address.namespace.clone())) {
            if stamp.revision > namespace.last.revision {
                namespace.last = stamp.clone();
            }
            namespace.bytes = namespace.bytes + added - removed;
            namespace.entries = namespace.entries + u64::from(version.is_some()) - u64::from(old.is_some());
        }
    }

    fn apply_namespace(
        &mut self,
        stamp: &Stamp,
        environment: &EnvironmentName,
        namespace: &NamespaceName,
        attributes: Option<&NamespaceAttributes>,
    ) {
        if let Some(environment) = self.environments.get_mut(environment) {
            environment.touched = environment.touched.max(stamp.revision);
        }
        let at = (environment.clone(), namespace.clone());
        let Some(attributes) = attributes else {
            self.namespaces.remove(&at);
            return;
        };
        let (entries, bytes) = self.namespaces.get(&at).map_or((0, 0), |old| (old.entries, old.bytes));
        let (stamp, last) = (stamp.clone(), stamp.clone());
        let new = Namespace { stamp, attributes: attributes.clone(), last, entries, bytes };
        self.namespaces.insert(at, new);
    }
}
