//! One connection with one call at a time: HTTP/1.1, or gRPC over HTTP/2, by the same library.

use std::fmt;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::{Tested, ensure};

type Body = Full<Bytes>;
/// Makes the next request.
type Next = Box<dyn FnMut() -> Tested<Request<Body>> + Send>;

enum Sender {
    Http1(http1::SendRequest<Body>),
    Grpc(http2::SendRequest<Body>),
}

/// A connection and what to ask.
pub(crate) struct Connection {
    port: u16,
    sender: Sender,
    next: Next,
    /// Keeps the connection going.
    driver: JoinSet<hyper::Result<()>>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Connection")
    }
}

impl Connection {
    pub(crate) async fn http1(port: u16, next: impl FnMut() -> Tested<Request<Body>> + Send + 'static) -> Tested<Self> {
        let mut driver = JoinSet::new();
        let sender = Sender::Http1(open_http1(port, &mut driver).await?);
        Ok(Self { port, sender, next: Box::new(next), driver })
    }

    pub(crate) async fn grpc(port: u16, next: impl FnMut() -> Tested<Request<Body>> + Send + 'static) -> Tested<Self> {
        let mut driver = JoinSet::new();
        let sender = Sender::Grpc(open_grpc(port, &mut driver).await?);
        Ok(Self { port, sender, next: Box::new(next), driver })
    }

    /// Connects anew: while the others had their turn, the server may have closed it.
    pub(crate) async fn renew(&mut self) -> Tested {
        self.driver = JoinSet::new();
        self.sender = match self.sender {
            Sender::Http1(_) => Sender::Http1(open_http1(self.port, &mut self.driver).await?),
            Sender::Grpc(_) => Sender::Grpc(open_grpc(self.port, &mut self.driver).await?),
        };
        Ok(())
    }

    /// Makes one call and reads its answer to the end.
    pub(crate) async fn call(&mut self) -> Tested {
        self.answer().await.map(drop)
    }

    /// The same, and gives the body.
    pub(crate) async fn answer(&mut self) -> Tested<Bytes> {
        let request = (self.next)()?;
        match &mut self.sender {
            Sender::Http1(sender) => {
                sender.ready().await?;
                let (status, body, _) = read(sender.send_request(request).await?).await?;
                ensure(status == 200, || format!("{status}: {}", String::from_utf8_lossy(&body)))?;
                Ok(body)
            }
            Sender::Grpc(sender) => {
                sender.ready().await?;
                let (status, body, grpc) = read(sender.send_request(request).await?).await?;
                ensure(status == 200 && grpc.as_deref() == Some("0"), || format!("{status}, gRPC {grpc:?}"))?;
                Ok(body)
            }
        }
    }
}

async fn open_http1(port: u16, driver: &mut JoinSet<hyper::Result<()>>) -> Tested<http1::SendRequest<Body>> {
    let (sender, connection) = http1::handshake(TokioIo::new(connect(port).await?)).await?;
    driver.spawn(connection);
    Ok(sender)
}

async fn open_grpc(port: u16, driver: &mut JoinSet<hyper::Result<()>>) -> Tested<http2::SendRequest<Body>> {
    let io = TokioIo::new(connect(port).await?);
    let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
    driver.spawn(connection);
    Ok(sender)
}

async fn connect(port: u16) -> Tested<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The status, the body, and the status that gRPC has in its trailers.
async fn read(response: Response<Incoming>) -> Tested<(u16, Bytes, Option<String>)> {
    let status = response.status().as_u16();
    let collected = response.into_body().collect().await?;
    let grpc = collected.trailers().and_then(|trailers| trailers.get("grpc-status")?.to_str().ok().map(str::to_owned));
    Ok((status, collected.to_bytes(), grpc))
}
