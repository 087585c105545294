//! `POST /api/v1/rollback`.

use axum::extract::State;

use crate::api::entries::WriteView;
use crate::api::problem::Problem;
use crate::api::revisions::RollbackBody;
use crate::domain::changes::Scope;
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName};
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, WriteHeaders, parsed, whole};
use crate::http::{Shared, views};
use crate::service::WriteContext;

/// Go back, or forward, to a revision, or undo just one change set. Always a new revision.
#[utoipa::path(post, path = "/api/v1/rollback", operation_id = "roll_back", tag = "history", request_body = RollbackBody, responses(
    (status = 200, body = WriteView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn roll_back(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    headers: WriteHeaders,
    Json(body, bytes): Json<RollbackBody>,
) -> Result<axum::Json<WriteView>, ApiError> {
    let dry_run = body.dry_run;
    let context = headers.context(Some(body.message.clone()), &[b"rollback", &bytes]);
    let context = WriteContext { dry_run, ..context };
    let committed = if let Some(revision) = body.revert {
        if body.env.is_some() || body.namespace.is_some() || body.keys.is_some() || body.to.is_some() {
            return Err(ApiError::invalid("revert", "must not come together with env, namespace, keys or to"));
        }
        app.service.revert(&caller, whole("revert", revision)?, context).await?
    } else {
        let to = body.to.ok_or_else(|| ApiError::invalid("to", "is required, or revert"))?;
        let scope = scope(&body)?;
        let permit = app.service.may_roll_back(&caller, &scope)?;
        app.service.roll_back(&permit, scope, whole("to", to)?, context).await?
    };
    Ok(axum::Json(views::write(&committed, dry_run, Vec::new())))
}

fn scope(body: &RollbackBody) -> Result<Scope, ApiError> {
    let environment: Option<EnvironmentName> = parsed("env", body.env.as_deref())?;
    let environment = environment.ok_or_else(|| ApiError::invalid("env", "is required"))?;
    let namespace: Option<NamespaceName> = parsed("namespace", body.namespace.as_deref())?;
    match (namespace, &body.keys) {
        (None, None) => Ok(Scope::Environment(environment)),
        (Some(namespace), None) => Ok(Scope::Namespace(environment, namespace)),
        (None, Some(_)) => Err(ApiError::invalid("keys", "must come together with namespace")),
        (Some(_), Some(keys)) if keys.is_empty() || keys.len() > 1000 => {
            Err(ApiError::invalid("keys", format!("must have 1 to 1000 keys, this has {}", keys.len())))
        }
        (Some(namespace), Some(keys)) => {
            let parse = |(index, key): (usize, &String)| {
                EntryKey::parse(key).map_err(|error| ApiError::invalid(&format!("keys[{index}]"), error.to_string()))
            };
            let keys = keys.iter().enumerate().map(parse).collect::<Result<_, _>>()?;
            Ok(Scope::Keys(environment, namespace, keys))
        }
    }
}
