//! Answers that several handlers give alike.

use axum::Json;

use crate::api::entries::WriteView;
use crate::http::error::ApiError;
use crate::http::views;
use crate::service::ServiceError;
use crate::service::committer::Committed;

/// The answer of a write that a header may have bound to a precondition.
pub(super) fn written(result: Result<Committed, ServiceError>) -> Result<Json<WriteView>, ApiError> {
    let committed = result.map_err(|error| ApiError::from(error).into_precondition_failed())?;
    Ok(Json(views::write(&committed, false, Vec::new())))
}

/// Computes diffs where they hold up no other request.
pub(super) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| ServiceError::Internal(error.to_string()))?)
}
