//! PostgreSQL clusters on plain server programs, to be killed, stopped, replicated and promoted.

use std::fs::{File, OpenOptions};
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, User, geteuid};

use super::{BOUND, Place, Tested, ensure, eventually};

/// Small, and with a write-ahead log that is short to replay. What makes commits durable is left on.
const SETTINGS: &str = "
shared_buffers = 16MB
max_connections = 120
max_wal_senders = 4
wal_keep_size = 256MB
checkpoint_timeout = 30s
max_wal_size = 64MB
log_checkpoints = off
autovacuum_naptime = 5s
jit = off
unix_socket_permissions = 0777
";

/// The folder of the newest server programs.
pub(crate) fn programs() -> Tested<PathBuf> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/postgres.sh");
    let found = Command::new(script).arg("where").output()?;
    ensure(found.status.success(), || "PostgreSQL's server programs are missing: run scripts/setup.sh".to_owned())?;
    Ok(PathBuf::from(String::from_utf8(found.stdout)?.trim()))
}

/// One of the programs: beside the server, beside what its link leads to, or wherever `PATH` finds it.
fn program(bin: &Path, name: &str) -> PathBuf {
    let real = bin.join("postgres").canonicalize().ok();
    let folders = [Some(bin.to_owned()), real.as_deref().and_then(Path::parent).map(Path::to_owned)];
    let found = folders.into_iter().flatten().map(|folder| folder.join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| PathBuf::from(name))
}

/// A port that is free now.
pub(crate) fn free_port() -> Tested<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Sends a signal to a process, which may have ended meanwhile.
pub(crate) fn signal(pid: i32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid), signal);
}

/// The children of a process.
pub(crate) fn children(of: i32) -> Vec<i32> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_string_lossy().parse::<i32>().ok());
    pids.filter(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace());
        fields.and_then(|mut fields| fields.nth(1)?.parse::<i32>().ok()) == Some(of)
    })
    .collect()
}

/// Runs a program to its end as the user of the servers, and gives what it wrote.
fn run(command: &mut Command) -> Tested<String> {
    let done = command.stdin(Stdio::null()).output();
    let Output { status, stdout, stderr } = done.map_err(|error| format!("{command:?}: {error}"))?;
    ensure(status.success(), || format!("{command:?}: {}", String::from_utf8_lossy(&stderr)))?;
    Ok(String::from_utf8(stdout)?)
}

/// A program as the servers' user: for root that is `postgres` or `nobody`, as PostgreSQL refuses root.
fn as_server(program: &Path) -> Tested<Command> {
    let mut command = Command::new(program);
    command.current_dir("/").env("LC_ALL", "C");
    if geteuid().is_root() {
        let user = server_user()?;
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    Ok(command)
}

fn server_user() -> Tested<User> {
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name)? {
            return Ok(user);
        }
    }
    Err("neither a user postgres nor nobody".into())
}

/// One cluster, running or not. Dropping it kills what runs.
#[derive(Debug)]
pub(crate) struct Cluster {
    folder: PathBuf,
    bin: PathBuf,
    pub(crate) port: u16,
    server: Option<Child>,
}

impl Cluster {
    /// Makes a cluster with an empty database `pintle`, and starts it.
    pub(crate) async fn start_new(place: &Place, name: &str) -> Tested<Self> {
        let mut this = Self::prepare(place, name)?;
        let (initdb, data) = (program(&this.bin, "initdb"), this.data());
        let mut command = as_server(&initdb)?;
        command.args([
            "--auth=trust",
            "--username=pintle",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--no-instructions",
        ]);
        run(command.arg("--pgdata").arg(&data))?;
        let settings = data.join("postgresql.conf");
        let text = std::fs::read_to_string(&settings)?;
        std::fs::write(&settings, format!("{text}{SETTINGS}"))?;
        this.start().await?;
        this.sql_in("postgres", "CREATE DATABASE pintle")?;
        Ok(this)
    }

