//! What a caller may send, how slowly, and how many may come.

use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

use super::{begin, raw, rest, until};
use crate::harness::actors::entry;
use crate::harness::{App, Running};

/// The status and the problem of an answer as it came over the wire.
#[track_caller]
fn problem(answer: &str) -> (u16, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("no answer: {answer:?}")), serde_json::from_str(body).unwrap_or_default())
}

#[track_caller]
fn is_problem(answer: &str, status: u16, code: &str) {
    let (found, problem) = problem(answer);
    assert_eq!((found, &problem["code"]), (status, &Value::from(code)), "{answer}");
}

#[tokio::test]
async fn heads_that_never_end_are_cut_and_hold_nobody_up() {
    let app = App::with(&["--head-timeout-seconds", "1"]).await;
    let address = app.node().node.address;
    let begun = Instant::now();
    let mut slow = Vec::new();
    for beginning in [
        "",
        "G",
        "PRI * HT",
        "GET /healthz HTTP/1.1\r\nhost: x\r\nx-a: ",
        // HTTP/2 is agreed on, and then nothing is asked.
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0",
    ] {
        slow.push(begin(address, beginning.as_bytes()).await);
    }
    // One that sends a byte now and then.
    let mut dripping = begin(address, b"GET /healthz HTTP/1.1\r\n").await;
    let drip = async {
        while dripping.write_all(b"a").await.is_ok() && begun.elapsed() < super::PROMPT {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        begun.elapsed()
    };
    let others = async {
        while begun.elapsed() < Duration::from_millis(1500) {
            app.anonymous().get("/healthz").await.expect(200);
        }
    };
    let (dripped, ()) = tokio::join!(drip, others);
    assert!(dripped < Duration::from_secs(10), "cut after {dripped:?}");
    for stream in &mut slow {
        let said = rest(stream).await;
        assert!(!said.contains("200 OK"), "{said}");
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "all cut after {:?}", begun.elapsed());
    app.finish().await;
}

#[tokio::test]
async fn a_connection_that_is_used_is_not_cut_for_its_first_pause() {
    let app = App::with(&["--head-timeout-seconds", "1"]).await;
    app.admin().create("dev/orders").await;
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).http2_prior_knowledge().build().unwrap();
    let caller = app.admin().over(&app.admin().url, http);
    let mut stream = caller.watch("env=dev&namespace=orders").await;
    stream.expect("snapshot").await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    app.admin().write("dev/orders/a", "1").await.expect(200);
    assert_eq!(stream.change().await.keys(), ["orders/a"]);
    app.finish().await;
}

#[tokio::test]
async fn a_body_that_pauses_too_long_is_answered_408_and_changes_nothing() {
    let app = App::with(&["--body-timeout-seconds", "1"]).await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let before = admin.head().await;
    let put = format!("PUT {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n", entry("dev/orders/a"), admin.token);
    let begun = Instant::now();
    for body in
        ["content-length: 10\r\n\r\nab", "content-length: 10\r\n\r\n", "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n"]
    {
        let mut stream = begin(app.node().node.address, format!("{put}{body}").as_bytes()).await;
        admin.get("/readyz").await.expect(200);
        is_problem(&rest(&mut stream).await, 408, "request_timeout");
    }
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    assert_eq!(admin.head().await, before);
    // One that is slow but never silent for long arrives.
    let head = format!("{put}content-length: 6\r\nconnection: close\r\n\r\n");
    let mut stream = begin(app.node().node.address, head.as_bytes()).await;
    for byte in "slowly".bytes() {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stream.write_all(&[byte]).await.unwrap();
    }
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200"));
    assert_eq!(admin.text("dev/orders/a").await.as_deref(), Some("slowly"));
    app.finish().await;
}

#[tokio::test]
async fn a_head_beyond_its_limits_is_told_which() {
    let app = App::start().await;
    let url = app.admin().url.clone();
    let two = reqwest::Client::builder().no_proxy().tls_certs_only([]).http2_prior_knowledge().build().unwrap();
    for caller in [app.admin().clone(), app.admin().over(&url, two)] {
        let fits = "x".repeat(8 * 1024 - "/healthz?".len());
        caller.get(&format!("/healthz?{fits}")).await.expect(200);
        let told = caller.get(&format!("/healthz?{fits}x")).await.problem(414, "uri_too_long");
        assert_eq!(told["fields"][0]["field"], "uri");
        let with = async |bytes: usize| {
            let value = "x".repeat(bytes);
            caller.call(reqwest::Method::GET, "/healthz", |request| request.header("x-long", value)).await
        };
        with(15 * 1024).await.expect(200);
        let told = with(16 * 1024).await.problem(431, "head_too_large");
        assert!(told["fields"][0]["problem"].as_str().unwrap().contains("16384"), "{told}");
    }
    // What is far too much is not even kept.
    let huge = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "x".repeat(100 * 1024));
    assert!(raw(app.node().node.address, &huge).await.starts_with("HTTP/1.1 431"));
    let many = "x: y\r\n".repeat(200);
    let many = format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{many}\r\n");
    assert!(raw(app.node().node.address, &many).await.starts_with("HTTP/1.1 431"));
    app.finish().await;
}

