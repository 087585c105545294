//! The watch: a subscription parsed, checked, and turned into a stream of events.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use http_body::Frame as BodyFrame;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::api::problem::{Code, FieldProblem, Problem};
use crate::api::watch::{CHECKPOINT_SECONDS, HAVE_MAX, LAST_EVENT_ID_HEADER, NAMESPACES_MAX, WatchBody};
use crate::domain::access::Caller;
use crate::domain::contents::ContentHash;
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::Cursor;
use crate::feed::frames::{self, Frame};
use crate::feed::reader::{Page, RETRY_MS, Reader, Request, Step};
use crate::feed::subscribers::{Feed, Pace};
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json};
use crate::http::serve::Connection;
use crate::http::{App, Shared};

/// The time between two checkpoints of one stream.
const CHECKPOINT: Duration = Duration::from_secs(CHECKPOINT_SECONDS);

/// Everything that happens to some namespaces of an environment, as server-sent events, without a gap.
///
/// Begins with a snapshot, or, after `Last-Event-ID` or `after`, with what followed there. Events: `snapshot`, `change`,
/// `checkpoint` every 15 s, `reset` before a new snapshot when continuity is lost, `bye` when the node stops.
#[utoipa::path(get, path = "/api/v1/watch", operation_id = "watch", tag = "watch", params(
    ("env" = String, Query, description = "The environment"),
    ("namespace" = Vec<String>, Query, description = "A namespace; may come many times"),
    ("after" = Option<String>, Query, description = "The last `epoch.revision` seen; the header wins"),
    ("have" = Option<Vec<String>>, Query, description = "What is there already, as `namespace/key:hash`; may come many times"),
    ("instance" = Option<String>, Query, description = "The instance that this stream is the presence of"),
    ("Last-Event-ID" = Option<String>, Header, description = "The last `epoch.revision` seen"),
), responses(
    (status = 200, description = "Events; the data of `snapshot` and `change` are the schemas SnapshotEvent and ChangeEvent", body = String, content_type = "text/event-stream"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn watch(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    connection: Option<Extension<Connection>>,
    headers: HeaderMap,
    query: axum::extract::RawQuery,
) -> Result<Response, ApiError> {
    let body = parse_query(query.0.as_deref().unwrap_or_default())?;
    open(&app, &caller, connection, &headers, body).await
}

/// The same with a body, for lists that are too long for an address.
#[utoipa::path(post, path = "/api/v1/watch", operation_id = "watch_with_body", tag = "watch", request_body = WatchBody, params(
    ("Last-Event-ID" = Option<String>, Header, description = "The last `epoch.revision` seen"),
), responses(
    (status = 200, description = "Events, as those of `GET`", body = String, content_type = "text/event-stream"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn watch_with_body(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    connection: Option<Extension<Connection>>,
    headers: HeaderMap,
    Json(body, _): Json<WatchBody>,
) -> Result<Response, ApiError> {
    open(&app, &caller, connection, &headers, body).await
}

async fn open(
    app: &Shared,
    caller: &Caller,
    connection: Option<Extension<Connection>>,
    headers: &HeaderMap,
    body: WatchBody,
) -> Result<Response, ApiError> {
    let request = parse(caller, headers, body)?;
    app.service.may_watch(caller, &request.environment, &request.namespaces, request.after).await?;
    let reader = app.feed.subscribe(request);
    let connection = connection.map(|Extension(connection)| connection);
    if let Some(connection) = &connection {
        connection.bound_send_buffer();
    }
    let pace = app.feed.watch_pace(move || connection.iter().for_each(Connection::cut));
    let mut response = Body::new(Stream::new(Arc::clone(app), reader, pace)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Reads the query by hand, since some parameters may come many times.
fn parse_query(text: &str) -> Result<WatchBody, ApiError> {
    let mut body = WatchBody::default();
    let mut env = None;
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let value = value.into_owned();
        if value.contains('\0') {
            return Err(ApiError::bad(&name, "must not contain NUL"));
        }
        let once = match &*name {
            "namespace" => {
                body.namespaces.push(value);
                continue;
            }
            "have" => {
                body.have.push(value);
                continue;
            }
            "env" => &mut env,
            "after" => &mut body.after,
            "instance" => &mut body.instance,
            _ => {
                let known = "env, namespace, after, have, instance";
                return Err(ApiError::bad(&name, format!("is not a parameter of this call, which has {known}")));
            }
        };
        if once.replace(value).is_some() {
            return Err(ApiError::bad(&name, "must come once"));
        }
    }
    body.env = env.ok_or_else(|| ApiError::bad("env", "is required"))?;
    Ok(body)
}

fn parse(caller: &Caller, headers: &HeaderMap, body: WatchBody) -> Result<Request, ApiError> {
    let WatchBody { env, namespaces, after, have, instance: _ } = body;
    let environment = EnvironmentName::parse(&env).map_err(|error| ApiError::invalid("env", error.to_string()))?;
    if namespaces.is_empty() {
        return Err(ApiError::bad("namespace", "is required"));
    }
    if namespaces.len() > NAMESPACES_MAX {
        let problem = format!("may come {NAMESPACES_MAX} times, these are {}", namespaces.len());
        return Err(ApiError::invalid("namespace", problem));
    }
    if have.len() > HAVE_MAX {
        return Err(ApiError::invalid("have", format!("may come {HAVE_MAX} times, these are {}", have.len())));
    }
    let mut wrong = Vec::new();
    let mut names = Vec::with_capacity(namespaces.len());
    for name in namespaces {
        match NamespaceName::parse(&name) {
            Ok(name) => names.push(name),
            Err(error) => wrong.push(FieldProblem::new("namespace", error.to_string())),
        }
    }
    let mut known = BTreeMap::new();
    for (at, item) in have.iter().enumerate() {
        match parse_have(&environment, item) {
            Ok((address, hash)) => drop(known.insert(address, hash)),
            Err(problem) => wrong.push(FieldProblem::new(format!("have[{at}]"), problem)),
        }
    }
    if !wrong.is_empty() {
        return Err(ApiError::fields(Code::Invalid, wrong));
    }
    let last = headers.get(LAST_EVENT_ID_HEADER).map(|value| ("Last-Event-ID", value.to_str().unwrap_or("?")));
    let after = last.or(after.as_deref().map(|after| ("after", after)));
    let after = after.filter(|(_, text)| !text.is_empty());
    let after = after.map(|(field, text)| {
        text.parse::<Cursor>().map_err(|_| ApiError::bad(field, "must be epoch.revision, such as 1.42"))
    });
    Ok(Request {
        user: caller.user.id,
        token: caller.token,
        environment,
        namespaces: names,
        after: after.transpose()?,
        have: known,
    })
}

/// `namespace/key:hash`.
fn parse_have(environment: &EnvironmentName, item: &str) -> Result<(Address, ContentHash), String> {
    const SHAPE: &str = "must be namespace/key:hash, with the SHA-256 in lowercase hex";
    let (place, hash) = item.rsplit_once(':').ok_or(SHAPE)?;
    let (namespace, key) = place.split_once('/').ok_or(SHAPE)?;
    let mut bytes = [0; 32];
    let lower = !hash.bytes().any(|byte| byte.is_ascii_uppercase());
    hex::decode_to_slice(hash, &mut bytes).ok().filter(|()| lower).ok_or(SHAPE)?;
    let namespace = NamespaceName::parse(namespace).map_err(|error| error.to_string())?;
    let key = EntryKey::parse(key).map_err(|error| error.to_string())?;
    Ok((Address { environment: environment.clone(), namespace, key }, ContentHash(bytes)))
}

type Loading = Pin<Box<dyn Future<Output = Option<Page>> + Send>>;

/// A reader as a body: polled when its socket takes more.
struct Stream {
    app: Arc<App>,
    reader: Reader,
    pace: Arc<Pace>,
    moved: Pin<Box<OwnedNotified>>,
    checkpoint: Pin<Box<Sleep>>,
    /// Whether a checkpoint is due, as soon as there is nothing else to say.
    due: bool,
    loading: Option<Loading>,
    /// What is being given out, and the next slice of it.
    frame: Option<(Frame, usize)>,
    ended: bool,
}

impl Stream {
    fn new(app: Arc<App>, reader: Reader, pace: Arc<Pace>) -> Self {
        let moved = Box::pin(app.feed.moved());
        // Spread, so that many streams that began together do not all speak at once.
        let [chance, ..] = app.service.ambient.id().into_bytes();
        let first = CHECKPOINT.mul_f64(0.5 + f64::from(chance) / 512.0);
        Self {
            moved,
            checkpoint: Box::pin(sleep_until(Instant::now() + first)),
            due: false,
            loading: None,
            frame: Some((frames::hello(RETRY_MS), 0)),
            ended: false,
            app,
            reader,
            pace,
        }
    }

    fn feed(&self) -> &Feed {
        &self.app.feed
    }

    /// The next slice of what is being given out.
    fn next_slice(&mut self) -> Option<Bytes> {
        let (frame, at) = self.frame.as_mut()?;
        let slice = frame.chunks().get(*at).cloned();
        *at += 1;
        if slice.is_none() {
            self.frame = None;
        }
        slice
    }

    /// Finds the next frame, or says that there is none now, or none any more.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Frame>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            if self.feed().is_draining() {
                self.ended = true;
                return Poll::Ready(Some(frames::bye(RETRY_MS)));
            }
            if self.checkpoint.as_mut().poll(cx).is_ready() {
                self.checkpoint.as_mut().reset(Instant::now() + CHECKPOINT);
                self.due = true;
                if !self.reader.is_welcome(&self.feed().state().access, self.app.service.ambient.now()) {
                    return Poll::Ready(None);
                }
                // The timer has to be asked again, to wake.
                continue;
            }
            let Poll::Ready(step) = self.poll_step(cx) else {
                if self.poll_moved(cx).is_pending() {
                    return Poll::Pending;
                }
                continue;
            };
            match step {
                Step::Write(frame) => return Poll::Ready(Some(frame)),
                Step::Reset(reason) => return Poll::Ready(Some(frames::reset(reason))),
                Step::ReadLog(after, upto) => {
                    let (app, sight) = (Arc::clone(&self.app), Arc::new(self.reader.sight().clone()));
                    self.loading = Some(Box::pin(async move { app.feed.read_log(sight, after, upto).await }));
                }
                Step::Wait if self.due => {
                    self.due = false;
                    return Poll::Ready(Some(self.reader.checkpoint()));
                }
                Step::Wait => {
                    if self.poll_moved(cx).is_pending() {
                        return Poll::Pending;
                    }
                }
                Step::End => return Poll::Ready(None),
            }
        }
    }

    /// The next step of the reader, once the log that it asked for was read.
    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        if let Some(loading) = self.loading.as_mut() {
            let page = ready!(loading.as_mut().poll(cx));
            self.loading = None;
            match page {
                Some(page) => self.reader.take(page),
                None => return Poll::Ready(self.app.feed.give_up_replay(&mut self.reader)),
            }
        }
        Poll::Ready(self.app.feed.step(&mut self.reader))
    }

    /// Waits for the bell. After it rang there may be work from the moment on at which it was hung up again.
    fn poll_moved(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.moved.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.moved = Box::pin(self.app.feed.moved());
        Poll::Ready(())
    }
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Infallible>>> {
        // Being asked means that what was given before was taken.
        self.pace.idle();
        loop {
            if let Some(slice) = self.next_slice() {
                self.pace.gave();
                return Poll::Ready(Some(Ok(BodyFrame::data(slice))));
            }
            match self.poll_next(cx) {
                Poll::Ready(Some(frame)) => self.frame = Some((frame, 0)),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
