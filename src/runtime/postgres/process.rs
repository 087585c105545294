//! The server's process: starting it, telling whether it still is that one, and ending it.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

use super::error::{StartError, StopError};
use super::{folder, sockets};

/// How often an adopted server, which is not our child, is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The signals that stop a server, and how long each is given. `SIGINT` is its fast shutdown: connections are cut and
/// everything is written out. `SIGQUIT` is the immediate one, after which the server itself kills what remains within
/// five seconds.
const STOPPING: [(Signal, Duration); 2] =
    [(Signal::SIGINT, Duration::from_mins(1)), (Signal::SIGQUIT, Duration::from_secs(15))];

/// Small enough for a laptop beside everything else. What makes commits durable stays as Postgres has it: on.
const SETTINGS: [&str; 9] = [
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "max_connections=50",
    "shared_buffers=32MB",
    "max_wal_size=512MB",
    "jit=off",
    "logging_collector=off",
    "log_destination=stderr",
    "log_checkpoints=off",
];

/// The arguments of a server with its cluster and the folder of its socket.
pub(super) fn arguments(pg: &Path, socket_dir: &Path) -> Vec<OsString> {
    let mut folder = OsString::from("unix_socket_directories=");
    folder.push(socket_dir);
    let mut arguments =
        vec!["-D".into(), pg.into(), "-p".into(), sockets::PORT.to_string().into(), "-c".into(), folder];
    for setting in SETTINGS {
        arguments.extend(["-c".into(), setting.into()]);
    }
    arguments
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// As the operating system says it.
    Known(ExitStatus),
    /// Not known, as the server was adopted and so is another process's child.
    Unknown,
}

impl fmt::Display for Exit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(status) => status.fmt(out),
            Self::Unknown => out.write_str("ended, it is not known how"),
        }
    }
}

/// A process known by more than its number, as numbers are given out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pid: Pid,
    /// When it started, in the kernel's ticks since boot, where that can be read.
    started: Option<u64>,
}

/// Whose process a number in a `postmaster.pid` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// There is no such process.
    Nobody,
    /// It is not a server of the cluster.
    Other,
    /// It is the server of the cluster, as far as can be told.
    Cluster,
}

impl Identity {
    pub(super) fn of(pid: i32) -> Self {
        Self { pid: Pid::from_raw(pid), started: Stat::read(pid).map(|stat| stat.started) }
    }

    pub(super) fn pid(self) -> i32 {
        self.pid.as_raw()
    }

    /// Whether it can be the process that a socket names; one that cannot be named may be it.
    pub(super) fn may_be(self, pid: Option<i32>) -> bool {
        pid.is_none_or(|pid| pid == self.pid())
    }

    /// Whether it still runs: the number is in use, by the same process, which is more than a remainder that its
    /// parent has not collected.
    pub(super) fn is_alive(self) -> bool {
        if kill(self.pid, None) == Err(Errno::ESRCH) {
            return false;
        }
        match (Stat::read(self.pid()), self.started) {
            (Some(now), Some(started)) => now.started == started && !now.has_ended,
            (Some(now), None) => !now.has_ended,
            // Ended in between; or a system without /proc, where the number has to do.
            (None, started) => started.is_none(),
        }
    }

    /// A server's working folder is its cluster. Where that may not be seen, its name has to do.
    pub(super) fn owner(self, pg: &Path) -> Owner {
        if !self.is_alive() {
            return Owner::Nobody;
        }
        let known = match std::fs::read_link(format!("/proc/{}/cwd", self.pid)) {
            Ok(folder) => Some(folder == pg),
            Err(_) => Stat::read(self.pid()).map(|stat| stat.name == "postgres"),
        };
        if known == Some(false) { Owner::Other } else { Owner::Cluster }
    }

    fn signal(self, signal: Signal) {
        if let Err(error) = kill(self.pid, signal) {
            tracing::debug!(pid = self.pid(), %signal, %error, "PostgreSQL took no signal");
        }
    }
}

/// What `/proc/<pid>/stat` says, on Linux.
struct Stat {
    name: String,
    started: u64,
    has_ended: bool,
}

impl Stat {
    fn read(pid: i32) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// `pid (name) state …`, where the name may hold anything, and the start is the 22nd field: see proc(5).
    fn parse(text: &str) -> Option<Self> {
        let (head, fields) = text.rsplit_once(')')?;
        let name = head.split_once('(')?.1.to_owned();
        let mut fields = fields.split_whitespace();
        let has_ended = matches!(fields.next()?, "Z" | "X");
        Some(Self { name, has_ended, started: fields.nth(18)?.parse().ok()? })
    }
}

