//! Who is calling.

use axum::extract::State;

use crate::api::accounts::CallerView;
use crate::api::problem::Problem;
use crate::http::error::ApiError;
use crate::http::extract::Authenticated;
use crate::http::{Shared, grants};

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
