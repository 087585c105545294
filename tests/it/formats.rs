//! Formats: checked on every write path with line and column, warned of, and kept byte for byte.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::actors::entry;
use crate::harness::{App, put};

/// What each format refuses: key, content, line, column.
const BROKEN: &[(&str, &str, u64, u64)] = &[
    ("a.json", "{\n  \"a\": 1,\n}", 3, 1),
    ("b.json", "{\"a\": 1, \"a\": 2}", 1, 10),
    ("a.yaml", "a: 1\nb: [1, 2\n", 3, 1),
    ("b.yaml", "a: 1\na: 2\n", 2, 1),
    ("a.toml", "a = 1\nb = \n", 2, 5),
    ("b.toml", "a = 1\na = 2\n", 2, 1),
    ("a.xml", "<a>\n  <b>\n</a>", 3, 1),
    ("a.env", "A=1\nnot a name=2\n", 2, 1),
    ("a.properties", "a=\\u12\n", 1, 3),
];

#[tokio::test]
async fn a_broken_content_is_refused_with_line_and_column_on_every_write_path() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    for (key, content, line, column) in BROKEN {
        let address = format!("dev/orders/{key}");
        let dry = json!({"dry_run": true, "changes": [put(&address, content)]});
        let encoded = json!({"changes": [{"env": "dev", "namespace": "orders", "key": key, "op": "put",
                                          "content_base64": STANDARD.encode(content)}]});
        let ways = [
            (admin.write(&address, *content).await, "body"),
            (admin.publish(&[put(&address, content)]).await, "changes[0].content"),
            (admin.post("/api/v1/publish", dry).await, "changes[0].content"),
            (admin.post("/api/v1/publish", encoded).await, "changes[0].content"),
        ];
        for (answer, field) in ways {
            let problem = answer.problem(422, "invalid_content");
            let found = &problem["fields"][0];
            assert_eq!((&found["line"], &found["column"]), (&json!(line), &json!(column)), "{key}: {problem}");
            assert_eq!(found["field"], field, "{key}");
            let text = found["problem"].as_str().unwrap();
            assert!(text.contains("not valid") && text.contains(key), "{problem}");
        }
    }
    assert_eq!(admin.head().await, 2);
    app.finish().await;
}

#[tokio::test]
async fn what_users_write_is_accepted_and_read_back_byte_for_byte() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let contents: &[(&str, &[u8])] = &[
        ("bom.yaml", b"\xEF\xBB\xBFa: 1\r\nb: 2\r\n"),
        ("anchors.yaml", b"base: &b {x: 1}\none:\n  <<: *b\n  y: !custom tag\n---\nsecond: document\n"),
        ("big.json", b"{\"n\": 123456789012345678901234567890.12345678901234567890}\n"),
        ("bom.json", b"\xEF\xBB\xBF{}"),
        ("java.properties", b"# c\nkey\\:one = v\\u0041\\\n   more\n! c\nempty\n"),
        ("shell.env", b"export A=\"x y\"\nB='z'\n\n# c\nC=\n"),
        ("app.toml", b"[a]\r\nb = 2026-01-31T12:00:00Z\r\n"),
        (
            "logback.xml",
            b"<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>\n<a>&e;</a>\n",
        ),
        ("trailing.txt", b"no newline at the end, but blanks   \t"),
        ("empty.txt", b""),
        ("empty.yaml", b""),
        ("key.der", b"\x00\xFF\xFE\r\n\x00"),
    ];
    for (key, bytes) in contents {
        let address = format!("dev/orders/{key}");
        admin.write(&address, *bytes).await.expect(200);
        assert_eq!(admin.read(&address, "").await.body, *bytes, "{key}");
        let view = admin.get(&entry(&address)).await.ok();
        let content = match view["content_base64"].as_str() {
            Some(text) => STANDARD.decode(text).unwrap(),
            None => view["content"].as_str().unwrap().as_bytes().to_vec(),
        };
        assert_eq!(content, *bytes, "{key}");
    }
    // The same bytes from the history, and after a restart from the database.
    let head = admin.head().await;
    for (key, bytes) in contents {
        assert_eq!(admin.read(&format!("dev/orders/{key}"), &format!("?at={head}")).await.body, *bytes, "{key}");
    }
    app.finish().await;
}

