//! Health, metrics, and what a failover lost.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::entries::{ChangeBody, ContentView, Op, PublishBody};
use crate::api::nodes::{LostList, LostView, ReadyView};
use crate::api::problem::Problem;
use crate::domain::changes::{Item, Record};
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Query};
use crate::http::{App, Shared, views};

/// Which readiness.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReadyParams {
    /// `writes`: 503 also when a publish would fail.
    r#for: Option<String>,
}

/// Whether the process is alive.
#[utoipa::path(get, path = "/healthz", operation_id = "healthz", tag = "node", security(()), responses((status = 200, description = "Alive", body = String, content_type = "text/plain")))]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether this node can answer reads, and what it knows about writes.
#[utoipa::path(get, path = "/readyz", operation_id = "readyz", tag = "node", security(()), params(ReadyParams), responses(
    (status = 200, body = ReadyView), (status = 503, body = ReadyView),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn readyz(
    State(app): State<Shared>,
    Query(params): Query<ReadyParams>,
) -> Result<(StatusCode, axum::Json<ReadyView>), ApiError> {
    let for_writes = match params.r#for.as_deref() {
        None | Some("reads") => false,
        Some("writes") => true,
        Some(_) => return Err(ApiError::invalid("for", "must be reads or writes")),
    };
    let (state, health) = (app.service.view.state(), app.service.view.health());
    let draining = app.draining.is_cancelled();
    let writes = health.down_since.is_none() && !draining;
    let age = app.service.ambient.now() - health.seen_at;
    let view = ReadyView {
        reads: !draining,
        writes,
        writes_down_since: health.down_since,
        failover_safe: health.failover_safe,
        epoch: state.epoch.0,
        revision: state.head.0,
        access: state.access.number,
        access_age_ms: u64::try_from(age.whole_milliseconds()).unwrap_or(0),
        draining,
        held: state.bounds.held,
        floor: state.bounds.floor.0,
    };
    let ready = if for_writes { writes } else { !draining };
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, axum::Json(view)))
}

/// Metrics in Prometheus' text format.
#[utoipa::path(get, path = "/metrics", operation_id = "metrics", tag = "node", responses(
    (status = 200, description = "Metrics", body = String, content_type = "application/openmetrics-text"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn metrics(State(app): State<Shared>, Authenticated(_): Authenticated) -> Response {
    open_metrics(State(app)).await
}

/// The same, for an address of its own.
pub(super) async fn open_metrics(State(app): State<Shared>) -> Response {
    let text = app.service.render_metrics(resident_bytes());
    ([(header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text).into_response()
}

/// Resident memory of this process, 0 where the kernel does not tell.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Acknowledged change sets that a failover or restore lost and this node still holds, ready to be published again.
#[utoipa::path(get, path = "/api/v1/lost", operation_id = "list_lost", tag = "node", responses(
    (status = 200, body = LostList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn lost(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
) -> Result<axum::Json<LostList>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    let lost = app.service.list_lost(&permit).iter().map(|record| lost_view(record)).collect();
    Ok(axum::Json(LostList { lost }))
}

fn lost_view(record: &Record) -> LostView {
    let items = record.items.iter().map(|item| views::item(item, None)).collect();
    let changes: Vec<ChangeBody> = record.items.iter().filter_map(change_body).collect();
    let message = record.head.message.clone();
    LostView {
        revision: views::revision(&record.head, record.items.len(), items),
        publish: (!changes.is_empty()).then_some(PublishBody { message, changes, dry_run: false, force: false }),
    }
}

fn change_body(item: &Item) -> Option<ChangeBody> {
    let Item::Entry { address, version, .. } = item else { return None };
    // What is sealed has to be written anew by somebody who knows it.
    let open = version.as_ref().filter(|version| !version.is_sealed());
    let content = open.map(|version| ContentView::of(version.content.bytes())).unwrap_or_default();
    let marks = version.as_ref().and_then(views::marks);
    Some(ChangeBody {
        env: address.environment.to_string(),
        namespace: address.namespace.to_string(),
        key: address.key.to_string(),
        op: if version.is_some() { Op::Put } else { Op::Delete },
        format: version.as_ref().map(|version| version.format),
        content: content.content,
        content_base64: content.content_base64,
        secret: marks.as_ref().and_then(|marks| marks.secret.then_some(true)),
        secret_paths: marks.map(|marks| marks.secret_paths).filter(|paths| !paths.is_empty()),
        if_revision: None,
    })
}

/// What somebody finds who asks for the address without a browser.
pub(super) fn index(app: &App, base: &str) -> Response {
    let text = format!(
        "Pintle {}\n\nAPI      {base}/api/openapi.json\nhealth   {base}/healthz  {base}/readyz\n\
         log in   pintle login --server {}\n",
        env!("CARGO_PKG_VERSION"),
        app.entrance.public_url
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// The OpenAPI document.
pub(super) fn openapi_json(document: &str) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], document.to_string()).into_response()
}
