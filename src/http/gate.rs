//! What a request must be before anything looks at what it asks: by the proxy, within the limits of a head, and not compressed.

use std::time::Duration;

use axum::http::{HeaderMap, Request, header};

use crate::api::problem::{Code, FieldProblem};
use crate::http::Entrance;
use crate::http::error::ApiError;
use crate::http::serve::Connection;

/// Bytes of a path with its query.
const URI: usize = 8 * 1024;
/// Bytes of method, address and headers.
const HEAD: usize = 16 * 1024;
/// When to come back to a node that has too many connections.
const LATER: Duration = Duration::from_secs(5);
/// What probes ask, which may come from anywhere and at any time.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// Lets a request through, or says why not.
pub(super) fn check<B>(
    entrance: &Entrance,
    request: &Request<B>,
    connection: Option<&Connection>,
) -> Result<(), ApiError> {
    let (uri, headers) = (request.uri(), request.headers());
    if let Some(connection) = connection
        && !PROBES.contains(&uri.path())
    {
        if connection.crowded {
            return Err(ApiError::new(Code::TooManyConnections, None).retry_after(LATER));
        }
        if connection.open && !entrance.proxies.is_empty() && !entrance.proxies.contains(connection.peer) {
            return Err(ApiError::new(Code::NotThroughProxy, None));
        }
    }
    let address = uri.path_and_query().map_or(0, |whole| whole.as_str().len());
    if address > URI {
        let problem = format!("must have at most {URI} bytes, and has {address}");
        return Err(ApiError::fields(Code::UriTooLong, vec![FieldProblem::new("uri", problem)]));
    }
    let head = request.method().as_str().len() + address + bytes(headers);
    if head > HEAD {
        let problem = format!("must have at most {HEAD} bytes together, and have {head}");
        return Err(ApiError::fields(Code::HeadTooLarge, vec![FieldProblem::new("headers", problem)]));
    }
    let plain = |value: &header::HeaderValue| value.is_empty() || value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(header::CONTENT_ENCODING).iter().all(plain) {
        let problem = "must be identity or absent".to_owned();
        return Err(ApiError::fields(Code::UnsupportedEncoding, vec![FieldProblem::new("Content-Encoding", problem)]));
    }
    Ok(())
}

/// The headers as HTTP/1.1 would write them.
fn bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum()
}