#[tokio::test]
async fn warnings_are_answered_and_do_not_block() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let changes = [put("dev/orders/a.properties", "a=1\nb=2\na=3\n"), put("dev/orders/b.env", "A=1\nA=2\n")];
    let written = admin.publish(&changes).await.ok();
    assert_eq!(written["changed"], 2);
    let warnings = written["warnings"].as_array().unwrap();
    let short = |w: &Value| json!([w["entry"], w["code"], w["line"], w["column"]]);
    let expected =
        [json!(["dev/orders/a.properties", "repeated_key", 3, 1]), json!(["dev/orders/b.env", "repeated_key", 2, 1])];
    assert_eq!(warnings.iter().map(short).collect::<Vec<_>>(), expected);
    let put = admin.write("dev/orders/a.properties", "x=1\nx=2\n").await.ok();
    assert_eq!(put["warnings"].as_array().unwrap().len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn binary_goes_in_and_out_as_base64() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let bytes: Vec<u8> = (0..=255).collect();
    let mut change = json!({"env": "dev", "namespace": "orders", "key": "k", "op": "put", "format": "binary"});
    change["content_base64"] = STANDARD.encode(&bytes).into();
    admin.publish(&[change]).await.expect(200);
    assert_eq!(admin.read("dev/orders/k", "").await.body, bytes);
    // Text that is sent as base64 is text.
    let mut change = json!({"env": "dev", "namespace": "orders", "key": "t", "op": "put"});
    change["content_base64"] = STANDARD.encode("plain").into();
    admin.publish(&[change]).await.expect(200);
    let view = admin.get(&entry("dev/orders/t")).await.ok();
    assert_eq!((&view["format"], &view["content"]), (&json!("text"), &json!("plain")));
    app.finish().await;
}

#[tokio::test]
async fn every_format_can_be_given_by_name() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    for (format, content) in [
        ("yaml", "a: 1"),
        ("json", "{}"),
        ("toml", "a = 1"),
        ("properties", "a=1"),
        ("xml", "<a/>"),
        ("env", "A=1"),
        ("text", "a"),
        ("binary", "\0"),
    ] {
        let path = format!("{}?format={format}", entry(&format!("dev/orders/as-{format}")));
        admin.call(Method::PUT, &path, |request| request.body(content)).await.expect(200);
        assert_eq!(admin.get(&entry(&format!("dev/orders/as-{format}"))).await.ok()["format"], format);
    }
    app.finish().await;
}

#[tokio::test]
async fn contents_that_are_made_to_exhaust_a_parser_are_judged_quickly() {
    let app = App::start().await;
    let admin = app.admin();
    admin.create("dev/orders").await;
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ('b'..='i').zip('a'..) {
        let aliases = vec![format!("*{before}"); 9].join(", ");
        writeln!(bomb, "{name}: &{name} [{aliases}]").unwrap();
    }
    let deep = "[".repeat(200_000);
    for (key, content) in [
        ("bomb.yaml", bomb),
        ("deep.json", format!("{deep}{}", "]".repeat(200_000))),
        ("open.json", deep.clone()),
        ("deep.yaml", deep.clone()),
        ("deep.toml", format!("a = {deep}")),
        ("deep.xml", "<a>".repeat(200_000)),
    ] {
        let started = tokio::time::Instant::now();
        admin.write(&format!("dev/orders/{key}"), content).await.problem(422, "invalid_content");
        assert!(started.elapsed().as_secs() < 5, "{key}: {:?}", started.elapsed());
    }
    app.finish().await;
}
