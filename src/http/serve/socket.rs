//! The socket of a connection: served by one task, and at hand for others that bound or cut it.

use std::io;
use std::net::{IpAddr, Shutdown, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// What the kernel may hold of a watch that its reader does not read, in bytes.
const WATCH_SEND_BUFFER: usize = 64 * 1024;
/// The pace of looking for the rest of the first bytes.
const PEEK_AGAIN: Duration = Duration::from_millis(10);
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

/// How far a connection has come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Whether it has brought a request.
    pub(super) asked: AtomicBool,
    /// Whether its socket last took less than it was offered, so that somebody holds the rest.
    pub(super) behind: AtomicBool,
}

/// A stream that somebody else can reach as well.
#[derive(Debug)]
pub(super) struct Shared {
    stream: Arc<TcpStream>,
    progress: Arc<Progress>,
    /// How long the other end may take nothing of what waits for it.
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Shared {
    pub(super) fn new(stream: Arc<TcpStream>, patience: Duration) -> Self {
        Self { stream, progress: Arc::default(), patience, stalled: None }
    }

    /// How far it has come, to be asked from outside.
    pub(super) fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Whether the first bytes are these. Nothing of them is taken.
    pub(super) async fn begins_with(&self, expected: &[u8; 3]) -> io::Result<bool> {
        let mut first = [0; 3];
        loop {
            let there = self.stream.peek(&mut first).await?;
            let first = first.get(..there).unwrap_or_default();
            if there == 0 || there == expected.len() || !expected.starts_with(first) {
                return Ok(first == expected);
            }
            // A part of them only: the kernel does not tell when there is more.
            tokio::time::sleep(PEEK_AGAIN).await;
        }
    }

    fn poll_try(
        &mut self,
        cx: &mut Context<'_>,
        offered: usize,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            if self.stream.poll_write_ready(cx)?.is_pending() {
                self.progress.behind.store(true, Ordering::Relaxed);
                let patience = self.patience;
                let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
                return stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()));
            }
            match write(&self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => {
                    self.stalled = None;
                    let behind = done.as_ref().is_ok_and(|taken| *taken < offered);
                    self.progress.behind.store(behind, Ordering::Relaxed);
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
            match read_what_is_there(&self.stream, buf) {
                Ok(_) => return Poll::Ready(Ok(())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// Reads without touching the rest of the buffer. A buffer that was not filled means that there is no more: the next read
/// waits for the kernel's word instead of asking in vain.
fn read_what_is_there(stream: &TcpStream, buf: &mut ReadBuf<'_>) -> io::Result<usize> {
    let room = buf.remaining();
    let mut read = Err(io::ErrorKind::WouldBlock.into());
    // An error of this kind makes the stream wait; what came since the read began counts as new.
    let _ = stream.try_io(Interest::READABLE, || {
        read = stream.try_read_buf(buf);
        let is_short = read.as_ref().is_ok_and(|read| (1..room).contains(read));
        if is_short { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
    });
    read
}

impl AsyncWrite for Shared {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_try(cx, buf.len(), |stream| stream.try_write(buf))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let offered = bufs.iter().map(|buf| buf.len()).sum();
        self.poll_try(cx, offered, |stream| stream.try_write_vectored(bufs))
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
