//! Opening a stream: the request, and what its answer means.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use tokio_stream::Stream;

use crate::api::problem::{Code, Problem};
use crate::api::watch::{LAST_EVENT_ID_HEADER, WatchBody};
use crate::client::credentials::bearer;
use crate::client::error::cause;
use crate::client::transport::quote;
use crate::client::watch::events::Outage;
use crate::client::watch::progress::Ask;
use crate::client::watch::{Failure, Subscription};
use crate::client::{Client, ClientError, Token};

/// How long the head of the answer may take, and the body of one that is no stream.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// A stream has no end by itself; its silence is watched instead.
const ENDLESS: Duration = Duration::from_hours(100 * 365 * 24);
/// The longest address; what is longer goes as a body.
const ADDRESS_BYTES: usize = 2048;
const EVENT_STREAM: &str = "text/event-stream";

/// The bytes of an open stream.
pub(super) type Body = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// Asks for a stream.
pub(super) async fn open(client: Client, subscription: Subscription, ask: Ask) -> Result<Body, Failure> {
    let answer = tokio::time::timeout(HEAD_TIMEOUT, send(&client, &subscription, ask));
    answer.await.unwrap_or_else(|_| Err(Failure::of(Outage::Network("no answer in time".to_owned()))))
}

/// Asks for a stream; once more when what was shown is not taken and there is something better to show.
async fn send(client: &Client, subscription: &Subscription, ask: Ask) -> Result<Body, Failure> {
    let show = || async { client.credentials.show(&client.http, &client.server).await.map_err(unshown) };
    let shown = show().await?;
    let answer = send_with(client, subscription, ask.clone(), shown.as_ref()).await;
    let refused = |failure: &Failure| matches!(&failure.outage, Outage::Refused(problem) if problem.code == Code::Unauthenticated);
    let Some(shown) = shown.filter(|_| answer.as_ref().is_err_and(refused)) else { return answer };
    if !client.credentials.is_refused(&shown).await {
        return answer;
    }
    let better = show().await?;
    send_with(client, subscription, ask, better.as_ref()).await
}

/// There is nothing to show: an outage like any other.
fn unshown(error: ClientError) -> Failure {
    match error {
        ClientError::Problem(problem) => Failure::of(Outage::Refused(problem)),
        ClientError::Unexpected { status, body } => Failure::of(Outage::Unexpected { status, body }),
        other @ (ClientError::Unreachable { .. }
        | ClientError::AnswerLost { .. }
        | ClientError::Server { .. }
        | ClientError::TokenFile { .. }
        | ClientError::Token
        | ClientError::Message
        | ClientError::Setup(_)) => Failure::of(Outage::Network(other.to_string())),
    }
}

async fn send_with(
    client: &Client,
    subscription: &Subscription,
    ask: Ask,
    token: Option<&Token>,
) -> Result<Body, Failure> {
    let mut url = client.server.resource(["api", "v1", "watch"]);
    let bare = url.clone();
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("env", subscription.environment.as_str());
        for namespace in &subscription.namespaces {
            query.append_pair("namespace", namespace.as_str());
        }
        if let Some(instance) = &subscription.instance {
            query.append_pair("instance", instance);
        }
        if subscription.reveal {
            query.append_pair("reveal", "true");
        }
        for have in &ask.have {
            query.append_pair("have", have);
        }
    }
    let after = ask.after.map(|cursor| cursor.to_string());
    let request = if url.as_str().len() <= ADDRESS_BYTES {
        client.http.get(url)
    } else {
        client.http.post(bare).json(&WatchBody {
            env: subscription.environment.to_string(),
            namespaces: subscription.namespaces.iter().map(ToString::to_string).collect(),
            after: after.clone(),
            have: ask.have,
            instance: subscription.instance.clone(),
            topics: Vec::new(),
            reveal: subscription.reveal,
        })
    };
    let request = match after {
        Some(after) => request.header(LAST_EVENT_ID_HEADER, after),
        None => request,
    };
    let request = match token {
        Some(token) => request.header(AUTHORIZATION, bearer(token).map_err(unshown)?),
        None => request,
    };
    let lost = |error: reqwest::Error| Failure::of(Outage::Network(cause(&error)));
    let response = request.header(ACCEPT, EVENT_STREAM).timeout(ENDLESS).send().await.map_err(lost)?;
    let streams = text(response.headers(), CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with(EVENT_STREAM));
    if response.status() == StatusCode::OK && streams {
        return Ok(Box::pin(response.bytes_stream()));
    }
    Err(refusal(response).await)
}

/// What an answer means that is no stream.
async fn refusal(response: Response) -> Failure {
    let status = response.status();
    let retry_after = text(response.headers(), RETRY_AFTER.as_str())
        .and_then(|seconds| seconds.parse().ok())
        .map(Duration::from_secs);
    let body = match response.bytes().await {
        Ok(body) => body,
        Err(error) => return Failure::of(Outage::Network(cause(&error))),
    };
    let problem = if status.is_success() { None } else { serde_json::from_slice::<Problem>(&body).ok() };
    let outage = match problem {
        Some(problem) if mistaken(status) => {
            return Failure {
                mistake: Some(ClientError::Problem(Box::new(problem.clone()))),
                ..Failure::of(Outage::Refused(Box::new(problem)))
            };
        }
        Some(problem) => Outage::Refused(Box::new(problem)),
        None => Outage::Unexpected { status: status.as_u16(), body: quote(&body) },
    };
    Failure { retry_after, ..Failure::of(outage) }
}

/// Whether the request itself is wrong, so that it will be refused for ever.
fn mistaken(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::URI_TOO_LONG
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY
            | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    )
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
