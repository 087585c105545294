//! One subscription: server-sent events over HTTP/1.1, or a watch of etcd, each on a connection of its own.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http_body_util::{BodyExt as _, Empty, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::{Deserialize, Serialize};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::connection::Connection;
use super::etcd::{PutRequest, WatchCreateRequest, WatchRequest, WatchResponse, framed, next_message, request};
use crate::support::watchers::find;
use crate::support::{Tested, ensure};

/// Contents begin so; 16 digits follow, which count the changes.
const MARK: &str = "MARK-";
const DIGITS: usize = 16;

/// The size of every content, in bytes.
pub(crate) const CONTENT: usize = 1024;

/// Whose changes are followed, and how one is made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Target {
    /// The entry `dev/app/all`.
    Pintle { port: u16, token: String },
    /// The key `all`.
    Etcd { port: u16 },
    /// Whatever it is given, which is `event` with another mark.
    Floor { port: u16, event: String },
}

/// The content of a change: its mark, and what fills it up.
pub(crate) fn content(mark: u64) -> String {
    let text = format!("{MARK}{mark:0DIGITS$}");
    format!("{text:x<CONTENT$}")
}

/// The mark in some bytes.
fn mark_in(bytes: &[u8]) -> Tested<Option<u64>> {
    let Some(at) = find(bytes, MARK.as_bytes()) else { return Ok(None) };
    let digits = bytes.get(at + MARK.len()..at + MARK.len() + DIGITS).ok_or("a mark without its number")?;
    Ok(Some(std::str::from_utf8(digits)?.parse()?))
}

impl Target {
    fn port(&self) -> u16 {
        match self {
            Self::Pintle { port, .. } | Self::Etcd { port } | Self::Floor { port, .. } => *port,
        }
    }

    /// Makes a change and waits for its acknowledgement.
    pub(crate) async fn publish(&self, mark: u64) -> Tested {
        let (port, content) = (self.port(), content(mark));
        let mut connection = match self.clone() {
            Self::Pintle { token, .. } => {
                let body = publish_body("all", &content);
                Connection::http1(port, move || publish_request(&token, body.clone())).await?
            }
            Self::Etcd { .. } => {
                let put = PutRequest { key: "all".into(), value: content.into() };
                Connection::grpc(port, move || request(port, "KV/Put", Full::new(framed(&put)?))).await?
            }
            Self::Floor { event, .. } => {
                let at = event.find(MARK).ok_or("an event without a mark")? + MARK.len();
                let event = format!("{}{mark:0DIGITS$}{}", &event[..at], &event[at + DIGITS..]);
                Connection::http1(port, move || Ok(Request::post("/").body(event.clone().into())?)).await?
            }
        };
        connection.call().await
    }
}

/// A publish of one entry of `dev/app`.
pub(crate) fn publish_body(key: &str, content: &str) -> Bytes {
    publish_body_in("app", key, content)
}

/// The same in another namespace.
pub(crate) fn publish_body_in(namespace: &str, key: &str, content: &str) -> Bytes {
    let change = serde_json::json!({"env": "dev", "namespace": namespace, "key": key, "op": "put", "format": "text", "content": content});
    serde_json::json!({"message": "bench", "changes": [change]}).to_string().into()
}

pub(crate) fn publish_request(token: &str, body: Bytes) -> Tested<Request<Full<Bytes>>> {
    let request =
        Request::post("/api/v1/publish").header("host", "pintle").header("authorization", format!("Bearer {token}"));
    Ok(request.header("content-type", "application/json").body(Full::new(body))?)
}

/// What a subscriber was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// That it is subscribed, and the mark of what there is already.
    Open(Option<u64>),
    /// A change.
    Change(u64),
}

/// A subscription that is open.
pub(crate) struct Stream {
    body: Incoming,
    received: BytesMut,
    is_etcd: bool,
    /// The last event as it came, where it is asked for.
    kept: Option<String>,
    /// Where it goes on if it breaks: the last event's id, or etcd's revision after the last.
    pub(crate) cursor: Option<String>,
    _driver: JoinSet<hyper::Result<()>>,
}

