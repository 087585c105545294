//! `/api/v1/environments/{env}/instances`, and who runs a revision.

mod query;
pub(super) mod views;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::instances::{InstanceBody, InstanceList, InstanceView, ReceiptsBody, ReceiptsView};
use crate::api::problem::{Code, FieldProblem, Problem};
use crate::domain::instances::{Declaration, Receipt};
use crate::domain::names::NamespaceName;
use crate::domain::revisions::{Cursor, Epoch, Revision};
use crate::http::Shared;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place, Query, moment};
use crate::http::instances::query::{ListParams, ListQuery};

/// As of when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AtParams {
    /// What it ran right after a revision, or at an RFC 3339 instant, by its receipts. Whether it is there is told of now.
    at: Option<String>,
}

/// List instances of an environment, by id.
///
/// Shows those that run on a namespace of which the caller may read something, and of their namespaces only these.
#[utoipa::path(get, path = "/api/v1/environments/{env}/instances", operation_id = "list_instances", tag = "instances",
    params(("env" = String, Path, description = "Environment"), ListParams),
    responses((status = 200, body = InstanceList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    ListQuery { query, limit, summary }: ListQuery,
) -> Result<axum::Json<InstanceList>, ApiError> {
    let environment = place.environment()?;
    let permit = app.service.may_see_instances(&caller, &environment)?;
    let summary =
        if summary { Some(app.service.summarize_instances(&permit, &environment, &query).await?) } else { None };
    let page = app.service.list_instances(&permit, &environment, query, limit).await?;
    let instances = page.instances.into_iter().map(views::instance).collect();
    let summary = summary.map(views::summary);
    Ok(axum::Json(InstanceList { instances, next: page.next.map(String::from), summary }))
}

/// One instance.
#[utoipa::path(get, path = "/api/v1/environments/{env}/instances/{instance}", operation_id = "get_instance", tag = "instances",
    params(("env" = String, Path, description = "Environment"), ("instance" = String, Path, description = "Instance id; a '/' in it is sent as %2F"), AtParams),
    responses((status = 200, body = InstanceView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Query(params): Query<AtParams>,
) -> Result<axum::Json<InstanceView>, ApiError> {
    let (environment, id) = (place.environment()?, place.instance()?);
    let at = moment("at", params.at.as_deref())?;
    let permit = app.service.may_see_instances(&caller, &environment)?;
    let found = app.service.get_instance(&permit, &environment, &id, at).await?;
    Ok(axum::Json(views::instance(found)))
}

/// Say what an instance is, before it watches. The id belongs to the first user who used it, until the instance is gone.
#[utoipa::path(put, path = "/api/v1/environments/{env}/instances/{instance}", operation_id = "put_instance", tag = "instances",
    params(("env" = String, Path, description = "Environment"), ("instance" = String, Path, description = "Instance id, 1 to 200 bytes; a '/' in it is sent as %2F")),
    request_body = InstanceBody, responses((status = 200, body = InstanceView),
    (status = 409, description = "`instance_taken`: the id belongs to somebody else", body = Problem, content_type = "application/problem+json"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn put(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Json(body, _): Json<InstanceBody>,
) -> Result<axum::Json<InstanceView>, ApiError> {
    let (environment, id) = (place.environment()?, place.instance()?);
    let declared = declaration(body)?;
    let permit = app.service.may_report(&caller, &environment, &declared.namespaces)?;
    let stored = app.service.put_instance(&permit, environment, id, declared).await?;
    Ok(axum::Json(views::instance(stored)))
}

/// Say goodbye for an instance that stops: it is gone at once and counts no more.
#[utoipa::path(delete, path = "/api/v1/environments/{env}/instances/{instance}", operation_id = "delete_instance", tag = "instances",
    params(("env" = String, Path, description = "Environment"), ("instance" = String, Path, description = "Instance id; a '/' in it is sent as %2F")),
    responses((status = 204, description = "Gone"),
    (status = 409, description = "`instance_taken`: the id belongs to somebody else", body = Problem, content_type = "application/problem+json"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<StatusCode, ApiError> {
    let (environment, id) = (place.environment()?, place.instance()?);
    let permit = app.service.may_report(&caller, &environment, &[])?;
    app.service.stop_instance(&permit, environment, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Say what became of revisions at an instance. Sending a receipt again is harmless.
#[utoipa::path(post, path = "/api/v1/environments/{env}/instances/{instance}/receipts", operation_id = "send_receipts", tag = "instances",
    params(("env" = String, Path, description = "Environment"), ("instance" = String, Path, description = "Instance id; a '/' in it is sent as %2F")),
    request_body = ReceiptsBody, responses((status = 204, description = "Kept"),
    (status = 409, description = "`instance_taken`: the id belongs to somebody else", body = Problem, content_type = "application/problem+json"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn receipts(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Json(body, _): Json<ReceiptsBody>,
) -> Result<StatusCode, ApiError> {
    let (environment, id) = (place.environment()?, place.instance()?);
    let permit = app.service.may_report(&caller, &environment, &[])?;
    let receipts = body.receipts.into_iter().map(|receipt| Receipt {
        at: Cursor { epoch: Epoch(receipt.epoch), revision: Revision(receipt.revision) },
        stage: receipt.stage,
        reason: receipt.reason,
        output: receipt.output,
        missing: receipt.missing,
        unhealthy: receipt.unhealthy,
        broken: receipt.broken,
    });
    app.service.tell_receipts(&permit, environment, id, receipts.collect()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who runs a revision: the instances that were there when it was committed, still are, and see one of its changes.
#[utoipa::path(get, path = "/api/v1/revisions/{rev}/receipts", operation_id = "get_receipts", tag = "instances",
    params(("rev" = u64, Path, description = "Revision")),
    responses((status = 200, body = ReceiptsView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn of_revision(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<axum::Json<ReceiptsView>, ApiError> {
    let revision = place.revision()?;
    let found = app.service.revision_receipts(&caller, revision).await?;
    Ok(axum::Json(views::receipts(revision, found)))
}

fn declaration(body: InstanceBody) -> Result<Declaration, ApiError> {
    let mut wrong = Vec::new();
    let mut namespaces = Vec::new();
    for (at, name) in body.namespaces.iter().enumerate() {
        match NamespaceName::parse(name) {
            Ok(name) => namespaces.push(name),
            Err(error) => wrong.push(FieldProblem::new(format!("namespaces[{at}]"), error.to_string())),
        }
    }
    if !wrong.is_empty() {
        return Err(ApiError::fields(Code::Invalid, wrong));
    }
    Ok(Declaration {
        service: body.service,
        labels: body.labels,
        address: body.address,
        version: body.version,
        agent: body.agent,
        namespaces,
        held: body.held,
    })
}
