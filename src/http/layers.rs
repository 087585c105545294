//! Around every request: its id and its caller's address, its span, its metrics, its time limits, the headers of every answer, and
//! the body of a problem.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use opentelemetry::propagation::Extractor;
use opentelemetry::trace::TraceContextExt as _;
use tokio::time::Instant;
use tower_http::compression::Compression;
use tower_service::Service as _;
use tracing::Instrument as _;
use tracing::field::{Empty, display};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use uuid::Uuid;

use crate::api::problem::Code;
use crate::api::{EPOCH_HEADER, REQUEST_ID_HEADER, REVISION_HEADER};
use crate::domain::access::Peer;
use crate::domain::audit::{Denial, Who};
use crate::http::error::{ApiError, Pending};
use crate::http::serve::Connection;
use crate::http::{Entrance, Shared, arrival, gate};

/// Longest time from the arrival of a request to the head of its answer.
const REQUEST: Duration = Duration::from_secs(30);
/// Longest time for a body to arrive, however steadily it does.
const BODY: Duration = Duration::from_mins(2);

/// What pages may load, and who may show them.
pub(super) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                                 img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'self'; \
                                 frame-ancestors 'none'";

/// What every answer says, unless its handler said otherwise: how it is told apart from others at the same address, and to
/// browsers, that this is no place for foreign scripts, frames or readers.
static STANDARD: LazyLock<HeaderMap> = LazyLock::new(|| {
    let said = [
        (header::VARY, "Accept, Accept-Encoding, Authorization, Cookie"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), encrypted-media=(), \
             fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), \
             picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), \
             xr-spatial-tracking=()",
        ),
    ];
    said.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
});
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

/// Gives each request an id that no other has, here or on another node.
#[derive(Debug)]
pub struct RequestIds {
    /// Random, of this start of the node.
    node: u64,
    next: AtomicU64,
}

impl RequestIds {
    /// Ids that begin with a half of a random one.
    #[must_use]
    pub fn new(random: Uuid) -> Self {
        Self { node: random.as_u64_pair().1, next: AtomicU64::new(0) }
    }

    pub(super) fn next(&self) -> Arc<str> {
        let id = Uuid::from_u64_pair(self.node, self.next.fetch_add(1, Ordering::Relaxed));
        (&*id.simple().encode_lower(&mut Uuid::encode_buffer())).into()
    }
}

/// What is known of a request before it is looked at, and goes into its answer and the metrics.
pub(super) struct Asked {
    pub(super) started: Instant,
    pub(super) peer: Peer,
    pub(super) https: bool,
    pub(super) method: &'static str,
    /// The pattern of its route.
    pub(super) route: Arc<str>,
}

/// A request with who watches it.
struct Observed {
    asked: Asked,
    known: Known,
    span: tracing::Span,
}

/// Around every request, in one layer, as each would cost another box for the request and its answer: observes it, refuses
/// what is none for this node, and bounds its time.
pub(super) async fn around(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let observed = Observed::begin(&app, &mut request);
    let span = observed.span.clone();
    let answered = async {
        match gate::check(&app.entrance, &request, request.extensions().get::<Connection>()) {
            Ok(()) => bound_time(&app, request, next).await,
            Err(error) => error.into_response(),
        }
    };
    let response = answered.instrument(span).await;
    observed.end(&app, response)
}

impl Observed {
    /// Gives the request its id and span.
    fn begin(app: &Shared, request: &mut Request) -> Self {
        let started = Instant::now();
        let id = request_id(app, request);
        let method = method(request);
        let route: Arc<str> = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).into();
        let (client, way) = origin(&app.entrance, request.headers(), request.extensions().get::<Connection>());
        let https = way.https;
        let span =
            tracing::info_span!("http.request", request_id = &*id, method = Empty, route = Empty, client = Empty);
        let parent = opentelemetry::global::get_text_map_propagator(|p| p.extract(&Headers(request.headers())));
        // Each field costs; without an exporter of traces the id is enough, and the log of a failure names the others.
        if span.set_parent(parent).is_ok() {
            span.record("method", method).record("route", &*route).record("client", client.map(display));
        }
        let trace = trace_id(&span, request.headers());
        let (peer, known) = (Peer { address: client, request_id: id }, Known::default());
        let extensions = request.extensions_mut();
        extensions.insert(peer.clone());
        extensions.insert(known.clone());
        extensions.insert(way);
        if let Some(trace) = trace {
            extensions.insert(trace);
        }
        Self { asked: Asked { started, peer, https, method, route }, known, span }
    }

    /// Logs the answer, and writes the body of a problem and the headers of every answer.
    fn end(self, app: &Shared, mut response: Response) -> Response {
        let Self { asked, known, span } = self;
        let Asked { started, peer, method, route, .. } = &asked;
        let denial = span.in_scope(|| {
            let (client, ms) = (peer.address.map(display), started.elapsed().as_secs_f64() * 1000.0);
            tracing::debug!(method, route = &**route, client, status = response.status().as_u16(), ms, "answered");
            write_problem(&mut response, peer, method, route)
        });
        if let Some(denial) = denial {
            let who = known.0.get().cloned().unwrap_or_else(|| Who::anonymous(peer));
            app.service.audit.deny(who, &denial);
        }
        asked.complete(app, response)
    }
}

