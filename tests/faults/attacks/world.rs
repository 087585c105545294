//! What is attacked: two nodes on one database, with people and secrets in it.

use std::path::PathBuf;

use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::http::{Answer, Caller};
use crate::support::node::Node;
use crate::support::postgres::Cluster;
use crate::support::{BOUND, Place, Tested, ensure};

/// The master key of the nodes, as a file holds it.
pub(super) const MASTER_KEY: &str = "8f1c5e2a9b7d4036c1e8f2a5b9d7430612c8e5f1a9b2d7436e0f8c5a1b9e2d74";
/// The value that must never be seen.
pub(super) const CANARY: &str = "canary-Zq8vT3xW";

/// Two nodes and who calls them.
pub(super) struct World {
    place: Place,
    pub(super) cluster: Cluster,
    pub(super) nodes: [Node; 2],
    pub(super) admin: Caller,
    users: u32,
    forgiven: bool,
}

impl World {
    pub(super) async fn new() -> Tested<Self> {
        let place = Place::new()?;
        let cluster = Cluster::start_new(&place, "pg").await?;
        let key = place.join("master.key");
        std::fs::write(&key, MASTER_KEY)?;
        std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        let key = key.display().to_string();
        let node = |name: &str| -> Tested<Node> {
            let arguments = ["--master-key-file", key.as_str(), "--audit-anchor-file", "anchors.jsonl"];
            let anchors = place.join(&format!("{name}.anchors")).display().to_string();
            let mut arguments = arguments.map(str::to_owned);
            arguments[3] = anchors;
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            Ok(Node::new(&place, name, &cluster.url())?.with(&arguments))
        };
        let mut nodes = [node("a")?, node("b")?];
        for node in &mut nodes {
            node.start().await?;
        }
        let admin = nodes[0].set_up().await?;
        for namespace in ["orders", "payments"] {
            admin
                .put_json(&format!("/api/v1/environments/dev/namespaces/{namespace}"), json!({}))
                .await?
                .expect(200)?;
            let change = json!({"op": "put", "env": "dev", "namespace": namespace, "key": "a.txt", "content": "a"});
            admin.post_json("/api/v1/publish", &json!({"changes": [change]})).await?.expect(200)?;
        }
        Ok(Self { place, cluster, nodes, admin, users: 0, forgiven: false })
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.place.join(name)
    }

    pub(super) fn url(&self) -> String {
        self.nodes[0].url()
    }

    /// A caller with this token, or with none when it is empty.
    pub(super) fn with(&self, token: &str) -> Caller {
        Caller { token: token.to_owned(), ..self.admin.clone() }
    }

    /// The same caller at the other node.
    pub(super) fn there(&self, caller: &Caller) -> Caller {
        Caller { url: self.nodes[1].url(), ..caller.clone() }
    }

    /// A new service user with these rights on namespaces of `dev`, and its API token.
    pub(super) async fn user(&mut self, rights: &[(&str, &str)]) -> Tested<(String, Caller)> {
        self.users += 1;
        let name = format!("user{}", self.users);
        self.admin.post_json("/api/v1/users", &json!({"name": name, "kind": "service"})).await?.expect(201)?;
        for (role, namespace) in rights {
            self.grant(&name, role, namespace).await?;
        }
        let body = json!({"name": "t", "user": name});
        let made: Value = self.admin.post_json("/api/v1/tokens", &body).await?.expect(201)?.json()?;
        Ok((name, self.with(text(&made, "token")?)))
    }

    /// Gives a role, and says the id of the grant.
    pub(super) async fn grant(&self, user: &str, role: &str, namespace: &str) -> Tested<String> {
        let grant =
            json!({"subject": format!("user:{user}"), "role": role, "environment": "dev", "namespace": namespace});
        let made: Value = self.admin.post_json("/api/v1/grants", &grant).await?.json()?;
        Ok(text(&made, "id").map_err(|_| format!("no grant: {made}"))?.to_owned())
    }

    /// Sends bytes as they are, and gives the status and all of the answer.
    pub(super) async fn raw(&self, request: &[u8]) -> Tested<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.nodes[0].port())).await?;
        // A server that refuses early may close before everything was sent.
        let _ = stream.write_all(request).await;
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(BOUND, stream.read_to_end(&mut answer)).await?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Ok((status, text))
    }

    /// A GET of a path exactly as written, with more header lines.
    pub(super) async fn raw_get(&self, token: &str, path: &str, headers: &str) -> Tested<(u16, String)> {
        let bearer = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{bearer}{headers}Connection: close\r\n\r\n");
        self.raw(request.as_bytes()).await
    }

    /// A call with headers of its own.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Tested<(u16, HeaderMap, String)> {
        let mut request = self.admin.http.request(method, format!("{}{path}", self.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok((status, headers, answer.text().await?))
    }

    /// From now on a failed request in the logs is what was to happen.
    pub(super) fn forgive_failures(&mut self) {
        self.forgiven = true;
    }

    /// Stops everything. No node may have failed at a request.
    pub(super) async fn finish(mut self) -> Tested {
        for node in &mut self.nodes {
            let log = node.log();
            ensure(node.process_mut()?.is_running(), || format!("a node died:\n{log}"))?;
            ensure(self.forgiven || !log.contains("a request failed"), || {
                format!("a request failed:\n{}", failures(&log))
            })?;
            ensure(!log.contains("panicked"), || format!("a panic:\n{}", failures(&log)))?;
        }
        Ok(())
    }
}

fn failures(log: &str) -> String {
    log.lines().filter(|line| line.contains("ERROR") || line.contains("panicked")).collect::<Vec<_>>().join("\n")
}

/// A text of an answer.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Tested<&'a str> {
    value.get(name).and_then(Value::as_str).ok_or_else(|| format!("no {name} in {value}").into())
}

/// Fails unless the answer has one of these statuses.
pub(super) fn refused(answer: &Answer, statuses: &[u16]) -> Tested {
    let status = answer.status.as_u16();
    ensure(statuses.contains(&status), || format!("{status} instead of {statuses:?}: {}", answer.text()))
}

/// Fails when a text holds what must not be seen.
pub(super) fn hides(text: &str, secret: &str) -> Tested {
    ensure(!text.contains(secret), || format!("{secret} is seen in {text}"))
}
