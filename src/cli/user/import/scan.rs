//! Reading a directory: which file is which entry, and what cannot be one.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bytes::Bytes;

use crate::cli::user::exit::Stop;
use crate::cli::user::manifest::{MANIFEST, Manifest};
use crate::cli::user::paint;
use crate::cli::user::target::{Room, Scope};
use crate::domain::limits::Limits;
use crate::domain::names::{Address, EntryKey, EnvironmentName, KEY_BYTES, NameError, NamespaceName};

/// A directory that version control keeps; never entries.
const GIT: &str = ".git";

/// A file that is to become an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli::user) struct Local {
    pub(in crate::cli::user) address: Address,
    /// Where it was read, for people.
    pub(super) path: PathBuf,
    pub(super) content: Bytes,
}

/// Something that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The file, with line and column where there are any.
    pub(super) place: String,
    pub(super) problem: String,
}

impl Fault {
    pub(super) fn new(path: &Path, problem: impl fmt::Display) -> Self {
        Self { place: path.display().to_string(), problem: problem.to_string() }
    }
}

/// A namespace that the directory holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LocalRoom {
    pub(super) directory: PathBuf,
    pub(super) manifest: Option<Manifest>,
}

/// What a directory holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::cli::user) struct Tree {
    /// The namespaces that have files or a manifest.
    pub(super) rooms: BTreeMap<Room, LocalRoom>,
    pub(in crate::cli::user) files: Vec<Local>,
    pub(super) faults: Vec<Fault>,
}

/// Which part of an address a directory stands for.
#[derive(Debug, Clone)]
enum Place {
    Store,
    Environment(EnvironmentName),
    /// A namespace, and the beginning of the keys in this directory of it.
    Room(Room, String),
}

impl Place {
    fn of(to: Option<&Scope>) -> Self {
        match to {
            None => Self::Store,
            Some(Scope { environment, namespace: None, .. }) => Self::Environment(environment.clone()),
            Some(Scope { environment, namespace: Some(namespace), .. }) => {
                let room = Room { environment: environment.clone(), namespace: namespace.clone() };
                Self::Room(room, String::new())
            }
        }
    }

    fn below(&self, name: &str) -> Result<Self, NameError> {
        Ok(match self {
            Self::Store => Self::Environment(EnvironmentName::parse(name)?),
            Self::Environment(environment) => {
                let room = Room { environment: environment.clone(), namespace: NamespaceName::parse(name)? };
                Self::Room(room, String::new())
            }
            Self::Room(room, prefix) => Self::Room(room.clone(), format!("{prefix}{name}/")),
        })
    }
}

/// Reads a directory. Without a destination it holds `ENV/NS/KEY`, for an environment `NS/KEY`, for a namespace keys.
///
/// # Errors
/// When the directory itself cannot be read, or holds more than a store can. Everything else becomes a fault, so that all of
/// them are told at once.
pub(in crate::cli::user) fn scan(directory: &Path, to: Option<&Scope>, limits: &Limits) -> Result<Tree> {
    let root = directory.canonicalize().with_context(|| format!("cannot find {}", directory.display()))?;
    if !root.is_dir() {
        return Err(Stop::failed(format!("{} is not a directory", directory.display())).into());
    }
    let mut walk = Walk { root: &root, limits, bytes: 0, tree: Tree::default() };
    walk.enter(directory, &Place::of(to))?;
    Ok(walk.tree)
}

struct Walk<'a> {
    root: &'a Path,
    limits: &'a Limits,
    /// Read so far.
    bytes: u64,
    tree: Tree,
}

