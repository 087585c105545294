//! `export`: entries as files, byte by byte, as they all stood at one revision.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use bytes::Bytes;

use crate::cli::user::context::Context;
use crate::cli::user::exit::{Exit, Stop};
use crate::cli::user::import;
use crate::cli::user::manifest::{MANIFEST, Manifest, Recorded};
use crate::cli::user::paint;
use crate::cli::user::target::{self, Room, Scope};
use crate::cli::user::when::Moment;
use crate::client::{At, Client, EntriesQuery};
use crate::domain::limits::Limits;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::Cursor;

/// Entries on a page with contents: at most 50 MiB, where entries are as large as they may be.
const PAGE: u32 = 50;

#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// The directory; it is created when it does not exist
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// What: ENV is written as NS/KEY, ENV/NS as keys, and without it everything as ENV/NS/KEY. `import --to` takes the same
    #[arg(long, value_name = "ENV[/NS]", value_parser = target::place)]
    from: Option<Scope>,
    /// As it stood then: a revision, an instant, a day, or how long ago (2h, 3d)
    #[arg(long, value_name = "WHEN")]
    at: Option<Moment>,
    /// Write over files that differ
    #[arg(long)]
    force: bool,
}

/// One namespace to write.
struct Part {
    room: Room,
    directory: PathBuf,
    manifest: Manifest,
    contents: BTreeMap<EntryKey, Bytes>,
}

