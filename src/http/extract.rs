//! Extractors that reject with a problem which names the field.

use std::any::Any;
use std::str::FromStr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::http::{HeaderMap, header, request::Parts};
use axum::response::{IntoResponse as _, Response};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::api::IDEMPOTENCY_HEADER;
use crate::api::problem::{Code, FieldProblem};
use crate::domain::access::{Caller, Peer};
use crate::domain::audit::{Denial, Who};
use crate::domain::contents::ContentHash;
use crate::domain::names::{Address, EntryKey, EnvironmentName, GroupName, InstanceId, NamespaceName, UserName};
use crate::domain::revisions::Revision;
use crate::http::arrival::Silent;
use crate::http::cookies::Cookie;
use crate::http::error::ApiError;
use crate::http::layers::{Known, TraceId};
use crate::http::{Shared, cross_site};
use crate::service::committer::Idempotency;
use crate::service::{At, ServiceError, WriteContext};

/// What the tag of a revealed entry ends with.
pub(super) const REVEALED: &str = "-revealed";

/// Bytes a JSON body may have beyond twice the contents it carries.
const JSON_SLACK: u64 = 1024 * 1024;

/// Who is calling.
pub(super) struct Authenticated(pub(super) Caller);

impl FromRequestParts<Shared> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let peer = parts.extensions.get::<Peer>().cloned().unwrap_or_default();
        // A token that was shown counts alone, also when it is not good.
        if let Some(shown) = parts.headers.get(header::AUTHORIZATION) {
            let shown = shown.to_str().ok().and_then(|value| value.split_once(' '));
            let bearer = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
            let Some((_, token)) = bearer else { return Err(unauthenticated("unknown")) };
            let caller = app.service.authenticate(token.trim(), peer);
            return Self::of(parts, caller.map_err(|error| told(app, error, token.trim())));
        }
        let cookie = Cookie::session(&app.entrance.public_url);
        let mut shown = cookie.values(&parts.headers).peekable();
        if shown.peek().is_some() {
            let refused = Denial::Unauthenticated { shown: "cross_site", token: None };
            cross_site::refuse(&app.entrance, parts).map_err(|error| error.denying(refused))?;
        }
        let mut failed = unauthenticated("none");
        for text in shown {
            match app.service.authenticate_console(text, peer.clone()) {
                Ok(caller) => return Self::of(parts, Ok(caller)),
                Err(error) => failed = told(app, error, text),
            }
        }
        Err(failed)
    }
}

impl Authenticated {
    /// Tells the layers around who is calling.
    fn of(parts: &Parts, caller: Result<Caller, ApiError>) -> Result<Self, ApiError> {
        let caller = caller?;
        if let Some(known) = parts.extensions.get::<Known>() {
            known.tell(Who::of(&caller));
        }
        Ok(Self(caller))
    }
}

fn unauthenticated(shown: &'static str) -> ApiError {
    ApiError::new(Code::Unauthenticated, None).denying(Denial::Unauthenticated { shown, token: None })
}

/// The problem of a token that was refused; the audit is told more of it than the caller.
fn told(app: &Shared, error: ServiceError, token: &str) -> ApiError {
    let denial = matches!(error, ServiceError::Unauthenticated).then(|| app.service.judge_refused(token));
    denial.into_iter().fold(error.into(), ApiError::denying)
}

/// The parameters of the path, decoded.
#[derive(Debug)]
pub(super) struct Place(RawPathParams);

impl FromRequestParts<Shared> for Place {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let raw = RawPathParams::from_request_parts(parts, app).await;
        raw.map(Self).map_err(|_| ApiError::bad("path", "must be percent-encoded UTF-8"))
    }
}

impl Place {
    fn get<T: FromStr<Err: std::fmt::Display>>(&self, name: &str) -> Result<T, ApiError> {
        let found = self.0.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value);
        found.parse().map_err(|error: T::Err| ApiError::invalid(name, error.to_string()))
    }

    pub(super) fn environment(&self) -> Result<EnvironmentName, ApiError> {
        self.get("env")
    }

    pub(super) fn namespace(&self) -> Result<NamespaceName, ApiError> {
        self.get("ns")
    }

    pub(super) fn key(&self) -> Result<EntryKey, ApiError> {
        self.get("key")
    }

    pub(super) fn revision(&self) -> Result<Revision, ApiError> {
        self.get("rev")
    }

    pub(super) fn id(&self) -> Result<uuid::Uuid, ApiError> {
        self.get("id")
    }

    pub(super) fn provider(&self) -> Result<String, ApiError> {
        self.get("provider")
    }

    pub(super) fn user(&self) -> Result<UserName, ApiError> {
        self.get("name")
    }

    pub(super) fn group(&self) -> Result<GroupName, ApiError> {
        self.get("name")
    }

    pub(super) fn name(&self) -> Result<String, ApiError> {
        self.get("name")
    }

    pub(super) fn instance(&self) -> Result<InstanceId, ApiError> {
        self.get("instance")
    }

    pub(super) fn address(&self) -> Result<Address, ApiError> {
        Ok(Address { environment: self.environment()?, namespace: self.namespace()?, key: self.key()? })
    }
}

