//! `/api/v1/environments/{env}/namespaces`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::entries::WriteView;
use crate::api::namespaces::{NamespaceBody, NamespaceList, NamespaceView};
use crate::api::problem::Problem;
use crate::domain::changes::NamespaceAttributes;
use crate::domain::patterns::KeyPattern;
use crate::domain::state::Namespace;
use crate::http::environments::{PastParams, if_revision, tagged};
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place, Query, WriteHeaders};
use crate::http::{Shared, answers, views};

/// Patterns of secret keys that a namespace may have.
const SECRET_KEYS: usize = 100;

/// Parameters of a deletion.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteParams {
    /// The namespace's name: says that its entries may go with it.
    confirm: Option<String>,
}

/// List the namespaces of an environment that the caller may see something of.
#[utoipa::path(get, path = "/api/v1/environments/{env}/namespaces", operation_id = "list_namespaces", tag = "namespaces", params(("env" = String, Path, description = "Environment"), PastParams),
    responses((status = 200, body = NamespaceList), (status = 304, description = "Not modified"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Query(params): Query<PastParams>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let at = params.moment(&app).await?;
    let environment = place.environment()?;
    let permit = app.service.may_see(&caller, &environment)?;
    let (all, touched) = app.service.list_namespaces(&permit, &environment, at).await?;
    let namespaces = all.iter().map(|(name, found, seen)| views::namespace(&environment, name, found, seen)).collect();
    Ok(tagged(&headers, touched, NamespaceList { namespaces }))
}

/// One namespace.
#[utoipa::path(get, path = "/api/v1/environments/{env}/namespaces/{ns}", operation_id = "get_namespace", tag = "namespaces",
    params(("env" = String, Path, description = "Environment"), ("ns" = String, Path, description = "Namespace"), PastParams),
    responses((status = 200, body = NamespaceView), (status = 304, description = "Not modified"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Query(params): Query<PastParams>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let at = params.moment(&app).await?;
    let (environment, name) = (place.environment()?, place.namespace()?);
    let permit = app.service.may_list(&caller, &environment, &name)?;
    let (found, seen) = app.service.get_namespace(&permit, &environment, &name, at).await?;
    Ok(tagged(&headers, found.touched(), views::namespace(&environment, &name, &found, &seen)))
}

/// Create a namespace, or replace its attributes.
#[utoipa::path(put, path = "/api/v1/environments/{env}/namespaces/{ns}", operation_id = "put_namespace", tag = "namespaces",
    params(("env" = String, Path, description = "Environment"), ("ns" = String, Path, description = "Namespace")),
    request_body = NamespaceBody, responses((status = 200, body = WriteView),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn put(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    headers: WriteHeaders,
    Json(body, bytes): Json<NamespaceBody>,
) -> Result<axum::Json<WriteView>, ApiError> {
    let (environment, name) = (place.environment()?, place.namespace()?);
    let permit = app.service.may_manage_namespace(&caller, &environment, &name)?;
    let present = app.service.view.state().find_namespace(&environment, &name).cloned();
    let wanted = if_revision(headers.if_revision, present.as_ref().map(Namespace::touched))?;
    let parts = [b"put_namespace".as_slice(), environment.as_str().as_bytes(), name.as_str().as_bytes(), &bytes];
    let context = headers.context(body.message, &parts);
    let secret_keys = match body.secret_keys {
        Some(patterns) => secret_keys(&patterns)?,
        None => present.map(|found| found.attributes.secret_keys).unwrap_or_default(),
    };
    let attributes = NamespaceAttributes { description: body.description.unwrap_or_default(), secret_keys };
    answers::written(app.service.put_namespace(&permit, (environment, name), attributes, wanted, context).await)
}

fn secret_keys(patterns: &[String]) -> Result<Vec<KeyPattern>, ApiError> {
    if patterns.len() > SECRET_KEYS {
        let problem = format!("must have at most {SECRET_KEYS} patterns, these are {}", patterns.len());
        return Err(ApiError::invalid("secret_keys", problem));
    }
    let parse = |(at, text): (usize, &String)| {
        KeyPattern::parse(text).map_err(|error| ApiError::invalid(&format!("secret_keys[{at}]"), error.to_string()))
    };
    patterns.iter().enumerate().map(parse).collect()
}

/// Delete a namespace with its entries, as one revision. A rollback brings it back.
#[utoipa::path(delete, path = "/api/v1/environments/{env}/namespaces/{ns}", operation_id = "delete_namespace", tag = "namespaces",
    params(("env" = String, Path, description = "Environment"), ("ns" = String, Path, description = "Namespace"), DeleteParams),
    responses((status = 200, body = WriteView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Query(params): Query<DeleteParams>,
    headers: WriteHeaders,
) -> Result<axum::Json<WriteView>, ApiError> {
    let (environment, name) = (place.environment()?, place.namespace()?);
    let permit = app.service.may_manage_namespace(&caller, &environment, &name)?;
    if params.confirm.as_ref().is_some_and(|confirm| confirm != name.as_str()) {
        return Err(ApiError::invalid("confirm", format!("must be {name}")));
    }
    let current = app.service.view.state().find_namespace(&environment, &name).map(Namespace::touched);
    let wanted = if_revision(headers.if_revision, current)?;
    let parts = [b"delete_namespace".as_slice(), environment.as_str().as_bytes(), name.as_str().as_bytes()];
    let context = headers.context(None, &parts);
    let confirmed = params.confirm.is_some();
    answers::written(app.service.delete_namespace(&permit, (environment, name), wanted, confirmed, context).await)
}
