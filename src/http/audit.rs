//! `/api/v1/audit`: a page as JSON, or everything as a file.

use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body::Frame;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;
use utoipa::IntoParams;

use crate::api::PAGE_MAX;
use crate::api::audit::{AuditFile, AuditList, AuditRow, Format};
use crate::api::problem::Problem;
use crate::domain::access::Caller;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, Query, instant, page, parsed};
use crate::http::{App, Shared};
use crate::service::audit::{AuditFilter, AuditPage, ListedRow, Position};

/// Longest text that a filter may have, in bytes.
const TEXT_BYTES: usize = 1024;

/// Which rows.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditParams {
    /// By this user, or `anonymous`, or `system`.
    actor: Option<String>,
    /// With this action, such as `publish` or `denied`.
    action: Option<String>,
    /// Of this environment.
    env: Option<String>,
    /// Of this namespace; with `env`.
    namespace: Option<String>,
    /// With a target that has this text in it.
    target: Option<String>,
    /// At or after this RFC 3339 instant.
    since: Option<String>,
    /// At or before this RFC 3339 instant.
    until: Option<String>,
    /// `next` of the page before.
    before: Option<String>,
    /// Rows on a page, 1 to 1000; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// All rows instead of a page, as a file: `csv` or `json`. `Accept: text/csv` asks for the first as well.
    format: Option<String>,
}

/// List who did what, newest first, as far as the caller may audit it.
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "list_audit", tag = "access", params(AuditParams), responses(
    (status = 200, content((AuditList = "application/json"), (String = "text/csv"))),
    (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    headers: HeaderMap,
    Query(params): Query<AuditParams>,
) -> Result<Response, ApiError> {
    let format = params.format(&headers)?;
    let limit = page(params.limit)?;
    let whole = params.before.is_none() && params.limit.is_none();
    let filter = params.filter()?;
    let permit = app.service.may_audit(&caller)?;
    let Some(format) = format else {
        let found = app.service.list_audit(&permit, filter, limit).await?;
        return Ok(axum::Json(view(found)).into_response());
    };
    if !whole {
        return Err(ApiError::invalid("format", "gives all rows, and does not come together with before or limit"));
    }
    // A first page that cannot be read is a problem, and not a file that breaks off.
    let first = app.service.list_audit(&permit, filter.clone(), PAGE_MAX as usize).await?;
    let (kind, name) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"audit.csv\""),
        Format::Json => ("application/json", "attachment; filename=\"audit.json\""),
    };
    let export =
        Export { app, caller, filter, file: AuditFile::new(format), reading: Some(Box::pin(ready(Ok(first)))) };
    let mut response = Body::new(export).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
    Ok(response)
}

impl AuditParams {
    fn format(&self, headers: &HeaderMap) -> Result<Option<Format>, ApiError> {
        let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        match self.format.as_deref() {
            Some("csv") => Ok(Some(Format::Csv)),
            Some("json") => Ok(Some(Format::Json)),
            Some(_) => Err(ApiError::invalid("format", "must be csv or json")),
            None => {
                let csv = accepts.split(',').any(|one| one.split(';').next().unwrap_or_default().trim() == "text/csv");
                Ok(csv.then_some(Format::Csv))
            }
        }
    }

    fn filter(self) -> Result<AuditFilter, ApiError> {
        if self.namespace.is_some() && self.env.is_none() {
            return Err(ApiError::invalid("namespace", "must come together with env"));
        }
        for (name, text) in [("actor", &self.actor), ("action", &self.action), ("target", &self.target)] {
            if text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES || text.contains('\0')) {
                return Err(ApiError::invalid(name, format!("must have at most {TEXT_BYTES} bytes and no NUL")));
            }
        }
        let before = self.before.as_deref().map(|text| {
            parse_position(text).ok_or_else(|| ApiError::invalid("before", "must be what a page said in next"))
        });
        Ok(AuditFilter {
            environment: parsed("env", self.env.as_deref())?,
            namespace: parsed("namespace", self.namespace.as_deref())?,
            since: instant("since", self.since.as_deref())?,
            until: instant("until", self.until.as_deref())?,
            before: before.transpose()?,
            actor: self.actor,
            action: self.action,
            target: self.target,
        })
    }
}

