//! The calls of local programs, and their answers.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, Limited, StreamBody};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, HOST, HeaderMap, HeaderValue, IF_NONE_MATCH};
use hyper::{Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::agent::local::feed::{Feed, Tape};
use crate::agent::local::stream::{Frames, Reader};
use crate::agent::local::{EffectiveView, Layers};
use crate::api::entries::{ContentView, EntryList, EntryView};
use crate::api::problem::{Code, FieldProblem, Problem};
use crate::api::watch::{LAST_EVENT_ID_HEADER, WatchBody};
use crate::api::{EPOCH_HEADER, PAGE_DEFAULT, PAGE_MAX, REVISION_HEADER};
use crate::client::watch::{Held, Mirror, Place, Secrecy};
use crate::domain::contents::ContentHash;
use crate::domain::names::{EntryKey, NamespaceName};
use crate::domain::revisions::{Cursor, Revision};

/// Longest body of a watch.
const BODY_BYTES: usize = 8 * 1024 * 1024;
/// How long a read waits for a revision.
const WAIT: Duration = Duration::from_secs(5);
const OCTETS: &str = "application/octet-stream";

/// The body of every answer.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;
type Answer = Result<Response<Body>, Box<Problem>>;

/// What the calls of one block need.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) feed: Feed,
    pub(super) layers: Arc<dyn Layers>,
    pub(super) stop: CancellationToken,
    /// Whether the caller came over a port, where a web page may have sent it.
    pub(super) port: bool,
}

/// What an address asks for.
struct Asked {
    segments: Vec<String>,
    parameters: Vec<(String, String)>,
}

/// Answers a call.
pub(super) async fn answer(desk: Desk, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    Ok(handle(desk, request).await.unwrap_or_else(|problem| tell(&problem)))
}

async fn handle(desk: Desk, request: Request<Incoming>) -> Answer {
    if desk.port && !names_loopback(request.headers()) {
        return Err(refuse(Code::Denied, "the host must be a name of this machine, such as localhost"));
    }
    let asked = Asked::read(request.uri().path_and_query().map_or("/", |text| text.as_str()))?;
    let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
    let reads = request.method() == Method::GET || request.method() == Method::HEAD;
    match segments.as_slice() {
        ["api", "v1", "watch"] if request.method() == Method::POST => watch_by_body(desk, request).await,
        ["api", "v1", "watch"] if request.method() == Method::GET => watch_by_address(&desk, request.headers(), &asked),
        ["api", "v1", "environments", environment, "namespaces", namespace, "entries", key @ ..] if reads => {
            asked.wait(&desk).await?;
            let tape = desk.feed.reader().borrow().clone();
            let namespace = namespace_of(tape.mirror(), environment, namespace)?;
            match key {
                [] => list(&tape, &namespace, request.headers(), &asked),
                key => get(&tape, &(namespace, key_of(&key.join("/"))?), request.headers(), &asked),
            }
        }
        ["api", "v1", "effective", key @ ..] if reads && !key.is_empty() => {
            asked.wait(&desk).await?;
            let tape = desk.feed.reader().borrow().clone();
            effective(&desk, tape.mirror(), &key_of(&key.join("/"))?, request.headers(), &asked)
        }
        ["api", "v1", "watch"] => Err(refuse(Code::MethodNotAllowed, "a watch is a GET or a POST")),
        ["api", "v1", "environments", _, "namespaces", _, "entries", ..] | ["api", "v1", "effective", _, ..] => {
            Err(refuse(Code::MethodNotAllowed, "the agent only reads; write to the server"))
        }
        _ => Err(refuse(Code::NotFound, "the agent has no such resource")),
    }
}

impl Asked {
    fn read(address: &str) -> Result<Self, Box<Problem>> {
        let bad = || refuse(Code::BadRequest, "the address cannot be read");
        // Only path and parameters are of interest; the host is there because an address must have one.
        let url = Url::parse(&format!("http://localhost{address}")).map_err(|_| bad())?;
        let text = |segment: &str| percent_decode_str(segment).decode_utf8().map(std::borrow::Cow::into_owned);
        let segments = url.path_segments().ok_or_else(bad)?.map(text).collect::<Result<_, _>>().map_err(|_| bad())?;
        let parameters = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        Ok(Self { segments, parameters })
    }