    /// A streaming standby of this cluster, which receives through `port`: this cluster's own or that of a proxy.
    pub(crate) async fn standby(&self, place: &Place, name: &str, port: u16) -> Tested<Self> {
        let mut this = Self::prepare(place, name)?;
        let mut command = as_server(&program(&this.bin, "pg_basebackup"))?;
        command.args([
            "--checkpoint=fast",
            "--no-sync",
            "--username=pintle",
            "--host=127.0.0.1",
            "-p",
            &self.port.to_string(),
        ]);
        run(command.arg("--pgdata").arg(this.data()))?;
        let settings = this.data().join("postgresql.auto.conf");
        let conninfo = format!("primary_conninfo = 'host=127.0.0.1 port={port} user=pintle application_name={name}'\n");
        std::fs::write(settings, conninfo)?;
        std::fs::write(this.data().join("standby.signal"), "")?;
        this.start().await?;
        Ok(this)
    }

    fn prepare(place: &Place, name: &str) -> Tested<Self> {
        let folder = place.join(name);
        std::fs::DirBuilder::new().mode(0o755).create(&folder)?;
        if geteuid().is_root() {
            let user = server_user()?;
            std::os::unix::fs::chown(&folder, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        Ok(Self { folder, bin: programs()?, port: free_port()?, server: None })
    }

    fn data(&self) -> PathBuf {
        self.folder.join("pg")
    }

    fn log(&self) -> Tested<File> {
        Ok(OpenOptions::new().append(true).create(true).mode(0o644).open(self.folder.join("log"))?)
    }

    /// Says the end of what the server logged.
    pub(crate) fn log_tail(&self) -> String {
        let text = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<_> = text.lines().rev().take(15).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Starts the server, again and again while what is left of a killed one is in its way.
    pub(crate) async fn start(&mut self) -> Tested {
        self.start_with(&[]).await
    }

    /// The same, with settings of the command line, as `name=value`.
    pub(crate) async fn start_with(&mut self, settings: &[&str]) -> Tested {
        let deadline = tokio::time::Instant::now() + BOUND;
        while tokio::time::Instant::now() < deadline {
            self.launch(settings)?;
            let up = eventually("PostgreSQL accepts connections", BOUND, async || {
                if self.has_ended() {
                    return Ok(Some(false));
                }
                Ok(self.sql_in("postgres", "SELECT 1").is_ok().then_some(true))
            });
            if up.await? {
                return Ok(());
            }
        }
        Err(format!("PostgreSQL does not start:\n{}", self.log_tail()).into())
    }

    fn launch(&mut self, settings: &[&str]) -> Tested {
        let mut command = as_server(&program(&self.bin, "postgres"))?;
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        command.arg("-c").arg(format!("unix_socket_directories={}", self.folder.display()));
        for setting in settings {
            command.args(["-c", setting]);
        }
        command.stdin(Stdio::null()).stdout(self.log()?).stderr(self.log()?).process_group(0);
        self.server = Some(command.spawn()?);
        Ok(())
    }

    fn has_ended(&mut self) -> bool {
        self.server.as_mut().is_none_or(|server| !matches!(server.try_wait(), Ok(None)))
    }

    /// The postmaster.
    pub(crate) fn pid(&self) -> Tested<i32> {
        let server = self.server.as_ref().ok_or("the server does not run")?;
        Ok(i32::try_from(server.id())?)
    }

    /// Kills the postmaster and all its children, which are process groups of their own.
    pub(crate) fn kill(&mut self) -> Tested {
        let pid = self.pid()?;
        let children = children(pid);
        signal(pid, Signal::SIGKILL);
        for child in children {
            signal(child, Signal::SIGKILL);
        }
        if let Some(mut server) = self.server.take() {
            server.wait()?;
        }
        Ok(())
    }

    /// Kills only the postmaster; the others notice and end.
    pub(crate) fn kill_postmaster(&mut self) -> Tested {
        signal(self.pid()?, Signal::SIGKILL);
        if let Some(mut server) = self.server.take() {
            server.wait()?;
        }
        Ok(())
    }

    /// Sends a signal to the postmaster and all its children.
    pub(crate) fn signal_all(&self, what: Signal) -> Tested {
        let pid = self.pid()?;
        signal(pid, what);
        for child in children(pid) {
            signal(child, what);
        }
        Ok(())
    }

    /// Stops it with `SIGINT` (fast) or `SIGQUIT` (immediate) and waits for its end.
    pub(crate) async fn stop(&mut self, how: Signal) -> Tested {
        signal(self.pid()?, how);
        eventually("PostgreSQL ended", BOUND, async || Ok(self.has_ended().then_some(()))).await?;
        self.server = None;
        Ok(())
    }

    /// Makes a standby the primary.
    pub(crate) async fn promote(&self) -> Tested {
        self.sql_in("postgres", "SELECT pg_promote(false)")?;
        eventually("the standby is promoted", BOUND, async || {
            Ok((self.sql_in("postgres", "SELECT pg_is_in_recovery()")? == "f").then_some(()))
        })
        .await
    }

    /// The URL of the database over TCP.
    pub(crate) fn url(&self) -> String {
        format!("postgres://pintle@127.0.0.1:{}/pintle", self.port)
    }

    /// The host and port, for an URL of several.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Runs SQL in the database `pintle` and gives the rows, with `|` between values.
    pub(crate) fn sql(&self, command: &str) -> Tested<String> {
        self.sql_in("pintle", command)
    }

    /// The same as another role.
    pub(crate) fn sql_as(&self, role: &str, command: &str) -> Tested<String> {
        sql(&self.url().replace("pintle@", &format!("{role}@")), command)
    }

    pub(crate) fn sql_in(&self, database: &str, command: &str) -> Tested<String> {
        sql(&format!("postgres://pintle@127.0.0.1:{}/{database}?connect_timeout=2", self.port), command)
    }

    /// Runs another of PostgreSQL's programs against this cluster, with `-p`, `-h` and `-U` given.
    pub(crate) fn client(&self, name: &str, arguments: &[&str]) -> Tested<String> {
        let mut command = Command::new(program(&self.bin, name));
        command.args(["-h", "127.0.0.1", "-U", "pintle", "-p", &self.port.to_string()]).args(arguments);
        run(&mut command)
    }
}

/// Runs SQL at a URL.
pub(crate) fn sql(url: &str, command: &str) -> Tested<String> {
    let arguments =
        ["--no-psqlrc", "--tuples-only", "--no-align", "--quiet", "-v", "ON_ERROR_STOP=1", "--command", command];
    Ok(run(Command::new("psql").env("PGOPTIONS", "").args(arguments).arg(url))?.trim().to_owned())
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// A PgBouncer in front of a cluster. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct PgBouncer {
    port: u16,
    process: Child,
}

impl PgBouncer {
    /// In a pool mode, and with `max_prepared_statements` where it `knows_prepared` statements.
    pub(crate) async fn start(
        place: &Place,
        name: &str,
        cluster: &Cluster,
        mode: &str,
        knows_prepared: bool,
        prepared: u32,
    ) -> Tested<Self> {
        let (port, settings, users) =
            (free_port()?, place.join(&format!("{name}.ini")), place.join(&format!("{name}.txt")));
        let prepared = if knows_prepared { format!("max_prepared_statements = {prepared}\n") } else { String::new() };
        std::fs::write(&users, "\"pintle\" \"\"\n")?;
        std::fs::write(
            &settings,
            format!(
                "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = {mode}\ndefault_pool_size = 40\n\
                 max_client_conn = 100\n{prepared}",
                cluster.port,
                users.display()
            ),
        )?;
        let folders = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin".split(':').map(Path::new);
        let found = folders.map(|folder| folder.join("pgbouncer")).find(|path| path.exists());
        let mut command = as_server(&found.ok_or("pgbouncer is not there")?)?;
        let log = File::create(place.join(&format!("{name}.log")))?;
        command.arg(&settings).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let this = Self { port, process: command.spawn()? };
        eventually("PgBouncer answers", BOUND, async || Ok(Some(sql(&this.url(), "SELECT 1")?))).await?;
        Ok(this)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://pintle@127.0.0.1:{}/pintle", self.port)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
