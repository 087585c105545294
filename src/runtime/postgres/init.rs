//! Making the cluster and the database in it, once per data folder, all or nothing.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Command;
use uuid::Uuid;

use super::binaries::Installation;
use super::error::StartError;
use super::folder::{self, DataFolder};
use super::user::ServerUser;

/// The name of an unfinished cluster begins so. The rest is never used again, as an `initdb` whose Pintle was killed may
/// still be writing to its own.
const UNFINISHED: &str = "unfinished-";

/// The locales to try, the best first: `C.UTF-8` knows the letters of all languages and does not change with the
/// system's C library; not every system has it.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

/// Makes the cluster if the folder has none.
///
/// It is made under another name and gets its own when it is complete, so that a start cut in the middle leaves
/// nothing that looks like a cluster.
pub(super) async fn ensure(folder: &DataFolder, user: &ServerUser, programs: &Installation) -> Result<(), StartError> {
    discard_unfinished(folder.root());
    if folder.pg().exists() {
        return Ok(());
    }
    tracing::info!(folder = %folder.root().display(), version = %programs.version, "making the database, once");
    let mut failure = String::new();
    for locale in LOCALES {
        let unfinished = folder.root().join(format!("{UNFINISHED}{}", never_used()));
        folder::make_private(&unfinished)?;
        user.give(&unfinished)?;
        match fill(&unfinished, locale, user, programs).await? {
            Ok(()) => return publish(&unfinished, folder),
            Err(output) => failure = output,
        }
    }
    discard_unfinished(folder.root());
    Err(StartError::Init { folder: folder.root().to_owned(), output: failure })
}

#[expect(clippy::disallowed_methods, reason = "a name that nobody has to foresee")]
fn never_used() -> Uuid {
    Uuid::new_v4()
}

/// Makes a cluster with its database in an empty folder; the inner error is what the failing program said.
async fn fill(
    unfinished: &Path,
    locale: &str,
    user: &ServerUser,
    programs: &Installation,
) -> Result<Result<(), String>, StartError> {
    let initdb = programs.initdb();
    let mut command = user.command(&initdb);
    command.arg("--pgdata").arg(unfinished).arg(format!("--locale={locale}"));
    command.args(["--encoding=UTF8", "--username=pintle", "--data-checksums", "--no-instructions"]);
    command.args(["--auth-local=trust", "--auth-host=reject"]);
    let done = output(command).await.map_err(|source| StartError::io("run", &initdb, source))?;
    if !done.status.success() {
        return Ok(Err(said(&done.stderr)));
    }

    // The server itself as a program for one user, reading commands from its input: no other program is needed.
    let postgres = programs.postgres();
    let io = |source| StartError::io("run", &postgres, source);
    let mut command = user.command(&postgres);
    command.arg("--single").args(["-c", "exit_on_error=on"]).arg("-D").arg(unfinished).arg("postgres");
    command.stdin(input("CREATE DATABASE pintle\n").map_err(io)?);
    let done = output(command).await.map_err(io)?;
    Ok(if done.status.success() { Ok(()) } else { Err(said(&done.stderr)) })
}

/// Runs a program to its end. If nobody waits for it any more it is killed, together with those that it has started:
/// `initdb` leaves the writing to others.
async fn output(mut command: Command) -> std::io::Result<Output> {
    let child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let group = KillOnDrop(child.id().and_then(|pid| i32::try_from(pid).ok()));
    let output = child.wait_with_output().await?;
    group.disarm();
    Ok(output)
}

struct KillOnDrop(Option<i32>);

impl KillOnDrop {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

/// A pipe that holds a short text and then ends. It fits into the pipe's buffer, so writing it does not wait.
fn input(text: &str) -> std::io::Result<Stdio> {
    let (reader, mut writer) = std::io::pipe()?;
    writer.write_all(text.as_bytes())?;
    Ok(Stdio::from(reader))
}

fn publish(unfinished: &Path, folder: &DataFolder) -> Result<(), StartError> {
    let root = folder.root();
    std::fs::rename(unfinished, folder.pg())
        .and_then(|()| std::fs::File::open(root)?.sync_all())
        .map_err(|source| StartError::io("complete", &folder.pg(), source))
}

/// Removes what earlier starts did not complete. One that is still being written to stays until a later start.
fn discard_unfinished(root: &Path) {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let unfinished = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED));
    for path in unfinished.map(|entry| entry.path()).collect::<Vec<PathBuf>>() {
        if let Err(error) = std::fs::remove_dir_all(&path) {
            tracing::warn!(path = %path.display(), %error, "an unfinished database cannot be removed");
        }
    }
}

fn said(stderr: &[u8]) -> String {
    String::from_utf8_lossy(stderr).trim().to_owned()
}
