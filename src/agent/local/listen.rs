//! The places where local programs find the agent: a private unix socket and, when asked for, a loopback port.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// A unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketSettings {
    /// Where it lies. Its folder exists.
    pub path: PathBuf,
    /// Permission bits; 0600 lets in the owner alone.
    pub mode: u32,
    /// Number of its owner; none keeps the agent's.
    pub uid: Option<u32>,
    /// Number of its group; none keeps the agent's.
    pub gid: Option<u32>,
}

/// Why there is no place for local programs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// The socket cannot be made.
    #[error("the socket {path}: {error}", path = path.display())]
    Socket {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The address is open to other machines.
    #[error("{0} is not a loopback address; local programs need no other")]
    NotLoopback(SocketAddr),
    /// The port cannot be had.
    #[error("the address {address}: {error}")]
    Port {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        error: io::Error,
    },
}

/// A socket that is removed in the end, unless another took its place.
#[derive(Debug)]
pub(super) struct Socket {
    path: PathBuf,
    /// Device and number of the file.
    identity: (u64, u64),
}

impl Drop for Socket {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            // Nobody listens any more; a file that stays is replaced at the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Opens a unix socket in place of one that nobody listens on. It never has wider rights than it shall have.
pub(super) fn unix(settings: &SocketSettings) -> Result<(UnixListener, Socket), LocalError> {
    let failed = |error| LocalError::Socket { path: settings.path.clone(), error };
    vacate(&settings.path).map_err(failed)?;
    let mut name = settings.path.file_name().unwrap_or_default().to_owned();
    name.push("~");
    // Made in a folder of its own that nobody else can enter, and moved when its rights are right.
    let folder = settings.path.with_file_name(name);
    if let Err(error) = fs::remove_dir_all(&folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(failed(error));
    }
    let made = DirBuilder::new().mode(0o700).create(&folder).and_then(|()| bind(settings, &folder.join("s")));
    let _ = fs::remove_dir_all(&folder);
    let (listener, identity) = made.map_err(failed)?;
    Ok((listener, Socket { path: settings.path.clone(), identity }))
}

fn bind(settings: &SocketSettings, path: &Path) -> io::Result<(UnixListener, (u64, u64))> {
    let listener = UnixListener::bind(path)?;
    listener.set_nonblocking(true)?;
    fs::set_permissions(path, Permissions::from_mode(settings.mode))?;
    if settings.uid.is_some() || settings.gid.is_some() {
        std::os::unix::fs::lchown(path, settings.uid, settings.gid)?;
    }
    let identity = identity(path)?;
    fs::rename(path, &settings.path)?;
    Ok((listener, identity))
}

/// Makes sure that nothing is lost by taking the place.
fn vacate(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if !std::os::unix::fs::FileTypeExt::is_socket(&found.file_type()) => {
            Err(io::Error::new(io::ErrorKind::AlreadyExists, "something that is no socket is there"))
        }
        Ok(_) if UnixStream::connect(path).is_ok() => {
            Err(io::Error::new(io::ErrorKind::AddrInUse, "another program listens there"))
        }
        Ok(_) => Ok(()),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()))
}

/// Opens a loopback port.
pub(super) fn loopback(address: SocketAddr) -> Result<TcpListener, LocalError> {
    if !address.ip().is_loopback() {
        return Err(LocalError::NotLoopback(address));
    }
    let open = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    };
    open().map_err(|error| LocalError::Port { address, error })
}
