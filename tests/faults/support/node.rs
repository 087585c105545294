//! Nodes: real `pintle` processes.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use super::http::{Caller, client};
use super::postgres::{free_port, signal};
use super::{BOUND, Place, Tested, ensure, eventually};

/// The preset password of the first admin.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The program under test.
pub(crate) fn pintle() -> Command {
    program(Path::new(env!("CARGO_BIN_EXE_pintle")))
}

/// Another build of it.
pub(crate) fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("HOME", "/nonexistent").stdin(Stdio::null());
    command
}

/// A process whose output goes to a file. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    out: PathBuf,
}

impl Process {
    pub(crate) fn spawn(mut command: Command, out: PathBuf) -> Tested<Self> {
        let file = OpenOptions::new().create(true).write(true).truncate(true).open(&out)?;
        let log = append(&out.with_extension("err"))?;
        let child = command.stdout(file).stderr(log).spawn()?;
        Ok(Self { child, out })
    }

    pub(crate) fn pid(&self) -> Tested<i32> {
        Ok(i32::try_from(self.child.id())?)
    }

    /// What it has written to standard output.
    pub(crate) fn output(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap_or_default()
    }

    /// What it has written to standard error, and those before it at the same place.
    pub(crate) fn errors(&self) -> String {
        std::fs::read_to_string(self.out.with_extension("err")).unwrap_or_default()
    }

