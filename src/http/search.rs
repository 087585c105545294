//! `/api/v1/search`.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::api::problem::{Code, Problem};
use crate::api::search::{CharRange, FoundIn, FoundLine, SearchHitView, SearchList};
use crate::domain::names::{Address, EntryKey, EnvironmentName, NamespaceName};
use crate::http::environments::ReadParams;
use crate::http::error::ApiError;
use crate::http::extract::{Authenticated, page, parse_query, parsed};
use crate::http::{Shared, views};
use crate::service::search::{Line, Needle, SearchFilter, SearchHit, Span, Within};

/// Most environments, and most namespaces, to look in by name.
const NAMES_MAX: usize = 100;

/// What to look for, and where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchParams {
    /// The text, 1 to 200 characters in one line, in any case. One with a slash may also begin in front of the key:
    /// `namespace/key`, `env/namespace/key`.
    #[param(min_length = 1, max_length = 200)]
    q: String,
    /// In this environment; in all without it. May come up to 100 times.
    #[serde(skip)]
    #[param(value_type = Option<Vec<String>>)]
    env: Vec<String>,
    /// In namespaces of this name; in all without it. May come up to 100 times.
    #[serde(skip)]
    #[param(value_type = Option<Vec<String>>)]
    namespace: Vec<String>,
    /// `keys`, `contents`, or `all`, as when it is absent.
    r#in: Option<String>,
    /// Entries on a page, 1 to 1000; 100 when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Wait until this node has seen the revision, 5 s at most.
    #[param(minimum = 0)]
    min_revision: Option<u64>,
}

/// The same, understood.
pub(super) struct SearchQuery {
    needle: Needle,
    filter: SearchFilter,
    read: ReadParams,
}

impl FromRequestParts<Shared> for SearchQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, ApiError> {
        let text = parts.uri.query().unwrap_or_default();
        let name = |part: &str| part.split('=').next().unwrap_or_default().to_owned();
        let (named, rest): (Vec<&str>, Vec<&str>) =
            text.split('&').partition(|part| matches!(name(part).as_str(), "env" | "namespace"));
        let mut params: SearchParams = parse_query(&rest.join("&"))?;
        for (name, value) in form_urlencoded::parse(named.join("&").as_bytes()) {
            let values = if name == "env" { &mut params.env } else { &mut params.namespace };
            values.push(value.into_owned());
        }
        params.understand()
    }
}

impl SearchParams {
    fn understand(self) -> Result<SearchQuery, ApiError> {
        let within = match self.r#in.as_deref() {
            None | Some("all") => Within::All,
            Some("keys") => Within::Keys,
            Some("contents") => Within::Contents,
            Some(_) => return Err(ApiError::invalid("in", "must be keys, contents or all")),
        };
        let filter = SearchFilter {
            environments: names("env", &self.env)?,
            namespaces: names("namespace", &self.namespace)?,
            within,
            after: self.cursor.as_deref().map(after).transpose()?,
            limit: page(self.limit)?,
        };
        let needle = Needle::parse(&self.q);
        let needle = needle.map_err(|field| ApiError::fields(Code::Invalid, views::fields(vec![field])))?;
        Ok(SearchQuery { needle, filter, read: ReadParams { min_revision: self.min_revision } })
    }
}

fn names<T: std::str::FromStr<Err: std::fmt::Display>>(field: &str, all: &[String]) -> Result<Vec<T>, ApiError> {
    if all.len() > NAMES_MAX {
        return Err(ApiError::invalid(field, format!("may come {NAMES_MAX} times, this has {}", all.len())));
    }
    all.iter().filter_map(|name| parsed(field, Some(name)).transpose()).collect()
}

fn cursor(address: &Address) -> String {
    URL_SAFE_NO_PAD.encode(address.to_string())
}

fn after(cursor: &str) -> Result<Address, ApiError> {
    let address = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let mut parts = text.splitn(3, '/');
        let environment = EnvironmentName::parse(parts.next()?).ok()?;
        let namespace = NamespaceName::parse(parts.next()?).ok()?;
        Some(Address { environment, namespace, key: EntryKey::parse(parts.next()?).ok()? })
    };
    address().ok_or_else(|| ApiError::invalid("cursor", "must be `next` of the page before"))
}

/// Search keys and contents of what the caller may read, as they are now.
///
/// By environment, namespace and key. Of sealed and binary entries only the key is looked at. Case does not count, in any
/// script. A page that ends early because time ran out says `complete: false`, and `next` where it goes on.
#[utoipa::path(get, path = "/api/v1/search", operation_id = "search", tag = "entries", params(SearchParams), responses(
    (status = 200, body = SearchList), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn search(
    State(app): State<Shared>,
    Authenticated(caller): Authenticated,
    SearchQuery { needle, filter, read }: SearchQuery,
) -> Result<axum::Json<SearchList>, ApiError> {
    read.wait(&app).await?;
    let found = app.service.search(&caller, needle, filter).await?;
    Ok(axum::Json(SearchList {
        hits: found.hits.into_iter().map(hit).collect(),
        next: found.next.as_ref().map(cursor),
        complete: !found.out_of_time,
    }))
}

fn hit(hit: SearchHit) -> SearchHitView {
    let SearchHit { address, entry, key, content } = hit;
    let places = [key.is_some().then_some(FoundIn::Key), content.is_some().then_some(FoundIn::Content)];
    SearchHitView {
        environment: address.environment.to_string(),
        namespace: address.namespace.to_string(),
        key: address.key.to_string(),
        format: entry.version.format,
        revision: entry.stamp.revision.0,
        sealed: entry.version.is_sealed(),
        r#in: places.into_iter().flatten().collect(),
        key_ranges: key.map(|spans| ranges(&spans)).unwrap_or_default(),
        matches: content.as_ref().map_or(0, |content| content.matches as u64),
        lines: content.map(|content| content.lines.into_iter().map(line).collect()).unwrap_or_default(),
    }
}

fn line(line: Line) -> FoundLine {
    FoundLine {
        line: line.number,
        ranges: ranges(&line.spans),
        snippet: line.snippet,
        column: line.column,
        cut: line.cut,
    }
}

fn ranges(spans: &[Span]) -> Vec<CharRange> {
    let range = |span: &Span| CharRange { start_char: span.start as u64, end_char: span.end as u64 };
    spans.iter().map(range).collect()
}
