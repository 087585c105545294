//! Floors: the least that a server has to do. Each is a process of its own, this program under another command.

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use bytes::Bytes;
use clap::ValueEnum;
use futures_util::{StreamExt as _, stream};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::load::stream::content;
use crate::support::node::Process;
use crate::support::{BOUND, Place, Tested, eventually};

/// What a floor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Hyper answers the same bytes to everybody.
    Answer,
    /// Hyper keeps a response open for each subscriber, and sends what is posted to all.
    Stream,
    /// One thread writes what is posted to one socket after the other.
    Loop,
}

/// A floor at work.
#[derive(Debug)]
pub(crate) struct Floor {
    process: Process,
    pub(crate) port: u16,
}

impl Floor {
    pub(crate) async fn start(place: &Place, kind: Kind) -> Tested<Self> {
        let word = kind.to_possible_value().ok_or("no such floor")?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["floor", word.get_name()]);
        let process = Process::spawn(command, place.join(&format!("floor-{}.out", word.get_name())))?;
        let port = eventually("a floor listens", BOUND, async || {
            let output = process.output();
            Ok(output.strip_suffix('\n').map(str::parse).transpose()?)
        });
        let port = port.await?;
        Ok(Self { process, port })
    }

    pub(crate) fn pid(&self) -> Tested<i32> {
        self.process.pid()
    }
}

/// The process itself.
pub(crate) async fn run(kind: Kind) -> Tested {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    writeln!(std::io::stdout(), "{}", listener.local_addr()?.port())?;
    match kind {
        Kind::Loop => serve_loop(&listener),
        Kind::Answer | Kind::Stream => serve_hyper(listener, kind == Kind::Stream).await,
    }
}

type Body = BoxBody<Bytes, Infallible>;

async fn serve_hyper(listener: TcpListener, streams: bool) -> Tested {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (events, _) = broadcast::channel::<Bytes>(4);
    let answer = Bytes::from(content(0));
    let mut connections = JoinSet::new();
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let (events, answer) = (events.clone(), answer.clone());
        connections.spawn(async move {
            let service = service_fn(move |request| respond(request, streams, events.clone(), answer.clone()));
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn respond(
    request: Request<Incoming>,
    streams: bool,
    events: broadcast::Sender<Bytes>,
    answer: Bytes,
) -> Result<Response<Body>, hyper::Error> {
    if !streams {
        return Ok(Response::new(Full::new(answer).boxed()));
    }
    if request.method() == Method::POST {
        let event = request.into_body().collect().await?.to_bytes();
        // Nobody may be there to have it.
        let _ = events.send(event);
        return Ok(Response::new(Body::default()));
    }
    let receiver = events.subscribe();
    let rest = stream::unfold(receiver, |mut receiver| async {
        let event = receiver.recv().await.ok()?;
        Some((event, receiver))
    });
    let all = stream::iter([Bytes::from_static(b": open\n\n")]).chain(rest);
    let body = StreamBody::new(all.map(|bytes| Ok::<_, Infallible>(Frame::data(bytes))));
    Ok(Response::new(BoxBody::new(body)))
}

fn serve_loop(listener: &TcpListener) -> Tested {
    let mut subscribers: Vec<TcpStream> = Vec::new();
    for socket in listener.incoming() {
        let mut socket = socket?;
        socket.set_nodelay(true)?;
        let mut reader = BufReader::new(socket.try_clone()?);
        let (mut line, mut length, mut is_post) = (String::new(), 0, false);
        while reader.read_line(&mut line)? > 2 {
            is_post |= line.starts_with("POST");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            line.clear();
        }
        if is_post {
            let mut event = vec![0; length];
            reader.read_exact(&mut event)?;
            let chunk = [format!("{length:x}\r\n").as_bytes(), &event, b"\r\n"].concat();
            for subscriber in &mut subscribers {
                subscriber.write_all(&chunk)?;
            }
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
        } else {
            socket.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\n: open\n\n\r\n")?;
            subscribers.push(socket);
        }
    }
    Ok(())
}
