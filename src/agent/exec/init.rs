//! The first process of a container: it collects the processes that lost their parents, and does nothing else.
//!
//! Collecting any process would take the exits of the agent's own children from those who wait for them. So the first
//! process does not run the agent: it starts the agent as its only child, collects everything, hands signals on, and
//! ends as the agent ends.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpid};
use tokio::signal::unix::{SignalKind, signal};

use crate::agent::exec::signals::Signals;

/// Whether this process is the one that orphans come to.
#[must_use]
pub fn is_first() -> bool {
    getpid() == Pid::from_raw(1)
}

/// Starts this program again, with its own arguments, as the only child, and gives the code to end with.
///
/// Call it first thing when [`is_first`], before any other child exists.
///
/// # Errors
/// When the program cannot be started, or signals cannot be listened to.
pub async fn run() -> io::Result<u8> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1));
    run_command(command).await
}

/// As [`run`], for any command. It must not be started by tokio, which waits for its own children.
///
/// # Errors
/// When it cannot be started, or signals cannot be listened to.
pub async fn run_command(mut command: Command) -> io::Result<u8> {
    let mut forwarded = Signals::listen()?;
    let mut ended = signal(SignalKind::child())?;
    // In a group of its own, so that Ctrl-C does not reach it twice.
    let child = command.process_group(0).spawn()?;
    let child = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
    loop {
        if let Some(code) = collect(child)? {
            return Ok(code);
        }
        tokio::select! {
            _ = ended.recv() => (),
            signal = forwarded.next() => if let Err(error) = kill(child, signal) {
                tracing::debug!(%signal, %error, "a signal found no agent");
            },
        }
    }
}

/// Collects whatever has ended, and gives the code of the child when it is among them.
fn collect(child: Pid) -> io::Result<Option<u8>> {
    loop {
        match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) if pid == child => return Ok(Some(u8::try_from(code).unwrap_or(1))),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == child => return Ok(Some(killed_by(signal))),
            Ok(WaitStatus::StillAlive) => return Ok(None),
            // An orphan: collected by having been asked for.
            Ok(_) | Err(Errno::EINTR) => (),
            Err(error) => return Err(error.into()),
        }
    }
}

/// What shells answer for a process that a signal ended.
fn killed_by(signal: Signal) -> u8 {
    u8::try_from(128 + signal as i32).unwrap_or(1)
}
