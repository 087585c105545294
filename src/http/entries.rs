//! `…/namespaces/{ns}/entries`: reading, and the one-entry publish for curl and scripts.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::entries::{ContentView, EntryList, EntryView, WriteView};
use crate::api::problem::{Code, Problem};
use crate::domain::formats::Format;
use crate::domain::names::Address;
use crate::domain::revisions::Revision;
use crate::domain::secrets::RequestedMarks;
use crate::domain::state::Entry;
use crate::http::environments::{ReadParams, if_revision, tagged};
use crate::http::error::ApiError;
use crate::http::extract::{
    Authenticated, Content, Place, Query, REVEALED, WriteHeaders, has_tag, moment, page, parsed,
};
use crate::http::{Shared, views};
use crate::service::entries::EntryFilter;
use crate::service::publish::{PublishRequest, RequestedChange};
use crate::service::{ServiceError, WriteContext};

/// The pattern of the route of one entry.
pub(super) const ROUTE: &str = "/api/v1/environments/{env}/namespaces/{ns}/entries/{*key}";

/// Which entries of a namespace.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// Only keys that start with it.
    prefix: Option<String>,
    /// As of a revision or an RFC 3339 instant.
    at: Option<String>,
    /// Whether contents come along; they do when this is absent.
    content: Option<bool>,
    /// Entries on a page, 1 to 1000; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Wait until this node has seen the revision, 5 s at most.
    #[param(minimum = 0)]
    min_revision: Option<u64>,
}

/// How to read an entry.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct GetParams {
    /// As of a revision or an RFC 3339 instant.
    at: Option<String>,
    /// The bytes themselves, as with `Accept: application/octet-stream`.
    raw: Option<String>,
    /// Give the plaintext of a sealed entry, to who may see it; the audit notes it.
    reveal: Option<bool>,
    /// Wait until this node has seen the revision, 5 s at most.
    #[param(minimum = 0)]
    min_revision: Option<u64>,
}

/// How to put or delete an entry.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PutParams {
    /// The format; else the entry's present one, else by the key's extension, else text.
    #[param(value_type = Option<Format>)]
    format: Option<String>,
    /// All of it is secret. An entry that was marked once stays sealed.
    secret: Option<bool>,
    /// Write over a protected entry without a precondition.
    force: Option<bool>,
    /// Judge only.
    dry_run: Option<bool>,
}

