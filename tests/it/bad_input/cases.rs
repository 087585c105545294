//! The cases: what is sent, and what it must be answered.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Case;
use crate::harness::actors::entry;
use crate::harness::put;

const ORDERS: &str = "/api/v1/environments/dev/namespaces/orders";
pub(super) const PUBLISH: &str = "/api/v1/publish";
const ROLLBACK: &str = "/api/v1/rollback";
const SESSION: &str = "/api/v1/session";
pub(super) const TOKENS: &str = "/api/v1/tokens";
pub(super) const HUGE: &str = "9223372036854775808";

fn put_raw(name: &'static str, key: &str, body: impl Into<Vec<u8>>) -> Case {
    Case::new(name, "PUT", format!("{ORDERS}/entries/{key}")).body(body)
}

pub(super) fn get(name: &'static str, path: impl Into<String>) -> Case {
    Case::new(name, "GET", path)
}

pub(super) fn post(name: &'static str, path: &str, body: &Value) -> Case {
    Case::new(name, "POST", path).body(body.to_string())
}

/// A publish of one change that is right but for `wrong`.
fn change(name: &'static str, wrong: &Value) -> Case {
    let mut change = put("dev/orders/new.txt", "x");
    for (field, value) in wrong.as_object().unwrap() {
        change[field] = value.clone();
    }
    change.as_object_mut().unwrap().retain(|_, value| *value != "ABSENT");
    post(name, PUBLISH, &json!({"changes": [change]}))
}

/// Cases that are all answered 422 alike.
pub(super) fn are(mut all: Vec<Case>, code: &'static str, field: &'static str) -> Vec<Case> {
    for case in &mut all {
        (case.status, case.code, case.field) = (422, code, field);
    }
    all
}

/// All of them.
pub(super) fn all() -> Vec<Case> {
    let groups = [
        names(),
        keys(),
        contents(),
        publishes(),
        changes(),
        refused_changes(),
        headers(),
        queries(),
        attributes(),
        rollbacks(),
        logins_and_tokens(),
        routes(),
    ];
    groups.into_iter().flatten().collect()
}

fn names() -> Vec<Case> {
    let long = "a".repeat(65);
    let env = |name, text: &str| Case::new(name, "PUT", format!("/api/v1/environments/{text}")).body("{}");
    let namespace =
        |name, text: &str| Case::new(name, "PUT", format!("/api/v1/environments/dev/namespaces/{text}")).body("{}");
    let all = vec![
        env("an environment in capitals", "DEV"),
        env("an environment with a blank", "a%20b"),
        env("an environment that begins with a dash", "-a"),
        env("an environment that ends with a dot", "a."),
        env("an environment of 65 characters", &long),
        env("an environment in another script", "%E7%8E%AF%E5%A2%83"),
        env("an environment with a NUL", "a%00b"),
        env("an environment with an encoded slash", "a%2Fb"),
        env("an environment of an encoded double dot", "%2e%2e"),
        env("an environment with an encoded percent sign", "a%252Fb"),
    ];
    let mut all = are(all, "invalid", "env");
    all.extend([
        namespace("a namespace in capitals", "Orders").is(422, "invalid", "ns"),
        namespace("a namespace of 65 characters", &long).is(422, "invalid", "ns"),
        namespace("a namespace of dots", "...").is(422, "invalid", "ns"),
        namespace("a namespace with a NUL", "%00").is(422, "invalid", "ns"),
        env("an environment of broken UTF-8", "a%FF").is(400, "bad_request", "path"),
        namespace("a namespace of broken UTF-8", "%C3%28").is(400, "bad_request", "path"),
    ]);
    all
}

