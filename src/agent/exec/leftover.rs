//! The process of an agent that was killed: it goes on without anybody who supervises it, and holds its ports.

use std::io;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

use crate::agent::exec::supervisor::kill_group;

/// How often a process that is no child is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A process known by more than its number, as numbers are given out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leftover {
    pid: Pid,
    /// When it started, in the kernel's ticks since boot.
    started: u64,
}

impl Leftover {
    /// Notes a process that was just started.
    pub(super) fn note(file: &Path, pid: Pid) -> io::Result<()> {
        // A system that tells no start times: a number alone is never enough to end a process.
        let Some(started) = started(pid) else { return Ok(()) };
        std::fs::write(file, format!("{pid} {started}\n"))
    }

    /// There is nothing to stop any more.
    pub(super) fn forget(file: &Path) {
        match std::fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::debug!(%error, file = %file.display(), "a note could not be removed");
            }
            Ok(()) | Err(_) => (),
        }
    }

    /// Stops the process that a file notes, if it is still that one.
    pub(super) async fn stop(file: &Path, signal: Signal, patience: Duration) {
        if let Some(leftover) = Self::read(file) {
            leftover.end(signal, patience).await;
        }
        Self::forget(file);
    }

    fn read(file: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(file).ok()?;
        let (pid, started) = text.trim().split_once(' ')?;
        let pid = pid.parse().ok().filter(|pid| *pid > 1).map(Pid::from_raw)?;
        Some(Self { pid, started: started.parse().ok()? })
    }

    fn is_alive(self) -> bool {
        started(self.pid) == Some(self.started)
    }

    async fn end(self, signal: Signal, patience: Duration) {
        if !self.is_alive() {
            return;
        }
        tracing::warn!(pid = %self.pid, "the service of an agent that was killed still runs and is stopped");
        if let Err(error) = kill(self.pid, signal) {
            tracing::warn!(pid = %self.pid, %error, "it takes no signal");
        }
        let until = Instant::now() + patience;
        while self.is_alive() && Instant::now() < until {
            sleep(LOOK_EVERY).await;
        }
        if self.is_alive() {
            kill_group(self.pid);
        }
    }
}

/// When a process started, unless it has ended: the 22nd field of `/proc/PID/stat`, see proc(5).
fn started(pid: Pid) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let has_ended = matches!(fields.next()?, "Z" | "X");
    let started = fields.nth(18)?.parse().ok()?;
    (!has_ended).then_some(started)
}
