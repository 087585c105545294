//! The console: files that the build of `web/` left, carried in the binary and sent as they were compressed.
//!
//! Their names hold their hashes, so that browsers keep them for ever; only the page itself is asked for each time, since it says
//! below which path the server is reached, and in which language and colours the reader wants it.

use axum::extract::{Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::http::error::{self, ApiError};
use crate::http::{App, Shared, cookies, html, layers, nodes};

/// What `npm run build` made; nothing when it did not run. Builds for debugging read it from the disk.
#[derive(RustEmbed)]
#[folder = "web/dist"]
struct Files;

/// Paths of programs: what is not there is told as a problem, never as a page.
const PROGRAMS: [&str; 2] = ["/api/", "/assets/"];
const LANGUAGES: [&str; 2] = ["en", "zh-CN"];
const THEMES: [&str; 3] = ["system", "light", "dark"];

/// What somebody finds who opens the address: in a browser the console, else a few words.
pub(super) async fn index(State(app): State<Shared>, parts: Parts) -> Response {
    if wants_html(&parts.headers) { console(&app, &parts) } else { nodes::index(&app, &app.entrance.base_of(&parts)) }
}

/// Every other address that is none of the server's: a browser gets the console, which knows its own pages.
pub(super) async fn page(State(app): State<Shared>, parts: Parts) -> Result<Response, ApiError> {
    let path = parts.uri.path();
    let for_people = matches!(parts.method, Method::GET | Method::HEAD)
        && wants_html(&parts.headers)
        && !PROGRAMS.iter().any(|prefix| path.starts_with(prefix));
    if for_people { Ok(console(&app, &parts)) } else { Err(error::no_such_route().await) }
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
}

fn console(app: &App, parts: &Parts) -> Response {
    let base = app.entrance.base_of(parts);
    let file = Files::get("index.html");
    let Some(template) = file.as_ref().and_then(|file| std::str::from_utf8(&file.data).ok()) else {
        return html::unbuilt(&base);
    };
    // Only styles that the editor makes may carry it.
    let nonce = app.service.ambient.id().simple().to_string();
    let text = template
        .replace("{lang}", language(&parts.headers))
        .replace("{theme}", chosen(&parts.headers, "pintle-theme", &THEMES).unwrap_or("system"))
        .replace("{nonce}", &nonce)
        .replace("{base}", &base);
    let policy = layers::POLICY.replace("style-src 'self'", &format!("style-src 'self' 'nonce-{nonce}'"));
    let mut response =
        ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], text)
            .into_response();
    let policy = HeaderValue::from_str(&policy).ok();
    response.headers_mut().extend(policy.map(|policy| (header::CONTENT_SECURITY_POLICY, policy)));
    response
}

/// What a reader chose before, when it is one of those that there are.
fn chosen(headers: &HeaderMap, name: &str, known: &[&'static str]) -> Option<&'static str> {
    let (_, value) = cookies::pairs(headers).find(|(one, _)| *one == name)?;
    known.iter().copied().find(|known| *known == value)
}

/// The language that was chosen, else the first one that the browser asks for and that there is.
fn language(headers: &HeaderMap) -> &'static str {
    if let Some(language) = chosen(headers, "pintle-lang", &LANGUAGES) {
        return language;
    }
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let tags = asked.split(',').map(|tag| tag.trim().to_ascii_lowercase());
    let mut found = tags.filter_map(|tag| match tag.get(..2) {
        Some("zh") => Some("zh-CN"),
        Some("en") => Some("en"),
        _ => None,
    });
    found.next().unwrap_or("en")
}

/// A file of the console, compressed as the browser can take it.
pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    // A path that was hidden in one segment leads nowhere.
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Err(missing());
    }
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepts =
        |coding: &str| accepted.split(',').any(|one| one.split(';').next().unwrap_or_default().trim() == coding);
    let of = |ending: &str| Files::get(&format!("assets/{name}{ending}"));
    let (file, coding) = if let Some(file) = accepts("br").then(|| of(".br")).flatten() {
        (file, Some("br"))
    } else if let Some(file) = of(".gz") {
        // Whoever takes no compressed files at all is no browser.
        (file, Some("gzip"))
    } else {
        (of("").ok_or_else(missing)?, None)
    };
    Ok(send(&name, file, coding))
}

fn missing() -> ApiError {
    ApiError::new(crate::api::problem::Code::NotFound, "there is no such file".to_owned())
}

fn send(name: &str, file: EmbeddedFile, coding: Option<&'static str>) -> Response {
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let mut response = (StatusCode::OK, file.data.into_owned()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.extend(coding.map(|coding| (header::CONTENT_ENCODING, HeaderValue::from_static(coding))));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn the_language_is_the_chosen_one_or_the_first_that_there_is() {
        let cookie = |value| language(&with(header::COOKIE, value));
        assert_eq!(cookie("a=b; pintle-lang=zh-CN"), "zh-CN");
        assert_eq!(cookie("pintle-lang=\"><script>"), "en");
        let asked = |value| language(&with(header::ACCEPT_LANGUAGE, value));
        assert_eq!(asked("de-DE, zh-TW;q=0.8, en;q=0.5"), "zh-CN");
        assert_eq!(asked("fr, x"), "en");
    }
}