    /// Refuses parameters that the call does not have.
    fn only(&self, names: &[&str]) -> Result<(), Box<Problem>> {
        match self.parameters.iter().find(|(name, _)| !names.contains(&name.as_str())) {
            Some((name, _)) => {
                Err(field(Code::BadRequest, name, &format!("unknown; the agent takes {}", names.join(", "))))
            }
            None => Ok(()),
        }
    }

    fn one(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        self.parameters.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.clone())
    }

    /// Waits until the block has seen `min_revision`, and a first snapshot.
    async fn wait(&self, desk: &Desk) -> Result<(), Box<Problem>> {
        let least = match self.one("min_revision") {
            Some(text) => text.parse().map_err(|error| field(Code::BadRequest, "min_revision", &format!("{error}")))?,
            None => Revision::ZERO,
        };
        let mut tape = desk.feed.reader();
        let there = |tape: &Tape| tape.mirror().cursor().is_some_and(|cursor| cursor.revision >= least);
        if least == Revision::ZERO && !there(&tape.borrow()) {
            return Err(nothing_yet());
        }
        match tokio::time::timeout(WAIT, tape.wait_for(there)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => {
                Err(refuse(Code::NotThereYet, &format!("the agent has not seen revision {least} yet")))
            }
        }
    }
}

fn namespace_of(mirror: &Mirror, environment: &str, namespace: &str) -> Result<NamespaceName, Box<Problem>> {
    let subscription = mirror.subscription();
    if subscription.environment.as_str() != environment {
        let problem = format!("the environment of this block is {}", subscription.environment);
        return Err(refuse(Code::NotFound, &problem));
    }
    let found = subscription.namespaces.iter().find(|name| name.as_str() == namespace);
    found.cloned().ok_or_else(|| refuse(Code::NotFound, &format!("{namespace} is no namespace of this block")))
}

fn key_of(text: &str) -> Result<EntryKey, Box<Problem>> {
    EntryKey::parse(text).map_err(|error| field(Code::BadRequest, "key", &error.to_string()))
}

fn list(tape: &Tape, namespace: &NamespaceName, headers: &HeaderMap, asked: &Asked) -> Answer {
    asked.only(&["prefix", "at", "content", "limit", "cursor", "min_revision"])?;
    let mirror = tape.mirror();
    let cursor = mirror.cursor().ok_or_else(nothing_yet)?;
    if let Some(at) = asked.one("at")
        && at != cursor.revision.to_string()
    {
        let problem = format!("the agent lists the present, revision {}, only", cursor.revision);
        return Err(field(Code::Invalid, "at", &problem));
    }
    let limit = match asked.one("limit").map(str::parse::<u32>) {
        None => PAGE_DEFAULT,
        Some(Ok(limit)) if (1..=PAGE_MAX).contains(&limit) => limit,
        Some(Ok(_) | Err(_)) => return Err(field(Code::Invalid, "limit", &format!("must be from 1 to {PAGE_MAX}"))),
    };
    let content = match asked.one("content") {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => return Err(field(Code::BadRequest, "content", "must be true or false")),
    };
    let (prefix, after) = (asked.one("prefix").unwrap_or_default(), asked.one("cursor"));
    let wanted = |(found, key): &Place| {
        found == namespace && key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after)
    };
    let mut rest = mirror.entries().iter().filter(|(place, _)| wanted(place)).peekable();
    let mut entries = Vec::new();
    while let Some((place, held)) = rest.next_if(|_| entries.len() < limit as usize) {
        entries.push(view(mirror, place, held, content));
    }
    let next = rest.peek().and(entries.last()).map(|entry| entry.key.clone());
    Ok(tagged(headers, cursor, &cursor.to_string(), &EntryList { entries, next }))
}

