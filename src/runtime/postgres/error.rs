//! What can go wrong, each as one sentence with its remedy.

use std::io;
use std::path::{Path, PathBuf};

use super::OLDEST_MAJOR;

/// Why the private Postgres did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No server programs anywhere.
    #[error(
        "PostgreSQL's server programs (initdb, postgres) are not on this machine: install them, with \
         `apt-get install postgresql` on Debian and Ubuntu, `dnf install postgresql-server` on Fedora or \
         `brew install postgresql` on macOS"
    )]
    NoPrograms,
    /// Only versions before [`OLDEST_MAJOR`].
    #[error(
        "only PostgreSQL {found} is on this machine and Pintle needs {OLDEST_MAJOR} or newer: install a newer one \
         (on Debian and Ubuntu: `apt-get install postgresql`)"
    )]
    TooOld {
        /// The versions found, separated by commas.
        found: String,
    },
    /// The folder named explicitly has no usable server programs.
    #[error("{} has no PostgreSQL server programs (initdb and postgres) that the user {user} can run", folder.display())]
    NotPrograms {
        /// The folder that was named.
        folder: PathBuf,
        /// The user who would run them.
        user: String,
    },
    /// The cluster was made by another major version than any that is installed.
    #[error(
        "the database in {} was made by PostgreSQL {made_by}, and installed is {installed}: install PostgreSQL {made_by} \
         (on Debian and Ubuntu: `apt-get install postgresql-{made_by}`), or dump the data with it and load it into a \
         new data folder", folder.display()
    )]
    OtherMajor {
        /// The data folder.
        folder: PathBuf,
        /// The major version that made the cluster.
        made_by: u32,
        /// The versions found, separated by commas.
        installed: String,
    },
    /// A folder with things in it that are not ours.
    #[error("{} is not a Pintle data folder and not empty: choose a new or an empty folder", folder.display())]
    NotOurs {
        /// The folder.
        folder: PathBuf,
    },
    /// A newer Pintle has changed the layout of the folder.
    #[error(
        "{} was made by a newer Pintle (layout {layout}, and this one knows {known}): use the newer Pintle",
        folder.display()
    )]
    NewerLayout {
        /// The data folder.
        folder: PathBuf,
        /// Its layout.
        layout: u32,
        /// The newest layout known here.
        known: u32,
    },
    /// The folder belongs to another user.
    #[error("{} belongs to the user {owner}: run Pintle as {owner}, or choose a folder of your own", folder.display())]
    NotOwner {
        /// The folder.
        folder: PathBuf,
        /// Its owner.
        owner: String,
    },
    /// Run as root, and there is no user to run the server.
    #[error(
        "PostgreSQL refuses to run as root, and this machine has neither a user `postgres` nor a user `nobody`: \
         run Pintle as an ordinary user"
    )]
    NoUser,
    /// Run as root, and the server's user cannot enter the folder.
    #[error(
        "PostgreSQL refuses to run as root, and the user {user}, who runs it instead, cannot enter {}, because {} is \
         closed to that user: choose a data folder outside of it, such as {}",
        folder.display(), closed.display(), instead.display()
    )]
    Unreachable {
        /// The data folder.
        folder: PathBuf,
        /// The folder above it, or itself, that lets the user not pass.
        closed: PathBuf,
        /// The user who runs the server.
        user: String,
        /// A folder that would work.
        instead: PathBuf,
    },
    /// Another Pintle uses the folder.
    #[error("{} is in use by another Pintle ({holder}): stop that one first, or choose another folder", folder.display())]
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// Its process, as in `process 4711`.
        holder: String,
    },
    /// No private folder for the socket could be had.
    #[error("no private folder for PostgreSQL's socket: {reasons}")]
    NoSocketFolder {
        /// What is wrong with each place that was tried.
        reasons: String,
    },
    /// `initdb`, or making the database after it, failed.
    #[error("the database could not be made in {}: {output}", folder.display())]
    Init {
        /// The data folder.
        folder: PathBuf,
        /// What the program said.
        output: String,
    },
    /// The server ended while it started.
    #[error("PostgreSQL ended while it started; the end of {}:\n{tail}", log.display())]
    Ended {
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// The server runs and accepts no connection within the time allowed.
    #[error("PostgreSQL accepted no connection within five minutes and was stopped; the end of {}:\n{tail}", log.display())]
    TooLong {
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// The server runs and refuses the connection for a reason that waiting does not cure.
    #[error("PostgreSQL runs and refuses the connection: {message}")]
    Refused {
        /// What it answered.
        message: String,
    },
    /// A server of an earlier run neither answers nor ends.
    #[error("a PostgreSQL of an earlier run (process {pid}) neither answers nor ends: end it with `kill -QUIT {pid}`")]
    InTheWay {
        /// Its process.
        pid: i32,
    },
    /// No server of this folder runs.
    #[error("no PostgreSQL runs in {}: start it with `pintle dev` first", folder.display())]
    NotRunning {
        /// The data folder.
        folder: PathBuf,
    },
    /// The operating system refused something.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl StartError {
    pub(super) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }
}

/// Why the private Postgres did not stop.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// It was told twice and still runs.
    #[error("PostgreSQL (process {pid}) did not stop: the next start adopts it, or end it with `kill -QUIT {pid}`")]
    StillRunning {
        /// Its process.
        pid: i32,
    },
}
