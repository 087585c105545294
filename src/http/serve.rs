//! Connections: accepted, bounded, and at hand for the watch, which must be able to cut one from outside.

use std::io;
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::service::Service as _;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a client may take to send the head of a request.
const HEAD: Duration = Duration::from_secs(15);
/// What the kernel may hold of a watch that its reader does not read, in bytes.
const WATCH_SEND_BUFFER: usize = 64 * 1024;
/// What hyper may hold of a connection, in bytes.
const CONNECTION_BUFFER: usize = 64 * 1024;
/// How long what was sent may stay unacknowledged: a machine that is gone is noticed by then.
const UNACKNOWLEDGED: Duration = Duration::from_secs(45);
/// The pause after a failed accept, such as when there are no more file descriptors.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// HTTP/2 streams of one connection.
const STREAMS: u32 = 200;

/// The connection that a request came on.
#[derive(Debug, Clone)]
pub(super) struct Connection(Weak<TcpStream>);

impl Connection {
    /// Makes the kernel hold no more of what is not read than a watch is allowed.
    pub(super) fn bound_send_buffer(&self) {
        if let Some(stream) = self.0.upgrade() {
            // Without it the watch works, with more memory for those who do not read.
            let _ = SockRef::from(&*stream).set_send_buffer_size(WATCH_SEND_BUFFER);
        }
    }

    /// Ends the connection now, whatever is still to be sent.
    pub(super) fn cut(&self) {
        if let Some(stream) = self.0.upgrade() {
            // It may be gone already.
            let _ = SockRef::from(&*stream).shutdown(Shutdown::Both);
        }
    }
}

/// Serves until `stop`; then answers what is in flight, and returns when the last connection is closed.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(CONNECTION_BUFFER);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(STREAMS).max_send_buf_size(CONNECTION_BUFFER);
    let (graceful, connections) = (GracefulShutdown::new(), TaskTracker::new());
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let stream = match accepted {
            Ok((stream, _)) => Arc::new(stream),
            Err(error) => {
                if !is_of_the_client(&error) {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
                continue;
            }
        };
        let socket = SockRef::from(&*stream);
        let _ = socket.set_tcp_nodelay(true);
        let _ = socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
        let connection = Connection(Arc::downgrade(&stream));
        let router = TowerToHyperService::new(router.clone());
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(connection.clone());
            router.call(request)
        });
        let served = builder.serve_connection(TokioIo::new(Shared(stream)), service).into_owned();
        // How a connection ends is the client's affair.
        let served = graceful.watch(served);
        connections.spawn(async move { drop(served.await) });
    }
    drop(listener);
    graceful.shutdown().await;
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

/// A stream that somebody else can reach as well.
#[derive(Debug)]
struct Shared(Arc<TcpStream>);

impl AsyncRead for Shared {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.0.poll_read_ready(cx))?;
            match self.0.try_read(buf.initialize_unfilled()) {
                Ok(read) => {
                    buf.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Shared {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_try(cx, |stream| stream.try_write(buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_try(cx, |stream| stream.try_write_vectored(bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(SockRef::from(&*self.0).shutdown(Shutdown::Write))
    }
}

impl Shared {
    fn poll_try(
        &self,
        cx: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(cx))?;
            match write(&self.0) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
        }
    }
}