fn get(tape: &Tape, place: &Place, headers: &HeaderMap, asked: &Asked) -> Answer {
    asked.only(&["at", "raw", "min_revision", "instance"])?;
    let mirror = tape.mirror();
    let cursor = mirror.cursor().ok_or_else(nothing_yet)?;
    let missing = || refuse(Code::NotFound, &format!("{}/{} does not exist", place.0, place.1));
    let at = match asked.one("at") {
        Some(text) => {
            Some(text.parse::<Revision>().map_err(|error| field(Code::BadRequest, "at", &error.to_string()))?)
        }
        None => None,
    };
    if raw(headers, asked)? {
        if let Some(at) = at {
            // Large contents of events are fetched so, and may have changed since.
            let version = tape.version_at(place, at).ok_or_else(missing)?;
            refuse_shut(version.secrecy, &format!("{}/{}", place.0, place.1))?;
            let tag = version.hash.to_string();
            return Ok(octets(headers, cursor, &tag, version.format.as_str(), version.bytes));
        }
        let held = mirror.entries().get(place).ok_or_else(missing)?;
        refuse_shut(held.secrecy, &format!("{}/{}", place.0, place.1))?;
        let tag = held.revision.to_string();
        return Ok(octets(headers, cursor, &tag, held.format.as_str(), held.bytes.clone()));
    }
    let held = mirror.entries().get(place).filter(|held| at.is_none_or(|at| held.revision <= at.0));
    let held = held.ok_or_else(missing)?;
    Ok(tagged(headers, cursor, &held.revision.to_string(), &view(mirror, place, held, true)))
}

fn effective(desk: &Desk, mirror: &Mirror, key: &EntryKey, headers: &HeaderMap, asked: &Asked) -> Answer {
    asked.only(&["raw", "min_revision"])?;
    let cursor = mirror.cursor().ok_or_else(nothing_yet)?;
    let found = desk.layers.find(mirror, key).map_err(|problem| refuse(Code::InvalidContent, &problem))?;
    let found = found.ok_or_else(|| refuse(Code::NotFound, &format!("no layer of this block has {key}")))?;
    let shut = found.secrecy.is_shut();
    let hash = if shut { String::new() } else { ContentHash::of(&found.bytes).to_string() };
    if raw(headers, asked)? {
        refuse_shut(found.secrecy, key.as_str())?;
        return Ok(octets(headers, cursor, &hash, found.format.as_str(), found.bytes));
    }
    let view = EffectiveView {
        environment: mirror.subscription().environment.to_string(),
        key: key.to_string(),
        format: found.format,
        size: found.bytes.len() as u64,
        sealed: found.secrecy.is_sealed(),
        content: if shut { ContentView::default() } else { ContentView::of(&found.bytes) },
        layers: found.layers.iter().map(ToString::to_string).collect(),
        hash,
    };
    let tag = if shut { cursor.to_string() } else { view.hash.clone() };
    Ok(tagged(headers, cursor, &tag, &view))
}

fn watch_by_address(desk: &Desk, headers: &HeaderMap, asked: &Asked) -> Answer {
    asked.only(&["env", "namespace", "after", "have", "instance"])?;
    let body = WatchBody {
        env: asked.one("env").unwrap_or_default().to_owned(),
        namespaces: asked.all("namespace").collect(),
        after: asked.one("after").map(str::to_owned),
        have: asked.all("have").collect(),
        instance: None,
        topics: Vec::new(),
        reveal: false,
    };
    watch(desk, headers, body)
}

async fn watch_by_body(desk: Desk, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES).collect().await;
    let body = body.map_err(|_| field(Code::TooLarge, "body", &format!("must have at most {BODY_BYTES} bytes")))?;
    let body = serde_json::from_slice(&body.to_bytes());
    let body = body.map_err(|error| field(Code::BadRequest, "body", &error.to_string()))?;
    watch(&desk, &head.headers, body)
}