/// A position as text that nobody should read.
fn position_text(position: &Position) -> String {
    let micros = position.at.unix_timestamp_nanos() / 1000;
    URL_SAFE_NO_PAD.encode(format!("{micros} {} {}", position.chain, position.seq))
}

fn parse_position(text: &str) -> Option<Position> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let mut parts = text.split(' ');
    let (micros, chain, seq) = (parts.next()?.parse::<i64>().ok()?, parts.next()?, parts.next()?.parse::<u64>().ok()?);
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok()?;
    let plain = chain.len() <= 64 && chain.bytes().all(|b| b.is_ascii_graphic()) && i64::try_from(seq).is_ok();
    (plain && parts.next().is_none()).then(|| Position { at, chain: chain.to_owned(), seq })
}

fn view(page: AuditPage) -> AuditList {
    AuditList { rows: page.rows.into_iter().map(row_view).collect(), next: page.next.as_ref().map(position_text) }
}

/// What a row says besides what has a column.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    actor: String,
    action: String,
    count: Option<u64>,
    token: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
    message: Option<String>,
    changed: Option<u64>,
    before: Option<Value>,
    after: Option<Value>,
}

fn row_view(row: ListedRow) -> AuditRow {
    // Of a damaged row its place is shown, and nothing that it would say.
    let said: Said = serde_json::from_str(&row.body).unwrap_or_default();
    let some = |text: Option<String>| text.filter(|text| !text.is_empty());
    AuditRow {
        at: row.position.at,
        chain: row.position.chain,
        seq: row.position.seq,
        actor: said.actor,
        action: said.action,
        target: row.target,
        env: row.environment.map(String::from),
        namespace: row.namespace.map(String::from),
        revision: row.revision,
        count: said.count,
        token: said.token.and_then(|id| id.parse().ok()),
        address: some(said.address),
        request_id: some(said.request_id),
        message: some(said.message),
        changed: said.changed,
        before: said.before,
        after: said.after,
        hash: hex::encode(row.hash),
    }
}

type Reading = Pin<Box<dyn Future<Output = Result<AuditPage, ApiError>> + Send>>;

/// All rows as a body, read page by page as the socket takes them, and judged by the rights of that moment.
struct Export {
    app: Arc<App>,
    caller: Caller,
    filter: AuditFilter,
    file: AuditFile,
    /// The next page; none after the last one.
    reading: Option<Reading>,
}

impl Export {
    fn read(&self, before: Position) -> Reading {
        let (app, caller) = (Arc::clone(&self.app), self.caller.clone());
        let filter = AuditFilter { before: Some(before), ..self.filter.clone() };
        Box::pin(async move {
            if !app.service.is_live(&app.service.state()?.access, &caller) {
                return Err(crate::service::ServiceError::Unauthenticated.into());
            }
            let permit = app.service.may_audit(&caller)?;
            Ok(app.service.list_audit(&permit, filter, PAGE_MAX as usize).await?)
        })
    }
}

impl http_body::Body for Export {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let this = self.get_mut();
        let Some(reading) = &mut this.reading else { return Poll::Ready(None) };
        let page = std::task::ready!(reading.as_mut().poll(cx));
        this.reading = None;
        // Without the rest the file breaks off in the middle of a chunk, so that nobody takes it for whole.
        let Ok(page) = page else { return Poll::Ready(Some(Err(BrokenOff))) };
        let last = page.next.is_none();
        this.reading = page.next.map(|next| this.read(next));
        let rows: Vec<AuditRow> = page.rows.into_iter().map(row_view).collect();
        let bytes = this.file.page(&rows, last);
        Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
    }
}

/// An export could not be finished.
#[derive(Debug, thiserror::Error)]
#[error("the audit cannot be read on")]
struct BrokenOff;
