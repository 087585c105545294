//! What is shown, read again, exchanged, renewed and refused, against a server that the test writes.

use std::collections::VecDeque;
use std::fs;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;
use crate::client::{Authorities, Client};

fn token(text: &str) -> Token {
    Token::parse(text).unwrap()
}

fn jwt(claims: &Value) -> String {
    format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// A token of a trusted issuer; each number gives another text for the same holder.
fn foreign(number: u32) -> String {
    jwt(&json!({"iss": "https://ci", "sub": "job", "jti": number}))
}

/// A token of ours, of ten minutes.
fn short(number: u32) -> String {
    jwt(&json!({"iss": "urn:pintle:x", "sub": "s", "iat": 1000, "exp": 1600, "jti": number}))
}

/// A server that answers exchanges in order, then with 503, and other calls with 401 unless they show one of `good`.
struct Fake {
    server: Server,
    task: JoinHandle<()>,
    asked: Arc<std::sync::Mutex<Vec<String>>>,
    exchanges: Arc<std::sync::Mutex<VecDeque<(u16, Value)>>>,
    good: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Fake {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server::parse(&listener.local_addr().unwrap().to_string()).unwrap();
        let asked = Arc::<std::sync::Mutex<Vec<String>>>::default();
        let exchanges = Arc::<std::sync::Mutex<VecDeque<(u16, Value)>>>::default();
        let good = Arc::<std::sync::Mutex<Vec<String>>>::default();
        let (seen, queue, taken) = (Arc::clone(&asked), Arc::clone(&exchanges), Arc::clone(&good));
        #[expect(clippy::disallowed_methods, reason = "the test ends it")]
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                let text = loop {
                    if stream.read_buf(&mut request).await.unwrap() == 0 {
                        break String::new();
                    }
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                    if body.len() >= length.unwrap_or(0) {
                        break text;
                    }
                };
                let unknown = json!({"type": "t", "title": "x", "status": 401, "code": "unauthenticated"});
                let (status, body) = if text.starts_with("POST /api/v1/token ") {
                    let away = json!({"type": "t", "title": "x", "status": 503, "code": "unavailable"});
                    queue.lock().unwrap().pop_front().unwrap_or((503, away))
                } else if taken.lock().unwrap().iter().any(|good| text.contains(&format!("Bearer {good}\r\n"))) {
                    (200, json!({"tokens": []}))
                } else {
                    (401, unknown)
                };
                seen.lock().unwrap().push(text);
                let body = body.to_string();
                let head =
                    format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
        });
        Self { server, task, asked, exchanges, good }
    }

    /// Takes this token from now on.
    fn takes(&self, text: &str) {
        *self.good.lock().unwrap() = vec![text.to_owned()];
    }

    /// Gives this for the next exchange.
    fn gives(&self, text: &str) {
        let view = json!({"token": text, "expires_at": "2026-01-01T00:00:00Z"});
        self.exchanges.lock().unwrap().push_back((200, view));
    }

    /// What came since the last look: `x` for an exchange, `c` for a call.
    fn came(&self) -> String {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.iter().map(|text| if text.starts_with("POST /api/v1/token ") { 'x' } else { 'c' }).collect()
    }

    fn client(&self, credentials: &Credentials) -> Client {
        Client::showing(self.server.clone(), credentials.clone(), &Authorities::default()).unwrap()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Lets the short-lived token be due for renewal, or over.
async fn age(credentials: &Credentials, over: bool) {
    let mut state = credentials.0.as_ref().unwrap().state.lock().await;
    let short = state.short.as_mut().unwrap();
    short.renew_at = Instant::now();
    if over {
        short.ends_at = Instant::now();
    }
}

#[test]
fn tokens_of_one_subject_have_one_holder() {
    assert!(is_same_holder(&token("pintle_a"), &token("pintle_a")));
    assert!(!is_same_holder(&token("pintle_a"), &token("pintle_b")));
    assert!(is_same_holder(&token(&foreign(1)), &token(&foreign(2))));
    let other = jwt(&json!({"iss": "https://ci", "sub": "another"}));
    assert!(!is_same_holder(&token(&foreign(1)), &token(&other)));
    assert!(!is_same_holder(&token("a.b.c"), &token("a.b.d")));
}

#[test]
fn a_foreign_token_is_always_exchanged_and_one_of_ours_when_that_is_said() {
    let by = |exchange| Credentials::of(Some(token("x"))).exchanging(exchange);
    for (text, foreign_only, always) in [
        ("pintle_abc", false, true),
        (&*foreign(1), true, true),
        (&*short(1), false, false),
        ("opaque", false, true),
        ("a.b.c", false, true),
    ] {
        assert_eq!(by(Exchange::Foreign).exchanges(&token(text)), foreign_only, "{text}");
        assert_eq!(by(Exchange::Always).exchanges(&token(text)), always, "{text}");
    }
}

#[test]
fn a_renewal_comes_before_two_thirds_of_a_life_and_is_spread() {
    let life = life(&token(&short(1))).unwrap();
    assert_eq!(life, Duration::from_mins(10));
    assert_eq!(renewal(life, [0; 16]), Duration::from_secs(400));
    assert_eq!(renewal(life, [255; 16]), Duration::from_secs(340));
}

#[tokio::test]
async fn a_file_is_read_for_every_call_and_kept_while_it_is_being_replaced() {
    let (fake, folder) = (Fake::start().await, tempfile::tempdir().unwrap());
    let file = folder.path().join("token");
    let client = fake.client(&Credentials::file(&file));
    let error = client.list_tokens(None).await.unwrap_err();
    assert!(matches!(error, ClientError::TokenFile { .. }), "{error}");
    for text in ["pintle_one", "pintle_two"] {
        fs::write(&file, text).unwrap();
        fake.takes(text);
        client.list_tokens(None).await.unwrap();
    }
    fs::remove_file(&file).unwrap();
    client.list_tokens(None).await.unwrap();
    assert_eq!(fake.came(), "ccc");
}

#[tokio::test]
async fn a_foreign_token_is_exchanged_once_for_all_calls_and_clients() {
    let fake = Fake::start().await;
    let credentials = Credentials::of(Some(token(&foreign(1))));
    let (one, two) = (fake.client(&credentials), fake.client(&credentials));
    fake.gives(&short(1));
    fake.takes(&short(1));
    let (a, b, c) = tokio::join!(one.list_tokens(None), two.list_tokens(None), one.list_tokens(None));
    for answer in [a, b, c] {
        answer.unwrap();
    }
    let asked = fake.asked.lock().unwrap().clone();
    let exchanges: Vec<_> = asked.iter().filter(|text| text.starts_with("POST /api/v1/token ")).collect();
    assert_eq!((exchanges.len(), asked.len()), (1, 4));
    assert!(exchanges[0].contains(&foreign(1)) && !exchanges[0].contains("authorization"), "{exchanges:?}");
    assert!(!format!("{credentials:?}").contains(&short(1)));
}

#[tokio::test]
async fn a_token_of_ours_is_shown_only_to_exchange_it_when_that_is_said() {
    let fake = Fake::start().await;
    let client = fake.client(&Credentials::of(Some(token("pintle_long"))).exchanging(Exchange::Always));
    fake.gives(&short(1));
    fake.takes(&short(1));
    client.list_tokens(None).await.unwrap();
    let asked = fake.asked.lock().unwrap().clone();
    assert!(asked[0].contains("Bearer pintle_long\r\n") && !asked[1].contains("pintle_long"), "{asked:?}");
}

#[tokio::test]
async fn a_short_lived_token_is_renewed_and_goes_on_while_nobody_renews_it() {
    let fake = Fake::start().await;
    let credentials = Credentials::of(Some(token(&foreign(1))));
    let client = fake.client(&credentials);
    fake.gives(&short(1));
    fake.takes(&short(1));
    client.list_tokens(None).await.unwrap();
    assert_eq!(fake.came(), "xc");
    age(&credentials, false).await;
    // Nobody exchanges: it goes on with what it has, and does not ask at every call.
    client.list_tokens(None).await.unwrap();
    client.list_tokens(None).await.unwrap();
    assert_eq!(fake.came(), "xcc");
    credentials.0.as_ref().unwrap().state.lock().await.again_at = Some(Instant::now());
    fake.gives(&short(2));
    fake.takes(&short(2));
    client.list_tokens(None).await.unwrap();
    assert_eq!(fake.came(), "xc");
    // Over, and nobody exchanges: that is an outage. Nothing else is shown.
    age(&credentials, true).await;
    let error = client.list_tokens(None).await.unwrap_err();
    assert_eq!(error.problem().unwrap().status, 503);
    assert!(!fake.came().contains('c'));
}

#[tokio::test]
async fn what_is_refused_is_exchanged_anew_once_before_that_is_told() {
    let fake = Fake::start().await;
    let client = fake.client(&Credentials::of(Some(token(&foreign(1)))));
    fake.gives(&short(1));
    fake.takes(&short(1));
    client.list_tokens(None).await.unwrap();
    fake.came();
    fake.takes(&short(2));
    fake.gives(&short(2));
    client.list_tokens(None).await.unwrap();
    assert_eq!(fake.came(), "cxc");
    fake.takes("nothing");
    fake.gives(&short(3));
    let error = client.list_tokens(None).await.unwrap_err();
    assert_eq!((error.problem().unwrap().status, &*fake.came()), (401, "cxc"));
}

#[tokio::test]
async fn a_file_that_has_another_token_by_now_is_tried_before_a_refusal_is_told() {
    let (fake, folder) = (Fake::start().await, tempfile::tempdir().unwrap());
    let file = folder.path().join("token");
    fs::write(&file, "pintle_old").unwrap();
    let credentials = Credentials::file(&file);
    assert!(!credentials.is_refused(&token("pintle_old")).await, "nothing better");
    fs::write(&file, "pintle_new").unwrap();
    assert!(credentials.is_refused(&token("pintle_old")).await);
    fs::write(&file, "pintle_same").unwrap();
    let error = fake.client(&credentials).list_tokens(None).await.unwrap_err();
    assert_eq!((error.problem().unwrap().status, &*fake.came()), (401, "c"));
}

#[tokio::test]
async fn another_holder_never_goes_on_with_the_short_lived_token_of_the_one_before() {
    let (fake, folder) = (Fake::start().await, tempfile::tempdir().unwrap());
    let file = folder.path().join("token");
    fs::write(&file, foreign(1)).unwrap();
    let client = fake.client(&Credentials::file(&file));
    fake.gives(&short(1));
    fake.takes(&short(1));
    client.list_tokens(None).await.unwrap();
    fs::write(&file, foreign(2)).unwrap();
    client.list_tokens(None).await.unwrap();
    assert_eq!(fake.came(), "xcc", "a fresh token of the same holder");
    fs::write(&file, jwt(&json!({"iss": "https://ci", "sub": "another"}))).unwrap();
    client.list_tokens(None).await.unwrap_err();
    assert!(!fake.came().contains('c'), "nobody exchanged it, and the old one is not shown");
}
