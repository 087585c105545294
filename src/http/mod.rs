//! HTTP: the one table of routes, and the layers around them.

mod access;
mod answers;
mod arrival;
mod audit;
mod console;
mod cookies;
mod cross_site;
mod diffs;
mod drafts;
mod entries;
mod environments;
mod error;
mod exchange;
mod extract;
mod front;
mod gate;
mod grants;
mod groups;
mod holds;
mod html;
mod instances;
mod issuers;
mod keys;
mod layers;
mod namespaces;
mod nodes;
mod oidc;
mod paging;
mod providers;
mod proxies;
mod public_url;
mod publish;
mod revisions;
mod rollback;
mod search;
pub mod serve;
mod sessions;
mod tokens;
mod trims;
mod users;
mod views;
mod watch;

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::feed::Feed;
use crate::service::Service;

pub use extract::problem_of_panic;
pub use front::Front;
pub use layers::RequestIds;
pub use proxies::{Network, NetworkError, Proxies};
pub use public_url::{PublicUrl, PublicUrlError};

/// What every handler can reach.
#[derive(Debug)]
pub struct App {
    /// The use cases.
    pub service: Service,
    /// The watch.
    pub feed: Arc<Feed>,
    /// The ids of requests whose callers gave none.
    pub request_ids: RequestIds,
    /// Cancelled when the node begins to stop.
    pub draining: CancellationToken,
    /// How callers reach the node.
    pub entrance: Entrance,
}

/// How callers reach a node.
#[derive(Debug, Clone)]
pub struct Entrance {
    /// The address that people and programs know.
    pub public_url: PublicUrl,
    /// Whether somebody said so; else it is the address that the node listens at.
    pub public_url_said: bool,
    /// The proxies in front, which may say for whom they call.
    pub proxies: Proxies,
    /// How long nothing of a body may come.
    pub body_silence: Duration,
}

type Shared = Arc<App>;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pintle",
        description = "A configuration centre for fleets of services: versioned entries, history, diff and rollback.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(name = "The Pintle Authors")
    ),
    modifiers(&Security),
    components(schemas(
        crate::api::problem::Problem,
        crate::api::watch::SnapshotEvent,
        crate::api::watch::ChangeEvent,
        crate::api::watch::CheckpointEvent,
        crate::api::watch::ResetEvent,
        crate::api::watch::ByeEvent,
        crate::api::instances::InstanceEvent
    ))
)]
struct Document;

struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        openapi.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("token", [])]);
    }
}

/// Every route, each registered together with its documentation.
fn table() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(environments::list))
        .routes(routes!(environments::get, environments::put, environments::delete))
        .routes(routes!(environments::freeze, environments::unfreeze))
        .routes(routes!(namespaces::list))
        .routes(routes!(namespaces::get, namespaces::put, namespaces::delete))
        .routes(routes!(entries::list))
        .routes(routes!(entries::get, entries::put, entries::delete))
        .routes(routes!(search::search))
        .routes(routes!(publish::publish))
        .routes(routes!(drafts::list, drafts::open))
        .routes(routes!(drafts::get, drafts::edit, drafts::delete))
        .routes(routes!(drafts::publish))
        .routes(routes!(revisions::list))
        .routes(routes!(revisions::get))
        .routes(routes!(trims::pin, trims::unpin))
        .routes(routes!(trims::pins))
        .routes(routes!(trims::trim))
        .routes(routes!(keys::list))
        .routes(routes!(keys::rotate))
        .routes(routes!(keys::redact))
        .routes(routes!(diffs::diff))
        .routes(routes!(rollback::roll_back))
        .routes(routes!(watch::watch, watch::watch_with_body))
        .routes(routes!(instances::list))
        .routes(routes!(instances::get, instances::put, instances::delete))
        .routes(routes!(instances::receipts))
        .routes(routes!(instances::of_revision))
        .routes(routes!(sessions::log_in, sessions::log_out))
        .routes(routes!(sessions::list, sessions::end_all))
        .routes(routes!(sessions::end))
        .routes(routes!(oidc::start))
        .routes(routes!(oidc::finish))
        .routes(routes!(oidc::grant_code))
        .routes(routes!(oidc::log_in_with_code))
        .routes(routes!(providers::list))
        .routes(routes!(providers::get, providers::put, providers::delete))
        .routes(routes!(access::me))
        .routes(routes!(access::explain))
        .routes(routes!(access::who_can))
        .routes(routes!(access::export, access::apply))
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::get, users::put))
        .routes(routes!(users::reset))
        .routes(routes!(users::change_password))
        .routes(routes!(groups::list))
        .routes(routes!(groups::get, groups::put, groups::delete))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(tokens::rotate))
        .routes(routes!(exchange::exchange))
        .routes(routes!(issuers::list))
        .routes(routes!(issuers::get, issuers::put, issuers::delete))
        .routes(routes!(audit::list))
        .routes(routes!(grants::list, grants::create))
        .routes(routes!(grants::revoke))
        .routes(routes!(nodes::lost))
        .routes(routes!(holds::resume))
        .routes(routes!(nodes::healthz))
        .routes(routes!(nodes::readyz))
        .routes(routes!(nodes::metrics))
}

/// The OpenAPI document, as it is served and committed.
#[must_use]
pub fn openapi() -> String {
    let mut document = table().into_openapi();
    // utoipa lists the wildcard of axum as a name of its own.
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// Every route, with what is around each request.
fn router(app: Shared) -> Router {
    let document: Arc<str> = openapi().into();
    let (routes, _) = table().split_for_parts();
    routes
        .route("/api/openapi.json", axum::routing::get(move || ready(nodes::openapi_json(&document))))
        .route("/", axum::routing::get(console::index))
        .route("/assets/{name}", axum::routing::get(console::asset))
        .route("/pages.css", axum::routing::get(html::css))
        .fallback(console::page)
        .method_not_allowed_fallback(error::no_such_method)
        .layer(DefaultBodyLimit::disable())
        // Together: each call of `layer` would box them all once more for each request.
        .layer((from_fn_with_state(Arc::clone(&app), layers::around), CatchPanicLayer::custom(problem_of_panic)))
        .with_state(app)
}

/// Only the metrics, without a token, for an address of its own.
pub fn metrics_router(app: Shared) -> Router {
    Router::new()
        .route("/metrics", axum::routing::get(nodes::open_metrics))
        .fallback(error::no_such_route)
        .method_not_allowed_fallback(error::no_such_method)
        .layer(from_fn_with_state(Arc::clone(&app), layers::around))
        .with_state(app)
}
