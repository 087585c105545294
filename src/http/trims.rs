//! `/api/v1/trim` and the pins of revisions.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;

use crate::api::problem::Problem;
use crate::api::trims::{PinBody, PinList, PinView, TrimBody, TrimView};
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place, whole};
use crate::http::{Shared, views};
use crate::service::trims::Keep;

/// Trim the history: contents that only older revisions need are deleted. Pinned revisions stay readable.
#[utoipa::path(post, path = "/api/v1/trim", operation_id = "trim_history", tag = "history", request_body = TrimBody, responses(
    (status = 200, body = TrimView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn trim(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Json(body, _): Json<TrimBody>,
) -> Result<axum::Json<TrimView>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    let keep = match (body.keep, body.older_than_seconds, body.below) {
        (Some(count), None, None) => Keep::Newest(whole("keep", count)?.0),
        (None, Some(seconds), None) => Keep::Since(age(seconds)?),
        (None, None, Some(revision)) => Keep::From(whole("below", revision)?),
        (None, None, None) => {
            return Err(ApiError::invalid("keep", "is required, or older_than_seconds, or below"));
        }
        _ => return Err(ApiError::invalid("keep", "only one of keep, older_than_seconds and below may be given")),
    };
    let done = app.service.trim(&permit, keep, body.dry_run).await?;
    Ok(axum::Json(TrimView {
        floor_before: done.before.0,
        floor: done.floor.0,
        revisions: done.revisions,
        bytes: done.bytes,
        dry_run: body.dry_run,
    }))
}

/// A century: no history is older, and PostgreSQL's calendar reaches further.
const OLDEST_SECONDS: u64 = 100 * 366 * 24 * 3600;

fn age(seconds: u64) -> Result<Duration, ApiError> {
    if seconds > OLDEST_SECONDS {
        return Err(ApiError::invalid("older_than_seconds", format!("must be at most {OLDEST_SECONDS}")));
    }
    Ok(Duration::from_secs(seconds))
}

/// Keep a revision readable however far the history is trimmed, or change the reason.
#[utoipa::path(put, path = "/api/v1/revisions/{rev}/pin", operation_id = "pin_revision", tag = "history",
    params(("rev" = u64, Path, description = "Revision")), request_body = PinBody,
    responses((status = 200, body = PinView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn pin(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Json(body, _): Json<PinBody>,
) -> Result<axum::Json<PinView>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    let pin = app.service.pin(&permit, place.revision()?, &body.reason).await?;
    Ok(axum::Json(views::pin(&pin)))
}

/// Take a pin away.
#[utoipa::path(delete, path = "/api/v1/revisions/{rev}/pin", operation_id = "unpin_revision", tag = "history",
    params(("rev" = u64, Path, description = "Revision")),
    responses((status = 204, description = "Removed"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn unpin(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<StatusCode, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    app.service.unpin(&permit, place.revision()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List all pins, the newest revision first.
#[utoipa::path(get, path = "/api/v1/pins", operation_id = "list_pins", tag = "history", responses(
    (status = 200, body = PinList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn pins(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
) -> Result<axum::Json<PinList>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    let pins = app.service.list_pins(&permit).await?;
    Ok(axum::Json(PinList { pins: pins.iter().map(views::pin).collect() }))
}
