//! Trusted issuers.

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::issuers::{IssuerBody, IssuerList, IssuerView};
use crate::api::problem::Problem;
use crate::domain::access::{IssuerKeys, TrustedIssuer};
use crate::http::Shared;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place};

fn view(issuer: TrustedIssuer) -> IssuerView {
    let TrustedIssuer { name, issuer, audience, keys, rules } = issuer;
    let (keys, keys_url) = match keys {
        IssuerKeys::Set(set) => (Some(set), None),
        IssuerKeys::Url(url) => (None, Some(url)),
    };
    IssuerView { name, body: IssuerBody { issuer, audience, keys, keys_url, rules } }
}

/// List the trusted issuers.
#[utoipa::path(get, path = "/api/v1/trusted-issuers", operation_id = "list_trusted_issuers", tag = "access", responses(
    (status = 200, body = IssuerList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
) -> Result<axum::Json<IssuerList>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    let issuers = app.service.list_issuers(&permit)?.into_iter().map(view).collect();
    Ok(axum::Json(IssuerList { issuers }))
}

/// Get a trusted issuer.
#[utoipa::path(get, path = "/api/v1/trusted-issuers/{name}", operation_id = "get_trusted_issuer", tag = "access",
    params(("name" = String, Path, description = "What it is called here")),
    responses((status = 200, body = IssuerView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<axum::Json<IssuerView>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    Ok(axum::Json(view(app.service.get_issuer(&permit, &place.name()?)?)))
}

/// Trust an issuer: its tokens are then exchanged for ours, and stand for the services that its rules name.
#[utoipa::path(put, path = "/api/v1/trusted-issuers/{name}", operation_id = "put_trusted_issuer", tag = "access", request_body = IssuerBody,
    params(("name" = String, Path, description = "What it is called here")),
    responses((status = 200, description = "Replaced", body = IssuerView), (status = 201, description = "Made", body = IssuerView),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn put(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Json(body, _): Json<IssuerBody>,
) -> Result<(StatusCode, axum::Json<IssuerView>), ApiError> {
    let IssuerBody { issuer, audience, keys, keys_url, rules } = body;
    let keys = match (keys, keys_url) {
        (Some(set), None) => IssuerKeys::Set(set),
        (None, Some(url)) => IssuerKeys::Url(url),
        _ => return Err(ApiError::invalid("keys", "either keys or keys_url must be given")),
    };
    let issuer = TrustedIssuer { name: place.name()?, issuer, audience, keys, rules };
    let made = app.service.put_issuer(&caller, issuer.clone()).await?;
    let status = if made { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, axum::Json(view(issuer))))
}

/// Trust an issuer no more, which ends what was exchanged for its tokens.
#[utoipa::path(delete, path = "/api/v1/trusted-issuers/{name}", operation_id = "delete_trusted_issuer", tag = "access",
    params(("name" = String, Path, description = "What it is called here")),
    responses((status = 204, description = "Deleted"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<StatusCode, ApiError> {
    app.service.delete_issuer(&caller, &place.name()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
