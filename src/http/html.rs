//! Pages that the server makes itself: what became of a login at a provider, and that the console is not there.
//!
//! Everything that is not ours is escaped, and nothing runs in them.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use crate::domain::access::Peer;
use crate::http::Entrance;
use crate::http::error::ApiError;
use crate::http::layers::Way;

const MESSAGE: &str = include_str!("../../web/pages/message.html");

impl Entrance {
    /// The path in front of every path of ours, as the browser sees it: empty, or such as `/pintle`.
    pub(super) fn base_of(&self, parts: &Parts) -> String {
        if self.public_url_said {
            return self.public_url.base().to_owned();
        }
        parts.extensions.get::<Way>().map(|way| way.prefix.clone()).unwrap_or_default()
    }
}

fn page(status: StatusCode, text: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

/// A file that the pages name.
fn file(headers: &HeaderMap, kind: &'static str, text: &'static str) -> Response {
    let tag = format!("\"{}\"", hex::encode(Sha256::digest(text)).get(..32).unwrap_or_default());
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let known = known.is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, kind)], text).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.extend(HeaderValue::from_str(&tag).ok().map(|tag| (header::ETAG, tag)));
    response
}

pub(super) async fn css(headers: HeaderMap) -> Response {
    file(&headers, "text/css; charset=utf-8", include_str!("../../web/pages/pages.css"))
}

/// In place of the console, where the binary was built without it.
pub(super) fn unbuilt(base: &str) -> Response {
    let text = "This binary was built without the console. With Node 20.19 or newer, run `make console`, then `cargo build` \
                again. The API and the command line work as they are.";
    told(StatusCode::OK, base, ("The console is not built", text), None)
}

/// Says something, and goes on by itself where `next` says.
pub(super) fn message(base: &str, title: &str, text: &str, next: Option<&str>) -> Response {
    told(StatusCode::OK, base, (title, text), next)
}

/// Tells what went wrong, and how to find it in the log.
pub(super) fn failure(parts: &Parts, base: &str, error: &ApiError) -> Response {
    let problem = error.problem();
    let title = problem.title.clone();
    let request = parts.extensions.get::<Peer>().map(|peer| peer.request_id.to_string()).unwrap_or_default();
    let detail = problem.detail.as_deref().map(|detail| format!("{detail}. ")).unwrap_or_default();
    let text = format!("{detail}Request {request}.");
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    error.log();
    told(status, base, (&title, &text), None)
}

fn told(status: StatusCode, base: &str, (title, text): (&str, &str), next: Option<&str>) -> Response {
    let target = escape(&format!("{base}{}", next.unwrap_or("/")));
    let refresh = if next.is_some() {
        format!("<meta http-equiv=\"refresh\" content=\"0;url={target}\">")
    } else {
        String::new()
    };
    let mut shown = String::new();
    // One pass over the template, so that nothing that was put in is looked at again.
    for (nth, piece) in MESSAGE.split(['{', '}']).enumerate() {
        match (nth % 2, piece) {
            (0, text) => shown.push_str(text),
            (_, "base") => shown.push_str(&escape(base)),
            (_, "title") => shown.push_str(&escape(title)),
            (_, "text") => shown.push_str(&escape(text)),
            (_, "refresh") => shown.push_str(&refresh),
            (_, "target") => shown.push_str(&target),
            (_, _) => {}
        }
    }
    page(status, shown)
}

/// Text as HTML shows it, in an attribute as well.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn what_is_put_into_a_page_is_only_text() {
        let page = text(message("/x", "{text}", "<script>alert(1)</script> \"&'", Some("/a?b='\">"))).await;
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &quot;&amp;&#39;"), "{page}");
        assert!(page.contains("content=\"0;url=/x/a?b=&#39;&quot;&gt;\""), "{page}");
        assert!(page.contains("<h1>{text}</h1>"), "{page}");
    }

    #[test]
    fn the_page_runs_nothing() {
        for inline in ["<script", " style=", "<style", " onclick", " onload", "javascript:"] {
            assert!(!MESSAGE.contains(inline), "{inline}");
        }
    }
}
