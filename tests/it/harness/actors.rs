//! Actors: somebody with a token who calls a node over HTTP, and what comes back.

use pintle::api::entries::WriteView;
use pintle::client::{Client, Server, Token};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Somebody who calls a node.
#[derive(Debug, Clone)]
pub(crate) struct Actor {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) token: String,
    http: reqwest::Client,
}

/// The path of an entry, from `env/namespace/key`.
pub(crate) fn entry(address: &str) -> String {
    let mut parts = address.splitn(3, '/');
    let (env, namespace, key) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    format!("/api/v1/environments/{env}/namespaces/{namespace}/entries/{key}")
}

/// A change that puts text to `env/namespace/key`.
pub(crate) fn put(address: &str, content: &str) -> Value {
    let mut change = delete(address);
    change["op"] = "put".into();
    change["content"] = content.into();
    change
}

/// A change that deletes `env/namespace/key`.
pub(crate) fn delete(address: &str) -> Value {
    let mut parts = address.splitn(3, '/');
    json!({"env": parts.next(), "namespace": parts.next(), "key": parts.next(), "op": "delete"})
}

impl Actor {
    pub(crate) fn new(name: &str, url: &str, token: &str) -> Self {
        // The client's own set-up, which needs no certificates for this machine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { name: name.to_owned(), url: url.to_owned(), token: token.to_owned(), http }
    }

    /// The connections, for calls that are more than a request and an answer.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The same caller at another node.
    pub(crate) fn at(&self, url: &str) -> Self {
        Self::new(&self.name, url, &self.token)
    }

    /// The same caller at another node, over connections of the test's own.
    pub(crate) fn over(&self, url: &str, http: reqwest::Client) -> Self {
        Self { url: url.to_owned(), http, ..self.clone() }
    }

    /// The same caller with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// The same caller with the token that a login gives.
    pub(crate) async fn log_in(&self, password: &str) -> Self {
        let body = json!({"name": self.name, "password": password});
        let session = self.post("/api/v1/session", body).await.ok();
        self.with_token(session["token"].as_str().unwrap())
    }

    /// The typed client.
    pub(crate) fn client(&self) -> Client {
        let token = Token::parse(&self.token).unwrap();
        Client::new(Server::parse(&self.url).unwrap(), Some(&token)).unwrap()
    }

    /// A call with whatever `with` adds to it.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Answer {
        let what = format!("{} {method} {path}", self.name);
        self.attempt(method, path, with).await.unwrap_or_else(|error| panic!("{what}: {error:?}"))
    }

    /// A call to a node that may be gone.
    pub(crate) async fn attempt(
        &self,
        method: Method,
        path: &str,
        with: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, reqwest::Error> {
        let what = format!("{} {method} {path}", self.name);
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        let response = with(request).send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // A stream has no end to wait for.
        let streams = headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let body = if streams { Vec::new() } else { response.bytes().await?.to_vec() };
        Ok(Answer { what, status, headers, body })
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, |request| request).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, |request| request).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, |request| request.json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path, |request| request.json(&body)).await
    }

    /// Makes `env`, or `env/namespace` with its environment.
    pub(crate) async fn create(&self, place: &str) -> u64 {
        let (env, namespace) = place.split_once('/').map_or((place, None), |(env, ns)| (env, Some(ns)));
        let environment = format!("/api/v1/environments/{env}");
        let mut revision = 0;
        if self.get(&environment).await.status == 404 {
            revision = self.put(&environment, json!({})).await.revision();
        }
        if let Some(namespace) = namespace {
            revision = self.put(&format!("{environment}/namespaces/{namespace}"), json!({})).await.revision();
        }
        revision
    }

    /// Makes an environment whose tier protects it.
    pub(crate) async fn create_protected(&self, env: &str) -> u64 {
        let body = json!({"tier": "prod", "message": "the real thing"});
        self.put(&format!("/api/v1/environments/{env}"), body).await.revision()
    }

    /// Puts one entry, byte for byte.
    pub(crate) async fn write(&self, address: &str, content: impl Into<Vec<u8>>) -> Answer {
        self.call(Method::PUT, &entry(address), |request| request.body(content.into())).await
    }

    /// The bytes of an entry, with `query` such as `?at=3`.
    pub(crate) async fn read(&self, address: &str, query: &str) -> Answer {
        let accept = "application/octet-stream";
        self.call(Method::GET, &format!("{}{query}", entry(address)), |request| request.header("accept", accept)).await
    }

    /// The text of an entry now; none when there is no such entry.
    pub(crate) async fn text(&self, address: &str) -> Option<String> {
        self.text_at(address, "").await
    }

    /// The text of an entry with a query such as `?at=3`; none when there was no such entry.
    pub(crate) async fn text_at(&self, address: &str, query: &str) -> Option<String> {
        let answer = self.read(address, query).await;
        if answer.status == 404 {
            return None;
        }
        Some(answer.expect(200).text())
    }

    /// Publishes these changes together.
    pub(crate) async fn publish(&self, changes: &[Value]) -> Answer {
        self.post("/api/v1/publish", json!({"message": "a change", "changes": changes})).await
    }

    /// The newest revision of the store.
    pub(crate) async fn head(&self) -> u64 {
        self.get("/readyz").await.ok()["revision"].as_u64().unwrap()
    }

    /// Rolls back, or reverts.
    pub(crate) async fn roll_back(&self, body: Value) -> Answer {
        self.post("/api/v1/rollback", body).await
    }

    /// One revision of the history.
    pub(crate) async fn revision(&self, number: u64) -> Value {
        self.get(&format!("/api/v1/revisions/{number}")).await.ok()
    }
}

/// What a call was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) what: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header, empty when there is none.
    pub(crate) fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        value.unwrap_or_default()
    }

    /// Asserts the status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text());
        self
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {}", self.what, self.text()))
    }

    /// The body of an answer that must be 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        self.expect(200).json()
    }

    /// The result of a write that must have worked.
    #[track_caller]
    pub(crate) fn written(self) -> WriteView {
        self.expect(200).json()
    }

    /// The revision of a write that must have worked.
    #[track_caller]
    pub(crate) fn revision(self) -> u64 {
        self.written().revision
    }

    /// The body of a problem of this status and code.
    #[track_caller]
    pub(crate) fn problem(self, status: u16, code: &str) -> Value {
        let (what, text) = (self.what.clone(), self.text());
        assert_eq!(self.status, status, "{what}: {text}");
        assert_eq!(self.header("content-type"), "application/problem+json", "{what}");
        let problem: Value = self.json();
        assert_eq!(problem["code"], code, "{what}: {text}");
        assert_eq!(problem["status"], status, "{what}: {text}");
        assert_eq!(problem["request_id"].as_str(), Some(self.header("x-request-id").as_str()), "{what}");
        problem
    }
}
