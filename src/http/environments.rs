//! `/api/v1/environments`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::entries::WriteView;
use crate::api::environments::{EnvironmentBody, EnvironmentList, EnvironmentView, FreezeBody};
use crate::api::problem::Problem;
use crate::domain::changes::EnvironmentAttributes;
use crate::domain::revisions::Revision;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place, Precondition, Query, WriteHeaders, has_tag, moment, whole};
use crate::http::{Shared, answers, views};
use crate::service::At;

/// Parameters of a read that has a past.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PastParams {
    /// As of a revision or an RFC 3339 instant.
    at: Option<String>,
    /// Wait until this node has seen the revision, 5 s at most.
    #[param(minimum = 0)]
    min_revision: Option<u64>,
}

impl PastParams {
    /// Waits for `min_revision`, and says as of when to read.
    pub(super) async fn moment(&self, app: &Shared) -> Result<Option<At>, ApiError> {
        ReadParams { min_revision: self.min_revision }.wait(app).await?;
        moment("at", self.at.as_deref())
    }
}

/// Parameters of a read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReadParams {
    /// Wait until this node has seen the revision, 5 s at most.
    #[param(minimum = 0)]
    pub(super) min_revision: Option<u64>,
}

impl ReadParams {
    pub(super) async fn wait(&self, app: &Shared) -> Result<(), ApiError> {
        match self.min_revision {
            Some(revision) => Ok(app.service.wait_for(whole("min_revision", revision)?).await?),
            None => Ok(()),
        }
    }
}

/// A body, or 304 when the caller has it already.
pub(super) fn tagged<T: serde::Serialize>(headers: &HeaderMap, revision: Revision, body: T) -> Response {
    let tag = format!("\"{revision}\"");
    if has_tag(headers, &tag) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    ([(header::ETAG, tag)], axum::Json(body)).into_response()
}

/// What the preconditions of a header mean for an item that is, or is not, there.
pub(super) fn if_revision(
    wanted: Option<Precondition>,
    current: Option<Revision>,
) -> Result<Option<Revision>, ApiError> {
    match wanted {
        None => Ok(None),
        Some(Precondition::Revision(revision)) => Ok(Some(revision)),
        Some(Precondition::Absent) => Ok(Some(Revision::ZERO)),
        Some(Precondition::Exists) => match current {
            Some(revision) => Ok(Some(revision)),
            None => Err(ApiError::new(crate::api::problem::Code::PreconditionFailed, "it does not exist".to_owned())),
        },
    }
}

/// List the environments that the caller may see something of.
#[utoipa::path(get, path = "/api/v1/environments", operation_id = "list_environments", tag = "environments", params(PastParams), responses(
    (status = 200, body = EnvironmentList), (status = 304, description = "Not modified"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(params): Query<PastParams>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let at = params.moment(&app).await?;
    let (all, touched) = app.service.list_environments(&caller, at).await?;
    let environments = all.iter().map(|(name, found)| views::environment(name, found)).collect();
    Ok(tagged(&headers, touched, EnvironmentList { environments }))
}

/// One environment.
#[utoipa::path(get, path = "/api/v1/environments/{env}", operation_id = "get_environment", tag = "environments", params(("env" = String, Path, description = "Environment"), PastParams),
    responses((status = 200, body = EnvironmentView), (status = 304, description = "Not modified"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Query(params): Query<PastParams>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let at = params.moment(&app).await?;
    let name = place.environment()?;
    let permit = app.service.may_see(&caller, &name)?;
    let found = app.service.get_environment(&permit, &name, at).await?;
    Ok(tagged(&headers, found.stamp.revision, views::environment(&name, &found)))
}

/// Create an environment, or replace its attributes. A freeze stays as it is.
#[utoipa::path(put, path = "/api/v1/environments/{env}", operation_id = "put_environment", tag = "environments", params(("env" = String, Path, description = "Environment")),
    request_body = EnvironmentBody, responses((status = 200, body = WriteView),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn put(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    headers: WriteHeaders,
    Json(body, bytes): Json<EnvironmentBody>,
) -> Result<axum::Json<WriteView>, ApiError> {
    let name = place.environment()?;
    let permit = app.service.may_manage(&caller, &name)?;
    let current = app.service.view.state().find_environment(&name).map(|found| found.stamp.revision);
    let wanted = if_revision(headers.if_revision, current)?;
    let context = headers.context(body.message, &[b"put_environment", name.as_str().as_bytes(), &bytes]);
    let attributes = EnvironmentAttributes {
        tier: body.tier,
        colour: body.colour,
        description: body.description.unwrap_or_default(),
        frozen: None,
    };
    answers::written(app.service.put_environment(&permit, name, attributes, wanted, context).await)
}

/// Delete an environment that has no namespaces.
#[utoipa::path(delete, path = "/api/v1/environments/{env}", operation_id = "delete_environment", tag = "environments", params(("env" = String, Path, description = "Environment")),
    responses((status = 200, body = WriteView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    headers: WriteHeaders,
) -> Result<axum::Json<WriteView>, ApiError> {
    let name = place.environment()?;
    let permit = app.service.may_manage(&caller, &name)?;
    let current = app.service.view.state().find_environment(&name).map(|found| found.stamp.revision);
    let wanted = if_revision(headers.if_revision, current)?;
    let context = headers.context(None, &[b"delete_environment", name.as_str().as_bytes()]);
    answers::written(app.service.delete_environment(&permit, name, wanted, context).await)
}

/// Refuse every publish to an environment, except rollback and revert, until it is unfrozen.
#[utoipa::path(put, path = "/api/v1/environments/{env}/freeze", operation_id = "freeze_environment", tag = "environments", params(("env" = String, Path, description = "Environment")),
    request_body = FreezeBody, responses((status = 200, body = WriteView),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn freeze(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    headers: WriteHeaders,
    Json(body, bytes): Json<FreezeBody>,
) -> Result<axum::Json<WriteView>, ApiError> {
    let name = place.environment()?;
    let permit = app.service.may_freeze(&caller, &name)?;
    let mut context = headers.context(None, &[b"freeze", name.as_str().as_bytes(), &bytes]);
    if context.message.is_empty() {
        context.message.clone_from(&body.reason);
    }
    answers::written(app.service.freeze(&permit, name, Some(body.reason), context).await)
}

/// Allow publishes to an environment again.
#[utoipa::path(delete, path = "/api/v1/environments/{env}/freeze", operation_id = "unfreeze_environment", tag = "environments", params(("env" = String, Path, description = "Environment")),
    responses((status = 200, body = WriteView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn unfreeze(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    headers: WriteHeaders,
) -> Result<axum::Json<WriteView>, ApiError> {
    let name = place.environment()?;
    let permit = app.service.may_freeze(&caller, &name)?;
    let mut context = headers.context(None, &[b"unfreeze", name.as_str().as_bytes()]);
    if context.message.is_empty() {
        "unfreeze".clone_into(&mut context.message);
    }
    answers::written(app.service.freeze(&permit, name, None, context).await)
}