fn watch(desk: &Desk, headers: &HeaderMap, body: WatchBody) -> Answer {
    let tape = desk.feed.reader();
    let (namespaces, cursor) = {
        let tape = tape.borrow();
        let mirror = tape.mirror();
        let names = body.namespaces.iter().map(|namespace| namespace_of(mirror, &body.env, namespace));
        (names.collect::<Result<BTreeSet<_>, _>>()?, mirror.cursor().ok_or_else(nothing_yet)?)
    };
    if !body.topics.is_empty() {
        return Err(field(Code::Invalid, "topics", "are told by the server only"));
    }
    if namespaces.is_empty() {
        return Err(field(Code::Invalid, "namespace", "must be given at least once"));
    }
    let last = headers.get(LAST_EVENT_ID_HEADER).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let (name, after) = if last.is_some() { (LAST_EVENT_ID_HEADER, last) } else { ("after", body.after) };
    let after: Option<Cursor> = match after {
        Some(text) => Some(text.parse().map_err(|error| field(Code::BadRequest, name, &format!("{error}")))?),
        None => None,
    };
    let have: BTreeMap<String, String> = body
        .have
        .iter()
        .map(|have| have.rsplit_once(':').map(|(place, hash)| (place.to_owned(), hash.to_owned())))
        .collect::<Option<_>>()
        .ok_or_else(|| field(Code::BadRequest, "have", "must be namespace/key:hash"))?;
    let reader = Reader::new(tape, namespaces, after, have, desk.stop.clone());
    let mut response = Response::new(StreamBody::new(Frames::new(reader)).boxed_unsync());
    place_head(response.headers_mut(), cursor);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn view(mirror: &Mirror, (namespace, key): &Place, held: &Held, content: bool) -> EntryView {
    EntryView {
        environment: mirror.subscription().environment.to_string(),
        namespace: namespace.to_string(),
        key: key.to_string(),
        format: held.format,
        revision: held.revision,
        at: held.at,
        actor: held.actor.clone(),
        hash: held.hash.to_string(),
        size: held.bytes.len() as u64,
        sealed: held.secrecy.is_sealed(),
        marks: None,
        masked: false,
        redacted: false,
        content: if content && !held.secrecy.is_shut() { ContentView::of(&held.bytes) } else { ContentView::default() },
    }
}

/// Bytes of a sealed entry are given by an agent that may see them and was told to give them.
fn refuse_shut(secrecy: Secrecy, what: &str) -> Result<(), Box<Problem>> {
    if secrecy.is_shut() {
        return Err(refuse(
            Code::Sealed,
            &format!("{what} is sealed; `serve.secrets` is not set, or the agent may not see it"),
        ));
    }
    Ok(())
}

fn raw(headers: &HeaderMap, asked: &Asked) -> Result<bool, Box<Problem>> {
    match asked.one("raw") {
        None => Ok(headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| {
            accept.split(',').any(|one| one.split(';').next().unwrap_or_default().trim() == OCTETS)
        })),
        Some("" | "true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Err(field(Code::BadRequest, "raw", "must be true or false")),
    }
}

/// Whether the caller means this machine, and not a name that somebody else made point here.
fn names_loopback(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn tagged(headers: &HeaderMap, cursor: Cursor, tag: &str, body: &impl Serialize) -> Response<Body> {
    // JSON of these types always succeeds.
    let bytes = serde_json::to_vec(body).unwrap_or_default();
    reply(headers, cursor, tag, "application/json", bytes.into())
}

fn octets(headers: &HeaderMap, cursor: Cursor, tag: &str, format: &'static str, bytes: Bytes) -> Response<Body> {
    let mut response = reply(headers, cursor, tag, OCTETS, bytes);
    response.headers_mut().insert("pintle-format", HeaderValue::from_static(format));
    response
}

fn reply(headers: &HeaderMap, cursor: Cursor, tag: &str, kind: &'static str, bytes: Bytes) -> Response<Body> {
    let tag = format!("\"{tag}\"");
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let fresh = known.is_some_and(|known| known.split(',').any(|one| matches!(one.trim(), "*") || one.trim() == tag));
    let mut response = Response::new(Full::new(if fresh { Bytes::new() } else { bytes }).boxed_unsync());
    if fresh {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    place_head(response.headers_mut(), cursor);
    response
}

fn place_head(headers: &mut HeaderMap, cursor: Cursor) {
    headers.insert(REVISION_HEADER, HeaderValue::from(cursor.revision.0));
    headers.insert(EPOCH_HEADER, HeaderValue::from(cursor.epoch.0));
}

fn nothing_yet() -> Box<Problem> {
    refuse(Code::NotThereYet, "the block has not applied any entries yet")
}

fn refuse(code: Code, detail: &str) -> Box<Problem> {
    Box::new(Problem::new(code, detail.to_owned()))
}

fn field(code: Code, name: &str, problem: &str) -> Box<Problem> {
    Box::new(Problem::new(code, None).with_fields(vec![FieldProblem::new(name, problem)]))
}

fn tell(problem: &Problem) -> Response<Body> {
    let bytes = serde_json::to_vec(problem).unwrap_or_default();
    let mut response = Response::new(Full::new(bytes.into()).boxed_unsync());
    *response.status_mut() = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if problem.code == Code::MethodNotAllowed {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}
