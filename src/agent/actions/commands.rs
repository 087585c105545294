//! Running a command of the operator: in a process group of its own, for a bounded time, with bounded output.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::process::Command;
use tokio::time::timeout;

use crate::agent::actions::durations;
use crate::agent::actions::settings::CommandLine;

/// What is kept of an output: its last 64 KiB.
const KEPT: usize = 64 * 1024;
/// What is reported of it: its last 4 KiB.
const REPORTED: usize = 4 * 1024;
/// How long to read on after the command has ended, for what it wrote last. A service that it left running may hold
/// the output open for ever.
const AFTER_END: Duration = Duration::from_millis(250);
/// Variables of the agent itself, such as its token: commands and services do not get them.
const OWN: &str = "PINTLE_";

/// What a command is told about the change it belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// The folder that looks like the targets will; `{stage}` in a command, and `PINTLE_STAGE`.
    pub stage: Option<PathBuf>,
    /// Set for the command, over those of the agent.
    pub variables: BTreeMap<String, String>,
}

/// Why a command did not do what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// There was no way to run it.
    #[error("cannot run `{command}`: {cause}")]
    NotStarted {
        /// The command.
        command: String,
        /// Why.
        cause: String,
    },
    /// It ended with another status than 0.
    #[error("`{command}` ended with {status}")]
    Refused {
        /// The command.
        command: String,
        /// How it ended.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// It did not end in time and was killed with everything it started.
    #[error("`{command}` did not end within {}", durations::show(*limit))]
    TimedOut {
        /// The command.
        command: String,
        /// How long it had.
        limit: Duration,
        /// The end of what it printed.
        output: String,
    },
}

impl CommandError {
    /// The end of what the command printed, at most 4 KiB.
    #[must_use]
    pub fn output(&self) -> Option<&str> {
        match self {
            Self::NotStarted { .. } => None,
            Self::Refused { output, .. } | Self::TimedOut { output, .. } => Some(output),
        }
    }
}

/// Runs a command to its end and gives the end of what it printed, at most 4 KiB.
///
/// Dropping the future kills the command and everything in its process group.
///
/// # Errors
/// When it cannot be started, ends with another status than 0, or not in time.
pub async fn run(line: &CommandLine, about: &Circumstances, limit: Duration) -> Result<String, CommandError> {
    let not_started = |cause: String| CommandError::NotStarted { command: line.to_string(), cause };
    let (reader, writer) = std::io::pipe().map_err(|error| not_started(error.to_string()))?;
    let mut child = {
        let mut command = command(line, about.stage.as_deref()).map_err(not_started)?;
        command.envs(&about.variables);
        if let Some(stage) = &about.stage {
            command.env("PINTLE_STAGE", stage);
        }
        let second = writer.try_clone().map_err(|error| not_started(error.to_string()))?;
        command.stdin(Stdio::null()).stdout(writer).stderr(second).kill_on_drop(true);
        // The command keeps the writing ends: with it they go, and the child's are the last ones.
        command.spawn().map_err(|error| not_started(error.to_string()))?
    };
    let group = Group::of(child.id());
    let mut output = Tail::default();
    let reader = pipe::Receiver::from_owned_fd(reader.into()).map_err(|error| not_started(error.to_string()))?;
    let ended = {
        let reading = output.fill(reader);
        tokio::pin!(reading);
        let mut closed = false;
        let ended = timeout(limit, async {
            loop {
                tokio::select! {
                    status = child.wait() => break status,
                    // It may close its output and go on.
                    () = &mut reading, if !closed => closed = true,
                }
            }
        })
        .await;
        if ended.is_err() {
            group.kill();
        }
        if !closed {
            timeout(AFTER_END, reading).await.ok();
        }
        ended
    };
    match ended {
        Err(_) => {
            // Killed: collecting it cannot take long.
            child.wait().await.ok();
            Err(CommandError::TimedOut { command: line.to_string(), limit, output: output.report() })
        }
        Ok(Err(error)) => Err(not_started(error.to_string())),
        Ok(Ok(status)) => {
            group.disarm();
            let output = output.report();
            if status.success() {
                return Ok(output);
            }
            Err(CommandError::Refused { command: line.to_string(), status: status.to_string(), output })
        }
    }
}

/// A command in a group of its own, without the agent's own variables.
///
/// # Errors
/// When the stage cannot stand in a text for the shell.
pub(in crate::agent) fn command(line: &CommandLine, stage: Option<&Path>) -> Result<Command, String> {
    let filled = |text: &str| match stage {
        Some(stage) => text.replace("{stage}", &stage.to_string_lossy()),
        None => text.to_owned(),
    };
    let mut command = match line {
        CommandLine::Shell(text) => {
            if let Some(stage) = stage.filter(|stage| text.contains("{stage}") && !is_plain(stage)) {
                return Err(format!(
                    "the shell would misread {}: write \"$PINTLE_STAGE\", or the command as a list",
                    stage.display()
                ));
            }
            let mut command = Command::new("/bin/sh");
            command.arg("-c").arg(filled(text));
            command
        }
        CommandLine::Program(program, arguments) => {
            let mut command = Command::new(filled(program));
            command.args(arguments.iter().map(|argument| filled(argument)));
            command
        }
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_own(name)) {
        command.env_remove(name);
    }
    command.process_group(0);
    Ok(command)
}

