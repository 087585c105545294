//! What stands before the router: the read that services make most, the bytes of one entry as it is now, needs no more than this.
//!
//! Only what is plainly that, and plainly allowed, is answered here, with what the router would answer. Everything else, and
//! every refusal, is the router's.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::{Method, Request, header};
use axum::response::Response;
use http_body::Body;
use tokio::time::Instant;
use tracing::Level;

use crate::domain::access::Peer;
use crate::domain::names::Address;
use crate::http::layers::{self, Asked};
use crate::http::serve::Connection;
use crate::http::{Shared, entries, gate};

/// The route of these reads, for the metrics.
static ROUTE: LazyLock<Arc<str>> = LazyLock::new(|| entries::ROUTE.into());

/// A node's HTTP interface.
#[derive(Debug, Clone)]
pub struct Front {
    /// None where everything goes through the router.
    app: Option<Shared>,
    pub(super) router: Router,
}

impl Front {
    /// All of it.
    #[must_use]
    pub fn new(app: Shared) -> Self {
        let router = super::router(Arc::clone(&app));
        // Whoever collects traces has one of every request, which the router's layers make.
        let traced = opentelemetry::global::get_text_map_propagator(|propagator| propagator.fields().next().is_some());
        Self { app: (!traced).then_some(app), router }
    }

    /// The answer to a plain read; none when there is anything else about the request.
    pub(super) fn answer(&self, request: &Request<impl Body>, connection: &Connection) -> Option<Response> {
        let app = self.app.as_ref().filter(|_| !tracing::enabled!(Level::DEBUG))?;
        let (started, address) = (Instant::now(), address(request)?);
        gate::check(&app.entrance, request, Some(connection)).ok()?;
        let (client, way) = layers::origin(&app.entrance, request.headers(), Some(connection));
        let shown = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
        let peer = Peer { address: client, request_id: app.request_ids.next() };
        let caller = app.service.authenticate(shown.strip_prefix("Bearer ")?, peer.clone()).ok()?;
        app.service.may_read(&caller, &address).ok()?;
        let response = entries::plain(app.service.state().ok()?.find_entry(&address)?)?;
        let asked = Asked { started, peer, https: way.https, method: "GET", route: Arc::clone(&ROUTE) };
        Some(asked.complete(app, response))
    }
}

/// No more than its routes.
impl From<Router> for Front {
    fn from(router: Router) -> Self {
        Self { app: None, router }
    }
}

/// Which entry is asked for, when nothing else is.
fn address(request: &Request<impl Body>) -> Option<Address> {
    let is_usual = |name| {
        [header::HOST, header::AUTHORIZATION, header::USER_AGENT, header::ACCEPT].iter().any(|usual| usual == name)
    };
    let is_plain = request.method() == Method::GET
        && request.uri().query() == Some("raw")
        && request.headers().keys().all(is_usual)
        && request.body().is_end_stream();
    let path = request.uri().path().strip_prefix("/api/v1/environments/")?;
    let (environment, rest) = path.split_once('/').filter(|_| is_plain && !path.contains('%'))?;
    let (namespace, key) = rest.strip_prefix("namespaces/")?.split_once("/entries/")?;
    Some(Address { environment: environment.parse().ok()?, namespace: namespace.parse().ok()?, key: key.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/api/v1/environments/dev/namespaces/orders/entries/a/b.txt?raw";

    fn is_plain(method: &Method, path: &str, header: &str) -> bool {
        let request = Request::builder().method(method).uri(path).header(header::HOST, "x").header(header, "x");
        address(&request.body(String::new()).unwrap()).is_some()
    }

    #[test]
    fn only_what_asks_for_the_bytes_of_an_entry_and_nothing_else_is_plain() {
        let request =
            Request::builder().uri(PATH).header(header::AUTHORIZATION, "Bearer x").body(String::new()).unwrap();
        assert_eq!(address(&request).unwrap().to_string(), "dev/orders/a/b.txt");
        let posted = Request::builder().uri(PATH).body("x".to_owned()).unwrap();
        assert_eq!(address(&posted), None);
        for header in ["accept", "user-agent"] {
            assert!(is_plain(&Method::GET, PATH, header), "{header}");
        }
        for header in ["if-none-match", "accept-encoding", "x-request-id", "traceparent", "x-forwarded-for", "cookie"] {
            assert!(!is_plain(&Method::GET, PATH, header), "{header}");
        }
        assert!(!is_plain(&Method::HEAD, PATH, "accept"));
        for path in [
            "/api/v1/environments/dev/namespaces/orders/entries/a",
            "/api/v1/environments/dev/namespaces/orders/entries/a?raw=true",
            "/api/v1/environments/dev/namespaces/orders/entries/a?raw&at=1",
            "/api/v1/environments/dev/namespaces/orders/entries/a%2Fb?raw",
            "/api/v1/environments/dev/namespaces/orders/entries?raw",
            "/api/v1/environments/dev/namespaces/orders/entries/?raw",
            "/api/v1/environments/dev/namespaces/entries/entries?raw",
            "/api/v1/environments/DEV/namespaces/orders/entries/a?raw",
            "/pintle/api/v1/environments/dev/namespaces/orders/entries/a?raw",
            "//api/v1/environments/dev/namespaces/orders/entries/a?raw",
        ] {
            assert!(!is_plain(&Method::GET, path, "accept"), "{path}");
        }
    }
}
