//! The watch: a subscription parsed, checked, and turned into a stream of events.

mod followed;
mod stream;
mod subscription;

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::api::problem::Problem;
use crate::api::watch::WatchBody;
use crate::domain::access::Caller;
use crate::http::Shared;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json};
use crate::http::serve::{Connection, lasting};
use crate::http::watch::followed::Followed;
use crate::http::watch::stream::{Sources, Stream};
use crate::http::watch::subscription::{Subscription, parse, parse_query};

/// Everything that happens to some namespaces of an environment, as server-sent events, without a gap.
///
/// Begins with a snapshot, or, after `Last-Event-ID` or `after`, with what followed there. Events: `snapshot`, `change`,
/// `checkpoint` every 15 s, `reset` before a new snapshot when continuity is lost, `bye` when the node stops. The topic
/// `instances` adds `instance`: how each instance of the environment stands, all of them first, then those that changed.
#[utoipa::path(get, path = "/api/v1/watch", operation_id = "watch", tag = "watch", params(
    ("env" = String, Query, description = "The environment"),
    ("namespace" = Option<Vec<String>>, Query, description = "A namespace; may come many times; required for `entries`"),
    ("topic" = Option<Vec<String>>, Query, description = "`entries`, `instances`, or, coming twice, both; without it `entries`"),
    ("after" = Option<String>, Query, description = "The last `epoch.revision` seen; the header wins"),
    ("have" = Option<Vec<String>>, Query, description = "What is there already, as `namespace/key:hash`; may come many times"),
    ("instance" = Option<String>, Query, description = "The instance that this stream is the presence of"),
    ("reveal" = Option<bool>, Query, description = "Give the plaintext of sealed entries, as far as the caller may see it; the audit notes it"),
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
    let Subscription { request, topics, instance } = parse(caller, headers, body)?;
    let environment = request.environment.clone();
    let (mut reader, mut followed, mut presence) = (None, None, None);
    if topics.instances {
        followed = Some(Followed::new(app.service.may_see_instances(caller, &environment)?, &environment));
    }
    if topics.entries {
        if request.reveal {
            app.service.open_revealing(caller, &environment, &request.namespaces).await?;
        }
        let returning = request.after.is_some() || !request.have.is_empty();
        app.service.may_watch(caller, &environment, &request.namespaces, request.after, returning).await?;
        if let Some(id) = &instance {
            let head = app.feed.state().head;
            presence = Some(app.service.open_presence(caller, &environment, id, head).await?);
        }
        reader = Some(app.feed.subscribe(request));
    }
    let sources = Sources { reader, followed, presence };
    let connection = connection.map(|Extension(connection)| connection);
    if let Some(connection) = &connection {
        connection.bound_send_buffer();
    }
    let pace = app.feed.watch_pace(move || connection.iter().for_each(Connection::cut));
    let stream = Stream::new(Arc::clone(app), caller.clone(), sources, pace);
    let mut response = lasting(Body::new(stream), app.service.ambient.now());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}
