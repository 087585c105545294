//! Connections: accepted, bounded, and at hand for the watch, which must be able to cut one from outside.

mod lasting;
mod socket;
pub mod tls;
mod validity;

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::future::RouteFuture;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;

pub(super) use lasting::lasting;
pub(super) use socket::Connection;

use crate::http::Front;
use lasting::Taken;
use socket::Progress;

/// What a connection begins with that speaks HTTP/2, and no method of HTTP/1 does.
const HTTP2_BEGINS: &[u8; 3] = b"PRI";
/// What hyper may hold of a connection, in bytes.
const CONNECTION_BUFFER: usize = 64 * 1024;
/// The pause after a failed accept, such as when there are no more file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// How long a client may take to agree on the encryption.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// HTTP/2 streams of one connection: an agent has one for each of its services, and calls besides.
const STREAMS: u32 = 256;
/// Streams that a client began and took back before they were looked at. More end the connection (CVE-2023-44487).
const RESET_BY_CLIENT: usize = 20;
/// Streams that were ended here since the client broke the rules. More end the connection.
const RESET_BY_ERROR: usize = 256;
/// Bytes of the headers of an HTTP/2 request, above the limit that is told in words.
const HEADER_LIST: u32 = 32 * 1024;
/// How often an HTTP/2 client is asked whether it is there, and how long it may take to say so.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// Connections beyond the most that are still told so; those beyond them are closed without a word.
const TOLD: usize = 256;

/// How long clients may take, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at once.
    pub connections: usize,
    /// How long the head of a request may take, the first one counted from the connection.
    pub head: Duration,
    /// How long a client may take nothing of what waits for it.
    pub write: Duration,
}

/// What the listeners of a node have in common.
#[derive(Debug)]
pub struct Door {
    /// Encrypts what is served.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// How long clients may take, and how many there may be.
    pub bounds: Bounds,
    /// The path that a proxy may leave in front of every path: empty, or such as `/pintle`.
    pub base: String,
    open: Gauge,
}

impl Door {
    /// A door that nobody went through yet. `open` counts the connections.
    #[must_use]
    pub fn new(tls: Option<Arc<rustls::ServerConfig>>, bounds: Bounds, base: String, open: Gauge) -> Self {
        Self { tls, bounds, base, open }
    }

    /// The same with connections of its own, which are there when the others are too many.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self::new(self.tls.clone(), self.bounds, self.base.clone(), Gauge::default())
    }

    /// How HTTP is spoken.
    fn protocols(&self) -> Protocols {
        let (mut http1, mut http2) = (http1::Builder::new(), http2::Builder::new(TokioExecutor::new()));
        http1.timer(TokioTimer::new()).header_read_timeout(self.bounds.head).max_buf_size(CONNECTION_BUFFER);
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_send_buf_size(CONNECTION_BUFFER)
            .max_header_list_size(HEADER_LIST)
            .max_pending_accept_reset_streams(RESET_BY_CLIENT)
            .max_local_error_reset_streams(RESET_BY_ERROR)
            .keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE);
        Protocols { http1, http2 }
    }
}

/// The two ways in which HTTP is spoken.
struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

/// The place of a connection among those that are open.
struct Place {
    open: Gauge,
    /// How many there were before.
    before: usize,
}

impl Place {
    fn take(open: &Gauge) -> Self {
        let before = usize::try_from(open.inc()).unwrap_or_default();
        Self { open: open.clone(), before }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.dec();
    }
}

