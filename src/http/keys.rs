//! `/api/v1/keys`, and the redaction of a version.

use axum::extract::State;

use crate::api::keys::{
    DataKeyView, KeyList, KeyPurpose, RedactBody, RedactView, RotateBody, RotateView, RotationKind,
};
use crate::api::problem::Problem;
use crate::domain::access::DataKeyPurpose;
use crate::http::Shared;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place, whole};
use crate::service::secrets::{KeyInUse, Rotation};

/// The keys that secrets are sealed with, by their ids, and how far a rotation has come.
#[utoipa::path(get, path = "/api/v1/keys", operation_id = "list_keys", tag = "node", responses(
    (status = 200, body = KeyList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
) -> Result<axum::Json<KeyList>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    let (master, keys) = app.service.list_keys(&permit).await?;
    let to_wrap = keys.iter().filter(|used| Some(&used.key.master) != master.as_ref()).count() as u64;
    let to_seal = keys.iter().filter_map(|used| used.remaining).sum();
    Ok(axum::Json(KeyList { master, to_wrap, to_seal, data_keys: keys.iter().map(view).collect() }))
}

fn view(used: &KeyInUse) -> DataKeyView {
    let key = &used.key;
    let (environment, namespace) = key.place.as_ref().map(|(e, n)| (e.to_string(), n.to_string())).unzip();
    DataKeyView {
        id: key.id,
        purpose: match key.purpose {
            DataKeyPurpose::Hash => KeyPurpose::Hash,
            DataKeyPurpose::Seal => KeyPurpose::Seal,
        },
        environment,
        namespace,
        master: key.master.clone(),
        created_at: key.created_at,
        retired_at: key.retired_at,
        remaining: used.remaining,
    }
}

/// Rotate keys: after a new master key was set on every node, or to have secrets sealed with new data keys.
#[utoipa::path(post, path = "/api/v1/keys/rotate", operation_id = "rotate_keys", tag = "node", request_body = RotateBody, responses(
    (status = 200, body = RotateView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn rotate(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Json(body, _): Json<RotateBody>,
) -> Result<axum::Json<RotateView>, ApiError> {
    let permit = app.service.may_administer(&caller)?;
    let what = match body.what {
        RotationKind::Master => Rotation::Master,
        RotationKind::Data => Rotation::Data,
        RotationKind::Signing => Rotation::Signing,
    };
    Ok(axum::Json(RotateView { rotated: app.service.rotate_keys(&permit, what).await? }))
}

/// Remove the bytes of one version of an entry for ever. Its hash, and that it was there, stay.
#[utoipa::path(post, path = "/api/v1/environments/{env}/namespaces/{ns}/redact/{*key}", operation_id = "redact_entry", tag = "entries",
    params(("env" = String, Path, description = "Environment"), ("ns" = String, Path, description = "Namespace"), ("key" = String, Path, description = "Key")),
    request_body = RedactBody, responses((status = 200, body = RedactView),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn redact(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Json(body, _): Json<RedactBody>,
) -> Result<axum::Json<RedactView>, ApiError> {
    let address = place.address()?;
    let permit = app.service.may_redact(&caller, &address)?;
    let revision = whole("revision", body.revision)?;
    let done = app.service.redact(&permit, &address, revision, &body.reason, body.everywhere).await?;
    Ok(axum::Json(RedactView { revision: done.revision.0, hash: done.hash.to_string() }))
}
