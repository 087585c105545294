//! Calls to providers: over TLS or on this machine, to the address that was said, within a time and a size.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse, http};
use reqwest::Url;

/// Longest time of a call, its answer included.
const CALL: Duration = Duration::from_secs(10);
/// Longest time to be connected.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of an answer.
const ANSWER: usize = 1024 * 1024;

/// Why there is no answer; the text is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct FetchError(String);

impl FetchError {
    fn of(what: &str, error: &dyn std::error::Error) -> Self {
        let causes = std::iter::successors(error.source(), |cause| cause.source());
        Self(causes.fold(format!("{what}: {error}"), |text, cause| format!("{text}: {cause}")))
    }
}

/// An answer on its way.
pub(super) type Fetching = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send>>;

/// Whether an address may be called: encrypted, or on this machine.
pub(super) fn is_safe(url: &Url) -> bool {
    let bare = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let loopback = bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    url.scheme() == "https" || url.scheme() == "http" && loopback
}

/// Calls, without following anybody elsewhere.
pub(super) fn fetch(request: HttpRequest) -> Fetching {
    Box::pin(async move {
        let request = reqwest::Request::try_from(request).map_err(|error| FetchError::of("request", &error))?;
        let url = request.url().clone();
        if !is_safe(&url) {
            return Err(FetchError(format!("{url} is neither https nor on this machine")));
        }
        let failed = |error: reqwest::Error| FetchError::of(url.as_str(), &error);
        let mut builder = reqwest::Client::builder()
            .timeout(CALL)
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("pintle/", env!("CARGO_PKG_VERSION")));
        if url.scheme() == "http" {
            // On this machine: no certificates, and no proxy could reach it.
            builder = builder.tls_certs_only([]).no_proxy();
        }
        let mut answer = builder.build().map_err(failed)?.execute(request).await.map_err(failed)?;
        let mut response = http::Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            headers.extend(answer.headers().iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER {
                return Err(FetchError(format!("{url} answers more than {ANSWER} bytes")));
            }
        }
        response.body(body).map_err(|error| FetchError::of(url.as_str(), &error))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_and_this_machine_are_called() {
        for good in ["https://id.example.com", "http://localhost:1", "http://127.0.0.1", "http://[::1]:80"] {
            assert!(is_safe(&Url::parse(good).unwrap()), "{good}");
        }
        for bad in ["http://id.example.com", "http://10.0.0.1", "ftp://localhost", "http://localhost.example.com"] {
            assert!(!is_safe(&Url::parse(bad).unwrap()), "{bad}");
        }
    }
}
