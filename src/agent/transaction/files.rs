//! Single steps on files, each durable when it returns, with errors that name the path.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::{Group, User};

use crate::agent::set::TargetFile;

/// The bits that a mode may have.
const MODE: u32 = 0o7777;

/// What went wrong with which file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The system knows no such user or group.
    #[error("{}: there is no {kind} {name:?} on this machine", path.display())]
    Nobody {
        /// The file that should be theirs.
        path: PathBuf,
        /// User or group.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Something other than a file is where one should be.
    #[error("{} {problem}", path.display())]
    InTheWay {
        /// The target.
        path: PathBuf,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The content of a state file is not what was written.
    #[error("{} is damaged: {problem}", path.display())]
    Damaged {
        /// The state file.
        path: PathBuf,
        /// How it shows.
        problem: String,
    },
}

impl FileError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

/// Whose a file shall be; none: as the system makes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Owner {
    uid: Option<u32>,
    gid: Option<u32>,
}

impl Owner {
    /// Looks the names of a file up.
    pub(super) fn of(file: &TargetFile) -> Result<Self, FileError> {
        let nobody = |kind, name: &str| FileError::Nobody { path: file.path.clone(), kind, name: name.to_owned() };
        let user = |name: &String| match (name.parse(), User::from_name(name)) {
            (Ok(number), _) => Ok(number),
            (Err(_), Ok(Some(user))) => Ok(user.uid.as_raw()),
            (Err(_), Ok(None) | Err(_)) => Err(nobody("user", name)),
        };
        let group = |name: &String| match (name.parse(), Group::from_name(name)) {
            (Ok(number), _) => Ok(number),
            (Err(_), Ok(Some(group))) => Ok(group.gid.as_raw()),
            (Err(_), Ok(None) | Err(_)) => Err(nobody("group", name)),
        };
        let uid = file.owner.as_ref().map(user).transpose()?;
        let gid = file.group.as_ref().map(group).transpose()?;
        Ok(Self { uid, gid })
    }
}

/// Makes a new file, complete and durable, with mode and owner. Whatever has its name already is an error.
pub(super) fn write_new(path: &Path, bytes: &[u8], mode: u32, owner: Owner) -> Result<(), FileError> {
    write_fleeting(path, bytes, mode, owner)?.sync_all().map_err(FileError::io("write", path))
}

/// The same without making it durable.
pub(super) fn write_fleeting(path: &Path, bytes: &[u8], mode: u32, owner: Owner) -> Result<File, FileError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(FileError::io("create", path))?;
    file.write_all(bytes).map_err(FileError::io("write", path))?;
    if owner != Owner::default() {
        std::os::unix::fs::fchown(&file, owner.uid, owner.gid).map_err(FileError::io("change the owner of", path))?;
    }
    // After the owner, as a change of owner takes special bits away.
    file.set_permissions(Permissions::from_mode(mode & MODE)).map_err(FileError::io("set the mode of", path))?;
    Ok(file)
}

/// Replaces a state file by one rename.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let new = path.with_extension("new");
    remove(&new)?;
    write_new(&new, bytes, 0o600, Owner::default())?;
    rename(&new, path)?;
    sync_folder_of(path)
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to).map_err(FileError::io("replace", to))
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), FileError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(FileError::io("write", folder))
}

pub(super) fn sync_folder_of(path: &Path) -> Result<(), FileError> {
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes a folder that was not there, whose mode no umask changes.
pub(super) fn new_folder(path: &Path, mode: u32) -> Result<(), FileError> {
    DirBuilder::new().mode(0o700).create(path).map_err(FileError::io("make the folder", path))?;
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(FileError::io("set the mode of", path))
}

/// Removes a file or a link, if it is there; a link's target stays.
pub(super) fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(FileError::io("remove", path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Removes a folder and what is in it, if it is there; of a link only the link.
pub(super) fn remove_folder(path: &Path) -> Result<(), FileError> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(FileError::io("look at", path)(error)),
    };
    if !found.is_dir() {
        return remove(path);
    }
    fs::remove_dir_all(path).map_err(FileError::io("remove", path))
}

/// What is at a path, the last name of it not followed if it is a link.
pub(super) fn look(path: &Path) -> Result<Option<fs::Metadata>, FileError> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::io("look at", path)(error)),
    }
}

/// Whether a target is already as it shall be: bytes, mode, and the owner where one is given.
///
/// A link is never: it is replaced, and what it points to stays as it is.
pub(super) fn is_as(path: &Path, file: &TargetFile) -> Result<bool, FileError> {
    let Some(found) = look(path)? else { return Ok(file.content.is_none()) };
    if found.is_dir() {
        return Err(FileError::InTheWay { path: path.to_owned(), problem: "is a folder, where a file should be" });
    }
    let Some(content) = &file.content else { return Ok(false) };
    if !found.is_file() || found.len() != content.len() as u64 || found.mode() & MODE != file.mode & MODE {
        return Ok(false);
    }
    let owner = Owner::of(file)?;
    if owner.uid.is_some_and(|uid| uid != found.uid()) || owner.gid.is_some_and(|gid| gid != found.gid()) {
        return Ok(false);
    }
    let mut bytes = Vec::with_capacity(content.len());
    // A link put there since then is not followed.
    let opened = OpenOptions::new().read(true).custom_flags(nix::fcntl::OFlag::O_NOFOLLOW.bits()).open(path);
    let read = opened.and_then(|mut file| file.read_to_end(&mut bytes));
    read.map_err(FileError::io("read", path))?;
    Ok(bytes == *content)
}

/// Keeps what is at a path under another name, without copying it where the file system allows that.
pub(super) fn keep(path: &Path, kept: &Path) -> Result<(), FileError> {
    if fs::hard_link(path, kept).is_ok() {
        return Ok(());
    }
    let found = fs::symlink_metadata(path).map_err(FileError::io("look at", path))?;
    if found.is_symlink() {
        let target = fs::read_link(path).map_err(FileError::io("read", path))?;
        return std::os::unix::fs::symlink(target, kept).map_err(FileError::io("create", kept));
    }
    if !found.is_file() {
        return Err(FileError::InTheWay { path: path.to_owned(), problem: "is no file, and cannot be kept" });
    }
    let bytes = fs::read(path).map_err(FileError::io("read", path))?;
    let owner = Owner { uid: Some(found.uid()), gid: Some(found.gid()) };
    write_new(kept, &bytes, found.mode(), owner)
}
