//! Tokens of programs.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use time::Duration;
use utoipa::IntoParams;

use crate::api::problem::{FieldProblem, Problem};
use crate::api::tokens::{NewTokenView, RotateTokenBody, ScopeItem, TokenBody, TokenList, TokenView};
use crate::domain::access::{Allowance, Grant, Place as Part, TokenKind};
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place, Query, parsed};
use crate::http::{Shared, views};
use crate::service::accounts::NewToken;
use crate::service::grants::parse_place;
use crate::service::tokens::{ListedToken, TokenRequest};

/// How long an old token goes on when the caller does not say.
const OVERLAP_SECONDS: u32 = 3600;

fn view(listed: ListedToken) -> TokenView {
    let ListedToken { token, scope } = listed;
    TokenView {
        id: token.id,
        name: token.name,
        session: token.kind == TokenKind::Session,
        created_at: token.created_at,
        last_used_at: token.last_used_at,
        expires_at: token.expires_at,
        scope: scope.map(|grants| grants.into_iter().map(item).collect()),
    }
}

fn item(grant: Grant) -> ScopeItem {
    let (role, actions) = match grant.allowance {
        Allowance::Role(role) => (Some(role), Vec::new()),
        Allowance::Actions(actions) => (None, actions),
    };
    let Part { environment, namespace, key_prefix } = grant.place;
    ScopeItem { role, actions, environment: environment.to_string(), namespace: namespace.to_string(), key_prefix }
}

fn new_view(app: &Shared, new: &NewToken) -> Result<axum::Json<NewTokenView>, ApiError> {
    let view = view(app.service.show_token(&new.token)?);
    Ok(axum::Json(NewTokenView { token: new.text.reveal(), view }))
}

/// The scope as the domain has it; what is wrong is told together.
fn parse_scope(items: Vec<ScopeItem>) -> Result<Vec<(Allowance, Part)>, ApiError> {
    let mut wrong = Vec::new();
    let mut scope = Vec::with_capacity(items.len());
    for (nth, item) in items.into_iter().enumerate() {
        let path = format!("scope[{nth}]");
        let allowance = match (item.role, item.actions) {
            (Some(role), actions) if actions.is_empty() => Some(Allowance::Role(role)),
            (None, mut actions) if !actions.is_empty() => {
                actions.sort_unstable();
                actions.dedup();
                Some(Allowance::Actions(actions))
            }
            _ => {
                wrong.push(FieldProblem::new(&*path, "must have either a role or actions"));
                None
            }
        };
        match parse_place(&format!("{path}."), &item.environment, &item.namespace, &item.key_prefix) {
            Ok(place) => scope.extend(allowance.map(|allowance| (allowance, place))),
            Err(fields) => wrong.extend(views::fields(fields)),
        }
    }
    if wrong.is_empty() { Ok(scope) } else { Err(ApiError::fields(crate::api::problem::Code::Invalid, wrong)) }
}

/// Whose tokens.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// A user, for whoever operates the store; the caller when absent.
    user: Option<String>,
}

/// List the caller's tokens, without their secrets. A scoped token sees only itself.
#[utoipa::path(get, path = "/api/v1/tokens", operation_id = "list_tokens", tag = "access", params(ListParams), responses(
    (status = 200, body = TokenList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(params): Query<ListParams>,
) -> Result<axum::Json<TokenList>, ApiError> {
    let user = parsed("user", params.user.as_deref())?;
    let tokens = app.service.list_tokens(&caller, user.as_ref())?.into_iter().map(view).collect();
    Ok(axum::Json(TokenList { tokens }))
}

/// Make an API token, with the caller's rights or a scope within them. Its text is shown this once.
#[utoipa::path(post, path = "/api/v1/tokens", operation_id = "create_token", tag = "access", request_body = TokenBody, responses(
    (status = 201, body = NewTokenView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Json(body, _): Json<TokenBody>,
) -> Result<(StatusCode, axum::Json<NewTokenView>), ApiError> {
    let TokenBody { name, expires_in_days: days, scope, user } = body;
    let (scope, user) = (scope.map(parse_scope).transpose()?, parsed("user", user.as_deref())?);
    let new = app.service.create_token(&caller, TokenRequest { name, days, scope, user }).await?;
    Ok((StatusCode::CREATED, new_view(&app, &new)?))
}

/// Replace a token by one of the same name, scope and lifetime; the old one goes on for a while.
#[utoipa::path(post, path = "/api/v1/tokens/{id}/rotate", operation_id = "rotate_token", tag = "access", request_body = RotateTokenBody,
    params(("id" = uuid::Uuid, Path, description = "Token")),
    responses((status = 201, body = NewTokenView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn rotate(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Json(body, _): Json<RotateTokenBody>,
) -> Result<(StatusCode, axum::Json<NewTokenView>), ApiError> {
    let overlap = Duration::seconds(body.overlap_seconds.unwrap_or(OVERLAP_SECONDS).into());
    let new = app.service.rotate_token(&caller, place.id()?, overlap).await?;
    Ok((StatusCode::CREATED, new_view(&app, &new)?))
}

/// End a token: one of the caller's, or anybody's for whoever operates the store.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", operation_id = "revoke_token", tag = "access",
    params(("id" = uuid::Uuid, Path, description = "Token")),
    responses((status = 204, description = "Ended"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn revoke(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<StatusCode, ApiError> {
    app.service.revoke_token(&caller, place.id()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
