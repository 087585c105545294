//! The private Postgres of `pintle dev`: found on the machine, made in a data folder, started, adopted and stopped.
//!
//! A data folder holds
//!
//! ```text
//! pintle-data   the marker: this folder is ours, and the version of its layout
//! lock          held (flock) by the one Pintle that uses the folder, with its process id
//! pg/           the database cluster (PGDATA), owned by the user who runs the server
//! log/          what the server says
//! ```
//!
//! The server listens on a Unix socket in a private folder and on nothing else, so that folder's permissions are the
//! authentication. It has its own process group: a terminal's Ctrl-C reaches only Pintle, which drains first and then
//! calls [`PrivatePostgres::stop`]. A Pintle that was killed leaves the server running; the next one adopts it.
//!
//! Nothing here speaks SQL. The only bytes exchanged with the server are those of the start-up handshake, in `probe`.

mod binaries;
mod clients;
mod environment;
mod error;
mod folder;
mod init;
mod log;
mod probe;
mod process;
mod sockets;
mod user;
mod wait;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::interval;

use self::binaries::Installation;
use self::folder::DataFolder;
use self::log::Log;
use self::process::{Identity, Owner, PidFile, Process};
use self::user::ServerUser;
use self::wait::{Outcome, Patience};

pub use self::clients::{LoadError, load_dump};
pub use self::environment::{Environment, default_data_dir};
pub use self::error::{StartError, StopError};
pub use self::process::Exit;

/// The oldest major version of Postgres that Pintle works with.
pub const OLDEST_MAJOR: u32 = 14;

/// How often a server that found its predecessor still ending is started again, and how far apart.
const ENDING_TRIES: u32 = 60;
const ENDING_PAUSE: Duration = Duration::from_millis(500);

/// What a server says of a predecessor that is still ending: its processes outlived it and hold the shared memory, or it
/// was told to stop so early that it took the folder only afterwards.
const STILL_ENDING: [&str; 2] = ["shared memory block", "lock file \"postmaster.pid\""];

/// How often a running server is looked at: whether an adopted one still lives, and how long its log has grown.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The data folder. It is made if it is not there, used if it is empty or ours, and otherwise refused.
    pub data_dir: PathBuf,
    /// The folder of Postgres's server programs (`initdb`, `postgres`); without one they are looked for.
    pub binaries: Option<PathBuf>,
    /// What is known from the environment of this process.
    pub environment: Environment,
}

/// A running Postgres that belongs to one data folder and to this process.
///
/// Dropping it stops nothing, as being killed would not: the server goes on and the next start adopts it.
#[derive(Debug)]
pub struct PrivatePostgres {
    process: Process,
    socket_dir: PathBuf,
    log: Log,
    /// Keeps every other Pintle out of the folder.
    _folder: DataFolder,
}

impl PrivatePostgres {
    /// Starts the server of a data folder, or adopts the one that a killed Pintle left, and returns once it accepts
    /// connections to the database `pintle`.
    ///
    /// The first start makes the folder and the cluster, which takes some seconds. A start after a crash may take as
    /// long as the recovery, for which five minutes are given. If the returned future is dropped, a server that it was
    /// starting is told to stop.
    ///
    /// # Errors
    ///
    /// Every [`StartError`] says what to do about it.
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        let found = folder::inspect(&options.data_dir)?;
        let user = ServerUser::choose(&options.data_dir)?;
        let installation = binaries::find(options, &user, found.major())?;
        user.check_reach(&installation, &options.data_dir)?;
        let folder = folder::prepare(&options.data_dir, &user)?;
        user.check_reach(&installation, folder.root())?;

        let log = Log::open_in(&folder.log())?;
        let cluster = Cluster { folder, user, installation, log };
        if let Some((process, socket_dir)) = cluster.adopt().await? {
            return Ok(cluster.into_running(process, socket_dir));
        }
        init::ensure(&cluster.folder, &cluster.user, &cluster.installation).await?;
        let socket_dir = sockets::make(&options.environment, cluster.folder.root(), &cluster.user)?;
        sockets::clear(&socket_dir);
        cluster.log.rotate()?;
        let process = cluster.launch_patiently(&socket_dir).await?;
        Ok(cluster.into_running(process, socket_dir))
    }

    /// Where to connect: `postgres://pintle@<socket folder, percent-encoded>:5432/pintle`, for sqlx and for libpq.
    #[must_use]
    pub fn url(&self) -> String {
        sockets::url(&self.socket_dir)
    }

    /// The process id of the server's first process, the postmaster.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// The folder that holds the server's socket.
    #[must_use]
    pub fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Waits until the server has ended by itself, or because someone else ended it.
    ///
    /// Meanwhile it keeps the server's log within its bounds, so poll it for as long as the server runs. It may be
    /// dropped and called again. After it has returned, [`start`](Self::start) makes a new server once this value is gone.
    pub async fn exited(&mut self) -> Exit {
        let mut watch = interval(WATCH_EVERY);
        loop {
            tokio::select! {
                exit = self.process.ended() => return exit,
                _ = watch.tick() => self.log.trim(),
            }
        }
    }

    /// Stops the server: open connections are cut, what is committed is written out, and then the folder is released.
    ///
    /// It waits a minute for that and then tells the server to end at once, which costs the next start a recovery but
    /// no committed change. A server that has already ended is no error.
    ///
    /// # Errors
    ///
    /// [`StopError`] when the server is still there after all that.
    pub async fn stop(mut self) -> Result<(), StopError> {
        self.process.stop().await?;
        sockets::discard(&self.socket_dir);
        Ok(())
    }
}

