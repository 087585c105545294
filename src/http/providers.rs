//! The providers that people may log in at.

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::accounts::{ProviderBody, ProviderDetails, ProviderList, ProviderView};
use crate::api::problem::Problem;
use crate::domain::access::IdentityProvider;
use crate::http::Shared;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place};
use crate::service::oidc::ProviderChange;

fn view(provider: IdentityProvider) -> ProviderView {
    let details = ProviderDetails {
        issuer: provider.issuer,
        client_id: provider.client_id,
        has_secret: provider.sealed_secret.is_some(),
        scopes: provider.scopes,
        name_claim: provider.name_claim,
        groups_claim: provider.groups_claim,
        groups: provider.groups,
    };
    ProviderView { name: provider.name, details: Some(details) }
}

/// List where people may log in: the names for everybody, all of it for those who operate the store.
#[utoipa::path(get, path = "/api/v1/identity-providers", operation_id = "list_identity_providers", tag = "access", security((), ("token" = [])), responses(
    (status = 200, body = ProviderList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    caller: Result<Authenticated, ApiError>,
) -> Result<axum::Json<ProviderList>, ApiError> {
    let caller = caller.ok().map(|Authenticated(caller)| caller);
    let (providers, all) = app.service.list_providers(caller.as_ref())?;
    let shown = |provider: IdentityProvider| {
        let view = view(provider);
        if all { view } else { ProviderView { details: None, ..view } }
    };
    Ok(axum::Json(ProviderList { providers: providers.into_iter().map(shown).collect() }))
}

/// Get an identity provider, without its secret.
#[utoipa::path(get, path = "/api/v1/identity-providers/{provider}", operation_id = "get_identity_provider", tag = "access",
    params(("provider" = String, Path, description = "Identity provider")),
    responses((status = 200, body = ProviderView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<axum::Json<ProviderView>, ApiError> {
    Ok(axum::Json(view(app.service.get_provider(&caller, &place.provider()?)?)))
}

/// Make or change an identity provider. Its issuer must stay once people logged in there.
#[utoipa::path(put, path = "/api/v1/identity-providers/{provider}", operation_id = "put_identity_provider", tag = "access", request_body = ProviderBody,
    params(("provider" = String, Path, description = "Identity provider")),
    responses((status = 200, body = ProviderView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn put(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Json(body, _): Json<ProviderBody>,
) -> Result<axum::Json<ProviderView>, ApiError> {
    let change = ProviderChange {
        issuer: body.issuer,
        client_id: body.client_id,
        client_secret: body.client_secret,
        scopes: body.scopes,
        name_claim: body.name_claim,
        groups_claim: body.groups_claim,
        groups: body.groups,
    };
    let provider = app.service.put_provider(&caller, &place.provider()?, change).await?;
    Ok(axum::Json(view(provider)))
}

/// Delete an identity provider: whoever logged in there is logged out, and leaves the groups that it gave.
#[utoipa::path(delete, path = "/api/v1/identity-providers/{provider}", operation_id = "delete_identity_provider", tag = "access",
    params(("provider" = String, Path, description = "Identity provider")),
    responses((status = 204, description = "Deleted"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<StatusCode, ApiError> {
    app.service.delete_provider(&caller, &place.provider()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
