//! Answers that last, such as a watch, leave hyper: what they give goes straight to their socket, and while there is nothing
//! to give they hold no buffers.

use std::future::poll_fn;
use std::io::{Cursor, Write as _};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::Request;
use axum::http::response::Parts;
use axum::http::{HeaderValue, Method, Version, header};
use axum::response::Response;
use bytes::buf::{Chain, Take};
use bytes::{Buf as _, BufMut as _, BytesMut};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::poll_write_buf;

/// A date as HTTP writes it (RFC 9110, 5.6.7).
const HTTP_DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
/// Bytes that a head has room for before it is made larger.
const HEAD: usize = 2048;
/// What ends a body that comes in chunks.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Marks an answer that lasts.
#[derive(Debug, Clone, Copy)]
struct Lasting;

/// An answer that lasts, begun `now`.
pub(in crate::http) fn lasting(body: Body, now: OffsetDateTime) -> Response {
    let mut response = Response::new(body);
    response.extensions_mut().insert(Lasting);
    let date = now.to_offset(UtcOffset::UTC).format(HTTP_DATE).ok();
    if let Some(date) = date.and_then(|date| HeaderValue::try_from(date).ok()) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

/// Whether an answer to this request can be taken from hyper: one with a body that comes in chunks, on a connection that it has
/// for itself.
pub(super) fn is_takeable(request: &Request) -> bool {
    request.version() == Version::HTTP_11 && matches!(*request.method(), Method::GET | Method::POST)
}

/// Where the answer that a connection goes on with is put.
#[derive(Clone, Default)]
pub(super) struct Taken(Arc<Mutex<Option<Response>>>);

impl Taken {
    /// Takes an answer that lasts away from who would give it out; any other is given back.
    pub(super) async fn take_lasting(&self, response: Response) -> Response {
        if response.extensions().get::<Lasting>().is_none() {
            return response;
        }
        *self.slot() = Some(response);
        // Its connection ends hyper's part, and this with it.
        std::future::pending().await
    }

    /// Whether there is one.
    pub(super) fn is_there(&self) -> bool {
        self.slot().is_some()
    }

    /// What was taken.
    pub(super) fn into_response(self) -> Option<Response> {
        self.slot().take()
    }

    fn slot(&self) -> MutexGuard<'_, Option<Response>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives an answer out until it ends, or its client goes away or takes nothing of it for too long.
pub(super) async fn give_out(stream: impl AsyncRead + AsyncWrite + Unpin, response: Response) {
    let (parts, body) = response.into_parts();
    let mut giving = Giving { stream, body, chunk: bare(head(&parts)), is_over: false };
    poll_fn(|cx| giving.poll(cx)).await;
}

/// What is sent at once: a line before the data, the data, and what stands behind it.
type Chunk = Chain<Chain<Take<Cursor<[u8; SIZE_LINE]>>, Bytes>, &'static [u8]>;

/// Bytes of the longest line that tells the size of a chunk.
const SIZE_LINE: usize = 2 * size_of::<usize>() + 2;

/// One chunk of a body.
fn chunk(data: Bytes) -> Chunk {
    let mut line = Cursor::new([0; SIZE_LINE]);
    // It has room for every size.
    let _ = write!(line, "{:x}\r\n", data.len());
    let length = usize::try_from(line.position()).unwrap_or(SIZE_LINE);
    line.set_position(0);
    line.take(length).chain(data).chain(b"\r\n")
}

/// Data that is no chunk.
fn bare(data: Bytes) -> Chunk {
    Cursor::new([0; SIZE_LINE]).take(0).chain(data).chain(b"")
}

/// The head of an answer whose body comes in chunks and ends with its connection.
fn head(parts: &Parts) -> Bytes {
    let mut head = BytesMut::with_capacity(HEAD);
    let reason = parts.status.canonical_reason().unwrap_or_default();
    for text in ["HTTP/1.1 ", parts.status.as_str(), " ", reason, "\r\n"] {
        head.put(text.as_bytes());
    }
    for (name, value) in &parts.headers {
        for text in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.put(text);
        }
    }
    head.put(&b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n"[..]);
    head.freeze()
}

struct Giving<S> {
    stream: S,
    body: Body,
    /// What is left of what is being sent.
    chunk: Chunk,
    /// Whether that is the last.
    is_over: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Giving<S> {
    /// Ready when there is nothing to do any more, for whatever reason: who reads sees whether the last chunk came.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_gone(cx).is_ready() {
            return Poll::Ready(());
        }
        loop {
            while self.chunk.has_remaining() {
                match ready!(poll_write_buf(Pin::new(&mut self.stream), cx, &mut self.chunk)) {
                    Ok(1..) => {}
                    Ok(0) | Err(_) => return Poll::Ready(()),
                }
            }
            if self.is_over {
                return Pin::new(&mut self.stream).poll_shutdown(cx).map(drop);
            }
            match Pin::new(&mut self.body).poll_frame(cx) {
                // What encrypts may hold something back.
                Poll::Pending => {
                    return ready!(Pin::new(&mut self.stream).poll_flush(cx))
                        .map_or(Poll::Ready(()), |()| Poll::Pending);
                }
                Poll::Ready(Some(Ok(frame))) => {
                    let data = frame.into_data().unwrap_or_default();
                    // An empty chunk would be the last.
                    if !data.is_empty() {
                        self.chunk = chunk(data);
                    }
                }
                Poll::Ready(Some(Err(_))) => return Poll::Ready(()),
                Poll::Ready(None) => {
                    self.chunk = bare(Bytes::from_static(LAST_CHUNK));
                    self.is_over = true;
                }
            }
        }
    }

    /// Ready when the client is gone. What it says instead has no meaning any more.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut said = [0; 64];
        loop {
            let mut said = ReadBuf::new(&mut said);
            let read = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut said));
            if read.is_err() || said.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}
