//! Logins and tokens.

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use time::OffsetDateTime;

use crate::api::accounts::{
    CallerView, GrantView, LoginBody, NewTokenView, SessionView, TokenBody, TokenList, TokenView,
};
use crate::api::problem::{Code, Problem};
use crate::domain::access::{Peer, Token, TokenKind};
use crate::domain::audit::Denial;
use crate::http::Shared;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place};
use crate::service::ServiceError;

fn view(token: &Token) -> TokenView {
    TokenView {
        id: token.id,
        name: token.name.clone(),
        session: token.kind == TokenKind::Session,
        expires_at: token.expires_at,
    }
}

/// Log in. A one-time password must come with a new one.
#[utoipa::path(post, path = "/api/v1/session", operation_id = "log_in", tag = "access", request_body = LoginBody, security(()), responses(
    (status = 200, body = SessionView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn log_in(
    State(app): State<Shared>,
    Extension(peer): Extension<Peer>,
    Json(body, _): Json<LoginBody>,
) -> Result<axum::Json<SessionView>, ApiError> {
    let (user, new) = app.service.log_in(&body.name, body.password, body.new_password, &peer).await.map_err(|error| {
        let reason = match error {
            ServiceError::WrongPassword => "wrong",
            ServiceError::TooManyRequests(_) => "too_many",
            error => return error.into(),
        };
        ApiError::from(error).denying(Denial::LogIn { name: body.name.clone(), reason })
    })?;
    let expires_at = new.token.expires_at.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    Ok(axum::Json(SessionView { user: user.name.to_string(), token: new.text.reveal(), expires_at }))
}

/// End the session, or the token, that this call carries.
#[utoipa::path(delete, path = "/api/v1/session", operation_id = "log_out", tag = "access", responses(
    (status = 204, description = "Ended"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn log_out(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
) -> Result<StatusCode, ApiError> {
    let token = caller.credential.token.ok_or_else(|| ApiError::new(Code::NotFound, None))?;
    app.service.revoke_token(&caller, token).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who the caller is, and what the caller holds.
#[utoipa::path(get, path = "/api/v1/access/me", operation_id = "get_caller", tag = "access", responses(
    (status = 200, body = CallerView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn me(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
) -> Result<axum::Json<CallerView>, ApiError> {
    let state = app.service.state()?;
    let grants = state.access.grants_held(caller.user.id).map(|grant| GrantView {
        role: grant.allowance.to_string(),
        environment: grant.place.environment.to_string(),
        namespace: grant.place.namespace.to_string(),
        key_prefix: grant.place.key_prefix.clone(),
    });
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