    /// Waits for the line that says it is ready, and gives its address.
    pub(crate) async fn ready(&mut self, most: Duration) -> Tested<String> {
        eventually("pintle is ready", most, async || {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(Err(format!("pintle ended: {status}: {}", tail(&self.errors())))));
            }
            let output = self.output();
            let line = output.split_inclusive('\n').find_map(|line| line.strip_prefix("pintle is ready: "));
            Ok(line.filter(|line| line.ends_with('\n')).map(|line| Ok(line.trim().to_owned())))
        })
        .await?
        .map_err(Into::into)
    }

    /// Waits for the end, and says the exit code and the errors.
    pub(crate) async fn ended(&mut self, most: Duration) -> Tested<(Option<i32>, String)> {
        let status = eventually("pintle ended", most, async || Ok(self.child.try_wait()?)).await?;
        Ok((status.code(), self.errors()))
    }

    /// Stops it as a service manager does.
    pub(crate) async fn stop(&mut self) -> Tested {
        self.signal(Signal::SIGTERM)?;
        let (code, errors) = self.ended(BOUND).await?;
        ensure(code == Some(0), || format!("{code:?}: {}", tail(&errors)))
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub(crate) fn signal(&self, what: Signal) -> Tested {
        signal(self.pid()?, what);
        Ok(())
    }

    pub(crate) fn kill(&mut self) -> Tested {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

fn append(path: &std::path::Path) -> Tested<File> {
    Ok(OpenOptions::new().append(true).create(true).open(path)?)
}

/// The end of a log.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().rev().take(20).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

/// A node on a database, which keeps its port when it is started again.
#[derive(Debug)]
pub(crate) struct Node {
    name: String,
    folder: PathBuf,
    database_url: String,
    arguments: Vec<String>,
    environment: Vec<(String, PathBuf)>,
    port: u16,
    /// Another one than the one under test.
    program: Option<PathBuf>,
    process: Option<Process>,
}

impl Node {
    pub(crate) fn new(place: &Place, name: &str, database_url: &str) -> Tested<Self> {
        Ok(Self {
            name: name.to_owned(),
            folder: place.path().to_owned(),
            database_url: database_url.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
            port: free_port()?,
            program: None,
            process: None,
        })
    }

    /// With more arguments of `pintle serve`.
    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        for argument in arguments {
            self.add_argument(argument);
        }
        self
    }

    /// From its next start on with one more.
    pub(crate) fn add_argument(&mut self, argument: &str) {
        self.arguments.push(argument.to_owned());
    }

    /// Of another program, or of the one under test.
    pub(crate) fn run_by(mut self, program: Option<PathBuf>) -> Self {
        self.program = program;
        self
    }

    /// With a wall clock that is as far off as a file says, such as `+90.0` seconds. The monotonic clock stays true.
    pub(crate) fn with_clock(mut self, offset: &Path) -> Tested<Self> {
        let library = ["x86_64-linux-gnu/faketime", "aarch64-linux-gnu/faketime", "faketime"]
            .map(|folder| Path::new("/usr/lib").join(folder).join("libfaketimeMT.so.1"))
            .into_iter()
            .find(|path| path.exists());
        let library = library.ok_or("libfaketime is missing: run scripts/setup.sh test")?;
        let clock = [
            ("LD_PRELOAD", library),
            ("FAKETIME_TIMESTAMP_FILE", offset.to_owned()),
            ("FAKETIME_CACHE_DURATION", PathBuf::from("1")),
            ("FAKETIME_DONT_FAKE_MONOTONIC", PathBuf::from("1")),
            // What is shared between processes would be left behind by a kill.
            ("FAKETIME_DISABLE_SHM", PathBuf::from("1")),
        ];
        self.environment.extend(clock.map(|(name, value)| (name.to_owned(), value)));
        Ok(self)
    }

    pub(crate) async fn start(&mut self) -> Tested {
        self.launch()?;
        self.process_mut()?.ready(BOUND).await.map(drop).map_err(|error| format!("{}: {error}", self.name).into())
    }

    /// Starts it without waiting.
    pub(crate) fn launch(&mut self) -> Tested {
        let mut command = self.program.as_deref().map_or_else(pintle, program);
        command.env("DATABASE_URL", &self.database_url).env("PINTLE_ADMIN_PASSWORD", PASSWORD);
        // Each publish that is not served while the database is away would be a line.
        command.env("PINTLE_LOG", "info,pintle::http=error,sqlx=warn");
        command.args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)]).args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        self.process = Some(Process::spawn(command, self.folder.join(format!("{}.out", self.name)))?);
        Ok(())
    }

    pub(crate) fn process(&self) -> Tested<&Process> {
        self.process.as_ref().ok_or_else(|| format!("{} does not run", self.name).into())
    }

    pub(crate) fn process_mut(&mut self) -> Tested<&mut Process> {
        self.process.as_mut().ok_or_else(|| format!("{} does not run", self.name).into())
    }

    pub(crate) fn kill(&mut self) -> Tested {
        self.process_mut()?.kill()
    }

    /// What it logged.
    pub(crate) fn log(&self) -> String {
        self.process().map(Process::errors).unwrap_or_default()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A caller of this node who shows a token.
    pub(crate) fn caller(&self, token: &str) -> Tested<Caller> {
        Ok(Caller { http: client()?, url: self.url(), token: token.to_owned() })
    }

    /// Logs the admin in, makes `dev/app`, and gives a caller with an API token.
    pub(crate) async fn set_up(&self) -> Tested<Caller> {
        let caller = log_in(&self.url(), PASSWORD).await?;
        caller.put_json("/api/v1/environments/dev", json!({})).await?.expect(200)?;
        caller.put_json("/api/v1/environments/dev/namespaces/app", json!({})).await?.expect(200)?;
        Ok(caller)
    }
}

/// Logs the admin in and gives a caller with an API token.
pub(crate) async fn log_in(url: &str, password: &str) -> Tested<Caller> {
    let mut caller = Caller { http: client()?, url: url.to_owned(), token: String::new() };
    let answer = caller.post_json("/api/v1/session", &json!({"name": "admin", "password": password})).await?;
    ensure(answer.status.is_success(), || format!("login: {} {}", answer.status, answer.text()))?;
    caller.token = answer.json::<pintle::api::accounts::SessionView>()?.token.unwrap_or_default();
    let answer = caller.post_json("/api/v1/tokens", &json!({"name": "faults"})).await?;
    ensure(answer.status.is_success(), || format!("token: {} {}", answer.status, answer.text()))?;
    caller.token = answer.json::<pintle::api::tokens::NewTokenView>()?.token;
    Ok(caller)
}
