//! Calls to providers, as the protocol's library wants them made.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse, http};

use crate::service::outward;

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

/// Calls, without following anybody elsewhere.
pub(super) fn fetch(request: HttpRequest) -> Fetching {
    Box::pin(async move {
        let request = reqwest::Request::try_from(request).map_err(|error| FetchError::of("request", &error))?;
        let url = request.url().clone();
        outward::check(&url).map_err(|error| FetchError::of(url.as_str(), &error))?;
        let failed = |error: reqwest::Error| FetchError::of(url.as_str(), &error);
        let client = outward::client(&url, CONNECT, CALL).build().map_err(failed)?;
        let answer = client.execute(request).await.map_err(failed)?;
        let mut response = http::Response::builder().status(answer.status());
        if let Some(headers) = response.headers_mut() {
            headers.extend(answer.headers().iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let body = outward::read(answer, ANSWER).await.map_err(|error| FetchError::of(url.as_str(), &error))?;
        response.body(body).map_err(|error| FetchError::of(url.as_str(), &error))
    })
}
