//! A plain HTTP client: no retries and no ideas of its own.

use std::time::Duration;

use pintle::api::nodes::ReadyView;
use pintle::api::problem::Problem;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{BOUND, Tested, ensure, eventually};

/// Longest time of one call; a publish may take 30 s before the server gives it up.
const CALL: Duration = Duration::from_secs(40);

/// An HTTP client of all nodes.
pub(crate) fn client() -> Tested<reqwest::Client> {
    // Another test may have done it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .connect_timeout(Duration::from_secs(5))
        .timeout(CALL)
        .build()?)
}

/// An answer, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
    /// `Pintle-Revision`.
    pub(crate) revision: u64,
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Tested<T> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// The stable word of a problem, empty for an answer that is none.
    pub(crate) fn code(&self) -> String {
        if self.status.is_success() {
            return String::new();
        }
        self.json::<Problem>().map(|problem| problem.code.as_str().to_owned()).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn expect(self, status: u16) -> Tested<Self> {
        ensure(self.status.as_u16() == status, || format!("{} instead of {status}: {}", self.status, self.text()))?;
        Ok(self)
    }
}

/// A caller of one node.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) token: String,
}

impl Caller {
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<Vec<u8>>,
    ) -> Tested<Answer> {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let response = request.send().await?;
        let status = response.status();
        let head = response.headers().get("pintle-revision").and_then(|value| value.to_str().ok()?.parse().ok());
        Ok(Answer { status, revision: head.unwrap_or(0), body: response.bytes().await?.to_vec() })
    }

    /// The same caller through a proxy on this port.
    pub(crate) fn through(&self, port: u16) -> Self {
        Self { url: format!("http://127.0.0.1:{port}"), ..self.clone() }
    }

    pub(crate) async fn get(&self, path: &str) -> Tested<Answer> {
        self.call(Method::GET, path, None, None).await
    }

    pub(crate) async fn get_json<T: DeserializeOwned>(&self, path: &str) -> Tested<T> {
        self.get(path).await?.expect(200)?.json()
    }

    pub(crate) async fn put_json(&self, path: &str, body: Value) -> Tested<Answer> {
        self.call(Method::PUT, path, None, Some(serde_json::to_vec(&body)?)).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &Value) -> Tested<Answer> {
        self.call(Method::POST, path, None, Some(serde_json::to_vec(body)?)).await
    }

    /// Publishes one entry of `dev/app`, once, with a message.
    pub(crate) async fn publish(&self, key: &str, content: &str, message: &str) -> Tested<Answer> {
        let body = put(key, content, message, None);
        self.call(Method::POST, "/api/v1/publish", Some(message), Some(serde_json::to_vec(&body)?)).await
    }

    /// The content of an entry of `dev/app` as this node has it.
    pub(crate) async fn content(&self, key: &str) -> Tested<Option<String>> {
        let answer = self.get(&format!("/api/v1/environments/dev/namespaces/app/entries/{key}?raw")).await?;
        match answer.status.as_u16() {
            404 => Ok(None),
            _ => Ok(Some(answer.expect(200)?.text())),
        }
    }

    pub(crate) async fn ready(&self) -> Tested<ReadyView> {
        self.get("/readyz").await?.json()
    }

    /// Waits until this node shows this content.
    pub(crate) async fn shows(&self, key: &str, content: &str) -> Tested {
        eventually(&format!("{key} is {content}"), BOUND, async || {
            Ok((self.content(key).await?.as_deref() == Some(content)).then_some(()))
        })
        .await
    }

    /// Waits until this node says that publishes work.
    pub(crate) async fn writes(&self) -> Tested<ReadyView> {
        eventually("writes", BOUND, async || Ok(Some(self.ready().await?).filter(|ready| ready.writes))).await
    }
}

/// The body of a publish that puts one entry of `dev/app`.
pub(crate) fn put(key: &str, content: &str, message: &str, if_revision: Option<u64>) -> Value {
    let mut change =
        json!({"env": "dev", "namespace": "app", "key": key, "op": "put", "format": "text", "content": content});
    if let (Some(revision), Some(change)) = (if_revision, change.as_object_mut()) {
        change.insert("if_revision".to_owned(), revision.into());
    }
    json!({"message": message, "changes": [change]})
}