/// Exports entries. Nothing is written before everything is read and known to fit.
pub(super) async fn run(context: &Context<'_>, args: ExportArgs) -> Result<Exit> {
    let client = context.client()?;
    let head = client.get_head().await?;
    // One moment for all pages and namespaces, so that no change set is exported by half.
    let at = args.at.map_or(At::Revision(head.revision.0), |moment| moment.at(context.surroundings.now));
    let named = args.from.as_ref().is_some_and(|from| from.namespace.is_some());
    let mut parts = Vec::new();
    for (room, directory) in rooms(&client, &args, at).await? {
        match read(&client, room, directory, at, head).await {
            Ok(part) => parts.push(part),
            // It was created after that moment, and so it has nothing to export.
            Err(error) if !named && Exit::of(&error) == Exit::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let problems: Vec<String> = parts.iter().flat_map(unwritable).collect();
    told(context, &problems, ["entry cannot be a file", "entries cannot be files"])?;
    if !args.force {
        let differing: Vec<String> =
            parts.iter().flat_map(overwritten).map(|path| path.display().to_string()).collect();
        told(context, &differing, ["file differs; --force writes over it", "files differ; --force writes over them"])?;
    }
    let mut entries = 0;
    for part in &parts {
        part.write()?;
        entries += part.contents.len();
    }
    let what = format!(
        "{} of {}",
        paint::count(entries, "entry", "entries"),
        paint::count(parts.len(), "namespace", "namespaces")
    );
    context.out.note(format_args!("exported {what} at {at} to {}", args.directory.display()));
    others(context, &args, &parts);
    Ok(Exit::Done)
}

/// Tells of files that were there before and are not of this export: an import would add them.
fn others(context: &Context<'_>, args: &ExportArgs, parts: &[Part]) {
    let Ok(tree) = import::scan(&args.directory, args.from.as_ref(), &Limits::default()) else {
        return;
    };
    let written = |address: &Address| {
        let part = parts.iter().find(|part| part.room == Room::of(address));
        part.is_some_and(|part| part.contents.contains_key(&address.key))
    };
    let others = tree.files.iter().filter(|file| !written(&file.address)).count();
    if others > 0 {
        let files = paint::count(others, "file was", "files were");
        context.out.warn(format_args!("{files} there before and not of this export; an import adds what it finds"));
    }
}

fn told(context: &Context<'_>, problems: &[String], [one, many]: [&str; 2]) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    for problem in problems {
        context.out.note(paint::plain(problem));
    }
    Err(Stop::failed(format!("{}; nothing was written", paint::count(problems.len(), one, many))).into())
}

/// The namespaces to export, and the directory of each.
async fn rooms(client: &Client, args: &ExportArgs, at: At) -> Result<Vec<(Room, PathBuf)>> {
    let top = &args.directory;
    let environments = match &args.from {
        Some(Scope { environment, namespace: Some(namespace), .. }) => {
            let room = Room { environment: environment.clone(), namespace: namespace.clone() };
            return Ok(vec![(room, top.to_owned())]);
        }
        Some(Scope { environment, .. }) => vec![(environment.clone(), top.to_owned())],
        None => {
            let list = client.list_environments().await?;
            let names: Result<Vec<_>, _> =
                list.environments.iter().map(|view| EnvironmentName::parse(&view.name)).collect();
            names?.into_iter().map(|name| (name.clone(), top.join(name.as_str()))).collect()
        }
    };
    let mut rooms = Vec::new();
    for (environment, directory) in environments {
        for view in client.list_namespaces(&environment, args.at.map(|_| at)).await?.namespaces {
            let room = Room { environment: environment.clone(), namespace: NamespaceName::parse(&view.name)? };
            let directory = directory.join(room.namespace.as_str());
            rooms.push((room, directory));
        }
    }
    Ok(rooms)
}

async fn read(client: &Client, room: Room, directory: PathBuf, at: At, head: Cursor) -> Result<Part> {
    let query = EntriesQuery { at: Some(at), content: true, limit: Some(PAGE), ..EntriesQuery::default() };
    let listing = client.list_all_entries(&room.environment, &room.namespace, &query).await?;
    let newest = listing.entries.iter().map(|entry| entry.revision).max();
    let revision = match at {
        At::Revision(revision) => revision,
        // An instant has no number on the wire; that of the newest entry tells the same about the entries.
        At::Instant(_) => newest.unwrap_or_default(),
    };
    let mut manifest = Manifest {
        environment: Some(room.environment.clone()),
        namespace: Some(room.namespace.clone()),
        revision: Some(revision),
        epoch: Some(head.epoch.0),
        entries: BTreeMap::new(),
    };
    let mut contents = BTreeMap::new();
    for entry in listing.entries {
        // Parsed again: a key becomes a path here, whatever the server says.
        let key = EntryKey::parse(&entry.key)?;
        let content = entry.content.bytes().with_context(|| format!("{room}/{key} came without its content"))?;
        manifest.entries.insert(key.clone(), Recorded { format: Some(entry.format), revision: Some(entry.revision) });
        contents.insert(key, content);
    }
    Ok(Part { room, directory, manifest, contents })
}

/// Keys that cannot be files: two that need the same place, and names that mean something else to an import.
fn unwritable(part: &Part) -> Vec<String> {
    let mut problems = Vec::new();
    let directories: BTreeSet<&str> = part
        .contents
        .keys()
        .flat_map(|key| key.as_str().match_indices('/').filter_map(|(end, _)| key.as_str().get(..end)))
        .collect();
    for key in part.contents.keys() {
        let address = format!("{}/{key}", part.room);
        if directories.contains(key.as_str()) {
            problems.push(format!("{address}: other keys lie below it, and a file cannot be a directory"));
        }
        if key.as_str().split('/').any(|segment| segment == ".git") || key.as_str().rsplit('/').next() == Some(MANIFEST)
        {
            problems.push(format!("{address}: an import passes over files of this name"));
        }
    }
    problems
}

/// Files that are there with other bytes.
fn overwritten(part: &Part) -> Vec<PathBuf> {
    let differs = |(key, content): (&EntryKey, &Bytes)| {
        let path = part.directory.join(key.as_str());
        match fs::read(&path) {
            Ok(bytes) if bytes == *content => None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Ok(_) | Err(_) => Some(path),
        }
    };
    part.contents.iter().filter_map(differs).collect()
}

impl Part {
    fn write(&self) -> Result<()> {
        let create =
            |path: &Path| fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()));
        create(&self.directory)?;
        for (key, content) in &self.contents {
            let path = self.directory.join(key.as_str());
            if let Some(parent) = path.parent() {
                create(parent)?;
            }
            fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        }
        self.manifest.write(&self.directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(directory: &Path, keys: &[&str]) -> Part {
        let contents = keys.iter().map(|key| (EntryKey::parse(key).unwrap(), Bytes::from_static(b"new"))).collect();
        let room = target::room("dev/orders").unwrap();
        Part { room, directory: directory.to_owned(), manifest: Manifest::default(), contents }
    }

    #[test]
    fn keys_that_cannot_be_files_are_named() {
        let problems = unwritable(&part(Path::new("."), &["a", "a/b", "ab/c", "x/.git/y", "x/.pintle.yaml", "z"]));
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[0].starts_with("dev/orders/a:") && problems[1].contains(".git"), "{problems:?}");
    }

    #[test]
    fn files_that_differ_are_named_and_equal_ones_are_not() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("a"), "new").unwrap();
        fs::write(directory.path().join("b"), "old").unwrap();
        let part = part(directory.path(), &["a", "b", "c/d"]);
        assert_eq!(overwritten(&part), [directory.path().join("b")]);
        part.write().unwrap();
        assert!(overwritten(&part).is_empty());
        assert!(directory.path().join(MANIFEST).exists());
    }
}
