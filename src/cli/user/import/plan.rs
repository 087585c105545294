//! What an import would do: a pure function of the files, what is on the server, and what an export remembered.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::cli::user::import::scan::{Fault, Local, LocalRoom, Tree};
use crate::cli::user::target::Room;
use crate::domain::contents::ContentHash;
use crate::domain::formats::{self, Format};
use crate::domain::limits::Limits;
use crate::domain::names::{Address, EnvironmentName};

/// What the server has, as far as the files concern it.
#[derive(Debug, Clone, Default)]
pub(super) struct Present {
    pub(super) environments: BTreeSet<EnvironmentName>,
    pub(super) rooms: BTreeSet<Room>,
    pub(super) entries: BTreeMap<Address, Found>,
}

/// An entry on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) format: Format,
    /// SHA-256 of its bytes, lowercase hex.
    pub(super) hash: String,
    pub(super) revision: u64,
}

/// What the person said.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Choice {
    /// Delete entries that have no file.
    pub(super) prune: bool,
    /// Write over entries that are not what the manifest remembers.
    pub(super) force: bool,
}

/// One change to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) address: Address,
    /// What it shall be; none deletes it.
    pub(super) put: Option<(Format, Bytes)>,
    /// What it is compared with; its revision is the precondition.
    pub(super) found: Option<Found>,
}

impl Change {
    /// The revision that the entry must still have; 0 when it must not exist.
    pub(super) fn if_revision(&self) -> u64 {
        self.found.as_ref().map_or(0, |found| found.revision)
    }

    /// Bytes of content to send.
    pub(super) fn size(&self) -> u64 {
        self.put.as_ref().map_or(0, |(_, content)| content.len() as u64)
    }
}

/// An entry that is not what the files were made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stale {
    pub(super) address: Address,
    /// Its revision when it was exported; 0 when it did not exist.
    pub(super) recorded: u64,
    /// Its revision now; 0 when it does not exist.
    pub(super) current: u64,
}

/// What an import would do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Environments to create first.
    pub(super) environments: Vec<EnvironmentName>,
    /// Namespaces to create then.
    pub(super) rooms: Vec<Room>,
    /// By address.
    pub(super) changes: Vec<Change>,
    /// Entries that are equal to their files.
    pub(super) equal: Vec<Address>,
    /// Entries without a file, which stay.
    pub(super) unfiled: usize,
    /// With any of these nothing is sent.
    pub(super) stale: Vec<Stale>,
    /// With any of these nothing is sent.
    pub(super) faults: Vec<Fault>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.environments.is_empty() && self.rooms.is_empty() && self.changes.is_empty()
    }
}

/// Plans an import.
pub(super) fn plan(tree: &Tree, present: &Present, choice: Choice) -> Plan {
    let mut plan = Plan { faults: tree.faults.clone(), ..Plan::default() };
    let environments: BTreeSet<_> = tree.rooms.keys().map(|room| &room.environment).collect();
    plan.environments =
        environments.into_iter().filter(|name| !present.environments.contains(*name)).cloned().collect();
    plan.rooms = tree.rooms.keys().filter(|room| !present.rooms.contains(*room)).cloned().collect();

    let mut filed = BTreeSet::new();
    for file in &tree.files {
        filed.insert(&file.address);
        plan.file(file, tree, present, choice);
    }
    let unfiled = |address: &Address| !filed.contains(address) && tree.rooms.contains_key(&Room::of(address));
    for (address, found) in present.entries.iter().filter(|(address, _)| unfiled(address)) {
        if !choice.prune {
            plan.unfiled += 1;
        } else if plan.is_fresh(address, Some(found), tree, present, choice) {
            plan.changes.push(Change { address: address.clone(), put: None, found: Some(found.clone()) });
        }
    }
    plan.changes.sort_by(|one, other| one.address.cmp(&other.address));
    plan
}