/// The query string; unknown and repeated parameters are refused.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequestParts<Shared> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, ApiError> {
        parse_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Parses a query string.
pub(super) fn parse_query<T: DeserializeOwned>(text: &str) -> Result<T, ApiError> {
    if text.bytes().zip(text.bytes().skip(1)).any(|pair| pair == (b'%', b'0')) && text.contains("%00") {
        return Err(ApiError::bad("query", "must not contain NUL"));
    }
    let pairs = || serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    // Where an error is costs much to know, and is asked only when there is one.
    let parsed = T::deserialize(pairs());
    parsed.or_else(|_| serde_path_to_error::deserialize(pairs()).map_err(|error| malformed(&error, "query")))
}

/// A JSON body; unknown fields are refused, and the path of a bad one is named.
pub(super) struct Json<T>(pub(super) T, pub(super) Bytes);

impl<T: DeserializeOwned> FromRequest<Shared> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        let limit = app.service.limits.change_set_bytes * 2 + JSON_SLACK;
        let bytes = read_body(request.into_body(), limit).await?;
        Ok(Self(parse_json(&bytes)?, bytes))
    }
}

/// Parses a JSON body.
pub(super) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| ApiError::bad("body", format!("must be UTF-8, byte {} is not", error.valid_up_to())))?;
    if !text.trim_start().starts_with('{') {
        return Err(ApiError::bad("body", "must be a JSON object"));
    }
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(value);
    }
    // Read again to say where the error is.
    let reader = &mut serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut *reader).map_err(|error| malformed(&error, "body"))?;
    reader.end().map_err(|error| ApiError::bad("body", error.to_string()))?;
    Ok(value)
}

/// What serde found wrong. Its path ends at the parent of a field that is missing or comes twice, which only its text names.
fn malformed<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>, whole: &str) -> ApiError {
    let (path, problem) = (error.path().to_string(), error.inner().to_string());
    let named = ["missing field `", "duplicate field `"].iter().find_map(|start| problem.strip_prefix(start));
    let field = match (path.as_str(), named.and_then(|rest| rest.split('`').next())) {
        (".", None) => whole.to_owned(),
        (".", Some(name)) => name.to_owned(),
        (path, None) => path.to_owned(),
        (path, Some(name)) => format!("{path}.{name}"),
    };
    ApiError::bad(&field, problem)
}

/// The body as it came, at most as large as an entry.
pub(super) struct Content(pub(super) Bytes);

impl FromRequest<Shared> for Content {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Shared) -> Result<Self, ApiError> {
        read_body(request.into_body(), app.service.limits.entry_bytes).await.map(Self)
    }
}

pub(super) async fn read_body(body: Body, limit: u64) -> Result<Bytes, ApiError> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let too_large = || {
        ApiError::fields(Code::TooLarge, vec![FieldProblem::new("body", format!("must have at most {limit} bytes"))])
    };
    // What announces more than the limit is not even read.
    if http_body::Body::size_hint(&body).lower() > limit {
        return Err(too_large());
    }
    axum::body::to_bytes(body, most).await.map_err(|error| {
        let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
        for cause in causes {
            if cause.is::<http_body_util::LengthLimitError>() {
                return too_large();
            }
            if cause.is::<Silent>() {
                return ApiError::new(Code::RequestTimeout, None);
            }
        }
        ApiError::bad("body", "was cut off")
    })
}

/// What a write carries in its headers.
pub(super) struct WriteHeaders {
    request_id: String,
    trace: Option<Arc<str>>,
    message: String,
    pub(super) if_revision: Option<Precondition>,
    key: Option<String>,
}

/// What the headers ask of the present state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precondition {
    /// `If-Match: "R"`.
    Revision(Revision),
    /// `If-Match: *`.
    Exists,
    /// `If-None-Match: *`.
    Absent,
}

impl FromRequestParts<Shared> for WriteHeaders {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, ApiError> {
        let headers = &parts.headers;
        let request_id = parts.extensions.get::<Peer>().map(|peer| peer.request_id.to_string()).unwrap_or_default();
        let trace = parts.extensions.get::<TraceId>().map(|id| Arc::clone(&id.0));
        let message = header_text(headers, crate::api::MESSAGE_HEADER)?.unwrap_or_default();
        let key = header_text(headers, IDEMPOTENCY_HEADER)?;
        if let Some(key) = &key
            && (key.is_empty() || key.len() > 255)
        {
            return Err(ApiError::invalid("Idempotency-Key", "must have 1 to 255 characters"));
        }
        Ok(Self { request_id, trace, message, if_revision: precondition(headers)?, key })
    }
}

