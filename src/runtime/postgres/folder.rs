//! The data folder: whether it is ours, making it, and keeping every other Pintle out of it.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;

use super::error::StartError;
use super::user::{ServerUser, name_of};

/// The marker, and its name while it is being written.
const MARKER: &str = "pintle-data";
const MARKER_UNFINISHED: &str = "pintle-data.new";
const MARKER_TEXT: &str = "A data folder of Pintle; change nothing in it by hand. layout";
const LAYOUT: u32 = 1;
const LOCK: &str = "lock";

/// What a path holds before anything is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Absent,
    Empty,
    /// A data folder, and the major version that made its cluster if there is one.
    Ours {
        major: Option<u32>,
    },
}

impl Found {
    pub(super) fn major(self) -> Option<u32> {
        match self {
            Self::Absent | Self::Empty => None,
            Self::Ours { major } => major,
        }
    }
}

/// A data folder that this process holds.
#[derive(Debug)]
pub(super) struct DataFolder {
    root: PathBuf,
    _lock: Flock<File>,
}

impl DataFolder {
    /// Its path without links and dots.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn pg(&self) -> PathBuf {
        pg_of(&self.root)
    }

    pub(super) fn log(&self) -> PathBuf {
        self.root.join("log")
    }
}

/// The cluster of a data folder.
pub(super) fn pg_of(root: &Path) -> PathBuf {
    root.join("pg")
}

pub(super) fn canonical(root: &Path) -> Result<PathBuf, StartError> {
    root.canonicalize().map_err(|source| StartError::io("find", root, source))
}

/// Looks at a data folder and changes nothing.
pub(super) fn inspect(root: &Path) -> Result<Found, StartError> {
    let folder = match root.metadata() {
        Ok(folder) => folder,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Absent),
        Err(source) => return Err(StartError::io("look at", root, source)),
    };
    let not_ours = || StartError::NotOurs { folder: root.to_owned() };
    if !folder.is_dir() {
        return Err(not_ours());
    }
    if folder.uid() != geteuid().as_raw() {
        return Err(StartError::NotOwner { folder: root.to_owned(), owner: name_of(folder.uid()) });
    }
    if let Some(marker) = read_if_present(&root.join(MARKER))? {
        check_layout(root, &marker)?;
        let version = read_if_present(&pg_of(root).join("PG_VERSION"))?;
        return Ok(Found::Ours { major: version.and_then(|text| text.trim().parse().ok()) });
    }
    let entries = root.read_dir().map_err(|source| StartError::io("read", root, source))?;
    for entry in entries {
        let entry = entry.map_err(|source| StartError::io("read", root, source))?;
        // What a start leaves that was cut before it wrote the marker.
        if ![LOCK, MARKER_UNFINISHED].iter().any(|ours| entry.file_name() == *ours) {
            return Err(not_ours());
        }
    }
    Ok(Found::Empty)
}

fn check_layout(root: &Path, marker: &str) -> Result<(), StartError> {
    let layout = marker.trim_end().strip_prefix(MARKER_TEXT).and_then(|layout| layout.trim().parse().ok());
    match layout {
        Some(LAYOUT) => Ok(()),
        Some(layout) if layout > LAYOUT => {
            Err(StartError::NewerLayout { folder: root.to_owned(), layout, known: LAYOUT })
        }
        Some(_) | None => Err(StartError::NotOurs { folder: root.to_owned() }),
    }
}

/// Makes the folder if need be, closes it to everybody but the server's user, and takes it for this process.
pub(super) fn prepare(root: &Path, user: &ServerUser) -> Result<DataFolder, StartError> {
    make_folder(root, user)?;
    let root = canonical(root)?;
    let lock = lock(&root)?;
    if let Found::Empty = inspect(&root)? {
        let unfinished = root.join(MARKER_UNFINISHED);
        let written = write_synced(&unfinished, &format!("{MARKER_TEXT} {LAYOUT}\n"))
            .and_then(|()| std::fs::rename(&unfinished, root.join(MARKER)));
        written.map_err(|source| StartError::io("write", &root.join(MARKER), source))?;
    }
    let folder = DataFolder { root, _lock: lock };
    make_private(&folder.log())?;
    Ok(folder)
}

/// A folder that only this process's user may enter; one that is there stays as it is.
pub(super) fn make_private(path: &Path) -> Result<(), StartError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(StartError::io("make the folder", path, error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes the folder and those above it. The server's user, if it is another, may pass through and not look around.
fn make_folder(root: &Path, user: &ServerUser) -> Result<(), StartError> {
    let absolute = std::path::absolute(root).map_err(|source| StartError::io("find", root, source))?;
    let mut missing: Vec<&Path> = absolute.ancestors().take_while(|path| !path.exists()).collect();
    missing.reverse();
    for path in missing {
        make_private(path)?;
        if user.switches() && path != absolute {
            set_mode(path, 0o755)?;
        }
    }
    if user.switches() {
        std::os::unix::fs::chown(&absolute, None, Some(user.gid()))
            .map_err(|source| StartError::io("change the group of", &absolute, source))?;
        return set_mode(&absolute, 0o710);
    }
    set_mode(&absolute, 0o700)
}

fn set_mode(path: &Path, mode: u32) -> Result<(), StartError> {
    std::fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(|source| StartError::io("change the permissions of", path, source))
}

/// Takes the folder for this process, for as long as the returned lock lives, or says who has it.
fn lock(root: &Path) -> Result<Flock<File>, StartError> {
    let path = root.join(LOCK);
    let io = |source| StartError::io("lock", &path, source);
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path).map_err(io)?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(mut lock) => {
            lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id())).map_err(io)?;
            Ok(lock)
        }
        Err((mut file, nix::errno::Errno::EWOULDBLOCK)) => {
            let mut pid = String::new();
            let read = file.read_to_string(&mut pid);
            let known = read.is_ok() && !pid.is_empty();
            let holder = if known { format!("process {pid}") } else { "which just started".to_owned() };
            Err(StartError::InUse { folder: root.to_owned(), holder })
        }
        Err((_, errno)) => Err(io(errno.into())),
    }
}

fn write_synced(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The text of a file, or nothing if there is none.
pub(super) fn read_if_present(path: &Path) -> Result<Option<String>, StartError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StartError::io("read", path, source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_layout_we_know_is_ours() {
        let check = |marker: &str| check_layout(Path::new("/data"), marker).map_err(|error| error.to_string());
        assert_eq!(check(&format!("{MARKER_TEXT} {LAYOUT}\n")), Ok(()));
        assert!(check(&format!("{MARKER_TEXT} 7\n")).is_err_and(|error| error.contains("newer Pintle (layout 7")));
        assert!(check("something else").is_err_and(|error| error.contains("not a Pintle data folder")));
    }
}