impl Plan {
    fn file(&mut self, file: &Local, tree: &Tree, present: &Present, choice: Choice) {
        let found = present.entries.get(&file.address);
        let key = &file.address.key;
        let format = manifest_room(tree, &file.address)
            .and_then(|room| room.manifest.as_ref()?.format(key))
            .or(found.map(|found| found.format))
            .unwrap_or_else(|| Format::guess(key.as_str(), &file.content));
        if found.is_some_and(|found| found.format == format && found.hash == ContentHash::of(&file.content).to_string())
        {
            self.equal.push(file.address.clone());
            return;
        }
        if let Err(fault) = formats::check(format, &file.content) {
            let place = format!("{}:{}:{}", file.path.display(), fault.line, fault.column);
            self.faults.push(Fault { place, problem: format!("not valid {format}: {}", fault.message) });
        } else if self.is_fresh(&file.address, found, tree, present, choice) {
            let put = Some((format, file.content.clone()));
            self.changes.push(Change { address: file.address.clone(), put, found: found.cloned() });
        }
    }

    /// Whether an entry is what the manifest remembers, as far as there is one. A namespace that is not there has nothing that
    /// could be lost.
    fn is_fresh(
        &mut self,
        address: &Address,
        found: Option<&Found>,
        tree: &Tree,
        present: &Present,
        choice: Choice,
    ) -> bool {
        let room = Room::of(address);
        if choice.force || !present.rooms.contains(&room) {
            return true;
        }
        let recorded =
            manifest_room(tree, address).and_then(|local| local.manifest.as_ref()?.revision_of(&room, &address.key));
        let current = found.map_or(0, |found| found.revision);
        match recorded {
            Some(recorded) if recorded != current => {
                self.stale.push(Stale { address: address.clone(), recorded, current });
                false
            }
            Some(_) | None => true,
        }
    }
}

fn manifest_room<'a>(tree: &'a Tree, address: &Address) -> Option<&'a LocalRoom> {
    tree.rooms.get(&Room::of(address))
}

