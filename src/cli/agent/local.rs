//! The commands that speak to the agent of this machine.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;

use crate::agent::control::{self, Reply, Request};
use crate::agent::settings;
use crate::cli::agent::{FAILED, show};
use crate::cli::user::output::Output;
use crate::domain::names::EntryKey;

#[derive(Debug, Subcommand)]
pub(super) enum LocalCommand {
    /// Show how the services of this machine stand
    Status(Socket),
    /// Take no changes any more, also after a restart of the agent
    Hold(Choice),
    /// Take changes again, and what came meanwhile
    Resume(Choice),
    /// Try again what was refused or failed
    Retry(Choice),
    /// Put back one of the last sets of files, and hold
    Restore {
        /// Its number in `status`; 1 is the newest
        number: usize,
        #[command(flatten)]
        choice: Choice,
    },
    /// Show what every layer has under a key, and which one wins
    Explain {
        /// The key
        #[arg(value_parser = EntryKey::parse)]
        key: EntryKey,
        #[command(flatten)]
        choice: Choice,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Choice {
    /// The service; all of them when absent
    #[arg(value_name = "SERVICE")]
    block: Option<String>,
    #[command(flatten)]
    socket: Socket,
}

#[derive(Debug, clap::Args)]
pub(super) struct Socket {
    /// The control socket of the agent, instead of that of the settings
    #[arg(long, value_name = "PATH")]
    control: Option<PathBuf>,
}

/// Asks the agent, and shows what it says.
pub(super) async fn run(out: Output, command: &LocalCommand, config: &Path) -> anyhow::Result<u8> {
    let (request, socket) = match command {
        LocalCommand::Status(socket) => (Request::Status, socket),
        LocalCommand::Hold(choice) => (Request::Hold { block: choice.block.clone() }, &choice.socket),
        LocalCommand::Resume(choice) => (Request::Resume { block: choice.block.clone() }, &choice.socket),
        LocalCommand::Retry(choice) => (Request::Retry { block: choice.block.clone() }, &choice.socket),
        LocalCommand::Restore { number, choice } => {
            (Request::Restore { number: *number, block: choice.block.clone() }, &choice.socket)
        }
        LocalCommand::Explain { key, choice } => {
            (Request::Explain { key: key.clone(), block: choice.block.clone() }, &choice.socket)
        }
    };
    let path = match &socket.control {
        Some(path) => path.clone(),
        None => settings::control_of(config).map_err(|error| anyhow::anyhow!("{error}"))?,
    };
    let reply = control::call(&path, &request).await.map_err(unanswered);
    let reply = reply.with_context(|| format!("the agent at {} cannot be asked", path.display()))?;
    let code = match &reply {
        Reply::Done(done) if done.iter().any(|done| !done.ok) => FAILED,
        Reply::Refused(_) => FAILED,
        Reply::Status(_) | Reply::Done(_) | Reply::Explained(_) => 0,
    };
    if out.json {
        out.json(&reply)?;
        return Ok(code);
    }
    match reply {
        Reply::Status(blocks) => show::status(out, &blocks)?,
        Reply::Done(done) => show::done(out, &done)?,
        Reply::Explained(explained) => show::explained(out, &explained)?,
        Reply::Refused(problem) => anyhow::bail!(problem),
    }
    Ok(code)
}

fn unanswered(error: io::Error) -> anyhow::Error {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => anyhow::anyhow!("none is running there"),
        io::ErrorKind::PermissionDenied => anyhow::anyhow!("only the user that it runs as may do that"),
        _ => error.into(),
    }
}
