//! What a block shows to the programs of its machine: the same reads and the same watch as the server, answered from what the
//! agent holds, without a token and with every server gone.
//!
//! Over a unix socket that only its owner may open, and, when asked for, over a loopback port. Beside the namespaces of the
//! block, `GET /api/v1/effective/{key}` gives what its layers come to.

mod calls;
mod feed;
mod frames;
mod listen;
mod stream;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::api::entries::ContentView;
use crate::client::watch::{Mirror, Secrecy};
use crate::domain::formats::Format;
use crate::domain::names::{EntryKey, NamespaceName};

use calls::Desk;
pub use feed::Feed;
use listen::Socket;
pub use listen::{LocalError, SocketSettings};

/// Most connections at a time; further ones wait.
const CONNECTIONS: usize = 256;
/// How long the head of a call may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait when no connection can be taken, such as with too many files open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long calls may go on after the agent was told to stop.
const DRAIN: Duration = Duration::from_secs(2);

/// Where local programs find a block.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LocalSettings {
    /// A unix socket.
    pub socket: Option<SocketSettings>,
    /// A loopback port; 0 takes any.
    pub listen: Option<SocketAddr>,
    /// Whether contents of sealed entries are told.
    pub secrets: bool,
}

/// What the layers of a block come to under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layered {
    /// How the content is to be understood.
    pub format: Format,
    /// The content.
    pub bytes: Bytes,
    /// Whether something of it is sealed; without content when it may not be told.
    pub secrecy: Secrecy,
    /// The layers that it is made of, in their order.
    pub layers: Vec<NamespaceName>,
}

/// How the layers of a block come together.
pub trait Layers: Send + Sync {
    /// What they come to under a key; none when no layer has it.
    ///
    /// # Errors
    /// A sentence that says why they do not fit together.
    fn find(&self, mirror: &Mirror, key: &EntryKey) -> Result<Option<Layered>, String>;
}

/// The answer of `GET /api/v1/effective/{key}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectiveView {
    /// The environment of the block.
    pub environment: String,
    /// The key.
    pub key: String,
    /// How the content is to be understood.
    pub format: Format,
    /// SHA-256 of the bytes, lowercase hex; empty without content.
    pub hash: String,
    /// Bytes of the content.
    pub size: u64,
    /// Whether something of it is sealed; it then comes without content, unless `serve.secrets` is set.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// The content.
    #[serde(flatten)]
    pub content: ContentView,
    /// The namespaces that it is made of, the later over the earlier ones.
    pub layers: Vec<String>,
}

/// The places where local programs find a block, open and not yet served.
pub struct Local {
    desk: Desk,
    unix: Option<(UnixListener, Socket)>,
    port: Option<TcpListener>,
}

impl fmt::Debug for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Local").field("unix", &self.unix).field("port", &self.port).finish_non_exhaustive()
    }
}

impl Local {
    /// Opens the places. Must be called inside a runtime of tokio.
    ///
    /// # Errors
    /// [`LocalError`] when one of them cannot be had.
    pub fn open(settings: &LocalSettings, feed: Feed, layers: Arc<dyn Layers>) -> Result<Self, LocalError> {
        let unix = match &settings.socket {
            Some(socket) => {
                let failed = |error| LocalError::Socket { path: socket.path.clone(), error };
                let (listener, file) = listen::unix(socket)?;
                Some((UnixListener::from_std(listener).map_err(failed)?, file))
            }
            None => None,
        };
        let port = match settings.listen {
            Some(address) => {
                let listener = listen::loopback(address)?;
                Some(TcpListener::from_std(listener).map_err(|error| LocalError::Port { address, error })?)
            }
            None => None,
        };
        Ok(Self { desk: Desk { feed, layers, stop: CancellationToken::new(), port: false }, unix, port })
    }

    /// The port in use, when there is one.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.port.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Serves until it is told to stop; then streams say goodbye, and calls may go on for a moment.
    pub async fn serve(self, stop: CancellationToken) {
        let Self { desk, unix, port } = self;
        let desk = Desk { stop: stop.clone(), ..desk };
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            while connections.try_join_next().is_some() {}
            let place = tokio::select! {
                () = stop.cancelled() => break,
                place = Arc::clone(&places).acquire_owned() => place,
            };
            tokio::select! {
                () = stop.cancelled() => break,
                stream = accept_unix(unix.as_ref()) => {
                    let connection = converse(stream, desk.clone());
                    connections.spawn(async move { connection.await; drop(place); });
                }
                stream = accept_port(port.as_ref()) => {
                    let connection = converse(stream, Desk { port: true, ..desk.clone() });
                    connections.spawn(async move { connection.await; drop(place); });
                }
            }
        }
        drop((unix, port));
        let drained = async { while connections.join_next().await.is_some() {} };
        // What is still there then is cut when the set is dropped.
        let _ = tokio::time::timeout(DRAIN, drained).await;
    }
}

async fn accept_unix(listener: Option<&(UnixListener, Socket)>) -> tokio::net::UnixStream {
    let Some((listener, _)) = listener else { return std::future::pending().await };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => pause(&error).await,
        }
    }
}

async fn accept_port(listener: Option<&TcpListener>) -> tokio::net::TcpStream {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) => pause(&error).await,
        }
    }
}

async fn pause(error: &std::io::Error) {
    tracing::warn!(%error, "a local program cannot be let in");
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

/// One connection, to its end.
async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, desk: Desk) {
    let stop = desk.stop.clone();
    let service = service_fn(move |request| calls::answer(desk.clone(), request));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a local program broke off");
    }
}

#[cfg(test)]
mod tests;