fn keys() -> Vec<Case> {
    let all = vec![
        put_raw("a key with a double dot", "a/../b", "x"),
        put_raw("a key with an encoded double dot", "a/%2e%2e/b", "x"),
        put_raw("a key with a double dot between encoded slashes", "a%2F..%2Fb", "x"),
        put_raw("a key with a single dot", "a/./b", "x"),
        put_raw("a key that is a double dot", "..", "x"),
        put_raw("a key with an empty segment", "a//b", "x"),
        put_raw("a key that ends with a slash", "a/", "x"),
        put_raw("a key that begins with an encoded slash", "%2Fa", "x"),
        put_raw("a key that was encoded twice", "a%252Fb", "x"),
        put_raw("a key with a NUL", "a%00.txt", "x"),
        put_raw("a key with a line break", "a%0Ab", "x"),
        put_raw("a key with a blank", "a%20b", "x"),
        put_raw("a key with a backslash", "a%5C..%5Cb", "x"),
        put_raw("a key with a colon", "c:a", "x"),
        put_raw("a key in another script", "%E9%85%8D%E7%BD%AE", "x"),
        put_raw("a key of 513 bytes", &"k".repeat(513), "x"),
        get("reading a key with a double dot", format!("{ORDERS}/entries/../../secrets")),
        Case::new("deleting a key with a double dot", "DELETE", format!("{ORDERS}/entries/a/..")),
    ];
    let mut all = are(all, "invalid", "key");
    all.push(put_raw("a key of broken UTF-8", "a%C3", "x").is(400, "bad_request", "path"));
    all
}