impl WriteHeaders {
    /// What the use case needs of the headers: a message in the body wins, and the parts tell what the call means, for
    /// its idempotency.
    pub(super) fn context(self, message: Option<String>, parts: &[&[u8]]) -> WriteContext {
        let idempotency = self.key.map(|key| {
            let mut all = Vec::new();
            for part in parts {
                all.extend_from_slice(&(part.len() as u64).to_be_bytes());
                all.extend_from_slice(part);
            }
            Idempotency { key, body: ContentHash::of(&all) }
        });
        let message = message.filter(|message| !message.is_empty()).unwrap_or(self.message);
        WriteContext {
            message,
            request_id: self.request_id,
            trace: self.trace,
            dry_run: false,
            idempotency,
            draft: None,
        }
    }
}

/// A header as text: percent-encoding lets it carry any UTF-8.
fn header_text(headers: &HeaderMap, name: &str) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = std::str::from_utf8(value.as_bytes()).map_err(|_| ApiError::bad(name, "must be UTF-8"))?;
    Ok(Some(text.to_owned()))
}

fn precondition(headers: &HeaderMap) -> Result<Option<Precondition>, ApiError> {
    let matches = header_text(headers, "if-match")?;
    let none = header_text(headers, "if-none-match")?;
    match (matches.as_deref().map(str::trim), none.as_deref().map(str::trim)) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(ApiError::bad("If-Match", "must not come together with If-None-Match")),
        (Some("*"), None) => Ok(Some(Precondition::Exists)),
        (None, Some("*")) => Ok(Some(Precondition::Absent)),
        (None, Some(_)) => Err(ApiError::invalid("If-None-Match", "must be '*' for a write")),
        (Some(tag), None) => {
            let number = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag);
            let number = number.strip_suffix(REVEALED).unwrap_or(number);
            let revision = number
                .parse()
                .map_err(|_| ApiError::invalid("If-Match", "must be an ETag of this entry, such as \"42\""))?;
            Ok(Some(Precondition::Revision(revision)))
        }
    }
}

/// Whether the caller already has what a tag names.
pub(super) fn has_tag(headers: &HeaderMap, tag: &str) -> bool {
    let Some(value) = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()) else { return false };
    value.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

/// A moment: a revision, or an RFC 3339 instant.
pub(super) fn moment(field: &str, text: Option<&str>) -> Result<Option<At>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    if let Ok(revision) = text.parse() {
        return Ok(Some(At::Revision(revision)));
    }
    instant(field, Some(text)).map(|at| at.map(At::Instant)).map_err(|_| {
        ApiError::invalid(field, format!("must be a revision from 0 to {} or an RFC 3339 instant", i64::MAX))
    })
}

/// An RFC 3339 instant.
pub(super) fn instant(field: &str, text: Option<&str>) -> Result<Option<OffsetDateTime>, ApiError> {
    // A plus sign that was not percent-encoded arrives as a blank.
    let parse = |text: &str| OffsetDateTime::parse(&text.replace(' ', "+"), &Rfc3339);
    text.map(parse)
        .transpose()
        .map_err(|_| ApiError::invalid(field, "must be an RFC 3339 instant, such as 2026-01-31T12:00:00Z"))
}

/// Parses an optional parameter.
pub(super) fn parsed<T: FromStr<Err: std::fmt::Display>>(
    field: &str,
    text: Option<&str>,
) -> Result<Option<T>, ApiError> {
    text.map(str::parse).transpose().map_err(|error: T::Err| ApiError::invalid(field, error.to_string()))
}

/// A revision given as a number.
pub(super) fn whole(field: &str, number: u64) -> Result<Revision, ApiError> {
    if i64::try_from(number).is_ok() {
        return Ok(Revision(number));
    }
    Err(ApiError::invalid(field, format!("must be from 0 to {}", i64::MAX)))
}

/// A page size.
pub(super) fn page(limit: Option<u32>) -> Result<usize, ApiError> {
    let limit = limit.unwrap_or(crate::api::PAGE_DEFAULT);
    if (1..=crate::api::PAGE_MAX).contains(&limit) {
        return Ok(limit as usize);
    }
    Err(ApiError::invalid("limit", format!("must be from 1 to {}", crate::api::PAGE_MAX)))
}

/// A panic in a handler is a bug: the caller gets a constant answer, the log the rest.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
pub fn problem_of_panic(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!(panic = text, "a handler panicked");
    ApiError::new(Code::Internal, None).into_response()
}