impl Stream {
    /// Subscribes from an address of this machine, after a cursor or from now on.
    pub(crate) async fn open(target: &Target, from: Ipv4Addr, cursor: Option<String>) -> Tested<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((from, 0)))?;
        let io = TokioIo::new(socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, target.port()))).await?);
        let mut driver = JoinSet::new();
        let response = match target {
            Target::Etcd { port } => open_watch(io, *port, cursor.as_deref(), &mut driver).await?,
            Target::Pintle { token, .. } => {
                let mut request = Request::get("/api/v1/watch?env=dev&namespace=app").header("host", "pintle");
                request = request.header("authorization", format!("Bearer {token}"));
                if let Some(cursor) = &cursor {
                    request = request.header("last-event-id", cursor);
                }
                open_events(io, request.body(Empty::new())?, &mut driver).await?
            }
            Target::Floor { .. } => open_events(io, Request::get("/").body(Empty::new())?, &mut driver).await?,
        };
        ensure(response.status() == 200, || format!("a subscription was answered {}", response.status()))?;
        let is_etcd = matches!(target, Target::Etcd { .. });
        Ok(Self { body: response.into_body(), received: BytesMut::new(), is_etcd, kept: None, cursor, _driver: driver })
    }

    /// Keeps events for [`last_event`](Self::last_event).
    pub(crate) fn keep_events(&mut self) {
        self.kept = Some(String::new());
    }

    pub(crate) fn last_event(self) -> String {
        self.kept.unwrap_or_default()
    }

    /// Waits for the next thing it is told.
    pub(crate) async fn next(&mut self) -> Tested<Told> {
        loop {
            let told = if self.is_etcd { self.take_watched()? } else { self.take_event()? };
            if let Some(told) = told {
                return Ok(told);
            }
            let frame = self.body.frame().await.ok_or("the stream ended")??;
            if let Some(bytes) = frame.data_ref() {
                self.received.extend_from_slice(bytes);
            }
        }
    }

    fn take_event(&mut self) -> Tested<Option<Told>> {
        while let Some(end) = find(&self.received, b"\n\n") {
            let event = self.received.split_to(end + 2);
            if let Some(kept) = &mut self.kept {
                *kept = String::from_utf8(event.to_vec())?;
            }
            if let Some(id) = event.strip_prefix(b"id: ") {
                let line = id.split(|&byte| byte == b'\n').next().unwrap_or_default();
                self.cursor = Some(std::str::from_utf8(line)?.to_owned());
            }
            if find(&event, b"event: snapshot").is_some() || event.starts_with(b": open") {
                return Ok(Some(Told::Open(mark_in(&event)?)));
            }
            if let Some(mark) = mark_in(&event)? {
                return Ok(Some(Told::Change(mark)));
            }
        }
        Ok(None)
    }

    fn take_watched(&mut self) -> Tested<Option<Told>> {
        while let Some(response) = next_message::<WatchResponse>(&mut self.received)? {
            ensure(!response.canceled, || "the watch was cancelled".to_owned())?;
            if response.created {
                return Ok(Some(Told::Open(None)));
            }
            let revision = response.header.map_or(0, |header| header.revision);
            self.cursor = Some((revision + 1).to_string());
            let values = response.events.iter().filter_map(|event| event.kv.as_ref());
            if let Some(value) = values.last() {
                return Ok(mark_in(&value.value)?.map(Told::Change));
            }
        }
        Ok(None)
    }
}

async fn open_events(
    io: TokioIo<TcpStream>,
    request: Request<Empty<Bytes>>,
    driver: &mut JoinSet<hyper::Result<()>>,
) -> Tested<Response<Incoming>> {
    let (mut sender, connection) = http1::handshake(io).await?;
    driver.spawn(connection);
    Ok(sender.send_request(request).await?)
}

async fn open_watch(
    io: TokioIo<TcpStream>,
    port: u16,
    cursor: Option<&str>,
    driver: &mut JoinSet<hyper::Result<()>>,
) -> Tested<Response<Incoming>> {
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
    driver.spawn(connection);
    let start_revision = cursor.map(str::parse).transpose()?.unwrap_or(0);
    let create = WatchRequest { create_request: Some(WatchCreateRequest { key: "all".into(), start_revision }) };
    // The request's body stays open: its end would be the end of the watch.
    let first = Ok::<_, Infallible>(Frame::data(framed(&create)?));
    let body = BoxBody::new(StreamBody::new(stream::iter([first]).chain(stream::pending())));
    let response = sender.send_request(request(port, "Watch/Watch", body)?).await?;
    // The connection ends with its last sender.
    driver.spawn(async move {
        let _sender = sender;
        std::future::pending().await
    });
    Ok(response)
}
