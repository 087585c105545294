//! Bad input: whatever is sent, the answer is a 4xx that names what is wrong, and nothing changes.

mod cases;
mod instances;

use std::fmt::Write as _;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use self::cases::{PUBLISH, TOKENS};
use crate::harness::{Actor, App, put};

/// One request as its bytes, since a polite client would correct half of them; and the answer it must get.
struct Case {
    name: &'static str,
    method: &'static str,
    path: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    status: u16,
    code: &'static str,
    /// Named in `fields`; empty for a problem without fields.
    field: &'static str,
}

impl Case {
    fn new(name: &'static str, method: &'static str, path: impl Into<String>) -> Self {
        let path = path.into();
        Self { name, method, path, headers: Vec::new(), body: Vec::new(), status: 0, code: "", field: "" }
    }

    fn with(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn is(mut self, status: u16, code: &'static str, field: &'static str) -> Self {
        (self.status, self.code, self.field) = (status, code, field);
        self
    }

    async fn send(&self, actor: &Actor) -> (u16, Value) {
        let address = actor.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        let mut head = format!("{} {} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n", self.method, self.path);
        if !self.headers.iter().any(|(name, _)| name == "authorization") {
            write!(head, "authorization: Bearer {}\r\n", actor.token).unwrap();
        }
        let mut request = head.into_bytes();
        for (name, value) in &self.headers {
            request.extend_from_slice(format!("{name}: ").as_bytes());
            request.extend_from_slice(value);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(format!("content-length: {}\r\n\r\n", self.body.len()).as_bytes());
        request.extend_from_slice(&self.body);
        let (mut reader, mut writer) = stream.split();
        let mut answer = Vec::new();
        // The server may answer before it has read everything, and stop reading.
        let (_, read) = tokio::join!(writer.write_all(&request), reader.read_to_end(&mut answer));
        read.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{}: {text:?}", self.name));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|_| json!({"body": body})))
    }

    /// What is wrong with the answer, if anything.
    fn judge(&self, status: u16, answer: &Value) -> Option<String> {
        let fields = answer["fields"].as_array().cloned().unwrap_or_default();
        let named = fields.iter().any(|field| field["field"] == self.field);
        let silent = fields.iter().any(|field| field["problem"].as_str().is_none_or(str::is_empty));
        let right = status == self.status
            && answer["code"] == self.code
            && answer["status"] == status
            && answer["request_id"].as_str().is_some_and(|id| !id.is_empty())
            && !silent
            && if self.field.is_empty() { fields.is_empty() } else { named };
        if right {
            return None;
        }
        let expected = (self.status, self.code, self.field);
        Some(format!("{}: expected {expected:?}, got {status} {answer}", self.name))
    }
}

/// 1 dev, 2 dev/orders, 3 a.txt, 4 prod, 5 prod/orders, 6 a.txt, 7 ice, 8 ice/orders, 9 frozen.
async fn filled() -> App {
    let flags = ["--max-entry-bytes", "1000", "--max-change-set-bytes", "4000", "--max-change-set-entries", "10"];
    let app = App::with(&flags).await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let body = json!({"changes": [put("dev/orders/a.txt", "a")]});
    let first = admin.call(reqwest::Method::POST, PUBLISH, |r| r.header("idempotency-key", "used").json(&body)).await;
    assert_eq!(first.revision(), 3);
    admin.create_protected("prod").await;
    admin.put("/api/v1/environments/prod/namespaces/orders", json!({"message": "m"})).await.expect(200);
    admin.publish(&[put("prod/orders/a.txt", "a")]).await.expect(200);
    admin.create("ice/orders").await;
    assert_eq!(admin.put("/api/v1/environments/ice/freeze", json!({"reason": "cold"})).await.revision(), 9);
    app
}

#[tokio::test]
async fn bad_input_is_a_4xx_that_names_the_field_and_changes_nothing() {
    let app = filled().await;
    let mut cases = cases::all();
    cases.extend(instances::all());
    assert!(cases.len() >= 80, "{}", cases.len());
    let mut failures = Vec::new();
    for case in &cases {
        let (status, answer) = case.send(app.admin()).await;
        failures.extend(case.judge(status, &answer));
        let head = app.admin().head().await;
        assert_eq!(head, 9, "{}: something was changed: {answer}", case.name);
    }
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
    assert_eq!(app.admin().text("dev/orders/a.txt").await.as_deref(), Some("a"));
    assert_eq!(app.admin().get(TOKENS).await.ok()["tokens"].as_array().unwrap().len(), 1);
    app.finish().await;
}
