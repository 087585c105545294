//! How a call is sent, sent again, and its answer read.

use std::fmt::Display;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use uuid::Uuid;

use crate::api::problem::{Code, Problem};
use crate::api::{EPOCH_HEADER, IDEMPOTENCY_HEADER, MESSAGE_HEADER, REVISION_HEADER};
use crate::client::credentials::bearer;
use crate::client::error::cause;
use crate::client::{Client, ClientError, Token};
use crate::domain::revisions::{Cursor, Epoch, Revision};

/// How often a call is sent at most.
const TRIES: u32 = 3;
/// No try starts later than this after the first one.
const BUDGET: Duration = Duration::from_secs(10);
/// The wait before the second try, on average; before each further one it is four times as long.
const FIRST_WAIT: Duration = Duration::from_millis(300);
/// How much of a foreign answer is quoted, in characters.
const QUOTE: usize = 300;

/// Whether a call whose answer was lost may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeat {
    /// It reads.
    Read,
    /// It writes, and its idempotency key makes a second sending harmless.
    Keyed,
    /// Sent twice it would happen twice, such as a login: only when the server said, or the network shows, that it did not happen.
    Never,
}

/// A call on its way.
#[derive(Debug, Clone)]
pub(super) struct Call {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Bytes,
    repeat: Repeat,
    also: Option<StatusCode>,
}

impl Call {
    /// A read of an address that the server gave.
    pub(super) fn read(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            repeat: Repeat::Read,
            also: None,
        }
    }

    /// Adds a parameter when it has a value.
    pub(super) fn query(mut self, name: &str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            self.url.query_pairs_mut().append_pair(name, &value.to_string());
        }
        self
    }

    /// Adds a header.
    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body to bytes as they are.
    pub(super) fn bytes(mut self, body: Bytes) -> Self {
        self.body = body;
        self.header(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"))
    }

    /// Sets the body to JSON.
    ///
    /// # Errors
    /// None that a body of the contract can cause.
    pub(super) fn json(mut self, body: &impl Serialize) -> Result<Self, ClientError> {
        self.body = serde_json::to_vec(body).map_err(|error| ClientError::Setup(error.to_string()))?.into();
        Ok(self.header(CONTENT_TYPE, HeaderValue::from_static("application/json")))
    }

    /// Says why, for the history.
    ///
    /// # Errors
    /// [`ClientError::Message`] for what a header cannot carry.
    pub(super) fn message(self, message: Option<&str>) -> Result<Self, ClientError> {
        let Some(message) = message.filter(|message| !message.is_empty()) else {
            return Ok(self);
        };
        let value = HeaderValue::from_bytes(message.as_bytes()).map_err(|_| ClientError::Message)?;
        Ok(self.header(HeaderName::from_static(MESSAGE_HEADER), value))
    }

    /// Takes an answer of this status as well, unless it is a problem.
    pub(super) fn also(mut self, status: StatusCode) -> Self {
        self.also = Some(status);
        self
    }

    /// Forbids a second sending after a lost answer.
    pub(super) fn once(mut self) -> Self {
        self.repeat = Repeat::Never;
        self
    }
}

/// An answer that is no problem.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// The head of the store, when the answer carries it.
    pub(super) head: Option<Cursor>,
    pub(super) body: Bytes,
}

impl Answer {
    /// Reads the body.
    ///
    /// # Errors
    /// [`ClientError::Unexpected`] when it is not what the contract says.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, ClientError> {
        serde_json::from_slice(&self.body).map_err(|error| ClientError::Unexpected {
            status: self.status.as_u16(),
            body: format!("{error} in {}", quote(&self.body)),
        })
    }
}

impl Client {
    /// A read.
    pub(super) fn read<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Call {
        self.call(Method::GET, path, Repeat::Read)
    }

