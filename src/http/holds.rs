//! `POST /api/v1/resume`.

use axum::extract::State;

use crate::api::holds::{FollowersView, ResumeBody, ResumeView};
use crate::api::problem::Problem;
use crate::http::Shared;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json};

/// Let the instances of a restored store follow it again. A dry run only says what they run.
#[utoipa::path(post, path = "/api/v1/resume", operation_id = "resume", tag = "node", request_body = ResumeBody, responses(
    (status = 200, body = ResumeView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn resume(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Json(body, _): Json<ResumeBody>,
) -> Result<axum::Json<ResumeView>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    let hold = app.service.resume(&permit, body.dry_run).await?;
    let namespaces = hold.followers.into_iter().map(|followers| FollowersView {
        env: followers.environment,
        namespace: followers.namespace,
        instances: followers.instances,
        ahead: followers.ahead,
    });
    Ok(axum::Json(ResumeView { held: hold.held, dry_run: body.dry_run, namespaces: namespaces.collect() }))
}
