//! `/api/v1/drafts`.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::api::drafts::{
    DraftBody, DraftChangeBody, DraftChangeView, DraftList, DraftPatch, DraftPlace, DraftPublishBody, DraftView,
};
use crate::api::entries::{ChangeBody, ContentView, Op, WriteView};
use crate::api::problem::{Code, FieldProblem, Problem};
use crate::domain::access::Caller;
use crate::domain::contents::ContentHash;
use crate::domain::names::{EntryKey, EnvironmentName, NamespaceName};
use crate::domain::secrets::RequestedMarks;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Json, Place, Query, WriteHeaders, page, parsed, whole};
use crate::http::publish::requested;
use crate::http::{Shared, views};
use crate::service::drafts::{DraftFilter, DraftPublish, EditRequest, NewDraft, SeenDraft, ShownChange, ShownDraft};
use crate::service::publish::RequestedChange;
use crate::service::{ServiceError, WriteContext};

/// Which drafts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// Of this environment.
    env: Option<String>,
    /// At home in this namespace, or with a change of it.
    namespace: Option<String>,
    /// Of this user.
    owner: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Drafts on a page, 1 to 1000; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// List the drafts that the caller may see, newest first, without contents: its own, and those that are shared with whoever may
/// edit drafts of all their entries.
#[utoipa::path(get, path = "/api/v1/drafts", operation_id = "list_drafts", tag = "drafts", params(ListParams), responses(
    (status = 200, body = DraftList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(params): Query<ListParams>,
) -> Result<axum::Json<DraftList>, ApiError> {
    let after = params.after.as_deref().map(|text| {
        parse_position(text).ok_or_else(|| ApiError::invalid("after", "must be `next` of the page before"))
    });
    let filter = DraftFilter {
        environment: parsed("env", params.env.as_deref())?,
        namespace: parsed("namespace", params.namespace.as_deref())?,
        owner: parsed("owner", params.owner.as_deref())?,
        after: after.transpose()?,
    };
    let found = app.service.list_drafts(&caller, filter, page(params.limit)?).await?;
    let next = found.next.map(|(at, id)| position_text(at, id));
    Ok(axum::Json(DraftList { drafts: found.drafts.into_iter().map(view).collect(), next }))
}