/// List the entries of a namespace, by key.
#[utoipa::path(get, path = "/api/v1/environments/{env}/namespaces/{ns}/entries", operation_id = "list_entries", tag = "entries",
    params(("env" = String, Path, description = "Environment"), ("ns" = String, Path, description = "Namespace"), ListParams),
    responses((status = 200, body = EntryList), (status = 304, description = "Not modified"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Query(params): Query<ListParams>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    ReadParams { min_revision: params.min_revision }.wait(&app).await?;
    let (environment, namespace) = (place.environment()?, place.namespace()?);
    let filter = EntryFilter {
        prefix: params.prefix.unwrap_or_default(),
        after: parsed("cursor", params.cursor.as_deref())?,
        limit: page(params.limit)?,
        at: moment("at", params.at.as_deref())?,
    };
    let permit = app.service.may_list(&caller, &environment, &namespace)?;
    let found = app.service.list_entries(&permit, &environment, &namespace, &filter).await?;
    let with_content = params.content.unwrap_or(true);
    let view = |(key, entry): &(_, _)| views::entry(&environment, &namespace, key, entry, with_content);
    let entries = found.entries.iter().map(view).collect();
    let next = found.next.map(|key| key.to_string());
    Ok(tagged(&headers, found.touched, EntryList { entries, next }))
}

/// One entry: JSON, or the raw bytes with `?raw` or `Accept: application/octet-stream`.
#[utoipa::path(get, path = "/api/v1/environments/{env}/namespaces/{ns}/entries/{*key}", operation_id = "get_entry", tag = "entries",
    params(("env" = String, Path, description = "Environment"), ("ns" = String, Path, description = "Namespace"), ("key" = String, Path, description = "Key"), GetParams),
    responses((status = 200, content((EntryView = "application/json"), (Vec<u8> = "application/octet-stream"))), (status = 304, description = "Not modified"),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn get(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Query(params): Query<GetParams>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    ReadParams { min_revision: params.min_revision }.wait(&app).await?;
    let raw = match params.raw.as_deref() {
        None => accepts_bytes(&headers),
        Some("" | "true") => true,
        Some("false") => false,
        Some(_) => return Err(ApiError::invalid("raw", "must be true or false")),
    };
    let address = place.address()?;
    let at = moment("at", params.at.as_deref())?;
    let permit = app.service.may_read(&caller, &address)?;
    let entry = app.service.get_entry(&permit, &address, at).await?;
    let Address { environment, namespace, key } = &address;
    let revealed = params.reveal.unwrap_or(false) && entry.version.is_sealed();
    if revealed {
        app.service.may_reveal(&caller, &address)?;
    }
    let tag = tag(&entry, revealed);
    if !raw {
        if has_tag(&headers, &tag) {
            return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
        }
        let mut view = views::entry(environment, namespace, key, &entry, true);
        if revealed {
            let version = Box::pin(app.service.reveal(&caller, &address, &entry.version, entry.stamp.revision)).await?;
            view.content = ContentView::of(version.content.bytes());
        } else if let Some(shown) = app.service.show_masked(&address, &entry.version)? {
            view.marks = Some(views::marks_view(&shown.marks));
            view.content = ContentView::of(shown.text.as_bytes());
            view.masked = true;
        }
        return Ok(([(header::ETAG, tag)], axum::Json(view)).into_response());
    }
    if entry.version.is_sealed() && !revealed {
        return Err(ServiceError::Sealed(address.to_string()).into());
    }
    if entry.version.content.is_redacted() {
        return Err(ServiceError::Redacted(format!("{address} at revision {}", entry.stamp.revision)).into());
    }
    if has_tag(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    if revealed {
        let version = Box::pin(app.service.reveal(&caller, &address, &entry.version, entry.stamp.revision)).await?;
        return Ok(raw_answer(&entry, tag, version.content.bytes().clone()));
    }
    Ok(raw_answer(&entry, tag, entry.version.content.bytes().clone()))
}

/// The bytes of an entry, or what they reveal.
fn raw_answer(entry: &Entry, tag: String, bytes: bytes::Bytes) -> Response {
    let mut response = ([(header::ETAG, tag)], bytes).into_response();
    response.headers_mut().insert("pintle-format", HeaderValue::from_static(entry.version.format.as_str()));
    response
}

/// The bytes of an entry that anybody who may read it may have so.
pub(super) fn plain(entry: &Entry) -> Option<Response> {
    let is_shown = !entry.version.is_sealed() && !entry.version.content.is_redacted();
    is_shown.then(|| raw_answer(entry, tag(entry, false), entry.version.content.bytes().clone()))
}

/// What was masked is not what is revealed.
fn tag(entry: &Entry, revealed: bool) -> String {
    format!("\"{}{}\"", entry.stamp.revision, if revealed { REVEALED } else { "" })
}

fn accepts_bytes(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| {
        accept.split(',').any(|one| one.split(';').next().unwrap_or_default().trim() == "application/octet-stream")
    })
}

/// Put one entry. The body is the content, byte for byte.
#[utoipa::path(put, path = "/api/v1/environments/{env}/namespaces/{ns}/entries/{*key}", operation_id = "put_entry", tag = "entries",
    params(("env" = String, Path, description = "Environment"), ("ns" = String, Path, description = "Namespace"), ("key" = String, Path, description = "Key"), PutParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = WriteView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn put(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Query(params): Query<PutParams>,
    headers: WriteHeaders,
    Content(bytes): Content,
) -> Result<Response, ApiError> {
    let format = parsed::<Format>("format", params.format.as_deref())?;
    write(&app, &caller, place.address()?, &params, headers, Some((format, bytes))).await
}

/// Delete one entry.
#[utoipa::path(delete, path = "/api/v1/environments/{env}/namespaces/{ns}/entries/{*key}", operation_id = "delete_entry", tag = "entries",
    params(("env" = String, Path, description = "Environment"), ("ns" = String, Path, description = "Namespace"), ("key" = String, Path, description = "Key"), PutParams),
    responses((status = 200, body = WriteView), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn delete(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    place: Place,
    Query(params): Query<PutParams>,
    headers: WriteHeaders,
) -> Result<Response, ApiError> {
    let address = place.address()?;
    write(&app, &caller, address, &params, headers, None).await
}

async fn write(
    app: &Shared,
    caller: &crate::domain::access::Caller,
    address: Address,
    params: &PutParams,
    headers: WriteHeaders,
    put: Option<(Option<Format>, bytes::Bytes)>,
) -> Result<Response, ApiError> {
    let current: Option<Revision> = app.service.view.state().find_entry(&address).map(|entry| entry.stamp.revision);
    let wanted = if_revision(headers.if_revision, current)?;
    let (name, deletes) = (address.to_string(), put.is_none());
    let content = put.as_ref().map(|(_, bytes)| bytes.as_ref()).unwrap_or_default();
    let verb: &[u8] = if put.is_some() { b"put_entry" } else { b"delete_entry" };
    let format = params.format.as_deref().unwrap_or_default();
    let dry_run = params.dry_run.unwrap_or(false);
    if put.is_none() && params.secret.is_some() {
        return Err(ApiError::invalid("secret", "must be absent to delete"));
    }
    let secret: &[u8] = match params.secret {
        None => b"",
        Some(true) => b"secret",
        Some(false) => b"open",
    };
    let parts = [verb, name.as_bytes(), format.as_bytes(), content, secret];
    let parts = parts.get(..if secret.is_empty() { 4 } else { 5 }).unwrap_or_default();
    let context = WriteContext { dry_run, ..headers.context(None, parts) };
    let marks = params.secret.map(RequestedMarks::Secret);
    let change = RequestedChange { address, put, marks, if_revision: wanted, content_field: "body".to_owned() };
    let request = PublishRequest { changes: vec![change], force: params.force.unwrap_or(false) };
    let permit = app.service.may_publish(caller, &request)?;
    let published = app.service.publish(&permit, request, context).await;
    let published = published.map_err(|error| ApiError::from(error).into_precondition_failed())?;
    if deletes && published.committed.changed == 0 {
        return Err(ApiError::new(Code::NotFound, format!("{name} does not exist")));
    }
    let tag = format!("\"{}\"", published.committed.cursor.revision);
    let tag = (published.committed.changed > 0 && !dry_run).then_some([(header::ETAG, tag)]);
    let body = axum::Json(views::write(&published.committed, dry_run, published.warnings));
    Ok(match tag {
        Some(tag) => (tag, body).into_response(),
        None => body.into_response(),
    })
}