#[tokio::test]
async fn a_body_that_announces_too_much_or_is_compressed_is_refused_unread() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let put = format!("PUT {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n", entry("dev/orders/a"), admin.token);
    let send = async |headers: &str| raw(app.node().node.address, &format!("{put}{headers}\r\n")).await;
    // None of these bodies is ever sent.
    is_problem(&send("content-length: 1048577\r\n").await, 413, "too_large");
    is_problem(&send("content-length: 9223372036854775807\r\n").await, 413, "too_large");
    let (status, _) = problem(&send("content-length: 99999999999999999999\r\n").await);
    assert_eq!(status, 400);
    let (status, _) = problem(&send("content-length: 5\r\ncontent-length: 6\r\n").await);
    assert_eq!(status, 400);
    for encoding in ["gzip", "br", "deflate", "gzip, identity", "x-unknown"] {
        let answer = send(&format!("content-encoding: {encoding}\r\ncontent-length: 3\r\nconnection: close\r\n")).await;
        is_problem(&answer, 415, "unsupported_encoding");
    }
    let path = entry("dev/orders/a");
    let call =
        admin.call(reqwest::Method::PUT, &path, |request| request.header("content-encoding", "identity").body("plain"));
    call.await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn beyond_the_most_connections_callers_are_told_to_come_back() {
    let app = App::start().await;
    let node = Running::start(&app.database, &["--max-connections", "3"]).await;
    let address = node.node.address;
    let ask = "GET /api/v1/environments HTTP/1.1\r\nhost: x\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(begin(address, ask.as_bytes()).await);
    }
    let answer = raw(address, ask).await;
    is_problem(&answer, 503, "too_many_connections");
    assert!(answer.contains("\r\nretry-after: 5\r\n"), "{answer}");
    let probe = raw(address, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(probe.starts_with("HTTP/1.1 200"), "probes are answered: {probe}");
    held.pop();
    let asks = "GET /api/v1/environments HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    until("the free place", async || raw(address, asks).await.starts_with("HTTP/1.1 401")).await;
    drop(held);
    node.finish().await;
    app.finish().await;
}

/// A frame of HTTP/2, after RFC 9113, section 4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

#[tokio::test]
async fn a_flood_of_resets_or_of_headers_without_an_end_ends_its_connection() {
    const HEADERS: u8 = 1;
    const RESET: u8 = 3;
    const SETTINGS: u8 = 4;
    const CONTINUATION: u8 = 9;
    let app = App::start().await;
    let address = app.node().node.address;
    // GET, http, `/` and the authority `x`, as RFC 7541 writes them.
    let head = [0x82, 0x86, 0x84, 0x41, 1, b'x'];
    let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame(SETTINGS, 0, 0, &[])[..]].concat();
    let taken_back = |number: u32| {
        let stream = number * 2 + 1;
        // Ended headers of an ended request, and at once the word that nobody wants the answer.
        [frame(HEADERS, 5, stream, &head), frame(RESET, 0, stream, &8_u32.to_be_bytes())].concat()
    };
    let resets: Vec<u8> = (0..5000).flat_map(taken_back).collect();
    // `a: x` again and again, never the last.
    let more: Vec<u8> = [0, 1, b'a', 1, b'x'].repeat(2000);
    let endless = [frame(HEADERS, 1, 1, &head), frame(CONTINUATION, 0, 1, &more).repeat(200)].concat();
    for flood in [resets, endless] {
        let begun = Instant::now();
        let mut stream = begin(address, &preface).await;
        // It is cut before all of it is taken.
        let _ = stream.write_all(&flood).await;
        rest(&mut stream).await;
        assert!(begun.elapsed() < Duration::from_secs(8), "cut after {:?}", begun.elapsed());
        app.anonymous().get("/healthz").await.expect(200);
    }
    app.finish().await;
}