fn is_own(name: &OsString) -> bool {
    name.to_str().is_some_and(|name| name.starts_with(OWN))
}

/// Whether a path means itself to the shell.
fn is_plain(path: &Path) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,%=".contains(c);
    path.to_str().is_some_and(|text| text.chars().all(plain))
}

/// The process group of a command, killed unless the command ended by itself.
#[derive(Debug)]
struct Group(Option<Pid>);

impl Group {
    fn of(leader: Option<u32>) -> Self {
        Self(leader.and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw))
    }

    fn kill(&self) {
        if let Some(leader) = self.0
            && let Err(error) = killpg(leader, Signal::SIGKILL)
        {
            tracing::debug!(%leader, %error, "a command's group could not be killed");
        }
    }

    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The end of an output.
#[derive(Debug, Default)]
struct Tail(Vec<u8>);

impl Tail {
    async fn fill(&mut self, mut reader: pipe::Receiver) {
        let mut piece = vec![0; 8 * 1024];
        while let Ok(read @ 1..) = reader.read(&mut piece).await {
            self.0.extend_from_slice(piece.get(..read).unwrap_or_default());
            if self.0.len() > 2 * KEPT {
                self.0.drain(..self.0.len() - KEPT);
            }
        }
    }

    fn report(&self) -> String {
        tail(&self.0)
    }
}

/// The end of a text for people, at most 4 KiB, without what would move a terminal's cursor.
pub(in crate::agent) fn tail(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let text = text.trim_end();
    let mut from = text.len().saturating_sub(REPORTED);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text.get(from..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(text: &str) -> CommandLine {
        CommandLine::Shell(text.to_owned())
    }

    fn is_alive(pid: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
    }

    #[tokio::test]
    async fn a_command_sees_the_stage_and_its_variables() {
        let about = Circumstances {
            stage: Some(PathBuf::from("/tmp/stage")),
            variables: BTreeMap::from([("PINTLE_REVISION".to_owned(), "7".to_owned())]),
        };
        let line = shell("echo {stage} $PINTLE_STAGE $PINTLE_REVISION; echo second >&2");
        let output = run(&line, &about, Duration::from_secs(10)).await.unwrap();
        assert_eq!(output, "/tmp/stage /tmp/stage 7\nsecond");
        let line = CommandLine::Program("echo".to_owned(), vec!["{stage}/a b".to_owned()]);
        assert_eq!(run(&line, &about, Duration::from_secs(10)).await.unwrap(), "/tmp/stage/a b");
    }

    #[tokio::test]
    async fn a_stage_that_the_shell_would_misread_is_refused() {
        let about = Circumstances { stage: Some(PathBuf::from("/tmp/a b")), ..Circumstances::default() };
        let refused = run(&shell("ls {stage}"), &about, Duration::from_secs(10)).await;
        assert!(matches!(refused, Err(CommandError::NotStarted { .. })), "{refused:?}");
        assert_eq!(run(&shell("echo \"$PINTLE_STAGE\""), &about, Duration::from_secs(10)).await.unwrap(), "/tmp/a b");
    }

    #[tokio::test]
    async fn a_refusal_carries_the_end_of_a_long_output() {
        let line = shell("seq 1 100000; printf 'last \\033[31mword'; exit 3");
        let error = run(&line, &Circumstances::default(), Duration::from_secs(20)).await.unwrap_err();
        let output = error.output().unwrap();
        assert!(output.len() <= REPORTED && output.ends_with("100000\nlast [31mword"), "{output}");
        assert!(error.to_string().ends_with("ended with exit status: 3"), "{error}");
    }

    #[tokio::test]
    async fn a_late_command_is_killed_with_its_children() {
        let line = shell("sleep 1000 & echo $!; sleep 1000");
        let error = run(&line, &Circumstances::default(), Duration::from_millis(300)).await.unwrap_err();
        assert!(matches!(error, CommandError::TimedOut { .. }), "{error:?}");
        let pid = error.output().unwrap().to_owned();
        let until = tokio::time::Instant::now() + Duration::from_secs(10);
        while is_alive(&pid) && tokio::time::Instant::now() < until {
            tokio::task::yield_now().await;
        }
        assert!(!is_alive(&pid), "{pid} still runs");
    }

    #[tokio::test]
    async fn a_service_that_a_command_leaves_running_does_not_hold_it_up() {
        let line = shell("sleep 30 & echo $!");
        let output = run(&line, &Circumstances::default(), Duration::from_secs(20)).await.unwrap();
        assert!(is_alive(&output), "{output}");
        nix::sys::signal::kill(Pid::from_raw(output.parse().unwrap()), Signal::SIGKILL).unwrap();
    }

    #[tokio::test]
    async fn a_missing_program_is_told_by_its_name() {
        let line = CommandLine::Program("/no/such/program".to_owned(), Vec::new());
        let error = run(&line, &Circumstances::default(), Duration::from_secs(1)).await.unwrap_err();
        assert!(error.to_string().starts_with("cannot run `/no/such/program`: No such file"), "{error}");
    }
}