/// The URL of the database in a data folder whose server runs, for a command beside a running `pintle dev`.
///
/// # Errors
///
/// [`StartError::NotRunning`] when no server of that folder answers; [`StartError::NotOurs`] and
/// [`StartError::NotOwner`] as for a start; [`StartError::Io`] when the folder cannot be read.
pub async fn running_url(data_dir: &Path) -> Result<String, StartError> {
    let not_running = || StartError::NotRunning { folder: data_dir.to_owned() };
    if matches!(folder::inspect(data_dir)?, folder::Found::Absent | folder::Found::Empty) {
        return Err(not_running());
    }
    let pg = folder::pg_of(&folder::canonical(data_dir)?);
    let Some(file) = PidFile::read(&pg)? else {
        return Err(not_running());
    };
    let Some(socket_dir) = file.socket_dir else {
        return Err(not_running());
    };
    if file.identity.owner(&pg) == Owner::Other
        || !sockets::is_private(&socket_dir, ServerUser::choose(data_dir)?.uid())
    {
        return Err(not_running());
    }
    match probe::ask(&socket_dir).await {
        probe::Answer::Ready { pid } if file.identity.may_be(pid) => Ok(sockets::url(&socket_dir)),
        probe::Answer::Ready { .. } | probe::Answer::NotYet(_) | probe::Answer::Refused(_) | probe::Answer::Silent => {
            Err(not_running())
        }
    }
}

/// Everything that is settled before the server runs.
struct Cluster {
    folder: DataFolder,
    user: ServerUser,
    installation: Installation,
    log: Log,
}

impl Cluster {
    fn into_running(self, process: Process, socket_dir: PathBuf) -> PrivatePostgres {
        tracing::info!(pid = process.pid(), version = %self.installation.version, "the private PostgreSQL accepts connections");
        PrivatePostgres { process, socket_dir, log: self.log, _folder: self.folder }
    }

    /// Takes over a server of this folder that still runs, or stops it when it does not answer where it should.
    async fn adopt(&self) -> Result<Option<(Process, PathBuf)>, StartError> {
        let pg = self.folder.pg();
        let Some(file) = PidFile::read(&pg)? else {
            return Ok(None);
        };
        let identity = file.identity;
        match identity.owner(&pg) {
            Owner::Nobody | Owner::Other => {
                // A number that was given out again, or whose process ended and was never collected, looks to
                // PostgreSQL like a running server. Processes that outlived theirs it knows by their shared memory.
                PidFile::remove(&pg)?;
                return Ok(None);
            }
            Owner::Cluster => {}
        }
        let pid = identity.pid();
        tracing::info!(pid, "a PostgreSQL of an earlier run is still there");
        let socket = || PidFile::read(&pg).ok().flatten().and_then(|file| file.socket_dir);
        let outcome = wait::until_ready(identity, Patience::ADOPTING, socket, || !identity.is_alive()).await;
        let mut process = Process::Adopted(identity);
        match (outcome, socket()) {
            (Outcome::Gone, _) => return Ok(None),
            (Outcome::Ready, Some(dir)) if sockets::is_private(&dir, self.user.uid()) => {
                return Ok(Some((process, dir)));
            }
            (Outcome::Ready | Outcome::Silent | Outcome::Refused(_) | Outcome::TooLong, _) => {}
        }
        tracing::warn!(pid, "the PostgreSQL of an earlier run does not answer: it is stopped");
        process.stop().await.map_err(|StopError::StillRunning { pid }| StartError::InTheWay { pid })?;
        Ok(None)
    }

    /// Starts the server, again and again for half a minute while an earlier one is still ending.
    async fn launch_patiently(&self, socket_dir: &Path) -> Result<Process, StartError> {
        let mut pause = interval(ENDING_PAUSE);
        let mut left = ENDING_TRIES;
        loop {
            pause.tick().await;
            match self.launch(socket_dir).await {
                Err(StartError::Ended { tail, .. })
                    if left > 0 && STILL_ENDING.iter().any(|reason| tail.contains(reason)) =>
                {
                    if left == ENDING_TRIES {
                        tracing::info!("the last PostgreSQL is still ending");
                    }
                    left -= 1;
                }
                done => return done,
            }
        }
    }

    async fn launch(&self, socket_dir: &Path) -> Result<Process, StartError> {
        let mut command = self.user.command(&self.installation.postgres());
        command.args(process::arguments(&self.folder.pg(), socket_dir));
        command.stdout(self.log.append()?).stderr(self.log.append()?).process_group(0);
        let mut process =
            Process::spawn(command).map_err(|source| StartError::io("start", &self.installation.postgres(), source))?;
        let guard = process::InterruptOnDrop::new(process.pid());
        let identity = Identity::of(process.pid());
        let socket = || Some(socket_dir.to_owned());
        let outcome = wait::until_ready(identity, Patience::STARTING, socket, || process.has_ended()).await;
        let error = match outcome {
            Outcome::Ready => {
                guard.disarm();
                return Ok(process);
            }
            Outcome::Gone => StartError::Ended { log: self.log.path().to_owned(), tail: self.log.tail() },
            Outcome::Refused(message) => StartError::Refused { message },
            Outcome::Silent | Outcome::TooLong => {
                StartError::TooLong { log: self.log.path().to_owned(), tail: self.log.tail() }
            }
        };
        // A second failure would only hide the first.
        let _ = process.stop().await;
        guard.disarm();
        Err(error)
    }
}