/// Serves until `stop`; then answers what is in flight, and returns when the last connection is closed.
pub async fn serve(listener: TcpListener, front: Front, door: Arc<Door>, stop: CancellationToken) {
    let Ok(listening) = listener.local_addr() else { return };
    let (protocols, connections) = (Arc::new(door.protocols()), TaskTracker::new());
    let acceptor = door.tls.clone().map(TlsAcceptor::from);
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (Arc::new(stream), peer),
            Err(error) => {
                if !is_of_the_client(&error) {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
                continue;
            }
        };
        let place = Place::take(&door.open);
        let over = place.before.checked_sub(door.bounds.connections);
        if over.is_some_and(|over| over >= TOLD) {
            continue;
        }
        socket::tune(&stream);
        let mut connection = Connection::new(&stream, peer, listening, acceptor.is_some());
        connection.crowded = over.is_some();
        let (stream, acceptor) = (socket::Shared::new(stream, door.bounds.write), acceptor.clone());
        let served = Served {
            connection,
            progress: stream.progress(),
            front: front.clone(),
            door: Arc::clone(&door),
            protocols: Arc::clone(&protocols),
            place,
            connections: connections.clone(),
            stop: stop.clone(),
        };
        connections.spawn(async move {
            match acceptor {
                None => served.plain(stream).await,
                // Apart, so that what encryption needs is no part of connections without it.
                Some(acceptor) => Box::pin(served.encrypted(stream, acceptor)).await,
            }
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Whether a client went away before it was accepted.
fn is_of_the_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// A connection with what serves it.
struct Served {
    connection: Connection,
    progress: Arc<Progress>,
    front: Front,
    door: Arc<Door>,
    protocols: Arc<Protocols>,
    place: Place,
    connections: TaskTracker,
    stop: CancellationToken,
}

impl Served {
    /// Speaks the version that the first bytes are of.
    async fn plain(self, stream: socket::Shared) {
        let until = Instant::now() + self.door.bounds.head;
        let first = tokio::time::timeout_at(until, stream.begins_with(HTTP2_BEGINS));
        if let Some(Ok(Ok(is_http2))) = self.stop.run_until_cancelled(first).await {
            self.speak(stream, is_http2, until).await;
        }
    }

    /// Speaks the version that was agreed on with the encryption. Whoever does not speak TLS, or not in time, is let go.
    async fn encrypted(self, stream: socket::Shared, acceptor: TlsAcceptor) {
        let agreed = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream));
        if let Some(Ok(Ok(stream))) = self.stop.run_until_cancelled(agreed).await {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(tls::HTTP2);
            let until = Instant::now() + self.door.bounds.head;
            self.speak(stream, is_http2, until).await;
        }
    }

    async fn speak(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, is_http2: bool, until: Instant) {
        let Self { connection, progress, front, door, protocols, place, connections, stop } = self;
        let taken = Taken::default();
        let conduct =
            Conduct { progress: Arc::clone(&progress), taken: taken.clone(), crowded: connection.crowded, until, stop };
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            progress.asked.store(true, Ordering::Relaxed);
            let answer = if let Some(response) = front.answer(&request, &connection) {
                Answer::There(response)
            } else {
                let mut request: Request = request.map(Body::new);
                strip(&mut request, &door.base);
                request.extensions_mut().insert(connection.clone());
                // What hyper has not sent of an earlier answer would be lost.
                let is_whole = !progress.behind.load(Ordering::Relaxed);
                let taken = (is_whole && lasting::is_takeable(&request)).then(|| taken.clone());
                Answer::Coming(front.router.clone().call(request), taken)
            };
            async move {
                match answer {
                    Answer::There(response) => Ok(response),
                    Answer::Coming(response, None) => response.await,
                    Answer::Coming(response, Some(taken)) => Ok(taken.take_lasting(response.await?).await),
                }
            }
        });
        let stream = TokioIo::new(stream);
        if is_http2 {
            // Rarer, and larger.
            Box::pin(async { conduct.run(pin!(protocols.http2.serve_connection(stream, service))).await }).await;
            return;
        }
        let mut served = protocols.http1.serve_connection(stream, service);
        if let Some(response) = conduct.run(Pin::new(&mut served)).await {
            let stream = served.into_parts().io.into_inner();
            // Smaller than this task.
            connections.spawn(async move {
                let _place = place;
                lasting::give_out(stream, response).await;
            });
        }
    }
}

/// The answer to a request.
enum Answer {
    There(Response),
    /// It may be one that is to be taken, when there is a place to put it.
    Coming(RouteFuture<Infallible>, Option<Taken>),
}

/// When a connection ends that its client does not end.
struct Conduct {
    progress: Arc<Progress>,
    /// Where an answer is that it goes on with alone.
    taken: Taken,
    /// Whether it is one too many, and ends with its first answer.
    crowded: bool,
    /// Bytes that are no request keep no place from then on.
    until: Instant,
    stop: CancellationToken,
}

impl Conduct {
    /// Serves until the client has enough, or asks for nothing, or the node stops, or there is an answer that the connection goes
    /// on with alone. How a connection ends is the client's affair.
    async fn run(self, mut served: Pin<&mut impl GracefulConnection>) -> Option<Response> {
        let Self { progress, taken, crowded, until, stop } = self;
        let (mut patience, mut stopped) = (pin!(tokio::time::sleep_until(until)), pin!(stop.cancelled()));
        let mut is_ending = false;
        poll_fn(|cx| {
            loop {
                if served.as_mut().poll(cx).is_ready() || taken.is_there() {
                    return Poll::Ready(());
                }
                let asked = progress.asked.load(Ordering::Relaxed);
                if !asked && patience.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                if is_ending || !((asked && crowded) || stopped.as_mut().poll(cx).is_ready()) {
                    return Poll::Pending;
                }
                is_ending = true;
                served.as_mut().graceful_shutdown();
            }
        })
        .await;
        taken.into_response()
    }
}

/// Takes the base path off, where a proxy has left it.
fn strip(request: &mut Request, base: &str) {
    let uri = request.uri();
    let Some(rest) = uri.path().strip_prefix(base).filter(|_| !base.is_empty()) else { return };
    let path = match rest {
        "" => "/",
        rest if rest.starts_with('/') => rest,
        _ => return,
    };
    let whole = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = whole.parse().ok();
    if let Ok(stripped) = axum::http::Uri::from_parts(parts) {
        *request.uri_mut() = stripped;
    }
}

#[cfg(test)]
mod tests;