/// Cuts changes into change sets within the limits, in their order. A change that is too large alone stands alone.
pub(super) fn batches(changes: Vec<Change>, limits: &Limits) -> Vec<Vec<Change>> {
    let mut batches: Vec<Vec<Change>> = Vec::new();
    let mut bytes = 0;
    for change in changes {
        let size = change.size();
        match batches.last_mut() {
            Some(batch) if batch.len() < limits.change_set_entries && bytes + size <= limits.change_set_bytes => {
                bytes += size;
                batch.push(change);
            }
            Some(_) | None => {
                bytes = size;
                batches.push(vec![change]);
            }
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::user::manifest::{Manifest, Recorded};
    use crate::cli::user::target;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    /// Contents by address; formats are those of the extensions.
    type Contents = BTreeMap<String, String>;

    fn address(text: &str) -> Address {
        target::entry(text).unwrap()
    }

    fn present(contents: &Contents) -> Present {
        let mut present = Present::default();
        for (number, (text, content)) in contents.iter().enumerate() {
            let address = address(text);
            present.environments.insert(address.environment.clone());
            present.rooms.insert(Room::of(&address));
            let found = Found {
                format: Format::guess(address.key.as_str(), content.as_bytes()),
                hash: ContentHash::of(content.as_bytes()).to_string(),
                revision: number as u64 + 1,
            };
            present.entries.insert(address, found);
        }
        present
    }

    fn tree(contents: &Contents) -> Tree {
        let mut tree = Tree::default();
        for (text, content) in contents {
            let address = address(text);
            tree.rooms.entry(Room::of(&address)).or_default();
            tree.files.push(Local { address, path: text.into(), content: content.clone().into() });
        }
        tree
    }

    /// The directory that an export of what is present writes.
    fn exported(contents: &Contents) -> Tree {
        let mut tree = tree(contents);
        for (address, found) in present(contents).entries {
            let room = tree.rooms.get_mut(&Room::of(&address)).unwrap();
            let manifest = room.manifest.get_or_insert_with(Manifest::default);
            manifest.environment = Some(address.environment.clone());
            manifest.namespace = Some(address.namespace.clone());
            manifest.revision = Some(1000);
            manifest
                .entries
                .insert(address.key, Recorded { format: Some(found.format), revision: Some(found.revision) });
        }
        tree
    }

    fn contents() -> impl Strategy<Value = Contents> {
        btree_map("(dev|prod)/(orders|web)/[a-d]\\.(txt|yaml)", "[a-z]{0,4}", 0..12)
    }

    /// What the store holds after the changes, or nothing when a precondition does not hold.
    fn applied(present: &Present, before: &Contents, changes: &[Change]) -> Option<Contents> {
        let mut after = before.clone();
        for change in changes {
            let current = present.entries.get(&change.address).map_or(0, |found| found.revision);
            if current != change.if_revision() {
                return None;
            }
            match &change.put {
                Some((_, content)) => {
                    after.insert(change.address.to_string(), String::from_utf8(content.to_vec()).unwrap());
                }
                None => {
                    after.remove(&change.address.to_string());
                }
            }
        }
        Some(after)
    }

    proptest! {
        #[test]
        fn what_was_exported_has_no_differences(contents in contents(), prune: bool, force: bool) {
            let plan = plan(&exported(&contents), &present(&contents), Choice { prune, force });
            prop_assert!(plan.is_empty() && plan.stale.is_empty() && plan.faults.is_empty());
            prop_assert_eq!(plan.equal.len(), contents.len());
        }

        #[test]
        fn an_import_makes_the_store_what_the_files_are(files in contents(), before in contents(), prune: bool) {
            let present = present(&before);
            let plan = plan(&tree(&files), &present, Choice { prune, force: false });
            // What lies in namespaces that the directory does not hold is none of its business.
            let rooms: BTreeSet<Room> = files.keys().map(|text| Room::of(&address(text))).collect();
            let concerned = |text: &str| rooms.contains(&Room::of(&address(text)));
            let mut expected = before.clone();
            expected.retain(|text, _| !(prune && concerned(text)));
            expected.extend(files.clone());
            prop_assert_eq!(applied(&present, &before, &plan.changes), Some(expected));
            prop_assert!(plan.changes.windows(2).all(|pair| pair[0].address < pair[1].address));
            let missing = before.keys().filter(|text| concerned(text) && !files.contains_key(*text)).count();
            prop_assert_eq!(plan.unfiled, if prune { 0 } else { missing });
        }

        #[test]
        fn nothing_newer_than_the_export_is_touched(exported_from in contents(), edited in contents(), now in contents(), prune: bool) {
            // The export remembers one state, the files were edited to another, and the store went on to a third.
            let remembered = present(&exported_from);
            let mut store = present(&now);
            for (address, found) in &mut store.entries {
                let same = remembered.entries.get(address).filter(|old| old.hash == found.hash);
                found.revision = same.map_or(found.revision + 500, |old| old.revision);
            }
            let mut local = tree(&edited);
            for (room, old) in exported(&exported_from).rooms {
                local.rooms.entry(room).or_default().manifest = old.manifest;
            }
            let plan = plan(&local, &store, Choice { prune, force: false });
            for change in &plan.changes {
                let room = &local.rooms[&Room::of(&change.address)];
                let Some(manifest) = room.manifest.as_ref().filter(|_| store.rooms.contains(&Room::of(&change.address))) else { continue };
                let recorded = manifest.entries.get(&change.address.key).and_then(|recorded| recorded.revision).unwrap_or(0);
                prop_assert_eq!(change.if_revision(), recorded, "{} was changed by somebody else", change.address);
            }
        }

        #[test]
        fn batches_keep_order_and_limits(sizes in vec(0_usize..30, 0..60)) {
            let changes: Vec<Change> = sizes.iter().enumerate().map(|(number, &size)| Change {
                address: address(&format!("dev/orders/k{number:03}")),
                put: Some((Format::Text, Bytes::from(vec![b'x'; size]))),
                found: None,
            }).collect();
            let limits = Limits { change_set_entries: 7, change_set_bytes: 50, ..Limits::default() };
            let batches = batches(changes.clone(), &limits);
            for pair in batches.windows(2) {
                let together: u64 = pair[0].iter().chain(&pair[1][..1]).map(Change::size).sum();
                prop_assert!(pair[0].len() == 7 || together > 50, "a batch ends only where the next change does not fit");
            }
            for batch in &batches {
                prop_assert!(!batch.is_empty() && batch.len() <= 7);
                prop_assert!(batch.iter().map(Change::size).sum::<u64>() <= 50);
            }
            prop_assert_eq!(batches.concat(), changes);
        }
    }

    fn of(pairs: &[(&str, &str)]) -> Contents {
        pairs.iter().map(|(address, content)| ((*address).to_owned(), (*content).to_owned())).collect()
    }

    #[test]
    fn a_syntax_error_is_a_fault_with_its_line() {
        let plan = plan(&tree(&of(&[("dev/orders/a.json", "{\n  1}")])), &Present::default(), Choice::default());
        assert!(plan.faults[0].place.starts_with("dev/orders/a.json:2:"), "{:?}", plan.faults);
        assert!(plan.changes.is_empty());
    }

    #[test]
    fn a_format_that_the_manifest_changes_is_a_change() {
        let contents = of(&[("dev/orders/a", "x: 1")]);
        let mut tree = exported(&contents);
        let room = tree.rooms.values_mut().next().unwrap();
        let manifest = room.manifest.as_mut().unwrap();
        manifest.entries.values_mut().next().unwrap().format = Some(Format::Yaml);
        let plan = plan(&tree, &present(&contents), Choice::default());
        assert_eq!(plan.changes[0].put.as_ref().unwrap().0, Format::Yaml);
    }

    #[test]
    fn somebody_elses_change_is_a_conflict_unless_it_is_the_same() {
        let mut tree = exported(&of(&[("dev/orders/a", "old"), ("dev/orders/b", "old")]));
        tree.files[0].content = "mine".into();
        let mut store = present(&of(&[("dev/orders/a", "theirs"), ("dev/orders/b", "old")]));
        for found in store.entries.values_mut() {
            found.revision += 10;
        }
        let conflict = Stale { address: address("dev/orders/a"), recorded: 1, current: 11 };
        assert_eq!(plan(&tree, &store, Choice::default()).stale, [conflict]);
        let forced = plan(&tree, &store, Choice { force: true, prune: false });
        assert!(forced.stale.is_empty());
        assert_eq!(forced.changes[0].if_revision(), 11, "also by force only what was looked at is written over");
        tree.files[0].content = "theirs".into();
        assert!(plan(&tree, &store, Choice::default()).stale.is_empty());
    }

    #[test]
    fn an_entry_deleted_or_created_by_somebody_else_is_a_conflict() {
        let mut tree = exported(&of(&[("dev/orders/a", "old"), ("dev/orders/b", "old")]));
        tree.files[0].content = "mine".into();
        let gone = present(&of(&[("dev/orders/b", "old")]));
        let stale = plan(&tree, &gone, Choice::default()).stale;
        assert_eq!((stale[0].recorded, stale[0].current), (1, 0));

        let tree = exported(&of(&[("dev/orders/a", "old")]));
        let more = present(&of(&[("dev/orders/a", "old"), ("dev/orders/b", "new")]));
        assert!(plan(&tree, &more, Choice::default()).stale.is_empty());
        let stale = plan(&tree, &more, Choice { prune: true, force: false }).stale;
        assert_eq!((stale[0].recorded, stale[0].current), (0, 2), "nothing that the export did not know is pruned");
    }

    #[test]
    fn an_export_goes_to_an_empty_server_without_conflicts() {
        let tree = exported(&of(&[("dev/orders/a", "x"), ("prod/orders/a", "y")]));
        let plan = plan(&tree, &Present::default(), Choice::default());
        assert!(plan.stale.is_empty());
        assert_eq!((plan.environments.len(), plan.rooms.len(), plan.changes.len()), (2, 2, 2));
    }
}