/// Open a draft. Without a title there is one for each user and namespace: when it is there already it is answered with 200, as it
/// is, and the changes that were sent are not taken.
#[utoipa::path(post, path = "/api/v1/drafts", operation_id = "open_draft", tag = "drafts", request_body = DraftBody, responses(
    (status = 201, body = DraftView), (status = 200, body = DraftView, description = "There already"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn open(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    Json(body, _): Json<DraftBody>,
) -> Result<Response, ApiError> {
    let environment: EnvironmentName = name("env", &body.env)?;
    let namespace: NamespaceName = name("namespace", &body.namespace)?;
    let changes = changes("changes", &environment, body.changes)?;
    let new = NewDraft { environment, namespace, title: body.title, shared: body.shared, changes };
    let permit = app.service.may_open_draft(&caller, &new)?;
    let (draft, is_new) = app.service.open_draft(&permit, new).await?;
    answer(&app, if is_new { StatusCode::CREATED } else { StatusCode::OK }, draft).await
}

/// A draft with its contents, and what moved under it. What is secret comes masked.
#[utoipa::path(get, path = "/api/v1/drafts/{id}", operation_id = "get_draft", tag = "drafts",
    params(("id" = Uuid, Path, description = "Draft")),
    responses((status = 200, body = DraftView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
) -> Result<Response, ApiError> {
    let draft = app.service.find_draft(&caller, place.id()?).await?;
    answer(&app, StatusCode::OK, draft).await
}

/// Edit a draft: only what changes. `If-Match` says which hash the edit was made from; when the draft has another one by now, the
/// answer is 412 with the draft as it is. Contents need not parse.
#[utoipa::path(patch, path = "/api/v1/drafts/{id}", operation_id = "edit_draft", tag = "drafts", request_body = DraftPatch,
    params(("id" = Uuid, Path, description = "Draft"), ("If-Match" = String, Header, description = "The ETag of the draft")),
    responses((status = 200, body = DraftView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn edit(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    headers: HeaderMap,
    Json(body, _): Json<DraftPatch>,
) -> Result<Response, ApiError> {
    let hash = if_match(&headers)?.ok_or_else(|| {
        ApiError::fields(Code::PreconditionRequired, vec![FieldProblem::new("If-Match", "is required to edit a draft")])
    })?;
    let id = place.id()?;
    let draft = app.service.find_draft(&caller, id).await?;
    let put = changes("put", draft.environment(), body.put)?;
    let drop = body.drop.into_iter().enumerate().map(|(at, place)| dropped(at, &place));
    let edit = EditRequest { title: body.title, shared: body.shared, put, drop: drop.collect::<Result<_, _>>()? };
    match app.service.edit_draft(draft, hash, edit).await {
        Ok(draft) => answer(&app, StatusCode::OK, draft).await,
        Err(error) => Err(with_present(&app, &caller, id, error).await.into_precondition_failed()),
    }
}

/// Delete a draft, with `If-Match` only as the caller has seen it.
#[utoipa::path(delete, path = "/api/v1/drafts/{id}", operation_id = "delete_draft", tag = "drafts",
    params(("id" = Uuid, Path, description = "Draft"), ("If-Match" = Option<String>, Header, description = "The ETag of the draft")),
    responses((status = 204, description = "Deleted"), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let (id, hash) = (place.id()?, if_match(&headers)?);
    let draft = app.service.find_draft(&caller, id).await?;
    match app.service.delete_draft(draft, hash).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(with_present(&app, &caller, id, error).await.into_precondition_failed()),
    }
}

/// Publish a draft exactly as it was reviewed, as one revision. Afterwards it is gone. 409 `draft_moved` when it was edited since,
/// 409 `conflict` when an entry changed since.
#[utoipa::path(post, path = "/api/v1/drafts/{id}/publish", operation_id = "publish_draft", tag = "drafts", request_body = DraftPublishBody,
    params(("id" = Uuid, Path, description = "Draft")),
    responses((status = 200, body = WriteView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn publish(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    headers: WriteHeaders,
    Json(body, bytes): Json<DraftPublishBody>,
) -> Result<axum::Json<WriteView>, ApiError> {
    let id: Uuid = place.id()?;
    let hash = parse_hash(&body.hash).ok_or_else(|| ApiError::invalid("hash", "must be the hash of the draft"))?;
    let review = DraftPublish { base: whole("base", body.base)?, hash, force: body.force };
    let context = headers.context(Some(body.message), &[b"publish_draft", id.as_bytes(), &bytes]);
    let context = WriteContext { dry_run: body.dry_run, ..context };
    match app.service.publish_draft(&caller, id, review, context).await {
        Ok(published) => Ok(axum::Json(views::write(&published.committed, body.dry_run, published.warnings))),
        Err(error) => Err(with_present(&app, &caller, id, error).await),
    }
}

/// A draft as an answer.
async fn answer(app: &Shared, status: StatusCode, draft: SeenDraft) -> Result<Response, ApiError> {
    let view = view(app.service.show_draft(draft).await?);
    let tag = format!("\"{}\"", view.hash);
    Ok((status, [(header::ETAG, tag)], axum::Json(view)).into_response())
}

/// A draft that moved is told with what it is now, unless it is gone.
async fn with_present(app: &Shared, caller: &Caller, id: Uuid, error: ServiceError) -> ApiError {
    let moved = matches!(error, ServiceError::DraftMoved);
    let error = ApiError::from(error);
    if !moved {
        return error;
    }
    let shown = match app.service.find_draft(caller, id).await {
        Ok(draft) => app.service.show_draft(draft).await,
        Err(error) => Err(error),
    };
    match shown {
        Ok(shown) => error.with_draft(view(shown)),
        Err(_) => error,
    }
}

fn view(shown: ShownDraft) -> DraftView {
    let ShownDraft { draft, owner, head, changes, withheld } = shown;
    DraftView {
        id: draft.id,
        env: draft.environment.to_string(),
        namespace: draft.namespace.to_string(),
        title: draft.title,
        owner,
        shared: draft.shared,
        hash: draft.hash.to_string(),
        created_at: draft.created_at,
        updated_at: draft.updated_at,
        head: head.0,
        changes: changes.into_iter().map(change_view).collect(),
        withheld,
    }
}

fn change_view(shown: ShownChange) -> DraftChangeView {
    let ShownChange { change, sealed, content, moved, base, theirs } = shown;
    let put = change.put.as_ref();
    let (secret, secret_paths) = match put.and_then(|put| put.marks.clone()) {
        None => (None, None),
        Some(RequestedMarks::Secret(secret)) => (Some(secret), None),
        Some(RequestedMarks::Paths(paths)) => (None, Some(paths)),
    };
    let side = |entry: crate::domain::state::Entry| views::side(&entry.version, Some(entry.stamp.revision));
    DraftChangeView {
        namespace: change.namespace.to_string(),
        key: change.key.to_string(),
        op: if put.is_some() { Op::Put } else { Op::Delete },
        format: put.map(|put| put.format),
        secret,
        secret_paths,
        if_revision: change.if_revision.0,
        sealed,
        masked: sealed && content.is_some(),
        moved,
        base: base.map(side),
        theirs: theirs.map(side),
        content: content.map(|content| ContentView::of(&content)).unwrap_or_default(),
    }
}

/// Changes of a draft, as those of a publish are parsed; all that is wrong with them is told together.
fn changes(
    field: &str,
    environment: &EnvironmentName,
    bodies: Vec<DraftChangeBody>,
) -> Result<Vec<RequestedChange>, ApiError> {
    let (mut changes, mut fields) = (Vec::new(), Vec::new());
    for (at, body) in bodies.into_iter().enumerate() {
        let body = ChangeBody {
            env: environment.to_string(),
            namespace: body.namespace,
            key: body.key,
            op: body.op,
            format: body.format,
            content: body.content,
            content_base64: body.content_base64,
            secret: body.secret,
            secret_paths: body.secret_paths,
            if_revision: Some(body.if_revision),
        };
        match requested(&format!("{field}[{at}]"), body) {
            Ok(change) => changes.push(change),
            Err(problems) => fields.extend(problems),
        }
    }
    if fields.is_empty() { Ok(changes) } else { Err(ApiError::fields(Code::Invalid, fields)) }
}

fn dropped(at: usize, place: &DraftPlace) -> Result<(NamespaceName, EntryKey), ApiError> {
    Ok((name(&format!("drop[{at}].namespace"), &place.namespace)?, name(&format!("drop[{at}].key"), &place.key)?))
}

fn name<T: std::str::FromStr<Err: std::fmt::Display>>(field: &str, text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|error: T::Err| ApiError::invalid(field, error.to_string()))
}

/// The hash in `If-Match`.
fn if_match(headers: &HeaderMap) -> Result<Option<ContentHash>, ApiError> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let tag = value.to_str().ok().map(str::trim).and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"'));
    let hash = tag.and_then(parse_hash);
    hash.map(Some).ok_or_else(|| ApiError::invalid("If-Match", "must be the ETag of the draft: its hash in quotes"))
}

fn parse_hash(text: &str) -> Option<ContentHash> {
    hex::decode(text).ok()?.try_into().ok().map(ContentHash)
}

/// A position as text that nobody should read.
fn position_text(at: OffsetDateTime, id: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {id}", at.unix_timestamp_nanos() / 1000))
}

fn parse_position(text: &str) -> Option<(OffsetDateTime, Uuid)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (micros, id) = text.split_once(' ')?;
    let nanos = micros.parse::<i64>().ok().map(i128::from)? * 1000;
    Some((OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?, id.parse().ok()?))
}
