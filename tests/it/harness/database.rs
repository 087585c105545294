//! The databases of the tests: one private PostgreSQL for the whole run, one fresh database for each test.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pintle::runtime::postgres::{Environment, Options, PrivatePostgres};
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Tests that hold a database at the same time: PostgreSQL has 50 connections for all their nodes.
static PLACES: Semaphore = Semaphore::const_new(4);
/// Numbers the databases.
static NEXT: AtomicU32 = AtomicU32::new(1);
/// The server of all tests that do not need one of their own.
static SHARED: OnceLock<Server> = OnceLock::new();

/// A running PostgreSQL in a temporary folder. It ends with this process, however this process ends.
#[derive(Debug)]
pub(crate) struct Server {
    url: String,
    pid: Pid,
    /// Ends the server when it is dropped or this process is gone.
    _watchdog: Watchdog,
}

impl Server {
    /// The server of this run, started by the first test that asks.
    pub(crate) fn shared() -> &'static Self {
        SHARED.get_or_init(Self::start)
    }

    /// Another server, for a test that stops it.
    pub(crate) fn start() -> Self {
        // A thread of its own, because the runtime of the test that starts the server ends before the server does.
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                // Open to others, since run as root the server has another user.
                let mode = Permissions::from_mode(0o755);
                let folder = tempfile::Builder::new().prefix("pintle-it-").permissions(mode).tempdir().unwrap();
                let environment =
                    Environment { path: Some("/usr/local/bin:/usr/bin:/bin".into()), ..Environment::default() };
                let data_dir = folder.path().join("data");
                let postgres =
                    PrivatePostgres::start(&Options { data_dir, binaries: None, environment }).await.unwrap();
                let watchdog = Watchdog::start(postgres.pid(), folder, postgres.socket_dir());
                Self { url: postgres.url(), pid: Pid::from_raw(postgres.pid()), _watchdog: watchdog }
            })
        })
        .join()
        .unwrap()
    }

    /// Makes an empty database.
    pub(crate) async fn create_database(&'static self) -> Database {
        let place = PLACES.acquire().await.unwrap();
        let name = format!("it_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.run(&format!("CREATE DATABASE {name}")).await;
        let url = format!("{}/{name}", self.url.strip_suffix("/pintle").unwrap());
        Database { server: self, name, url, _place: place }
    }

    /// Stops every process of the server, as a machine that hangs would: nothing answers, nothing is refused.
    pub(crate) fn pause(&self) {
        self.signal_all(Signal::SIGSTOP);
    }

    /// Lets a paused server go on.
    pub(crate) fn resume(&self) {
        self.signal_all(Signal::SIGCONT);
    }

    fn signal_all(&self, signal: Signal) {
        kill(self.pid, signal).unwrap();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", &self.pid.to_string()]).output().unwrap();
        for child in String::from_utf8(children.stdout).unwrap().split_whitespace() {
            // One that has just ended is no loss.
            let _ = kill(Pid::from_raw(child.parse().unwrap()), signal);
        }
    }

    async fn run(&self, command: &str) {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(command.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// A shell that waits for the end of its standard input, which comes when this process ends, and then clears up.
#[derive(Debug)]
struct Watchdog(Child);

impl Watchdog {
    fn start(postgres: i32, folder: TempDir, sockets: &Path) -> Self {
        let script = "read -r _; kill -CONT -- \"-$1\"; kill -QUIT \"$1\"; \
                      while kill -0 \"$1\"; do sleep 0.1; done; rm -rf \"$2\" \"$3\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, "watchdog", &postgres.to_string()]).arg(folder.keep()).arg(sockets);
        // A group of its own, so that a terminal's Ctrl-C does not end it before its work.
        let group = std::os::unix::process::CommandExt::process_group(&mut command, 0);
        Self(group.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// An empty database of one test.
#[derive(Debug)]
pub(crate) struct Database {
    server: &'static Server,
    name: String,
    url: String,
    _place: SemaphorePermit<'static>,
}

impl Database {
    /// Where to connect.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Runs SQL for what the API does not offer.
    pub(crate) async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// Runs SQL and forgets its result.
    pub(crate) async fn connect_and_run(&self, query: &str) {
        sqlx::raw_sql(sqlx::AssertSqlSafe(query.to_owned())).execute(&mut self.connect().await).await.unwrap();
    }

    /// The first value of a query.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        use sqlx::Row as _;
        let row =
            sqlx::raw_sql(sqlx::AssertSqlSafe(query.to_owned())).fetch_one(&mut self.connect().await).await.unwrap();
        row.get(0)
    }

    /// Removes it.
    pub(crate) async fn drop(self) {
        self.server.run(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
    }
}
