//! The private folder of the server's socket, and the URL that leads there.
//!
//! A socket's path has at most 107 bytes (103 on some systems), so it cannot be in the data folder. Whoever may enter
//! the folder is let in by the server, so a folder that is not certainly ours alone is never used.

use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use super::Environment;
use super::error::StartError;
use super::user::ServerUser;

/// The number in the socket's name. The folder has one server, so it may be the usual one for all.
pub(super) const PORT: u16 = 5432;

/// The longest path of a socket that every system takes, in bytes.
const LONGEST_SOCKET: usize = 103;

/// The permission bits of everybody but the owner.
const OTHERS: u32 = 0o077;

pub(super) fn socket(folder: &Path) -> PathBuf {
    folder.join(format!(".s.PGSQL.{PORT}"))
}

/// The form that both sqlx and libpq read: the folder in place of the host.
pub(super) fn url(folder: &Path) -> String {
    let folder = folder.to_string_lossy();
    format!("postgres://pintle@{}:{PORT}/pintle", utf8_percent_encode(&folder, NON_ALPHANUMERIC))
}

/// Makes the folder for a data folder, or finds the one of an earlier start.
pub(super) fn make(environment: &Environment, root: &Path, user: &ServerUser) -> Result<PathBuf, StartError> {
    let name = name(root);
    let mut reasons = Vec::new();
    for parent in parents(environment, user.switches()) {
        let folder = parent.join(&name);
        match make_at(&folder, user) {
            Ok(()) => return Ok(folder),
            Err(reason) => reasons.push(format!("{} {reason}", folder.display())),
        }
    }
    Err(StartError::NoSocketFolder { reasons: reasons.join("; ") })
}

/// Removes what a killed server left. Call it only when no server of this folder runs: to PostgreSQL the number of a
/// process that ended and was never collected, as in a container without an init, looks like a running server.
pub(super) fn clear(folder: &Path) {
    let socket = socket(folder);
    let mut lock = socket.clone().into_os_string();
    lock.push(".lock");
    for path in [PathBuf::from(lock), socket] {
        match std::fs::remove_file(&path) {
            Ok(()) => tracing::debug!(path = %path.display(), "removed what a killed PostgreSQL left"),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => tracing::debug!(path = %path.display(), %error, "it stays"),
        }
    }
}

/// Whether a folder lets in nobody but the user of this number and root.
pub(super) fn is_private(folder: &Path, uid: u32) -> bool {
    folder.symlink_metadata().is_ok_and(|found| found.is_dir() && found.uid() == uid && found.mode() & OTHERS == 0)
}

/// Removes the folder after the server has removed its socket. One that is not empty stays.
pub(super) fn discard(folder: &Path) {
    if let Err(error) = std::fs::remove_dir(folder) {
        tracing::debug!(folder = %folder.display(), %error, "the socket folder stays");
    }
}

/// The same for every start with this data folder, and not for any other.
fn name(root: &Path) -> String {
    let hash = Sha256::digest(root.as_os_str().as_bytes());
    let short: String = hex::encode(hash).chars().take(16).collect();
    format!("pintle-{short}")
}

/// Where to try. `/run` belongs to root. The user's runtime folder comes last, as it disappears when the user logs
/// out, also under a Pintle that goes on.
fn parents(environment: &Environment, is_root: bool) -> Vec<PathBuf> {
    let temporary = PathBuf::from("/tmp");
    if is_root {
        return vec![PathBuf::from("/run"), temporary];
    }
    [Some(temporary), environment.xdg_runtime_dir.clone()].into_iter().flatten().collect()
}

fn make_at(folder: &Path, user: &ServerUser) -> Result<(), String> {
    if socket(folder).as_os_str().len() > LONGEST_SOCKET {
        return Err("is too long a path for a socket".to_owned());
    }
    // The server reads a list of folders, with commas and quotes.
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
    if !folder.as_os_str().as_bytes().iter().all(plain) {
        return Err("has unusual letters in its path".to_owned());
    }
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(format!("cannot be made: {error}")),
        Ok(()) | Err(_) => {}
    }
    // Made by this process now, or by one that was cut before it could give the folder away.
    if is_private(folder, geteuid().as_raw()) {
        user.give(folder).map_err(|error| error.to_string())?;
    }
    if is_private(folder, user.uid()) {
        return Ok(());
    }
    Err(format!("is not a folder of the user {} alone", user.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_has_the_folder_in_place_of_the_host() {
        let expected = "postgres://pintle@%2Ftmp%2Fpintle%2D1a:5432/pintle";
        assert_eq!(url(Path::new("/tmp/pintle-1a")), expected);
    }

    #[test]
    fn two_data_folders_have_two_socket_folders() {
        assert_eq!(name(Path::new("/data/one")), name(Path::new("/data/one")));
        assert_ne!(name(Path::new("/data/one")), name(Path::new("/data/two")));
    }

    #[test]
    fn a_link_or_an_open_folder_is_not_private() -> Result<(), Box<dyn std::error::Error>> {
        let uid = geteuid().as_raw();
        let parent = tempfile::tempdir()?;
        let closed = parent.path().join("closed");
        std::fs::DirBuilder::new().mode(0o700).create(&closed)?;
        assert!(is_private(&closed, uid));
        assert!(!is_private(&closed, uid + 1));
        let link = parent.path().join("link");
        std::os::unix::fs::symlink(&closed, &link)?;
        assert!(!is_private(&link, uid));
        let open = parent.path().join("open");
        std::fs::DirBuilder::new().mode(0o750).create(&open)?;
        assert!(!is_private(&open, uid));
        Ok(())
    }
}
