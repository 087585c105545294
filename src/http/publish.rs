//! `POST /api/v1/publish`.

use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::api::entries::{ChangeBody, Op, PublishBody, WriteView};
use crate::api::problem::{Code, FieldProblem, Problem};
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::domain::revisions::Revision;
use crate::domain::secrets::RequestedMarks;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, WriteHeaders};
use crate::http::{Shared, views};
use crate::service::WriteContext;
use crate::service::publish::{PublishRequest, RequestedChange};

/// Publish a change set: any number of entries, namespaces and environments, all or nothing.
#[utoipa::path(post, path = "/api/v1/publish", operation_id = "publish", tag = "entries", request_body = PublishBody, responses(
    (status = 200, body = WriteView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn publish(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    headers: WriteHeaders,
    Json(body, bytes): Json<PublishBody>,
) -> Result<axum::Json<WriteView>, ApiError> {
    let (mut changes, mut fields) = (Vec::new(), Vec::new());
    for (index, change) in body.changes.into_iter().enumerate() {
        match requested(&format!("changes[{index}]"), change) {
            Ok(change) => changes.push(change),
            Err(problems) => fields.extend(problems),
        }
    }
    if !fields.is_empty() {
        return Err(ApiError::fields(Code::Invalid, fields));
    }
    let context = headers.context(Some(body.message), &[b"publish", &bytes]);
    let context = WriteContext { dry_run: body.dry_run, ..context };
    let request = PublishRequest { changes, force: body.force };
    let permit = app.service.may_publish(&caller, &request)?;
    let published = app.service.publish(&permit, request, context).await?;
    Ok(axum::Json(views::write(&published.committed, body.dry_run, published.warnings)))
}

/// Parses one change; all that is wrong with it is told together.
pub(super) fn requested(field: &str, change: ChangeBody) -> Result<RequestedChange, Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let mut wrong = |name: &str, problem: String| problems.push(FieldProblem::new(format!("{field}.{name}"), problem));
    let environment = EnvironmentName::parse(&change.env).map_err(|error| wrong("env", error.to_string())).ok();
    let namespace = NamespaceName::parse(&change.namespace).map_err(|error| wrong("namespace", error.to_string())).ok();
    let key = EntryKey::parse(&change.key).map_err(|error| wrong("key", error.to_string())).ok();
    if change.if_revision.is_some_and(|revision| i64::try_from(revision).is_err()) {
        wrong("if_revision", format!("must be from 0 to {}", i64::MAX));
    }
    let if_revision = change.if_revision.map(Revision);
    let content = match (change.op, change.content, change.content_base64) {
        (Op::Put, Some(text), None) => Some(Bytes::from(text)),
        (Op::Put, None, Some(text)) => match STANDARD.decode(&text) {
            Ok(bytes) => Some(Bytes::from(bytes)),
            Err(error) => {
                wrong("content_base64", format!("is not standard base64: {error}"));
                None
            }
        },
        (Op::Put, None, None) => {
            wrong("content", "is required to put: content or content_base64".to_owned());
            None
        }
        (Op::Put, Some(_), Some(_)) => {
            wrong("content", "must not come together with content_base64".to_owned());
            None
        }
        (Op::Delete, None, None) => None,
        (Op::Delete, ..) => {
            wrong("content", "must be absent to delete".to_owned());
            None
        }
    };
    if change.op == Op::Delete && change.format.is_some() {
        wrong("format", "must be absent to delete".to_owned());
    }
    let marks = match (change.secret, change.secret_paths) {
        (None, None) => None,
        (Some(secret), None) => Some(RequestedMarks::Secret(secret)),
        (None, Some(paths)) => Some(RequestedMarks::Paths(paths)),
        (Some(_), Some(_)) => {
            wrong("secret", "must not come together with secret_paths".to_owned());
            None
        }
    };
    if change.op == Op::Delete && marks.is_some() {
        wrong("secret", "must be absent to delete".to_owned());
    }
    match (environment, namespace, key) {
        (Some(environment), Some(namespace), Some(key)) if problems.is_empty() => Ok(RequestedChange {
            address: Address { environment, namespace, key },
            put: content.map(|bytes| (change.format, bytes)),
            marks,
            if_revision,
            content_field: format!("{field}.content"),
        }),
        _ => Err(problems),
    }
}