    /// A write, with a fresh idempotency key.
    pub(super) fn write<'a>(&self, method: Method, path: impl IntoIterator<Item = &'a str>) -> Call {
        let mut key = [0; uuid::fmt::Hyphenated::LENGTH];
        let key = fresh().hyphenated().encode_lower(&mut key);
        let call = self.call(method, path, Repeat::Keyed);
        match HeaderValue::from_str(key) {
            Ok(value) => call.header(HeaderName::from_static(IDEMPOTENCY_HEADER), value),
            // Hexadecimal digits always fit; without a key it would have to go once only.
            Err(_) => call.once(),
        }
    }

    fn call<'a>(&self, method: Method, path: impl IntoIterator<Item = &'a str>, repeat: Repeat) -> Call {
        let url = self.server.resource(path);
        Call { method, url, headers: HeaderMap::new(), body: Bytes::new(), repeat, also: None }
    }

    /// Sends a call, again where that is harmless and promising, and reads the whole answer.
    pub(super) async fn send(&self, call: Call) -> Result<Answer, ClientError> {
        let started = Instant::now();
        let mut tries = 1;
        loop {
            let error = match self.send_once(&call).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let pause = wait(tries, fresh());
            if tries == TRIES || !promising(&error, call.repeat) || started.elapsed() + pause > BUDGET {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            tries += 1;
        }
    }

    /// Sends a call and reads its JSON answer.
    pub(super) async fn fetch<T: DeserializeOwned>(&self, call: Call) -> Result<T, ClientError> {
        self.send(call).await?.json()
    }

    /// Sends a call. When what it shows is not taken and there is something better to show, it goes once more: what was refused
    /// so did not happen.
    async fn send_once(&self, call: &Call) -> Result<Answer, ClientError> {
        let shown = self.credentials.show(&self.http, &self.server).await?;
        let answer = self.send_with(call, shown.as_ref()).await;
        let Some(shown) = shown.filter(|_| is_refused(&answer)) else { return answer };
        if !self.credentials.is_refused(&shown).await {
            return answer;
        }
        let better = self.credentials.show(&self.http, &self.server).await?;
        self.send_with(call, better.as_ref()).await
    }

    async fn send_with(&self, call: &Call, token: Option<&Token>) -> Result<Answer, ClientError> {
        let request = self.http.request(call.method.clone(), call.url.clone()).headers(call.headers.clone());
        let request = match token {
            Some(token) => request.header(AUTHORIZATION, bearer(token)?),
            None => request,
        };
        let request = if call.body.is_empty() { request } else { request.body(call.body.clone()) };
        let lost = |error: reqwest::Error| {
            let (server, cause) = (self.server.to_string(), cause(&error));
            if call.repeat == Repeat::Read || error.is_connect() {
                ClientError::Unreachable { server, cause }
            } else {
                ClientError::AnswerLost { server, cause }
            }
        };
        let response = request.send().await.map_err(lost)?;
        let status = response.status();
        let head = head(response.headers());
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let body = response.bytes().await.map_err(lost)?;
        if status.is_success() {
            return Ok(Answer { status, head, body });
        }
        if let Ok(problem) = serde_json::from_slice::<Problem>(&body) {
            return Err(ClientError::Problem(Box::new(problem)));
        }
        if call.also == Some(status) {
            return Ok(Answer { status, head, body });
        }
        let body = match location {
            Some(location) if status.is_redirection() => format!("it redirects to {location}; use that address"),
            Some(_) | None => quote(&body),
        };
        Err(ClientError::Unexpected { status: status.as_u16(), body })
    }
}

/// Whether the server does not know who calls.
fn is_refused(answer: &Result<Answer, ClientError>) -> bool {
    answer.as_ref().is_err_and(|error| error.code() == Some(Code::Unauthenticated))
}

/// Whether the same call may do better a moment later, without any risk of happening twice.
fn promising(error: &ClientError, repeat: Repeat) -> bool {
    match error {
        ClientError::Unreachable { .. } => true,
        ClientError::AnswerLost { .. } => repeat == Repeat::Keyed,
        ClientError::Problem(problem) if problem.code == Code::OutcomeUnknown => repeat == Repeat::Keyed,
        ClientError::Problem(problem) => {
            use Code::{Draining, NotThereYet, Timeout, TooManyConnections, Unavailable};
            matches!(problem.code, Unavailable | NotThereYet | Draining | Timeout | TooManyConnections)
        }
        ClientError::Unexpected { .. }
        | ClientError::Server { .. }
        | ClientError::TokenFile { .. }
        | ClientError::Token
        | ClientError::Message
        | ClientError::Setup(_) => false,
    }
}

/// The wait after so many tries: half of it fixed, half of it random, so that many clients do not come back at once.
fn wait(tries: u32, random: Uuid) -> Duration {
    let longest = FIRST_WAIT * 4_u32.saturating_pow(tries.saturating_sub(1)) * 4 / 3;
    let [chance, ..] = random.into_bytes();
    longest / 2 + longest / 2 * u32::from(chance) / u32::from(u8::MAX)
}

#[expect(clippy::disallowed_methods, reason = "a key only has to be new; the client stands below the runtime's ids")]
pub(super) fn fresh() -> Uuid {
    Uuid::new_v4()
}

fn head(headers: &HeaderMap) -> Option<Cursor> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
    Some(Cursor { epoch: Epoch(number(EPOCH_HEADER)?), revision: Revision(number(REVISION_HEADER)?) })
}

