//! Who runs the server: this process's own user, and for root an unprivileged one, as Postgres refuses root.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use nix::unistd::{Uid, User, geteuid};
use tokio::process::Command;

use super::binaries::Installation;
use super::error::StartError;
use super::folder;

/// The unprivileged users that root runs the server as, the best first.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// Where root's data folder works on every usual machine.
const REACHABLE: &str = "/var/lib/pintle";

/// Variables that would change what the server's programs do. Everything they need is said by arguments.
const FOREIGN: [&str; 8] =
    ["PGDATA", "PGPORT", "PGHOST", "PGUSER", "PGDATABASE", "PGOPTIONS", "PGDATESTYLE", "PGCLIENTENCODING"];

/// The user who runs the server's programs and owns the cluster.
#[derive(Debug, Clone)]
pub(super) struct ServerUser {
    name: String,
    uid: u32,
    gid: u32,
    /// This process is root and becomes that user for each program.
    switches: bool,
}

impl ServerUser {
    /// This process's user; for root the owner of the folder's cluster, else `postgres`, else `nobody`.
    pub(super) fn choose(data_dir: &Path) -> Result<Self, StartError> {
        if !geteuid().is_root() {
            let uid = geteuid();
            let name = name_of(uid.as_raw());
            return Ok(Self { name, uid: uid.as_raw(), gid: nix::unistd::getegid().as_raw(), switches: false });
        }
        if let Ok(cluster) = folder::pg_of(data_dir).metadata()
            && cluster.uid() != 0
        {
            return Ok(Self { name: name_of(cluster.uid()), uid: cluster.uid(), gid: cluster.gid(), switches: true });
        }
        let known = UNPRIVILEGED.iter().find_map(|name| User::from_name(name).ok().flatten());
        let user = known.ok_or(StartError::NoUser)?;
        Ok(Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), switches: true })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn uid(&self) -> u32 {
        self.uid
    }

    pub(super) fn gid(&self) -> u32 {
        self.gid
    }

    /// Whether the server's programs run as another user than this process.
    pub(super) fn switches(&self) -> bool {
        self.switches
    }

    /// A program run as this user: in a folder that everybody can enter, without input, in plain English.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").stdin(Stdio::null()).env("LC_ALL", "C");
        for name in FOREIGN {
            command.env_remove(name);
        }
        if self.switches {
            command.gid(self.gid).uid(self.uid);
        }
        command
    }

    /// Gives a path that this process made to this user.
    pub(super) fn give(&self, path: &Path) -> Result<(), StartError> {
        if !self.switches {
            return Ok(());
        }
        std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid))
            .map_err(|source| StartError::io("change the owner of", path, source))
    }

    /// Checks that this user can enter a folder, or, if it is not there yet, the nearest one above it that is.
    ///
    /// The kernel decides, by entering it for a program that runs as that user.
    pub(super) fn check_reach(&self, installation: &Installation, folder: &Path) -> Result<(), StartError> {
        if !self.switches {
            return Ok(());
        }
        let absolute = std::path::absolute(folder).map_err(|source| StartError::io("find", folder, source))?;
        let present = absolute.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
        let mut command = self.command(&installation.postgres()).into_std();
        command.current_dir(present).arg("--version").stdout(Stdio::null());
        match command.status() {
            Ok(_) => Ok(()),
            Err(refused) if refused.kind() == io::ErrorKind::PermissionDenied => Err(StartError::Unreachable {
                folder: folder.to_owned(),
                closed: self.closed(present),
                user: self.name.clone(),
                instead: PathBuf::from(REACHABLE),
            }),
            Err(source) => Err(StartError::io("run", &installation.postgres(), source)),
        }
    }

    /// The highest folder on the way whose permission bits keep this user out; the folder itself if they do not tell.
    fn closed(&self, folder: &Path) -> PathBuf {
        let real = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let mut way: Vec<&Path> = real.ancestors().collect();
        way.reverse();
        let closed = way.into_iter().find(|path| path.metadata().is_ok_and(|found| !self.may_pass(&found)));
        closed.map_or(real.clone(), Path::to_owned)
    }

    fn may_pass(&self, folder: &std::fs::Metadata) -> bool {
        let bit = if folder.uid() == self.uid {
            0o100
        } else if folder.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        folder.mode() & bit != 0
    }
}

/// The name of a user for people: the number if it has none.
pub(super) fn name_of(uid: u32) -> String {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name)
}