/// What a cluster's `postmaster.pid` says: the server's process on line 1, the folder of its socket on line 5, which
/// is written a little later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) identity: Identity,
    pub(super) socket_dir: Option<PathBuf>,
}

impl PidFile {
    /// The file of a cluster, or nothing if there is none, or none that names a server.
    pub(super) fn read(pg: &Path) -> Result<Option<Self>, StartError> {
        let text = folder::read_if_present(&Self::path(pg))?;
        Ok(text.and_then(|text| Self::parse(&text)))
    }

    /// Removes the file of a server that is known not to run.
    pub(super) fn remove(pg: &Path) -> Result<(), StartError> {
        let path = Self::path(pg);
        std::fs::remove_file(&path).map_err(|source| StartError::io("remove", &path, source))
    }

    fn path(pg: &Path) -> PathBuf {
        pg.join("postmaster.pid")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 0)?;
        let socket_dir = lines.nth(3).map(str::trim).filter(|line| line.starts_with('/')).map(PathBuf::from);
        Some(Self { identity: Identity::of(pid), socket_dir })
    }
}

/// A running server.
#[derive(Debug)]
pub(super) enum Process {
    /// Our child, and its number, which it loses when it has ended.
    Child(Box<Child>, i32),
    /// A server that an earlier run of ours started.
    Adopted(Identity),
}

impl Process {
    pub(super) fn spawn(mut command: Command) -> io::Result<Self> {
        let child = command.spawn()?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).ok_or(io::ErrorKind::NotFound)?;
        Ok(Self::Child(Box::new(child), pid))
    }

    pub(super) fn pid(&self) -> i32 {
        match self {
            Self::Child(_, pid) => *pid,
            Self::Adopted(identity) => identity.pid(),
        }
    }

    pub(super) fn has_ended(&mut self) -> bool {
        match self {
            Self::Child(child, _) => !matches!(child.try_wait(), Ok(None)),
            Self::Adopted(identity) => !identity.is_alive(),
        }
    }

    /// Waits for the end; may be dropped and called again.
    pub(super) async fn ended(&mut self) -> Exit {
        match self {
            Self::Child(child, _) => child.wait().await.map_or(Exit::Unknown, Exit::Known),
            Self::Adopted(identity) => {
                let mut pace = interval(LOOK_EVERY);
                while identity.is_alive() {
                    pace.tick().await;
                }
                Exit::Unknown
            }
        }
    }

    /// Tells the server to stop, and again more strongly, and waits.
    pub(super) async fn stop(&mut self) -> Result<(), StopError> {
        let pid = self.pid();
        for (signal, patience) in STOPPING {
            if self.has_ended() {
                return Ok(());
            }
            Identity::of(pid).signal(signal);
            if timeout(patience, self.ended()).await.is_ok() {
                return Ok(());
            }
            tracing::warn!(pid, %signal, "PostgreSQL has not stopped in time");
        }
        Err(StopError::StillRunning { pid })
    }
}

/// Tells a server that is being started to stop when nobody waits for it any more.
pub(super) struct InterruptOnDrop(Option<Identity>);

impl InterruptOnDrop {
    pub(super) fn new(pid: i32) -> Self {
        Self(Some(Identity::of(pid)))
    }

    pub(super) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        if let Some(identity) = self.0
            && identity.is_alive()
        {
            identity.signal(Signal::SIGINT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_a_strange_name_is_understood() {
        let text = "42 (a ) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20";
        let stat = Stat::parse(text);
        assert_eq!(stat.as_ref().map(|stat| (stat.name.as_str(), stat.started)), Some(("a ) b (c", 777)));
        assert_eq!(stat.map(|stat| stat.has_ended), Some(false));
    }

    #[test]
    fn a_number_that_was_given_out_again_is_another_process() {
        let me = Identity::of(i32::try_from(std::process::id()).unwrap_or_default());
        assert!(me.is_alive());
        let earlier = Identity { started: me.started.map(|ticks| ticks.wrapping_sub(1)), ..me };
        assert_eq!(earlier.is_alive(), me.started.is_none());
        assert_ne!(me.owner(Path::new("/no/cluster")), Owner::Nobody);
    }

    #[test]
    fn a_file_of_a_server_that_is_still_starting_has_no_socket_yet() {
        let file = PidFile::parse("4711\n/data/pg\n1700000000\n5432\n");
        assert_eq!(file.map(|file| (file.identity.pid(), file.socket_dir)), Some((4711, None)));
        let file = PidFile::parse("4711\n/data/pg\n1700000000\n5432\n/tmp/pintle-1a\n\n");
        assert_eq!(file.and_then(|file| file.socket_dir), Some(PathBuf::from("/tmp/pintle-1a")));
        assert_eq!(PidFile::parse("-4711\n/data/pg\n"), None);
    }
}
