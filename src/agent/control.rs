//! Local commands: one JSON line there, one back, on a unix socket that only the agent's user may open.
//!
//! Works with the server, the database and the network gone: everything that it asks for is on this machine.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::agent::block::status::BlockStatus;
use crate::agent::block::{Order, SharedStatus};
use crate::agent::layers::Layer;
use crate::domain::names::EntryKey;

/// Longest line, in bytes.
const LINE_BYTES: u64 = 64 * 1024;
/// How long a caller may take to say what it wants.
const ASKING: Duration = Duration::from_secs(5);
/// How long an order may take: it waits for a change on its way.
const OBEYING: Duration = Duration::from_mins(5);

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "lowercase", deny_unknown_fields)]
pub enum Request {
    /// How all blocks stand.
    Status,
    /// Take no changes any more.
    Hold {
        /// The block; none means all.
        block: Option<String>,
    },
    /// Take changes again.
    Resume {
        /// The block; none means all.
        block: Option<String>,
    },
    /// Try again what was refused or failed.
    Retry {
        /// The block; none means all.
        block: Option<String>,
    },
    /// Put back a set, and hold.
    Restore {
        /// Its number; 1 is the newest.
        number: usize,
        /// The block; none means the only one.
        block: Option<String>,
    },
    /// What every layer has under a key.
    Explain {
        /// The key.
        key: EntryKey,
        /// The block; none means all.
        block: Option<String>,
    },
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reply {
    /// How the blocks stand.
    Status(Vec<BlockStatus>),
    /// What each block says to an order.
    Done(Vec<Done>),
    /// What each block has under a key.
    Explained(Vec<Explained>),
    /// The request makes no sense.
    Refused(String),
}

/// What a block says to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// The block.
    pub block: String,
    /// Whether it did what was asked.
    pub ok: bool,
    /// What it did, or why not.
    pub message: String,
}

/// What a block has under a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// The block.
    pub block: String,
    /// Its layers, the later over the earlier ones.
    pub layers: Vec<ExplainedLayer>,
}

/// What a layer has under a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedLayer {
    /// The layer.
    pub namespace: String,
    /// Whether it gives the content. With `merge: deep` the others add to it.
    pub wins: bool,
    /// The revision of the entry's last change; none when the layer has no such entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// Who asked for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// When that was committed.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub at: Option<time::OffsetDateTime>,
    /// Its format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// How many bytes it has; none when it is sealed and came without content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// Whether it is sealed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
}

impl From<Layer> for ExplainedLayer {
    fn from(layer: Layer) -> Self {
        let (namespace, wins) = (layer.namespace.as_str().to_owned(), layer.wins);
        let absent =
            Self { namespace, wins, revision: None, actor: None, at: None, format: None, bytes: None, sealed: false };
        match layer.held {
            Some(held) => Self {
                revision: Some(held.revision),
                actor: Some(held.actor),
                at: Some(held.at),
                format: Some(held.format.as_str().to_owned()),
                bytes: Some(held.bytes.len()).filter(|_| !held.secrecy.is_shut()),
                sealed: held.secrecy.is_sealed(),
                ..absent
            },
            None => absent,
        }
    }
}

/// How a block is reached.
#[derive(Debug, Clone)]
pub struct Handle {
    /// How it stands.
    pub status: SharedStatus,
    /// What it is told.
    pub orders: mpsc::Sender<Order>,
}

