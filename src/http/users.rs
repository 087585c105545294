//! `/api/v1/users`, and the caller's own password.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::problem::Problem;
use crate::api::users::{
    MembershipView, NewUserView, OneTimePasswordView, PasswordBody, UserBody, UserChangeBody, UserList, UserView,
};
use crate::domain::access::Membership;
use crate::domain::names::UserName;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place, Query};
use crate::http::{Shared, paging};
use crate::service::users::UserDetail;

fn view(detail: UserDetail) -> UserView {
    let UserDetail { user, memberships } = detail;
    UserView {
        id: user.id,
        name: user.name.to_string(),
        kind: user.kind,
        disabled: user.disabled,
        provider: user.vouched.map(|(provider, _)| provider),
        groups: memberships.into_iter().map(membership).collect(),
        created_at: user.created_at,
    }
}

pub(super) fn membership(membership: Membership) -> MembershipView {
    MembershipView { group: membership.group.to_string(), source: membership.source }
}

/// Which page of a list by name.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParams {
    /// `next` of the page before.
    pub(super) after: Option<String>,
    /// Items on a page, 1 to 1000; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    pub(super) limit: Option<u32>,
}

/// List all users, by name.
#[utoipa::path(get, path = "/api/v1/users", operation_id = "list_users", tag = "access", params(PageParams), responses(
    (status = 200, body = UserList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(params): Query<PageParams>,
) -> Result<axum::Json<UserList>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    let all = app.service.list_users(&permit)?;
    let key = |detail: &UserDetail| detail.user.name.to_string();
    let (users, next) = paging::cut(all, key, params.after.as_deref(), params.limit)?;
    Ok(axum::Json(UserList { users: users.into_iter().map(view).collect(), next }))
}

/// Show one user.
#[utoipa::path(get, path = "/api/v1/users/{name}", operation_id = "get_user", tag = "access",
    params(("name" = String, Path, description = "Login name")),
    responses((status = 200, body = UserView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<axum::Json<UserView>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    Ok(axum::Json(view(app.service.get_user(&permit, &place.user()?)?)))
}

/// Make a user, who holds nothing yet. The one-time password of a person is shown this once.
#[utoipa::path(post, path = "/api/v1/users", operation_id = "create_user", tag = "access", request_body = UserBody, responses(
    (status = 201, body = NewUserView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn create(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Json(body, _): Json<UserBody>,
) -> Result<(StatusCode, axum::Json<NewUserView>), ApiError> {
    let permit = app.service.may_administer(&caller)?;
    let name = UserName::parse(&body.name).map_err(|error| ApiError::invalid("name", error.to_string()))?;
    let (detail, one_time_password) = app.service.create_user(&permit, &name, body.kind).await?;
    Ok((StatusCode::CREATED, axum::Json(NewUserView { user: view(detail), one_time_password })))
}

/// Disable a user, or enable it again. Disabled, it may do nothing whatever it holds; its sessions and streams end.
#[utoipa::path(put, path = "/api/v1/users/{name}", operation_id = "put_user", tag = "access",
    params(("name" = String, Path, description = "Login name")), request_body = UserChangeBody,
    responses((status = 200, body = UserView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn put(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Json(body, _): Json<UserChangeBody>,
) -> Result<axum::Json<UserView>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    Ok(axum::Json(view(app.service.set_disabled(&permit, &place.user()?, body.disabled).await?)))
}

/// Give a person a one-time password, shown this once. The person's sessions end; API tokens stay.
#[utoipa::path(post, path = "/api/v1/users/{name}/password", operation_id = "reset_password", tag = "access",
    params(("name" = String, Path, description = "Login name")),
    responses((status = 200, body = OneTimePasswordView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn reset(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<axum::Json<OneTimePasswordView>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    let one_time_password = app.service.reset_user(&permit, &place.user()?).await?;
    Ok(axum::Json(OneTimePasswordView { one_time_password }))
}

/// Change the caller's own password. The caller's other sessions end; this one and API tokens stay.
#[utoipa::path(put, path = "/api/v1/password", operation_id = "change_password", tag = "access", request_body = PasswordBody, responses(
    (status = 204, description = "Changed"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn change_password(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Json(body, _): Json<PasswordBody>,
) -> Result<StatusCode, ApiError> {
    app.service.change_password(&caller, body.password, body.new_password).await?;
    Ok(StatusCode::NO_CONTENT)
}
