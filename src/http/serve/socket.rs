//! The socket of a connection: served by one task, and at hand for others that bound or cut it.

use std::io;
use std::net::{IpAddr, Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// What the kernel may hold of a watch that its reader does not read, in bytes.
const WATCH_SEND_BUFFER: usize = 64 * 1024;
/// How long what was sent may stay unacknowledged: a machine that is gone is noticed by then.
const UNACKNOWLEDGED: Duration = Duration::from_secs(45);

/// The connection that a request came on.
#[derive(Debug, Clone)]
pub(in crate::http) struct Connection {
    stream: Weak<TcpStream>,
    /// Who is at the other end: the caller, or a proxy.
    pub(in crate::http) peer: IpAddr,
    /// Whether it came in by an address that other machines reach.
    pub(in crate::http) open: bool,
    /// Whether it is encrypted by this node.
    pub(in crate::http) tls: bool,
    /// Whether it is one too many, which is told and closed.
    pub(in crate::http) crowded: bool,
}

impl Connection {
    /// The connection of a stream that was accepted at `listening`.
    pub(super) fn new(stream: &Arc<TcpStream>, peer: SocketAddr, listening: SocketAddr, tls: bool) -> Self {
        let open = !listening.ip().to_canonical().is_loopback();
        Self { stream: Arc::downgrade(stream), peer: peer.ip().to_canonical(), open, tls, crowded: false }
    }

    /// Makes the kernel hold no more of what is not read than a watch is allowed.
    pub(in crate::http) fn bound_send_buffer(&self) {
        if let Some(stream) = self.stream.upgrade() {
            // Without it the watch works, with more memory for those who do not read.
            let _ = SockRef::from(&*stream).set_send_buffer_size(WATCH_SEND_BUFFER);
        }
    }

    /// Ends the connection now, whatever is still to be sent.
    pub(in crate::http) fn cut(&self) {
        if let Some(stream) = self.stream.upgrade() {
            // It may be gone already.
            let _ = SockRef::from(&*stream).shutdown(Shutdown::Both);
        }
    }
}

/// Sends small answers at once, and notices when the other end is gone.
pub(super) fn tune(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
}

/// A stream that somebody else can reach as well.
#[derive(Debug)]
pub(super) struct Shared {
    stream: Arc<TcpStream>,
    /// How long the other end may take nothing of what waits for it.
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Shared {
    pub(super) fn new(stream: Arc<TcpStream>, patience: Duration) -> Self {
        Self { stream, patience, stalled: None }
    }

    fn poll_try(
        &mut self,
        cx: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            if self.stream.poll_write_ready(cx)?.is_pending() {
                let patience = self.patience;
                let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                return stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()));
            }
            match write(&self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => {
                    self.stalled = None;
                    return Poll::Ready(done);
                }
            }
        }
    }
}

impl AsyncRead for Shared {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            match self.stream.try_read(buf.initialize_unfilled()) {
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
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_try(cx, |stream| stream.try_write(buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
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
        Poll::Ready(SockRef::from(&*self.stream).shutdown(Shutdown::Write))
    }
}