pub(super) fn quote(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    match text.char_indices().nth(QUOTE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None if text.is_empty() => "(empty)".to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Server;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    fn problem(code: Code) -> ClientError {
        ClientError::Problem(Box::new(Problem::new(code, None)))
    }

    fn lost() -> ClientError {
        ClientError::AnswerLost { server: String::new(), cause: String::new() }
    }

    #[test]
    fn a_write_with_an_unknown_outcome_is_repeated_only_with_its_key() {
        for error in [problem(Code::OutcomeUnknown), lost()] {
            assert!(promising(&error, Repeat::Keyed));
            assert!(!promising(&error, Repeat::Never));
        }
    }

    #[test]
    fn what_was_not_applied_is_tried_again_and_what_was_refused_is_not() {
        for code in [Code::Unavailable, Code::NotThereYet, Code::Draining, Code::Timeout] {
            assert!(promising(&problem(code), Repeat::Never), "{}", code.as_str());
        }
        for code in
            [Code::Conflict, Code::Denied, Code::Invalid, Code::Internal, Code::TooManyRequests, Code::AccessStale]
        {
            assert!(!promising(&problem(code), Repeat::Keyed), "{}", code.as_str());
        }
    }

    #[test]
    fn waits_grow_and_all_tries_fit_into_the_budget() {
        let (shortest, longest) = (Uuid::nil(), Uuid::max());
        assert_eq!(wait(1, shortest), Duration::from_millis(200));
        assert_eq!(wait(1, longest), Duration::from_millis(400));
        assert!(wait(2, shortest) > wait(1, longest));
        let waits: Duration = (1..TRIES).map(|tries| wait(tries, longest)).sum();
        assert!(waits < BUDGET);
    }

    #[test]
    fn every_write_has_a_key_of_its_own_and_reads_have_none() {
        let client = Client::new(Server::parse("http://127.0.0.1:1").unwrap(), None).unwrap();
        let key = |call: Call| call.headers.get(IDEMPOTENCY_HEADER).cloned();
        let first = key(client.write(Method::POST, ["x"])).unwrap();
        assert_ne!(first, key(client.write(Method::POST, ["x"])).unwrap());
        assert_eq!(key(client.read(["x"])), None);
    }

    #[test]
    fn a_message_may_be_in_any_language_but_has_one_line() {
        let client = Client::new(Server::parse("http://127.0.0.1:1").unwrap(), None).unwrap();
        let with = |message| client.write(Method::DELETE, ["x"]).message(Some(message));
        assert!(with("放宽超时 and Grüße").is_ok());
        assert!(matches!(with("a\nb"), Err(ClientError::Message)));
    }

    #[test]
    fn a_foreign_answer_is_quoted_in_part() {
        assert_eq!(quote(b" hello\n"), "hello");
        assert_eq!(quote(b""), "(empty)");
        assert_eq!(quote("ä".repeat(400).as_bytes()).chars().count(), QUOTE + 1);
    }

    #[tokio::test]
    async fn nobody_there_is_unreachable_for_reads_and_writes_alike() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let client = Client::new(Server::parse(&address.to_string()).unwrap(), None).unwrap();
        let read = client.send(client.read(["x"])).await.unwrap_err();
        let write = client.send(client.write(Method::POST, ["x"])).await.unwrap_err();
        assert!(matches!(read, ClientError::Unreachable { .. }), "{read}");
        assert!(matches!(write, ClientError::Unreachable { .. }), "{write}");
        assert!(read.to_string().contains("refused"), "{read}");
    }

    /// Answers one connection after the other, none where an answer is lost, and returns the requests.
    async fn serve(listener: tokio::net::TcpListener, answers: &[Option<&str>]) -> Vec<String> {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            requests.push(String::from_utf8_lossy(&request[..length]).into_owned());
            if let Some(answer) = answer {
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
        requests
    }

    async fn listening() -> (tokio::net::TcpListener, Client) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        (listener, Client::new(Server::parse(&address).unwrap(), None).unwrap())
    }

    fn key_of(request: &str) -> &str {
        request.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).unwrap()
    }

    const DONE: &str =
        "HTTP/1.1 200 OK\r\npintle-revision: 7\r\npintle-epoch: 1\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
    const UNKNOWN: &str = "HTTP/1.1 503 X\r\nconnection: close\r\ncontent-length: 75\r\n\r\n{\"type\":\"about:blank#\",\"title\":\"x\",\"status\":503,\"code\":\"outcome_unknown\"} ";

    #[tokio::test]
    async fn a_write_of_unknown_fate_is_sent_again_with_the_same_key() {
        let (listener, client) = listening().await;
        let answers = [None, Some(UNKNOWN), Some(DONE)];
        let (requests, answer) =
            tokio::join!(serve(listener, &answers), client.send(client.write(Method::POST, ["publish"])));
        assert_eq!(answer.unwrap().head, Some(Cursor { epoch: Epoch(1), revision: Revision(7) }));
        assert!(requests[0].starts_with("POST /publish "), "{}", requests[0]);
        assert!(requests.iter().all(|request| key_of(request) == key_of(&requests[0])));
    }

    #[tokio::test]
    async fn a_login_whose_answer_was_lost_is_not_sent_again() {
        let (listener, client) = listening().await;
        let call = client.write(Method::POST, ["session"]).once();
        let (requests, answer) = tokio::join!(serve(listener, &[None]), client.send(call));
        assert!(matches!(answer, Err(ClientError::AnswerLost { .. })));
        assert_eq!(requests.len(), 1);
    }

    #[tokio::test]
    async fn a_redirect_is_told_and_not_followed() {
        let (listener, client) = listening().await;
        let moved = "HTTP/1.1 308 X\r\nlocation: https://elsewhere/\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let answers = [Some(moved)];
        let (_, answer) = tokio::join!(serve(listener, &answers), client.send(client.read(["x"])));
        assert!(answer.unwrap_err().to_string().contains("https://elsewhere/"));
    }
}
