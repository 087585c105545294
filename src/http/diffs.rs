//! `GET /api/v1/diff`.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::problem::Problem;
use crate::api::revisions::{DiffSide, DiffView};
use crate::http::environments::ReadParams;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Query, moment, parsed};
use crate::http::{Shared, answers, views};
use crate::service::diffs::Side;

/// What to compare: two moments of `env`, or `from_env` with `to_env`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DiffParams {
    /// The environment, when both sides are in it.
    env: Option<String>,
    /// The environment on the left.
    from_env: Option<String>,
    /// The environment on the right.
    to_env: Option<String>,
    /// Only this namespace.
    namespace: Option<String>,
    /// Only this key.
    key: Option<String>,
    /// Left: a revision or an RFC 3339 instant. Required with `env`.
    from: Option<String>,
    /// Right: a revision or an RFC 3339 instant; now when absent.
    to: Option<String>,
    /// Wait until this node has seen the revision, 5 s at most.
    #[param(minimum = 0)]
    min_revision: Option<u64>,
}

/// How two revisions, or two environments, differ.
#[utoipa::path(get, path = "/api/v1/diff", operation_id = "diff", tag = "history", params(DiffParams), responses(
    (status = 200, body = DiffView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn diff(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(params): Query<DiffParams>,
) -> Result<axum::Json<DiffView>, ApiError> {
    ReadParams { min_revision: params.min_revision }.wait(&app).await?;
    let (from, to) = match (&params.env, &params.from_env, &params.to_env) {
        (Some(env), None, None) => (env, env),
        (None, Some(from), Some(to)) => (from, to),
        (Some(_), ..) => return Err(ApiError::invalid("env", "must not come together with from_env or to_env")),
        (None, ..) => return Err(ApiError::invalid("env", "is required, or both from_env and to_env")),
    };
    if params.env.is_some() && params.from.is_none() {
        return Err(ApiError::invalid("from", "is required with env"));
    }
    let fields = if params.env.is_some() { ("env", "env") } else { ("from_env", "to_env") };
    let parse = |field: &str, text: &String| {
        text.parse().map_err(|error: crate::domain::names::NameError| ApiError::invalid(field, error.to_string()))
    };
    let left = Side { environment: parse(fields.0, from)?, at: moment("from", params.from.as_deref())?, field: "from" };
    let right = Side { environment: parse(fields.1, to)?, at: moment("to", params.to.as_deref())?, field: "to" };
    let namespace = parsed("namespace", params.namespace.as_deref())?;
    let key = parsed("key", params.key.as_deref())?;
    let found = app.service.compare(&caller, namespace.as_ref(), key.as_ref(), (&left, &right)).await?;
    let from = DiffSide { env: left.environment.to_string(), revision: found.from.0 };
    let to = DiffSide { env: right.environment.to_string(), revision: found.to.0 };
    let entries = answers::off_thread(move || found.entries.iter().map(views::different).collect()).await?;
    Ok(axum::Json(DiffView { from, to, entries }))
}
