//! Who is calling, and tokens.

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::accounts::{CallerView, NewTokenView, TokenBody, TokenList, TokenView};
use crate::api::problem::Problem;
use crate::domain::access::{Token, TokenKind};
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place};
use crate::http::{Shared, grants};

fn view(token: &Token) -> TokenView {
    TokenView {
        id: token.id,
        name: token.name.clone(),
        session: token.kind == TokenKind::Session,
        expires_at: token.expires_at,
    }
}

/// Who the caller is, and what the caller holds.
#[utoipa::path(get, path = "/api/v1/access/me", operation_id = "get_caller", tag = "access", responses(
    (status = 200, body = CallerView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn me(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
) -> Result<axum::Json<CallerView>, ApiError> {
    let state = app.service.state()?;
    let grants = state.access.grants_held(caller.user.id).map(grants::plain);
    Ok(axum::Json(CallerView { user: caller.user.name.to_string(), grants: grants.collect() }))
}

/// List the caller's tokens.
#[utoipa::path(get, path = "/api/v1/tokens", operation_id = "list_tokens", tag = "access", responses(
    (status = 200, body = TokenList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list_tokens(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
) -> Result<axum::Json<TokenList>, ApiError> {
    let tokens = app.service.list_tokens(&caller)?.iter().map(view).collect();
    Ok(axum::Json(TokenList { tokens }))
}

/// Make an API token with the caller's rights. Its text is shown this once.
#[utoipa::path(post, path = "/api/v1/tokens", operation_id = "create_token", tag = "access", request_body = TokenBody, responses(
    (status = 201, body = NewTokenView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create_token(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Json(body, _): Json<TokenBody>,
) -> Result<(StatusCode, axum::Json<NewTokenView>), ApiError> {
    let new = app.service.create_token(&caller, &body.name, body.expires_in_days).await?;
    let body = NewTokenView { token: new.text.reveal(), view: view(&new.token) };
    Ok((StatusCode::CREATED, axum::Json(body)))
}

/// End one of the caller's tokens.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", operation_id = "revoke_token", tag = "access",
    params(("id" = uuid::Uuid, Path, description = "Token")),
    responses((status = 204, description = "Ended"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn revoke_token(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<StatusCode, ApiError> {
    app.service.revoke_token(&caller, place.id()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
