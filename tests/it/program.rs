//! The real program: a node as `pintle dev` starts it, and actors who run the user's commands.

use std::error::Error;
use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

pub(crate) type Tested<T = ()> = Result<T, Box<dyn Error>>;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_pintle");
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// No node takes longer to stop on any machine that is not stuck.
const BOUND: Duration = Duration::from_mins(1);

/// A node with a database of its own, as `pintle dev` starts it.
pub(crate) struct Node {
    process: Child,
    /// Closed when the node has ended.
    ended: mpsc::Receiver<()>,
    pub(crate) address: String,
    pub(crate) folder: TempDir,
}

impl Node {
    pub(crate) fn start() -> Tested<Self> {
        Self::start_with(&[])
    }

    /// Starts a node with variables of its own.
    pub(crate) fn start_with(variables: &[(&str, &str)]) -> Tested<Self> {
        // The database does not run as root, and passes through this folder.
        let open = Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().prefix("pintle-cli-").permissions(open).tempdir()?;
        let mut process = Command::new(PROGRAM)
            .args(["dev", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(folder.path().join("data"))
            .env("PINTLE_ADMIN_PASSWORD", PASSWORD)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.path().join("log"))?)
            .spawn()?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        let ready = lines.find_map(|line| line.ok()?.strip_prefix("pintle is ready: ").map(str::to_owned));
        let (running, ended) = mpsc::channel();
        let node = Self { process, ended, address: ready.clone().unwrap_or_default(), folder };
        // The rest is read, so that the node never waits for a full pipe; its end is the node's.
        std::thread::spawn(move || {
            lines.count();
            drop(running);
        });
        ready.map(|_| node).ok_or_else(|| "the node did not become ready".into())
    }

    /// Stops the node and gives its log.
    pub(crate) fn stop(self) -> Tested<String> {
        self.halt()?;
        Ok(fs::read_to_string(self.folder.path().join("log"))?)
    }

    /// Stops the node; its folder stays, and in it the homes of its actors.
    pub(crate) fn halt(&self) -> Tested {
        kill(Pid::from_raw(i32::try_from(self.process.id())?), Signal::SIGTERM)?;
        let _ = self.ended.recv_timeout(BOUND);
        Ok(())
    }

    /// A person or program with a home directory of its own.
    pub(crate) fn actor(&self) -> Tested<Actor> {
        let home = tempfile::Builder::new().prefix("home-").tempdir_in(self.folder.path())?;
        Ok(Actor { home, server: self.address.clone() })
    }

    /// An actor who is logged in as the admin.
    pub(crate) fn admin(&self) -> Tested<Actor> {
        let actor = self.actor()?;
        actor.run(&["login", "--user", "admin", "--password-stdin"], PASSWORD)?.ends_with(0);
        Ok(actor)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let Ok(pid) = i32::try_from(self.process.id()) else { return };
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        let _ = self.ended.recv_timeout(BOUND);
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

pub(crate) struct Actor {
    pub(crate) home: TempDir,
    pub(crate) server: String,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.out.contains(text), "{text:?} in {self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text:?} in {self:#?}");
        self
    }

    pub(crate) fn json(&self) -> Tested<Value> {
        Ok(serde_json::from_str(&self.out)?)
    }
}

impl Actor {
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("HOME", self.home.path()).env("TMPDIR", self.home.path()).env("PINTLE_SERVER", &self.server);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Tested<Ran> {
        ran(self.command(arguments), input)
    }

    /// Runs a command that must succeed.
    #[track_caller]
    pub(crate) fn does(&self, arguments: &[&str]) -> Tested<Ran> {
        Ok(self.run(arguments, "")?.ends_with(0))
    }

    #[track_caller]
    pub(crate) fn puts(&self, address: &str, content: &str) -> Tested<Ran> {
        Ok(self.run(&["put", address], content)?.ends_with(0))
    }
}

pub(crate) fn ran(mut command: Command, input: &str) -> Tested<Ran> {
    let mut child = command.spawn()?;
    // A command that ends without reading is no failure of the test.
    let _ = child.stdin.take().ok_or("no input")?.write_all(input.as_bytes());
    let output = child.wait_with_output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) })
}

pub(crate) fn write(directory: &Path, path: &str, content: &str) -> Tested {
    let path = directory.join(path);
    fs::create_dir_all(path.parent().ok_or("no parent")?)?;
    Ok(fs::write(path, content)?)
}