/// The socket of the local commands.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Opens the socket, mode 0600. One that a killed agent left is replaced; one that is answered is not.
    ///
    /// # Errors
    /// When another agent answers there, something else lies there, or the folder cannot be written.
    pub async fn open(path: &Path) -> io::Result<Self> {
        match std::fs::symlink_metadata(path) {
            Ok(there) if there.file_type().is_socket() => {
                if UnixStream::connect(path).await.is_ok() {
                    return Err(io::Error::new(io::ErrorKind::AddrInUse, "another agent answers there"));
                }
            }
            Ok(_) => {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, "something that is no socket lies there"));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // Made closed in a private folder and then moved, so that nobody can open it in between.
        let folder = path.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(folder)?;
        let private = folder.join(format!(".pintle-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&private);
        std::fs::create_dir(&private)?;
        std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o700))?;
        let opened = (|| -> io::Result<UnixListener> {
            let temporary = private.join("s");
            let listener = UnixListener::bind(&temporary)?;
            std::fs::set_permissions(&temporary, std::fs::Permissions::from_mode(0o600))?;
            std::fs::rename(&temporary, path)?;
            Ok(listener)
        })();
        let _ = std::fs::remove_dir_all(&private);
        Ok(Self { listener: opened?, path: path.to_owned() })
    }

    /// Answers until stopped, then removes the socket.
    pub async fn run(self, blocks: BTreeMap<String, Handle>, stop: CancellationToken) {
        let mut callers = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                Some(_) = callers.join_next() => continue,
                () = stop.cancelled() => break,
            };
            match accepted {
                Ok((stream, _)) => {
                    let blocks = blocks.clone();
                    callers.spawn(async move {
                        if let Err(error) = serve(stream, &blocks).await {
                            tracing::debug!(%error, "a local command was cut short");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a local command could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn serve(mut stream: UnixStream, blocks: &BTreeMap<String, Handle>) -> io::Result<()> {
    let (reading, mut writing) = stream.split();
    let mut line = String::new();
    let mut reader = BufReader::new(reading.take(LINE_BYTES));
    tokio::time::timeout(ASKING, reader.read_line(&mut line)).await??;
    let reply = match serde_json::from_str::<Request>(&line) {
        Ok(request) => answer(request, blocks).await,
        Err(error) => Reply::Refused(format!("the request is not understood: {error}")),
    };
    let mut bytes = serde_json::to_vec(&reply)?;
    bytes.push(b'\n');
    writing.write_all(&bytes).await?;
    writing.shutdown().await
}

async fn answer(request: Request, blocks: &BTreeMap<String, Handle>) -> Reply {
    match request {
        Request::Status => {
            let status = |handle: &Handle| handle.status.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Reply::Status(blocks.values().map(status).collect())
        }
        Request::Hold { block } => order(blocks, block.as_deref(), Order::Hold).await,
        Request::Resume { block } => order(blocks, block.as_deref(), Order::Resume).await,
        Request::Retry { block } => order(blocks, block.as_deref(), Order::Retry).await,
        Request::Restore { number, block } => {
            if block.is_none() && blocks.len() > 1 {
                return Reply::Refused(format!("name the block: {}", names(blocks)));
            }
            order(blocks, block.as_deref(), |reply| Order::Restore(number, reply)).await
        }
        Request::Explain { key, block } => {
            let chosen = match choose(blocks, block.as_deref()) {
                Ok(chosen) => chosen,
                Err(problem) => return Reply::Refused(problem),
            };
            let mut explained = Vec::new();
            for (name, handle) in chosen {
                match ask(handle, |reply| Order::Explain(key.clone(), reply)).await {
                    Ok(layers) => explained.push(Explained {
                        block: name.clone(),
                        layers: layers.into_iter().map(ExplainedLayer::from).collect(),
                    }),
                    Err(problem) => return Reply::Refused(format!("{name}: {problem}")),
                }
            }
            Reply::Explained(explained)
        }
    }
}

async fn order(
    blocks: &BTreeMap<String, Handle>,
    block: Option<&str>,
    make: impl Fn(oneshot::Sender<Result<String, String>>) -> Order + Send + Sync,
) -> Reply {
    let chosen = match choose(blocks, block) {
        Ok(chosen) => chosen,
        Err(problem) => return Reply::Refused(problem),
    };
    let mut done = Vec::new();
    for (name, handle) in chosen {
        let outcome = ask(handle, &make).await.and_then(|outcome| outcome);
        let ok = outcome.is_ok();
        let message = outcome.unwrap_or_else(|problem| problem);
        done.push(Done { block: name.clone(), ok, message });
    }
    Reply::Done(done)
}

async fn ask<T: Send>(handle: &Handle, make: impl FnOnce(oneshot::Sender<T>) -> Order + Send) -> Result<T, String> {
    let (reply, answer) = oneshot::channel();
    let gone = || "it is stopping".to_owned();
    let asked = async {
        handle.orders.send(make(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())
    };
    tokio::time::timeout(OBEYING, asked).await.unwrap_or_else(|_| Err("it is busy with a change".to_owned()))
}

fn choose<'a>(
    blocks: &'a BTreeMap<String, Handle>,
    block: Option<&str>,
) -> Result<Vec<(&'a String, &'a Handle)>, String> {
    match block {
        None => Ok(blocks.iter().collect()),
        Some(name) => match blocks.get_key_value(name) {
            Some(found) => Ok(vec![found]),
            None => Err(format!("there is no block `{name}`; the blocks are {}", names(blocks))),
        },
    }
}

fn names(blocks: &BTreeMap<String, Handle>) -> String {
    blocks.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// Asks the agent of a socket.
///
/// # Errors
/// When no agent answers there, or its answer is not understood.
pub async fn call(path: &Path, request: &Request) -> io::Result<Reply> {
    let mut stream = UnixStream::connect(path).await?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    serde_json::from_slice(&bytes).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn handle(name: &str) -> (Handle, mpsc::Receiver<Order>) {
        let (orders, inbox) = mpsc::channel(1);
        let status = BlockStatus { name: name.to_owned(), ..BlockStatus::default() };
        (Handle { status: Arc::new(Mutex::new(status)), orders }, inbox)
    }

    #[tokio::test]
    async fn a_command_goes_there_and_its_answer_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run/control.sock");
        let control = Control::open(&path).await.unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let ((web, mut web_orders), (app, app_orders)) = (handle("web"), handle("app"));
        drop(app_orders);
        let blocks = BTreeMap::from([("web".to_owned(), web), ("app".to_owned(), app)]);
        let stop = CancellationToken::new();
        let asking = async {
            let Reply::Status(status) = call(&path, &Request::Status).await.unwrap() else { panic!("a status") };
            assert_eq!(status.iter().map(|block| block.name.as_str()).collect::<Vec<_>>(), ["app", "web"]);
            let Reply::Done(done) = call(&path, &Request::Hold { block: None }).await.unwrap() else { panic!("done") };
            assert_eq!(
                done.iter().map(|done| (done.ok, done.message.as_str())).collect::<Vec<_>>(),
                [(false, "it is stopping"), (true, "held")]
            );
            let unknown = call(&path, &Request::Retry { block: Some("x".to_owned()) }).await.unwrap();
            assert_eq!(unknown, Reply::Refused("there is no block `x`; the blocks are app, web".to_owned()));
            let several = call(&path, &Request::Restore { number: 1, block: None }).await.unwrap();
            assert!(matches!(several, Reply::Refused(_)));
            assert!(Control::open(&path).await.is_err(), "another agent answers there");
            stop.cancel();
        };
        let obeying = async {
            if let Some(Order::Hold(reply)) = web_orders.recv().await {
                reply.send(Ok("held".to_owned())).unwrap();
            }
        };
        tokio::join!(control.run(blocks, stop.clone()), asking, obeying);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_a_killed_agent_left_is_replaced_and_other_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("control.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(Control::open(&path).await.is_ok());
        let other = folder.path().join("other");
        std::fs::write(&other, "").unwrap();
        assert!(Control::open(&other).await.is_err());
    }
}