impl Walk<'_> {
    fn enter(&mut self, directory: &Path, place: &Place) -> Result<()> {
        let mut entries = match fs::read_dir(directory).and_then(Iterator::collect::<std::io::Result<Vec<_>>>) {
            Ok(entries) => entries,
            Err(error)
                if self.tree.rooms.is_empty() && directory.canonicalize().is_ok_and(|path| path == self.root) =>
            {
                return Err(error).with_context(|| format!("cannot read {}", directory.display()));
            }
            Err(error) => return self.fault(directory, error),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let name = entry.file_name();
            match name.to_str() {
                None => self.fault(&path, "the name is not UTF-8")?,
                Some(GIT) => {}
                Some(MANIFEST) => self.manifest(directory, &path, place)?,
                Some(name) => self.visit(&path, name, place)?,
            }
        }
        Ok(())
    }

    fn visit(&mut self, path: &Path, name: &str, place: &Place) -> Result<()> {
        let kind = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata.file_type(),
            Err(error) => return self.fault(path, error),
        };
        if kind.is_symlink() {
            // What is copied out of the directory by a link would be published without anybody having put it there.
            return match path.canonicalize() {
                Err(error) => self.fault(path, format_args!("the link leads nowhere: {error}")),
                Ok(target) if !target.starts_with(self.root) => self.fault(path, "the link leads out of the directory"),
                Ok(target) if target.is_dir() => self.fault(path, "links to directories are not followed"),
                Ok(target) if target.is_file() => self.file(path, name, place),
                Ok(_) => self.fault(path, "the link does not lead to a plain file"),
            };
        }
        if kind.is_dir() {
            return match place.below(name) {
                Ok(Place::Room(_, prefix)) if prefix.len() > KEY_BYTES => {
                    self.fault(path, format_args!("keys below it have more than {KEY_BYTES} bytes"))
                }
                Ok(below) => self.enter(path, &below),
                Err(error) => self.fault(path, error),
            };
        }
        if kind.is_file() { self.file(path, name, place) } else { self.fault(path, "it is not a plain file") }
    }

    fn file(&mut self, path: &Path, name: &str, place: &Place) -> Result<()> {
        let (room, prefix) = match place {
            Place::Room(room, prefix) => (room, prefix),
            Place::Environment(_) => return self.fault(path, "it lies in no namespace: the directory holds NS/KEY"),
            Place::Store => {
                return self
                    .fault(path, "it lies in no namespace: the directory holds ENV/NS/KEY, unless --to says more");
            }
        };
        let key = match EntryKey::parse(&format!("{prefix}{name}")) {
            Ok(key) => key,
            Err(error) => return self.fault(path, error),
        };
        let size = match fs::metadata(path) {
            Ok(metadata) => metadata.len(),
            Err(error) => return self.fault(path, error),
        };
        if size > self.limits.entry_bytes {
            let (size, limit) = (paint::size(size), paint::size(self.limits.entry_bytes));
            return self.fault(path, format_args!("it has {size}; an entry has at most {limit}"));
        }
        let content = match fs::read(path) {
            Ok(content) => content,
            Err(error) => return self.fault(path, error),
        };
        self.bytes += content.len() as u64;
        if self.bytes > self.limits.store_bytes {
            let limit = paint::size(self.limits.store_bytes);
            return Err(Stop::failed(format!("the directory holds more than a store can, which is {limit}")).into());
        }
        let depth = prefix.matches('/').count() + 1;
        let directory = path.ancestors().nth(depth).unwrap_or(path).to_owned();
        self.tree.rooms.entry(room.clone()).or_default().directory = directory;
        self.tree.files.push(Local { address: room.entry(key), path: path.to_owned(), content: content.into() });
        Ok(())
    }

    fn manifest(&mut self, directory: &Path, path: &Path, place: &Place) -> Result<()> {
        match place {
            Place::Room(room, prefix) if prefix.is_empty() => match Manifest::read(directory) {
                Ok(manifest) => {
                    let local = LocalRoom { directory: directory.to_owned(), manifest };
                    self.tree.rooms.insert(room.clone(), local);
                    Ok(())
                }
                Err(error) => self.fault(path, format_args!("{error:#}")),
            },
            Place::Room(..) => {
                self.fault(path, "its directory is a namespace, and would become keys: give a shorter --to")
            }
            Place::Environment(_) | Place::Store => {
                self.fault(path, "its directory is a namespace, and would hold namespaces: give a longer --to")
            }
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "ends a step of the walk, whose steps may fail")]
    fn fault(&mut self, path: &Path, problem: impl fmt::Display) -> Result<()> {
        self.tree.faults.push(Fault::new(path, problem));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::user::target;
    use std::os::unix::fs::symlink;

    fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn addresses(tree: &Tree) -> Vec<String> {
        tree.files.iter().map(|file| file.address.to_string()).collect()
    }

    fn problems(tree: &Tree) -> String {
        let lines = tree.faults.iter().map(|fault| format!("{}: {}", fault.place, fault.problem));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_destination_says_where_keys_begin() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "dev/orders/mesh/routes.yaml", "a: 1");
        put(root.path(), "dev/orders/.env", "A=1");
        let limits = Limits::default();
        let tree = scan(root.path(), None, &limits).unwrap();
        assert_eq!(addresses(&tree), ["dev/orders/.env", "dev/orders/mesh/routes.yaml"]);
        let orders = tree.rooms.values().next().unwrap();
        assert_eq!(orders.directory, root.path().join("dev/orders"));

        let tree = scan(&root.path().join("dev"), Some(&target::place("prod").unwrap()), &limits).unwrap();
        assert_eq!(addresses(&tree), ["prod/orders/.env", "prod/orders/mesh/routes.yaml"]);
        let to = target::place("prod/web").unwrap();
        let tree = scan(&root.path().join("dev/orders"), Some(&to), &limits).unwrap();
        assert_eq!(addresses(&tree), ["prod/web/.env", "prod/web/mesh/routes.yaml"]);
    }

    #[test]
    fn git_and_manifests_are_no_entries() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), ".git/config", "x");
        put(root.path(), "dev/orders/.git", "x");
        put(root.path(), "dev/orders/.pintle.yaml", "entries: {}");
        let tree = scan(root.path(), None, &Limits::default()).unwrap();
        assert_eq!((addresses(&tree), problems(&tree)), (vec![], String::new()));
        assert!(tree.rooms.values().all(|room| room.manifest.is_some()));
        assert_eq!(tree.rooms.len(), 1, "an empty namespace that was exported is imported");
    }

    #[test]
    fn a_manifest_at_the_wrong_depth_shows_a_wrong_destination() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "orders/.pintle.yaml", "entries: {}");
        let to = |text: Option<&str>| {
            let scope = text.map(|text| target::place(text).unwrap());
            problems(&scan(root.path(), scope.as_ref(), &Limits::default()).unwrap())
        };
        assert_eq!(to(Some("dev")), "");
        assert!(to(None).contains("longer --to"), "{}", to(None));
        assert!(to(Some("dev/orders")).contains("shorter --to"), "{}", to(Some("dev/orders")));
    }

    #[test]
    fn all_that_is_bad_is_told_at_once() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "README.md", "x");
        put(root.path(), "Dev/orders/a", "x");
        put(root.path(), "dev/README.md", "x");
        put(root.path(), "dev/orders/with space", "x");
        put(root.path(), "dev/orders/large", &"x".repeat(11));
        put(root.path(), "dev/orders/good", "x");
        put(root.path(), "dev/bad/.pintle.yaml", "entires: {}");
        let limits = Limits { entry_bytes: 10, ..Limits::default() };
        let tree = scan(root.path(), None, &limits).unwrap();
        assert_eq!(addresses(&tree), ["dev/orders/good"]);
        let problems = problems(&tree);
        for expected in [
            "README.md: it lies in no",
            "Dev: environment may",
            "dev/README.md: it lies",
            "not ' '",
            "at most 10 B",
            "entires",
        ] {
            assert!(problems.contains(expected), "{expected} in {problems}");
        }
        assert_eq!(tree.faults.len(), 6, "{problems}");
    }

    #[test]
    fn links_are_followed_to_files_inside_only() {
        let outside = tempfile::tempdir().unwrap();
        put(outside.path(), "secret", "x");
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "dev/orders/a", "inside");
        let link = |to: &Path, name: &str| symlink(to, root.path().join("dev/orders").join(name)).unwrap();
        link(Path::new("a"), "b");
        link(&outside.path().join("secret"), "c");
        link(Path::new("."), "loop");
        link(Path::new("gone"), "d");
        let tree = scan(root.path(), None, &Limits::default()).unwrap();
        assert_eq!(addresses(&tree), ["dev/orders/a", "dev/orders/b"]);
        assert_eq!(tree.files[1].content, "inside");
        let problems = problems(&tree);
        for expected in ["c: the link leads out", "d: the link leads nowhere", "loop: links to directories"] {
            assert!(problems.contains(expected), "{expected} in {problems}");
        }
    }

    #[test]
    fn more_than_a_store_holds_is_not_read() {
        let root = tempfile::tempdir().unwrap();
        put(root.path(), "dev/orders/a", "12345678");
        put(root.path(), "dev/orders/b", "12345678");
        let limits = Limits { store_bytes: 10, ..Limits::default() };
        assert!(scan(root.path(), None, &limits).unwrap_err().to_string().contains("10 B"));
    }
}