fn contents() -> Vec<Case> {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ('b'..='j').zip('a'..) {
        writeln!(bomb, "{name}: &{name} [{}]", vec![format!("*{before}"); 9].join(", ")).unwrap();
    }
    let all = vec![
        put_raw("a YAML alias bomb", "bomb.yaml", bomb),
        put_raw("a YAML alias that is not defined", "a.yaml", "a: *b\n"),
        put_raw("YAML with a repeated key", "a.yaml", "a: 1\nb: 2\na: 3\n"),
        put_raw("YAML indented by a tab", "a.yaml", "a:\n\tb: 1\n"),
        put_raw("JSON that is nested deeply", "a.json", "[".repeat(400)),
        put_raw("JSON with a repeated key", "a.json", r#"{"a": 1, "a": 2}"#),
        put_raw("JSON with a comma too many", "a.json", "[1,]"),
        put_raw("JSON with something after it", "a.json", "{} {}"),
        put_raw("JSON that is empty", "a.json", ""),
        put_raw("JSON of broken UTF-8", "a.json", b"\"\xC3\"".as_slice()),
        put_raw("JSON with not a number", "a.json", "NaN"),
        put_raw("TOML with a repeated table", "a.toml", "[a]\n[a]\n"),
        put_raw("TOML without a value", "a.toml", "a = \n"),
        put_raw("XML that is not closed", "a.xml", "<a><b></a>"),
        put_raw("XML of two roots", "a.xml", "<a/><b/>"),
        put_raw("properties with a broken escape", "a.properties", "a=\\uZZZZ"),
        put_raw("env without a name", "a.env", "=1"),
        put_raw("a text with a NUL", "a.txt?format=text", "a\0b"),
    ];
    let mut all = are(all, "invalid_content", "body");
    all.extend([
        put_raw("a content over the limit", "big.txt", "x".repeat(1001)).is(413, "too_large", "body"),
        put_raw("an unknown format", "a.txt?format=ini", "x").is(422, "invalid", "format"),
        put_raw("a format in capitals", "a.txt?format=YAML", "x").is(422, "invalid", "format"),
    ]);
    all
}

fn publishes() -> Vec<Case> {
    let with = |name, body: &str| Case::new(name, "POST", PUBLISH).body(body);
    let some = put("dev/orders/new.txt", "x");
    let many: Vec<_> = (0..11).map(|number| put(&format!("dev/orders/{number}"), "x")).collect();
    let large: Vec<_> = (0..5).map(|number| put(&format!("dev/orders/{number}"), &"x".repeat(900))).collect();
    let slack = "x".repeat(2 * 4000 + 1024 * 1024 + 1);
    vec![
        with("a publish without a body", "").is(400, "bad_request", "body"),
        with("a publish that is no JSON", "changes: []").is(400, "bad_request", "body"),
        with("a publish that is a list", "[]").is(400, "bad_request", "body"),
        with("a publish that is cut off", r#"{"changes": ["#).is(400, "bad_request", "changes"),
        with("a publish with something after it", r#"{"changes": []} x"#).is(400, "bad_request", "body"),
        with("a publish that is nested deeply", &format!("{{\"message\": {}", "[".repeat(100_000))).is(
            400,
            "bad_request",
            "message",
        ),
        Case::new("a publish of broken UTF-8", "POST", PUBLISH).body(b"{\"message\": \"\xFF\"}".as_slice()).is(
            400,
            "bad_request",
            "body",
        ),
        with("a publish without changes", "{}").is(400, "bad_request", "changes"),
        with("a publish with no change", r#"{"changes": []}"#).is(422, "invalid", "changes"),
        with("a repeated field", r#"{"changes": [], "changes": []}"#).is(400, "bad_request", "changes"),
        with("changes that are a text", r#"{"changes": "x"}"#).is(400, "bad_request", "changes"),
        with("a change that is null", r#"{"changes": [null]}"#).is(400, "bad_request", "changes[0]"),
        post("an unknown field", PUBLISH, &json!({"changes": [some], "dryrun": true})).is(400, "bad_request", "dryrun"),
        post("a dry run in words", PUBLISH, &json!({"changes": [some], "dry_run": "yes"})).is(
            400,
            "bad_request",
            "dry_run",
        ),
        post("a message that is a number", PUBLISH, &json!({"changes": [some], "message": 7})).is(
            400,
            "bad_request",
            "message",
        ),
        post("a message over the limit", PUBLISH, &json!({"changes": [some], "message": "m".repeat(4097)}))
            .is(422, "invalid", "message"),
        post("a message with a NUL", PUBLISH, &json!({"changes": [some], "message": "a\u{0}b"}))
            .is(422, "invalid", "message"),
        post("the same entry twice", PUBLISH, &json!({"changes": [some, some]})).is(422, "invalid", "changes[1]"),
        post("too many changes", PUBLISH, &json!({"changes": many})).is(413, "too_large", "changes"),
        post("too much content together", PUBLISH, &json!({"changes": large})).is(413, "too_large", "changes"),
        with("a body over the limit", &slack).is(413, "too_large", "body"),
    ]
}

fn changes() -> Vec<Case> {
    vec![
        change("an unknown field of a change", &json!({"formt": "yaml"})).is(400, "bad_request", "changes[0].formt"),
        change("an unknown format of a change", &json!({"format": "ini"})).is(400, "bad_request", "changes[0].format"),
        change("an unknown operation", &json!({"op": "patch"})).is(400, "bad_request", "changes[0].op"),
        change("no operation", &json!({"op": "ABSENT"})).is(400, "bad_request", "changes[0].op"),
        change("no key", &json!({"key": "ABSENT"})).is(400, "bad_request", "changes[0].key"),
        change("a key that is a number", &json!({"key": 7})).is(400, "bad_request", "changes[0].key"),
        change("a key that climbs", &json!({"key": "../../etc/passwd"})).is(422, "invalid", "changes[0].key"),
        change("a key that is empty", &json!({"key": ""})).is(422, "invalid", "changes[0].key"),
        change("a key with an escaped NUL", &json!({"key": "a\u{0}"})).is(422, "invalid", "changes[0].key"),
        change("a namespace that is empty", &json!({"namespace": ""})).is(422, "invalid", "changes[0].namespace"),
        change("an environment with a slash", &json!({"env": "dev/orders"})).is(422, "invalid", "changes[0].env"),
        change("a negative if_revision", &json!({"if_revision": -1})).is(400, "bad_request", "changes[0].if_revision"),
        change("an if_revision with a fraction", &json!({"if_revision": 1.5})).is(
            400,
            "bad_request",
            "changes[0].if_revision",
        ),
        change("an if_revision in words", &json!({"if_revision": "3"})).is(
            400,
            "bad_request",
            "changes[0].if_revision",
        ),
        change("a huge if_revision", &json!({"if_revision": u64::MAX})).is(422, "invalid", "changes[0].if_revision"),
        change("no content", &json!({"content": "ABSENT"})).is(422, "invalid", "changes[0].content"),
        change("both contents", &json!({"content_base64": "eA=="})).is(422, "invalid", "changes[0].content"),
        change("broken base64", &json!({"content": "ABSENT", "content_base64": "%%%"})).is(
            422,
            "invalid",
            "changes[0].content_base64",
        ),
        change("base64 for URLs", &json!({"content": "ABSENT", "content_base64": "-_8="})).is(
            422,
            "invalid",
            "changes[0].content_base64",
        ),
        change("base64 without its end", &json!({"content": "ABSENT", "content_base64": "eA"})).is(
            422,
            "invalid",
            "changes[0].content_base64",
        ),
        change("a deletion with content", &json!({"op": "delete"})).is(422, "invalid", "changes[0].content"),
        change("a deletion with a format", &json!({"op": "delete", "content": "ABSENT", "format": "text"})).is(
            422,
            "invalid",
            "changes[0].format",
        ),
        change("a content over the limit of an entry", &json!({"content": "x".repeat(1001)})).is(
            413,
            "too_large",
            "changes[0].content",
        ),
        change("a content that does not parse", &json!({"format": "json", "content": "{"})).is(
            422,
            "invalid_content",
            "changes[0].content",
        ),
    ]
}

fn refused_changes() -> Vec<Case> {
    vec![
        change("an unknown environment", &json!({"env": "none"})).is(404, "not_found", ""),
        change("an unknown namespace", &json!({"namespace": "none"})).is(404, "not_found", ""),
        change("a stale precondition", &json!({"key": "a.txt", "if_revision": 1})).is(409, "conflict", ""),
        change("a protected entry without a precondition", &json!({"env": "prod", "key": "a.txt"})).is(
            428,
            "precondition_required",
            "if_revision",
        ),
        change("a protected entry without a message", &json!({"env": "prod"})).is(422, "message_required", "message"),
        change("a frozen environment", &json!({"env": "ice"})).is(423, "frozen", ""),
        change("an idempotency key of another body", &json!({})).with("idempotency-key", "used").is(
            409,
            "idempotency_key_reused",
            "",
        ),
        change("an idempotency key that is empty", &json!({})).with("idempotency-key", "").is(
            422,
            "invalid",
            "Idempotency-Key",
        ),
        change("an idempotency key of 256 characters", &json!({})).with("idempotency-key", "k".repeat(256)).is(
            422,
            "invalid",
            "Idempotency-Key",
        ),
        change("an idempotency key of broken UTF-8", &json!({})).with("idempotency-key", [0xFF]).is(
            400,
            "bad_request",
            "idempotency-key",
        ),
    ]
}

fn headers() -> Vec<Case> {
    vec![
        put_raw("a stale If-Match", "a.txt", "x").with("if-match", "\"1\"").is(412, "precondition_failed", ""),
        put_raw("an If-Match that is no tag", "a.txt", "x").with("if-match", "\"abc\"").is(422, "invalid", "If-Match"),
        put_raw("a weak If-Match", "a.txt", "x").with("if-match", "W/\"3\"").is(422, "invalid", "If-Match"),
        put_raw("a negative If-Match", "a.txt", "x").with("if-match", "\"-3\"").is(422, "invalid", "If-Match"),
        put_raw("a huge If-Match", "a.txt", "x").with("if-match", format!("\"{HUGE}\"")).is(422, "invalid", "If-Match"),
        put_raw("two tags in If-Match", "a.txt", "x").with("if-match", "\"1\", \"3\"").is(422, "invalid", "If-Match"),
        put_raw("If-Match of what is not there", "none.txt", "x").with("if-match", "*").is(
            412,
            "precondition_failed",
            "",
        ),
        put_raw("If-None-Match with a tag", "a.txt", "x").with("if-none-match", "\"3\"").is(
            422,
            "invalid",
            "If-None-Match",
        ),
        put_raw("If-None-Match of what is there", "a.txt", "x").with("if-none-match", "*").is(
            412,
            "precondition_failed",
            "",
        ),
        put_raw("both preconditions", "a.txt", "x").with("if-match", "*").with("if-none-match", "*").is(
            400,
            "bad_request",
            "If-Match",
        ),
        put_raw("a message of broken UTF-8", "a.txt", "x").with("x-message", [0xC3, 0x28]).is(
            400,
            "bad_request",
            "x-message",
        ),
        put_raw("a message over the limit in a header", "b.txt", "x")
            .with("x-message", "m".repeat(4097))
            .is(422, "invalid", "message"),
        get("no scheme of a token", ORDERS).with("authorization", "pintle_abc").is(401, "unauthenticated", ""),
        get("another scheme", ORDERS).with("authorization", "Basic YTpi").is(401, "unauthenticated", ""),
        get("a scheme without a token", ORDERS).with("authorization", "Bearer").is(401, "unauthenticated", ""),
        get("a token of another shape", ORDERS).with("authorization", "Bearer abc").is(401, "unauthenticated", ""),
        get("a token with a broken checksum", ORDERS)
            .with("authorization", format!("Bearer pintle_{}", "0".repeat(104)))
            .is(401, "unauthenticated", ""),
        get("a token of broken UTF-8", ORDERS)
            .with("authorization", [b'B', b'e', b'a', b'r', b'e', b'r', b' ', 0xFF])
            .is(401, "unauthenticated", ""),
        get("a token of 4 KiB", ORDERS).with("authorization", format!("Bearer {}", "p".repeat(4096))).is(
            401,
            "unauthenticated",
            "",
        ),
        get("an empty authorization", ORDERS).with("authorization", "").is(401, "unauthenticated", ""),
    ]
}

fn queries() -> Vec<Case> {
    let entries = format!("{ORDERS}/entries");
    let a = entry("dev/orders/a.txt");
    let revisions = "/api/v1/revisions";
    vec![
        get("an unknown parameter", format!("{entries}?contents=false")).is(400, "bad_request", "contents"),
        get("a repeated parameter", format!("{entries}?limit=1&limit=2")).is(400, "bad_request", "limit"),
        get("an unknown parameter of a list", "/api/v1/environments?page=2").is(400, "bad_request", "page"),
        get("a NUL in a parameter", format!("{entries}?prefix=%00")).is(400, "bad_request", "query"),
        get("a limit of zero", format!("{entries}?limit=0")).is(422, "invalid", "limit"),
        get("a limit over the most", format!("{entries}?limit=1001")).is(422, "invalid", "limit"),
        get("a negative limit", format!("{entries}?limit=-1")).is(400, "bad_request", "limit"),
        get("a huge limit", format!("{entries}?limit=99999999999")).is(400, "bad_request", "limit"),
        get("a limit in words", format!("{entries}?limit=all")).is(400, "bad_request", "limit"),
        get("content in words", format!("{entries}?content=no")).is(400, "bad_request", "content"),
        get("a cursor that is no key", format!("{entries}?cursor=../x")).is(422, "invalid", "cursor"),
        get("a revision in the future", format!("{a}?at=10")).is(422, "invalid", "at"),
        get("a negative revision", format!("{a}?at=-1")).is(422, "invalid", "at"),
        get("a huge revision", format!("{a}?at={HUGE}")).is(422, "invalid", "at"),
        get("a revision with a zero in front", format!("{a}?at=03")).is(422, "invalid", "at"),
        get("an instant without a zone", format!("{a}?at=2026-01-31T12:00:00")).is(422, "invalid", "at"),
        get("an instant that does not exist", format!("{a}?at=2026-02-31T12:00:00Z")).is(422, "invalid", "at"),
        get("yesterday", format!("{a}?at=yesterday")).is(422, "invalid", "at"),
        get("an empty moment", format!("{a}?at=")).is(422, "invalid", "at"),
        get("raw in words", format!("{a}?raw=please")).is(422, "invalid", "raw"),
        get("a negative min_revision", format!("{a}?min_revision=-1")).is(400, "bad_request", "min_revision"),
        get("a min_revision beyond all numbers", format!("{a}?min_revision={HUGE}")).is(422, "invalid", "min_revision"),
        get("a revision that is not there", format!("{revisions}/10")).is(404, "not_found", ""),
        get("a revision of zero", format!("{revisions}/0")).is(404, "not_found", ""),
        get("a revision in words", format!("{revisions}/head")).is(422, "invalid", "rev"),
        get("a negative revision of the history", format!("{revisions}/-1")).is(422, "invalid", "rev"),
        get("a huge revision of the history", format!("{revisions}/{HUGE}")).is(422, "invalid", "rev"),
        get("a negative cursor", format!("{revisions}?before=-1")).is(422, "invalid", "before"),
        get("a huge cursor", format!("{revisions}?before={HUGE}")).is(422, "invalid", "before"),
        get("an unknown kind", format!("{revisions}?kind=import")).is(422, "invalid", "kind"),
        get("an actor that is no name", format!("{revisions}?actor=A%20B")).is(422, "invalid", "actor"),
        get("a namespace without its environment", format!("{revisions}?namespace=orders")).is(
            422,
            "invalid",
            "namespace",
        ),
        get("a key without its namespace", format!("{revisions}?env=dev&key=a.txt")).is(422, "invalid", "key"),
        get("a revision for an instant", format!("{revisions}?since=3")).is(422, "invalid", "since"),
        get("a broken instant", format!("{revisions}?until=2026-13-01T00:00:00Z")).is(422, "invalid", "until"),
        get("a diff of nothing", "/api/v1/diff").is(422, "invalid", "env"),
        get("a diff without its left side", "/api/v1/diff?env=dev").is(422, "invalid", "from"),
        get("a diff with too many environments", "/api/v1/diff?env=dev&from_env=prod&from=1").is(422, "invalid", "env"),
        get("a diff with one environment of two", "/api/v1/diff?from_env=prod").is(422, "invalid", "env"),
        get("a diff of a bad environment", "/api/v1/diff?env=DEV&from=1").is(422, "invalid", "env"),
        get("a diff to the future", "/api/v1/diff?env=dev&from=1&to=10").is(422, "invalid", "to"),
        get("a diff from a broken moment", "/api/v1/diff?env=dev&from=1.2").is(422, "invalid", "from"),
        get("a diff of an unknown environment", "/api/v1/diff?env=none&from=1").is(404, "not_found", ""),
        get("a diff of a bad key", "/api/v1/diff?env=dev&from=1&key=..").is(422, "invalid", "key"),
        get("readiness for something else", "/readyz?for=tea").is(422, "invalid", "for"),
        Case::new("force in words", "PUT", format!("{a}?force=1")).body("x").is(400, "bad_request", "force"),
        Case::new("a wrong confirmation", "DELETE", format!("{ORDERS}?confirm=order")).is(422, "invalid", "confirm"),
        Case::new("no confirmation", "DELETE", ORDERS).is(409, "confirmation_required", ""),
        Case::new("a token that is no id", "DELETE", format!("{TOKENS}/1")).is(422, "invalid", "id"),
        Case::new("an unknown token", "DELETE", format!("{TOKENS}/00000000-0000-0000-0000-000000000000")).is(
            404,
            "not_found",
            "",
        ),
    ]
}

fn attributes() -> Vec<Case> {
    let dev = |name, body: &Value| Case::new(name, "PUT", "/api/v1/environments/dev").body(body.to_string());
    let orders = |name, body: &Value| Case::new(name, "PUT", ORDERS).body(body.to_string());
    let freeze = |name, body: &Value| Case::new(name, "PUT", "/api/v1/environments/dev/freeze").body(body.to_string());
    vec![
        dev("an unknown tier", &json!({"tier": "production"})).is(400, "bad_request", "tier"),
        dev("a colour by name", &json!({"colour": "red"})).is(422, "invalid", "colour"),
        dev("a colour of three digits", &json!({"colour": "#f00"})).is(422, "invalid", "colour"),
        dev("a colour in capitals", &json!({"colour": "#FF0000"})).is(422, "invalid", "colour"),
        dev("a description over the limit", &json!({"description": "x".repeat(1025)})).is(
            422,
            "invalid",
            "description",
        ),
        dev("a description with a NUL", &json!({"description": "a\u{0}"})).is(422, "invalid", "description"),
        dev("an environment's message over the limit", &json!({"message": "x".repeat(4097)}))
            .is(422, "invalid", "message"),
        dev("a name in the body", &json!({"name": "dev"})).is(400, "bad_request", "name"),
        orders("a namespace's description over the limit", &json!({"description": "x".repeat(1025)})).is(
            422,
            "invalid",
            "description",
        ),
        orders("a description that is a list", &json!({"description": []})).is(400, "bad_request", "description"),
        freeze("a freeze without a reason", &json!({})).is(400, "bad_request", "reason"),
        freeze("a freeze with an empty reason", &json!({"reason": "  "})).is(422, "invalid", "reason"),
        freeze("a freeze with a reason over the limit", &json!({"reason": "x".repeat(1025)}))
            .is(422, "invalid", "reason"),
        Case::new("a freeze of nothing", "PUT", "/api/v1/environments/none/freeze").body(r#"{"reason": "r"}"#).is(
            404,
            "not_found",
            "",
        ),
        Case::new("deleting an environment that is not empty", "DELETE", "/api/v1/environments/dev").is(
            409,
            "not_empty",
            "",
        ),
    ]
}

fn rollbacks() -> Vec<Case> {
    let keys: Vec<_> = (0..1001).map(|number| format!("k{number}")).collect();
    vec![
        post("a rollback of nothing", ROLLBACK, &json!({})).is(422, "invalid", "to"),
        post("a rollback without an environment", ROLLBACK, &json!({"to": 1})).is(422, "invalid", "env"),
        post("a rollback to nowhere", ROLLBACK, &json!({"env": "dev"})).is(422, "invalid", "to"),
        post("a rollback to the future", ROLLBACK, &json!({"env": "dev", "to": 10})).is(422, "invalid", "to"),
        post("a rollback to a negative revision", ROLLBACK, &json!({"env": "dev", "to": -1})).is(
            400,
            "bad_request",
            "to",
        ),
        post("a rollback to a huge revision", ROLLBACK, &json!({"env": "dev", "to": u64::MAX}))
            .is(422, "invalid", "to"),
        post("a rollback to an instant", ROLLBACK, &json!({"env": "dev", "to": "2026-01-31T12:00:00Z"})).is(
            400,
            "bad_request",
            "to",
        ),
        post("a rollback of keys without a namespace", ROLLBACK, &json!({"env": "dev", "keys": ["a"], "to": 1}))
            .is(422, "invalid", "keys"),
        post("a rollback of no keys", ROLLBACK, &json!({"env": "dev", "namespace": "orders", "keys": [], "to": 1}))
            .is(422, "invalid", "keys"),
        post(
            "a rollback of too many keys",
            ROLLBACK,
            &json!({"env": "dev", "namespace": "orders", "keys": keys, "to": 1}),
        )
        .is(422, "invalid", "keys"),
        post(
            "a rollback of a bad key",
            ROLLBACK,
            &json!({"env": "dev", "namespace": "orders", "keys": ["a", ".."], "to": 1}),
        )
        .is(422, "invalid", "keys[1]"),
        post("a rollback of an unknown namespace", ROLLBACK, &json!({"env": "dev", "namespace": "none", "to": 1})).is(
            404,
            "not_found",
            "",
        ),
        post("a protected rollback without a message", ROLLBACK, &json!({"env": "prod", "to": 5})).is(
            422,
            "message_required",
            "message",
        ),
        post("a revert with a scope", ROLLBACK, &json!({"env": "dev", "revert": 3})).is(422, "invalid", "revert"),
        post("a revert of nothing", ROLLBACK, &json!({"revert": 0})).is(404, "not_found", ""),
        post("a revert of the future", ROLLBACK, &json!({"revert": 10})).is(404, "not_found", ""),
        post("a revert of a huge revision", ROLLBACK, &json!({"revert": u64::MAX})).is(422, "invalid", "revert"),
        post("a revert of an environment", ROLLBACK, &json!({"revert": 1})).is(422, "invalid", "revert"),
        post("a revert that would undo later changes", ROLLBACK, &json!({"revert": 2})).is(409, "revert_conflict", ""),
    ]
}

fn logins_and_tokens() -> Vec<Case> {
    vec![
        post("a login without a password", SESSION, &json!({"name": "admin"})).is(400, "bad_request", "password"),
        post("a login with a number", SESSION, &json!({"name": "admin", "password": 7})).is(
            400,
            "bad_request",
            "password",
        ),
        post("a login with a wrong password", SESSION, &json!({"name": "admin", "password": "wrong"})).is(
            401,
            "wrong_password",
            "",
        ),
        post("a login with a NUL", SESSION, &json!({"name": "ad\u{0}min", "password": "\u{0}"})).is(
            401,
            "wrong_password",
            "",
        ),
        post(
            "a new password that is too short",
            SESSION,
            &json!({"name": "admin", "password": "x", "new_password": "y"}),
        )
        .is(422, "invalid", "new_password"),
        post("a token without a name", TOKENS, &json!({"name": ""})).is(422, "invalid", "name"),
        post("a token with a name over the limit", TOKENS, &json!({"name": "n".repeat(101)}))
            .is(422, "invalid", "name"),
        post("a token with a line break", TOKENS, &json!({"name": "a\nb"})).is(422, "invalid", "name"),
        post("a token for ever", TOKENS, &json!({"name": "a", "expires_in_days": 367})).is(
            422,
            "invalid",
            "expires_in_days",
        ),
        post("a token for no time", TOKENS, &json!({"name": "a", "expires_in_days": 0})).is(
            422,
            "invalid",
            "expires_in_days",
        ),
        post("a token that was valid until yesterday", TOKENS, &json!({"name": "a", "expires_in_days": -1})).is(
            400,
            "bad_request",
            "expires_in_days",
        ),
        post("a token of a role", TOKENS, &json!({"name": "a", "role": "admin"})).is(400, "bad_request", "role"),
    ]
}

fn routes() -> Vec<Case> {
    vec![
        get("no such route", "/api/v1/none").is(404, "not_found", ""),
        get("a route of another version", "/api/v2/environments").is(404, "not_found", ""),
        get("a slash too many", "/api/v1/environments/").is(404, "not_found", ""),
        get("a climb out of the routes", "/api/../etc/passwd").is(404, "not_found", ""),
        Case::new("a method of another route", "POST", "/api/v1/environments").is(405, "method_not_allowed", ""),
        Case::new("an unknown method", "BREW", "/api/v1/environments/dev").is(405, "method_not_allowed", ""),
        Case::new("a deletion of the history", "DELETE", "/api/v1/revisions/3").is(405, "method_not_allowed", ""),
        Case::new("a change of the document", "PUT", "/api/openapi.json").is(405, "method_not_allowed", ""),
        get("reading by publishing", PUBLISH).is(405, "method_not_allowed", ""),
    ]
}
