//! Telling a service that its files are new.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::agent::actions::commands::{self, Circumstances, CommandError, tail};
use crate::agent::actions::durations;
use crate::agent::actions::settings::{HttpReload, ReloadSettings};

/// What is read of an answer for a report.
const READ: usize = 4 * 1024;

/// Why a reload did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReloadError {
    /// The service is not there to be told: no process, no listener.
    #[error("{0}")]
    Unreachable(String),
    /// The command of the reload.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The service answered something else, or not in time.
    #[error("{reason}")]
    Refused {
        /// What it answered.
        reason: String,
        /// The beginning of the answer.
        output: Option<String>,
    },
}

impl ReloadError {
    /// What the command printed, or the service answered.
    #[must_use]
    pub fn output(&self) -> Option<&str> {
        match self {
            Self::Unreachable(_) => None,
            Self::Command(error) => error.output(),
            Self::Refused { output, .. } => output.as_deref(),
        }
    }

    fn refused(reason: String) -> Self {
        Self::Refused { reason, output: None }
    }
}

/// Reloads a service that is not a child of the agent. Those that need the supervised process are not for here.
///
/// # Errors
/// When the service could not be told, or did not take it.
pub(in crate::agent) async fn reload(settings: &ReloadSettings, about: &Circumstances) -> Result<(), ReloadError> {
    match settings {
        ReloadSettings::Signal { signal, pid_file: Some(path) } => kill_named(path, *signal),
        ReloadSettings::Command { command, timeout } => {
            commands::run(command, about, *timeout).await.map(drop).map_err(ReloadError::Command)
        }
        ReloadSettings::Http(call) => http(call).await,
        ReloadSettings::Signal { pid_file: None, .. } | ReloadSettings::Restart => {
            Err(ReloadError::refused("the block supervises no process: give a pid_file, or exec".to_owned()))
        }
    }
}

/// Whether the process that a file names is known not to run.
pub(in crate::agent) fn is_absent(path: &Path) -> bool {
    pid_of(path).is_err() || pid_of(path).is_ok_and(|pid| kill(pid, None) == Err(Errno::ESRCH))
}

fn kill_named(path: &Path, signal: Signal) -> Result<(), ReloadError> {
    let pid = pid_of(path)?;
    kill(pid, signal).map_err(|error| match error {
        Errno::ESRCH => {
            ReloadError::Unreachable(format!("no process has the number {pid} that {} names", path.display()))
        }
        error => ReloadError::refused(format!("cannot send {signal} to the process {pid}: {}", error.desc())),
    })
}

fn pid_of(path: &Path) -> Result<Pid, ReloadError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ReloadError::Unreachable(format!("cannot read the pid_file {}: {error}", path.display())))?;
    let pid = text.trim().parse().ok().filter(|pid| *pid > 0);
    pid.map(Pid::from_raw)
        .ok_or_else(|| ReloadError::Unreachable(format!("the pid_file {} holds no number", path.display())))
}

async fn http(call: &HttpReload) -> Result<(), ReloadError> {
    let client = client(&call.url, call.timeout).map_err(|error| ReloadError::refused(chain(&error)))?;
    let mut request = client.request(call.method.clone(), call.url.clone());
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    let mut answer = request.send().await.map_err(|error| match error {
        error if error.is_connect() => {
            ReloadError::Unreachable(format!("{} cannot be reached: {}", call.url, chain(&error)))
        }
        error if error.is_timeout() => {
            ReloadError::refused(format!("{} did not answer within {}", call.url, durations::show(call.timeout)))
        }
        error => ReloadError::refused(format!("{}: {}", call.url, chain(&error))),
    })?;
    let status = answer.status().as_u16();
    if call.expect.contains(status) {
        return Ok(());
    }
    let mut body = Vec::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        body.extend_from_slice(&piece);
        if body.len() >= READ {
            body.truncate(READ);
            break;
        }
    }
    let reason = format!("{} answered {status}, not {}", call.url, call.expect);
    Err(ReloadError::Refused { reason, output: Some(tail(&body)).filter(|text| !text.is_empty()) })
}

/// A client for one call to a service on this machine or near it: without proxy, and a redirect is an answer.
pub(super) fn client(url: &reqwest::Url, limit: Duration) -> reqwest::Result<reqwest::Client> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("pintle-agent/", env!("CARGO_PKG_VERSION")))
        .timeout(limit)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    if url.scheme() == "http" {
        // Certificates are not asked for, and a small container has none.
        builder = builder.tls_certs_only([]);
    }
    builder.build()
}

/// An error and what caused it: the first alone says little.
pub(super) fn chain(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
