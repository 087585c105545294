//! The whole agent: all blocks, their processes and the local commands, until it is stopped.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::agent::block::connection::Access;
use crate::agent::block::{self, Block, OnceEnd};
use crate::agent::control::{Control, Handle};
use crate::agent::exec::{self, Ended, Signals};
use crate::agent::local::LocalError;
use crate::agent::settings::{AgentSettings, BlockSettings};
use crate::agent::transaction::{FileError, Step};
use crate::client::{Credentials, Exchange, Token};

/// Orders that may wait for a block.
const ORDERS: usize = 8;

/// Why the agent cannot run.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The state folder cannot be used.
    #[error("state_dir {}: {error}", path.display())]
    StateDir {
        /// The folder.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The control socket cannot be opened.
    #[error("control {}: {error}", path.display())]
    Control {
        /// The socket.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A block cannot be prepared.
    #[error("service {name}: {error}")]
    Block {
        /// The block.
        name: String,
        /// Why not.
        error: FileError,
    },
    /// Local programs cannot be served.
    #[error("service {name}: serve: {error}")]
    Local {
        /// The block.
        name: String,
        /// Why not.
        error: LocalError,
    },
    /// Signals for a supervised process cannot be listened to.
    #[error("signals cannot be listened to: {0}")]
    Signals(io::Error),
    /// A part of the agent ended although nobody stopped it.
    #[error("{0} failed; the agent stops")]
    Task(String),
}

/// What a task of the agent was, and how it ended.
enum Finished {
    Block(String),
    Control,
    Process(Ended),
}

/// The folder in which a block keeps its state.
#[must_use]
pub fn state_of(settings: &AgentSettings, block: &BlockSettings) -> PathBuf {
    settings.state_dir.join("services").join(&block.name)
}

/// What the settings and the token of the environment give to reach a server.
#[must_use]
pub fn access_of(settings: &AgentSettings, token: Option<Token>) -> Access {
    let credentials = match &settings.token_file {
        Some(path) => Credentials::file(path),
        None => Credentials::of(token),
    };
    let exchange = if settings.exchange { Exchange::Always } else { Exchange::Foreign };
    let credentials = credentials.exchanging(exchange);
    Access { servers: settings.servers.clone(), credentials, ca_file: settings.ca_file.clone() }
}

/// Runs until stopped, and gives the exit code: 0, or that of a supervised process whose settings end the agent with it. With
/// `abort_after`, this process ends at that step of a change, as if it were killed: for tests of crashes.
///
/// # Errors
/// When it cannot begin, or a part of it fails.
pub async fn run(
    settings: AgentSettings,
    token: Option<Token>,
    stop: CancellationToken,
    abort_after: Option<Step>,
) -> Result<u8, AgentError> {
    prepare(&settings.state_dir)?;
    let control = Control::open(&settings.control).await;
    let control = control.map_err(|error| AgentError::Control { path: settings.control.clone(), error })?;
    let access = access_of(&settings, token);
    let mut tasks = JoinSet::new();
    let mut handles = BTreeMap::new();
    // Processes end after their blocks, which may still be giving them orders.
    let processes_stop = CancellationToken::new();
    let mut blocks = 0_usize;
    for block in &settings.services {
        let state = state_of(&settings, block);
        let (exec, supervisor) = block.exec.clone().map(exec::supervise).unzip();
        let name = block.name.clone();
        let opened = Block::open(block.clone(), access.clone(), state.clone(), exec, abort_after).await;
        let mut block = opened.map_err(|error| AgentError::Block { name: name.clone(), error })?;
        block.open_places().map_err(|error| AgentError::Local { name: name.clone(), error })?;
        // After the state folder is ours: it ends what an agent that was killed left running, and not what another one runs.
        if let Some(supervisor) = supervisor {
            let supervisor = supervisor.noting(state.join("exec.pid"));
            let signals = Signals::listen().map_err(AgentError::Signals)?;
            let stop = processes_stop.clone();
            tasks.spawn(async move { Finished::Process(supervisor.run(signals, stop).await) });
        }
        let (orders, inbox) = mpsc::channel(ORDERS);
        handles.insert(name.clone(), Handle { status: block.status(), orders });
        let stop = stop.clone();
        blocks += 1;
        tasks.spawn(async move {
            block.run(inbox, stop).await;
            Finished::Block(name)
        });
    }
    let control_stop = CancellationToken::new();
    let answering = control.run(handles, control_stop.clone());
    tasks.spawn(async move {
        answering.await;
        Finished::Control
    });
    tracing::info!(services = blocks, host = settings.host, "the agent is ready");
    let outcome = oversee(&mut tasks, blocks, &stop, &processes_stop).await;
    control_stop.cancel();
    while tasks.join_next().await.is_some() {}
    outcome
}

/// Waits until every block has ended; what ends before it should stops everything.
async fn oversee(
    tasks: &mut JoinSet<Finished>,
    mut blocks: usize,
    stop: &CancellationToken,
    processes_stop: &CancellationToken,
) -> Result<u8, AgentError> {
    let mut outcome = Ok(0);
    while blocks > 0 {
        let Some(finished) = tasks.join_next().await else { break };
        match finished {
            Ok(Finished::Block(name)) => {
                blocks -= 1;
                if !stop.is_cancelled() {
                    outcome = Err(AgentError::Task(format!("the service {name}")));
                }
            }
            Ok(Finished::Control) => {
                if !stop.is_cancelled() {
                    outcome = Err(AgentError::Task("the control socket".to_owned()));
                }
            }
            Ok(Finished::Process(ended)) => {
                if let Ended::Exited(status) = ended {
                    tracing::info!(%status, "the supervised process ended, and the agent with it");
                    outcome = outcome.and(Ok(ended.code()));
                }
            }
            Err(error) => {
                tracing::error!(%error, "a task failed");
                outcome = Err(AgentError::Task("a task".to_owned()));
                // Which one it was is not known; no more than all of them have ended.
                blocks -= 1;
            }
        }
        stop.cancel();
    }
    processes_stop.cancel();
    outcome
}

/// Puts the files of all blocks in place once. Gives how each ended; one that is refused holds back no other.
///
/// # Errors
/// When the state folder cannot be used.
pub async fn run_once(
    settings: &AgentSettings,
    token: Option<Token>,
    patience: Duration,
) -> Result<Vec<(String, Result<OnceEnd, FileError>)>, AgentError> {
    prepare(&settings.state_dir)?;
    let access = access_of(settings, token);
    let mut tasks = JoinSet::new();
    for (number, block) in settings.services.iter().enumerate() {
        let (block, access, state) = (block.clone(), access.clone(), state_of(settings, block));
        tasks.spawn(async move {
            let ended = block::once(&block, &access, state, patience).await;
            (number, block.name, ended)
        });
    }
    let mut ends = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        match ended {
            Ok(ended) => ends.push(ended),
            Err(error) => return Err(AgentError::Task(error.to_string())),
        }
    }
    ends.sort_by_key(|(number, ..)| *number);
    Ok(ends.into_iter().map(|(_, name, ended)| (name, ended)).collect())
}

/// Makes the state folder, for the agent's user alone.
fn prepare(path: &Path) -> Result<(), AgentError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let services = path.join("services");
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&services);
    made.map_err(|error| AgentError::StateDir { path: path.to_owned(), error })
}
