//! Short-lived tokens.

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header;

use crate::api::problem::Problem;
use crate::api::tokens::{ExchangeBody, ExchangeView};
use crate::domain::access::Peer;
use crate::http::Shared;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, parse_json, read_body};
use crate::service::jwt::BYTES_MAX;

/// A token of a trusted issuer with what is around it.
const BODY_MAX: u64 = BYTES_MAX as u64 + 1024;

/// Exchange a token for a short-lived one, which every node checks without the database.
///
/// With `Authorization` a session or an API token, of which the short-lived one then has the rights: it ends with it. With
/// `subject_token` and no `Authorization` a token of a trusted issuer, such as a Kubernetes service account's or a CI job's.
#[utoipa::path(post, path = "/api/v1/token", operation_id = "exchange_token", tag = "access", request_body = ExchangeBody, responses(
    (status = 200, body = ExchangeView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn exchange(
    State(app): State<Shared>,
    request: Request,
) -> Result<axum::Json<ExchangeView>, ApiError> {
    let (mut parts, body) = request.into_parts();
    let bytes = read_body(body, BODY_MAX).await?;
    let body: ExchangeBody = if bytes.is_empty() { ExchangeBody::default() } else { parse_json(&bytes)? };
    let issued = match body.subject_token {
        Some(_) if parts.headers.contains_key(header::AUTHORIZATION) => {
            return Err(ApiError::bad("subject_token", "must not come together with Authorization"));
        }
        Some(token) => {
            let peer = parts.extensions.get::<Peer>().cloned().unwrap_or_default();
            app.service.exchange_foreign(&token, &peer).await?
        }
        None => {
            let Authenticated(caller) = Authenticated::from_request_parts(&mut parts, &app).await?;
            app.service.exchange(&caller).await?
        }
    };
    Ok(axum::Json(ExchangeView { token: issued.text, expires_at: issued.expires_at }))
}
