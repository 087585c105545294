//! Around every request: its id and its caller's address, its span, its metrics, its time limits, the headers of every answer, and
//! the body of a problem.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::TraceContextExt as _;
use tokio::time::Instant;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::api::problem::Code;
use crate::api::{EPOCH_HEADER, REQUEST_ID_HEADER, REVISION_HEADER};
use crate::domain::access::Peer;
use crate::domain::audit::{Denial, Who};
use crate::http::error::{ApiError, Pending};
use crate::http::serve::Connection;
use crate::http::{Entrance, Shared, arrival};
use crate::metrics::{RequestLabels, RouteLabels};

/// Longest time from the arrival of a request to the head of its answer.
const REQUEST: Duration = Duration::from_secs(30);
/// Longest time for a body to arrive, however steadily it does.
const BODY: Duration = Duration::from_mins(2);

/// What pages may load, and who may show them.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                                 img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'self'; \
                                 frame-ancestors 'none'";

/// What every answer says to browsers, unless its handler said more: this is no place for foreign scripts, frames or readers.
const SECURITY: [(&str, &str); 6] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), encrypted-media=(), \
         fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), \
         picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), \
         xr-spatial-tracking=()",
    ),
];
/// What answers over TLS say besides. Other names below this one are not ours to speak for.
const HSTS: &str = "max-age=31536000";

/// By which way a request came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// Whether its caller's side of it is encrypted.
    pub(super) https: bool,
    /// The path that a proxy took off in front: empty, or such as `/pintle`.
    pub(super) prefix: String,
}

/// Who a request turned out to come from: told by the extractor, read when the answer is there.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(Arc<OnceLock<Who>>);

impl Known {
    /// Tells it, once.
    pub(super) fn tell(&self, who: Who) {
        let _ = self.0.set(who);
    }
}

/// The trace that a request belongs to, when its caller or an exporter of this node keeps one.
#[derive(Debug, Clone)]
pub(super) struct TraceId(pub(super) Arc<str>);

/// Gives the request its id and span, counts it, and writes the body of a problem.
pub(super) async fn observe(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&app, &request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let (client, way) = origin(&app.entrance, &request);
    let https = way.https;
    let (peer, known) = (Peer { address: client, request_id: Arc::clone(&id) }, Known::default());
    request.extensions_mut().insert(peer.clone());
    request.extensions_mut().insert(known.clone());
    request.extensions_mut().insert(way);
    let span = tracing::info_span!("http.request", %method, route, request_id = %id, client = tracing::field::Empty);
    if let Some(client) = client {
        span.record("client", tracing::field::display(client));
    }
    let parent = opentelemetry::global::get_text_map_propagator(|p| p.extract(&Headers(request.headers())));
    // Without an exporter there is nobody to tell.
    let _ = span.set_parent(parent);
    if let Some(trace) = trace_id(&span, request.headers()) {
        request.extensions_mut().insert(trace);
    }
    let mut response = next.run(request).instrument(span.clone()).await;

    let denial = span.in_scope(|| write_problem(&mut response, &id));
    if let Some(denial) = denial {
        let who = known.0.get().cloned().unwrap_or_else(|| Who::anonymous(&peer));
        app.service.audit.deny(who, &denial);
    }
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    span.in_scope(|| tracing::debug!(status, ms = elapsed.as_secs_f64() * 1000.0, "answered"));
    let metrics = &app.service.metrics;
    let labels = RequestLabels { method: method.to_string(), route: route.clone(), status };
    metrics.requests.get_or_create(&labels).inc();
    let labels = RouteLabels { method: method.to_string(), route };
    metrics.request_seconds.get_or_create(&labels).observe(elapsed.as_secs_f64());

    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID_HEADER, value);
    }
    let cursor = app.service.view.state().cursor();
    headers.entry(REVISION_HEADER).or_insert_with(|| HeaderValue::from(cursor.revision.0));
    headers.entry(EPOCH_HEADER).or_insert_with(|| HeaderValue::from(cursor.epoch.0));
    let cached = if headers.contains_key(header::ETAG) { "private, no-cache" } else { "no-store" };
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(cached));
    headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding, Authorization, Cookie"));
    secure(headers, https);
    response
}

/// Whose request it is, and by which way it came. Headers that say so count only from a proxy that is trusted.
fn origin(entrance: &Entrance, request: &Request) -> (Option<IpAddr>, Way) {
    let Some(connection) = request.extensions().get::<Connection>() else { return (None, Way::default()) };
    let route = entrance.proxies.route(connection.peer, request.headers());
    let https = connection.tls || route.https.unwrap_or_else(|| entrance.public_url.is_https());
    (Some(route.client), Way { https, prefix: route.prefix.unwrap_or_default() })
}

fn secure(headers: &mut HeaderMap, https: bool) {
    for (name, value) in SECURITY {
        headers.entry(HeaderName::from_static(name)).or_insert(HeaderValue::from_static(value));
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
}

/// The caller's request id when it is a plain one, else a new one.
fn request_id(app: &Shared, request: &Request) -> Arc<str> {
    let plain = |text: &&str| {
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let given = request.headers().get(REQUEST_ID_HEADER).and_then(|value| value.to_str().ok()).filter(plain);
    match given {
        Some(given) => given.into(),
        None => app.service.ambient.id().simple().to_string().into(),
    }
}

/// The trace of the span, else the one that the caller named after W3C Trace Context.
fn trace_id(span: &tracing::Span, headers: &HeaderMap) -> Option<TraceId> {
    let context = span.context();
    let own = context.span().span_context().clone();
    if own.is_valid() {
        return Some(TraceId(own.trace_id().to_string().into()));
    }
    let mut parts = headers.get("traceparent")?.to_str().ok()?.split('-').skip(1);
    let id = parts.next().filter(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()))?;
    Some(TraceId(id.to_ascii_lowercase().into()))
}

/// Writes the body of a problem. Gives what the audit is to tell of it.
fn write_problem(response: &mut Response, id: &str) -> Option<Denial> {
    let Pending { mut problem, cause, denial } = response.extensions_mut().remove::<Pending>()?;
    id.clone_into(&mut problem.request_id);
    if problem.status == 500 {
        tracing::error!(code = problem.code.as_str(), cause, "a request failed");
    } else if problem.status > 500 {
        tracing::warn!(code = problem.code.as_str(), cause, "a request was not served");
    }
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    *response.body_mut() = Body::from(body);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    denial
}

/// Gives a request up after a while. A write that is given up may still happen, and says so, unless its body never came.
pub(super) async fn bound_time(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let (parts, body) = request.into_parts();
    let (body, arrived) = arrival::bound(body, app.entrance.body_silence);
    let mut answered = pin!(next.run(Request::from_parts(parts, body)));
    tokio::select! {
        response = answered.as_mut() => return response,
        () = arrived.notified() => {}
        () = tokio::time::sleep(BODY) => return ApiError::new(Code::RequestTimeout, None).into_response(),
    }
    match tokio::time::timeout(REQUEST, answered).await {
        Ok(response) => response,
        Err(_) if reads => ApiError::new(Code::Timeout, None).into_response(),
        Err(_) => ApiError::new(Code::OutcomeUnknown, None).into_response(),
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(header::HeaderName::as_str).collect()
    }
}