impl Asked {
    /// Counts the request, and writes the headers of every answer.
    pub(super) fn complete(self, app: &Shared, mut response: Response) -> Response {
        let Self { started, peer, https, method, route } = self;
        app.service.metrics.count_request(method, route, response.status().as_u16(), started.elapsed());
        let headers = response.headers_mut();
        let mut said = std::mem::replace(headers, STANDARD.clone());
        // Theirs is a part of ours.
        said.remove(header::VARY);
        headers.extend(said);
        if let Ok(value) = HeaderValue::from_str(&peer.request_id) {
            headers.insert(REQUEST_ID_HEADER, value);
        }
        let cursor = app.service.view.look(|state| state.cursor());
        headers.entry(REVISION_HEADER).or_insert_with(|| HeaderValue::from(cursor.revision.0));
        headers.entry(EPOCH_HEADER).or_insert_with(|| HeaderValue::from(cursor.epoch.0));
        let cached = if headers.contains_key(header::ETAG) { "private, no-cache" } else { "no-store" };
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(cached));
        if https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
        }
        response
    }
}

/// Its method, or that it is none that anything here knows: clients cannot make up labels.
fn method(request: &Request) -> &'static str {
    match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}

/// Whose request it is, and by which way it came. Headers that say so count only from a proxy that is trusted.
pub(super) fn origin(
    entrance: &Entrance,
    headers: &HeaderMap,
    connection: Option<&Connection>,
) -> (Option<IpAddr>, Way) {
    let Some(connection) = connection else { return (None, Way::default()) };
    let route = entrance.proxies.route(connection.peer, headers);
    let https = connection.tls || route.https.unwrap_or_else(|| entrance.public_url.is_https());
    (Some(route.client), Way { https, prefix: route.prefix.unwrap_or_default() })
}

/// The caller's request id when it is a plain one, else a new one.
fn request_id(app: &Shared, request: &Request) -> Arc<str> {
    let plain = |text: &&str| {
        (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let given = request.headers().get(REQUEST_ID_HEADER).and_then(|value| value.to_str().ok()).filter(plain);
    match given {
        Some(given) => given.into(),
        None => app.request_ids.next(),
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
fn write_problem(response: &mut Response, peer: &Peer, method: &str, route: &str) -> Option<Denial> {
    let Pending { mut problem, cause, denial } = response.extensions_mut().remove::<Pending>()?;
    problem.request_id = peer.request_id.to_string();
    let client = peer.address.map(display);
    if problem.status == 500 {
        tracing::error!(method, route, client, code = problem.code.as_str(), cause, "a request failed");
    } else if problem.status > 500 {
        tracing::warn!(method, route, client, code = problem.code.as_str(), cause, "a request was not served");
    }
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    *response.body_mut() = Body::from(body);
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    denial
}

/// Gives a request up after a while. A write that is given up may still happen, and says so, unless its body never came.
async fn bound_time(app: &Shared, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let answered = if http_body::Body::is_end_stream(request.body()) {
        tokio::time::timeout(REQUEST, run(request, next)).await
    } else {
        let (parts, body) = request.into_parts();
        let (body, arrived) = arrival::bound(body, app.entrance.body_silence);
        let mut answered = pin!(run(Request::from_parts(parts, body), next));
        tokio::select! {
            biased;
            response = answered.as_mut() => return response,
            () = arrived.notified() => {}
            () = tokio::time::sleep(BODY) => return ApiError::new(Code::RequestTimeout, None).into_response(),
        }
        tokio::time::timeout(REQUEST, answered).await
    };
    match answered {
        Ok(response) => response,
        Err(_) if reads => ApiError::new(Code::Timeout, None).into_response(),
        Err(_) => ApiError::new(Code::OutcomeUnknown, None).into_response(),
    }
}

/// Has the request answered, and its answer packed for those who take it so: the encoders are large.
async fn run(request: Request, next: Next) -> Response {
    if !request.headers().contains_key(header::ACCEPT_ENCODING) {
        return next.run(request).await;
    }
    match Box::pin(Compression::new(next).call(request)).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
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
